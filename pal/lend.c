// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of Linux's that a PAL sees during one call (docs/abi.md, "Lending"). They
 * are tagged as lent before the PAL's view has them, so that they can become neither
 * the core's nor another PAL's, and until every CPU has dropped what it cached of that
 * view. That Linux does not use them for something else meanwhile is the module's
 * part (it pins them): the core protects PALs from Linux, not Linux from itself.
 */
#include "../vmx/kick.h"
#include "internal.h"

static bool is_lent(const struct pal *pal)
{
	return READ_ONCE(pal->got_frames) > pal->nr_frames && !READ_ONCE(pal->lent_over);
}

static bool lock(struct pal *pal)
{
	return cmpxchg64(&pal->lend_lock, 0, 1);
}

static void unlock(struct pal *pal)
{
	barrier();
	WRITE_ONCE(pal->lend_lock, 0);
}

bool lend_begin(struct pal_context *ctx)
{
	struct pal *pal = ctx->pal;

	if (likely(!is_lent(pal)))
		return true;
	if (!lock(pal))
		return false;
	if (is_lent(pal) && !pal->lent_to)
		pal->lent_to = ctx->index + 1;
	unlock(pal);
	return true;
}

/* By the one context that they are lent to, or with the lock and lent to none. */
void lend_end(struct pal *pal)
{
	view_unmap(&pal->view, GPA((u64)pal->nr_frames << PAGE_SHIFT), pal->got_frames - pal->nr_frames);
	pal->slot->ticket = tlb_flush_begin();
	barrier();
	WRITE_ONCE(pal->lent_over, true);
	barrier();
	WRITE_ONCE(pal->lent_to, 0);
}

/* Joined and locked, ready, and no call has what is lent; else the error. */
static s64 between_calls(u64 id, struct pal **pal)
{
	struct pal_slot *slot = slot_of(id);
	s64 ret = -EAGAIN;

	if (!slot || slot_state(slot) == PAL_FREE)
		return -ENOENT;
	if (!slot_join(slot))
		return -EAGAIN;
	*pal = slot->pal;
	if (slot_state(slot) != PAL_READY || READ_ONCE(slot->dying))
		ret = -EINVAL;
	else if (lock(*pal))
		ret = READ_ONCE((*pal)->lent_to) ? -EBUSY : 0;
	barrier();	/* it was reset after lent_over was set */
	if (ret == -EBUSY)
		unlock(*pal);
	if (ret)
		slot_leave(slot);
	return ret;
}

s64 pal_hc_lend(u64 id, u64 list_gpa, u64 count)
{
	struct pal *pal;
	s64 ret = between_calls(id, &pal);
	u32 i;

	if (ret)
		return ret;
	i = pal->got_frames;
	if (pal->lent_over)
		ret = -EBUSY;
	else if (!count || count > pal->nr_frames + pal->nr_window - i)
		ret = -EINVAL;
	else
		ret = take_some(pal, true, list_gpa, count);
	/* The tables for it were donated; without one the PAL would fault there, and the page come back as any. */
	for (; i < pal->got_frames; i++)
		if (layout_map_lent(pal, i))
			log_event(LOG_ERROR, "BUG: PAL %u: no table for its window", slot_id(pal->slot));
	unlock(pal);
	slot_leave(pal->slot);
	return ret;
}

/* As many as one stay in root may (RULES 11), the last ones first. */
static s64 take_back(struct pal *pal)
{
	u32 nr, id = slot_id(pal->slot);
	int done;

	if (is_lent(pal))
		lend_end(pal);
	if (!pal->lent_over)
		return 0;
	done = tlb_flush_done(pal->slot->ticket);
	if (done < 0)
		pal->slot->ticket = tlb_flush_begin();
	if (done <= 0)
		return done ? done : -EINPROGRESS;
	for (nr = 0; nr < PAL_FRAMES_A_CALL && pal->got_frames > pal->nr_frames; nr++)
		if (frame_return(pal_frame(pal, --pal->got_frames), FRAME_LENT, id))
			log_event(LOG_ERROR, "BUG: PAL %u: a lent frame is not its own", id);
	pal->lent_over = pal->got_frames > pal->nr_frames;
	return pal->lent_over ? -EAGAIN : 0;
}

s64 pal_hc_take_back(u64 id)
{
	struct pal *pal;
	s64 ret = between_calls(id, &pal);

	if (ret)
		return ret;
	ret = take_back(pal);
	unlock(pal);
	slot_leave(pal->slot);
	return ret;
}
