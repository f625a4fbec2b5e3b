// SPDX-License-Identifier: GPL-2.0
/*
 * Page ownership (RULES 1, 3): the owner of a frame is a tag in its EPT01 leaf
 * (ept/internal.h), so taking a frame and hiding it is one store, and a frame
 * can have only one owner. Next: ept/hold.c, ept/hidden.c, ept/main_view.c.
 */
#include "internal.h"
#include "shadow.h"

struct spinlock frame_lock;

u64 *frame_entry(u64 pfn, int *level)
{
	if (pfn >= main_view.end >> PAGE_SHIFT)
		return NULL;
	return view_walk(&main_view.view, GPA(pfn << PAGE_SHIFT), level);
}

/* The leaf of a frame of RAM, or NULL. */
static inline u64 *ram_entry(u64 pfn, int *level)
{
	u64 *entry = frame_entry(pfn, level);

	return entry && ept_present(*entry) && !entry_not_ram(*entry) ? entry : NULL;
}

/* The bits by which an owner is known; 0: no such owner. */
static u64 owner_tag(enum frame_owner owner, u32 id)
{
	if (owner == FRAME_CORE)
		return id ? 0 : tag_bits(TAG_CORE);
	if (id < 1 || id > FRAME_MAX_ID || (owner != FRAME_PAL && owner != FRAME_LENT))
		return 0;
	return tag_bits(id) | (owner == FRAME_LENT ? EPT_LENT : 0);
}

/* A donation (core/donate.c) splits pages too: what a PAL may not use up. */
#define TABLES_FOR_DONATION 8
#define TABLES_A_FRAME 2	/* out of a page of 1 GiB */
#define TABLES_A_LIST 8		/* 3,500 instructions each */

u32 frame_pages_missing(u32 nr)
{
	u32 need = TABLES_FOR_DONATION + TABLES_A_FRAME * nr, have = core_pool_free();

	return have < need ? need - have : 0;
}

static int split_for(u64 tag, u64 *entry, int level)
{
	if ((tag & EPT_SOFT) != tag_bits(TAG_CORE) && core_pool_free() < TABLES_FOR_DONATION)
		return -ENOMEM;
	return view_split(&main_view.view, entry, level);
}

int frame_take_locked(u64 pfn, u64 tag)
{
	int level, err;
	u64 *entry = ram_entry(pfn, &level);

	if (!entry)
		return -EFAULT;
	if ((*entry & EPT_SOFT) || hold_count(pfn))
		return -EBUSY;
	while (level > 1) {
		err = split_for(tag, entry, level);
		if (err)
			return err;
		entry = frame_entry(pfn, &level);
	}
	if (entry_watched(*entry))
		watch_fire(pfn, entry);
	if (tag & EPT_LENT) {
		WRITE_ONCE(*entry, *entry | tag);
	} else {
		WRITE_ONCE(*entry, hidden_entry(tag));
		main_view.hidden_frames++;
		shadow_empty_all_locked();
	}
	return 0;
}

int frame_take_list(const u64 *pfn, u32 nr, enum frame_owner owner, u32 id)
{
	u64 tag = owner_tag(owner, id);
	u32 i = 0, tables;
	int err = tag ? 0 : -EINVAL;

	spin_lock(&frame_lock);
	tables = main_view.view.nr_tables;
	for (; !err && i < nr && main_view.view.nr_tables - tables < TABLES_A_LIST; i += !err)
		err = frame_take_locked(pfn[i], tag);
	if (err == -ENOMEM && !i && main_view_reclaim_locked())
		err = -EAGAIN;
	spin_unlock(&frame_lock);
	return i ? (int)i : err;
}

int frame_take(u64 pfn, enum frame_owner owner, u32 id)
{
	int ret = frame_take_list(&pfn, 1, owner, id);

	return ret < 0 ? ret : 0;
}

int frame_return(u64 pfn, enum frame_owner owner, u32 id)
{
	u64 tag = owner_tag(owner, id), *entry, end;
	enum memory_type type;
	int level, err = -EACCES;

	spin_lock(&frame_lock);
	entry = ram_entry(pfn, &level);
	if (entry && level == 1 && tag && (*entry & EPT_SOFT) == tag) {
		if (entry_hidden(*entry)) {
			hidden_release(*entry);
			main_view.hidden_frames--;
			shadow_empty_all_locked();
		}
		type = mtrr_type(&main_view.mtrr, pfn << PAGE_SHIFT, (pfn + 1) << PAGE_SHIFT,
				 &end);
		WRITE_ONCE(*entry, pfn << PAGE_SHIFT | EPT_RWX | (u64)type << EPT_TYPE_SHIFT);
		/* Mostly the next one is not returned yet, and there is nothing to merge. */
		if (!((pfn + 1) % 512) || !(entry[1] & EPT_SOFT))
			view_merge(&main_view.view, GPA(pfn << PAGE_SHIFT));
		err = 0;
	}
	spin_unlock(&frame_lock);
	return err;
}

enum frame_owner frame_owner(u64 pfn, u32 *id)
{
	enum frame_owner owner = FRAME_LINUX;
	u32 tag = 0;
	u64 *entry;
	int level;

	spin_lock(&frame_lock);
	entry = ram_entry(pfn, &level);
	if (entry && (*entry & EPT_SOFT)) {
		tag = entry_tag(*entry);
		owner = *entry & EPT_LENT ? FRAME_LENT : tag == TAG_CORE ? FRAME_CORE : FRAME_PAL;
	}
	spin_unlock(&frame_lock);
	if (id)
		*id = owner == FRAME_PAL || owner == FRAME_LENT ? tag : 0;
	return owner;
}

int frame_hold(u64 pfn)
{
	int level, err;
	u64 *entry;

	spin_lock(&frame_lock);
	entry = ram_entry(pfn, &level);
	if (!entry)
		err = -EFAULT;
	else if (entry_hidden(*entry))
		err = -EACCES;
	else
		err = hold_add(pfn);
	spin_unlock(&frame_lock);
	return err;
}

void frame_drop(u64 pfn)
{
	spin_lock(&frame_lock);
	hold_remove(pfn);
	spin_unlock(&frame_lock);
}
