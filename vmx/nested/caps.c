// SPDX-License-Identifier: GPL-2.0
/*
 * What L1 is offered: the CPU's capability MSRs (SDM vol. 3, appendix A), each read
 * only where it exists, under masks of what the core implements. To offer more,
 * edit a mask here, having written what it takes. Next: check.c.
 */
#include "caps.h"

#include "../../include/platform.h"
#include "../controls.h"
#include "../msr_index.h"
#include "vmcs12.h"

struct nested_caps nested_caps;

/* No posted interrupts. */
#define NESTED_PIN (PIN_EXTERNAL_INTERRUPT_EXITING | PIN_NMI_EXITING | PIN_VIRTUAL_NMIS | \
	PIN_PREEMPTION_TIMER)
/* All of the known ones but tertiary controls. */
#define NESTED_PROC (PROC_INTERRUPT_WINDOW_EXITING | PROC_TSC_OFFSETTING | PROC_HLT_EXITING | \
	PROC_INVLPG_EXITING | PROC_MWAIT_EXITING | PROC_RDPMC_EXITING | PROC_RDTSC_EXITING | \
	PROC_CR3_LOAD_EXITING | PROC_CR3_STORE_EXITING | PROC_CR8_LOAD_EXITING | \
	PROC_CR8_STORE_EXITING | PROC_TPR_SHADOW | PROC_NMI_WINDOW_EXITING | PROC_MOV_DR_EXITING | \
	PROC_UNCONDITIONAL_IO_EXITING | PROC_IO_BITMAPS | PROC_MONITOR_TRAP_FLAG | \
	PROC_MSR_BITMAPS | PROC_MONITOR_EXITING | PROC_PAUSE_EXITING | PROC_SECONDARY_CONTROLS)
/* No ENCLS, mode-based execute. */
#define NESTED_PROC2 (PROC2_VIRTUALIZE_APIC_ACCESSES | PROC2_EPT | \
	PROC2_DESCRIPTOR_TABLE_EXITING | PROC2_RDTSCP | PROC2_VIRTUALIZE_X2APIC_MODE | \
	PROC2_VPID | PROC2_WBINVD_EXITING | PROC2_UNRESTRICTED_GUEST | \
	PROC2_APIC_REGISTER_VIRTUALIZATION | PROC2_VIRTUAL_INTERRUPT_DELIVERY | \
	PROC2_PAUSE_LOOP_EXITING | PROC2_RDRAND_EXITING | PROC2_INVPCID | PROC2_RDSEED_EXITING | \
	PROC2_VM_FUNCTIONS | PROC2_PML | PROC2_VMCS_SHADOWING | PROC2_EPT_VIOLATION_VE | \
	PROC2_XSAVES | PROC2_TSC_SCALING | PROC2_USER_WAIT_PAUSE)
#define NESTED_EXIT (EXIT_SAVE_DEBUG_CONTROLS | EXIT_HOST_ADDRESS_SPACE_SIZE | \
	EXIT_LOAD_PERF_GLOBAL_CTRL | EXIT_ACKNOWLEDGE_INTERRUPT | EXIT_SAVE_PAT | EXIT_LOAD_PAT | \
	EXIT_SAVE_EFER | EXIT_LOAD_EFER | EXIT_SAVE_PREEMPTION_TIMER)
#define NESTED_ENTRY (ENTRY_LOAD_DEBUG_CONTROLS | ENTRY_IA32E_MODE_GUEST | \
	ENTRY_LOAD_PERF_GLOBAL_CTRL | ENTRY_LOAD_PAT | ENTRY_LOAD_EFER)

/* INS/OUTS information, TRUE MSRs, any error code with any hardware exception (A.1). */
#define BASIC_TRUE BIT(55)
#define NESTED_BASIC (BIT(54) | BASIC_TRUE | BIT(56))
#define BASIC_SIZE (4096ull << 32)
#define BASIC_WRITE_BACK (6ull << 50)
/*
 * Timer rate, LMA stored, HLT, shutdown, VMWRITE to any field, length 0 (A.6). Not wait-for-SIPI:
 * neither the preemption timer nor an NMI ends it, and no other CPU could take a frame any more.
 */
#define NESTED_MISC (0x1full | BIT(5) | BIT(6) | BIT(7) | BIT(29) | BIT(30))
#define MISC_CR3_TARGETS(misc) ((misc) >> 16 & 0x1ff)
#define MAX_CR3_TARGETS 4ull
/* Execute-only, 4 levels, UC, WB, 2 MiB, 1 GiB, INVEPT of both types, A/D (A.10). */
#define EPT_AD BIT(21)
#define NESTED_EPT_CAP (BIT(0) | BIT(6) | BIT(8) | BIT(14) | BIT(16) | BIT(17) | BIT(20) | \
	EPT_AD | BIT(25) | BIT(26))
#define NESTED_VPID_CAP (BIT(32) | 0xfull << 40)	/* INVVPID of the four types */
#define NESTED_VMFUNC BIT(0)	/* EPTP switching (A.11) */

static const u32 offered[5] = { NESTED_PIN, NESTED_PROC, NESTED_EXIT, NESTED_ENTRY, NESTED_PROC2 };

#define PIN(bit) VMCS12_EXISTS_PIN(bit)
#define PROC(bit) VMCS12_EXISTS_PROC(bit)
#define PROC2(bit) VMCS12_EXISTS_PROC2(bit)
#define EXIT(bit) VMCS12_EXISTS_EXIT(bit)
#define ENTRY(bit) VMCS12_EXISTS_ENTRY(bit)
/* One that may be 1 only together with another (27.2.1), or is half of a pair: in this order. */
static const struct { u8 control, needs; } dependencies[] = {
	{ PIN(5), PIN(3) },	/* virtual NMIs: NMI exiting */
	{ PROC(22), PIN(5) },	/* NMI window: virtual NMIs */
	{ PROC2(4), PROC(21) },	/* x2APIC mode, register virtualization: TPR shadow */
	{ PROC2(8), PROC(21) },
	{ PROC2(9), PROC(21) },	/* virtual interrupts: TPR shadow, interrupt exiting */
	{ PROC2(9), PIN(0) },
	{ PROC2(7), PROC2(1) },	/* unrestricted guest, VM functions, #VE: EPT */
	{ PROC2(13), PROC2(1) },
	{ PROC2(18), PROC2(1) },
	{ EXIT(22), PIN(6) },	/* save timer: timer */
	{ ENTRY(13), EXIT(12) },	/* PERF_GLOBAL_CTRL */
	{ EXIT(12), ENTRY(13) },
	{ ENTRY(14), EXIT(19) },	/* PAT */
	{ EXIT(19), ENTRY(14) },
	{ EXIT(18), ENTRY(14) },
	{ ENTRY(15), EXIT(21) },	/* EFER */
	{ EXIT(21), ENTRY(15) },
	{ EXIT(20), ENTRY(15) },
};

static void withdraw(u8 control)
{
	nested_caps.control[(control >> 5) - 1] &= ~BIT(32 + (control & 31));
}

static u64 read_or_zero(u32 msr)
{
	u64 value;

	return rdmsr_safe(msr, &value) ? 0 : value;
}

/* must-be-1 of the CPU, may-be-1 without what is not ours to offer. */
static u64 read_control(u32 msr, u32 mask)
{
	u64 value = read_or_zero(msr);

	return value & ((u64)mask << 32 | 0xffffffff);
}

static void read_controls(struct nested_caps *c)
{
	u32 i;

	for (i = 0; i < 4; i++)
		c->control[i] = read_control(MSR_VMX_PINBASED_CTLS + i, offered[i]);
	if (nested_control_offered(PROC(31)))
		c->proc2 = read_control(MSR_VMX_PROCBASED_CTLS2, NESTED_PROC2);
	if (nested_control_offered(PROC2(1)) || nested_control_offered(PROC2(5)))
		c->ept_vpid = read_or_zero(MSR_VMX_EPT_VPID_CAP) &
			      ((nested_control_offered(PROC2(1)) ? NESTED_EPT_CAP : 0) |
			       (nested_control_offered(PROC2(5)) ? NESTED_VPID_CAP : 0));
	if (nested_control_offered(PROC2(13)))
		c->vmfunc = read_or_zero(MSR_VMX_VMFUNC) & NESTED_VMFUNC;
}

static void withdraw_dependent(struct nested_caps *c)
{
	u32 i;

	if (!vmx_caps.perf_global_ctrl)	/* the core switches it then only */
		withdraw(EXIT(12));
	if (!(c->ept_vpid & EPT_AD))	/* nor is there any without EPT */
		withdraw(PROC2(17));
	if (!c->vmfunc)
		withdraw(PROC2(13));
	for (i = 0; i < ARRAY_SIZE(dependencies); i++)
		if (!nested_control_offered(dependencies[i].needs))
			withdraw(dependencies[i].control);
	if (!(c->proc2 >> 32))
		withdraw(PROC(31));
}

/*
 * What must be 1 may be 1. Of the default1 class (A.2) a TRUE MSR frees what the CPU
 * frees and the core knows; the rest stays 1 there too.
 */
static void add_must_be_1(struct nested_caps *c)
{
	u64 value;
	u32 i;

	for (i = 0; i < 5; i++)
		c->control[i] |= c->control[i] << 32;
	for (i = 0; i < 4; i++) {
		u32 must = c->control[i];

		if ((c->basic & BASIC_TRUE) && !rdmsr_safe(MSR_VMX_TRUE_PINBASED_CTLS + i, &value))
			must &= value | ~offered[i];
		c->true_control[i] = (c->control[i] & ~0xffffffffull) | must;
	}
}

static u64 highest_index(void)
{
	u64 highest = 0;
	u32 i;

	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		u64 index = vmcs12_fields[i].encoding >> 1 & 0x1ff;

		if (index > highest && nested_control_offered(vmcs12_fields[i].exists))
			highest = index;
	}
	return highest;
}

static u64 misc_of_cpu(void)
{
	u64 misc = read_or_zero(MSR_VMX_MISC), targets = MISC_CR3_TARGETS(misc);

	return (misc & NESTED_MISC) |
	       (targets < MAX_CR3_TARGETS ? targets : MAX_CR3_TARGETS) << 16;
}

void nested_caps_init(void)
{
	struct nested_caps *c = &nested_caps;

	memset(c, 0, sizeof(*c));
	c->basic = VMCS12_REVISION | BASIC_SIZE | BASIC_WRITE_BACK |
		   (read_or_zero(MSR_VMX_BASIC) & NESTED_BASIC);
	read_controls(c);
	withdraw_dependent(c);
	add_must_be_1(c);
	c->misc = misc_of_cpu();
	c->cr0_fixed0 = read_or_zero(MSR_VMX_CR0_FIXED0);
	c->cr0_fixed1 = read_or_zero(MSR_VMX_CR0_FIXED1);
	c->cr4_fixed0 = read_or_zero(MSR_VMX_CR4_FIXED0);
	/* As for L1 itself (vmx/cr.c). */
	c->cr4_fixed1 = read_or_zero(MSR_VMX_CR4_FIXED1) & CR4_KNOWN & ~CR4_SMXE;
	c->vmcs_enum = highest_index() << 1;
}

static bool exists(u32 msr)
{
	const struct nested_caps *c = &nested_caps;

	switch (msr) {
	case MSR_VMX_BASIC ... MSR_VMX_VMCS_ENUM:
		return true;
	case MSR_VMX_PROCBASED_CTLS2:
		return c->proc >> 32 & PROC_SECONDARY_CONTROLS;
	case MSR_VMX_EPT_VPID_CAP:
		return c->proc2 >> 32 & (PROC2_EPT | PROC2_VPID);
	case MSR_VMX_TRUE_PINBASED_CTLS ... MSR_VMX_TRUE_ENTRY_CTLS:
		return c->basic & BASIC_TRUE;
	case MSR_VMX_VMFUNC:
		return c->proc2 >> 32 & PROC2_VM_FUNCTIONS;
	default:	/* tertiary controls, secondary exit controls */
		return false;
	}
}

#define AT(member) (offsetof(struct nested_caps, member) / sizeof(u64))
static const u8 place[MSR_VMX_VMFUNC - MSR_VMX_BASIC + 1] = {
	AT(basic), AT(pin), AT(proc), AT(exit), AT(entry), AT(misc), AT(cr0_fixed0),
	AT(cr0_fixed1), AT(cr4_fixed0), AT(cr4_fixed1), AT(vmcs_enum), AT(proc2), AT(ept_vpid),
	AT(true_pin), AT(true_proc), AT(true_exit), AT(true_entry), AT(vmfunc),
};

int nested_caps_read(u32 msr, u64 *value)
{
	if (!exists(msr))
		return -EFAULT;
	*value = ((const u64 *)&nested_caps)[place[msr - MSR_VMX_BASIC]];
	return 0;
}
