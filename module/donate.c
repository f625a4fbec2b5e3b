// SPDX-License-Identifier: GPL-2.0
/*
 * See donate.h. Blocks of 8 to 64 pages: each page of a block that lies in one large
 * page of the EPT costs no table of its own, so that there is something left of them.
 *
 * Locking: given_mutex, inside cpus_read_lock().
 */
#include "state.h"
#include "donate.h"

#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/xarray.h>

#include "hypercall.h"
#include "nudge.h"

#define MAX_ORDER_GIVEN 6
#define MIN_ORDER_GIVEN 3
#define GIVE_TRIES 20000	/* a second or so */
#define RECLAIM_TRIES 50	/* of 20 ms: a CPU that does not answer */
#define RECLAIM_NUDGES 300000	/* half a minute or so */
#define BACK XA_MARK_0		/* the core has given it back; CPUs may not have flushed */

static DEFINE_XARRAY(given);	/* struct page by pfn */
static DEFINE_MUTEX(given_mutex);

/* Wait until the pages that the core took are private. */
static s64 settle(void)
{
	u32 nudges = 0;
	s64 ret;

	while ((ret = hypercall(HC_DONATE, 0, 0, 0)) == -EINPROGRESS || ret == -EAGAIN) {
		nudge_cpus(&nudges);
		cond_resched();
	}
	return ret;
}

/* How many of them it took. */
static u32 give(const u64 *list, u32 nr)
{
	u32 done = 0, settled = 0, again = 0, nudges = 0;
	s64 ret;

	while (done < nr) {
		ret = hypercall(HC_DONATE, __pa(list + done), nr - done, 0);
		/* The batch is full; or the core holds the page, for as long as a guest uses it. */
		if (ret == -EBUSY && done > settled) {
			settled = done;
			ret = settle();
		}
		if (ret == -EAGAIN && again++ < GIVE_TRIES) {
			nudge_cpus(&nudges);
			continue;
		}
		if (ret < 0 || ret > nr - done)
			break;
		done += ret;
		cond_resched();
	}
	return done;
}

static struct page *block(u64 missing, unsigned int *order)
{
	struct page *page;

	for (*order = MAX_ORDER_GIVEN; *order >= MIN_ORDER_GIVEN; --*order) {
		if (*order > MIN_ORDER_GIVEN && 1ull << (*order - 1) >= missing)
			continue;
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO | __GFP_NOWARN | __GFP_NORETRY, *order);
		if (page) {
			split_page(page, *order);
			return page;
		}
	}
	return NULL;
}

static void forget(const u64 *list, u32 from, u32 to)
{
	for (; from < to; from++) {
		xa_erase(&given, list[from]);
		__free_page(pfn_to_page(list[from]));
	}
}

static int donate_block(u64 missing, u64 *list)
{
	unsigned int order, i, nr, done = 0;
	struct page *page = block(missing, &order);
	int err = 0;

	if (!page)
		return -ENOMEM;
	nr = 1u << order;
	for (i = 0; i < nr; i++) {
		list[i] = page_to_pfn(page + i);
		if (!err)
			err = xa_err(xa_store(&given, list[i], page + i, GFP_KERNEL));
	}
	if (!err)
		done = give(list, nr);
	forget(list, done, nr);
	/* Where a CPU does not answer they stay here, unused, until the core has left. */
	return !done || settle() ? -ENOMEM : 0;
}

int donate_pages(u64 missing)
{
	u64 *list = (u64 *)__get_free_page(GFP_KERNEL);
	int err = -ENOMEM;

	if (!list)
		return -ENOMEM;
	mutex_lock(&given_mutex);
	if (!fatal_signal_pending(current))
		err = donate_block(missing, list);
	mutex_unlock(&given_mutex);
	free_page((unsigned long)list);
	return err;
}

static void free_marked(void)
{
	struct page *page;
	unsigned long pfn;

	xa_for_each_marked(&given, pfn, page, BACK) {
		xa_erase(&given, pfn);
		__free_page(page);
	}
}

static void take_back(u64 *list)
{
	u32 nudges = 0, tries = RECLAIM_TRIES, i;
	s64 ret;

	do {
		ret = hypercall(HC_RECLAIM, __pa(list), 0, 0);
		for (i = 0; ret > 0 && i < ret; i++)
			xa_set_mark(&given, list[i], BACK);
		if (ret == -EINPROGRESS) {
			nudge_cpus(&nudges);
		} else if (ret == -ETIMEDOUT && --tries) {
			msleep(20);
			ret = -EAGAIN;
		}
		cond_resched();
		/* Another time, where CPUs do not come: the pages stay here until then. */
	} while (nudges < RECLAIM_NUDGES && (ret > 0 || ret == -EINPROGRESS || ret == -EAGAIN));
	if (!ret)
		free_marked();
}

void donate_reclaim(void)
{
	u64 *list = (u64 *)__get_free_page(GFP_KERNEL);

	if (!list)
		return;		/* the next one does it */
	cpus_read_lock();
	mutex_lock(&given_mutex);
	if (!xa_empty(&given))
		take_back(list);
	mutex_unlock(&given_mutex);
	cpus_read_unlock();
	free_page((unsigned long)list);
}

void donate_free_all(void)
{
	struct page *page;
	unsigned long pfn;

	xa_for_each(&given, pfn, page) {
		clear_highpage(page);
		__free_page(page);
	}
	xa_destroy(&given);
}

void donate_leak(void)
{
	xa_destroy(&given);
}
