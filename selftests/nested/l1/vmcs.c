// SPDX-License-Identifier: GPL-2.0
/*
 * A VMCS whose L2 is code of this module: Linux's registers and page tables, its
 * own stack (SDM vol. 3, 25-27). Next: the experiments, in the order of Kbuild.
 */
#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "l1.h"

struct l1 l1;

void vmcs_fresh(u64 *at)
{
	/* Else what the CPU has of it could be written back over the zeros. */
	with_pointer(op_vmclear, __pa(at));
	memset(at, 0, PAGE_SIZE);
	*(u32 *)at = l1.revision;
	with_pointer(op_vmclear, __pa(at));
	with_pointer(op_vmptrld, __pa(at));
}

static u64 tss_base(const struct desc_ptr *gdt)
{
	const struct ldttss_desc *d = (void *)(gdt->address + GDT_ENTRY_TSS * 8);

	return d->base0 | (u64)d->base1 << 16 | (u64)d->base2 << 24 | (u64)d->base3 << 32;
}

static void write_controls(void)
{
	set(PIN_BASED_CONTROLS, l1.pin);
	set(PROCESSOR_BASED_CONTROLS, l1.proc);
	set(VM_EXIT_CONTROLS, l1.exit | EXIT_HOST_ADDRESS_SPACE_SIZE);
	set(VM_ENTRY_CONTROLS, l1.entry | ENTRY_IA32E_MODE_GUEST);
	set(VMCS_LINK_POINTER, ~0ull);
	/* Every exception exits, #PF too: mask and match are 0. */
	set(EXCEPTION_BITMAP, ~0u);
}

/* What Linux has now, for L2 (at the guest's encoding) and for the exit (the host's). */
static void write_both(void)
{
	const struct { u32 guest, host; u64 value; } both[] = {
		{ GUEST_CR0, HOST_CR0, read_cr0() }, { GUEST_CR3, HOST_CR3, __read_cr3() },
		{ GUEST_CR4, HOST_CR4, native_read_cr4() }, { GUEST_CS_SELECTOR, HOST_CS_SELECTOR, __KERNEL_CS },
		{ GUEST_SS_SELECTOR, HOST_SS_SELECTOR, __KERNEL_DS }, { GUEST_FS_BASE, HOST_FS_BASE, __rdmsr(MSR_FS_BASE) },
		{ GUEST_GS_BASE, HOST_GS_BASE, __rdmsr(MSR_GS_BASE) },
		{ GUEST_IA32_SYSENTER_CS, HOST_IA32_SYSENTER_CS, __rdmsr(MSR_IA32_SYSENTER_CS) },
		{ GUEST_IA32_SYSENTER_ESP, HOST_IA32_SYSENTER_ESP, __rdmsr(MSR_IA32_SYSENTER_ESP) },
		{ GUEST_IA32_SYSENTER_EIP, HOST_IA32_SYSENTER_EIP, __rdmsr(MSR_IA32_SYSENTER_EIP) },
		{ GUEST_TR_SELECTOR, HOST_TR_SELECTOR, GDT_ENTRY_TSS * 8 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(both); i++) {
		set(both[i].guest, both[i].value);
		set(both[i].host, both[i].value);
	}
}

static void write_segments(void)
{
	struct desc_ptr gdt, idt;
	u32 i;

	native_store_gdt(&gdt);
	store_idt(&idt);
	for (i = 0; i < 8; i++) {
		set(GUEST_ES_LIMIT + 2 * i, i < 6 ? 0xffffffff : 0x67);
		/* ES, DS, FS, GS are null selectors, but usable; LDTR is not. */
		set(GUEST_ES_ACCESS_RIGHTS + 2 * i, i == 1 ? 0xa09b : i < 6 ? 0xc093 : i == 6 ? 0x10000 : 0x8b);
	}
	set(GUEST_TR_BASE, tss_base(&gdt));
	set(HOST_TR_BASE, tss_base(&gdt));
	set(GUEST_GDTR_BASE, gdt.address);
	set(GUEST_GDTR_LIMIT, gdt.size);
	set(HOST_GDTR_BASE, gdt.address);
	set(GUEST_IDTR_BASE, idt.address);
	set(GUEST_IDTR_LIMIT, idt.size);
	set(HOST_IDTR_BASE, idt.address);
}

void vmcs_begin(const void *rip)
{
	vmcs_fresh(l1.vmcs[0]);
	write_controls();
	write_both();
	write_segments();
	set(GUEST_DR7, 0x400);
	set(GUEST_RFLAGS, 2);
	set(GUEST_RSP, (u64)l1.stack + PAGE_SIZE - 64);
	set(GUEST_RIP, (u64)rip);
	memset(l1.regs, 0, sizeof(l1.regs));
}

void vmcs_use_ept(u32 proc2)
{
	set(PROCESSOR_BASED_CONTROLS, get(PROCESSOR_BASED_CONTROLS) | PROC_SECONDARY_CONTROLS);
	set(SECONDARY_CONTROLS, l1.proc2 | PROC2_EPT | proc2);
	set(EPT_POINTER, EPTP_OF(l1.pml4));
}

void vmcs_clear_launch_state(void)
{
	with_pointer(op_vmclear, __pa(l1.vmcs[0]));
	with_pointer(op_vmptrld, __pa(l1.vmcs[0]));
}

/* An exit leaves limits of 0xffff and 0x67 in GDTR, IDTR and TR (SDM 28.5). */
enum entry enter(bool launch)
{
	struct desc_ptr gdt, idt;
	enum entry how;

	native_store_gdt(&gdt);
	store_idt(&idt);
	how = l1_enter(l1.regs, launch);
	native_load_gdt(&gdt);
	native_load_idt(&idt);
	invalidate_tss_limit();
	return how;
}

const char *enter_and_say(bool launch)
{
	static char say[80];
	u64 reason;

	switch (enter(launch)) {
	case FAIL_INVALID:
		return "VMfailInvalid";
	case FAIL_VALID:
		snprintf(say, sizeof(say), "VMfail %llu", get(VM_INSTRUCTION_ERROR));
		return say;
	default:
		break;
	}
	reason = get(VM_EXIT_REASON);
	snprintf(say, sizeof(say), "%s %llu q %llx", reason & EXIT_REASON_ENTRY_FAILURE ? "entry failure" : "exit",
		 reason & EXIT_REASON_BASIC, get(EXIT_QUALIFICATION));
	return say;
}
