// SPDX-License-Identifier: GPL-2.0
/*
 * Guest-physical space that is not RAM, mapped when it is touched: in the
 * largest leaf around the address that holds no RAM and has one memory type. RAM
 * that is added after load counts as such.
 *
 * A hostile Linux may touch all of 2^48. So the tables under these leaves come
 * from a private set of fixed size; when it is used up, all of them are cut off
 * at once, and are used again when every CPU has flushed (RULES 5). Until then
 * the guest repeats its access. No answer is ever wrong, RAM is not concerned,
 * and an instruction needs far fewer tables at once than there are. Leaves that
 * fit into the tables of the RAM need none and stay.
 * Next: ept/main_view.c.
 */
#include "../vmx/kick.h"
#include "internal.h"

#define NR_TABLES 32

static struct {
	hpa_t page;
	u64 *entry;	/* that points to it */
} table[NR_TABLES];
static u32 nr_used;
static bool evicted;	/* all are cut off, since this ticket */
static u64 ticket;

int on_demand_init(void)
{
	u32 i;

	nr_used = 0;
	evicted = false;
	for (i = 0; i < NR_TABLES; i++) {
		table[i].page = page_alloc(&core_pool);
		if (!table[i].page.v)
			return -ENOMEM;
	}
	return 0;
}

u32 on_demand_tables(void)
{
	return NR_TABLES;
}

static void evict(void)
{
	u32 i;

	/* An entry in a table that was itself cut off is written for nothing. */
	for (i = 0; i < nr_used; i++)
		WRITE_ONCE(*table[i].entry, 0);
	evicted = true;
	ticket = tlb_flush_begin();
}

/*
 * The level of the largest leaf of one type, and that type. An entry that is
 * empty has no RAM below it, since all RAM is mapped from the start.
 */
static int leaf_level(gpa_t gpa, int level, enum memory_type *type)
{
	u64 start, size, end;

	if (level > main_view.view.max_level)
		level = main_view.view.max_level;
	for (; ; level--) {
		size = view_level_size(level);
		start = ALIGN_DOWN(gpa.v, size);
		*type = mtrr_type(&main_view.mtrr, start, start + size, &end);
		if (level == 1 || end == start + size)
			return level;
	}
}

bool on_demand_map(gpa_t gpa, u64 *entry, int level)
{
	enum memory_type type;
	int leaf = leaf_level(gpa, level, &type);

	if (level > leaf) {
		if (evicted) {
			if (tlb_flush_done(ticket) != 1)
				return false;
			evicted = false;
			nr_used = 0;
		}
		if (nr_used + (level - leaf) > NR_TABLES) {
			evict();
			return false;
		}
	}
	for (; level > leaf; level--) {
		u64 *below = phys_to_virt(table[nr_used].page);

		memset(below, 0, PAGE_SIZE);
		table[nr_used].entry = entry;
		barrier();
		WRITE_ONCE(*entry, table[nr_used++].page.v | EPT_RWX);
		entry = below + (gpa.v / view_level_size(level - 1)) % 512;
	}
	WRITE_ONCE(*entry, ALIGN_DOWN(gpa.v, view_level_size(leaf)) | EPT_RWX |
			   (u64)type << EPT_TYPE_SHIFT | (leaf > 1 ? EPT_LARGE : 0) |
			   tag_bits(TAG_NOT_RAM));
	return true;
}
