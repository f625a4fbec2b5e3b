// SPDX-License-Identifier: GPL-2.0
/*
 * The list of requirements: each line is one, in the order in which a person
 * would want to hear of them (SDM vol. 3, appendix A for the MSRs' layouts).
 */
#include "requirements.h"

#include "../include/errors.h"
#include "../vmx/msr_index.h"
#include "../vmx/vmcs.h"

#ifndef BIT
#define BIT(n) (1ull << (n))
#endif

/* May-be-1 settings are the upper half of a control MSR (SDM A.3.1). */
static bool allowed(u64 msr, u64 bits)
{
	return ((msr >> 32) & bits) == bits;
}

static bool has_vmx(const struct cpu_facts *f)
{
	return f->vmx;
}

static bool firmware_allows(const struct cpu_facts *f)
{
	return !(f->feature_control & FEATURE_CONTROL_LOCK) ||
	       (f->feature_control & FEATURE_CONTROL_VMX_OUTSIDE_SMX);
}

static bool not_in_use(const struct cpu_facts *f)
{
	return !(f->cr4 & CR4_VMXE);
}

/* 4 KiB region at most, 64-bit addresses, write-back (SDM A.1). */
static bool plain_vmcs(const struct cpu_facts *f)
{
	return ((f->basic >> 32) & 0x1fff) <= 4096 && !(f->basic & BIT(48)) &&
	       ((f->basic >> 50) & 0xf) == 6;
}

static bool has_secondary(const struct cpu_facts *f)
{
	return allowed(f->proc, PROC_SECONDARY_CONTROLS);
}

static bool has_bitmaps(const struct cpu_facts *f)
{
	return allowed(f->proc, PROC_MSR_BITMAPS | PROC_IO_BITMAPS);
}

static bool has_ept(const struct cpu_facts *f)
{
	return has_secondary(f) && allowed(f->proc2, PROC2_EPT);
}

/* Walk length 4, write-back tables, 2 MiB leaves (SDM A.10). */
static bool ept_is_usable(const struct cpu_facts *f)
{
	return (f->ept_vpid_cap & BIT(6)) && (f->ept_vpid_cap & BIT(14)) &&
	       (f->ept_vpid_cap & BIT(16));
}

static bool has_invept(const struct cpu_facts *f)
{
	return (f->ept_vpid_cap & BIT(20)) && (f->ept_vpid_cap & BIT(25)) &&
	       (f->ept_vpid_cap & BIT(26));
}

static bool exit_controls(const struct cpu_facts *f)
{
	return allowed(f->exit, EXIT_HOST_ADDRESS_SPACE_SIZE | EXIT_SAVE_EFER | EXIT_LOAD_EFER |
				EXIT_SAVE_PAT | EXIT_LOAD_PAT | EXIT_SAVE_DEBUG_CONTROLS);
}

static bool entry_controls(const struct cpu_facts *f)
{
	return allowed(f->entry, ENTRY_IA32E_MODE_GUEST | ENTRY_LOAD_EFER | ENTRY_LOAD_PAT |
				 ENTRY_LOAD_DEBUG_CONTROLS);
}

/* NMIs and interrupts must be able to leave a PAL, and I/O instructions must. */
static bool pin_controls(const struct cpu_facts *f)
{
	return allowed(f->pin, PIN_EXTERNAL_INTERRUPT_EXITING | PIN_NMI_EXITING | PIN_VIRTUAL_NMIS) &&
	       allowed(f->proc, PROC_NMI_WINDOW_EXITING | PROC_UNCONDITIONAL_IO_EXITING);
}

/* An instruction that CPUID shows must go on working in the guest. */
static bool instructions_go_on(const struct cpu_facts *f)
{
	return (!f->rdtscp || allowed(f->proc2, PROC2_RDTSCP)) &&
	       (!f->invpcid || allowed(f->proc2, PROC2_INVPCID)) &&
	       (!f->xsaves || allowed(f->proc2, PROC2_XSAVES)) &&
	       (!f->waitpkg || allowed(f->proc2, PROC2_USER_WAIT_PAUSE));
}

static bool cr4_is_understood(const struct cpu_facts *f)
{
	return !(f->cr4 & ~CR4_KNOWN);
}

static bool address_width(const struct cpu_facts *f)
{
	return f->physical_bits >= 32 && f->physical_bits <= 52;
}

const struct requirement requirements[] = {
	{ "VMX in the CPU",
	  "this CPU (or the virtual machine's) has no VMX: use one with Intel VT-x, or turn on nested virtualization in the outer hypervisor",
	  ENODEV, has_vmx },
	{ "VMX allowed by the firmware",
	  "the firmware has locked VMX off: turn on \"Intel Virtualization Technology\" in the firmware setup and power-cycle",
	  ENODEV, firmware_allows },
	{ "VMX not in use",
	  "another hypervisor has VMX on: stop its virtual machines and unload it (for KVM: modprobe -r kvm_intel), load underpin, then load it again",
	  EBUSY, not_in_use },
	{ "VMCS of 4 KiB, write-back",
	  "this CPU's VMX is of a kind that Underpin does not know; please report the value of MSR 480H",
	  ENODEV, plain_vmcs },
	{ "EPT",
	  "this CPU has VMX but no EPT (extended page tables): a newer one is needed (Nehalem, 2008, or later)",
	  ENODEV, has_ept },
	{ "EPT with 4 levels, write-back, 2 MiB pages",
	  "this CPU's EPT is of a kind that Underpin does not know; please report the value of MSR 48CH",
	  ENODEV, ept_is_usable },
	{ "INVEPT", "this CPU cannot flush EPT translations; nothing can be isolated without", ENODEV,
	  has_invept },
	{ "MSR and I/O bitmaps", "this CPU (or the outer hypervisor) does not offer them", ENODEV,
	  has_bitmaps },
	{ "VM-exit controls: 64-bit host, EFER, PAT, debug",
	  "this CPU (or the outer hypervisor) does not offer them; a newer one is needed", ENODEV,
	  exit_controls },
	{ "VM-entry controls: 64-bit guest, EFER, PAT, debug",
	  "this CPU (or the outer hypervisor) does not offer them; a newer one is needed", ENODEV,
	  entry_controls },
	{ "interrupt, NMI and I/O exiting, virtual NMIs",
	  "this CPU (or the outer hypervisor) does not offer them; a newer one is needed", ENODEV,
	  pin_controls },
	{ "RDTSCP, INVPCID, XSAVES and TPAUSE in a guest",
	  "the outer hypervisor shows an instruction in CPUID that it cannot give to a guest: hide it there",
	  ENODEV, instructions_go_on },
	{ "CR4 bits that the core understands",
	  "the kernel uses a CPU feature that this version of Underpin does not know (FRED: boot with fred=off): take a newer Underpin",
	  EOPNOTSUPP, cr4_is_understood },
	{ "physical addresses of 32 to 52 bits", "please report CPUID leaf 80000008H", ENODEV,
	  address_width },
};
const unsigned int nr_requirements = sizeof(requirements) / sizeof(requirements[0]);

const struct requirement *requirement_missing(const struct cpu_facts *facts)
{
	unsigned int i;

	for (i = 0; i < nr_requirements; i++)
		if (!requirements[i].met(facts))
			return &requirements[i];
	return NULL;
}
