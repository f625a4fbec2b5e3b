// SPDX-License-Identifier: GPL-2.0
/*
 * Pinning (pal_pages.h). FOLL_WRITE and FOLL_FORCE break copy-on-write even of
 * read-only code pages, so each page is anonymous and the owner's alone;
 * FOLL_LONGTERM moves it out of where Linux wants to migrate pages.
 */
#include "state.h"
#include "pal_pages.h"

#include <linux/errno.h>
#include <linux/hugetlb.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#define PIN_FLAGS (FOLL_WRITE | FOLL_LONGTERM)
#define PIN_BATCH 64	/* pages between two looks at signals */

static int check_vmas(struct mm_struct *mm, u64 start, u64 end)
{
	struct vm_area_struct *vma;
	int err = 0;

	mmap_read_lock(mm);
	while (start < end && !err) {
		vma = vma_lookup(mm, start);
		if (!vma)
			err = -EFAULT;
		else if (vma->vm_flags & (VM_SHARED | VM_MAYSHARE | VM_HUGETLB | VM_PFNMAP |
					  VM_MIXEDMAP | VM_IO))
			err = -EOPNOTSUPP;
		else
			start = vma->vm_end;
	}
	mmap_read_unlock(mm);
	return err;
}

static int check_page(struct page *page)
{
	struct folio *folio = page_folio(page);

	/* What check_vmas() saw may have been replaced since. */
	if (!folio_test_anon(folio) || PageHuge(page) || is_zone_device_page(page) ||
	    is_zero_pfn(page_to_pfn(page)))
		return -EOPNOTSUPP;
	/* Of a huge page that is mapped as one, the first page has the flag. */
	if (!PageAnonExclusive(page) && !PageAnonExclusive(&folio->page))
		return -EBUSY;
	return 0;
}

static int pin_section(u64 addr, u32 nr_pages, unsigned int flags, struct page **pages, u32 *nr_pinned)
{
	u32 done = 0, i;
	int n, err;

	while (done < nr_pages) {
		if (fatal_signal_pending(current))
			return -EINTR;
		n = pin_user_pages_fast(addr + ((u64)done << PAGE_SHIFT),
					min_t(u32, nr_pages - done, PIN_BATCH), PIN_FLAGS | flags,
					pages + done);
		if (n <= 0)
			return n ? n : -EFAULT;
		*nr_pinned += n;
		for (i = 0; i < n; i++) {
			err = check_page(pages[done + i]);
			if (err)
				return err;
		}
		done += n;
		cond_resched();
	}
	return 0;
}

int pal_pages_pin(const struct pal_request *q, struct page **pages)
{
	struct mm_struct *mm = current->mm;
	u32 nr_pinned = 0, i;
	int err;

	err = account_locked_vm(mm, q->nr_pages, true);
	if (err)
		return err;
	for (i = 0; i < q->reg.nr_sections && !err; i++) {
		const struct underpin_section *s = &q->section[i];

		if (s->type == UNDERPIN_SECTION_WINDOW)
			continue;
		err = check_vmas(mm, s->addr, s->addr + s->size);
		if (!err)
			err = pin_section(s->addr, s->size >> PAGE_SHIFT, FOLL_FORCE,
					  pages + nr_pinned, &nr_pinned);
	}
	if (err) {
		unpin_user_pages(pages, nr_pinned);
		account_locked_vm(mm, q->nr_pages, false);
	}
	return err;
}

int pal_pages_pin_lent(u64 addr, u32 nr_pages, struct page **pages)
{
	struct mm_struct *mm = current->mm;
	u32 nr_pinned = 0;
	int err;

	err = account_locked_vm(mm, nr_pages, true);
	if (err)
		return err;
	err = check_vmas(mm, addr, addr + ((u64)nr_pages << PAGE_SHIFT));
	if (!err)
		err = pin_section(addr, nr_pages, 0, pages, &nr_pinned);
	if (err) {
		unpin_user_pages(pages, nr_pinned);
		account_locked_vm(mm, nr_pages, false);
	}
	return err;
}

void pal_pages_unpin(struct mm_struct *mm, struct page **pages, u32 nr_pages)
{
	/* Wiped by the core: what is on disk or in swap is not what is here. */
	unpin_user_pages_dirty_lock(pages, nr_pages, true);
	account_locked_vm(mm, nr_pages, false);
}
