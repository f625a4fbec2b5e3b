// SPDX-License-Identifier: GPL-2.0
/*
 * Page tables for the core (pagetable.h). Accessed and dirty are set from the
 * start, so that the CPU never writes to a table of the core.
 */
#include "state.h"
#include "pagetable.h"

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <asm/special_insns.h>

#include "cpuid.h"
#include "pool.h"

#define ENTRY_PRESENT BIT_ULL(0)
#define ENTRY_WRITE BIT_ULL(1)
#define ENTRY_ACCESSED BIT_ULL(5)
#define ENTRY_DIRTY BIT_ULL(6)
#define ENTRY_LARGE BIT_ULL(7)
#define ENTRY_ADDRESS GENMASK_ULL(51, 12)

int __init pt_create(struct page_table *pt)
{
	pt->root = pool_take();
	pt->levels = native_read_cr4() & X86_CR4_LA57 ? 5 : 4;
	pt->huge = cpuid_edx(0x80000001) & BIT(26);
	return pt->root ? 0 : -ENOMEM;
}

static u64 __init *entry_at(u64 table, u64 va, int shift)
{
	return (u64 *)__va(table) + ((va >> shift) & 511);
}

int __init pt_map(struct page_table *pt, u64 va, u64 pa, int leaf_shift, u64 flags)
{
	u64 table = pt->root, *entry;
	int shift;

	for (shift = 12 + 9 * (pt->levels - 1); shift > leaf_shift; shift -= 9) {
		entry = entry_at(table, va, shift);
		if (!*entry) {
			u64 page = pool_take();

			if (!page)
				return -ENOMEM;
			*entry = page | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_ACCESSED;
		} else if (*entry & ENTRY_LARGE) {
			return -EEXIST;
		}
		table = *entry & ENTRY_ADDRESS;
	}
	entry = entry_at(table, va, leaf_shift);
	if (*entry)
		return -EEXIST;
	*entry = pa | flags | ENTRY_PRESENT | ENTRY_ACCESSED | ENTRY_DIRTY |
		 (leaf_shift > PT_4K ? ENTRY_LARGE : 0);
	return 0;
}

static int __init best_shift(const struct page_table *pt, u64 va, u64 pa, u64 size)
{
	if (pt->huge && size >= BIT_ULL(PT_1G) && IS_ALIGNED(va | pa, BIT_ULL(PT_1G)))
		return PT_1G;
	if (size >= BIT_ULL(PT_2M) && IS_ALIGNED(va | pa, BIT_ULL(PT_2M)))
		return PT_2M;
	return PT_4K;
}

int __init pt_map_range(struct page_table *pt, u64 va, u64 pa, u64 size, u64 flags)
{
	while (size) {
		int shift = best_shift(pt, va, pa, size);
		int err = pt_map(pt, va, pa, shift, flags);

		if (err)
			return err;
		va += BIT_ULL(shift);
		pa += BIT_ULL(shift);
		size -= BIT_ULL(shift);
		cond_resched();
	}
	return 0;
}
