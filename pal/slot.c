// SPDX-License-Identifier: GPL-2.0
/* The table of PALs and the claims on them (internal.h says how they work). */
#include "internal.h"

static struct pal_slot slots[PAL_MAX_IDS];
bool pal_doomed, pal_closed;
u64 pal_ends;

struct pal_slot *slot_of(u64 id)
{
	return id - 1 < PAL_MAX_IDS ? &slots[id - 1] : NULL;
}

u32 slot_id(const struct pal_slot *slot)
{
	return slot - slots + 1;
}

static void claimed(struct pal_slot *slot, bool shared)
{
	struct cpu *cpu = this_cpu();

	cpu->pal_claim = slot;
	cpu->pal_claim_shared = shared;
}

bool slot_claim(struct pal_slot *slot)
{
	if (unlikely(!cmpxchg64(&slot->claim, CLAIM_FREE, CLAIM_ALONE)))
		return false;
	claimed(slot, false);
	return true;
}

void slot_release(struct pal_slot *slot)
{
	this_cpu()->pal_claim = NULL;
	barrier();	/* x86 keeps stores in order */
	WRITE_ONCE(slot->claim, CLAIM_FREE);
}

bool slot_join(struct pal_slot *slot)
{
	u64 claim = READ_ONCE(slot->claim);

	if (unlikely(claim == CLAIM_ALONE || !cmpxchg64(&slot->claim, claim, claim + 1)))
		return false;
	claimed(slot, true);
	return true;
}

void slot_leave(struct pal_slot *slot)
{
	this_cpu()->pal_claim = NULL;
	atomic_fetch_add64(&slot->claim, -1);
}

struct pal_slot *slot_create(void)
{
	struct pal_slot *slot;

	for (slot = slots; slot < slots + PAL_MAX_IDS; slot++) {
		if (slot_state(slot) != PAL_FREE || !slot_claim(slot))
			continue;
		if (slot_state(slot) == PAL_FREE)
			return slot;
		slot_release(slot);
	}
	return NULL;
}

s64 pal_hc_info(u64 id, u64 info_gpa)
{
	struct pal_slot *slot = slot_of(id);

	/* No claim: a PAL may run for long. At worst a few words are from different moments. */
	if (!slot || slot_state(slot) == PAL_FREE)
		return -ENOENT;
	return guest_write(GPA(info_gpa), &slot->info, sizeof(slot->info));
}

void pal_counts(u32 *nr_pals, u32 *nr_frames)
{
	const struct pal_slot *slot;

	*nr_pals = 0;
	*nr_frames = 0;
	for (slot = slots; slot < slots + PAL_MAX_IDS; slot++) {
		if (slot_state(slot) == PAL_FREE)
			continue;
		(*nr_pals)++;
		*nr_frames += slot->info.nr_frames + slot->info.nr_donated;
	}
}

void pal_doom_all(void)
{
	WRITE_ONCE(pal_doomed, true);
}

void pal_close(bool closed)
{
	__atomic_store_n(&pal_closed, closed, __ATOMIC_SEQ_CST);
}

/* For core/fatal.c: the hypercall that held it does not come back. */
void pal_release_claim(struct cpu *cpu)
{
	if (!cpu->pal_claim)
		return;
	/* No context is entered any more, so none has to be free. */
	if (cpu->pal_claim_shared)
		slot_leave(cpu->pal_claim);
	else
		slot_release(cpu->pal_claim);
}
