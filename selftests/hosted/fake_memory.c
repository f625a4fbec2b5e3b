// SPDX-License-Identifier: GPL-2.0
/* RAM, pools, locks of the fake machine. See fake.h. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "fake.h"

#define WEAK __attribute__((weak))

const struct core_extent fake_ram[3] = {
	{ 0, 0xa0 }, { 0x100, 0x8000 - 0x100 }, { 0x100000, 0x50000 },
};
const struct core_extent fake_pool_extent[FAKE_NR_POOL_EXTENTS] = {
	{ 0x4000, 512 }, { 0x101, 1 }, { 0x103, 3 }, { 0x7fff, 1 }, { 0x2010, 100 }, { 0x3000, 199 },
	{ 0x100000, 1 }, { 0x100203, 2 }, { 0x110000, 200 }, { 0x10ffff, 1 }, { 0x5001, 190 },
	{ 0x9e, 2 },
};
WEAK struct page_pool core_pool;

static u8 *ram;
static u32 link_of[FAKE_NR_FRAMES];	/* next free frame; outside of the page itself */
static u8 is_free[FAKE_NR_FRAMES];

bool fake_is_ram(u64 pfn)
{
	u32 i;

	for (i = 0; i < 3; i++)
		if (pfn - fake_ram[i].pfn < fake_ram[i].count)
			return true;
	return false;
}

WEAK void *phys_to_virt(hpa_t pa)
{
	return fake_is_ram(pa.v >> PAGE_SHIFT) ? ram + pa.v : NULL;
}

WEAK hpa_t virt_to_phys(const void *va)
{
	return HPA((u64)((const u8 *)va - ram));
}

static void fail(const char *what)
{
	fprintf(stderr, "fake machine: %s\n", what);
	abort();
}

WEAK hpa_t page_alloc(struct page_pool *pool)
{
	hpa_t page = pool->head;

	if (!page.v)
		return page;
	pool->head = HPA((u64)link_of[page.v >> PAGE_SHIFT] << PAGE_SHIFT);
	pool->nr_free--;
	is_free[page.v >> PAGE_SHIFT] = 0;
	memset(ram + page.v, 0, PAGE_SIZE);
	return page;
}

WEAK void page_free(struct page_pool *pool, hpa_t page)
{
	u64 pfn = page.v >> PAGE_SHIFT, *p = phys_to_virt(page);
	u32 i;

	if (!p || (page.v & ~PAGE_MASK))
		fail("free of what is not a page of RAM");
	if (is_free[pfn])
		fail("double free of a page");
	is_free[pfn] = 1;
	for (i = 0; i < 512; i++)
		p[i] = FAKE_CANARY_PFN << PAGE_SHIFT | 0x37;
	link_of[pfn] = pool->head.v >> PAGE_SHIFT;
	pool->head = page;
	pool->nr_free++;
}

WEAK u32 core_pool_free(void)
{
	return core_pool.nr_free;
}

bool fake_page_is_free(hpa_t page)
{
	return is_free[page.v >> PAGE_SHIFT];
}

void fake_pool_init(struct page_pool *pool, u64 pfn, u32 count)
{
	*pool = (struct page_pool){ 0 };
	while (count--)
		page_free(pool, HPA((pfn + count) << PAGE_SHIFT));
	pool->nr_total = pool->nr_free;
}

void fake_memory_reset(u32 nr_pool)
{
	u32 i, j;

	if (ram)
		munmap(ram, FAKE_RAM_END);
	ram = mmap(NULL, FAKE_RAM_END, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (ram == MAP_FAILED)
		fail("no memory");
	memset(is_free, 0, sizeof(is_free));
	core_pool = (struct page_pool){ 0 };
	for (i = 0; i < FAKE_NR_POOL_EXTENTS; i++)
		for (j = 0; j < fake_pool_extent[i].count && nr_pool; j++, nr_pool--)
			page_free(&core_pool, HPA((fake_pool_extent[i].pfn + j) << PAGE_SHIFT));
	core_pool.nr_total = core_pool.nr_free;
}

/* One thread: who finds a lock taken would spin for ever. */
WEAK void spin_lock(struct spinlock *lock)
{
	if (lock->locked)
		fail("deadlock: a lock is taken twice");
	lock->locked = 1;
}

WEAK bool spin_trylock(struct spinlock *lock)
{
	if (lock->locked)
		return false;
	lock->locked = 1;
	return true;
}

WEAK void spin_unlock(struct spinlock *lock)
{
	if (!lock->locked)
		fail("unlock of a free lock");
	lock->locked = 0;
}
