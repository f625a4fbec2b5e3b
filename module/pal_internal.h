/* SPDX-License-Identifier: GPL-2.0 */
/* One PAL, shared by pal.c (its life) and pal_lend.c (what is lent to it meanwhile). */
#ifndef UNDERPIN_MODULE_PAL_INTERNAL_H
#define UNDERPIN_MODULE_PAL_INTERNAL_H

#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mmu_notifier.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/uidgid.h>

#include "pal.h"

struct pal {
	struct list_head list;
	struct mmu_notifier notifier;
	struct mutex mutex;
	bool live;		/* the core knows it; under mutex */
	bool pinned;		/* under mutex */
	u32 id;
	pid_t owner;
	kuid_t uid;
	struct mm_struct *mm;	/* held by the notifier (mmgrab) */
	u32 nr_pages;
	struct page **pages;
	u32 nr_donated;
	u32 nr_given;		/* of the donated pages, those that the core took */
	struct page **donated;	/* MAX_DONATED places */
	u32 nr_window;		/* pages that can be lent at once */
	u32 nr_lent;		/* pinned for it; under mutex */
	struct page **lent;	/* nr_window places */
	u64 *buffer;		/* a page, for hypercalls; under mutex */
};

/*
 * Hand pfns over by hypercall nr, in order; a call answers how many it took of its list. Under
 * core_get() and cpus_read_lock(): what it takes for them may have to be flushed.
 */
s64 pal_give_pfns(struct pal *pal, u32 nr, struct page **pages, u32 count, u32 *done);

/* UNDERPIN_PAL_LEND, UNDERPIN_PAL_TAKE_BACK: 0 or -errno. */
long pal_lend(struct pal *pal, void __user *arg);
long pal_take_back(struct pal *pal, void __user *arg);
/* The core has them no more. Under pal->mutex. */
void pal_unpin_lent(struct pal *pal);

#endif
