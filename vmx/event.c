// SPDX-License-Identifier: GPL-2.0
/* Event injection into host Linux. NMIs are in nmi.c. */
#include "event.h"

#define PENDING_DEBUG_BS BIT(14)
#define DEBUGCTL_BTF BIT(1)

static void inject_exception(unsigned int vector, bool has_error, u32 error)
{
	u64 info = vector | INTR_TYPE_HARDWARE_EXCEPTION | INTR_INFO_VALID;

	/* In real mode exceptions have no error code (SDM 27.2.1.3). */
	if (has_error && (vmread(GUEST_CR0) & CR0_PE)) {
		info |= INTR_INFO_ERROR_CODE;
		vmwrite(VM_ENTRY_EXCEPTION_ERROR_CODE, error);
	}
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, info);
}

void inject_ud(void)
{
	inject_exception(VECTOR_UD, false, 0);
}

void inject_gp(void)
{
	inject_exception(VECTOR_GP, true, 0);
}

void inject_ve(void)
{
	inject_exception(VECTOR_VE, false, 0);
}

void inject_page_fault(gva_t address, u32 error_code)
{
	write_cr2(address.v);
	inject_exception(VECTOR_PF, true, error_code);
}

void skip_slow(u64 old_rip, u64 rip, u64 blocking, u64 rflags)
{
	if (((old_rip ^ rip) >> 32) && !guest_in_64bit_code())
		vmwrite(GUEST_RIP, (u32)rip);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE,
		blocking & ~(BLOCKING_BY_STI | BLOCKING_BY_MOV_SS));
	if ((rflags & RFLAGS_TF) && !(vmread(GUEST_IA32_DEBUGCTL) & DEBUGCTL_BTF))
		vmwrite(GUEST_PENDING_DEBUG_EXCEPTIONS,
			vmread(GUEST_PENDING_DEBUG_EXCEPTIONS) | PENDING_DEBUG_BS);
}

void block_nmi_again(u64 qualification)
{
	if ((qualification & BIT(12)) && !(vmread(IDT_VECTORING_INFO) & INTR_INFO_VALID))
		vmwrite(GUEST_INTERRUPTIBILITY_STATE,
			vmread(GUEST_INTERRUPTIBILITY_STATE) | BLOCKING_BY_NMI);
}

void reinject_vectoring_event(void)
{
	u64 info = vmread(IDT_VECTORING_INFO);
	u64 blocking;

	if (!(info & INTR_INFO_VALID))
		return;
	/* Bit 12 of the vectoring information is undefined; it must be 0 here. */
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, info & ~INTR_INFO_NMI_UNBLOCKING);
	if (info & INTR_INFO_ERROR_CODE)
		vmwrite(VM_ENTRY_EXCEPTION_ERROR_CODE, vmread(IDT_VECTORING_ERROR_CODE));
	switch (info & INTR_INFO_TYPE) {
	case INTR_TYPE_NMI:
		/* Virtual NMIs refuse an injection while blocked; without them the bit must stay. */
		blocking = vmread(GUEST_INTERRUPTIBILITY_STATE);
		if (vmread(PIN_BASED_CONTROLS) & PIN_VIRTUAL_NMIS)
			vmwrite(GUEST_INTERRUPTIBILITY_STATE, blocking & ~BLOCKING_BY_NMI);
		break;
	case INTR_TYPE_SOFTWARE_INTERRUPT:
	case INTR_TYPE_PRIVILEGED_SOFTWARE_EXCEPTION:
	case INTR_TYPE_SOFTWARE_EXCEPTION:
		vmwrite(VM_ENTRY_INSTRUCTION_LENGTH, vmread(VM_EXIT_INSTRUCTION_LENGTH));
		break;
	}
}

int guest_cpl(void)
{
	return (vmread(GUEST_SS_ACCESS_RIGHTS) >> 5) & 3;
}

bool guest_in_64bit_code(void)
{
	return (vmread(VM_ENTRY_CONTROLS) & ENTRY_IA32E_MODE_GUEST) &&
	       (vmread(GUEST_CS_ACCESS_RIGHTS) & BIT(13));
}

bool guest_in_flat_32bit_code(void)
{
	u64 cs = vmread(GUEST_CS_ACCESS_RIGHTS), ss = vmread(GUEST_SS_ACCESS_RIGHTS);

	/* L clear, D and B set, SS usable (SDM vol. 3, 25.4.1). */
	return (vmread(VM_ENTRY_CONTROLS) & ENTRY_IA32E_MODE_GUEST) &&
	       (cs & (BIT(13) | BIT(14))) == BIT(14) && (ss & (BIT(14) | BIT(16))) == BIT(14) &&
	       !vmread(GUEST_CS_BASE) && !vmread(GUEST_SS_BASE);
}
