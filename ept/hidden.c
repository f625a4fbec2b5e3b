// SPDX-License-Identifier: GPL-2.0
/*
 * What Linux sees in place of a hidden frame (RULES 3): the zero page, read
 * only; after a first write a scratch page of its own, while there are some,
 * then one that all share. Never executable. Next: ept/main_view.c.
 */
#include "internal.h"

#define NR_SCRATCH 16

static hpa_t zero_page, shared_page, scratch_page[NR_SCRATCH];
static u32 scratch_used;	/* bit i: scratch_page[i] is mapped */
static u32 nr_writes;

int hidden_init(void)
{
	u32 i;

	zero_page = page_alloc(&core_pool);
	shared_page = page_alloc(&core_pool);
	scratch_used = 0;
	nr_writes = 0;
	for (i = 0; i < NR_SCRATCH; i++) {
		scratch_page[i] = page_alloc(&core_pool);
		if (!scratch_page[i].v)
			return -ENOMEM;
	}
	return zero_page.v && shared_page.v ? 0 : -ENOMEM;
}

u64 hidden_entry(u64 tag)
{
	return zero_page.v | EPT_READ | (u64)MEMTYPE_WB << EPT_TYPE_SHIFT | tag;
}

void hidden_make_writable(u64 *entry)
{
	hpa_t page = shared_page;
	u32 i;

	nr_writes++;
	for (i = 0; i < NR_SCRATCH; i++)
		if (!(scratch_used & BIT(i))) {
			scratch_used |= BIT(i);
			page = scratch_page[i];
			memset(phys_to_virt(page), 0, PAGE_SIZE);
			break;
		}
	WRITE_ONCE(*entry, (*entry & ~EPT_ADDRESS) | page.v | EPT_WRITE);
}

/* The entry is no more; a CPU that still has it can only reach scratch contents. */
void hidden_release(u64 entry)
{
	u32 i;

	for (i = 0; (entry & EPT_WRITE) && i < NR_SCRATCH; i++)
		if (scratch_page[i].v == (entry & EPT_ADDRESS))
			scratch_used &= ~BIT(i);
}

void hidden_stats(struct main_view_stats *stats)
{
	u32 i;

	stats->hidden_writes = nr_writes;
	stats->scratch_used = 0;
	for (i = 0; i < NR_SCRATCH; i++)
		stats->scratch_used += scratch_used >> i & 1;
}
