/* SPDX-License-Identifier: GPL-2.0 */
/* The core's page tables, 4 or 5 levels (SDM vol. 3, 4.5). Pool pages; init only. */
#ifndef UNDERPIN_MODULE_PAGETABLE_H
#define UNDERPIN_MODULE_PAGETABLE_H

#include <linux/types.h>

#define PT_RX 0ull
#define PT_R (1ull << 63)		/* no execute */
#define PT_RW (1ull << 63 | 1ull << 1)
#define PT_UNCACHED (1ull << 4 | 1ull << 3)	/* PCD, PWT */

/* Sizes of a leaf, as the shift of the addresses. */
#define PT_4K 12
#define PT_2M 21
#define PT_1G 30

struct page_table {
	u64 root;	/* physical */
	int levels;	/* 4, or 5 as Linux runs now */
	bool huge;	/* 1 GiB leaves exist */
};

/* -ENOMEM: the pool is empty. */
int pt_create(struct page_table *pt);
/* One leaf; addresses aligned to it, nothing mapped there yet (-EEXIST). */
int pt_map(struct page_table *pt, u64 va, u64 pa, int shift, u64 flags);
/* [pa, pa + size) with the largest leaves that fit. */
int pt_map_range(struct page_table *pt, u64 va, u64 pa, u64 size, u64 flags);

#endif
