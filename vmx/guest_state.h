/* SPDX-License-Identifier: GPL-2.0 */
/* The guest-state area of VMCS01: host Linux as it is now, or after INIT and SIPI. */
#ifndef UNDERPIN_VMX_GUEST_STATE_H
#define UNDERPIN_VMX_GUEST_STATE_H

#include "cpu.h"
#include "launch.h"

/*
 * Linux at its call of the core (SDM vol. 3, 25.4): runs on at rip with RSP,
 * CR3 and CR4 of state. -EFAULT: a descriptor cannot be read. VMCS01 is current.
 */
int guest_state_capture(const struct linux_state *state, u64 rip);

/*
 * MSRs that an entry into VMCS01 loads and an exit saves or replaces; the last only where
 * vmx_caps has perf_global_ctrl, and then counted by nr_guest_msrs().
 */
#define MAX_GUEST_MSRS 9
extern const struct guest_msr { u32 field, msr; } guest_msrs[MAX_GUEST_MSRS];
u32 nr_guest_msrs(void);

/* After SIPI with this vector (SDM table 10-1 and vol. 3, 9.4.4). Needs unrestricted guest. */
void guest_state_after_sipi(struct cpu *cpu, u8 vector);

#endif
