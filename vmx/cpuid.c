// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID (SDM vol. 2; vol. 3, 26.1.2): what the CPU says, but for the bits that
 * mirror CR4, which is the guest's and not the core's, and for our own leaves.
 */
#include "cpuid.h"

#include "../include/platform.h"
#include "../include/version.h"
#include "controls.h"
#include "msr_index.h"
#include "vmcs.h"

#define HYPERVISOR_LEAVES 0x40000000u
#define HYPERVISOR_BLOCK 0x100u
#define HYPERVISOR_BLOCKS 16

static u32 identity_leaf = HYPERVISOR_LEAVES;
static u32 nesting_depth;

static bool is_underpin(const u32 regs[4])
{
	return !memcmp(&regs[1], UNDERPIN_CPUID_SIGNATURE, 12);
}

void cpuid_init(void)
{
	u32 regs[4], block;

	identity_leaf = HYPERVISOR_LEAVES;
	nesting_depth = 0;
	for (block = 0; block < HYPERVISOR_BLOCKS; block++) {
		u32 leaf = HYPERVISOR_LEAVES + block * HYPERVISOR_BLOCK;

		cpuid_native(leaf, 0, regs);
		if (is_underpin(regs)) {
			cpuid_native(leaf + 1, 0, regs);
			if (regs[1] + 1 > nesting_depth)
				nesting_depth = regs[1] + 1;
		} else if (!vmx_caps.hypervisor_visible || regs[0] < leaf || regs[0] > leaf + 0xff) {
			/* Free: nobody answers here. */
			identity_leaf = leaf;
			return;
		}
	}
	identity_leaf = HYPERVISOR_LEAVES + HYPERVISOR_BLOCKS * HYPERVISOR_BLOCK;
}

u32 cpuid_nesting_depth(void)
{
	return nesting_depth;
}

static void identity(u32 leaf, u32 regs[4])
{
	if (leaf == identity_leaf) {
		regs[0] = identity_leaf + 1;
		memcpy(&regs[1], UNDERPIN_CPUID_SIGNATURE, 12);
	} else {
		regs[0] = UNDERPIN_VERSION_CODE;
		regs[1] = nesting_depth;
		regs[2] = 0;
		regs[3] = 0;
	}
}

void emulate_cpuid(struct guest_regs *regs)
{
	u32 leaf = regs->rax, subleaf = regs->rcx, out[4];

	cpuid_native(leaf, subleaf, out);
	if (leaf == 1) {
		out[2] &= ~BIT(27);
		if (vmread(GUEST_CR4) & CR4_OSXSAVE)
			out[2] |= BIT(27);
	} else if (leaf == 7 && subleaf == 0) {
		out[2] &= ~BIT(4);
		if (vmread(GUEST_CR4) & CR4_PKE)
			out[2] |= BIT(4);
	} else if (unlikely(leaf - identity_leaf < 2)) {
		identity(leaf, out);
	}
	regs->rax = out[0];
	regs->rbx = out[1];
	regs->rcx = out[2];
	regs->rdx = out[3];
}
