// SPDX-License-Identifier: GPL-2.0
/*
 * The checks of a VM entry on VMX controls and on the host-state area (SDM vol. 3,
 * 27.2), by the capabilities that L1 was offered. Fields of 16 and 32 bits are cut to
 * their width where they are used: VMCS12 comes from L1's memory. Next: check_guest.c.
 */
#include "check.h"

#include "../../ept/guest_memory.h"
#include "../../include/platform.h"
#include "nested.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (unlikely(!(condition))) {                                                      \
			log_event(LOG_DEBUG, "VM entry: check.c:%u: not %s", __LINE__,             \
				  #condition);                                                     \
			return false;                                                              \
		}                                                                                  \
	} while (0)

#define INTR_TYPE_RESERVED (1ull << 8)
#define INTR_TYPE_OTHER (7ull << 8)
#define INTR_INFO_RESERVED 0x7ffff000u
/* Exceptions that deliver an error code: #DF, #TS, #NP, #SS, #GP, #PF, #AC. */
#define VECTORS_WITH_ERROR_CODE 0x27d00u

#define BASIC_ANY_ERROR_CODE BIT(56)
#define MISC_INJECT_LENGTH_0 BIT(30)
#define MSR_PERF_CAPABILITIES 0x345

struct check_allowed check_allowed;

/* IA32_PERF_GLOBAL_CTRL (SDM 20.2): general counters, fixed ones, performance metrics. */
static u64 perf_global_ctrl_bits(const u32 leafa[4])
{
	u32 version = leafa[0] & 0xff, general = (leafa[0] >> 8) & 0xff, fixed = leafa[3] & 0x1f;
	u64 capabilities, bits = version >= 5 ? (u64)leafa[2] << 32 : 0;

	if (version < 2)
		return 0;
	bits |= BIT(general < 32 ? general : 32) - 1;
	bits |= (BIT(fixed < 16 ? fixed : 16) - 1) << 32;
	if (!rdmsr_safe(MSR_PERF_CAPABILITIES, &capabilities) && (capabilities & BIT(15)))
		bits |= BIT(48);
	return bits;
}

void check_init(void)
{
	u32 max[4], ext[4], leaf7[4] = { 0 }, leaf71[4] = { 0 }, leafa[4] = { 0 };
	bool rtm, bus_lock;

	cpuid_native(0, 0, max);
	cpuid_native(0x80000001, 0, ext);
	if (max[0] >= 7)
		cpuid_native(7, 0, leaf7);
	if (leaf7[0] >= 1)
		cpuid_native(7, 1, leaf71);
	if (max[0] >= 0xa)
		cpuid_native(0xa, 0, leafa);
	rtm = leaf7[1] & BIT(11);
	bus_lock = leaf7[2] & BIT(24);
	check_allowed = (struct check_allowed){
		.efer = EFER_SCE | EFER_LME | EFER_LMA | (ext[3] & BIT(20) ? EFER_NXE : 0),
		.debugctl = 0x7fc3 | (bus_lock ? BIT(2) : 0) | (rtm ? BIT(15) : 0),
		.perf_global_ctrl = perf_global_ctrl_bits(leafa),
		/* with linear-address masking (CPUID.7.1:EAX[26]) bits 61 and 62 too */
		.cr3 = (BIT(vmx_caps.maxphyaddr) - 1) | (leaf71[0] & BIT(26) ? 3ull << 61 : 0),
		/* enclave interruption: with SGX */
		.interruptibility = 0xf | (leaf7[1] & BIT(2) ? BIT(4) : 0),
		.pending_debug = 0x500f | (bus_lock ? BIT(11) : 0) | (rtm ? BIT(16) : 0),
	};
}

/* 27.2.1.1: pages that controls point to */
static bool bitmaps_ok(const struct vmcs12 *v, u64 proc, u64 proc2)
{
	if (proc & PROC_IO_BITMAPS) {
		REQUIRE(check_page(v->io_bitmap_a));
		REQUIRE(check_page(v->io_bitmap_b));
	}
	REQUIRE(!(proc & PROC_MSR_BITMAPS) || check_page(v->msr_bitmap));
	if (proc2 & PROC2_VMCS_SHADOWING) {
		REQUIRE(check_page(v->vmread_bitmap));
		REQUIRE(check_page(v->vmwrite_bitmap));
	}
	REQUIRE(!(proc2 & PROC2_EPT_VIOLATION_VE) ||
		check_page(v->virtualization_exception_address));
	return true;
}

/* 27.2.1.1: the APIC's virtualization; what of it changes from entry to entry is in tpr_ok(). */
static bool apic_ok(const struct vmcs12 *v, u64 pin, u64 proc, u64 proc2)
{
	if (proc & PROC_TPR_SHADOW)
		REQUIRE(check_page(v->virtual_apic_address));
	else
		REQUIRE(!(proc2 & (PROC2_VIRTUALIZE_X2APIC_MODE |
				   PROC2_APIC_REGISTER_VIRTUALIZATION |
				   PROC2_VIRTUAL_INTERRUPT_DELIVERY)));
	if (proc2 & PROC2_VIRTUALIZE_APIC_ACCESSES) {
		REQUIRE(check_page(v->apic_access_address));
		REQUIRE(!(proc2 & PROC2_VIRTUALIZE_X2APIC_MODE));
	}
	REQUIRE(!(proc2 & PROC2_VIRTUAL_INTERRUPT_DELIVERY) ||
		(pin & PIN_EXTERNAL_INTERRUPT_EXITING));
	if (pin & PIN_POSTED_INTERRUPTS) {
		REQUIRE(proc2 & PROC2_VIRTUAL_INTERRUPT_DELIVERY);
		REQUIRE(v->vm_exit_controls & EXIT_ACKNOWLEDGE_INTERRUPT);
		REQUIRE(!((u16)v->posted_interrupt_vector >> 8));
		REQUIRE(!(v->posted_interrupt_descriptor & 63));
		REQUIRE(!(v->posted_interrupt_descriptor >> vmx_caps.maxphyaddr));
	}
	return true;
}

/* 27.2.1.1: EPT and what rests on it */
static bool ept_ok(const struct vmcs12 *v, u64 proc2)
{
	if (proc2 & PROC2_EPT) {
		REQUIRE(check_eptp(v->ept_pointer));
	} else {
		REQUIRE(!(proc2 & PROC2_UNRESTRICTED_GUEST));
		REQUIRE(!(proc2 & PROC2_PML));
		REQUIRE(!(proc2 & PROC2_MODE_BASED_EXECUTE));
	}
	REQUIRE(!(proc2 & PROC2_PML) || check_page(v->pml_address));
	if (proc2 & PROC2_VM_FUNCTIONS) {
		REQUIRE(!(v->vm_function_controls & ~nested_caps.vmfunc));
		if (v->vm_function_controls & VMFUNC_EPTP_SWITCHING) {
			REQUIRE(proc2 & PROC2_EPT);
			REQUIRE(check_page(v->eptp_list_address));
		}
	}
	return true;
}

/* 27.2.1.1: VM-execution controls */
static bool execution_ok(const struct vmcs12 *v)
{
	u64 pin = v->pin_based_controls, proc = v->processor_based_controls;
	u64 proc2 = secondary12(v);

	REQUIRE(control_allowed(nested_caps.true_pin, pin));
	REQUIRE(!(proc & PROC_SECONDARY_CONTROLS) || control_allowed(nested_caps.proc2, proc2));
	REQUIRE((u32)v->cr3_target_count <= (nested_caps.misc >> 16 & 0x1ff));
	REQUIRE(!(pin & PIN_VIRTUAL_NMIS) || (pin & PIN_NMI_EXITING));
	REQUIRE(!(proc2 & PROC2_VPID) || (u16)v->vpid);
	REQUIRE(!(proc2 & PROC2_TSC_SCALING) || v->tsc_multiplier);
	return bitmaps_ok(v, proc, proc2) && apic_ok(v, pin, proc, proc2) && ept_ok(v, proc2);
}

/* 27.2.1.2, 27.2.1.3: an area of count entries of 16 bytes */
static bool msr_area_ok(u64 address, u32 count)
{
	u64 last = address + (u64)count * 16 - 1;

	return !count || (!(address & 15) && !(address >> vmx_caps.maxphyaddr) &&
			  !(last >> vmx_caps.maxphyaddr));
}

static bool exit_and_entry_ok(const struct vmcs12 *v)
{
	u64 exit = v->vm_exit_controls, entry = v->vm_entry_controls;

	/* 27.2.1.2 */
	REQUIRE(control_allowed(nested_caps.true_exit, exit));
	REQUIRE(!(exit & EXIT_SAVE_PREEMPTION_TIMER) ||
		(v->pin_based_controls & PIN_PREEMPTION_TIMER));
	REQUIRE(msr_area_ok(v->vm_exit_msr_store_address, v->vm_exit_msr_store_count));
	REQUIRE(msr_area_ok(v->vm_exit_msr_load_address, v->vm_exit_msr_load_count));
	/* 27.2.1.3; L1 is not in SMM */
	REQUIRE(control_allowed(nested_caps.true_entry, entry));
	REQUIRE(!(entry & (ENTRY_TO_SMM | ENTRY_DEACTIVATE_DUAL_MONITOR)));
	REQUIRE(msr_area_ok(v->vm_entry_msr_load_address, v->vm_entry_msr_load_count));
	return true;
}

/* 27.2.1.1: TPR threshold; what is no RAM counts as a VTPR of 0 */
static bool tpr_ok(const struct vmcs12 *v, u64 proc, u64 proc2)
{
	u32 threshold = v->tpr_threshold, vtpr = 0;

	if (!(proc & PROC_TPR_SHADOW) || (proc2 & PROC2_VIRTUAL_INTERRUPT_DELIVERY))
		return true;
	REQUIRE(!(threshold >> 4));
	if (!threshold || (proc2 & PROC2_VIRTUALIZE_APIC_ACCESSES))
		return true;
	if (guest_read(GPA(v->virtual_apic_address + 0x80), &vtpr, sizeof(vtpr)))
		vtpr = 0;
	REQUIRE(threshold <= (vtpr >> 4 & 0xf));
	return true;
}

/* 27.2.1.3: the error code of an event that is injected */
static bool error_code_ok(const struct vmcs12 *v, u32 info)
{
	bool delivered = info & INTR_INFO_ERROR_CODE;
	bool exception = (info & INTR_INFO_TYPE) == INTR_TYPE_HARDWARE_EXCEPTION;
	bool usual = VECTORS_WITH_ERROR_CODE >> (info & 31) & 1;

	exception = exception && (v->guest_cr0 & CR0_PE);
	REQUIRE(!delivered || exception);
	REQUIRE(!exception || delivered == usual || (nested_caps.basic & BASIC_ANY_ERROR_CODE));
	REQUIRE(!delivered || !((u32)v->vm_entry_exception_error_code >> 16));
	return true;
}

/* 27.2.1.3: event injection */
static bool injection_ok(const struct vmcs12 *v)
{
	u32 info = v->vm_entry_interruption_info, length = v->vm_entry_instruction_length;
	u32 type = info & INTR_INFO_TYPE, vector = info & INTR_INFO_VECTOR;

	if (!(info & INTR_INFO_VALID))
		return true;
	REQUIRE(!(info & INTR_INFO_RESERVED));
	REQUIRE(type != INTR_TYPE_RESERVED);
	REQUIRE(type != INTR_TYPE_OTHER || (nested_caps.true_proc >> 32 & PROC_MONITOR_TRAP_FLAG));
	REQUIRE(type != INTR_TYPE_OTHER || vector == 0);
	REQUIRE(type != INTR_TYPE_NMI || vector == VECTOR_NMI);
	REQUIRE(type != INTR_TYPE_HARDWARE_EXCEPTION || vector <= 31);
	if (type >= INTR_TYPE_SOFTWARE_INTERRUPT && type != INTR_TYPE_OTHER) {
		REQUIRE(length <= 15);
		REQUIRE(length || (nested_caps.misc & MISC_INJECT_LENGTH_0));
	}
	return error_code_ok(v, info);
}

static bool windows_ok(const struct vmcs12 *v)
{
	u64 proc = v->processor_based_controls;

	REQUIRE(control_allowed(nested_caps.true_proc, proc));
	REQUIRE(!(proc & PROC_NMI_WINDOW_EXITING) || (v->pin_based_controls & PIN_VIRTUAL_NMIS));
	return true;
}

u32 check_controls_again(const struct vmcs12 *v)
{
	return tpr_ok(v, v->processor_based_controls, secondary12(v)) ? 0 : VMERR_ENTRY_INVALID_CONTROL;
}

u32 check_controls(const struct vmcs12 *v)
{
	if (execution_ok(v) && exit_and_entry_ok(v) && windows_ok(v) && injection_ok(v))
		return check_controls_again(v);
	return VMERR_ENTRY_INVALID_CONTROL;
}

/* 27.2.4: address-space size */
static bool host_size_ok(const struct vmcs12 *v, const struct check_l1 *l1)
{
	bool host64 = v->vm_exit_controls & EXIT_HOST_ADDRESS_SPACE_SIZE;

	REQUIRE(host64 == l1->long_mode);
	if (host64) {
		REQUIRE(v->host_cr4 & CR4_PAE);
		REQUIRE(check_canonical(v->host_rip, v->host_cr4 & CR4_LA57 ? 57 : 48));
	} else {
		REQUIRE(!(v->vm_entry_controls & ENTRY_IA32E_MODE_GUEST));
		REQUIRE(!(v->host_cr4 & CR4_PCIDE));
		REQUIRE(!(v->host_rip >> 32));
		REQUIRE((u16)v->host_ss_selector);	/* 27.2.3 */
	}
	return true;
}

/* 27.2.2: control registers and MSRs */
static bool host_registers_ok(const struct vmcs12 *v)
{
	u64 exit = v->vm_exit_controls, efer = v->host_ia32_efer;
	u64 long_mode = exit & EXIT_HOST_ADDRESS_SPACE_SIZE ? EFER_LME | EFER_LMA : 0;

	REQUIRE(check_cr0(v->host_cr0, 0));
	REQUIRE(check_cr4(v->host_cr4));
	REQUIRE(!(v->host_cr4 & CR4_CET) || (v->host_cr0 & CR0_WP));
	REQUIRE(!(v->host_cr3 & ~check_allowed.cr3));
	REQUIRE(check_base(v->host_ia32_sysenter_esp));
	REQUIRE(check_base(v->host_ia32_sysenter_eip));
	REQUIRE(!(exit & EXIT_LOAD_PERF_GLOBAL_CTRL) ||
		!(v->host_ia32_perf_global_ctrl & ~check_allowed.perf_global_ctrl));
	REQUIRE(!(exit & EXIT_LOAD_PAT) || check_pat(v->host_ia32_pat));
	if (exit & EXIT_LOAD_EFER) {
		REQUIRE(!(efer & ~check_allowed.efer));
		REQUIRE((efer & (EFER_LME | EFER_LMA)) == long_mode);
	}
	return true;
}

/* 27.2.3: segment and descriptor-table registers */
static bool host_segments_ok(const struct vmcs12 *v)
{
	u64 all = v->host_es_selector | v->host_cs_selector | v->host_ss_selector |
		  v->host_ds_selector | v->host_fs_selector | v->host_gs_selector |
		  v->host_tr_selector;

	REQUIRE(!(all & 7));	/* TI, RPL */
	REQUIRE((u16)v->host_cs_selector);
	REQUIRE((u16)v->host_tr_selector);
	REQUIRE(check_base(v->host_fs_base));
	REQUIRE(check_base(v->host_gs_base));
	REQUIRE(check_base(v->host_tr_base));
	REQUIRE(check_base(v->host_gdtr_base));
	REQUIRE(check_base(v->host_idtr_base));
	return true;
}

u32 check_host_state(const struct vmcs12 *v, const struct check_l1 *l1)
{
	if (host_size_ok(v, l1) && host_registers_ok(v) && host_segments_ok(v))
		return 0;
	return VMERR_ENTRY_INVALID_HOST_STATE;
}
