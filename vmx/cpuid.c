// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID (SDM vol. 2; vol. 3, 26.1.2): what the CPU says, but for the bits that
 * mirror CR4, which is the guest's and not the core's, and for our own leaves.
 */
#include "cpuid.h"

#include "../include/version.h"
#include "controls.h"
#include "event.h"

#define HYPERVISOR_LEAVES 0x40000000u
#define HYPERVISOR_BLOCK 0x100u
#define HYPERVISOR_BLOCKS 16

u32 cpuid_identity_leaf = HYPERVISOR_LEAVES;
u32 cpuid_nesting_depth;
bool cpuid_kvm_visible;

static bool is_kvm(const u32 regs[4])
{
	return !memcmp(&regs[1], "KVMKVMKVM\0\0\0", 12);
}

static bool is_underpin(const u32 regs[4])
{
	return !memcmp(&regs[1], UNDERPIN_CPUID_SIGNATURE, 12);
}

int cpuid_init(void)
{
	u32 regs[4], block;

	cpuid_identity_leaf = HYPERVISOR_LEAVES;
	cpuid_nesting_depth = 0;
	cpuid_kvm_visible = false;
	for (block = 0; block < HYPERVISOR_BLOCKS; block++) {
		u32 leaf = HYPERVISOR_LEAVES + block * HYPERVISOR_BLOCK;

		cpuid_native(leaf, 0, regs);
		cpuid_kvm_visible |= vmx_caps.hypervisor_visible && is_kvm(regs);
		if (is_underpin(regs)) {
			cpuid_native(leaf + 1, 0, regs);
			if (regs[1] + 1 > cpuid_nesting_depth)
				cpuid_nesting_depth = regs[1] + 1;
		} else if (!vmx_caps.hypervisor_visible || regs[0] < leaf || regs[0] > leaf + 0xff) {
			/* Free: nobody answers here. */
			cpuid_identity_leaf = leaf;
			return 0;
		}
	}
	cpuid_identity_leaf = HYPERVISOR_LEAVES + HYPERVISOR_BLOCKS * HYPERVISOR_BLOCK;
	return 0;
}

static void identity(struct guest_regs *regs, u32 leaf)
{
	u32 name[3];

	if (leaf == cpuid_identity_leaf) {
		memcpy(name, UNDERPIN_CPUID_SIGNATURE, sizeof(name));
		regs->rax = cpuid_identity_leaf + 1;
		regs->rbx = name[0];
		regs->rcx = name[1];
		regs->rdx = name[2];
	} else {
		regs->rax = UNDERPIN_VERSION_CODE;
		regs->rbx = cpuid_nesting_depth;
		regs->rcx = 0;
		regs->rdx = 0;
	}
}

void cpuid_adjust(struct guest_regs *regs, u32 leaf, u32 subleaf)
{
	if (leaf == 1) {
		regs->rcx &= ~BIT(27);
		if (vmread(GUEST_CR4) & CR4_OSXSAVE)
			regs->rcx |= BIT(27);
	} else if (leaf == 7) {
		if (subleaf != 0)
			return;
		regs->rcx &= ~BIT(4);
		if (vmread(GUEST_CR4) & CR4_PKE)
			regs->rcx |= BIT(4);
	} else if (leaf == CPUID_TRUSTVISOR) {
		if (!subleaf)
			cpuid_trustvisor(regs, ~0u, guest_in_64bit_code());
	} else {
		identity(regs, leaf);
	}
}
