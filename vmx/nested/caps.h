/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The VMX capability MSRs that Linux reads, 480H to 493H (SDM vol. 3, appendix
 * A): exactly what the core implements and the CPU has. One instance for all
 * CPUs (controls_compare() has seen to that they are alike).
 */
#ifndef UNDERPIN_VMX_NESTED_CAPS_H
#define UNDERPIN_VMX_NESTED_CAPS_H

#include "../../include/types.h"

struct nested_caps {
	u64 basic, misc, cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1, vmcs_enum;
	u64 pin, proc, exit, entry;	/* 481H-484H: with the default1 class as 1 */
	u64 true_pin, true_proc, true_exit, true_entry;	/* 48DH-490H */
	u64 proc2, ept_vpid, vmfunc;	/* 0: absent (#GP) */
};
extern struct nested_caps nested_caps;

/* Once, after controls_init(). */
void nested_caps_init(void);
/* RDMSR by Linux: 0, or -EFAULT for a MSR that does not exist by its condition (NESTED.md 2.2). */
int nested_caps_read(u32 msr, u64 *value);

/* May this 32-bit control value be, by a TRUE capability MSR: must-be-1 below, may-be-1 above? */
static inline bool control_allowed(u64 capability, u64 value)
{
	return !(value >> 32) && !((u32)capability & ~value) && !(value & ~(capability >> 32));
}

#endif
