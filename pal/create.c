// SPDX-License-Identifier: GPL-2.0
/*
 * A PAL comes to be: the descriptor, donated pages, frames. struct pal begins
 * in a page of core_pool and moves to a donated one as soon as those are
 * isolated, so nothing of the core's ever lies where Linux can write. life.c
 * has the steps between.
 */
#include "internal.h"

static u64 nr_registering;

void registering_done(struct pal *pal)
{
	page_free(&core_pool, virt_to_phys(pal));
	atomic_fetch_add64(&nr_registering, -1);
}

static struct pal *registering_begin(void)
{
	hpa_t page = HPA(0);

	if (atomic_fetch_add64(&nr_registering, 1) < PAL_MAX_REGISTERING)
		page = page_alloc(&core_pool);
	if (!page.v) {
		atomic_fetch_add64(&nr_registering, -1);
		return NULL;
	}
	return phys_to_virt(page);
}

static void slot_fill(struct pal_slot *slot, struct pal *pal, const struct pal_desc *desc)
{
	struct pal_info *info = &slot->info;

	pal->slot = slot;
	slot->pal = pal;
	slot->dying = 0;
	slot->nr_cut = slot->nr_mended = 0;
	slot->owner_cr3 = desc->owner_cr3;
	slot->owner_cr3_user = desc->owner_cr3_user;
	slot->stub = desc->stub;
	slot->compat = desc->flags & PAL_DESC_32BIT;
	slot->created = rdtsc();
	memset(info, 0, sizeof(*info));
	info->id = slot_id(slot);
	info->owner_pid = desc->owner_pid;
	info->nr_frames = pal->nr_frames;
	info->nr_donated = pal->nr_donated;
	info->nr_entries = pal->nr_entries;
	memcpy(info->name, desc->name, sizeof(info->name));
	info->name[sizeof(info->name) - 1] = '\0';
	barrier();
	WRITE_ONCE(info->state, PAL_DONATING);
}

s64 pal_hc_create(u64 desc_gpa, u64 *extra)
{
	struct pal_desc desc;
	struct pal_slot *slot;
	struct pal *pal;

	*extra = 0;
	if (pal_doomed)
		return -EIO;
	if (READ_ONCE(pal_closed))
		return -EBUSY;
	if ((desc_gpa & ~PAGE_MASK) || guest_read(GPA(desc_gpa), &desc, sizeof(desc)))
		return -EFAULT;
	pal = registering_begin();
	if (!pal)
		return -EBUSY;
	if (descriptor_take(&desc, pal)) {
		registering_done(pal);
		return -EINVAL;
	}
	slot = slot_create();
	if (!slot) {
		registering_done(pal);
		return -ENOSPC;
	}
	slot_fill(slot, pal, &desc);
	*extra = pal->nr_donated;
	slot_release(slot);
	return slot_id(slot);
}

/* The PAL of a hypercall, claimed and in this state; else the error. */
static s64 pal_in_state(u64 id, u32 state, struct pal **pal)
{
	struct pal_slot *slot = slot_of(id);

	if (!slot || slot_state(slot) == PAL_FREE)
		return -ENOENT;
	if (!slot_claim(slot))
		return -EAGAIN;
	if (slot_state(slot) != state || READ_ONCE(slot->dying)) {
		slot_release(slot);
		return -EINVAL;
	}
	*pal = slot->pal;
	return 0;
}

s64 take_some(struct pal *pal, bool frames, u64 list_gpa, u64 count)
{
	const struct pal_section *s = frames ? section_of_frame(pal, pal->got_frames) : NULL;
	u64 left = frames ? s->first + s->nr_pages - pal->got_frames :
			    pal->nr_donated - pal->got_donated;
	u64 pfn[FRAMES_A_LIST];
	u32 nr = count < left ? count : left;
	s64 i, taken;

	nr = nr < FRAMES_A_LIST ? nr : FRAMES_A_LIST;
	if (guest_read(GPA(list_gpa), pfn, nr * sizeof(*pfn)))
		return -EFAULT;
	taken = frame_take_list(pfn, nr, frames && section_is_linux(s) ? FRAME_LENT : FRAME_PAL,
				slot_id(pal->slot));
	for (i = 0; i < taken; i++) {
		if (frames) {
			/* In this order: a service of another context asks got_frames whether there is a frame (layout.c). */
			pal_frame_set(pal, pal->got_frames, pfn[i]);
			__atomic_store_n(&pal->got_frames, pal->got_frames + 1, __ATOMIC_RELEASE);
		} else {
			pal->donated[pal->got_donated++] = pfn[i];
		}
	}
	return taken;
}

/* Donated pages, or frames: some of the list, in the order of their places. */
static s64 take_list(u64 id, u32 state, u64 list_gpa, u64 count)
{
	bool frames = state == PAL_COLLECTING;
	struct pal *pal;
	s64 ret = pal_in_state(id, state, &pal);

	if (ret)
		return ret;
	if (count > (frames ? pal->nr_frames - pal->got_frames :
			      pal->nr_donated - pal->got_donated))
		ret = -EINVAL;
	else if (count)
		ret = take_some(pal, frames, list_gpa, count);
	slot_release(pal->slot);
	return ret;
}

s64 pal_hc_donate(u64 id, u64 list_gpa, u64 count)
{
	return take_list(id, PAL_DONATING, list_gpa, count);
}

/* What HC_PAL_STEP does at this point, for a caller that did not. */
static s64 donated_isolate(u64 id)
{
	const struct pal_slot *slot = slot_of(id);

	if (!slot || (slot_state(slot) != PAL_DONATING && slot_state(slot) != PAL_PREPARING))
		return 0;
	return pal_hc_step(id);
}

s64 pal_hc_add_frames(u64 id, u64 list_gpa, u64 count)
{
	s64 err = donated_isolate(id);

	return err ? err : take_list(id, PAL_COLLECTING, list_gpa, count);
}
