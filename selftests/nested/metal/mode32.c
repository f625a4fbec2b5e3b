// SPDX-License-Identifier: GPL-2.0
/*
 * The 32-bit half: without paging, under 32-bit and under PAE paging (SDM vol. 3, 4.3, 4.4), segments
 * (5.3-5.5), virtual-8086 mode; then it starts the other half. Read main32() first.
 */
#include "metal.h"

#define FREE_SELECTOR 0x30	/* boot.S: for experiments */
#define CODE 0x9b
#define DATA 0x93
#define READ_ONLY 0x91
#define EXPAND_DOWN 0x97
#define BIG 0x40
#define PAGES 0x80		/* the limit counts them */

bool has_wide_entries;
word guest_cr3;
u64 *guest_pdptes;
u8 window_memory[WINDOW_PAGES][PAGE] __attribute__((aligned(PAGE)));
static u8 guest_page[PAGE] __attribute__((aligned(PAGE)));
extern u64 gdt[];
extern char tss[];

/* Ours, and the guest's, which differs in page 0 of the window. */
static u32 directory[2][1024] __attribute__((aligned(PAGE)));
static u32 table[2][1024] __attribute__((aligned(PAGE)));
static u64 pdpt[2][4] __attribute__((aligned(32)));
static u64 low[512] __attribute__((aligned(PAGE)));
static u64 high[512] __attribute__((aligned(PAGE)));
static u64 window_directory[2][512] __attribute__((aligned(PAGE)));
static u64 wide_table[2][512] __attribute__((aligned(PAGE)));
/* For enter64(): the other half has tables of its own then. */
static u64 root64[512] __attribute__((aligned(PAGE)));
static u64 pdpt64[512] __attribute__((aligned(PAGE)));

void enter64(u32 cr3, u32 before) __attribute__((noreturn));
void run_v8086(u32 address);

static void flush(u32 page)
{
	asm volatile("invlpg (%0)" : : "r" (WINDOW + PAGE * page) : "memory");
}

void window_map(u32 page, u32 flags)
{
	u32 mine = (word)window_memory[page] | flags;
	u32 guest = (page ? (word)window_memory[page] : (word)guest_page) | flags;

	table[0][page] = mine;
	table[1][page] = guest;
	wide_table[0][page] = mine;
	wide_table[1][page] = guest;
	flush(page);
}

void window_map_far(u32 page)
{
	table[0][page] = table[1][page] = FAR_PAGE | PTE_P;
	wide_table[0][page] = wide_table[1][page] = FAR_PAGE | PTE_P;
	flush(page);
}

u32 window_flags(u32 page)
{
	return has_wide_entries ? *(volatile u64 *)&wide_table[0][page] : *(volatile u32 *)&table[0][page];
}

void window_reserve(u32 page)
{
	wide_table[0][page] |= 1ull << 62;
	flush(page);
}

static void make_tables(void)
{
	u32 i, k;

	*(u32 *)guest_page = 0x9e57;
	for (i = 0; i < 8; i++)
		low[i] = (u64)i << 21 | 0x83;
	high[511] = 0x83;		/* the uppermost 2 MiB are the lowest again */
	for (i = 0; i < 2; i++) {
		for (k = 0; k < 4; k++)
			directory[i][k] = k << 22 | 0x83;
		directory[i][1023] = 0x83;
		directory[i][WINDOW >> 22] = (word)table[i] | 7;
		pdpt[i][0] = (word)low | PTE_P;
		pdpt[i][WINDOW >> 30] = (word)window_directory[i] | PTE_P;
		pdpt[i][3] = (word)high | PTE_P;
		window_directory[i][0] = (word)wide_table[i] | 7;
	}
	root64[0] = (word)pdpt64 | 7;
	pdpt64[0] = (word)low | 7;
}

static void paging(bool pae)
{
	write_cr0(read_cr0() & ~CR0_PG);
	has_wide_entries = pae;
	write_cr4((read_cr4() & ~(CR4_PAE | CR4_PSE)) | (pae ? CR4_PAE : CR4_PSE));
	write_cr3(pae ? (word)pdpt[0] : (word)directory[0]);
	guest_cr3 = pae ? (word)pdpt[1] : (word)directory[1];
	guest_pdptes = pae ? pdpt[1] : NULL;
	write_cr0(read_cr0() | CR0_PG | CR0_WP | 0x20);
}

static void descriptor(u32 selector, u32 base, u32 limit, u32 type, u32 flags)
{
	gdt[selector / 8] = (u64)(limit & 0xffff) | (u64)(base & 0xffffff) << 16 | (u64)type << 40 |
			    (u64)(flags | limit >> 16) << 48 | (u64)(base >> 24) << 56;
}

/* FS is this segment: VMPTRLD from, or VMPTRST to, an offset. */
static const char *by_fs(u32 base, u32 limit, u32 type, u32 flags, u32 offset, bool store)
{
	const char *saw;

	descriptor(FREE_SELECTOR, base, limit, type, flags);
	asm volatile("mov %w0, %%fs" : : "r" (FREE_SELECTOR));
	if (store)
		saw = TRY("vmptrst %%fs:(%[a])", [a] "r" (offset));
	else
		saw = TRY("vmptrld %%fs:(%[a])", [a] "r" (offset));
	asm volatile("mov %w0, %%fs" : : "r" (0x10));
	return saw;
}

static const struct {
	const char *name;
	u32 limit, type, flags, offset;	/* from the page of the pointer */
	const char *load, *store;
} segments[] = {
	{ "a segment of 4 GiB", 0xfffff, DATA, BIG | PAGES, 16, "succeeds", "succeeds" },
	{ "the last bytes of a segment", 23, DATA, BIG, 16, "succeeds", "succeeds" },
	{ "a limit that cuts the last byte off", 22, DATA, BIG, 16, "#GP(0)", "#GP(0)" },
	{ "an offset beyond the limit", 15, DATA, BIG, 16, "#GP(0)", "#GP(0)" },
	{ "a read-only segment", 0xfffff, READ_ONLY, BIG | PAGES, 16, "succeeds", "#GP(0)" },
	{ "a code segment", 0xfffff, CODE, BIG | PAGES, 16, "succeeds", "#GP(0)" },
	{ "an expand-down segment", 15, EXPAND_DOWN, BIG, 16, "succeeds", "succeeds" },
	{ "below an expand-down segment", 16, EXPAND_DOWN, BIG, 16, "#GP(0)", "#GP(0)" },
	{ "above an expand-down segment of 64 KiB", 15, EXPAND_DOWN, 0, 0xfffc, "#GP(0)", "#GP(0)" },
};

static const char *by_null(void)
{
	const char *saw;

	asm volatile("mov %w0, %%gs" : : "r" (0));
	saw = TRY("vmptrld %%gs:(%[a])", [a] "r" (0));
	asm volatile("mov %w0, %%gs" : : "r" (0x10));
	return saw;
}

/* The stack is below its limit, the operand is not. */
static const char *by_ss(u32 offset)
{
	const char *saw;

	descriptor(FREE_SELECTOR, 0, WINDOW / PAGE - 1, DATA, BIG | PAGES);
	asm volatile("mov %w0, %%ss" : : "r" (FREE_SELECTOR));
	saw = TRY("vmptrld %%ss:(%[a])", [a] "r" (offset));
	asm volatile("mov %w0, %%ss" : : "r" (0x10));
	return saw;
}

static void segment_experiments(void)
{
	u32 base = WINDOW + 6 * PAGE, i;
	u64 *pointer = (u64 *)&window_memory[6][16];

	window_map(6, PTE_P | PTE_W);
	for (i = 0; i < sizeof(segments) / sizeof(*segments); i++) {
		*pointer = (word)vmcs_region;
		seen(text("VMPTRLD by %s", segments[i].name),
		     by_fs(base, segments[i].limit, segments[i].type, segments[i].flags, segments[i].offset, false), segments[i].load);
		*pointer = 0;
		seen(text("VMPTRST by %s", segments[i].name),
		     by_fs(base, segments[i].limit, segments[i].type, segments[i].flags, segments[i].offset, true), segments[i].store);
		seen("stored", *pointer == (word)vmcs_region ? "yes" : "no", segments[i].store[0] == 's' ? "yes" : "no");
	}
	seen("VMPTRLD by a null selector", by_null(), "#GP(0)");
	seen("VMPTRLD by SS beyond its limit", by_ss(base), "#SS(0)");
	*pointer = (word)vmcs_region;
	seen("VMPTRLD by base, index and displacement",
	     TRY("vmptrld 8(%[b],%[i],4)", [b] "r" (base), [i] "r" (2)), "succeeds");
	seen("with a 16-bit address, which wraps",
	     (descriptor(FREE_SELECTOR, base, 0xfffff, DATA, BIG | PAGES), TRY("mov %%dx, %%fs; addr16 vmptrld %%fs:(%%bx,%%si)", "d" (FREE_SELECTOR), "b" (0x5678fff0), "S" (0x20))),
	     "succeeds");
	asm volatile("mov %w0, %%fs" : : "r" (0x10));
	seen("a linear address that wraps", by_fs(0xfffffff0, 0xfffff, DATA, BIG | PAGES, base + 32, false), "succeeds");
	seen("VMPTRLD there that is not mapped", by_fs(0xfffffff0, 0xfffff, DATA, BIG | PAGES, WINDOW + 40 * PAGE + 16, false),
	     text("#PF(0) at %x", (word)WINDOW + 40 * PAGE));
}

/* Code in the first 64 KiB; a TSS leads out of it. */
static void v8086(const char *name, u32 code)
{
	*(volatile u32 *)0x6000 = code;
	fault_vector = NO_FAULT;
	run_v8086(0x6000);
	seen(name, ended(0), "#UD");
}

/* It is the user's code, but only then: SMAP would keep us out. */
static void low_memory(u32 flags)
{
	low[0] = (low[0] & ~7ull) | flags;
	directory[0][0] = (directory[0][0] & ~7) | flags;
	write_cr3(read_cr3());
}

static void v8086_mode(const char *when)
{
	low_memory(PTE_P | PTE_W | PTE_U);
	v8086(text("VMXOFF in virtual-8086 mode%s", when), 0x00c4010f);
	v8086(text("VMLAUNCH in virtual-8086 mode%s", when), 0x00c2010f);
	v8086(text("VMREAD in virtual-8086 mode%s", when), 0x00d8780f);
	low_memory(PTE_P | PTE_W);
}

static void load_tss(void)
{
	*(u32 *)(tss + 8) = 0x10;	/* SS0 */
	*(u16 *)(tss + 102) = 104;	/* no I/O map */
	descriptor(0x20, (word)tss, 103, 0x89, 0);
	asm volatile("ltr %w0" : : "r" (0x20));
}

static void all(const char *name, bool pae)
{
	mode = name;
	write_cr4(read_cr4() & ~CR4_VMXE);
	paging(pae);
	v8086_mode("");
	before_vmxon();
	seen("CR0.PG stays", TRY("mov %[v], %%cr0", [v] "r" (read_cr0() & ~CR0_PG)), "#GP(0)");
	operand_experiments();
	segment_experiments();
	v8086_mode(" in VMX operation");
	guest_experiments();
	after_vmxoff();
}

/* "before=N" of the command line (Multiboot 3.3): how many tests there were. */
static u32 tests_before(const u32 *info)
{
	const char *at = info[0] & 4 ? (const char *)info[4] : "", *key = "before=";
	u32 value = 0, i = 0;

	for (; *at && key[i]; at++)
		i = *at == key[i] ? i + 1 : *at == key[0];
	for (; !key[i] && *at >= '0' && *at <= '9'; at++)
		value = 10 * value + *at - '0';
	return value;
}

/* A comment, which differs: the harness wants to know that it is the core's in one of the runs. */
static void say_hypervisor(void)
{
	u32 name[4] = { 0 }, a = 0x40000000;

	asm volatile("cpuid" : "+a" (a), "=b" (name[0]), "=c" (name[1]), "=d" (name[2]));
	put(text("# hypervisor: %s\n", name[0] == 0x65646e55 ? (const char *)name : "none"));
}

void main32(const u32 *info)
{
	number = tests_before(info);
	port_init();
	say_hypervisor();
	load_tss();
	fault_init();
	make_tables();
	mode = "no paging: ";
	write_cr0(read_cr0() | 0x20);
	write_cr4(CR4_VMXE);
	*(u32 *)vmxon_region = vmx_revision();
	seen("VMXON", vmxon((word)vmxon_region), "#GP(0)");
	TRY("vmxoff", "a" (0));		/* where it was not refused */
	all("32-bit paging: ", false);
	all("PAE paging: ", true);
	write_cr0(read_cr0() & ~CR0_PG);
	enter64((word)root64, number);
}
