// SPDX-License-Identifier: GPL-2.0
/* Wanted, required, allowed: what controls.h promises. Read launch.c next. */
#include "controls.h"

#include "../include/handover.h"
#include "../include/platform.h"
#include "msr_index.h"
#include "vmcs.h"

struct vmx_caps vmx_caps;
struct vmx_controls controls_linux;

static u64 read_or_zero(u32 msr)
{
	u64 value;

	return rdmsr_safe(msr, &value) ? 0 : value;
}

bool control_set(u32 capability, u64 wanted, u64 required, u64 *value)
{
	bool has_true = (read_or_zero(MSR_VMX_BASIC) & BIT(55)) &&
			capability >= MSR_VMX_PINBASED_CTLS && capability <= MSR_VMX_ENTRY_CTLS;
	u64 msr = read_or_zero(has_true ? capability - MSR_VMX_PINBASED_CTLS +
						  MSR_VMX_TRUE_PINBASED_CTLS :
					  capability);
	u64 must = msr & 0xffffffff, may = msr >> 32;

	*value = (wanted | required | must) & may;
	if ((*value & required) == required)
		return true;
	log_event(LOG_ERROR, "VMX capability MSR %x offers no control %lx", capability,
		  (unsigned long)(required & ~*value));
	return false;
}

/* Controls whose instruction would give #UD without them: on when CPUID has it. */
static u64 instruction_controls(void)
{
	u32 leaf7[4], leafd[4], ext[4], max[4];
	u64 wanted = 0;

	cpuid_native(0, 0, max);
	cpuid_native(0x80000001, 0, ext);
	if (ext[3] & BIT(27))
		wanted |= PROC2_RDTSCP;
	if (max[0] >= 7) {
		cpuid_native(7, 0, leaf7);
		if (leaf7[1] & BIT(10))
			wanted |= PROC2_INVPCID;
		if (leaf7[2] & BIT(5))
			wanted |= PROC2_USER_WAIT_PAUSE;
	}
	if (max[0] >= 0xd) {
		cpuid_native(0xd, 1, leafd);
		if (leafd[0] & BIT(3))
			wanted |= PROC2_XSAVES;
	}
	return wanted;
}

/*
 * With TME-MK the upper physical address bits name a key, so each frame has
 * aliases there; Linux gets none of them mapped (SDM has MSR 982H, bits 35:32).
 */
static u32 key_id_bits(void)
{
	u64 activate = read_or_zero(MSR_TME_ACTIVATE);

	return activate & 1 ? (activate >> 32) & 0xf : 0;
}

/* The MSR exists from architectural PMU version 2 on (SDM 20.2.2); some CPUs only say so. */
static bool has_perf_global_ctrl(void)
{
	u32 pmu[4];
	u64 value;

	cpuid_native(0, 0, pmu);
	if (pmu[0] < 0xa)
		return false;
	cpuid_native(0xa, 0, pmu);
	return (pmu[0] & 0xff) >= 2 && !rdmsr_safe(MSR_PERF_GLOBAL_CTRL, &value);
}

/* Each only where it exists (SDM appendix A); EPT is required, so 48BH and 48CH do. */
static u64 sum_of_caps(u64 basic)
{
	u32 msr, last = basic & BIT(55) ? MSR_VMX_TRUE_ENTRY_CTLS : MSR_VMX_EPT_VPID_CAP;
	u64 sum = 0;

	for (msr = MSR_VMX_BASIC; msr <= last; msr++)
		sum = sum * 0x100000001b3ull + read_or_zero(msr);
	return sum;
}

static int read_caps(struct vmx_caps *caps, struct vmx_controls *controls)
{
	u64 instructions = instruction_controls();
	u32 leaf[4];
	bool ok;

	memset(caps, 0, sizeof(*caps));
	caps->basic = read_or_zero(MSR_VMX_BASIC);
	caps->misc = read_or_zero(MSR_VMX_MISC);
	caps->cr0_fixed0 = read_or_zero(MSR_VMX_CR0_FIXED0);
	caps->cr0_fixed1 = read_or_zero(MSR_VMX_CR0_FIXED1);
	caps->cr4_fixed0 = read_or_zero(MSR_VMX_CR4_FIXED0);
	caps->cr4_fixed1 = read_or_zero(MSR_VMX_CR4_FIXED1);
	caps->ept_vpid_cap = read_or_zero(MSR_VMX_EPT_VPID_CAP);

	cpuid_native(1, 0, leaf);
	caps->hypervisor_visible = leaf[2] & BIT(31);
	caps->xsave = leaf[2] & BIT(26);
	cpuid_native(0x80000008, 0, leaf);
	caps->maxphyaddr = (leaf[0] & 0xff) - key_id_bits();

	ok = control_set(MSR_VMX_PINBASED_CTLS, PIN_PREEMPTION_TIMER, 0, &controls->pin) &&
	     control_set(MSR_VMX_PROCBASED_CTLS, 0, PROC_MSR_BITMAPS | PROC_IO_BITMAPS | PROC_SECONDARY_CONTROLS,
			 &controls->proc) &&
	     control_set(MSR_VMX_PROCBASED_CTLS2,
			 PROC2_VPID | PROC2_UNRESTRICTED_GUEST | instructions, PROC2_EPT,
			 &controls->proc2) &&
	     control_set(MSR_VMX_EXIT_CTLS, EXIT_LOAD_PERF_GLOBAL_CTRL,
			 EXIT_HOST_ADDRESS_SPACE_SIZE | EXIT_SAVE_DEBUG_CONTROLS | EXIT_SAVE_EFER |
				 EXIT_LOAD_EFER | EXIT_SAVE_PAT | EXIT_LOAD_PAT,
			 &controls->exit) &&
	     control_set(MSR_VMX_ENTRY_CTLS, ENTRY_LOAD_PERF_GLOBAL_CTRL,
			 ENTRY_IA32E_MODE_GUEST | ENTRY_LOAD_DEBUG_CONTROLS | ENTRY_LOAD_EFER |
				 ENTRY_LOAD_PAT,
			 &controls->entry);
	if (!ok)
		return -ENODEV;

	caps->perf_global_ctrl = has_perf_global_ctrl() &&
				 (controls->exit & EXIT_LOAD_PERF_GLOBAL_CTRL) &&
				 (controls->entry & ENTRY_LOAD_PERF_GLOBAL_CTRL);
	if (!caps->perf_global_ctrl) {
		controls->exit &= ~EXIT_LOAD_PERF_GLOBAL_CTRL;
		controls->entry &= ~ENTRY_LOAD_PERF_GLOBAL_CTRL;
	}
	/* VPID is of use only with INVVPID, single-context and all-contexts (SDM A.10). */
	caps->single_invvpid = (caps->ept_vpid_cap & BIT(32)) && (caps->ept_vpid_cap & BIT(41)) &&
			       (caps->ept_vpid_cap & BIT(42));
	if (!caps->single_invvpid)
		controls->proc2 &= ~PROC2_VPID;
	caps->preemption_timer = controls->pin & PIN_PREEMPTION_TIMER;
	caps->vpid = controls->proc2 & PROC2_VPID;
	/* A CPU that cannot wait for a SIPI in a guest (SDM A.6) cannot be started again either. */
	if (!(caps->misc & BIT(8)))
		controls->proc2 &= ~PROC2_UNRESTRICTED_GUEST;
	caps->sum = sum_of_caps(caps->basic);
	caps->unrestricted_guest = controls->proc2 & PROC2_UNRESTRICTED_GUEST;
	caps->xsaves = controls->proc2 & PROC2_XSAVES;
	return 0;
}

int controls_init(void)
{
	return read_caps(&vmx_caps, &controls_linux);
}

int controls_compare(void)
{
	struct vmx_caps caps;
	struct vmx_controls controls;
	int err = read_caps(&caps, &controls);

	if (err)
		return err;
	if (memcmp(&controls, &controls_linux, sizeof(controls)) ||
	    caps.maxphyaddr != vmx_caps.maxphyaddr || caps.sum != vmx_caps.sum) {
		log_event(LOG_ERROR, "the VMX capability MSRs or MAXPHYADDR are not those of the first CPU");
		return -ENODEV;
	}
	return 0;
}
