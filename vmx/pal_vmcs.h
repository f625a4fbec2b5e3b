/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A CPU's PAL VMCS: one per CPU, for whichever PAL runs there. What a PAL may
 * do is all in its fixed fields (RULES 18); what differs from PAL to PAL and
 * from entry to entry is struct pal_vmcs_state.
 */
#ifndef UNDERPIN_VMX_PAL_VMCS_H
#define UNDERPIN_VMX_PAL_VMCS_H

#include "cpu.h"

struct pal_vmcs_state {
	u64 eptp, cr3;
	u64 rip, rsp, rflags;
	bool compat;	/* in: 32-bit code (compatibility mode) */
};

/* After VMXON, before VMCS01 is loaded. Leaves the PAL VMCS current. -ENODEV: a control is missing. */
int pal_vmcs_init(struct cpu *cpu);

/* VMCS01 is current: the next entry of this CPU is into the PAL. */
void pal_vmcs_enter(struct cpu *cpu, const struct pal_vmcs_state *state);
/* The PAL VMCS is current: what changes while a PAL runs (rip, rsp, rflags). */
void pal_vmcs_read(struct pal_vmcs_state *state);
/* The next entry is into VMCS01, which is current afterwards. */
void pal_vmcs_leave(struct cpu *cpu);

#endif
