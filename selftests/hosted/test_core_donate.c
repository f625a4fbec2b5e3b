// SPDX-License-Identifier: GPL-2.0
/* link: core/donate.c ept */
/*
 * Pages that Linux gives the core while it runs (RULES 6, 4, 5): by a Linux that
 * keeps to the protocol, one that does not, and one whose CPUs do not answer. Each
 * page is at one place at each time, none is used while a CPU may write to it, and
 * none is Linux's while a CPU may still read what stood in its place.
 */
#include "../../core/calls.h"
#include "../../core/pool.h"
#include "ept_machine.h"

#define NR_CPUS 2
#define LIST 0x2f00ull		/* pfn of the page with lists */
#define MINE 0x1000ull		/* frames that Linux gives, from here on */
#define NR_MINE 512

/* vmx/kick.h, with a CPU that may never come. */
static u64 asked, reached[NR_CPUS];
static bool given_up;

u64 tlb_flush_begin(void)
{
	reached[fake_cpu] = ++asked;
	fake_tlb_invept(fake_cpu, 2, 0);
	return asked;
}

int tlb_flush_done(u64 ticket)
{
	u32 i;

	for (i = 0; i < NR_CPUS; i++)
		if (reached[i] < ticket)
			return given_up ? -ETIMEDOUT : 0;
	return 1;
}

static void visit(u32 cpu)
{
	fake_tlb_invept(cpu, 2, 0);
	reached[cpu] = asked;
}

static void all_visit(void)
{
	visit(0);
	visit(1);
}

static u64 *list(void)
{
	return phys_to_virt(HPA(LIST << PAGE_SHIFT));
}

static void start(u32 nr_pool)
{
	/* What the test before left on its way. */
	while (fake_nr_cpus && donate_call(0, 0) == -EINPROGRESS)
		all_visit();
	check(machine_start(NR_CPUS, nr_pool, NULL) == 0);
	fake_cpu = 0;
	memset(&donated_pool, 0, sizeof(donated_pool));
}

static s64 give(u64 pfn, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		list()[i] = pfn + i;
	return donate_call(LIST << PAGE_SHIFT, count);
}

/* All of it, as the module does. */
static void give_all(u64 pfn, u32 count)
{
	s64 ret;

	while (count) {
		ret = give(pfn, count);
		if (ret == -EBUSY)
			while ((ret = donate_call(0, 0)) == -EINPROGRESS)
				all_visit();
		check(ret >= 0);
		pfn += ret;
		count -= ret;
	}
	while (donate_call(0, 0) == -EINPROGRESS)
		all_visit();
}

static bool is_linux(u64 pfn)
{
	return frame_owner(pfn, NULL) == FRAME_LINUX;
}

static void waits_for_all(void)
{
	int answer;
	hpa_t hpa;

	start(1000);
	/* CPU 1 has it in its TLB, writable. */
	check(machine_access(1, MINE << PAGE_SHIFT, 2, &hpa, &answer) && hpa.v == MINE << PAGE_SHIFT);
	fake_cpu = 0;
	check(give(MINE, 3) == 3);
	check(frame_owner(MINE, NULL) == FRAME_CORE && !donated_pool.nr_free);
	check(donate_call(0, 0) == -EINPROGRESS && donate_call(0, 0) == -EINPROGRESS);
	ok(!donated_pool.nr_free && !page_alloc(&donated_pool).v, "a page is not used before every CPU has lost it");
	ok(give(MINE + 3, 1) == -EBUSY, "nor does the batch grow while CPUs are waited for");
	visit(1);
	fake_cpu = 0;
	ok(donate_call(0, 0) == 0 && donated_pool.nr_free == 3 && donated_pool.nr_total == 3, "then it is");
	check(machine_access(1, MINE << PAGE_SHIFT, 1, &hpa, &answer) && hpa.v != MINE << PAGE_SHIFT);
	ok(donate_call(0, 0) == 0 && donated_pool.nr_free == 3, "asking again changes nothing");
}

static void what_is_refused(void)
{
	start(1000);
	check(frame_take(MINE + 7, FRAME_PAL, 3) == 0 && frame_take(MINE + 8, FRAME_LENT, 3) == 0);
	check(frame_hold(MINE + 9) == 0);
	ok(give(MINE + 7, 1) == -EBUSY && give(MINE + 8, 1) == -EBUSY, "a PAL's frame, a lent one: EBUSY");
	ok(give(MINE + 9, 1) == -EBUSY, "one that is held: EBUSY");
	ok(give(0x4000, 1) == -EBUSY, "the core's own: EBUSY");
	ok(give(0x9000, 1) == -EFAULT && give(~0ull, 1) == -EFAULT && give(1ull << 52, 1) == -EFAULT,
	   "what is no RAM: EFAULT");
	list()[0] = list()[1] = MINE;
	ok(donate_call(LIST << PAGE_SHIFT, 2) == 1 && donate_call((LIST << PAGE_SHIFT) + 8, 1) == -EBUSY,
	   "the same twice: taken once");
	ok(give(LIST, 1) == 1 && donate_call(LIST << PAGE_SHIFT, 8) != 8, "the list itself: it is gone then");
	ok(donate_call(0x9000ull << PAGE_SHIFT, 1) == -EFAULT && donate_call(~0ull, 1) == -EFAULT,
	   "a list that is nowhere: EFAULT");
	frame_drop(MINE + 9);
}

static void batch_is_bounded(void)
{
	u32 n = 0;
	s64 ret;

	start(1000);
	while ((ret = give(MINE + n, ~0u >> 20)) > 0) {
		check(ret <= 8);
		n += ret;
	}
	ok(ret == -EBUSY && n == 64, "64 pages wait at most, some a call");
}

static void nobody_answers(void)
{
	u32 i;

	start(1000);
	check(give(MINE, 6) == 6 && donate_call(0, 0) == -EINPROGRESS);
	given_up = true;
	ok(donate_call(0, 0) == -ETIMEDOUT && !donated_pool.nr_total, "a CPU that does not come: ETIMEDOUT");
	given_up = false;
	for (i = 0; i < 60; )
		i += give(MINE + i, 60 - i);
	check(donate_call(0, 0) == -EINPROGRESS);
	given_up = true;
	for (i = 0; donate_call(0, 0) == -EINPROGRESS; i++)
		check(give(MINE + 100, 1) == -EBUSY);
	ok(i == 9 && !donated_pool.nr_total, "sixty of them go back in steps");
	given_up = false;
	for (i = 0; i < 60; i++)
		check(is_linux(MINE + i));
	ok(give(MINE, 6) == 6, "the pages are Linux's as before, and can be given again");
}

static void reserve(void)
{
	u64 pfn = 0x100000 + 512;
	u32 n = 0;
	int err;

	start(1000);
	while (core_pool_free() > 12)
		page_alloc(&core_pool);
	/* One frame of each 2 MiB: a table each. */
	while (!(err = frame_take(pfn + 512 * n, FRAME_PAL, 1)))
		n++;
	check(frame_pages_missing(1) == 3 && frame_pages_missing(6) == 13 && frame_pages_missing(0) == 1);
	ok(err == -ENOMEM && core_pool_free() == 7, "a PAL's frames leave the tables that a donation needs");
	ok(give(MINE, 6) == 6, "so a donation works then");
}

static void way_back(void)
{
	u32 i, n = 0;
	s64 ret;

	start(1000);
	give_all(MINE, 100);
	for (i = 0; i < 10; i++)
		check(page_alloc(&donated_pool).v);
	for (;;) {
		ret = reclaim_call(LIST << PAGE_SHIFT);
		if (ret <= 0)
			break;
		check(ret <= 8);
		for (i = 0; i < ret; i++) {
			const u64 *p = phys_to_virt(HPA(list()[i] << PAGE_SHIFT));

			check(is_linux(list()[i]) && list()[i] - MINE < 100);
			check(!p[0] && !p[511]);
		}
		n += ret;
	}
	ok(n == 90 && donated_pool.nr_total == 10, "what is free goes back, wiped; what is in use stays");
	ok(ret == -EINPROGRESS && reclaim_call(LIST << PAGE_SHIFT) == -EINPROGRESS, "and is Linux's when all CPUs have flushed");
	all_visit();
	fake_cpu = 0;
	ok(reclaim_call(LIST << PAGE_SHIFT) == 0 && reclaim_call(LIST << PAGE_SHIFT) == 0, "then the answer is 0");
}

/* A page that comes free while CPUs are waited for is not on the older ticket. */
static void late_page(void)
{
	hpa_t use[2];
	u32 i;

	start(1000);
	give_all(MINE, 10);
	for (i = 0; i < 2; i++)
		use[i] = page_alloc(&donated_pool);
	while (reclaim_call(LIST << PAGE_SHIFT) > 0)
		;
	all_visit();
	fake_cpu = 0;
	page_free(&donated_pool, use[0]);
	check(reclaim_call(LIST << PAGE_SHIFT) == 1);
	ok(reclaim_call(LIST << PAGE_SHIFT) == -EINPROGRESS, "a page that comes free meanwhile waits for a flush of its own");
	all_visit();
	fake_cpu = 0;
	ok(reclaim_call(LIST << PAGE_SHIFT) == 0, "and is Linux's after that");
}

/* In any order, with lists that may be anything: no page at two places, none lost. */
static void any_order(void)
{
	u32 step, i, used = 0, owned, nr_linux;
	hpa_t use[32];

	start(1000);
	for (step = 0; step < 30000; step++) {
		fake_cpu = fake_below(NR_CPUS);
		switch (fake_below(7)) {
		case 0:
		case 1:
			for (i = 0; i < 8; i++)
				list()[i] = MINE + fake_below(NR_MINE);
			donate_call(LIST << PAGE_SHIFT, fake_below(9));
			break;
		case 2:
			donate_call(0, 0);
			break;
		case 3:
			reclaim_call(LIST << PAGE_SHIFT);
			break;
		case 4:
			visit(fake_cpu);
			break;
		case 5:
			if (used < ARRAY_SIZE(use) && (use[used] = page_alloc(&donated_pool)).v)
				used++;
			break;
		case 6:
			if (used)
				page_free(&donated_pool, use[--used]);
		}
		if (step % 97)
			continue;
		nr_linux = 0;
		for (i = 0; i < NR_MINE; i++)
			nr_linux += is_linux(MINE + i);
		owned = NR_MINE - nr_linux;
		check(donated_pool.nr_total == donated_pool.nr_free + used);
		check(owned >= donated_pool.nr_total && owned <= donated_pool.nr_total + 64);
		for (i = 0; i < used; i++)
			check(frame_owner(use[i].v >> PAGE_SHIFT, NULL) == FRAME_CORE);
	}
	ok(1, "30,000 calls in any order: the pages add up");
}

int main(void)
{
	waits_for_all();
	what_is_refused();
	batch_is_bounded();
	nobody_answers();
	reserve();
	way_back();
	late_page();
	any_order();
	return tap_finish();
}
