// SPDX-License-Identifier: GPL-2.0
/*
 * The 64-bit half: its page tables (4-level, SDM vol. 3, 4.5), linear addresses, operands and code
 * that only this mode has. Read main64() first.
 */
#include "metal.h"

#define MSR_FS_BASE 0xc0000100
#define WINDOW_PDPTE (WINDOW >> 30)

bool has_wide_entries = true;
word guest_cr3;
u64 *guest_pdptes;
u8 window_memory[WINDOW_PAGES][PAGE] __attribute__((aligned(PAGE)));
static u8 guest_page[PAGE] __attribute__((aligned(PAGE)));

/* Ours, and the guest's, which differs in page 0 of the window. */
static u64 root[2][512] __attribute__((aligned(PAGE)));
static u64 pdpt[2][512] __attribute__((aligned(PAGE)));
static u64 low[512] __attribute__((aligned(PAGE)));
static u64 window_directory[2][512] __attribute__((aligned(PAGE)));
static u64 window_table[2][512] __attribute__((aligned(PAGE)));

static u64 entry(const void *page)
{
	return (word)page | PTE_P | PTE_W | PTE_U;
}

void window_map(u32 page, u32 flags)
{
	window_table[0][page] = (word)window_memory[page] | flags;
	window_table[1][page] = (page ? (word)window_memory[page] : (word)guest_page) | flags;
	asm volatile("invlpg (%0)" : : "r" (WINDOW + (word)PAGE * page) : "memory");
}

void window_map_far(u32 page)
{
	window_table[0][page] = window_table[1][page] = FAR_PAGE | PTE_P;
	asm volatile("invlpg (%0)" : : "r" (WINDOW + (word)PAGE * page) : "memory");
}

u32 window_flags(u32 page)
{
	return *(volatile u64 *)&window_table[0][page];
}

void window_reserve(u32 page)
{
	window_table[0][page] |= 1ull << 51;
	asm volatile("invlpg (%0)" : : "r" (WINDOW + (word)PAGE * page) : "memory");
}

static void paging(void)
{
	u32 i;

	for (i = 0; i < 8; i++)
		low[i] = (u64)i << 21 | 0x83;
	for (i = 0; i < 2; i++) {
		root[i][0] = entry(pdpt[i]);
		pdpt[i][0] = entry(low);
		pdpt[i][WINDOW_PDPTE] = entry(window_directory[i]);
		window_directory[i][0] = entry(window_table[i]);
	}
	*(u32 *)guest_page = 0x9e57;
	write_cr3((word)root[0]);
	guest_cr3 = (word)root[1];
}

word vmptrld_by_rbp(word address);	/* its RFLAGS */

static void addresses(void)
{
	u64 *pointer = (u64 *)window_memory[6], far = 1ull << 47;

	*pointer = (word)vmcs_region;
	seen("VMPTRLD by an address that is not canonical", TRY("vmptrld (%[a])", [a] "r" (far)), "#GP(0)");
	seen("VMPTRST to it", TRY("vmptrst (%[a])", [a] "r" (far)), "#GP(0)");
	seen("by RSP's segment", ended(vmptrld_by_rbp(far)), "#SS(0)");
	seen("whose last byte is not", TRY("vmptrld (%[a])", [a] "r" (far - 4)), "#GP(0)");
	wrmsr(MSR_FS_BASE, (word)pointer - 0x100);
	seen("VMPTRLD by FS", TRY("vmptrld %%fs:0x100"), "succeeds");
	seen("by FS, base, index and displacement", TRY("vmptrld %%fs:0x10(%[b],%[i],8)", [b] "r" (0x70ul), [i] "r" (0x10ul)), "succeeds");
	seen("VMPTRLD relative to RIP", TRY("vmptrld rip_operand(%%rip)"), "succeeds");
	seen("VMPTRLD with a 32-bit address", TRY("addr32 vmptrld (%%ecx)", "c" (0xdead00000000 | (word)pointer)), "succeeds");
	seen("VMREAD of a field beyond 32 bits", TRY("vmread %[field], %[to]", [to] "r" (0ul), [field] "r" (1ull << 32 | GUEST_RIP)), "VMfail 12");
	seen("VMWRITE of one", TRY("vmwrite %[v], %[field]", [v] "r" (0ul), [field] "r" (1ull << 32 | GUEST_RIP)), "VMfail 12");
	seen("VMWRITE of a 32-bit field takes 32 bits", TRY("vmwrite %[v], %[field]", [v] "r" (0x500000006), [field] "r" ((word)EXCEPTION_BITMAP)), "succeeds");
	seen("its value", text("%x", field(EXCEPTION_BITMAP)), "6");
}
u64 rip_operand;

void run_compatibility(word address);

static void compatibility(const char *name, u32 code)
{
	static u32 where;

	where = code;
	fault_vector = NO_FAULT;
	run_compatibility((word)&where);
	seen(name, ended(0), "#UD");
}

static void compatibility_mode(const char *when)
{
	compatibility(text("VMXOFF in compatibility mode%s", when), 0x00c4010f);
	compatibility(text("VMRESUME in compatibility mode%s", when), 0x00c3010f);
	compatibility(text("VMREAD in compatibility mode%s", when), 0x00d8780f);
}

static void load_tss(void)
{
	extern u64 gdt64[];
	static struct {
		u16 limit;
		word base;
	} __attribute__((packed)) pointer;
	extern char tss[];

	gdt64[4] = 103ull | (u64)((word)tss & 0xffffff) << 16 | 0x89ull << 40 | (u64)((word)tss >> 24) << 56;
	pointer.limit = 8 * 8 - 1;
	pointer.base = (word)gdt64;
	asm volatile("lgdt %0; ltr %w1" : : "m" (pointer), "r" (0x20));
}

/* The tables are our own: those of the other half end with it. */
u64 gdt64[8] = { 0, 0x00cf9b000000ffff, 0x00cf93000000ffff, 0x00af9b000000ffff };

void main64(word unused, u32 before)
{
	(void)unused;
	number = before;
	mode = "64-bit: ";
	load_tss();
	fault_init();
	paging();
	write_cr0(read_cr0() | CR0_WP | 0x20);
	window_map(6, PTE_P | PTE_W);
	compatibility_mode("");
	before_vmxon();
	operand_experiments();
	rip_operand = (word)vmcs_region;
	addresses();
	compatibility_mode(" in VMX operation");
	guest_experiments();
	after_vmxoff();
	end();
}
