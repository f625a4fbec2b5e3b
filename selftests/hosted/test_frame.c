// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * Ownership against a model: random takes, returns and holds by random owners.
 * Never two owners; Linux's frames identity-mapped with the right type, hidden
 * ones never executable and never writable, holds hold, and in the end the tree
 * is as it was.
 */
#include "ept_machine.h"

#define MAX_FRAMES 4000

struct model {
	u64 pfn;
	bool ram;
	enum frame_owner owner;
	u32 id, holds;
};
static struct model model[MAX_FRAMES];
static u32 nr_model, nr_holds;

static void add_frames(u64 pfn, u32 count)
{
	u32 i, j;

	for (i = 0; i < count; i++) {
		struct model *m = &model[nr_model++];

		*m = (struct model){ .pfn = pfn + i, .ram = fake_is_ram(pfn + i) };
		for (j = 0; j < FAKE_NR_POOL_EXTENTS; j++)
			if (m->pfn - fake_pool_extent[j].pfn < fake_pool_extent[j].count)
				m->owner = FRAME_CORE;
	}
}

static void check_frame(const struct model *m)
{
	int level;
	u32 id = 99;
	u64 entry = m->pfn >> 36 ? 0 : view_lookup(&main_view.view, GPA(m->pfn << 12), &level);
	enum frame_owner owner = frame_owner(m->pfn, &id);

	check(owner == m->owner && id == m->id, "%llx: owner %d/%u, model %d/%u", m->pfn, owner, id,
	      m->owner, m->id);
	if (!m->ram)
		return;
	if (m->owner == FRAME_LINUX || m->owner == FRAME_LENT) {
		check((entry & 7) == 7 && (entry >> 3 & 7) == MEMTYPE_WB, "%llx: %llx", m->pfn, entry);
		check((entry & EPT_ADDRESS) == ALIGN_DOWN(m->pfn << 12, view_level_size(level)));
	} else {
		u8 *seen = phys_to_virt(HPA(entry & EPT_ADDRESS));
		u32 i;

		check((entry & 7) == 1, "%llx is hidden: %llx", m->pfn, entry);
		for (i = 0; i < 4096; i += 64)
			check(!seen[i]);
	}
}

static u32 real_id(enum frame_owner owner)
{
	return owner == FRAME_CORE ? 0 : 1 + fake_below(fake_chance(50) ? 4 : FRAME_MAX_ID);
}

static void change(void)
{
	struct model *m = &model[fake_below(nr_model)];
	enum frame_owner owner = 1 + fake_below(3);
	u32 id = real_id(owner);
	bool hidden = m->owner == FRAME_CORE || m->owner == FRAME_PAL;
	int err, expected = 0;

	switch (fake_below(6)) {
	case 0:
	case 1:
		err = frame_take(m->pfn, owner, id);
		expected = !m->ram ? -EFAULT : m->owner != FRAME_LINUX || m->holds ? -EBUSY : 0;
		if (!expected) {
			m->owner = owner;
			m->id = id;
		}
		break;
	case 2:
		if (fake_chance(70)) {
			owner = m->owner;
			id = m->id;
		}
		err = frame_return(m->pfn, owner, id);
		expected = !m->ram || owner == FRAME_LINUX || owner != m->owner || id != m->id ?
			   -EACCES : 0;
		if (!expected) {
			m->owner = FRAME_LINUX;
			m->id = 0;
		}
		break;
	case 3:
		err = frame_hold(m->pfn);
		expected = !m->ram ? -EFAULT : hidden ? -EACCES : 0;
		m->holds += !expected;
		nr_holds += !expected;
		if (nr_holds > 200) {	/* the table of holds is bounded, test_holds() */
			u32 i;

			for (i = 0; i < nr_model; i++)
				for (; model[i].holds; model[i].holds--, nr_holds--)
					frame_drop(model[i].pfn);
		}
		break;
	case 4:
		err = 0;
		if (m->holds) {
			frame_drop(m->pfn);
			m->holds--;
			nr_holds--;
		}
		break;
	default:
		err = frame_take(m->pfn, owner, owner == FRAME_CORE ? 1 : FRAME_MAX_ID + 1);
		expected = -EINVAL;
	}
	check(err == expected, "frame %llx: %d, expected %d", m->pfn, err, expected);
	check_frame(m);
	check_frame(&model[fake_below(nr_model)]);
}

/* The pages of the pool that are in use must all be accounted for. */
static u32 tables_now(void)
{
	u32 n = machine_check_tables(main_view.view.root.v, 4);

	check(n == main_view.view.nr_tables, "counted %u, believed %u", n, main_view.view.nr_tables);
	return n;
}

static void reclaim(void)
{
	u32 i;

	for (i = 0; main_view_reclaim_step(); i++) {
		check(i < 100);
		fake_all_cpus_visit();
	}
}

static void test_model(void)
{
	struct main_view_stats stats;
	u32 i, tables, free_pages;

	check(!machine_start(2, 1212, NULL));
	nr_model = 0;
	add_frames(0x200, 600);
	add_frames(0x140000, 600);
	add_frames(0x9c, 8);
	add_frames(0xfe, 10);
	add_frames(0x3ff0, 32);
	add_frames(0x7ff0, 32);
	add_frames(0x14fff0, 32);
	add_frames(1ull << 34, 4);
	add_frames((1ull << 36) - 2, 4);
	add_frames(~0ull - 4, 4);
	tables = tables_now();
	free_pages = core_pool.nr_free;
	for (i = 0; i < 60000; i++) {
		/* now and then many at once go one way, so that tables fill and empty */
		change();
		if (i % 5000 == 0) {
			u32 j;

			for (j = 0; j < nr_model; j++)
				check_frame(&model[j]);
			tables_now();
		}
	}
	ok(true, "60000 random takes, returns and holds: never two owners, Linux's frames identity, hidden ones read as zeros only");
	for (i = 0; i < nr_model; i++)
		for (; model[i].holds; model[i].holds--)
			frame_drop(model[i].pfn);
	for (i = 0; i < nr_model; i++) {
		u32 j;
		bool pool = false;

		for (j = 0; j < FAKE_NR_POOL_EXTENTS; j++)
			pool |= model[i].pfn - fake_pool_extent[j].pfn < fake_pool_extent[j].count;
		if (!model[i].ram)
			continue;
		/* what the random part gave away of the core's own comes back to it */
		if (pool && model[i].owner != FRAME_CORE) {
			if (model[i].owner != FRAME_LINUX)
				check(!frame_return(model[i].pfn, model[i].owner, model[i].id));
			check(!frame_take(model[i].pfn, FRAME_CORE, 0));
		} else if (!pool && model[i].owner != FRAME_LINUX) {
			check(!frame_return(model[i].pfn, model[i].owner, model[i].id));
		}
	}
	reclaim();
	ok(tables_now() == tables, "when all is returned the tree is as large as before");
	ok(core_pool.nr_free == free_pages, "and the pool as full");
	main_view_stats(&stats);
	ok(stats.hidden_frames == 1212, "the count of hidden frames is right");
}

static void test_merge_orders(void)
{
	static const char *const name[] = { "ascending", "descending", "odd before even", "random" };
	u32 order, i, tables;

	for (order = 0; order < 4; order++) {
		check(!machine_start(1, 1212, NULL));
		tables = tables_now();
		for (i = 0; i < 512; i++)
			check(!frame_take(0x140000 + i, FRAME_PAL, 7));
		check(tables_now() == tables + 1);
		for (i = 0; i < 512; i++) {
			u32 k = order == 0 ? i : order == 1 ? 511 - i :
				order == 2 ? (i * 2 + 1) % 512 + (i >= 256 ? -1 : 0) : i * 77 % 512;

			check(!frame_return(0x140000 + k, FRAME_PAL, 7), "%u", k);
		}
		ok(tables_now() == tables, "a block that is returned in %s order merges", name[order]);
	}
}

static void test_no_pages(void)
{
	u32 i, nr;
	int err = 0;

	check(!machine_start(2, 1212, NULL));
	nr = core_pool.nr_free;
	/* What is left besides is a donation's (core/donate.c). */
	while (core_pool.nr_free > 10)
		page_alloc(&core_pool);
	for (i = 0; i < 10 && !err; i++)
		err = frame_take(0x140000 + 512 * i, FRAME_PAL, 1);
	ok(err == -ENOMEM && i > 1, "without a page to split a large one: -ENOMEM");
	ok(frame_owner(0x140000 + 512 * (i - 1), NULL) == FRAME_LINUX, "and the frame stays Linux's");
	check(!frame_return(0x140000, FRAME_PAL, 1));
	err = frame_take(0x140000 + 512 * 8, FRAME_PAL, 1);
	ok(err == -EAGAIN, "while a freed table waits for the flush: -EAGAIN");
	fake_cpu_visits_core(0);
	ok(frame_take(0x140000 + 512 * 8, FRAME_PAL, 1) == -EAGAIN, "also if one CPU of two has flushed");
	fake_cpu_visits_core(1);
	/* the first call frees it, so that the next finds it */
	err = frame_take(0x140000 + 512 * 8, FRAME_PAL, 1);
	if (err == -EAGAIN || err == -ENOMEM)
		err = frame_take(0x140000 + 512 * 8, FRAME_PAL, 1);
	ok(!err, "after that it works");
	(void)nr;
}

static void test_holds(void)
{
	enum { MOST = 1024 };	/* ept/hold.c */
	u32 i, err = 0;

	check(!machine_start(1, 1212, NULL));
	for (i = 0; i < 2 * MOST && !frame_hold(0x200 + i); i++)
		;
	ok(i == MOST && frame_hold(0x200 + i) == -EBUSY, "the number of held frames is bounded");
	for (i = 0; i < MOST; i++)
		err |= frame_take(0x200 + i, FRAME_PAL, 1) != -EBUSY;
	ok(!err, "no held frame can be taken");
	ok(frame_take(0x200 + MOST, FRAME_PAL, 1) == 0, "one that is not can");
	for (i = 0; i < MOST; i++)
		frame_drop(0x200 + i * 77 % MOST);
	for (i = 0; i < MOST; i++)
		err |= frame_take(0x200 + i, FRAME_PAL, 1);
	ok(!err, "dropped, all can");
	frame_drop(0x300);
	ok(frame_hold(0x1900) == 0, "a drop too many does nothing");
	frame_drop(0x1900);
	/* Holds come and go at random, with many collisions. */
	{
		static u32 count[3000];

		check(!machine_start(1, 1212, NULL));
		memset(count, 0, sizeof(count));
		for (i = 0; i < 100000; i++) {
			u32 k = fake_below(3000);

			if (fake_chance(50)) {
				if (!frame_hold(0x200 + k))
					count[k]++;
			} else if (count[k]) {
				frame_drop(0x200 + k);
				count[k]--;
			}
			k = fake_below(3000);
			check(hold_count(0x200 + k) == count[k]);
		}
		ok(true, "the table of holds counts as an array does");
	}
}

/*
 * The attack: 2 MiB of lent frames look like one large page once their memory
 * type is rewritten; if they merged, a return would make a table of Linux's page.
 */
static void test_lent_do_not_merge(void)
{
	const u64 first = 0x120000;
	int level;
	u64 i;

	machine_mtrrs();
	check(!machine_start(1, 1212, NULL));
	for (i = 0; i < 512; i++)
		check(!frame_take(first + i, FRAME_LENT, 3));
	fake_msr_set(0x2ff, 0xc00 | MEMTYPE_WT);
	while (main_view_retype_step())
		fake_all_cpus_visit();
	frame_entry(first, &level);
	ok(level == 1, "512 lent frames stay 512 entries when the MTRRs change");
	for (i = 0; i < 512; i++)
		check(!frame_return(first + i, FRAME_LENT, 3));
	for (i = 0; i < 512; i++) {
		u64 entry = *frame_entry(first + i, &level);

		check(ept_leaf(entry, level) && (entry & EPT_RWX) == EPT_RWX, "%llx: %llx", i, entry);
	}
	ok(1, "returned, each maps itself: no table lies in Linux's memory");
	machine_mtrrs();
}

int main(void)
{
	test_model();
	test_lent_do_not_merge();
	test_merge_orders();
	test_no_pages();
	test_holds();
	return tap_finish();
}
