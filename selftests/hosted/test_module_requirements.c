// SPDX-License-Identifier: GPL-2.0
/* link: module/requirements.c */
/*
 * What a CPU must have: one that has it all is taken, and each thing that is taken
 * away alone is refused, by its own line and errno, with what to do.
 */
#include "../../module/requirements.h"
#include "fake.h"
#include "tap.h"
#include "../../vmx/msr_index.h"
#include "../../vmx/vmcs.h"

#define ALL (~0ull << 32)
#define FRED BIT(32)

static const struct cpu_facts good = {
	.vmx = true, .rdtscp = true, .invpcid = true, .xsaves = true, .waitpkg = true,
	.feature_control = 5, .basic = 4096ull << 32 | 6ull << 50 | 1, .pin = ALL, .proc = ALL, .exit = ALL,
	.entry = ALL, .proc2 = ALL, .ept_vpid_cap = ~0ull, .cr4 = CR4_PAE, .cr4_fixed1 = ~0ull,
	.physical_bits = 46,
};

#define AT(member) offsetof(struct cpu_facts, member)
/* In the 64-bit member at: what is cleared, what is set; the line that then is not met. */
static const struct { u32 at; u64 clear, set; u32 line; int error; } lacks[] = {
	{ AT(feature_control), 4, 0, 1, ENODEV },	/* locked, without VMX */
	{ AT(cr4), 0, CR4_VMXE, 2, EBUSY },
	{ AT(basic), 0, 1ull << 32, 3, ENODEV },	/* more than 4 KiB */
	{ AT(basic), 0, BIT(48), 3, ENODEV },
	{ AT(basic), 6ull << 50, 0, 3, ENODEV },
	{ AT(proc), (u64)PROC_SECONDARY_CONTROLS << 32, 0, 4, ENODEV },
	{ AT(proc2), (u64)PROC2_EPT << 32, 0, 4, ENODEV },
	{ AT(ept_vpid_cap), BIT(6), 0, 5, ENODEV },
	{ AT(ept_vpid_cap), BIT(14), 0, 5, ENODEV },
	{ AT(ept_vpid_cap), BIT(16), 0, 5, ENODEV },
	{ AT(ept_vpid_cap), BIT(20), 0, 6, ENODEV },
	{ AT(ept_vpid_cap), BIT(25), 0, 6, ENODEV },
	{ AT(ept_vpid_cap), BIT(26), 0, 6, ENODEV },
	{ AT(proc), (u64)PROC_MSR_BITMAPS << 32, 0, 7, ENODEV },
	{ AT(proc), (u64)PROC_IO_BITMAPS << 32, 0, 7, ENODEV },
	{ AT(exit), (u64)EXIT_HOST_ADDRESS_SPACE_SIZE << 32, 0, 8, ENODEV },
	{ AT(exit), (u64)EXIT_SAVE_EFER << 32, 0, 8, ENODEV },
	{ AT(exit), (u64)EXIT_LOAD_EFER << 32, 0, 8, ENODEV },
	{ AT(exit), (u64)EXIT_SAVE_PAT << 32, 0, 8, ENODEV },
	{ AT(exit), (u64)EXIT_LOAD_PAT << 32, 0, 8, ENODEV },
	{ AT(exit), (u64)EXIT_SAVE_DEBUG_CONTROLS << 32, 0, 8, ENODEV },
	{ AT(entry), (u64)ENTRY_IA32E_MODE_GUEST << 32, 0, 9, ENODEV },
	{ AT(entry), (u64)ENTRY_LOAD_EFER << 32, 0, 9, ENODEV },
	{ AT(entry), (u64)ENTRY_LOAD_PAT << 32, 0, 9, ENODEV },
	{ AT(entry), (u64)ENTRY_LOAD_DEBUG_CONTROLS << 32, 0, 9, ENODEV },
	{ AT(pin), (u64)PIN_EXTERNAL_INTERRUPT_EXITING << 32, 0, 10, ENODEV },
	{ AT(pin), (u64)PIN_NMI_EXITING << 32, 0, 10, ENODEV },
	{ AT(pin), (u64)PIN_VIRTUAL_NMIS << 32, 0, 10, ENODEV },
	{ AT(proc), (u64)PROC_NMI_WINDOW_EXITING << 32, 0, 10, ENODEV },
	{ AT(proc), (u64)PROC_UNCONDITIONAL_IO_EXITING << 32, 0, 10, ENODEV },
	{ AT(proc2), (u64)PROC2_RDTSCP << 32, 0, 11, ENODEV },
	{ AT(proc2), (u64)PROC2_INVPCID << 32, 0, 11, ENODEV },
	{ AT(proc2), (u64)PROC2_XSAVES << 32, 0, 11, ENODEV },
	{ AT(proc2), (u64)PROC2_USER_WAIT_PAUSE << 32, 0, 11, ENODEV },
	{ AT(cr4), 0, FRED, 12, EOPNOTSUPP },
};

static const struct requirement *missing(struct cpu_facts f)
{
	return requirement_missing(&f);
}

int main(void)
{
	struct cpu_facts f = good;
	u32 i, lines = 0;

	ok(!missing(good), "a CPU that has all is taken");
	f.vmx = false;
	ok(missing(f) == &requirements[0] && requirements[0].error == ENODEV, "no VMX: ENODEV");
	for (i = 0; i < ARRAY_SIZE(lacks); i++) {
		u64 *word = (u64 *)((u8 *)&f + lacks[i].at);
		const struct requirement *r;

		f = good;
		*word = (*word & ~lacks[i].clear) | lacks[i].set;
		r = missing(f);
		check(r == &requirements[lacks[i].line], "row %u: %s", i, r ? r->name : "taken");
		check(r->error == lacks[i].error, "row %u: errno %d", i, r->error);
		lines |= 1u << lacks[i].line;
	}
	ok(1, "each thing that is missing alone is refused, by its own line and errno");
	f = good;
	f.physical_bits = 53;
	check(missing(f) == &requirements[13]);
	f.physical_bits = 31;
	ok(missing(f) == &requirements[13] && (lines | 1 | 1u << 13) == (1u << nr_requirements) - 1, "no line is without a case");
	f = good;
	f.rdtscp = f.invpcid = f.xsaves = f.waitpkg = false;
	f.proc2 = (u64)PROC2_EPT << 32;
	ok(!missing(f), "an instruction that CPUID does not show need not be allowed");
	f = good;
	f.feature_control = 0;
	ok(!missing(f), "an unlocked IA32_FEATURE_CONTROL is the module's to set");
	for (i = 0; i < nr_requirements; i++)
		check(requirements[i].remedy[0] && requirements[i].error > 0);
	return tap_finish();
}
