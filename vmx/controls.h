/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VM-execution, exit and entry controls: (wanted | required | must-be-1) &
 * may-be-1, from the capability MSRs (SDM vol. 3, appendix A.3-A.5), computed
 * once on the first CPU and compared on the others.
 */
#ifndef UNDERPIN_VMX_CONTROLS_H
#define UNDERPIN_VMX_CONTROLS_H

#include "../include/types.h"

struct vmx_controls {
	u64 pin, proc, proc2, exit, entry;
};

struct vmx_caps {
	u64 basic, ept_vpid_cap, misc;
	u64 cr0_fixed0, cr0_fixed1, cr4_fixed0, cr4_fixed1;
	bool vpid;
	bool unrestricted_guest;
	bool perf_global_ctrl;	/* the MSR and both load controls exist */
	bool xsave, xsaves;
	bool single_invvpid;
	bool preemption_timer;	/* the kick (kick.h); else INIT */
	bool hypervisor_visible;	/* CPUID.1:ECX[31] at launch */
	u32 maxphyaddr;
	u64 sum;		/* of all capability MSRs that an L1 is offered something of */
};

/* The same on every CPU, or the launch fails. Filled by controls_init(). */
extern struct vmx_caps vmx_caps;
extern struct vmx_controls controls_linux;	/* VMCS01 */

/*
 * One control field. capability: MSR 481H-484H or 48BH (its TRUE form is taken
 * by itself where BASIC[55] says that it exists). False if a required bit may
 * not be 1.
 */
bool control_set(u32 capability, u64 wanted, u64 required, u64 *value);

/* First CPU: read and decide. -ENODEV if a required control is missing. */
int controls_init(void);
/* Any CPU: 0 if this CPU would decide the same, else -ENODEV. */
int controls_compare(void);

#endif
