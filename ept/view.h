/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A view: one EPT tree (SDM vol. 3, 29.3): the main view and one per PAL (EPT02s
 * have another life, shadow.c). Plain tree logic: no owner is asked here; that is
 * the caller's part (ept/frame.h).
 *
 * A table that leaves the tree is only retired: a CPU may still walk it from
 * its paging-structure caches (SDM 29.4.1), so it goes back to the pool when
 * the caller says that every CPU has flushed (RULES 5).
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
#define EPT_TYPE_SHIFT 3
#define EPT_TYPE (7ull << EPT_TYPE_SHIFT)
#define EPT_LARGE BIT(7)
#define EPT_ADDRESS 0x000ffffffffff000ull
/* Bits of a leaf that the CPU ignores (SDM table 29-7); 10 unless execution is mode-based, which ours is not. */
#define EPT_SOFT (BIT(10) | BIT(11) | (0x1full << 52) | BIT(59) | (3ull << 61))

/* Four levels translate 48 bits (SDM 29.3.2). */
#define EPT_ADDRESS_BITS 48
#define EPT_LEVELS 4

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
	u32 nr_tables;		/* in the tree, with the root */
	u32 nr_retired;
	hpa_t retired;		/* list of tables that a CPU may still walk */
	u8 max_level;		/* largest leaf: 1 = 4 KiB, 2 = 2 MiB, 3 = 1 GiB */
};

/* Bytes that one entry of this level covers. */
static inline u64 view_level_size(int level)
{
	return PAGE_SIZE << (9 * (level - 1));
}

static inline bool ept_present(u64 entry)
{
	return entry & EPT_RWX;
}

static inline bool ept_leaf(u64 entry, int level)
{
	return level == 1 || (entry & EPT_LARGE);
}

/* It points to a table. */
static inline bool ept_table(u64 entry, int level)
{
	return level > 1 && (entry & (EPT_RWX | EPT_LARGE)) == EPT_RWX;
}

int view_init(struct view *view, struct page_pool *pool, u8 max_level);
/*
 * Map [gpa, gpa + nr pages) to [hpa, ...) with these rights, memory type and
 * software bits (in EPT_SOFT), in leaves as large as alignment allows. Splits
 * what it must. -ENOMEM: nothing is lost, a part may be mapped; may be
 * repeated. -EINVAL: beyond EPT_ADDRESS_BITS. Work grows with nr_pages.
 */
int view_map(struct view *view, gpa_t gpa, hpa_t hpa, u64 nr_pages, u64 rights,
	     enum memory_type type, u64 soft);
int view_unmap(struct view *view, gpa_t gpa, u64 nr_pages);
/* The leaf entry and its level (0: not mapped). */
u64 view_lookup(const struct view *view, gpa_t gpa, int *level);
/*
 * The entry that decides about gpa (< 2^EPT_ADDRESS_BITS): a leaf or an empty
 * one, and its level, 1..4. For callers that change one entry in place.
 */
u64 *view_walk(const struct view *view, gpa_t gpa, int *level);
/* Break the leaf that *entry is into 512 of the next level, which map the same. */
int view_split(struct view *view, u64 *entry, int level);
/* While all 512 entries around gpa continue each other: one larger leaf instead. */
void view_merge(struct view *view, gpa_t gpa);
/* Every CPU has flushed since the last table was retired: up to max go to the pool. */
void view_release_retired(struct view *view, u32 max);
/* Table pages that mapping nr_pages from gpa in 4 KiB leaves needs at most. */
u32 view_tables_needed(gpa_t gpa, u64 nr_pages);

#endif
