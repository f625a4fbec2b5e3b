// SPDX-License-Identifier: GPL-2.0
/*
 * An exit of L2 becomes L1's (SDM vol. 3, chapter 28): exit information and L2's
 * state into VMCS12, the MSR areas, and L1 goes on in VMCS01 with the host state
 * that VMCS12 names. Next: sync.c, msr_list.c.
 */
#include "../../include/platform.h"
#include "../controls.h"
#include "../cr.h"
#include "../event.h"
#include "../exit.h"
#include "../msr_index.h"
#include "nested.h"

#define AR_UNUSABLE 0x10000
#define AR_CODE64 0xa09b
#define AR_CODE32 0xc09b
#define AR_DATA 0xc093
#define AR_BUSY_TSS 0x8b

/* VMX-abort indicators (SDM 28.7). */
#define ABORT_STORE_MSR 1
#define ABORT_PDPTE 2
#define ABORT_LOAD_MSR 4

/* What the MSRs of class S are when L2 has stopped. */
struct left {
	u64 efer, pat, perf_global_ctrl;
};

static void read_exit_information(struct nested *n)
{
	vmcs12_update(n, VMCS12_INDEX(EXIT_QUALIFICATION), vmread(EXIT_QUALIFICATION));
	vmcs12_update(n, VMCS12_INDEX(VM_EXIT_INTERRUPTION_INFO), vmread(VM_EXIT_INTERRUPTION_INFO));
	vmcs12_update(n, VMCS12_INDEX(VM_EXIT_INTERRUPTION_ERROR_CODE), vmread(VM_EXIT_INTERRUPTION_ERROR_CODE));
	vmcs12_update(n, VMCS12_INDEX(IDT_VECTORING_INFO), vmread(IDT_VECTORING_INFO));
	vmcs12_update(n, VMCS12_INDEX(IDT_VECTORING_ERROR_CODE), vmread(IDT_VECTORING_ERROR_CODE));
	vmcs12_update(n, VMCS12_INDEX(VM_EXIT_INSTRUCTION_LENGTH), vmread(VM_EXIT_INSTRUCTION_LENGTH));
	vmcs12_update(n, VMCS12_INDEX(VM_EXIT_INSTRUCTION_INFO), vmread(VM_EXIT_INSTRUCTION_INFO));
	vmcs12_update(n, VMCS12_INDEX(GUEST_PHYSICAL_ADDRESS), vmread(GUEST_PHYSICAL_ADDRESS));
	vmcs12_update(n, VMCS12_INDEX(GUEST_LINEAR_ADDRESS), vmread(GUEST_LINEAR_ADDRESS));
	vmcs12_update(n, VMCS12_INDEX(IO_RCX), vmread(IO_RCX));
	vmcs12_update(n, VMCS12_INDEX(IO_RSI), vmread(IO_RSI));
	vmcs12_update(n, VMCS12_INDEX(IO_RDI), vmread(IO_RDI));
	vmcs12_update(n, VMCS12_INDEX(IO_RIP), vmread(IO_RIP));
}

/* An event that the next entry would have given is on its way: L1 gives it again. */
static void make_up_exit_information(struct nested *n, u64 interruption_info)
{
	u64 info = vmread(VM_ENTRY_INTERRUPTION_INFO);

	vmcs12_update(n, VMCS12_INDEX(EXIT_QUALIFICATION), 0);
	vmcs12_update(n, VMCS12_INDEX(VM_EXIT_INTERRUPTION_INFO), interruption_info);
	vmcs12_update(n, VMCS12_INDEX(IDT_VECTORING_INFO), info & INTR_INFO_VALID ? info : 0);
	vmcs12_update(n, VMCS12_INDEX(IDT_VECTORING_ERROR_CODE), vmread(VM_ENTRY_EXCEPTION_ERROR_CODE));
	vmcs12_update(n, VMCS12_INDEX(VM_EXIT_INSTRUCTION_LENGTH), vmread(VM_ENTRY_INSTRUCTION_LENGTH));
}

/* SDM 28.3. Class R stays in VMCS02. */
static void save_guest_state(struct nested *n, struct left *left)
{
	struct vmcs12 *v = &n->vmcs12;
	u64 exit = v->vm_exit_controls, entry = v->vm_entry_controls & ~ENTRY_IA32E_MODE_GUEST;

	sync_hot_from_vmcs02(n);
	left->efer = vmread(GUEST_IA32_EFER);
	left->pat = vmread(GUEST_IA32_PAT);
	left->perf_global_ctrl = vmx_caps.perf_global_ctrl ? vmread(GUEST_IA32_PERF_GLOBAL_CTRL) : 0;
	if (exit & EXIT_SAVE_EFER)
		v->guest_ia32_efer = left->efer;
	if (exit & EXIT_SAVE_PAT)
		v->guest_ia32_pat = left->pat;
	if (exit & EXIT_SAVE_DEBUG_CONTROLS) {
		v->guest_dr7 = vmread(GUEST_DR7);
		v->guest_ia32_debugctl = vmread(GUEST_IA32_DEBUGCTL);
	}
	if (exit & EXIT_SAVE_PREEMPTION_TIMER)
		vmcs12_update(n, VMCS12_INDEX(VMX_PREEMPTION_TIMER_VALUE), nested_timer_rest(n));
	entry |= left->efer & EFER_LMA ? ENTRY_IA32E_MODE_GUEST : 0;
	/* What the entry loads may not fit any more (27.3.1.1). */
	if (unlikely(entry != v->vm_entry_controls))
		n->dirty |= DIRTY_CONTROLS;
	v->vm_entry_controls = entry;
	vmcs12_update(n, VMCS12_INDEX(VM_ENTRY_INTERRUPTION_INFO), v->vm_entry_interruption_info & ~INTR_INFO_VALID);
}

static void load_segment(u32 index, u64 selector, u64 base, u32 access_rights, u32 limit)
{
	vmwrite(GUEST_ES_SELECTOR + 2 * index, selector);
	vmwrite(GUEST_ES_BASE + 2 * index, base);
	vmwrite(GUEST_ES_LIMIT + 2 * index, limit);
	vmwrite(GUEST_ES_ACCESS_RIGHTS + 2 * index, access_rights);
}

static void load_data_segment(u32 index, u64 selector, u64 base)
{
	load_segment(index, selector, base, selector ? AR_DATA : AR_UNUSABLE, 0xffffffff);
}

/* SDM 28.5.2, .3 */
static void load_host_segments(const struct vmcs12 *v, bool long_mode)
{
	load_data_segment(0, v->host_es_selector, 0);
	load_segment(1, v->host_cs_selector, 0, long_mode ? AR_CODE64 : AR_CODE32, 0xffffffff);
	load_data_segment(2, v->host_ss_selector, 0);
	load_data_segment(3, v->host_ds_selector, 0);
	load_data_segment(4, v->host_fs_selector, v->host_fs_base);
	load_data_segment(5, v->host_gs_selector, v->host_gs_base);
	load_segment(6, 0, 0, AR_UNUSABLE, 0);
	load_segment(7, v->host_tr_selector, v->host_tr_base, AR_BUSY_TSS, 0x67);
	vmwrite(GUEST_GDTR_BASE, v->host_gdtr_base);
	vmwrite(GUEST_GDTR_LIMIT, 0xffff);
	vmwrite(GUEST_IDTR_BASE, v->host_idtr_base);
	vmwrite(GUEST_IDTR_LIMIT, 0xffff);
}

/* SDM 28.5.1 */
static void load_host_msrs(const struct vmcs12 *v, const struct left *left, bool long_mode)
{
	u64 exit = v->vm_exit_controls, efer = left->efer & ~(EFER_LMA | EFER_LME);

	if (long_mode)
		efer |= EFER_LMA | EFER_LME;
	vmwrite(GUEST_IA32_EFER, exit & EXIT_LOAD_EFER ? v->host_ia32_efer : efer);
	vmwrite(GUEST_IA32_PAT, exit & EXIT_LOAD_PAT ? v->host_ia32_pat : left->pat);
	if (vmx_caps.perf_global_ctrl)
		vmwrite(GUEST_IA32_PERF_GLOBAL_CTRL, exit & EXIT_LOAD_PERF_GLOBAL_CTRL ?
			v->host_ia32_perf_global_ctrl : left->perf_global_ctrl);
	vmwrite(GUEST_IA32_SYSENTER_CS, v->host_ia32_sysenter_cs);
	vmwrite(GUEST_IA32_SYSENTER_ESP, v->host_ia32_sysenter_esp);
	vmwrite(GUEST_IA32_SYSENTER_EIP, v->host_ia32_sysenter_eip);
	vmwrite(GUEST_IA32_DEBUGCTL, 0);
	vmwrite(GUEST_DR7, 0x400);
}

/* False: a PAE L1 whose page-directory pointers are malformed. */
static bool load_host_control_registers(const struct vmcs12 *v, bool long_mode)
{
	/* ET, CD and NW are not changed by an exit (SDM 28.5.1). */
	u64 kept = CR0_ET | CR0_CD | CR0_NW;
	u64 cr0 = (v->host_cr0 & ~kept) | (vmread(GUEST_CR0) & kept);

	cr_init(cr0, long_mode ? v->host_cr4 | CR4_PAE : v->host_cr4 & ~CR4_PCIDE);
	vmwrite(GUEST_CR3, v->host_cr3);
	return long_mode || !(v->host_cr4 & CR4_PAE) || cr_load_pdptes(v->host_cr3);
}

static void load_host_state(struct cpu *cpu, struct nested *n, const struct left *left)
{
	const struct vmcs12 *v = &n->vmcs12;
	bool long_mode = v->vm_exit_controls & EXIT_HOST_ADDRESS_SPACE_SIZE;

	if (!load_host_control_registers(v, long_mode))
		nested_abort(cpu, ABORT_PDPTE);
	load_host_segments(v, long_mode);
	load_host_msrs(v, left, long_mode);
	vmwrite(GUEST_RSP, v->host_rsp);
	vmwrite(GUEST_RIP, v->host_rip);
	vmwrite(GUEST_RFLAGS, RFLAGS_FIXED);
	vmwrite(GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
	vmwrite(GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	/* Without a VPID an exit leaves no translation of L1's behind (SDM 29.4.3.3). */
	if (vmx_caps.vpid && !(secondary12(v) & PROC2_VPID))
		invvpid(INVVPID_SINGLE_CONTEXT, VPID_LINUX, 0);
	if (msr_list_load(cpu, v->vm_exit_msr_load_address, v->vm_exit_msr_load_count))
		nested_abort(cpu, ABORT_LOAD_MSR);
}

/*
 * The machine does what it would without us: a VMX abort shuts the CPU down (SDM
 * 28.7), which resets it.
 */
void nested_abort(struct cpu *cpu, u32 indicator)
{
	log_event(LOG_ERROR, "cpu %u: VMX abort %u of Linux's hypervisor", cpu->slot, indicator);
	vmcs12_abort(GPA(nested_state(cpu)->current), indicator);
	shutdown_machine(cpu);
}

void leave_vmcs02(struct cpu *cpu, struct nested *n)
{
	vmptrld(cpu->vmcs01);
	cpu->mode = MODE_LINUX;
	if (unlikely(cpu->nmi_window))	/* the core's doing in VMCS02: made anew at the next entry */
		n->dirty |= DIRTY_CONTROLS;
	cpu->nmi_window = n->window01;
	cpu->events_seen.all = 0;	/* look again with L1's eyes */
}

/* NMIs are blocked after an NMI exit, and as they were in L2 if they are not virtual (SDM 28.5.6). */
static u64 blocking_after(const struct vmcs12 *v)
{
	u64 info = v->vm_exit_interruption_info;

	if ((v->vm_exit_reason & EXIT_REASON_BASIC) == REASON_EXCEPTION_OR_NMI &&
	    (info & INTR_INFO_VALID) && (info & INTR_INFO_TYPE) == INTR_TYPE_NMI)
		return BLOCKING_BY_NMI;
	return v->pin_based_controls & PIN_VIRTUAL_NMIS ? 0 :
	       v->guest_interruptibility_state & BLOCKING_BY_NMI;
}

/* Exit information is in VMCS12 already. */
static void to_l1(struct cpu *cpu, struct nested *n, u64 reason)
{
	struct vmcs12 *v = &n->vmcs12;
	struct left left;

	vmcs12_update(n, VMCS12_INDEX(VM_EXIT_REASON), reason);
	save_guest_state(n, &left);
	if (!msr_list_store(cpu, v->vm_exit_msr_store_address, v->vm_exit_msr_store_count)) {
		leave_vmcs02(cpu, n);
		nested_abort(cpu, ABORT_STORE_MSR);
	}
	leave_vmcs02(cpu, n);
	load_host_state(cpu, n, &left);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, blocking_after(v));
	vmcs_shadow_to(cpu, n);
}

void reflect_exit(struct cpu *cpu, u64 reason)
{
	struct nested *n = nested_state(cpu);

	read_exit_information(n);
	to_l1(cpu, n, reason);
}

void reflect_qualified(struct cpu *cpu, u64 reason, u64 qualification)
{
	struct nested *n = nested_state(cpu);

	read_exit_information(n);
	vmcs12_update(n, VMCS12_INDEX(EXIT_QUALIFICATION), qualification);
	to_l1(cpu, n, reason);
}

void reflect_made_up(struct cpu *cpu, u64 reason, u64 interruption_info)
{
	struct nested *n = nested_state(cpu);

	make_up_exit_information(n, interruption_info);
	to_l1(cpu, n, reason);
}

void reflect_entry_failure(struct cpu *cpu, u32 reason, u64 qualification)
{
	struct nested *n = nested_state(cpu);
	struct left left = { .efer = vmread(GUEST_IA32_EFER), .pat = vmread(GUEST_IA32_PAT) };
	u64 blocking = vmread(GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI;

	if (vmx_caps.perf_global_ctrl)
		left.perf_global_ctrl = vmread(GUEST_IA32_PERF_GLOBAL_CTRL);
	vmcs12_update(n, VMCS12_INDEX(VM_EXIT_REASON), reason | EXIT_REASON_ENTRY_FAILURE);
	vmcs12_update(n, VMCS12_INDEX(EXIT_QUALIFICATION), qualification);
	load_host_state(cpu, n, &left);
	/* SDM 27.8: as it was before the entry. */
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, blocking);
	vmcs_shadow_to(cpu, n);
}
