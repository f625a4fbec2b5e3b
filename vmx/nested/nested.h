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
#define VPID_L2 3	/* beside VPID_LINUX and VPID_PAL: every L2 of a CPU */

struct shadow;

/* What of VMCS12 is newer than VMCS02; set by whoever writes VMCS12. Class G: newer_than_vmcs02. */
#define DIRTY_CONTROLS BIT(0)	/* classes C and S (what VMCS02's controls are made of) */
#define DIRTY_RARE BIT(1)	/* class R */
#define DIRTY_HOST BIT(2)	/* class H */
#define DIRTY_ALL (DIRTY_CONTROLS | DIRTY_RARE | DIRTY_HOST)

/* Frames of L1's whose addresses are in VMCS02: held (RULES 1). */
enum nested_held { HELD_VIRTUAL_APIC, HELD_APIC_ACCESS, NR_HELD };

/* Bitmaps of L1's, each or-ed with the core's own into a page of the core's for VMCS02. */
enum nested_bitmap { BITMAP_MSR, BITMAP_IO_A, BITMAP_IO_B, NR_BITMAPS };
struct merged {
	hpa_t page;
	u64 pfn, fired;		/* pfn + 1 of the watched frame that it is made of; 0: none */
};

/* Of one CPU; in a page of its own. */
struct nested {
	bool vmxon;		/* L1 is in VMX operation */
	bool rare_in_vmcs02;	/* class R: VMCS02 has the newer values */
	bool launched02;	/* VMCS02 has been launched */
	bool init_latched;	/* an INIT came while L1 was in virtual root (RULES 15) */
	bool window01;		/* cpu->nmi_window of VMCS01, while L2 runs */
	u32 dirty;
	u64 newer_than_vmcs02, newer_than_shadow;	/* fields by vmcs12_copies[]: VMCS12 has the newer value */
	u64 vmxon_region;	/* gpa */
	u64 current;		/* gpa of the current VMCS12, or NO_VMCS12 */
	hpa_t vmcs02, shadow_vmcs, scratch;
	struct merged bitmap[NR_BITMAPS];
	u64 held[NR_HELD];	/* pfn + 1; 0: none */
	struct shadow *shadow;	/* EPT02 of the current VMCS12, or NULL: it has no EPT12 */
	u64 vpid12;		/* whose translations VPID_L2 tags */
	u64 timer_end;		/* of VMCS12's preemption timer, in its own ticks (TSC >> rate) */
	u64 checked_shape;	/* what the checks of class R depended on */
	bool current_is_shadow;	/* the current VMCS12 is a shadow VMCS: VMREAD and VMWRITE alone */
	bool shadowing;		/* VMCS01 uses the shadow VMCS */
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
/*
 * VMREAD or VMWRITE of an L2 whose L1 uses VMCS shadowing, with VMCS02 current: true: done
 * on L1's shadow VMCS, without L1. False: its exit is L1's.
 */
bool nested_shadow_access(struct cpu *cpu, bool write);
/* VMfailValid if a VMCS12 is current, else VMfailInvalid; moves on (SDM 31.2). */
void vmfail(struct cpu *cpu, u32 error);
void vmsucceed(void);
/* L1 leaves VMX operation: its current VMCS12 is written back, all is forgotten. */
void nested_vmxoff(struct cpu *cpu);
/* A VMCALL of L1's that is no hypercall: true: L1 is in VMX operation, so it is answered (VMfail 1). */
bool nested_vmcall(struct cpu *cpu);

/* ---- nested.c ---- */
/* Once, bounded steps: pages of every CPU, the pool of EPT02s; -EAGAIN: again. */
int nested_init_step(void);
/* On each CPU after VMXON: VMCS02 is cleared and has its constant fields; another VMCS is current then. */
void nested_launch(struct cpu *cpu);
/* Before VMXOFF of the core. */
void nested_leave(struct cpu *cpu);
/* The current VMCS12 is none any more, or another: what VMCS02 holds of it goes. */
void nested_forget_vmcs02(struct cpu *cpu, struct nested *n);

/* L1 has written a field of the current VMCS12: its copies are old. */
static inline void nested_field_written(struct nested *n, u32 index)
{
	static const u8 dirty_by_class[] = {
		[VMCS12_C] = DIRTY_CONTROLS, [VMCS12_S] = DIRTY_CONTROLS, [VMCS12_R] = DIRTY_RARE,
		[VMCS12_H] = DIRTY_HOST, [VMCS12_G] = 0, [VMCS12_I] = 0,
	};

	n->dirty |= dirty_by_class[vmcs12_fields[index].class];
	n->newer_than_vmcs02 |= vmcs12_copies[index].vmcs02;
	n->newer_than_shadow |= vmcs12_copies[index].shadow;
}

/* The core writes a field of the current VMCS12; VMCS02 has that value, or L2's entry writes it there in any case. */
static inline void vmcs12_update(struct nested *n, u32 index, u64 value)
{
	if (likely(n->vmcs12.field[index] == value))
		return;
	n->vmcs12.field[index] = value;
	n->newer_than_shadow |= vmcs12_copies[index].shadow;
}

/* VMCS02 has nothing of the current VMCS12. */
static inline void nested_all_dirty(struct nested *n)
{
	n->dirty = DIRTY_ALL;
	n->newer_than_vmcs02 = ~0ull;
}

static inline u64 secondary12(const struct vmcs12 *v)
{
	return v->processor_based_controls & PROC_SECONDARY_CONTROLS ? v->secondary_controls : 0;
}

static inline bool has_ept12(const struct vmcs12 *v)
{
	return secondary12(v) & PROC2_EPT;
}

/* ---- vmcs_shadow.c: VMCS01 is current before and after; nothing happens where the CPU has no shadowing ---- */
int vmcs_shadow_init(void);
int vmcs_shadow_init_cpu(struct nested *n);
/* On: a VMCS12 is current. Off: none is. */
void vmcs_shadow_use(struct cpu *cpu, struct nested *n, bool on);
void vmcs_shadow_to(struct cpu *cpu, struct nested *n);	/* VMCS12 was written by the core */
void vmcs_shadow_from(struct cpu *cpu, struct nested *n);	/* VMCS12 is to be read; dirty says what L1 wrote */

/* ---- sync.c: VMCS12 against VMCS02 ---- */
void sync_init(void);
/* Class R of VMCS12 is current after this; VMCS01 is current before and after. */
void sync_rare_from_vmcs02(struct cpu *cpu, struct nested *n);
/* With VMCS02 current. */
void sync_rare_to_vmcs02(const struct vmcs12 *v);
void sync_hot_to_vmcs02(struct nested *n);	/* as far as it is newer */
void sync_hot_from_vmcs02(struct nested *n);
void sync_controls_to_vmcs02(const struct vmcs12 *v);	/* those that are copied as they are */

/* ---- msr_list.c: MSR areas of VMCS12 (SDM 25.7.2, 25.8.2), for the current VMCS ---- */
/* 0: all are loaded; k: the k-th is not. */
u32 msr_list_load(struct cpu *cpu, u64 gpa, u32 count);
bool msr_list_store(struct cpu *cpu, u64 gpa, u32 count);

/* ---- vm_functions.c, with VMCS02 current ---- */
struct shadow_fault;
/* True: done, or to be made again. False: its exit 59 is L1's, and nothing has happened. */
bool emulate_vmfunc(struct cpu *cpu, struct nested *n);
/* A SHADOW_VIOLATION: true: L2 or L1 has a #VE instead of the exit 48, which L1 gets else. */
bool convert_ept_violation(struct cpu *cpu, struct nested *n, const struct shadow_fault *fault);

/* ---- timer.c: the preemption timer, for the core and for L1 ---- */
void nested_timer_start(struct nested *n);	/* L1 enters */
void nested_timer_arm(struct nested *n);	/* before each entry of L2; VMCS02 is current */
u32 nested_timer_rest(const struct nested *n);	/* 0: L1's is due */

/* ---- enter.c ---- */
/* VMLAUNCH, VMRESUME: on success MODE_L2 and VMCS02 is current; else VMfail or an exit 33/34 is with L1. */
void nested_enter(struct cpu *cpu, bool launch);

/* ---- exits.c ---- */
/* Any exit in MODE_L2; reason with the entry-failure bit. */
void nested_exit(struct cpu *cpu, u64 reason);
/* Before an entry in MODE_L2: NMIs and #MC that arrived in root. True: L1 runs now. */
bool nested_before_entry(struct cpu *cpu);
/* The CPU refused VMCS02 (VMfail): a bug of ours; L1 gets the error. */
void nested_entry_refused(struct cpu *cpu);

/* VMCS01 and its mode again; nothing is saved. */
void leave_vmcs02(struct cpu *cpu, struct nested *n);
__attribute__((noreturn)) void nested_abort(struct cpu *cpu, u32 indicator);

/* ---- reflect.c: L2 has exited for L1's eyes; VMCS02 is current before, VMCS01 after ---- */
void reflect_exit(struct cpu *cpu, u64 reason);	/* all from VMCS02 */
void reflect_qualified(struct cpu *cpu, u64 reason, u64 qualification);
/* Not an exit of the CPU's: an NMI, #MC or INIT that met the core. */
void reflect_made_up(struct cpu *cpu, u64 reason, u64 interruption_info);
/* VM entry of a VMCS12 that failed late: exit 33 or 34; VMCS01 is current before and after. */
void reflect_entry_failure(struct cpu *cpu, u32 reason, u64 qualification);

#endif
