/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Into VMX and out of it, one CPU at a time (DESIGN.md 3). Read exit.S for what
 * happens between.
 */
#ifndef UNDERPIN_VMX_LAUNCH_H
#define UNDERPIN_VMX_LAUNCH_H

#include "../include/types.h"
#include "cpu.h"

/* What a CPU had when Linux called the core: taken by core/start.c. */
struct linux_state {
	u64 rsp, cr3, cr4;	/* from the switch page */
	u64 fs_base;
	u64 gdt_base, idt_base;
	u16 gdt_limit, idt_limit;
	u16 tr;
};

/* Slot 0, before any launch: pages and tables of every CPU; bounded steps, -EAGAIN: again. */
int launch_init_step(void);

/*
 * Enter VMX on this CPU with Linux as the guest. Does not return on success:
 * Linux goes on at the switch page's back label. On failure the CPU is as
 * before: -EIO: VMXON or VM entry failed (handover.error says which check), -ENODEV:
 * the CPU differs from the first.
 */
int vmx_launch(struct cpu *cpu, const struct linux_state *state);

/*
 * Leave VMX for good: Linux continues natively after its VMCALL. VMCS01 is
 * current; the caller has checked that leaving is allowed.
 */
__attribute__((noreturn)) void vmx_leave(struct cpu *cpu);

/* The same from an offline CPU: ends in a parked HLT that waits for INIT. */
__attribute__((noreturn)) void vmx_park(struct cpu *cpu);

/* The page that VMCS01 uses (SDM 25.6.9). */
hpa_t msr_bitmap(void);

/* Host-state fields of the current VMCS: the core itself. */
void vmcs_write_host_state(struct cpu *cpu);

/* Zeroed VMCS region with the revision identifier; HPA(0): out of pages. */
hpa_t vmcs_alloc(void);

#endif
