/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An L1 for the tests of its VMX instructions (test_nested_operand.c,
 * test_nested_instructions.c): modes, segments, page tables that map a few pages,
 * and what the core answered with. VMCS01 is the fake CPU's.
 */
#ifndef HOSTED_NESTED_L1_H
#define HOSTED_NESTED_L1_H

#include "../../ept/shadow.h"
#include "../../vmx/event.h"
#include "../../vmx/nested/nested.h"
#include "../../vmx/nested/operand.h"
#include "ept_machine.h"

static u64 cr2;

void write_cr2(u64 v)
{
	cr2 = v;
}

/* Of ept/shadow.c and ept/watch.c, which no L1 here needs. */
__attribute__((weak)) void shadow_empty_all_locked(void)
{
}

__attribute__((weak)) void watch_fire(u64 pfn, u64 *entry)
{
}

/* ---- L1: page tables that map a few pages, in frames from TABLES on ---- */
#define TABLES 0x200ull
#define DATA 0x300ull		/* frames of Linux's, NR_DATA of them */
#define NR_DATA 8
#define HIDDEN_PFN 0x4003ull
#define MMIO_PFN 0xb0ull
#define BOUNDARY 0x12346000ull	/* a page boundary with pages mapped on both sides */
enum paging { PAGING_LONG, PAGING_PAE, PAGING_32 };
static enum paging paging;
static u64 next_table;

struct page {
	u64 linear, pfn;
	bool present, writable, user;
};
#define NR_PAGES 12
static struct page pages[NR_PAGES];
static u32 nr_pages;

static void *frame(u64 pfn)
{
	return phys_to_virt(HPA(pfn << PAGE_SHIFT));
}

static u64 new_table(void)
{
	memset(frame(next_table), 0, PAGE_SIZE);
	return next_table++ << PAGE_SHIFT;
}

static void map(struct page p)
{
	u64 flags = p.present | p.writable << 1 | p.user << 2;
	u64 table = vmread(GUEST_CR3) & PAGE_MASK;
	int levels = paging == PAGING_LONG ? 4 : paging == PAGING_PAE ? 3 : 2;
	int bits = paging == PAGING_32 ? 10 : 9, level;

	check(nr_pages < NR_PAGES);
	pages[nr_pages++] = p;
	for (level = levels; level; level--) {
		u64 i = p.linear >> (12 + bits * (level - 1)) & ((1 << bits) - 1), entry;
		u32 *narrow = (u32 *)phys_to_virt(HPA(table)) + i;
		u64 *wide = (u64 *)phys_to_virt(HPA(table)) + i;

		entry = paging == PAGING_32 ? *narrow : *wide;
		if (level == 1)
			entry = p.pfn << PAGE_SHIFT | flags;
		else if (!entry)
			entry = new_table() | (paging == PAGING_PAE && level == 3 ? 1 : 7);
		if (paging == PAGING_32)
			*narrow = entry;
		else
			*wide = entry;
		table = entry & PAGE_MASK;
	}
}

static void no_pages(enum paging mode)
{
	paging = mode;
	next_table = TABLES;
	nr_pages = 0;
	vmwrite(GUEST_CR3, new_table());
	vmwrite(GUEST_CR4, CR4_VMXE | (mode == PAGING_32 ? 0 : CR4_PAE));
}

static void set_segment(u32 segment, u64 base, u64 limit, u64 rights)
{
	vmwrite(GUEST_ES_BASE + 2 * segment, base);
	vmwrite(GUEST_ES_LIMIT + 2 * segment, limit);
	vmwrite(GUEST_ES_ACCESS_RIGHTS + 2 * segment, rights);
}

__attribute__((unused))
static void set_mode(enum paging mode)
{
	bool wide = mode == PAGING_LONG;
	int i;

	no_pages(mode);
	vmwrite(GUEST_CR0, CR0_PE | CR0_NE | CR0_PG | CR0_WP | CR0_ET);
	vmwrite(CR0_GUEST_HOST_MASK, CR0_NE);
	vmwrite(CR0_READ_SHADOW, CR0_NE);
	vmwrite(CR4_GUEST_HOST_MASK, CR4_VMXE);
	vmwrite(CR4_READ_SHADOW, CR4_VMXE);
	vmwrite(GUEST_IA32_EFER, wide ? EFER_LME | EFER_LMA : 0);
	vmwrite(VM_ENTRY_CONTROLS, wide ? ENTRY_IA32E_MODE_GUEST : 0);
	for (i = 0; i < 6; i++)
		set_segment(i, 0, 0xffffffff, 0xc093);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, wide ? 0xa09b : 0xc09b);
}

/* How an instruction ended; NOTHING: it is to be made again. */
enum outcome { SUCCEED, FAIL_INVALID, FAIL_VALID, IS_UD, IS_GP, IS_SS, IS_PF, NOTHING };

/* What the event that is to be injected is; SUCCEED: none. */
__attribute__((unused))
static enum outcome injected(void)
{
	static const struct { u32 info; enum outcome is; } known[] = {
		{ 0x80000306, IS_UD }, { 0x80000b0d, IS_GP }, { 0x80000b0c, IS_SS }, { 0x80000b0e, IS_PF },
		{ 0, SUCCEED },
	};
	u32 info = vmread(VM_ENTRY_INTERRUPTION_INFO), i;

	for (i = 0; i < ARRAY_SIZE(known) && known[i].info != info; i++)
		;
	check(i < ARRAY_SIZE(known), "injection of %x", info);
	check((known[i].is != IS_GP && known[i].is != IS_SS) || !vmread(VM_ENTRY_EXCEPTION_ERROR_CODE));
	return known[i].is;
}

#endif
