// SPDX-License-Identifier: GPL-2.0
/*
 * The life of a PAL, step by step (RULES 4, 6, 11); enum pal_state in pal.h has
 * the order. Whoever steps holds the claim, so no CPU runs the PAL meanwhile.
 *
 * Two shoot-downs on the way up: the donated pages must be private before the
 * core writes anything there, the frames before they are hashed. One on the way
 * down, at the very end, for frames and donated pages together; it also drops
 * what any CPU cached of the PAL's view before those pages can be used again.
 */
#include "../ept/main_view.h"
#include "../vmx/kick.h"
#include "internal.h"

static void set_state(struct pal_slot *slot, enum pal_state state)
{
	barrier();
	WRITE_ONCE(slot->info.state, state);
}

static s64 begin_flush(struct pal_slot *slot, enum pal_state state)
{
	slot->ticket = tlb_flush_begin();
	set_state(slot, state);
	return -EAGAIN;
}

/* 0: every CPU has flushed. -EINPROGRESS. -ETIMEDOUT: from here the way leads down. */
static s64 wait_flush(struct pal_slot *slot)
{
	int ret = tlb_flush_done(slot->ticket);

	if (ret < 0)
		WRITE_ONCE(slot->dying, 1);
	return ret == 0 ? -EINPROGRESS : ret < 0 ? ret : 0;
}

/* The donated pages are private: wipe them and move in. Views' pages are wiped as they are used. */
static s64 move_in(struct pal_slot *slot)
{
	struct pal *old = slot->pal, *new = donated_ptr(old, DONATED_PAL);
	u32 i;
	u32 end = old->position + PAL_WIPES_A_STEP;

	for (; old->position < old->nr_donated - old->nr_views; old->position++) {
		if (old->position == end)
			return -EAGAIN;
		memset(donated_ptr(old, old->position), 0, PAGE_SIZE);
	}
	old->position = 0;
	old->own_pages = true;
	memcpy(new, old, sizeof(*new));
	slot->pal = new;
	registering_done(old);
	for (i = 0; i < new->nr_contexts; i++)
		*pal_context_at(new, i) = (struct pal_context){ .slot = slot, .pal = new, .index = i };
	set_state(slot, PAL_COLLECTING);
	return 0;
}

static s64 step_up(struct pal_slot *slot)
{
	struct pal *pal = slot->pal;
	s64 ret;

	if (READ_ONCE(pal_closed))
		return -EBUSY;
	switch (slot_state(slot)) {
	case PAL_DONATING:
		return pal->got_donated < pal->nr_donated ? -ENOMEM : begin_flush(slot, PAL_PREPARING);
	case PAL_PREPARING:
		ret = wait_flush(slot);
		return ret ? ret : move_in(slot);
	case PAL_COLLECTING:
		return pal->got_frames < pal->nr_frames ? -EINVAL : begin_flush(slot, PAL_ISOLATING);
	case PAL_ISOLATING:
		ret = wait_flush(slot);
		if (ret)
			return ret;
		pal->isolated = true;
		set_state(slot, PAL_BUILDING);
		return -EAGAIN;
	case PAL_BUILDING:
		ret = layout_build_step(pal);
		if (ret)
			return ret;
		measure_begin(pal);
		set_state(slot, PAL_MEASURING);
		return -EAGAIN;
	case PAL_MEASURING:
		ret = measure_step(pal);
		if (!ret) {
			utpm_begin(pal);
			set_state(slot, PAL_READY);
		}
		return ret;
	default:
		return 0;
	}
}

static bool frame_is_lent(const struct pal *pal, u32 index)
{
	return section_is_linux(section_of_frame(pal, index));
}

/* Nothing is wiped that was never private: a failed registration leaves the owner's memory. */
static s64 wipe_step(struct pal_slot *slot)
{
	struct pal *pal = slot->pal;
	u32 i, end = pal->position + PAL_WIPES_A_STEP;

	for (; pal->isolated && pal->position < pal->nr_frames; pal->position++) {
		if (pal->position == end)
			return -EAGAIN;
		if (!frame_is_lent(pal, pal->position))
			memset(pal_frame_ptr(pal, pal->position), 0, PAGE_SIZE);
	}
	for (i = 0; pal->own_pages && i < pal->nr_contexts; i++)
		memset(pal_context_at(pal, i), 0, PAGE_SIZE);
	if (pal->own_pages)
		utpm_end(pal);
	pal->position = 0;
	set_state(slot, PAL_RETURNING);
	return -EAGAIN;
}

static s64 return_step(struct pal_slot *slot)
{
	struct pal *pal = slot->pal;
	u32 end = pal->position + PAL_FRAMES_A_CALL;

	for (; pal->position < pal->got_frames; pal->position++) {
		if (pal->position == end)
			return -EAGAIN;
		if (frame_return(pal_frame(pal, pal->position),
				 frame_is_lent(pal, pal->position) ? FRAME_LENT : FRAME_PAL,
				 slot_id(slot)))
			log_event(LOG_ERROR, "BUG: PAL %u: a frame is not its own", slot_id(slot));
	}
	set_state(slot, PAL_GONE);
	return 0;
}

static s64 step_down(struct pal_slot *slot)
{
	u32 i;

	if (slot_state(slot) < PAL_WIPING) {
		for (i = 0; i < PAL_MAX_CONTEXTS; i++)
			slot->generation[i]++;	/* tokens of calls in progress are stale now */
		atomic_fetch_add64(&pal_ends, 1);
		slot->pal->position = 0;
		set_state(slot, PAL_WIPING);
	}
	switch (slot_state(slot)) {
	case PAL_WIPING:
		return wipe_step(slot);
	case PAL_RETURNING:
		return return_step(slot);
	default:
		return 0;
	}
}

s64 pal_hc_step(u64 id)
{
	struct pal_slot *slot = slot_of(id);
	s64 ret;

	if (!slot || slot_state(slot) == PAL_FREE)
		return -ENOENT;
	if (!slot_claim(slot)) {
		/* It may have been entered after pal_hc_destroy() looked: kick once more. */
		if (!READ_ONCE(slot->dying) || !slot_shared(slot))
			return -EAGAIN;
		if (tlb_flush_done(READ_ONCE(slot->kick_ticket)) != 0)
			WRITE_ONCE(slot->kick_ticket, tlb_flush_begin());
		return -EINPROGRESS;
	}
	if (slot_state(slot) == PAL_FREE)
		ret = -ENOENT;
	else
		ret = READ_ONCE(slot->dying) ? step_down(slot) : step_up(slot);
	slot_release(slot);
	return ret;
}

s64 pal_hc_destroy(u64 id)
{
	struct pal_slot *slot = slot_of(id);

	if (!slot || slot_state(slot) == PAL_FREE)
		return -ENOENT;
	WRITE_ONCE(slot->dying, 1);
	/* A CPU that runs it comes to the core and sees that. */
	if (slot_shared(slot))
		WRITE_ONCE(slot->kick_ticket, tlb_flush_begin());
	return 0;
}

/* The last donated page that is left. The one with struct pal goes last of all. */
static u64 give_back_one(struct pal_slot *slot)
{
	struct pal *pal = slot->pal;
	u32 i = pal->got_donated - 1;
	u64 pfn = pal->donated[i];
	bool last = i == 0 && pal->own_pages;

	pal->got_donated--;
	if (pal->own_pages)
		memset(donated_ptr(pal, i), 0, PAGE_SIZE);
	if (last)
		slot->pal = NULL;
	if (frame_return(pfn, FRAME_PAL, slot_id(slot)))
		log_event(LOG_ERROR, "BUG: PAL %u: a page is not its own", slot_id(slot));
	return pfn;
}

static s64 reclaim(struct pal_slot *slot, u64 list_gpa)
{
	u64 pfn[PAL_FRAMES_A_CALL];
	u32 nr = 0;
	s64 ret;

	if (slot_state(slot) == PAL_GONE) {
		while (nr < PAL_FRAMES_A_CALL && slot->pal && slot->pal->got_donated)
			pfn[nr++] = give_back_one(slot);
		if (nr)
			/* A list that cannot be written is Linux's loss: it knows what it gave. */
			return guest_write(GPA(list_gpa), pfn, nr * sizeof(*pfn)) ? -EFAULT : (s64)nr;
		if (slot->pal)	/* never got pages of its own */
			registering_done(slot->pal);
		slot->pal = NULL;
		return begin_flush(slot, PAL_FLUSHING);
	}
	if (slot_state(slot) != PAL_FLUSHING)
		return -EBUSY;
	ret = wait_flush(slot);
	if (ret == -ETIMEDOUT)
		slot->ticket = tlb_flush_begin();
	if (!ret) {
		set_state(slot, PAL_FREE);
		main_view_reclaim_step();	/* tables that merges freed; goes on at the next one */
	}
	return ret;
}

s64 pal_hc_reclaim(u64 id, u64 list_gpa)
{
	struct pal_slot *slot = slot_of(id);
	s64 ret;

	if (!slot || slot_state(slot) == PAL_FREE)
		return -ENOENT;
	if (!slot_claim(slot))
		return -EAGAIN;
	ret = reclaim(slot, list_gpa);
	slot_release(slot);
	return ret;
}

s64 pal_wipe_all_step(void)
{
	u32 id;

	for (id = 1; id <= PAL_MAX_IDS; id++) {
		struct pal_slot *slot = slot_of(id);
		u32 state = slot_state(slot);

		if (state == PAL_FREE || state > PAL_WIPING)
			continue;
		if (!READ_ONCE(slot->dying))
			pal_hc_destroy(id);
		pal_hc_step(id);
		return -EAGAIN;
	}
	return 0;
}
