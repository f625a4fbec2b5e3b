/* SPDX-License-Identifier: GPL-2.0 */
/* The owner's pages of a PAL: pinned, checked, counted (RULES 16). */
#ifndef UNDERPIN_MODULE_PAL_PAGES_H
#define UNDERPIN_MODULE_PAL_PAGES_H

#include <linux/mm_types.h>
#include <linux/types.h>

#include "pal.h"

/*
 * Pin all pages of the request's sections (the window has none), in their order, of current->mm, into
 * pages[request->nr_pages]. -ENOMEM: over RLIMIT_MEMLOCK, or out of memory;
 * -EOPNOTSUPP: memory of a kind that a PAL may not have (shared, file, huge,
 * device); -EFAULT: not mapped; -EBUSY: shared with another process by fork;
 * -EINTR. Nothing is pinned then.
 */
int pal_pages_pin(const struct pal_request *request, struct page **pages);
/* Pages to lend, of current->mm, which may write to them. The same errors. */
int pal_pages_pin_lent(u64 addr, u32 nr_pages, struct page **pages);
/* The core must have given the frames back. mm may be exiting. */
void pal_pages_unpin(struct mm_struct *mm, struct page **pages, u32 nr_pages);

#endif
