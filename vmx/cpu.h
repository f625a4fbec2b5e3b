/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core knows about one CPU. It lies in the CPU's slot of the core's
 * address space (include/handover.h), exactly at the top of the stack: RSP at an
 * exit is its address, and vmx/exit.S stores the guest's registers by offset.
 * Only the CPU itself writes here, but for the fields under "others write".
 */
#ifndef UNDERPIN_VMX_CPU_H
#define UNDERPIN_VMX_CPU_H

#include "../include/handover.h"
#include "../include/hypercall.h"
#include "../include/platform.h"
#include "../include/types.h"
#include "asm_offsets.h"

/* In the order of the encoding of registers (SDM table 28-3), RSP unused. */
struct guest_regs {
	u64 rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi;
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
};

struct exit_stat {
	u64 count, total;
	u32 min, max;
};

/* Which VMCS is current on this CPU. */
enum guest_mode {
	MODE_LINUX,	/* VMCS01 */
	MODE_PAL,	/* the CPU's PAL VMCS */
	MODE_L2,	/* VMCS02: a guest of Linux's (nested/) */
};

#define CPU_MAX_HELD 6

struct pal_context;
struct pal_slot;

/* Tags of translations (SDM 29.1); 0 is root. */
#define VPID_LINUX 1
#define VPID_PAL 2

#define CPU_NR_TOLD 6

struct cpu {
	struct guest_regs regs;	/* first: filled by the exit stub */
	u64 canary[6];		/* FS base points here; %fs:0x28 is canary[5] (BearSSL reads it) */
	u64 flush_done;		/* generation reached (kick.h); others read */
	/*
	 * Events that wait for an entry (vmx/nmi.h). seen is what before_entry()
	 * has dealt with; exit.S goes back to it while the two differ. The NMI
	 * handler adds to events between any two instructions.
	 */
	union cpu_events {
		struct {
			u8 nmi;		/* arrived in root, not yet given to Linux */
			u8 mc;
			u16 zero;
		};
		u32 all;
	} events, events_seen;
	u32 mode;		/* enum guest_mode */
	u32 slot;
	u32 apic_id;
	u64 launch_rsp;		/* exit.S */
	bool in_vmx;		/* VMXON done */
	bool launched;		/* VMCS01 has been launched */
	bool wait_sipi;		/* others read */
	bool committed;
	hpa_t vmxon_region, vmcs01, vmcs_pal;
	bool pal_vmcs_launched;

	u32 init_edx;		/* CPUID.1:EAX, what EDX is after INIT */
	struct told { u64 pfn; u32 nr; } told[CPU_NR_TOLD];	/* frames that hardware or an outer hypervisor writes to (msr.c) */

	bool nmi_window;	/* VMCS01 is in NMI-window mode */

	/* others write */
	u64 kick_sent;		/* TSC of the last INIT sent here, 0: never */
	bool park;		/* leave VMX at the next INIT or SIPI (HC_PARK) */
	bool parked;

	/* PALs: owned by pal/ */
	struct pal_slot *pal_claim;	/* held by this CPU (pal/slot.c) */
	bool pal_claim_shared;
	struct pal_context *pal_context; /* the context that runs here, in MODE_PAL */
	struct {		/* the last call of a PAL here; good while no PAL has ended since */
		u64 pfn, ends;
		struct pal_slot *slot;
	} pal_called;

	/* recovery from a bug of ours: core/fatal.c */
	u32 fatal_depth;
	u32 nr_held;
	struct spinlock *held[CPU_MAX_HELD];

	u32 exit_tsc;		/* low half of the TSC when this stay in root began */
	struct exit_stat stat[CORE_NR_EXIT_REASONS];
	u32 longest_reason;	/* whose max is the largest */
};

/* exit.S */
_Static_assert(offsetof(struct cpu, regs) == 0, "exit.S");
_Static_assert(offsetof(struct cpu, flush_done) == CPU_FLUSH_DONE, "exit.S");
_Static_assert(offsetof(struct cpu, events) == CPU_EVENTS, "exit.S");
_Static_assert(offsetof(struct cpu, events_seen) == CPU_EVENTS_SEEN, "exit.S");
_Static_assert(offsetof(struct cpu, mode) == CPU_MODE, "exit.S");
_Static_assert(offsetof(struct cpu, launch_rsp) == CPU_LAUNCH_RSP, "exit.S");
_Static_assert(sizeof(struct cpu) <= CORE_CPU_STRUCT_SIZE, "struct cpu outgrew its pages");

#ifndef UNDERPIN_HOSTED
/* By the stack: every stack of a CPU lies in its slot. */
static inline struct cpu *this_cpu(void)
{
	u64 here = (u64)__builtin_frame_address(0);

	return (struct cpu *)(ALIGN_DOWN(here, CORE_CPU_STRIDE) +
			      CORE_CPU_STRUCT_PAGE * PAGE_SIZE);
}

static inline struct cpu *cpu_of_slot(u32 slot)
{
	return (struct cpu *)(CORE_CPU_BASE + slot * CORE_CPU_STRIDE +
			      CORE_CPU_STRUCT_PAGE * PAGE_SIZE);
}
#else
struct cpu *this_cpu(void);
struct cpu *cpu_of_slot(u32 slot);
#endif

/* The hand-over record, checked at start (core/start.c). */
extern struct handover handover;

#endif
