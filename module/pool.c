// SPDX-License-Identifier: GPL-2.0
/*
 * The pool (pool.h): blocks of 2 MiB where they can be had, so that hiding them
 * splits few large pages of the EPT, then smaller ones. Each page is an order-0
 * page of its own after split_page(), so that every one can go back alone.
 *
 * With pool_range= what Linux offers elsewhere is held until the pool is whole, so
 * that it offers other blocks; without __GFP_RETRY_MAYFAIL, so that nobody is killed for it.
 */
#include "state.h"
#include "pool.h"

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/highmem.h>
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <linux/version.h>

#define BLOCK_ORDER 9	/* 2 MiB */

static struct core_extent extents[CORE_MAX_EXTENTS];
static unsigned int nr_extents;
static unsigned long nr_pool_pages;
/* Where pool_take() goes on. */
static unsigned int next_extent;
static u64 next_page;

/* pool_range=, in bytes; and what lies elsewhere, each block begins with the next one's address. */
static u64 range_from, range_to = U64_MAX;
static bool range_given;
static void *elsewhere __initdata;

int __init pool_set_range(const char *range)
{
	char *end = (char *)range;

	range_from = *end == '-' ? 0 : memparse(end, &end);
	if (*end == '-' && *++end)
		range_to = memparse(end, &end);
	else if (end == range || end[-1] != '-')
		end = "?";
	range_given = true;
	if (!*end && range_from < range_to)
		return 0;
	pr_err("pool_range=%s is no range of addresses: FROM-TO, FROM- or -TO, as in pool_range=1G-2G\n",
	       range);
	return -EINVAL;
}

static int __init compare_extents(const void *a, const void *b)
{
	const struct core_extent *x = a, *y = b;

	return x->pfn < y->pfn ? -1 : x->pfn > y->pfn;
}

static void __init coalesce(void)
{
	unsigned int from, to = 0;

	sort(extents, nr_extents, sizeof(extents[0]), compare_extents, NULL);
	for (from = 1; from < nr_extents; from++) {
		if (extents[to].pfn + extents[to].count == extents[from].pfn)
			extents[to].count += extents[from].count;
		else
			extents[++to] = extents[from];
	}
	nr_extents = nr_extents ? to + 1 : 0;
}

static struct page *__init alloc_block(unsigned int order)
{
	struct page *page;

	while ((page = alloc_pages(GFP_KERNEL | __GFP_NOWARN |
				   (order ? __GFP_NORETRY : __GFP_RETRY_MAYFAIL), order))) {
		void **block = page_address(page);
		u64 at = (u64)page_to_pfn(page) << PAGE_SHIFT;

		if (at >= range_from && at + (PAGE_SIZE << order) <= range_to) {
			memset(block, 0, PAGE_SIZE << order);
			break;
		}
		*block = elsewhere;
		elsewhere = block;
		cond_resched();
	}
	return page;
}

static void __init free_elsewhere(void)
{
	while (elsewhere) {
		void **block = elsewhere;

		elsewhere = *block;
		free_pages((unsigned long)block, BLOCK_ORDER);
	}
}

/* One block of at most 2^order pages; 0, or -ENOMEM. */
static int __init add_block(unsigned int order)
{
	struct page *page;

	if (nr_extents == CORE_MAX_EXTENTS)
		coalesce();
	if (nr_extents == CORE_MAX_EXTENTS)
		return -ENOMEM;
	page = alloc_block(order);
	if (!page)
		return -ENOMEM;
	if (order)
		split_page(page, order);
	extents[nr_extents++] = (struct core_extent){ page_to_pfn(page), 1ul << order };
	nr_pool_pages += 1ul << order;
	return 0;
}

static int __init fill_range(unsigned long nr_pages)
{
	while (nr_pool_pages < nr_pages && !add_block(BLOCK_ORDER))
		;
	free_elsewhere();
	if (nr_pool_pages >= nr_pages)
		return 0;
	pr_err("not enough memory in pool_range: %lu KiB are needed there in blocks of 2 MiB, %lu KiB could be had; give a larger range, or load earlier\n",
	       nr_pages * 4, nr_pool_pages * 4);
	return -ENOMEM;
}

static int __init fill(unsigned long nr_pages)
{
	unsigned int order = BLOCK_ORDER;

	while (nr_pool_pages < nr_pages) {
		while (order && 1ul << order > nr_pages - nr_pool_pages)
			order--;
		if (!add_block(order))
			continue;
		if (!order) {
			pr_err("not enough memory: %lu KiB are needed, %lu KiB could be had%s; free some and load again\n",
			       nr_pages * 4, nr_pool_pages * 4,
			       nr_extents == CORE_MAX_EXTENTS ? " (in too many pieces)" : "");
			return -ENOMEM;
		}
		order--;
	}
	return 0;
}

int __init pool_create(unsigned long nr_pages)
{
	long available = si_mem_available();
	int err;

	/* Nobody else may starve for a load that cannot succeed. */
	if (available < 0 || nr_pages > available) {
		pr_err("not enough memory: %lu KiB are needed, %ld KiB are available; free some and load again\n",
		       nr_pages * 4, max(available, 0l) * 4);
		return -ENOMEM;
	}
	err = range_given ? fill_range(nr_pages) : fill(nr_pages);
	if (err)
		pool_destroy();
	else
		coalesce();
	return err;
}

u64 __init pool_take(void)
{
	u64 pfn;

	if (next_extent >= nr_extents)
		return 0;
	pfn = extents[next_extent].pfn + next_page;
	if (++next_page == extents[next_extent].count) {
		next_extent++;
		next_page = 0;
	}
	return pfn << PAGE_SHIFT;
}

unsigned int __init pool_extents(struct core_extent *out)
{
	memcpy(out, extents, nr_extents * sizeof(extents[0]));
	return nr_extents;
}

unsigned int __init pool_rest(struct core_extent *out)
{
	unsigned int i, n = 0;

	for (i = next_extent; i < nr_extents; i++) {
		u64 skip = i == next_extent ? next_page : 0;

		out[n++] = (struct core_extent){ extents[i].pfn + skip, extents[i].count - skip };
	}
	return n;
}

const struct core_extent *pool_extent(unsigned int i)
{
	return i < nr_extents ? &extents[i] : NULL;
}

unsigned long pool_pages(void)
{
	return nr_pool_pages;
}

void pool_destroy(void)
{
	unsigned int i;
	u64 k;

	for (i = 0; i < nr_extents; i++) {
		for (k = 0; k < extents[i].count; k++) {
			struct page *page = pfn_to_page(extents[i].pfn + k);

			clear_highpage(page);
			__free_page(page);
		}
		cond_resched();
	}
	pool_leak();
}

void pool_leak(void)
{
	nr_extents = 0;
	nr_pool_pages = 0;
	next_extent = 0;
	next_page = 0;
}
