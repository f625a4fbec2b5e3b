// SPDX-License-Identifier: GPL-2.0
/*
 * VM functions of an L2 (SDM vol. 3, 26.5.6) and EPT violations that become
 * virtualization exceptions (26.5.7), both in software: L1's EPTP list is a table
 * (RULES 8), and an entry that EPT02 has not yet is no violation of L1's.
 */
#include "../../ept/guest_memory.h"
#include "../../ept/shadow.h"
#include "../event.h"
#include "caps.h"
#include "check.h"
#include "nested.h"

#define VMFUNC_NR_EPTPS 512

/* 26.5.6.3. That a function is enabled has implied EPT12 at the entry, so there is an EPT02. */
bool emulate_vmfunc(struct cpu *cpu, struct nested *n)
{
	struct vmcs12 *v = &n->vmcs12;
	u32 index = cpu->regs.rcx;
	struct shadow *s;
	u64 eptp;

	if ((u32)cpu->regs.rax || !(v->vm_function_controls & VMFUNC_EPTP_SWITCHING) ||
	    index >= VMFUNC_NR_EPTPS)
		return false;
	if (guest_read(GPA(v->eptp_list_address + index * 8ull), &eptp, sizeof(eptp)) || !check_eptp(eptp))
		return false;
	s = shadow_get(eptp);
	if (!s)
		return true;
	shadow_put(n->shadow);
	n->shadow = s;
	v->ept_pointer = eptp;
	if (nested_control_offered(VMCS12_EXISTS_PROC2(18)))
		vmwrite(EPTP_INDEX, index);
	skip_instruction();
	return true;
}

/* Virtualization-exception information (table 26-1): busy is ones until the guest takes them away. */
struct ve_information {
	u32 reason, busy;
	u64 qualification, linear, physical;
	u16 eptp_index;
};
#define VE_INFORMATION_SIZE (offsetof(struct ve_information, eptp_index) + sizeof(u16))

/* False: L1's page is in use, or no RAM. */
static bool write_information(const struct vmcs12 *v, u64 qualification)
{
	u64 page = v->virtualization_exception_address;
	struct ve_information info = {
		.reason = REASON_EPT_VIOLATION,
		.busy = ~0u,
		.qualification = qualification,
		.linear = vmread(GUEST_LINEAR_ADDRESS),
		.physical = vmread(GUEST_PHYSICAL_ADDRESS),
		.eptp_index = vmread(EPTP_INDEX),
	};
	u32 busy;

	return !guest_read(GPA(page + offsetof(struct ve_information, busy)), &busy, sizeof(busy)) &&
	       !busy && !guest_write(GPA(page), &info, VE_INFORMATION_SIZE);
}

bool convert_ept_violation(struct cpu *cpu, struct nested *n, const struct shadow_fault *fault)
{
	const struct vmcs12 *v = &n->vmcs12;

	if (!(secondary12(v) & PROC2_EPT_VIOLATION_VE) || fault->suppress_ve ||
	    !(vmread(GUEST_CR0) & CR0_PE) || (vmread(IDT_VECTORING_INFO) & INTR_INFO_VALID) ||
	    !write_information(v, fault->qualification))
		return false;
	/* An exit by an exception tells of IRET as the qualification does (28.2.2). */
	if (v->exception_bitmap & BIT(VECTOR_VE))
		reflect_made_up(cpu, REASON_EXCEPTION_OR_NMI, VECTOR_VE | INTR_TYPE_HARDWARE_EXCEPTION |
				(fault->qualification & INTR_INFO_NMI_UNBLOCKING) | INTR_INFO_VALID);
	else
		inject_ve();
	return true;
}
