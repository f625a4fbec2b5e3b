/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Nested VMX: Linux (L1) uses VMX as if it were alone. Its VMX instructions exit
 * and are emulated (instructions.c on operand.c); VMLAUNCH and VMRESUME are checked
 * (check.c), VMCS02 is made of VMCS12 and of what the core insists on (enter.c),
 * and L2 runs. An exit of L2 is the core's alone, or L1's (exits.c): then L2's
 * state goes to VMCS12 and L1's host state into VMCS01 (reflect.c).
 *
 * One VMCS12 is current on a CPU, and one VMCS02 serves all of them: the core's
 * copy of VMCS12 is written back to L1's page when another becomes current.
 * EPT02s are in ept/shadow.h.
 *
 * Locking: all of it is this CPU's own.
 */
#ifndef UNDERPIN_VMX_NESTED_NESTED_H
#define UNDERPIN_VMX_NESTED_NESTED_H

#include "../cpu.h"
#include "vmcs12.h"

#define NO_VMCS12 (~0ull)

struct shadow;

/* What of VMCS12 is newer than VMCS02; set by whoever writes VMCS12. */
#define DIRTY_CONTROLS BIT(0)	/* classes C and S (what VMCS02's controls are made of) */
#define DIRTY_GUEST BIT(1)	/* class G */
#define DIRTY_RARE BIT(2)	/* class R */
#define DIRTY_ALL (DIRTY_CONTROLS | DIRTY_GUEST | DIRTY_RARE)

/* Of one CPU; in a page of its own. */
struct nested {
	bool vmxon;		/* L1 is in VMX operation */
	bool rare_in_vmcs02;	/* class R: VMCS02 has the newer values */
	bool launched02;	/* VMCS02 has been launched */
	bool init_latched;	/* an INIT came while L1 was in virtual root (RULES 15) */
	u32 dirty;
	u64 vmxon_region;	/* gpa */
	u64 current;		/* gpa of the current VMCS12, or NO_VMCS12 */
	hpa_t vmcs02, shadow_vmcs, msr_bitmap02;
	struct shadow *shadow;	/* EPT02 of the current VMCS12, or NULL: it has no EPT12 */
	u64 timer_deadline;	/* TSC, of VMCS12's preemption timer; 0: none */
	struct vmcs12 vmcs12;
};
_Static_assert(sizeof(struct nested) <= PAGE_SIZE, "struct nested outgrew its page");

/* Of a CPU; NULL: VMX is not offered (module parameter nested_mb=0). */
extern struct nested *nested_of_cpu[CORE_MAX_CPUS];
static inline struct nested *nested_state(const struct cpu *cpu)
{
	return nested_of_cpu[cpu->slot];
}
/* May Linux use VMX? */
bool nested_offered(void);

/* ---- instructions.c ---- */
/* Exits 19 to 27, 50, 53 of Linux. */
void emulate_vmx_instruction(struct cpu *cpu, u32 reason);
/* VMfailValid if a VMCS12 is current, else VMfailInvalid; moves on (SDM 31.2). */
void vmfail(struct cpu *cpu, u32 error);
void vmsucceed(void);

/* ---- sync.c: VMCS12 against VMCS02 and the shadow VMCS ---- */
/* Class R of VMCS12 is current after this; VMCS01 is current before and after. */
void sync_rare_from_vmcs02(struct cpu *cpu, struct nested *n);

/* ---- enter.c ---- */
/* VMLAUNCH, VMRESUME: on success MODE_L2 and VMCS02 is current; else VMfail or an exit 33/34 is with L1. */
void nested_enter(struct cpu *cpu, bool launch);

/* ---- exits.c ---- */
/* Any exit in MODE_L2; reason with the entry-failure bit. */
void nested_exit(struct cpu *cpu, u32 reason);
/* Before an entry in MODE_L2: NMIs and #MC that arrived in root. */
void nested_before_entry(struct cpu *cpu);

/* ---- reflect.c ---- */
/* L2 has exited for L1's eyes. The exit information that is not given comes from VMCS02. */
struct reflected {
	u64 reason, qualification;
	u64 interruption_info, interruption_error_code;
	u64 guest_physical, guest_linear;
};
void reflect_exit(struct cpu *cpu, u64 reason);	/* all from VMCS02 */
void reflect_made_up(struct cpu *cpu, const struct reflected *r);
/* VM entry of a VMCS12 that failed late: exit 33 or 34; VMCS01 is current. */
void reflect_entry_failure(struct cpu *cpu, u32 reason, u64 qualification);

#endif
