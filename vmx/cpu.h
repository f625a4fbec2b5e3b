/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core knows about one CPU. It lies in the CPU's slot of the core's
 * address space (include/handover.h), with the guest's registers exactly at
 * the top of the stack, so that the exit stub's pushes fill them (vmx/exit.S).
 * Only the CPU itself writes here, but for the fields under "others write".
 */
#ifndef UNDERPIN_VMX_CPU_H
#define UNDERPIN_VMX_CPU_H

#include "../include/handover.h"
#include "../include/hypercall.h"
#include "../include/platform.h"
#include "../include/types.h"

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
};

struct pal_context;

struct cpu {
	struct guest_regs regs;	/* first: filled by the exit stub */
	u64 canary[6];		/* FS base points here; %fs:0x28 is canary[5] (BearSSL reads it) */
	u32 slot;
	u32 apic_id;
	u32 mode;		/* enum guest_mode */
	bool in_vmx;		/* VMXON done */
	bool launched;		/* VMCS01 has been launched */
	bool wait_sipi;
	hpa_t vmxon_region, vmcs01, vmcs_pal;
	bool pal_vmcs_launched;

	/* events: vmx/event.h, vmx/nmi.h */
	u8 nmi_pending;		/* arrived in root, not yet given to Linux */
	bool nmi_window;	/* VMCS01 is in NMI-window mode */
	bool mc_pending;

	/* others write */
	u64 flush_done;		/* generation reached (kick.h) */
	u64 kick_sent;		/* TSC of the last INIT sent here, 0: none outstanding */

	/* PALs: owned by pal/ */
	struct pal_context *pal_context; /* the context that runs here, in MODE_PAL */

	/* recovery from a bug of ours: core/fatal.c */
	u32 fatal_depth;

	u64 exit_tsc;		/* when this stay in root began */
	u64 longest_root;
	u32 longest_reason;
	struct exit_stat stat[CORE_NR_EXIT_REASONS];
};

_Static_assert(sizeof(struct cpu) <= CORE_CPU_STRUCT_SIZE, "struct cpu outgrew its pages");

#ifndef UNDERPIN_HOSTED
static inline struct cpu *cpu_of_slot(u32 slot)
{
	return (struct cpu *)(CORE_CPU_BASE + slot * CORE_CPU_STRIDE +
			      CORE_CPU_STRUCT_PAGE * PAGE_SIZE);
}
#else
struct cpu *cpu_of_slot(u32 slot);
#endif

/* The hand-over record, checked at start (core/start.c). */
extern struct handover handover;

#endif
