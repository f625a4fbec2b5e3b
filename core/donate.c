// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that Linux gives while the core runs, because tables of EPT01 are short
 * (RULES 6), and their way back. A page is used only when every CPU has lost it
 * (RULES 4); it is Linux's again only when no CPU has what stood in its place.
 * Any page that is free goes back, whichever it is. Next: core/pool.c.
 */
#include "../ept/frame.h"
#include "../ept/guest_memory.h"
#include "../ept/main_view.h"
#include "../include/platform.h"
#include "../vmx/kick.h"
#include "calls.h"
#include "pool.h"

#define PAGES_A_CALL 6	/* each may split a page of 1 GiB and one of 2 MiB: 7,000 */
#define BATCH 64

struct page_pool donated_pool;	/* nr_total: with those in use */

static struct spinlock donate_lock;
static u64 coming[BATCH];	/* taken, but CPUs may still use them */
static u32 nr_coming;
static u64 coming_ticket, going_ticket;	/* 0: no flush was begun */
static bool going, refused;

/* A CPU did not come: they are Linux's as before, some at each call. */
static s64 refuse(void)
{
	u32 i;

	for (i = 0; i < PAGES_A_CALL && nr_coming; i++)
		frame_return(coming[--nr_coming], FRAME_CORE, 0);
	refused = nr_coming;
	if (refused)
		return -EINPROGRESS;
	coming_ticket = 0;
	return -ETIMEDOUT;
}

/* -EINPROGRESS, 0, -ETIMEDOUT. */
static s64 arrive(void)
{
	int ret;

	if (!nr_coming)
		return 0;
	if (!coming_ticket)
		coming_ticket = tlb_flush_begin();
	ret = refused ? -ETIMEDOUT : tlb_flush_done(coming_ticket);
	if (ret < 0)
		return refuse();
	if (!ret)
		return -EINPROGRESS;
	for (; nr_coming; nr_coming--) {
		page_free(&donated_pool, HPA(coming[nr_coming - 1] << PAGE_SHIFT));
		donated_pool.nr_total++;
	}
	coming_ticket = 0;
	return 0;
}

static s64 take(u64 list_gpa, u64 count)
{
	u64 pfn[PAGES_A_CALL];
	u32 i, nr = BATCH - nr_coming;
	s64 err;

	if (coming_ticket || !nr)
		return -EBUSY;
	nr = nr < PAGES_A_CALL ? nr : PAGES_A_CALL;
	nr = count < nr ? count : nr;
	if (guest_read(GPA(list_gpa), pfn, nr * sizeof(*pfn)))
		return -EFAULT;
	for (i = 0; i < nr; i++) {
		err = frame_take(pfn[i], FRAME_CORE, 0);
		if (err)
			return i ? i : err;
		coming[nr_coming++] = pfn[i];
	}
	return nr;
}

s64 donate_call(u64 list_gpa, u64 count)
{
	s64 ret;

	if (!spin_trylock(&donate_lock))
		return -EAGAIN;
	ret = count ? take(list_gpa, count) : arrive();
	spin_unlock(&donate_lock);
	return ret;
}

static s64 give_back(u64 list_gpa)
{
	u64 pfn[PAGES_A_CALL];
	hpa_t page;
	u32 nr = 0;
	int ret;

	/* Tables that merges freed are among them when all CPUs have flushed. */
	if (main_view_reclaim_step() == -EAGAIN)
		return -EINPROGRESS;
	while (nr < PAGES_A_CALL && (page = page_alloc(&donated_pool)).v) {
		donated_pool.nr_total--;
		pfn[nr++] = page.v >> PAGE_SHIFT;
		frame_return(page.v >> PAGE_SHIFT, FRAME_CORE, 0);
	}
	if (nr) {
		going = true;
		going_ticket = 0;
		/* A list that cannot be written is Linux's loss: it knows what it gave. */
		return guest_write(GPA(list_gpa), pfn, nr * sizeof(*pfn)) ? -EFAULT : (s64)nr;
	}
	if (!going)
		return 0;
	if (!going_ticket)
		going_ticket = tlb_flush_begin();
	ret = tlb_flush_done(going_ticket);
	if (!ret)
		return -EINPROGRESS;
	going_ticket = 0;
	going = ret < 0;
	return ret < 0 ? ret : 0;
}

s64 reclaim_call(u64 list_gpa)
{
	s64 ret;

	if (!spin_trylock(&donate_lock))
		return -EAGAIN;
	ret = give_back(list_gpa);
	spin_unlock(&donate_lock);
	return ret;
}
