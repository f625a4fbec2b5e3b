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
	union {	/* 481H-484H, with the default1 class as 1; 48BH, 0: absent */
		struct { u64 pin, proc, exit, entry, proc2; };
		u64 control[5];
	};
	union {	/* 48DH-490H; where BASIC[55] is 0, what 481H-484H are */
		struct { u64 true_pin, true_proc, true_exit, true_entry; };
		u64 true_control[4];
	};
	u64 ept_vpid, vmfunc;	/* 0: absent (#GP) */
};
extern struct nested_caps nested_caps;

/* Once, after controls_init(). */
void nested_caps_init(void);
/* RDMSR by Linux: 0, or -EFAULT for a MSR that does not exist by its condition (NESTED.md 2.2). */
int nested_caps_read(u32 msr, u64 *value);

/* May this control be 1? A VMCS12_EXISTS_* (vmcs12.h). */
static inline bool nested_control_offered(u8 control)
{
	return !control || (nested_caps.control[(control >> 5) - 1] >> (32 + (control & 31)) & 1);
}

/* May this 32-bit control value be, by a TRUE capability MSR: must-be-1 below, may-be-1 above? */
static inline bool control_allowed(u64 capability, u64 value)
{
	return !(value >> 32) && !((u32)capability & ~value) && !(value & ~(capability >> 32));
}

#endif
