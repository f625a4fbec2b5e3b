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
 *   MISC_ENABLE, thermal, power and frequency control
 *                     refuse service at most
 *   SMM_MONITOR_CTL, SMRR: the CPU itself refuses them outside of SMM
 */
#include "msr.h"

#include "../ept/frame.h"
#include "../ept/main_view.h"
#include "../include/platform.h"
#include "apic.h"
#include "controls.h"
#include "event.h"
#include "kick_internal.h"
#include "msr_index.h"
#include "vmcs.h"

#define BITMAP_READ_LOW 0
#define BITMAP_WRITE_LOW 2048

enum msr_action {
	PASS,		/* tried in root, #GP if the CPU faults */
	REFUSE,		/* #GP: locked, as on a machine with VMX on; microcode is loaded before, or early at boot */
	APIC_BASE,
	MTRR,
	TRACE,		/* PT and DS: may only be turned off */
	VMX_CAPABILITY,
	PERF_GLOBAL,
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
	{ MSR_FEATURE_CONTROL, MSR_FEATURE_CONTROL, EXIT_WRITE, REFUSE },
	{ MSR_BIOS_UPDATE_TRIGGER, MSR_BIOS_UPDATE_TRIGGER, EXIT_WRITE, REFUSE },
	{ MSR_MTRR_PHYSBASE0, 0x21f, EXIT_WRITE, MTRR },
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
 * Until nesting is there: the controls that must be 1 and no other, so that KVM
 * says quietly that it cannot run (RULES 24). -EFAULT: the MSR does not exist.
 */
static int read_vmx_capability(u32 msr, u64 *value)
{
	int err = rdmsr_safe(msr, value);

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

void handle_rdmsr(struct cpu *cpu)
{
	u32 msr = cpu->regs.rcx;
	u64 value;
	int err;

	switch (action_of(msr)) {
	case VMX_CAPABILITY:
		err = read_vmx_capability(msr, &value);
		break;
	case PERF_GLOBAL:
		value = vmread(GUEST_IA32_PERF_GLOBAL_CTRL);
		err = 0;
		break;
	default:
		err = rdmsr_safe(msr, &value);
	}
	if (err) {
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

/* Tried on the CPU, whose own value in root stays 0; what counts is the guest field. */
static int write_perf_global_ctrl(u64 value)
{
	u64 saved = rdmsr(MSR_PERF_GLOBAL_CTRL);
	int err = wrmsr_safe(MSR_PERF_GLOBAL_CTRL, value);

	wrmsr_safe(MSR_PERF_GLOBAL_CTRL, saved);
	if (!err)
		vmwrite(GUEST_IA32_PERF_GLOBAL_CTRL, value);
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

static int write_msr(struct cpu *cpu, u32 msr, u64 value)
{
	switch (action_of(msr)) {
	case APIC_BASE:
		return write_apic_base(value);
	case MTRR:
		return write_mtrr(cpu, msr, value);
	case TRACE:
		/* Output would go through the core's own address space. */
		return value ? -EFAULT : wrmsr_safe(msr, value);
	case PERF_GLOBAL:
		return write_perf_global_ctrl(value);
	case PARAVIRT:
		if (frame_owner(value >> PAGE_SHIFT & (BIT(40) - 1), NULL) != FRAME_LINUX)
			return -EFAULT;
		return wrmsr_safe(msr, value);
	case PASS:
		return wrmsr_safe(msr, value);
	default:
		return -EFAULT;
	}
}

void handle_wrmsr(struct cpu *cpu)
{
	int err = write_msr(cpu, cpu->regs.rcx, cpu->regs.rdx << 32 | (u32)cpu->regs.rax);

	if (!err)
		skip_instruction();
	else if (err != -EAGAIN)
		inject_gp();
}
