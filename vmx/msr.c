// SPDX-License-Identifier: GPL-2.0
/*
 * Which MSRs exit, and what is done (SDM vol. 3, 25.6.9; vol. 4).
 *
 * MSRs that Linux may write and that stay as they are while the core runs, and
 * why that is safe:
 *   EFER, PAT, DEBUGCTL, SYSENTER_*, FS_BASE, GS_BASE, PERF_GLOBAL_CTRL
 *                     loaded at each exit from the host-state area, or cleared
 *   STAR, LSTAR, CSTAR, FMASK, KERNEL_GS_BASE
 *                     used by SYSCALL and SWAPGS only; the core has neither
 *   XSS, XFD, XFD_ERR the core runs on general registers; vector.c sets what it needs
 *   S_CET, SSP, PKRS, UINTR_*, LAM in CR3
 *                     without effect while the core's CR4 has their bits clear
 *   TSC, TSC_ADJUST, TSC_AUX, TSC_DEADLINE
 *                     the core measures with the TSC, and trusts it with nothing
 *   x2APIC registers  interrupts are off in root; NMIs are counted
 *   SPEC_CTRL, PRED_CMD, FLUSH_CMD, TSX_CTRL, ARCH_CAPABILITIES
 *                     performance and leakage of Linux's own; docs/security.md
 *   thermal, power and frequency control
 *                     refuse service at most (the voltage's MSR is refused), or measure: docs/security.md
 *   SMM_MONITOR_CTL, SMRR: the CPU itself refuses them outside of SMM
 */
#include "msr.h"

#include "../ept/frame.h"
#include "../ept/main_view.h"
#include "../ept/mtrr.h"
#include "../include/platform.h"
#include "apic.h"
#include "controls.h"
#include "event.h"
#include "guest_state.h"
#include "kick_internal.h"
#include "msr_index.h"
#include "nested/caps.h"
#include "nested/check.h"
#include "nested/nested.h"
#include "vmcs.h"

#define BITMAP_READ_LOW 0
#define BITMAP_WRITE_LOW 2048

enum msr_action {
	PASS,		/* tried in root, #GP if the CPU faults */
	REFUSE,		/* #GP */
	APIC_BASE,
	MTRR,
	MICROCODE,
	TRACE,		/* PT and DS: may only be turned off */
	FEATURE_CONTROL,
	MISC_ENABLE,	/* all but to turn NX off, which the core's page tables need */
	VMX_CAPABILITY,
	PERF_GLOBAL,
	TEST_CTRL,	/* all but faults at locked accesses to uncached memory, which what Linux makes of the MTRRs could turn on the core */
	PARAVIRT,	/* carries an address that hardware or an outer hypervisor writes to: only Linux's frames */
};

#define EXIT_READ 1
#define EXIT_WRITE 2

struct msr_rule {
	u32 first, last;
	u8 exits, action;
};

/* All MSRs that exit, in order of their numbers. */
static const struct msr_rule rules[] = {
	{ MSR_KVM_WALL_CLOCK_OLD, MSR_KVM_SYSTEM_TIME_OLD, EXIT_WRITE, PARAVIRT },
	{ MSR_APIC_BASE, MSR_APIC_BASE, EXIT_WRITE, APIC_BASE },
	{ MSR_TEST_CTRL, MSR_TEST_CTRL, EXIT_WRITE, TEST_CTRL },
	{ MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, EXIT_WRITE, FEATURE_CONTROL },
	{ MSR_BIOS_UPDATE_TRIGGER, MSR_BIOS_UPDATE_TRIGGER, EXIT_WRITE, MICROCODE },
	{ MSR_OC_MAILBOX, MSR_OC_MAILBOX, EXIT_WRITE, REFUSE },	/* a lower voltage makes errors, in a PAL too */
	{ MSR_MISC_ENABLE, MSR_MISC_ENABLE, EXIT_WRITE, MISC_ENABLE },
	{ MSR_MTRR_PHYSBASE0, MSR_MTRR_PHYSBASE0 + 2 * MTRR_MAX_VARIABLE - 1, EXIT_WRITE, MTRR },
	{ MSR_MTRR_FIX64K_00000, MSR_MTRR_FIX64K_00000, EXIT_WRITE, MTRR },
	{ MSR_MTRR_FIX16K_80000, 0x259, EXIT_WRITE, MTRR },
	{ MSR_MTRR_FIX4K_C0000, 0x26f, EXIT_WRITE, MTRR },
	{ MSR_MTRR_DEF_TYPE, MSR_MTRR_DEF_TYPE, EXIT_WRITE, MTRR },
	{ MSR_PERF_GLOBAL_CTRL, MSR_PERF_GLOBAL_CTRL, EXIT_READ | EXIT_WRITE, PERF_GLOBAL },
	{ MSR_PEBS_ENABLE, MSR_PEBS_ENABLE, EXIT_WRITE, TRACE },
	{ MSR_VMX_BASIC, MSR_VMX_EXIT_CTLS2, EXIT_READ | EXIT_WRITE, VMX_CAPABILITY },
	{ MSR_RTIT_OUTPUT_BASE, MSR_RTIT_OUTPUT_MASK_PTRS, EXIT_WRITE, TRACE },
	{ MSR_RTIT_CTL, MSR_RTIT_CTL, EXIT_WRITE, TRACE },
	{ MSR_DS_AREA, MSR_DS_AREA, EXIT_WRITE, TRACE },
	{ MSR_TME_ACTIVATE, MSR_TME_ACTIVATE, EXIT_WRITE, REFUSE },	/* where firmware left it unlocked */
	{ MSR_HW_FEEDBACK_PTR, MSR_HW_FEEDBACK_PTR, EXIT_WRITE, PARAVIRT },
};

static enum msr_action action_of(u32 msr)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rules); i++)
		if (msr >= rules[i].first && msr <= rules[i].last)
			return rules[i].action;
	/* Outside of the bitmap's ranges every access exits. */
	if (msr - 0x40000000u < 0x10000000u || (msr >= 0x2000 && msr < 0xc0000000u) ||
	    msr >= 0xc0002000u)
		return PARAVIRT;
	return PASS;
}

hpa_t msr_bitmap_alloc(void)
{
	hpa_t page = page_alloc(&core_pool);
	u8 *bitmap;
	unsigned int i;
	u32 msr;

	if (!page.v)
		return page;
	bitmap = phys_to_virt(page);
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		/* Where nothing is switched, nothing need be tracked. */
		if (rules[i].action == PERF_GLOBAL && !vmx_caps.perf_global_ctrl)
			continue;
		for (msr = rules[i].first; msr <= rules[i].last; msr++) {
			if (rules[i].exits & EXIT_READ)
				bitmap[BITMAP_READ_LOW + msr / 8] |= 1 << msr % 8;
			if (rules[i].exits & EXIT_WRITE)
				bitmap[BITMAP_WRITE_LOW + msr / 8] |= 1 << msr % 8;
		}
	}
	return page;
}

/*
 * Without nesting: the controls that must be 1 and no other, so that KVM says
 * quietly that it cannot run (RULES 24). -EFAULT: the MSR does not exist.
 */
static int read_vmx_capability(u32 msr, u64 *value)
{
	int err;

	if (nested_offered())
		return nested_caps_read(msr, value);
	err = rdmsr_safe(msr, value);
	if (err)
		return err;
	switch (msr) {
	case MSR_VMX_BASIC:
		*value &= ~BIT(55);
		break;
	case MSR_VMX_PINBASED_CTLS ... MSR_VMX_ENTRY_CTLS:
		*value = (*value & 0xffffffff) | *value << 32;
		break;
	case MSR_VMX_PROCBASED_CTLS2:
	case MSR_VMX_EPT_VPID_CAP:
	case MSR_VMX_TRUE_PINBASED_CTLS ... MSR_VMX_EXIT_CTLS2:
		return -EFAULT;	/* what the control MSRs above do not offer is absent */
	}
	return 0;
}

/* MSRs that entries and exits switch: the guest's value is in the VMCS. 0: not one of them. */
static u32 switched_field(u32 msr)
{
	u32 i;

	for (i = 0; i < nr_guest_msrs(); i++)
		if (guest_msrs[i].msr == msr)
			return guest_msrs[i].field;
	return 0;
}

int msr_read(u32 msr, u64 *value)
{
	u32 field = switched_field(msr);

	if (action_of(msr) == VMX_CAPABILITY)
		return read_vmx_capability(msr, value);
	if (!field)
		return rdmsr_safe(msr, value);
	*value = vmread(field);
	return 0;
}

void handle_rdmsr(struct cpu *cpu)
{
	u64 value;

	if (msr_read(cpu->regs.rcx, &value)) {
		inject_gp();
		return;
	}
	cpu->regs.rax = (u32)value;
	cpu->regs.rdx = value >> 32;
	skip_instruction();
}

static int write_apic_base(u64 value)
{
	u64 old;

	if (rdmsr_safe(MSR_APIC_BASE, &old) ||
	    !apic_base_write_allowed(old, value, vmx_caps.maxphyaddr))
		return -EFAULT;
	return wrmsr_safe(MSR_APIC_BASE, value);
}

/*
 * Tried on the CPU, which knows what is legal; what counts is the guest's field.
 * EFER: LME stays while there is paging, LMA is not written (SDM 2.2.1).
 */
static int write_switched(u32 msr, u32 field, u64 value)
{
	u64 saved, old = vmread(field);
	int err;

	if (msr == MSR_EFER) {
		if ((vmread(GUEST_CR0) & CR0_PG) && ((old ^ value) & EFER_LME))
			return -EFAULT;
		value = (value & ~EFER_LMA) | (old & EFER_LMA);
		if (value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
			return -EFAULT;
		vmwrite(field, value);
		return 0;
	}
	/* Not even for a moment in root: branch records would go through the core's CR3. */
	if (msr == MSR_DEBUGCTL) {
		if (value & ~check_allowed.debugctl)
			return -EFAULT;
		vmwrite(field, value);
		return 0;
	}
	err = rdmsr_safe(msr, &saved);
	if (!err)
		err = wrmsr_safe(msr, value);
	if (!err) {
		wrmsr_safe(msr, saved);
		vmwrite(field, value);
	}
	return err;
}

/*
 * -EAGAIN: types are being worked out again, and one bounded step is done; the
 * guest repeats its WRMSR until all are (RULES 11). Linux turns the MTRRs off
 * while it changes several: only the write that turns them on has an effect.
 */
static int write_mtrr(struct cpu *cpu, u32 msr, u64 value)
{
	u64 def_type;
	int err = wrmsr_safe(msr, value);

	if (!err && !rdmsr_safe(MSR_MTRR_DEF_TYPE, &def_type) && (def_type & BIT(11)))
		err = main_view_retype_step();
	if (!err)
		flush_this_cpu(cpu);
	return err;
}

#define MISC_ENABLE_XD_DISABLE BIT(34)
#define TEST_CTRL_UC_LOCK_DISABLE BIT(28)

/*
 * MSRs by which somebody else is told an address that he writes to until he is told another, or bit 0 is 0. Its frames
 * are held, so that they do not become a PAL's meanwhile. KVM's structures have 64 bytes, HFI's table 1 to 16 pages.
 */
static const u32 told_msrs[CPU_NR_TOLD] = {
	MSR_KVM_SYSTEM_TIME_OLD, MSR_KVM_SYSTEM_TIME, MSR_KVM_ASYNC_PF_EN, MSR_KVM_STEAL_TIME, MSR_KVM_PV_EOI_EN, MSR_HW_FEEDBACK_PTR,
};

static struct told frames_of(u32 msr, u64 value)
{
	u64 at = value & (BIT(52) - 1);
	u32 leaf[4] = { 0 };

	if (msr == MSR_HW_FEEDBACK_PTR)
		cpuid_native(6, 0, leaf);
	return (struct told){ at >> PAGE_SHIFT, msr == MSR_HW_FEEDBACK_PTR ? (leaf[3] >> 8 & 0xf) + 1 :
						((at & ~PAGE_MASK) + 63) / PAGE_SIZE + 1 };
}

static void drop_told(struct told t)
{
	while (t.nr--)
		frame_drop(t.pfn + t.nr);
}

/* False: one of them is not Linux's, or no more can be held. What is not RAM can become nobody's. */
static bool hold_told(struct told t)
{
	u32 i;

	for (i = 0; i < t.nr; i++) {
		int err = frame_hold(t.pfn + i);

		if (err && err != -EFAULT) {
			drop_told((struct told){ t.pfn, i });
			return false;
		}
	}
	return true;
}

static int write_paravirt(struct cpu *cpu, u32 msr, u64 value)
{
	struct told now = frames_of(msr, value), *told = NULL;
	u32 i;
	int err;

	for (i = 0; i < CPU_NR_TOLD; i++)
		if (told_msrs[i] == msr)
			told = &cpu->told[i];
	if (!hold_told(now))
		return -EFAULT;
	err = wrmsr_safe(msr, value);
	if (err || !told) {	/* all others write at once, or are told no address */
		drop_told(now);
		return err;
	}
	/* The CPU goes on writing its feedback until it acknowledges that it is off: the old frames stay held until there are new ones. */
	if (!(value & 1) && msr == MSR_HW_FEEDBACK_PTR) {
		drop_told(now);
		return 0;
	}
	drop_told(*told);
	*told = now;
	if (!(value & 1)) {
		drop_told(now);
		told->nr = 0;
	}
	return 0;
}

void msr_hold_told(struct cpu *cpu)
{
	u64 value;
	u32 i;

	for (i = 0; i < CPU_NR_TOLD; i++) {
		struct told now = { 0 };

		if (!rdmsr_safe(told_msrs[i], &value) && (value & 1))
			now = frames_of(told_msrs[i], value);
		cpu->told[i] = hold_told(now) ? now : (struct told){ 0 };
	}
}

bool msr_is_plain(u32 msr)
{
	return action_of(msr) == PASS || action_of(msr) == PERF_GLOBAL;
}

int msr_write(struct cpu *cpu, u32 msr, u64 value)
{
	u32 field = switched_field(msr);

	if (field)
		return write_switched(msr, field, value);
	switch (action_of(msr)) {
	case APIC_BASE:
		return write_apic_base(value);
	case MTRR:
		return write_mtrr(cpu, msr, value);
	case TRACE:
		/* Output would go through the core's own address space. */
		return value ? -EFAULT : wrmsr_safe(msr, value);
	case PARAVIRT:
		return write_paravirt(cpu, msr, value);
	case TEST_CTRL:
		return value & TEST_CTRL_UC_LOCK_DISABLE ? -EFAULT : wrmsr_safe(msr, value);
	case MISC_ENABLE:
		return value & MISC_ENABLE_XD_DISABLE ? -EFAULT : wrmsr_safe(msr, value);
	case PASS:
	case PERF_GLOBAL:
		return wrmsr_safe(msr, value);
	case FEATURE_CONTROL:	/* locked, as on a machine with VMX on */
	case MICROCODE:		/* not under a hypervisor: load it before, or early at boot */
	case VMX_CAPABILITY:
	case REFUSE:
		break;
	}
	return -EFAULT;
}

void handle_wrmsr(struct cpu *cpu)
{
	u64 value = cpu->regs.rdx << 32 | (u32)cpu->regs.rax;
	int err = msr_write(cpu, cpu->regs.rcx, value);

	if (err == -EAGAIN)
		return;		/* the guest makes it again */
	if (err)
		inject_gp();
	else
		skip_instruction();
}
