// SPDX-License-Identifier: GPL-2.0
/*
 * VMLAUNCH and VMRESUME of an L1 (SDM vol. 3, chapter 27): the checks, then VMCS02
 * from VMCS12, from VMCS01 and from what the core insists on, then L2 runs. What
 * has not been written since the last entry is neither checked nor copied again.
 * Next: exits.c.
 */
#include "../../ept/frame.h"
#include "../../ept/guest_memory.h"
#include "../../ept/main_view.h"
#include "../../ept/shadow.h"
#include "../../include/platform.h"
#include "../controls.h"
#include "../event.h"
#include "../io.h"
#include "../launch.h"
#include "../msr.h"
#include "../msr_index.h"
#include "caps.h"
#include "check.h"
#include "nested.h"

/*
 * Secondary controls that are the core's work, not the CPU's, while L2 runs. VM functions
 * are on, with none enabled: VMFUNC exits (vm_functions.c), where it would be #UD.
 */
#define PROC2_EMULATED (PROC2_PML | PROC2_VMCS_SHADOWING | PROC2_EPT_VIOLATION_VE)

static u32 check_l1_part(const struct nested *n)
{
	struct check_l1 l1 = { .long_mode = vmread(GUEST_IA32_EFER) & EFER_LMA };
	const struct vmcs12 *v = &n->vmcs12;
	bool to_long_mode = v->vm_exit_controls & EXIT_HOST_ADDRESS_SPACE_SIZE;
	u32 err = n->dirty & DIRTY_CONTROLS ? check_controls(v) : check_controls_again(v);

	if (err)
		return err;
	return (n->dirty & (DIRTY_CONTROLS | DIRTY_HOST)) || to_long_mode != l1.long_mode ?
	       check_host_state(v, &l1) : 0;
}

static bool only_moved_on(const struct nested *n)
{
	u64 moved = vmcs12_copies[VMCS12_INDEX(GUEST_RIP)].vmcs02 | vmcs12_copies[VMCS12_INDEX(GUEST_RSP)].vmcs02;

	return !(n->dirty & (DIRTY_CONTROLS | DIRTY_RARE)) && !(n->newer_than_vmcs02 & ~moved);
}

static bool check_l2_part(struct cpu *cpu, struct nested *n, u64 pdpte[4], u64 *qualification)
{
	struct vmcs12 *v = &n->vmcs12;
	u64 shape;

	if (only_moved_on(n) && check_guest_again(v))
		return true;
	shape = check_guest_shape(v);
	if ((n->dirty & (DIRTY_CONTROLS | DIRTY_RARE)) || shape == CHECK_SHAPE_ALWAYS ||
	    shape != n->checked_shape) {
		sync_rare_from_vmcs02(cpu, n);
		n->dirty |= DIRTY_RARE;
		if (!check_guest_rare(v, qualification))
			return false;
	}
	n->checked_shape = shape;
	return check_guest_hot(v, GPA(n->current), pdpte, qualification);
}

/*
 * A frame of L1's for VMCS02, held as long as its address is in there. What is
 * not Linux's RAM reads as zeros and takes no writes: a page of the core's.
 */
static u64 hold_for_vmcs02(struct nested *n, enum nested_held what, bool used, u64 gpa)
{
	u64 pfn = gpa >> PAGE_SHIFT;

	if (used && n->held[what] == pfn + 1)
		return gpa;
	if (n->held[what])
		frame_drop(n->held[what] - 1);
	n->held[what] = 0;
	if (!used || frame_hold(pfn))
		return n->scratch.v;
	n->held[what] = pfn + 1;
	return gpa;
}

static void hold_frames(struct nested *n)
{
	const struct vmcs12 *v = &n->vmcs12;
	bool tpr = v->processor_based_controls & PROC_TPR_SHADOW;
	bool apic = secondary12(v) & PROC2_VIRTUALIZE_APIC_ACCESSES;
	u64 virtual_apic = hold_for_vmcs02(n, HELD_VIRTUAL_APIC, tpr, v->virtual_apic_address);
	u64 access = hold_for_vmcs02(n, HELD_APIC_ACCESS, apic, v->apic_access_address);

	if (tpr)
		vmwrite(VIRTUAL_APIC_ADDRESS, virtual_apic);
	if (apic)
		vmwrite(APIC_ACCESS_ADDRESS, access);
}

/* Exits of the core's own, or of L1's (RULES 8); merged again when L1's frame may have been written. */
static void merge_bitmap(struct merged *m, hpa_t own, bool used, u64 gpa)
{
	u64 *to, fired = frame_watch_fired(), pfn = gpa >> PAGE_SHIFT;
	const u64 *core;
	u32 i;

	if (used && m->pfn == pfn + 1 && m->fired == fired)
		return;
	m->pfn = used && !frame_watch(pfn) ? pfn + 1 : 0;
	m->fired = fired;
	to = phys_to_virt(m->page);
	core = phys_to_virt(own);
	if (!used || guest_read(GPA(gpa), to, PAGE_SIZE)) {
		memset(to, 0xff, PAGE_SIZE);
		return;
	}
	for (i = 0; i < PAGE_SIZE / 8; i++)
		to[i] |= core[i];
}

static void merge_bitmaps(struct nested *n)
{
	const struct vmcs12 *v = &n->vmcs12;

	merge_bitmap(&n->bitmap[BITMAP_MSR], msr_bitmap(), v->processor_based_controls & PROC_MSR_BITMAPS, v->msr_bitmap);
	if (!(v->processor_based_controls & PROC_IO_BITMAPS))
		return;
	merge_bitmap(&n->bitmap[BITMAP_IO_A], io_bitmap(0), true, v->io_bitmap_a);
	merge_bitmap(&n->bitmap[BITMAP_IO_B], io_bitmap(1), true, v->io_bitmap_b);
}

/* L1's ports and the core's. An L1 that wants none has the core's alone; one that wants all has all (25.6.4). */
static u64 io_controls(const struct nested *n)
{
	u64 proc = n->vmcs12.processor_based_controls;
	bool merged = proc & PROC_IO_BITMAPS;

	if (!merged && (proc & PROC_UNCONDITIONAL_IO_EXITING))
		return 0;
	vmwrite(IO_BITMAP_A, merged ? n->bitmap[BITMAP_IO_A].page.v : io_bitmap(0).v);
	vmwrite(IO_BITMAP_B, merged ? n->bitmap[BITMAP_IO_B].page.v : io_bitmap(1).v);
	return PROC_IO_BITMAPS;
}

static void write_controls(struct nested *n)
{
	const struct vmcs12 *v = &n->vmcs12;

	vmwrite(PIN_BASED_CONTROLS, v->pin_based_controls |
				    (controls_linux.pin & PIN_PREEMPTION_TIMER));
	vmwrite(PROCESSOR_BASED_CONTROLS, v->processor_based_controls | PROC_SECONDARY_CONTROLS |
					  PROC_MSR_BITMAPS | io_controls(n));
	vmwrite(SECONDARY_CONTROLS, (secondary12(v) & ~PROC2_EMULATED) | PROC2_EPT |
				    (vmx_caps.vpid ? PROC2_VPID : 0));
	vmwrite(VM_EXIT_CONTROLS, controls_linux.exit |
				  (v->vm_exit_controls & EXIT_ACKNOWLEDGE_INTERRUPT));
	vmwrite(VM_ENTRY_CONTROLS, (controls_linux.entry & ~ENTRY_IA32E_MODE_GUEST) |
				   (v->vm_entry_controls & ENTRY_IA32E_MODE_GUEST));
	/* Bits that the core does not know: setting one exits (exits.c). */
	vmwrite(CR4_GUEST_HOST_MASK, v->cr4_guest_host_mask | ~CR4_KNOWN | CR4_SMXE);
	sync_controls_to_vmcs02(v);
	hold_frames(n);
}

/* Class S: from VMCS12 where a control says so, else L2 begins with what L1 has. */
struct loaded {
	u64 efer, pat, debugctl, dr7, perf_global_ctrl;
};

static u64 efer_of_l2(const struct vmcs12 *v)
{
	u64 efer = vmread(GUEST_IA32_EFER) & ~(EFER_LMA | EFER_LME);

	if (v->vm_entry_controls & ENTRY_LOAD_EFER)
		return v->guest_ia32_efer;
	if (v->vm_entry_controls & ENTRY_IA32E_MODE_GUEST)
		return efer | EFER_LMA | EFER_LME;
	/* SDM 27.3.2.1: LME is changed with paging on only. */
	return efer | (v->guest_cr0 & CR0_PG ? 0 : vmread(GUEST_IA32_EFER) & EFER_LME);
}

static void find_loaded(const struct vmcs12 *v, struct loaded *l)
{
	u64 entry = v->vm_entry_controls;

	l->efer = efer_of_l2(v);
	l->pat = entry & ENTRY_LOAD_PAT ? v->guest_ia32_pat : vmread(GUEST_IA32_PAT);
	l->debugctl = entry & ENTRY_LOAD_DEBUG_CONTROLS ? v->guest_ia32_debugctl :
							  vmread(GUEST_IA32_DEBUGCTL);
	l->dr7 = entry & ENTRY_LOAD_DEBUG_CONTROLS ? v->guest_dr7 : vmread(GUEST_DR7);
	if (vmx_caps.perf_global_ctrl)
		l->perf_global_ctrl = entry & ENTRY_LOAD_PERF_GLOBAL_CTRL ?
				      v->guest_ia32_perf_global_ctrl :
				      vmread(GUEST_IA32_PERF_GLOBAL_CTRL);
}

static void write_loaded(const struct loaded *l)
{
	vmwrite(GUEST_IA32_EFER, l->efer);
	vmwrite(GUEST_IA32_PAT, l->pat);
	vmwrite(GUEST_IA32_DEBUGCTL, l->debugctl);
	vmwrite(GUEST_DR7, l->dr7);
	if (vmx_caps.perf_global_ctrl)
		vmwrite(GUEST_IA32_PERF_GLOBAL_CTRL, l->perf_global_ctrl);
}

/* VPID12 0: nothing of L2's survives an entry (SDM 29.4.3.3); another one: its tag is taken over. */
static void choose_translations(struct nested *n)
{
	u64 vpid12 = secondary12(&n->vmcs12) & PROC2_VPID ? n->vmcs12.vpid : 0;

	if (vmx_caps.vpid && (!vpid12 || vpid12 != n->vpid12))
		invvpid(INVVPID_SINGLE_CONTEXT, VPID_L2, 0);
	n->vpid12 = vpid12;
}

static void write_pdptes(const struct vmcs12 *v, const u64 pdpte[4])
{
	u32 i;

	/* With EPT12 they are of class R. */
	for (i = 0; !has_ept12(v) && i < 4; i++)
		vmwrite(GUEST_PDPTE0 + 2 * i, pdpte[i]);
}

static void write_guest_state(struct nested *n, const struct loaded *l, const u64 pdpte[4])
{
	const struct vmcs12 *v = &n->vmcs12;

	if (n->dirty & DIRTY_RARE)
		sync_rare_to_vmcs02(v);
	sync_hot_to_vmcs02(n);
	write_loaded(l);
	write_pdptes(v, pdpte);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, v->vm_entry_interruption_info);
	if (v->vm_entry_interruption_info & INTR_INFO_VALID) {
		vmwrite(VM_ENTRY_EXCEPTION_ERROR_CODE, v->vm_entry_exception_error_code);
		vmwrite(VM_ENTRY_INSTRUCTION_LENGTH, v->vm_entry_instruction_length);
	}
}

/* False: no EPT02 can be had now; the instruction is made again. */
static bool find_ept02(struct nested *n)
{
	struct shadow *s = has_ept12(&n->vmcs12) ? shadow_get(n->vmcs12.ept_pointer) : NULL;

	if (n->shadow)
		shadow_put(n->shadow);
	n->shadow = s;
	return s || !has_ept12(&n->vmcs12);
}

static void run_l2(struct cpu *cpu, struct nested *n, const struct loaded *l, const u64 pdpte[4])
{
	n->window01 = cpu->nmi_window;
	cpu->nmi_window = false;
	cpu->mode = MODE_L2;
	vmptrld(n->vmcs02);
	if (n->dirty & DIRTY_CONTROLS)
		write_controls(n);
	merge_bitmaps(n);
	choose_translations(n);
	write_guest_state(n, l, pdpte);
	nested_timer_start(n);
	nested_timer_arm(n);
}

void nested_enter(struct cpu *cpu, bool launch)
{
	struct nested *n = nested_state(cpu);
	struct vmcs12 *v = &n->vmcs12;
	u64 pdpte[4] = { 0 }, qualification = 0;
	struct loaded loaded = { 0 };
	u32 failed;

	vmcs_shadow_from(cpu, n);
	failed = check_l1_part(n);
	if (failed) {
		vmfail(cpu, failed);
		return;
	}
	if (!check_l2_part(cpu, n, pdpte, &qualification)) {
		reflect_entry_failure(cpu, REASON_ENTRY_FAILURE_GUEST_STATE, qualification);
		return;
	}
	if ((n->dirty & DIRTY_CONTROLS || !n->shadow) && !find_ept02(n))
		return;
	find_loaded(v, &loaded);
	run_l2(cpu, n, &loaded, pdpte);
	failed = msr_list_load(cpu, v->vm_entry_msr_load_address, v->vm_entry_msr_load_count);
	if (failed) {
		nested_all_dirty(n);
		leave_vmcs02(cpu, n);
		reflect_entry_failure(cpu, REASON_ENTRY_FAILURE_MSR_LOADING, failed);
		return;
	}
	/* As late as can be: whatever flushes from here on sees to it that this is asked again. */
	vmwrite(EPT_POINTER, n->shadow ? shadow_eptp(n->shadow) : main_view_eptp());
	/* From here on L2 has run, as far as L1 can tell. */
	v->launched = 1;
	n->dirty = 0;
	n->rare_in_vmcs02 = true;
	if (unlikely(n->init_latched)) {
		n->init_latched = false;
		reflect_made_up(cpu, REASON_INIT, 0);
	}
	cpu->events_seen.all = 0;
}
