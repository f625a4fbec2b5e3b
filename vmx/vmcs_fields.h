/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All fields of the VMCS that the core knows, in one table (SDM vol. 3, appendix
 * B): encodings (vmx/vmcs.h), and for nesting (vmx/nested/vmcs12.h) the layout of
 * a VMCS12, VMREAD and VMWRITE, what is copied when, shadow bitmaps, dumps.
 *
 *   F(member, NAME, encoding, exists, class, shadow)
 *
 * exists: ALWAYS, or the control that an L1 must be offered: PIN(b), PROC(b),
 *   PROC2(b), EXIT(b), ENTRY(b) = bit b may be 1 (SDM appendix A).
 * class: C control, G guest state that is copied at each entry and exit, R guest
 *   state that is copied when somebody asks, S guest state that is loaded or saved
 *   as a control says, H host state, I exit information.
 * shadow: which of an L1's accesses need not exit where the CPU has VMCS
 *   shadowing: NONE, R reads, W reads and writes. What Linux's KVM touches often.
 */
#ifndef UNDERPIN_VMX_VMCS_FIELDS_H
#define UNDERPIN_VMX_VMCS_FIELDS_H

#define VMCS_FIELDS(F) \
	/* 16-bit */ \
	F(vpid, VPID, 0x0000, PROC2(5), C, NONE) \
	F(posted_interrupt_vector, POSTED_INTERRUPT_VECTOR, 0x0002, PIN(7), C, NONE) \
	F(eptp_index, EPTP_INDEX, 0x0004, PROC2(18), R, NONE) \
	F(guest_es_selector, GUEST_ES_SELECTOR, 0x0800, ALWAYS, R, NONE) \
	F(guest_cs_selector, GUEST_CS_SELECTOR, 0x0802, ALWAYS, R, NONE) \
	F(guest_ss_selector, GUEST_SS_SELECTOR, 0x0804, ALWAYS, R, NONE) \
	F(guest_ds_selector, GUEST_DS_SELECTOR, 0x0806, ALWAYS, R, NONE) \
	F(guest_fs_selector, GUEST_FS_SELECTOR, 0x0808, ALWAYS, R, NONE) \
	F(guest_gs_selector, GUEST_GS_SELECTOR, 0x080a, ALWAYS, R, NONE) \
	F(guest_ldtr_selector, GUEST_LDTR_SELECTOR, 0x080c, ALWAYS, R, NONE) \
	F(guest_tr_selector, GUEST_TR_SELECTOR, 0x080e, ALWAYS, R, NONE) \
	F(guest_interrupt_status, GUEST_INTERRUPT_STATUS, 0x0810, PROC2(9), G, W) \
	F(pml_index, PML_INDEX, 0x0812, PROC2(17), C, W) \
	F(host_es_selector, HOST_ES_SELECTOR, 0x0c00, ALWAYS, H, NONE) \
	F(host_cs_selector, HOST_CS_SELECTOR, 0x0c02, ALWAYS, H, NONE) \
	F(host_ss_selector, HOST_SS_SELECTOR, 0x0c04, ALWAYS, H, NONE) \
	F(host_ds_selector, HOST_DS_SELECTOR, 0x0c06, ALWAYS, H, NONE) \
	F(host_fs_selector, HOST_FS_SELECTOR, 0x0c08, ALWAYS, H, NONE) \
	F(host_gs_selector, HOST_GS_SELECTOR, 0x0c0a, ALWAYS, H, NONE) \
	F(host_tr_selector, HOST_TR_SELECTOR, 0x0c0c, ALWAYS, H, NONE) \
	/* 64-bit */ \
	F(io_bitmap_a, IO_BITMAP_A, 0x2000, ALWAYS, C, NONE) \
	F(io_bitmap_b, IO_BITMAP_B, 0x2002, ALWAYS, C, NONE) \
	F(msr_bitmap, MSR_BITMAP, 0x2004, PROC(28), C, NONE) \
	F(vm_exit_msr_store_address, VM_EXIT_MSR_STORE_ADDRESS, 0x2006, ALWAYS, C, NONE) \
	F(vm_exit_msr_load_address, VM_EXIT_MSR_LOAD_ADDRESS, 0x2008, ALWAYS, C, NONE) \
	F(vm_entry_msr_load_address, VM_ENTRY_MSR_LOAD_ADDRESS, 0x200a, ALWAYS, C, NONE) \
	F(executive_vmcs_pointer, EXECUTIVE_VMCS_POINTER, 0x200c, ALWAYS, C, NONE) \
	F(pml_address, PML_ADDRESS, 0x200e, PROC2(17), C, NONE) \
	F(tsc_offset, TSC_OFFSET, 0x2010, ALWAYS, C, W) \
	F(virtual_apic_address, VIRTUAL_APIC_ADDRESS, 0x2012, PROC(21), C, NONE) \
	F(apic_access_address, APIC_ACCESS_ADDRESS, 0x2014, PROC2(0), C, NONE) \
	F(posted_interrupt_descriptor, POSTED_INTERRUPT_DESCRIPTOR, 0x2016, PIN(7), C, NONE) \
	F(vm_function_controls, VM_FUNCTION_CONTROLS, 0x2018, PROC2(13), C, NONE) \
	F(ept_pointer, EPT_POINTER, 0x201a, PROC2(1), C, NONE) \
	F(eoi_exit_bitmap0, EOI_EXIT_BITMAP0, 0x201c, PROC2(9), C, NONE) \
	F(eoi_exit_bitmap1, EOI_EXIT_BITMAP1, 0x201e, PROC2(9), C, NONE) \
	F(eoi_exit_bitmap2, EOI_EXIT_BITMAP2, 0x2020, PROC2(9), C, NONE) \
	F(eoi_exit_bitmap3, EOI_EXIT_BITMAP3, 0x2022, PROC2(9), C, NONE) \
	F(eptp_list_address, EPTP_LIST_ADDRESS, 0x2024, PROC2(13), C, NONE) \
	F(vmread_bitmap, VMREAD_BITMAP, 0x2026, PROC2(14), C, NONE) \
	F(vmwrite_bitmap, VMWRITE_BITMAP, 0x2028, PROC2(14), C, NONE) \
	F(virtualization_exception_address, VIRTUALIZATION_EXCEPTION_ADDRESS, 0x202a, PROC2(18), C, NONE) \
	F(xss_exiting_bitmap, XSS_EXITING_BITMAP, 0x202c, PROC2(20), C, NONE) \
	F(encls_exiting_bitmap, ENCLS_EXITING_BITMAP, 0x202e, PROC2(15), C, NONE) \
	F(tsc_multiplier, TSC_MULTIPLIER, 0x2032, PROC2(25), C, NONE) \
	F(guest_physical_address, GUEST_PHYSICAL_ADDRESS, 0x2400, PROC2(1), I, R) \
	F(vmcs_link_pointer, VMCS_LINK_POINTER, 0x2800, ALWAYS, C, NONE) \
	F(guest_ia32_debugctl, GUEST_IA32_DEBUGCTL, 0x2802, ALWAYS, S, NONE) \
	F(guest_ia32_pat, GUEST_IA32_PAT, 0x2804, ENTRY(14), S, NONE) \
	F(guest_ia32_efer, GUEST_IA32_EFER, 0x2806, ENTRY(15), S, NONE) \
	F(guest_ia32_perf_global_ctrl, GUEST_IA32_PERF_GLOBAL_CTRL, 0x2808, ENTRY(13), S, NONE) \
	F(guest_pdpte0, GUEST_PDPTE0, 0x280a, PROC2(1), R, NONE) \
	F(guest_pdpte1, GUEST_PDPTE1, 0x280c, PROC2(1), R, NONE) \
	F(guest_pdpte2, GUEST_PDPTE2, 0x280e, PROC2(1), R, NONE) \
	F(guest_pdpte3, GUEST_PDPTE3, 0x2810, PROC2(1), R, NONE) \
	F(host_ia32_pat, HOST_IA32_PAT, 0x2c00, EXIT(19), H, NONE) \
	F(host_ia32_efer, HOST_IA32_EFER, 0x2c02, EXIT(21), H, NONE) \
	F(host_ia32_perf_global_ctrl, HOST_IA32_PERF_GLOBAL_CTRL, 0x2c04, EXIT(12), H, NONE) \
	/* 32-bit */ \
	F(pin_based_controls, PIN_BASED_CONTROLS, 0x4000, ALWAYS, C, NONE) \
	F(processor_based_controls, PROCESSOR_BASED_CONTROLS, 0x4002, ALWAYS, C, W) \
	F(exception_bitmap, EXCEPTION_BITMAP, 0x4004, ALWAYS, C, W) \
	F(page_fault_error_code_mask, PAGE_FAULT_ERROR_CODE_MASK, 0x4006, ALWAYS, C, NONE) \
	F(page_fault_error_code_match, PAGE_FAULT_ERROR_CODE_MATCH, 0x4008, ALWAYS, C, NONE) \
	F(cr3_target_count, CR3_TARGET_COUNT, 0x400a, ALWAYS, C, NONE) \
	F(vm_exit_controls, VM_EXIT_CONTROLS, 0x400c, ALWAYS, C, NONE) \
	F(vm_exit_msr_store_count, VM_EXIT_MSR_STORE_COUNT, 0x400e, ALWAYS, C, NONE) \
	F(vm_exit_msr_load_count, VM_EXIT_MSR_LOAD_COUNT, 0x4010, ALWAYS, C, NONE) \
	F(vm_entry_controls, VM_ENTRY_CONTROLS, 0x4012, ALWAYS, C, NONE) \
	F(vm_entry_msr_load_count, VM_ENTRY_MSR_LOAD_COUNT, 0x4014, ALWAYS, C, NONE) \
	F(vm_entry_interruption_info, VM_ENTRY_INTERRUPTION_INFO, 0x4016, ALWAYS, C, W) \
	F(vm_entry_exception_error_code, VM_ENTRY_EXCEPTION_ERROR_CODE, 0x4018, ALWAYS, C, W) \
	F(vm_entry_instruction_length, VM_ENTRY_INSTRUCTION_LENGTH, 0x401a, ALWAYS, C, W) \
	F(tpr_threshold, TPR_THRESHOLD, 0x401c, PROC(21), C, W) \
	F(secondary_controls, SECONDARY_CONTROLS, 0x401e, PROC(31), C, NONE) \
	F(ple_gap, PLE_GAP, 0x4020, PROC2(10), C, NONE) \
	F(ple_window, PLE_WINDOW, 0x4022, PROC2(10), C, NONE) \
	F(vm_instruction_error, VM_INSTRUCTION_ERROR, 0x4400, ALWAYS, I, R) \
	F(vm_exit_reason, VM_EXIT_REASON, 0x4402, ALWAYS, I, R) \
	F(vm_exit_interruption_info, VM_EXIT_INTERRUPTION_INFO, 0x4404, ALWAYS, I, R) \
	F(vm_exit_interruption_error_code, VM_EXIT_INTERRUPTION_ERROR_CODE, 0x4406, ALWAYS, I, R) \
	F(idt_vectoring_info, IDT_VECTORING_INFO, 0x4408, ALWAYS, I, R) \
	F(idt_vectoring_error_code, IDT_VECTORING_ERROR_CODE, 0x440a, ALWAYS, I, R) \
	F(vm_exit_instruction_length, VM_EXIT_INSTRUCTION_LENGTH, 0x440c, ALWAYS, I, R) \
	F(vm_exit_instruction_info, VM_EXIT_INSTRUCTION_INFO, 0x440e, ALWAYS, I, R) \
	F(guest_es_limit, GUEST_ES_LIMIT, 0x4800, ALWAYS, R, NONE) \
	F(guest_cs_limit, GUEST_CS_LIMIT, 0x4802, ALWAYS, R, NONE) \
	F(guest_ss_limit, GUEST_SS_LIMIT, 0x4804, ALWAYS, R, NONE) \
	F(guest_ds_limit, GUEST_DS_LIMIT, 0x4806, ALWAYS, R, NONE) \
	F(guest_fs_limit, GUEST_FS_LIMIT, 0x4808, ALWAYS, R, NONE) \
	F(guest_gs_limit, GUEST_GS_LIMIT, 0x480a, ALWAYS, R, NONE) \
	F(guest_ldtr_limit, GUEST_LDTR_LIMIT, 0x480c, ALWAYS, R, NONE) \
	F(guest_tr_limit, GUEST_TR_LIMIT, 0x480e, ALWAYS, R, NONE) \
	F(guest_gdtr_limit, GUEST_GDTR_LIMIT, 0x4810, ALWAYS, R, NONE) \
	F(guest_idtr_limit, GUEST_IDTR_LIMIT, 0x4812, ALWAYS, R, NONE) \
	F(guest_es_access_rights, GUEST_ES_ACCESS_RIGHTS, 0x4814, ALWAYS, R, NONE) \
	F(guest_cs_access_rights, GUEST_CS_ACCESS_RIGHTS, 0x4816, ALWAYS, G, W) \
	F(guest_ss_access_rights, GUEST_SS_ACCESS_RIGHTS, 0x4818, ALWAYS, G, W) \
	F(guest_ds_access_rights, GUEST_DS_ACCESS_RIGHTS, 0x481a, ALWAYS, R, NONE) \
	F(guest_fs_access_rights, GUEST_FS_ACCESS_RIGHTS, 0x481c, ALWAYS, R, NONE) \
	F(guest_gs_access_rights, GUEST_GS_ACCESS_RIGHTS, 0x481e, ALWAYS, R, NONE) \
	F(guest_ldtr_access_rights, GUEST_LDTR_ACCESS_RIGHTS, 0x4820, ALWAYS, R, NONE) \
	F(guest_tr_access_rights, GUEST_TR_ACCESS_RIGHTS, 0x4822, ALWAYS, R, NONE) \
	F(guest_interruptibility_state, GUEST_INTERRUPTIBILITY_STATE, 0x4824, ALWAYS, G, W) \
	F(guest_activity_state, GUEST_ACTIVITY_STATE, 0x4826, ALWAYS, G, W) \
	F(guest_smbase, GUEST_SMBASE, 0x4828, ALWAYS, C, NONE) \
	F(guest_ia32_sysenter_cs, GUEST_IA32_SYSENTER_CS, 0x482a, ALWAYS, R, NONE) \
	F(vmx_preemption_timer_value, VMX_PREEMPTION_TIMER_VALUE, 0x482e, PIN(6), C, W) \
	F(host_ia32_sysenter_cs, HOST_IA32_SYSENTER_CS, 0x4c00, ALWAYS, H, NONE) \
	/* natural width */ \
	F(cr0_guest_host_mask, CR0_GUEST_HOST_MASK, 0x6000, ALWAYS, C, NONE) \
	F(cr4_guest_host_mask, CR4_GUEST_HOST_MASK, 0x6002, ALWAYS, C, NONE) \
	F(cr0_read_shadow, CR0_READ_SHADOW, 0x6004, ALWAYS, C, W) \
	F(cr4_read_shadow, CR4_READ_SHADOW, 0x6006, ALWAYS, C, W) \
	F(cr3_target_value0, CR3_TARGET_VALUE0, 0x6008, ALWAYS, C, NONE) \
	F(cr3_target_value1, CR3_TARGET_VALUE1, 0x600a, ALWAYS, C, NONE) \
	F(cr3_target_value2, CR3_TARGET_VALUE2, 0x600c, ALWAYS, C, NONE) \
	F(cr3_target_value3, CR3_TARGET_VALUE3, 0x600e, ALWAYS, C, NONE) \
	F(exit_qualification, EXIT_QUALIFICATION, 0x6400, ALWAYS, I, R) \
	F(io_rcx, IO_RCX, 0x6402, ALWAYS, I, NONE) \
	F(io_rsi, IO_RSI, 0x6404, ALWAYS, I, NONE) \
	F(io_rdi, IO_RDI, 0x6406, ALWAYS, I, NONE) \
	F(io_rip, IO_RIP, 0x6408, ALWAYS, I, NONE) \
	F(guest_linear_address, GUEST_LINEAR_ADDRESS, 0x640a, ALWAYS, I, R) \
	F(guest_cr0, GUEST_CR0, 0x6800, ALWAYS, G, W) \
	F(guest_cr3, GUEST_CR3, 0x6802, ALWAYS, G, W) \
	F(guest_cr4, GUEST_CR4, 0x6804, ALWAYS, G, W) \
	F(guest_es_base, GUEST_ES_BASE, 0x6806, ALWAYS, R, NONE) \
	F(guest_cs_base, GUEST_CS_BASE, 0x6808, ALWAYS, R, NONE) \
	F(guest_ss_base, GUEST_SS_BASE, 0x680a, ALWAYS, R, NONE) \
	F(guest_ds_base, GUEST_DS_BASE, 0x680c, ALWAYS, R, NONE) \
	F(guest_fs_base, GUEST_FS_BASE, 0x680e, ALWAYS, R, NONE) \
	F(guest_gs_base, GUEST_GS_BASE, 0x6810, ALWAYS, R, NONE) \
	F(guest_ldtr_base, GUEST_LDTR_BASE, 0x6812, ALWAYS, R, NONE) \
	F(guest_tr_base, GUEST_TR_BASE, 0x6814, ALWAYS, R, NONE) \
	F(guest_gdtr_base, GUEST_GDTR_BASE, 0x6816, ALWAYS, R, NONE) \
	F(guest_idtr_base, GUEST_IDTR_BASE, 0x6818, ALWAYS, R, NONE) \
	F(guest_dr7, GUEST_DR7, 0x681a, ALWAYS, S, NONE) \
	F(guest_rsp, GUEST_RSP, 0x681c, ALWAYS, G, W) \
	F(guest_rip, GUEST_RIP, 0x681e, ALWAYS, G, W) \
	F(guest_rflags, GUEST_RFLAGS, 0x6820, ALWAYS, G, W) \
	F(guest_pending_debug_exceptions, GUEST_PENDING_DEBUG_EXCEPTIONS, 0x6822, ALWAYS, R, NONE) \
	F(guest_ia32_sysenter_esp, GUEST_IA32_SYSENTER_ESP, 0x6824, ALWAYS, R, NONE) \
	F(guest_ia32_sysenter_eip, GUEST_IA32_SYSENTER_EIP, 0x6826, ALWAYS, R, NONE) \
	F(host_cr0, HOST_CR0, 0x6c00, ALWAYS, H, NONE) \
	F(host_cr3, HOST_CR3, 0x6c02, ALWAYS, H, NONE) \
	F(host_cr4, HOST_CR4, 0x6c04, ALWAYS, H, NONE) \
	F(host_fs_base, HOST_FS_BASE, 0x6c06, ALWAYS, H, W) \
	F(host_gs_base, HOST_GS_BASE, 0x6c08, ALWAYS, H, W) \
	F(host_tr_base, HOST_TR_BASE, 0x6c0a, ALWAYS, H, NONE) \
	F(host_gdtr_base, HOST_GDTR_BASE, 0x6c0c, ALWAYS, H, NONE) \
	F(host_idtr_base, HOST_IDTR_BASE, 0x6c0e, ALWAYS, H, NONE) \
	F(host_ia32_sysenter_esp, HOST_IA32_SYSENTER_ESP, 0x6c10, ALWAYS, H, NONE) \
	F(host_ia32_sysenter_eip, HOST_IA32_SYSENTER_EIP, 0x6c12, ALWAYS, H, NONE) \
	F(host_rsp, HOST_RSP, 0x6c14, ALWAYS, H, NONE) \
	F(host_rip, HOST_RIP, 0x6c16, ALWAYS, H, NONE)

#endif
