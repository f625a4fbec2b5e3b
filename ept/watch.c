// SPDX-License-Identifier: GPL-2.0
/*
 * Watched frames (RULES 8: an MSR bitmap of L1's is merged again only after it was
 * written): 4 KiB leaves of EPT01 without W. The first write restores W and moves a
 * count. Next: ept/frame.c.
 */
#include "../vmx/kick.h"
#include "internal.h"
#include "shadow.h"

/* More are not watched well: each pushes out another. Each keeps up to two tables of core_pool. */
#define NR_WATCHED 64
/* What frame_take() may need is not used up. */
#define POOL_RESERVE 32
/* A frame that was written is likely to be written again: watching costs a flush of every CPU. */
#define CALLS_BEFORE_WATCH 32

static struct watched {
	u64 pfn;
	u64 ticket;	/* of the flush after W was taken away */
	u32 calls;	/* since it was last written */
	bool used, on;
} watched[NR_WATCHED];
static u32 next_victim;
static u64 fired;

u64 frame_watch_fired(void)
{
	return READ_ONCE(fired);
}

static struct watched *find(u64 pfn)
{
	u32 i;

	for (i = 0; i < NR_WATCHED; i++)
		if (watched[i].used && watched[i].pfn == pfn)
			return &watched[i];
	return NULL;
}

void watch_fire(u64 pfn, u64 *entry)
{
	struct watched *w = find(pfn);

	WRITE_ONCE(*entry, *entry | EPT_WRITE);
	WRITE_ONCE(fired, fired + 1);
	if (w) {
		w->on = false;
		w->calls = 0;
	}
}

static struct watched *find_or_make(u64 pfn)
{
	struct watched *w = find(pfn);
	int level;

	if (w)
		return w;
	w = &watched[next_victim++ % NR_WATCHED];
	if (w->used) {
		u64 *entry = frame_entry(w->pfn, &level);

		if (w->on)
			watch_fire(w->pfn, entry);
		view_merge(&main_view.view, GPA(w->pfn << PAGE_SHIFT));
		main_view_reclaim_locked();
	}
	*w = (struct watched){ .pfn = pfn, .used = true };
	return w;
}

static int watch_locked(u64 pfn)
{
	int level;
	u64 *entry = frame_entry(pfn, &level);
	struct watched *w;

	if (!entry || !ept_present(*entry) || (*entry & EPT_SOFT))
		return -EACCES;
	w = find_or_make(pfn);
	if (w->on)
		return tlb_flush_done(w->ticket) == 1 ? 0 : -EAGAIN;
	if (++w->calls < CALLS_BEFORE_WATCH || core_pool.nr_free < POOL_RESERVE)
		return -EAGAIN;
	/* find_or_make() may have merged. */
	for (entry = frame_entry(pfn, &level); level > 1; entry = frame_entry(pfn, &level))
		if (view_split(&main_view.view, entry, level))
			return -EAGAIN;
	WRITE_ONCE(*entry, *entry & ~EPT_WRITE);
	shadow_empty_all_locked();
	w->on = true;
	w->ticket = tlb_flush_begin();
	return -EAGAIN;
}

int frame_watch(u64 pfn)
{
	int err;

	spin_lock(&frame_lock);
	err = watch_locked(pfn);
	spin_unlock(&frame_lock);
	return err;
}
