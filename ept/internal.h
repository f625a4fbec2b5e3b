/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the main view share. An EPT01 leaf says who owns its
 * frames, in bits that the CPU ignores:
 *
 *   tag 0            Linux's RAM     identity, RWX
 *   tag NOT_RAM      Linux's, MMIO   identity, RWX; made on demand
 *   tag p + LENT     Linux's, lent to PAL p   identity, RWX
 *   tag p, tag CORE  hidden          zero page R, or scratch page RW; 4 KiB only
 *
 * So a present leaf is hidden exactly when it is not executable (RULES 3). One of
 * Linux's RAM that is not writable is watched (watch.c); 4 KiB only.
 *
 * Locking: frame_lock, held by the callers of everything below.
 */
#ifndef UNDERPIN_EPT_INTERNAL_H
#define UNDERPIN_EPT_INTERNAL_H

#include "../include/handover.h"
#include "../include/platform.h"
#include "frame.h"
#include "main_view.h"
#include "mtrr.h"
#include "view.h"

#define EPT_LENT BIT(11)
#define EPT_TAG (EPT_SOFT & ~EPT_LENT)
#define TAG_LINUX 0
#define TAG_NOT_RAM 510
#define TAG_CORE 511

static inline u64 tag_bits(u32 tag)
{
	return (tag & 0x1full) << 52 | (tag & 0x20ull) << 54 | (tag & 0xc0ull) << 55 |
	       (tag & 0x100ull) << 2;
}

static inline u32 entry_tag(u64 entry)
{
	return (entry >> 52 & 0x1f) | (entry >> 54 & 0x20) | (entry >> 55 & 0xc0) |
	       (entry >> 2 & 0x100);
}

static inline bool entry_not_ram(u64 entry)
{
	return (entry & EPT_TAG) == tag_bits(TAG_NOT_RAM);
}

static inline bool entry_hidden(u64 entry)
{
	return (entry & (EPT_READ | EPT_EXEC)) == EPT_READ;
}

static inline bool entry_watched(u64 entry)
{
	return (entry & EPT_RWX) == (EPT_READ | EPT_EXEC);
}

struct main_view {
	struct view view;
	struct mtrr_state mtrr;
	u32 maxphyaddr;		/* of the CPU */
	bool gigabyte_pages;	/* in Linux's page tables: CPUID.80000001H:EDX[26] */
	u64 end;		/* guest-physical addresses are below */
	u32 hidden_frames;
};
extern struct main_view main_view;
extern struct spinlock frame_lock;

/* frame.c. The entry that decides about a frame of Linux's, of whatever level; NULL: beyond. */
u64 *frame_entry(u64 pfn, int *level);
int frame_take_locked(u64 pfn, u64 tag);

/* main_view.c. As main_view_reclaim_step(); true: not yet. */
bool main_view_reclaim_locked(void);
/* Under frame_lock; without the INVEPT that VIEW_RETRY needs. */
enum view_answer main_view_violation_locked(gpa_t gpa, u64 qualification);

/* watch.c: *entry is watched, and is about to be written or to change its owner. */
void watch_fire(u64 pfn, u64 *entry);

/* hold.c: how often the core holds a frame. Adding: -EBUSY when full. */
u32 hold_count(u64 pfn);
int hold_add(u64 pfn);
void hold_remove(u64 pfn);

/* hidden.c: the zero page and the scratch pages. */
int hidden_init(void);
u64 hidden_entry(u64 tag);
void hidden_make_writable(u64 *entry);
void hidden_release(u64 entry);
void hidden_stats(struct main_view_stats *stats);

/* on_demand.c: what is not RAM. */
int on_demand_init(void);
/* *entry of that level is empty and decides about gpa. False: come again. */
bool on_demand_map(gpa_t gpa, u64 *entry, int level);
u32 on_demand_tables(void);

#endif
