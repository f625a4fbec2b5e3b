// SPDX-License-Identifier: GPL-2.0
/* Exits by MOV to CR: rare, since only the core's own bits exit. */
#include "cr.h"

#include "../ept/guest_memory.h"
#include "../include/platform.h"
#include "controls.h"
#include "event.h"
#include "msr_index.h"
#include "nested/caps.h"
#include "nested/nested.h"
#include "vmcs.h"

static bool linux_in_vmx(void)
{
	const struct nested *n = nested_state(this_cpu());

	return n && n->vmxon;
}

/*
 * Bits of CR0 that VMX holds at 1; unrestricted guest frees PE and PG, but for a
 * Linux that is in VMX operation itself (SDM 24.8).
 */
static u64 cr0_held(void)
{
	u64 held = vmx_caps.cr0_fixed0;

	if (vmx_caps.unrestricted_guest && !linux_in_vmx())
		held &= ~(CR0_PE | CR0_PG);
	return held;
}

static void write_guest_cr0(u64 cr0)
{
	vmwrite(GUEST_CR0, cr0 | cr0_held());
	vmwrite(CR0_READ_SHADOW, cr0);
}

static void write_guest_cr4(u64 cr4)
{
	vmwrite(GUEST_CR4, cr4 | vmx_caps.cr4_fixed0 | CR4_VMXE);
	vmwrite(CR4_READ_SHADOW, cr4);
}

void cr_hold(void)
{
	/* Bits that may not be 1 under VMX are held too, so that setting one exits. */
	vmwrite(CR0_GUEST_HOST_MASK, cr0_held() | (~vmx_caps.cr0_fixed1 & 0xffffffff));
	vmwrite(CR4_GUEST_HOST_MASK, vmx_caps.cr4_fixed0 | CR4_VMXE | CR4_SMXE | ~CR4_KNOWN |
				     ~vmx_caps.cr4_fixed1);
}

void cr_init(u64 cr0, u64 cr4)
{
	cr_hold();
	write_guest_cr0(cr0);
	write_guest_cr4(cr4);
}

static u64 guest_cr0(void)
{
	u64 mask = vmread(CR0_GUEST_HOST_MASK);

	return (vmread(GUEST_CR0) & ~mask) | (vmread(CR0_READ_SHADOW) & mask);
}

static u64 guest_cr4(void)
{
	u64 mask = vmread(CR4_GUEST_HOST_MASK);

	return (vmread(GUEST_CR4) & ~mask) | (vmread(CR4_READ_SHADOW) & mask);
}

static void flush_guest_tlb(void)
{
	if (vmx_caps.vpid)
		invvpid(INVVPID_SINGLE_CONTEXT, VPID_LINUX, 0);
}

/* PAE paging under EPT takes the PDPTEs from the VMCS (SDM 4.4.1, 27.3.1.6). */
bool cr_load_pdptes(u64 cr3)
{
	u64 pdpte[4];
	int i;

	if (guest_read(GPA(cr3 & 0xffffffe0), pdpte, sizeof(pdpte)))
		return false;
	for (i = 0; i < 4; i++) {
		u64 reserved = 0x1e6 | ~(BIT(vmx_caps.maxphyaddr) - 1);

		if ((pdpte[i] & 1) && (pdpte[i] & reserved))
			return false;
	}
	for (i = 0; i < 4; i++)
		vmwrite(GUEST_PDPTE0 + 2 * i, pdpte[i]);
	return true;
}

/* The rules of "MOV to CR0" (SDM vol. 2, MOV control registers; vol. 3, 10.8.5). */
static bool cr0_change_is_legal(u64 old, u64 new, u64 cr4, u64 efer)
{
	bool cs_l = vmread(GUEST_CS_ACCESS_RIGHTS) & BIT(13);

	if (new >> 32)
		return false;
	if ((new & CR0_PG) && !(new & CR0_PE))
		return false;
	if ((new & CR0_NW) && !(new & CR0_CD))
		return false;
	if ((cr4 & CR4_CET) && !(new & CR0_WP))
		return false;
	if ((old & CR0_PG) && !(new & CR0_PG))
		return !((efer & EFER_LMA) && cs_l) && !(cr4 & CR4_PCIDE);
	if (!(old & CR0_PG) && (new & CR0_PG) && (efer & EFER_LME))
		/* VM entry wants a busy 64-bit TSS in IA-32e mode; the CPU gives #GP for a 16-bit one. */
		return (cr4 & CR4_PAE) && !cs_l &&
		       (vmread(GUEST_TR_ACCESS_RIGHTS) & 0xf) == 11;
	return true;
}

static void set_long_mode(bool on, u64 efer)
{
	u64 entry = vmread(VM_ENTRY_CONTROLS);

	vmwrite(GUEST_IA32_EFER, on ? efer | EFER_LMA : efer & ~EFER_LMA);
	vmwrite(VM_ENTRY_CONTROLS,
		on ? entry | ENTRY_IA32E_MODE_GUEST : entry & ~ENTRY_IA32E_MODE_GUEST);
}

/* True: done; false: #GP(0). */
static bool emulate_cr0_write(u64 new)
{
	u64 old = guest_cr0(), cr4 = guest_cr4(), efer = vmread(GUEST_IA32_EFER);

	/* Reserved bits that are not checked are ignored (SDM 2.5); ET is always 1. */
	new = (new & ~0x1ffaffc0ull) | CR0_ET;
	if (!cr0_change_is_legal(old, new, cr4, efer) ||
	    (linux_in_vmx() && (nested_caps.cr0_fixed0 & ~new)))
		return false;
	if ((new ^ old) & (CR0_PE | CR0_PG) && !vmx_caps.unrestricted_guest)
		return false;	/* this CPU cannot run real mode under us */
	if (!(old & CR0_PG) && (new & CR0_PG)) {
		if (!(efer & EFER_LME) && (cr4 & CR4_PAE) && !cr_load_pdptes(vmread(GUEST_CR3)))
			return false;
		if (efer & EFER_LME)
			set_long_mode(true, efer);
	} else if ((old & CR0_PG) && !(new & CR0_PG)) {
		set_long_mode(false, efer);
	}
	write_guest_cr0(new);
	if ((old ^ new) & (CR0_PG | CR0_WP | CR0_PE))
		flush_guest_tlb();
	return true;
}

/* The rules of "MOV to CR4" (SDM vol. 2; vol. 3, 2.5 and 4.10.1). */
static bool emulate_cr4_write(u64 new)
{
	u64 old = guest_cr4(), cr0 = guest_cr0(), efer = vmread(GUEST_IA32_EFER);
	bool cs_l = vmread(GUEST_CS_ACCESS_RIGHTS) & BIT(13);

	/* VMX has this bit legal; SMX and what the core does not know are not there. */
	if (new & (~vmx_caps.cr4_fixed1 | ~CR4_KNOWN | CR4_SMXE) ||
	    (linux_in_vmx() && (nested_caps.cr4_fixed0 & ~new)))
		return false;
	if ((efer & EFER_LMA) && (!(new & CR4_PAE) || (((old ^ new) & CR4_LA57) && cs_l)))
		return false;
	if ((new & ~old & CR4_PCIDE) && (!(efer & EFER_LMA) || (vmread(GUEST_CR3) & 0xfff)))
		return false;
	if ((new & CR4_CET) && !(cr0 & CR0_WP))
		return false;
	if ((cr0 & CR0_PG) && !(efer & EFER_LMA) && (new & ~old & CR4_PAE) &&
	    !cr_load_pdptes(vmread(GUEST_CR3)))
		return false;
	write_guest_cr4(new);
	flush_guest_tlb();
	return true;
}

static u64 *register_of(struct cpu *cpu, unsigned int number)
{
	return (u64 *)&cpu->regs + number;
}

void handle_cr_access(struct cpu *cpu)
{
	u64 q = vmread(EXIT_QUALIFICATION);
	unsigned int type = (q >> 4) & 3, number = (q >> 8) & 0xf;
	u64 value;
	bool done;

	switch (type) {
	case 0:	/* MOV to CR */
		value = number == 4 ? vmread(GUEST_RSP) : *register_of(cpu, number);
		if (!guest_in_64bit_code())
			value = (u32)value;
		done = (q & 0xf) == 0 ? emulate_cr0_write(value) :
		       (q & 0xf) == 4 ? emulate_cr4_write(value) : false;
		break;
	case 2:	/* CLTS */
		done = emulate_cr0_write(guest_cr0() & ~CR0_TS);
		break;
	case 3:	/* LMSW: low four bits, cannot clear PE */
		value = guest_cr0();
		done = emulate_cr0_write((value & ~0xeull) | ((q >> 16) & 0xf));
		break;
	default:
		done = false;
	}
	if (done)
		skip_instruction();
	else
		inject_gp();
}
