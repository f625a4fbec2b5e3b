// SPDX-License-Identifier: GPL-2.0
/*
 * Holds (RULES 1): a small open-addressed hash table from frame to count, since
 * few frames are held at a time and most of them lie in large pages. It is
 * never more than half full, so a probe is short. Next: ept/frame.c.
 */
#include "internal.h"

#define SLOTS 2048		/* a power of two; 1,024 frames: four on each of CORE_MAX_CPUS */
#define MAX_HELD (SLOTS / 2)
#define MAX_COUNT 0xffffffu

/* count 0: free */
static struct { u64 pfn; u32 count; } hold[SLOTS];
static u32 nr_held;

static u32 home(u64 pfn)
{
	return (pfn * 0x9e3779b97f4a7c15ull) >> 53;
}

static u32 slot_of(u64 pfn)
{
	u32 i = home(pfn);

	while (hold[i].count && hold[i].pfn != pfn)
		i = (i + 1) % SLOTS;
	return i;
}

u32 hold_count(u64 pfn)
{
	return nr_held ? hold[slot_of(pfn)].count : 0;
}

int hold_add(u64 pfn)
{
	u32 i = slot_of(pfn);

	if (hold[i].count ? hold[i].count >= MAX_COUNT : nr_held >= MAX_HELD)
		return -EBUSY;
	if (!hold[i].count)
		nr_held++;
	hold[i].pfn = pfn;
	hold[i].count++;
	return 0;
}

void hold_remove(u64 pfn)
{
	u32 gap = slot_of(pfn), i = gap;

	if (!hold[gap].count || --hold[gap].count)
		return;
	nr_held--;
	/* Those that were pushed past the gap move up (Knuth 6.4, algorithm R). */
	for (;;) {
		i = (i + 1) % SLOTS;
		if (!hold[i].count)
			break;
		if ((i - home(hold[i].pfn)) % SLOTS >= (i - gap) % SLOTS) {
			hold[gap] = hold[i];
			hold[i].count = 0;
			gap = i;
		}
	}
}
