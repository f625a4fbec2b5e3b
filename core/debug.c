// SPDX-License-Identifier: GPL-2.0
/* HC_DEBUG, see calls.h. */
#include "calls.h"

#include "../ept/frame.h"
#include "../include/platform.h"
#include "../vmx/kick.h"
#include "sign.h"

/* One frame at a time is on its way, and which way; the ticket of its shoot-down. */
static u64 hide_pfn, hide_ticket;
static bool hiding;
static struct spinlock hide_lock;

/* Only a frame that was hidden so is shown again: the pool stays the core's. */
static s64 move_frame_step(u64 pfn, bool hide)
{
	int ret;

	if (!hide && pfn != hide_pfn)
		return -EACCES;
	if (!hide_ticket) {
		ret = hide ? frame_take(pfn, FRAME_CORE, 0) : frame_return(pfn, FRAME_CORE, 0);
		if (ret)
			return ret;
		hide_pfn = pfn;
		hiding = hide;
		hide_ticket = tlb_flush_begin();
	}
	if (pfn != hide_pfn || hide != hiding)
		return -EBUSY;
	ret = tlb_flush_done(hide_ticket);
	if (!ret)
		return -EINPROGRESS;
	hide_ticket = 0;
	if (hide && ret < 0)
		frame_return(pfn, FRAME_CORE, 0);
	if (!hide || ret < 0)
		hide_pfn = 0;
	return ret < 0 ? ret : 0;
}

static s64 move_frame(u64 pfn, bool hide)
{
	s64 ret;

	if (!spin_trylock(&hide_lock))
		return -EAGAIN;
	ret = move_frame_step(pfn, hide);
	spin_unlock(&hide_lock);
	return ret;
}

static s64 core_frame(u64 index)
{
	u32 i;

	for (i = 0; i < handover.nr_pool; i++) {
		if (index < handover.pool[i].count)
			return handover.pool[i].pfn + index;
		index -= handover.pool[i].count;
	}
	return -ENOENT;
}

static void reset_stats(void)
{
	u32 slot;

	for (slot = 0; slot < handover.nr_cpus; slot++)
		memset(cpu_of_slot(slot)->stat, 0, sizeof(cpu_of_slot(slot)->stat));
}

/* Used up, until the core leaves, but for so many. */
static s64 drain_pool(u64 left)
{
	u32 i;

	for (i = 0; i < 32 && core_pool_free() > left; i++)
		page_alloc(&core_pool);
	return core_pool_free() > left ? -EAGAIN : 0;
}

s64 debug_call(struct cpu *cpu, u64 op, u64 arg)
{
	if (!(handover.flags & HANDOVER_DEBUG))
		return -EPERM;
	switch (op) {
	case DEBUG_CRASH_PAGE_FAULT:
		return *(volatile u8 *)(CORE_CPU_BASE + cpu->slot * CORE_CPU_STRIDE);
	case DEBUG_CRASH_UD:
		__asm__ volatile("ud2");
		return 0;
	case DEBUG_CRASH_SIGNING:
		sign_crashes = true;
		return 0;
	case DEBUG_HIDE_FRAME:
		return move_frame(arg, true);
	case DEBUG_SHOW_FRAME:
		return move_frame(arg, false);
	case DEBUG_CORE_FRAME:
		return core_frame(arg);
	case DEBUG_RESET_STATS:
		reset_stats();
		return 0;
	case DEBUG_DRAIN_POOL:
		return drain_pool(arg);
	case DEBUG_OWNER:
		return frame_owner(arg, NULL);
	default:
		return -EINVAL;
	}
}
