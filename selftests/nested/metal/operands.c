// SPDX-License-Identifier: GPL-2.0
/*
 * VMX instructions without a guest: outside of VMX operation, pointers, fields, and memory
 * operands by page tables, the same in both halves. Segments are in mode32.c and mode64.c.
 */
#include "metal.h"

#define TSC_OFFSET_HIGH (TSC_OFFSET + 1)

static u64 other_page[PAGE / 8] __attribute__((aligned(PAGE)));

void before_vmxon(void)
{
	u64 address = (word)vmxon_region;

	seen("VMXON with CR4.VMXE clear", vmxon(address), "#UD");
	write_cr4(read_cr4() | CR4_VMXE);
	seen("VMXOFF outside of VMX operation", TRY("vmxoff", "a" (0)), "#UD");
	seen("VMCALL outside of VMX operation", TRY("vmcall", "a" (0)), "#UD");
	seen("VMPTRLD outside of VMX operation", vmptrld(address), "#UD");
	*(u32 *)vmxon_region = vmx_revision() + 1;
	seen("VMXON of another revision", vmxon(address), "VMfailInvalid");
	*(u32 *)vmxon_region = vmx_revision();
	seen("VMXON of an address within a page", vmxon(address + 8), "VMfailInvalid");
	seen("VMXON beyond the physical addresses", vmxon(address | 1ull << 60), "VMfailInvalid");
	seen("VMXON", vmxon(address), "succeeds");
}

static void pointers(void)
{
	u64 vmcs = (word)vmcs_region, region = (word)vmxon_region, stored = 0;

	*(u32 *)vmcs_region = vmx_revision();
	*(u32 *)other_page = vmx_revision() + 1;
	seen("VMLAUNCH without a VMCS", TRY("vmlaunch", "a" (0)), "VMfailInvalid");
	seen("VMREAD without a VMCS", TRY("vmread %[field], %[to]", [to] "m" (stored), [field] "r" ((word)GUEST_RIP)), "VMfailInvalid");
	seen("VMXON in VMX operation, without a VMCS", vmxon(region), "VMfailInvalid");
	seen("CR4.VMXE stays", TRY("mov %[v], %%cr4", [v] "r" (read_cr4() & ~CR4_VMXE)), "#GP(0)");
	seen("VMCLEAR", vmclear(vmcs), "succeeds");
	seen("VMPTRLD", vmptrld(vmcs), "succeeds");
	seen("VMPTRST", TRY("vmptrst %[to]", [to] "m" (stored)), "succeeds");
	seen("its pointer", text("%x", (word)(*(volatile u64 *)&stored - vmcs)), "0");
	seen("VMCLEAR of an address within a page", vmclear(vmcs + 8), "VMfail 2");
	seen("VMCLEAR of the VMXON region", vmclear(region), "VMfail 3");
	seen("VMPTRLD of an address within a page", vmptrld(vmcs + 8), "VMfail 9");
	seen("VMPTRLD beyond the physical addresses", vmptrld(vmcs | 1ull << 60), "VMfail 9");
	seen("VMPTRLD of the VMXON region", vmptrld(region), "VMfail 10");
	seen("VMPTRLD of another revision", vmptrld((word)other_page), "VMfail 11");
	seen("VMXON in VMX operation", vmxon(region), "VMfail 15");
}

static void fields(void)
{
	u64 memory[2] = { ~0ull, ~0ull };

	seen("VMREAD of no field", TRY("vmread %[field], %[to]", [to] "m" (memory), [field] "r" ((word)NO_FIELD)), "VMfail 12");
	seen("VMWRITE of no field", TRY("vmwrite %[v], %[field]", [v] "r" (0ul), [field] "r" ((word)NO_FIELD)), "VMfail 12");
	set(GUEST_RIP, 0x12345678);
	seen("VMREAD to memory", TRY("vmread %[field], %[to]", [to] "m" (memory), [field] "r" ((word)GUEST_RIP)), "succeeds");
	seen("its width", text("%x %x", (word)*(volatile u32 *)memory, (word)((volatile u32 *)memory)[1]),
	     IS_64 ? "12345678 0" : "12345678 ffffffff");
	seen("VMWRITE from memory", TRY("vmwrite %[from], %[field]", [from] "m" (memory[1]), [field] "r" ((word)GUEST_RFLAGS)), "succeeds");
	seen("its value", text("%x", field(GUEST_RFLAGS)), IS_64 ? "ffffffffffffffff" : "ffffffff");
	set(TSC_OFFSET_HIGH, 0x89abcdef);
	seen("upper half of a 64-bit field", text("%x", field(TSC_OFFSET_HIGH)), "89abcdef");
	set(TSC_OFFSET, 0x11111111);
	seen("VMWRITE of the whole sets the upper half to 0", text("%x", field(TSC_OFFSET_HIGH)), "0");
	seen("VMREAD of the whole", text("%x", field(TSC_OFFSET)), "11111111");
}

/* At an address of the window, with nothing of its bytes in the instruction's other parts. */
#define LOAD(address) TRY("vmptrld (%[a])", [a] "r" ((word)(address)))
#define STORE(address) TRY("vmptrst (%[a])", [a] "r" ((word)(address)))

static void prepare_page(u32 page, u32 flags)
{
	window_map(page, flags);
	*(u64 *)window_memory[page] = (word)vmcs_region;
}

static const char *flags_of(u32 page)
{
	u32 flags = window_flags(page);

	return text("%s%s", flags & PTE_A ? "A" : "-", flags & PTE_D ? "D" : "-");
}

static bool has_smap(void)
{
	u32 a = 7, b, c = 0, d;

	asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	return b >> 20 & 1;
}

static void user_page(u32 page)
{
	word at = WINDOW + PAGE * page;

	prepare_page(page, PTE_P | PTE_W | PTE_U);
	seen("VMPTRLD from a user's page", LOAD(at), "succeeds");
	if (!has_smap())
		return;
	write_cr4(read_cr4() | CR4_SMAP);
	seen("with SMAP", LOAD(at), text("#PF(1) at %x", at));
	seen("VMPTRST there, with SMAP", STORE(at), text("#PF(3) at %x", at));
	seen("with SMAP and RFLAGS.AC", TRY("stac; vmptrld (%[a]); .byte 0x0f, 0x01, 0xca", [a] "r" (at)), "succeeds");
	asm volatile("clac");
	write_cr4(read_cr4() & ~CR4_SMAP);
}

static void pages(void)
{
	word at = WINDOW + PAGE;

	window_map(1, 0);
	seen("VMPTRLD from a page that is not there", LOAD(at + 16), text("#PF(0) at %x", at + 16));
	seen("VMPTRST to it", STORE(at + 16), text("#PF(2) at %x", at + 16));
	seen("VMREAD to it", TRY("vmread %[field], (%[a])", [a] "r" (at), [field] "r" ((word)GUEST_RIP)), text("#PF(2) at %x", at));
	seen("VMWRITE from it", TRY("vmwrite (%[a]), %[field]", [a] "r" (at), [field] "r" ((word)GUEST_RIP)), text("#PF(0) at %x", at));
	prepare_page(1, PTE_P);
	seen("VMPTRLD from a read-only page", LOAD(at), "succeeds");
	seen("its entry", flags_of(1), "A-");
	seen("VMPTRST to it", STORE(at), text("#PF(3) at %x", at));
	write_cr0(read_cr0() & ~CR0_WP);
	seen("VMPTRST to it with CR0.WP clear", STORE(at), "succeeds");
	write_cr0(read_cr0() | CR0_WP);
	seen("its entry", flags_of(1), "AD");
	prepare_page(2, PTE_P | PTE_W);
	window_map(3, 0);
	seen("VMPTRST over the edge to a page that is not there", STORE(at + 2 * PAGE - 4), text("#PF(2) at %x", at + 2 * PAGE));
	seen("VMPTRLD over it", LOAD(at + 2 * PAGE - 1), text("#PF(0) at %x", at + 2 * PAGE));
	window_map(3, PTE_P | PTE_W);
	seen("VMPTRST over the edge of two pages", STORE(at + 2 * PAGE - 2), "succeeds");
	seen("what it stored", text("%x", (word)*(volatile u16 *)&window_memory[2][PAGE - 2] | (word)*(volatile u16 *)window_memory[3] << 16),
	     text("%x", (word)vmcs_region));
	seen("VMPTRLD over it", LOAD(at + 2 * PAGE - 2), "succeeds");
	if (has_wide_entries) {
		prepare_page(4, PTE_P | PTE_W);
		window_reserve(4);
		seen("VMPTRLD by an entry with a reserved bit", LOAD(WINDOW + 4 * PAGE), text("#PF(9) at %x", (word)WINDOW + 4 * PAGE));
	}
	user_page(5);
}

void operand_experiments(void)
{
	pointers();
	fields();
	pages();
}

void after_vmxoff(void)
{
	seen("VMCLEAR at the end", vmclear((word)vmcs_region), "succeeds");
	seen("VMREAD after it", vmread(GUEST_RIP, &(word){ 0 }) ? "succeeds" : "fails", "fails");
	seen("VMXOFF", TRY("vmxoff", "a" (0)), "succeeds");
	seen("VMXOFF again", TRY("vmxoff", "a" (0)), "#UD");
	write_cr4(read_cr4() & ~CR4_VMXE);
	seen("VMXON with CR4.VMXE clear again", vmxon((word)vmxon_region), "#UD");
}
