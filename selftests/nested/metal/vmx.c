// SPDX-License-Identifier: GPL-2.0
/* VMX instructions, and a VMCS for a guest of the mode that this half is in (SDM vol. 3, chapters 25, 27). */
#include "metal.h"

#define MSR_EFER 0xc0000080
#define VMX_BASIC 0x480
#define VMX_PIN 0x481
#define VMX_PROC 0x482
#define VMX_EXIT 0x483
#define VMX_ENTRY 0x484
#define PROC_HLT 0x80
#define PROC_IO 0x1000000
#define EXIT_HOST_64 0x200
#define ENTRY_IA32E 0x200

u64 vmxon_region[PAGE / 8] __attribute__((aligned(PAGE)));
u64 vmcs_region[PAGE / 8] __attribute__((aligned(PAGE)));

extern char guest_begin[], guest_stack_end[], gdt[], tss[];
word vm_enter(word resume);
word guest_register;

u32 vmx_revision(void)
{
	return rdmsr(VMX_BASIC) & 0x7fffffff;
}

const char *vmclear(u64 address)
{
	return TRY("vmclear %[a]", [a] "m" (address));
}

const char *vmptrld(u64 address)
{
	return TRY("vmptrld %[a]", [a] "m" (address));
}

const char *vmxon(u64 address)
{
	return TRY("vmxon %[a]", [a] "m" (address));
}

bool vmread(u32 field, word *value)
{
	bool failed;

	asm volatile("vmread %[field], %[value]; setbe %[failed]"
		     : [value] "=r" (*value), [failed] "=qm" (failed) : [field] "r" ((word)field) : "cc");
	return !failed;
}

word field(u32 field)
{
	word value;

	return vmread(field, &value) ? value : 0;
}

void set(u32 field, word value)
{
	bool failed;

	asm volatile("vmwrite %[value], %[field]; setbe %[failed]"
		     : [failed] "=qm" (failed) : [value] "r" (value), [field] "r" ((word)field) : "cc");
	if (failed)
		seen(text("VMWRITE of field %x", (word)field), "fails", "succeeds");
}

void set64(u32 field, u64 value)
{
	set(field, value);
	if (!IS_64)
		set(field + 1, value >> 32);
}

u64 vmx_control(u32 msr, u32 wanted)
{
	u64 allowed = rdmsr(msr);

	return (wanted | (u32)allowed) & (allowed >> 32);
}

/* ES, CS, SS, DS, FS, GS, LDTR, TR */
static void fill_segments(void)
{
	u32 i;

	for (i = 0; i < 8; i++) {
		bool code = i == 1, system = i >= 6;

		set(0x800 + 2 * i, code ? IS_64 ? 0x18 : 0x08 : i == 7 ? 0x20 : i == 6 ? 0 : 0x10);
		set(0x4800 + 2 * i, system ? 103 : 0xffffffff);
		set(0x4814 + 2 * i, code ? IS_64 ? 0xa09b : 0xc09b : i == 7 ? 0x8b : i == 6 ? 0x10000 : 0xc093);
		set(0x6806 + 2 * i, i == 7 ? (word)tss : 0);
		if (i < 6)
			set(0xc00 + 2 * i, code ? IS_64 ? 0x18 : 0x08 : 0x10);
	}
	set(0xc0c, 0x20);		/* host TR */
}

static void fill_tables(void)
{
	struct {
		u16 limit;
		word base;
	} __attribute__((packed)) table;

	asm volatile("sgdt %0" : "=m" (table));
	set(0x6816, table.base);
	set(0x4810, table.limit);
	set(0x6c0c, table.base);
	asm volatile("sidt %0" : "=m" (table));
	set(0x6818, table.base);
	set(0x4812, table.limit);
	set(0x6c0e, table.base);
	set(0x6c0a, (word)tss);
}

void vmcs_fill(void)
{
	set(PIN_CONTROLS, vmx_control(VMX_PIN, 0));
	set(PROC_CONTROLS, vmx_control(VMX_PROC, PROC_HLT | PROC_IO));
	set(EXIT_CONTROLS, vmx_control(VMX_EXIT, IS_64 ? EXIT_HOST_64 : 0));
	set(ENTRY_CONTROLS, vmx_control(VMX_ENTRY, IS_64 ? ENTRY_IA32E : 0));
	set(EXCEPTION_BITMAP, 1 << 6 | 1 << 14);
	set(0x4006, 0);			/* page faults: mask and match 0, so all */
	set(0x4008, 0);
	set(0x400a, 0);			/* no CR3 targets, no MSR areas, no event */
	set(0x400e, 0);
	set(0x4010, 0);
	set(0x4014, 0);
	set(0x4016, 0);
	set64(LINK_POINTER, ~0ull);
	set(0x6000, 0);			/* CR0, CR4: guest owns all */
	set(0x6002, 0);
	set(0x6004, read_cr0());
	set(0x6006, read_cr4());
	set(0x6800, read_cr0());
	set(0x6802, guest_cr3);
	set(0x6804, read_cr4());
	set(HOST_CR0, read_cr0());
	set(0x6c02, read_cr3());
	set(0x6c04, read_cr4());
	set(0x6c06, 0);			/* FS, GS base */
	set(0x6c08, 0);
	set(0x4c00, 0);			/* SYSENTER */
	set(0x6c10, 0);
	set(0x6c12, 0);
	set(0x482a, 0);
	set(0x6824, 0);
	set(0x6826, 0);
	set(0x4824, 0);			/* interruptibility, activity, debug */
	set(0x4826, 0);
	set(0x6822, 0);
	set(0x681a, 0x400);
	set64(0x2802, 0);		/* DEBUGCTL */
	fill_segments();
	fill_tables();
	set(GUEST_RFLAGS, 2);
	set(GUEST_RSP, (word)guest_stack_end);
	set(GUEST_RIP, (word)guest_begin);
}

const char *enter(bool resume)
{
	word flags, pdbr = read_cr3();

	fault_vector = NO_FAULT;
	flags = vm_enter(resume);
	if (flags)
		return ended(flags);
	fault_init();			/* the limit is FFFFH now (28.5.2) */
	if (read_cr3() != pdbr)
		return "exit with another CR3";
	if (field(EXIT_REASON) >> 31)
		return text("entry failure %d", (u32)field(EXIT_REASON) & 0xffff);
	return text("exit %d", (u32)field(EXIT_REASON));
}
