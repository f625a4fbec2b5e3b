// SPDX-License-Identifier: GPL-2.0
/* Physical memory of the core: the direct map, the page pool, spinlocks. */
#include "pool.h"

#include "../include/platform.h"
#include "../vmx/cpu.h"
#include "../vmx/msr_index.h"

struct page_pool core_pool;
static struct spinlock core_pool_lock;

/* The range that held the last answer: page-table walks stay close together. */
static bool in_ram(u64 pfn)
{
	static u32 last;
	u32 i = READ_ONCE(last), lo = 0, hi = handover.nr_ram;

	if (i < hi && pfn - handover.ram[i].pfn < handover.ram[i].count)
		return true;
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (pfn < handover.ram[mid].pfn) {
			hi = mid;
		} else if (pfn - handover.ram[mid].pfn < handover.ram[mid].count) {
			WRITE_ONCE(last, mid);
			return true;
		} else {
			lo = mid + 1;
		}
	}
	return false;
}

void *phys_to_virt(hpa_t pa)
{
	if (pa.v >= CORE_DIRECT_SIZE)
		return NULL;
	if (!in_ram(pa.v >> PAGE_SHIFT) && (pa.v & PAGE_MASK) != APIC_BASE_DEFAULT)
		return NULL;
	return (void *)(CORE_DIRECT_BASE + pa.v);
}

hpa_t virt_to_phys(const void *va)
{
	return HPA((u64)va - CORE_DIRECT_BASE);
}

/* A page of what Linux gave at load. */
static bool is_own(u64 pfn)
{
	u32 lo = 0, hi = handover.nr_pool;

	/* The module has them in order. */
	while (lo < hi) {
		u32 mid = (lo + hi) / 2;

		if (pfn - handover.pool[mid].pfn < handover.pool[mid].count)
			return true;
		if (pfn < handover.pool[mid].pfn)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

/* Pools of one PAL, or under frame_lock, are their callers' to lock. */
static bool needs_lock(const struct page_pool *pool)
{
	return pool == &core_pool || pool == &donated_pool;
}

u32 core_pool_free(void)
{
	return READ_ONCE(core_pool.nr_free) + READ_ONCE(donated_pool.nr_free);
}

hpa_t page_alloc(struct page_pool *pool)
{
	bool lock = needs_lock(pool);
	hpa_t page;
	u64 *words;

	if (lock)
		spin_lock(&core_pool_lock);
	if (pool == &core_pool && !pool->head.v)
		pool = &donated_pool;
	page = pool->head;
	if (page.v) {
		words = phys_to_virt(page);
		pool->head = HPA(words[0]);
		pool->nr_free--;
	}
	if (lock)
		spin_unlock(&core_pool_lock);
	if (page.v)
		memset(phys_to_virt(page), 0, PAGE_SIZE);
	return page;
}

void page_free(struct page_pool *pool, hpa_t page)
{
	u64 *words = phys_to_virt(page);
	bool lock = needs_lock(pool);

	if (pool == &core_pool && !is_own(page.v >> PAGE_SHIFT))
		pool = &donated_pool;
	if (lock)
		spin_lock(&core_pool_lock);
	words[0] = pool->head.v;
	pool->head = page;
	pool->nr_free++;
	if (lock)
		spin_unlock(&core_pool_lock);
}

int pool_init(void)
{
	u32 i;
	u64 n;

	core_pool = (struct page_pool){ HPA(0), 0, 0 };
	donated_pool = core_pool;
	for (i = 0; i < handover.nr_free; i++)
		for (n = handover.free[i].count; n--;)
			page_free(&core_pool, HPA((handover.free[i].pfn + n) << PAGE_SHIFT));
	core_pool.nr_total = core_pool.nr_free;
	return 0;
}

/* For fatal.c: what a bug leaves locked is opened again. */
static void note_held(struct spinlock *lock)
{
	struct cpu *cpu = this_cpu();

	if (cpu->nr_held < CPU_MAX_HELD)
		cpu->held[cpu->nr_held++] = lock;
}

void spin_lock(struct spinlock *lock)
{
	while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		while (READ_ONCE(lock->locked))
			cpu_relax();
	note_held(lock);
}

bool spin_trylock(struct spinlock *lock)
{
	if (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE))
		return false;
	note_held(lock);
	return true;
}

void spin_unlock(struct spinlock *lock)
{
	struct cpu *cpu = this_cpu();

	if (cpu->nr_held && cpu->held[cpu->nr_held - 1] == lock)
		cpu->nr_held--;
	__atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE);
}

void locks_release_all(struct cpu *cpu)
{
	while (cpu->nr_held)
		__atomic_store_n(&cpu->held[--cpu->nr_held]->locked, 0, __ATOMIC_RELEASE);
}
