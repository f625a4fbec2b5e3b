/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A view: one EPT tree (SDM vol. 3, 29.3). The main view, one per PAL, and
 * later the shadows for L2 are all made of this. Plain tree logic: no owner is
 * asked here; that is the caller's part (ept/frame.h).
 *
 * Locking: the caller's. Tables come from the pool that the view was made with.
 */
#ifndef UNDERPIN_EPT_VIEW_H
#define UNDERPIN_EPT_VIEW_H

#include "../include/platform.h"
#include "../include/types.h"

#define EPT_READ BIT(0)
#define EPT_WRITE BIT(1)
#define EPT_EXEC BIT(2)
#define EPT_RWX (EPT_READ | EPT_WRITE | EPT_EXEC)

enum memory_type {
	MEMTYPE_UC = 0,
	MEMTYPE_WC = 1,
	MEMTYPE_WT = 4,
	MEMTYPE_WP = 5,
	MEMTYPE_WB = 6,
};

struct view {
	hpa_t root;
	struct page_pool *pool;
	u32 nr_tables;
	u8 max_level;	/* largest leaf: 1 = 4 KiB, 2 = 2 MiB, 3 = 1 GiB */
};

int view_init(struct view *view, struct page_pool *pool, u8 max_level);
/*
 * Map [gpa, gpa + nr pages) to [hpa, ...) with these rights, memory type and
 * software bits (52..62), in leaves as large as alignment allows. Splits what
 * it must. -ENOMEM: nothing is lost, a part may be mapped; may be repeated.
 */
int view_map(struct view *view, gpa_t gpa, hpa_t hpa, u64 nr_pages, u64 rights,
	     enum memory_type type, u64 soft);
int view_unmap(struct view *view, gpa_t gpa, u64 nr_pages);
/* The leaf entry and its level (0: not mapped). */
u64 view_lookup(const struct view *view, gpa_t gpa, int *level);
/* Table pages that mapping nr_pages from gpa in 4 KiB leaves needs at most. */
u32 view_tables_needed(gpa_t gpa, u64 nr_pages);
/* All tables back to the pool (wiped by page_alloc when next used). */
void view_destroy(struct view *view);

#endif
