// SPDX-License-Identifier: GPL-2.0
/* link: ept/view.c */
/*
 * The tree against a plain array, one value a page: every address maps as
 * before, but for the range asked. And: entries that are not present are zero
 * (L1TF), tables are neither lost nor used again too early.
 */
#include "../../ept/view.h"
#include "fake.h"
#include "tap.h"

/* The window that the model covers: 3 GiB around a 512 GiB border, so that all levels change. */
#define WINDOW_PAGES (3ull << 18)
#define BASE ((512ull << 30) - (1ull << 30))
#define FLAGS (EPT_RWX | EPT_TYPE | EPT_SOFT)

static u64 model[WINDOW_PAGES];
static struct page_pool pool;
static struct view view;

static u64 seen(u64 page)
{
	int level;
	u64 entry = view_lookup(&view, GPA(BASE + page * PAGE_SIZE), &level);
	u64 size;

	if (!level)
		return 0;
	size = view_level_size(level);
	check(level == 1 || (entry & EPT_LARGE));
	check(!(entry & EPT_ADDRESS & (size - 1)), "leaf %llx of level %d", entry, level);
	return ((entry & EPT_ADDRESS) + ((BASE + page * PAGE_SIZE) & (size - 1))) | (entry & FLAGS);
}

static void compare(u64 from, u64 to, u64 step)
{
	u64 page;

	for (page = from; page < to && page < WINDOW_PAGES; page += step)
		check(seen(page) == model[page], "page %llx: %llx, model %llx", page, seen(page),
		      model[page]);
}

static u32 count_tables(u64 table, int level)
{
	u64 *p = phys_to_virt(HPA(table));
	u32 i, n = 1;

	check(!fake_page_is_free(HPA(table)), "a table of the tree is in the pool");
	for (i = 0; i < 512; i++) {
		if (!ept_present(p[i]))
			check(!p[i], "not present, but %llx", p[i]);
		else if (!ept_leaf(p[i], level))
			n += count_tables(p[i] & EPT_ADDRESS, level - 1);
	}
	return n;
}

static void range(u64 *page, u64 *count)
{
	static const u64 unit[] = { 1, 1, 512, 512, 512 * 512 };
	u64 u = unit[fake_below(5)];

	if (view.max_level == 1 && u > 512)
		u = 512;
	*page = fake_below(WINDOW_PAGES);
	if (fake_chance(80))
		*page = ALIGN_DOWN(*page, u);
	*count = u * (1 + fake_below(u == 1 ? 700 : 3));
	if (fake_chance(20))
		*count += fake_below(3);
	if (*count > WINDOW_PAGES - *page)
		*count = WINDOW_PAGES - *page;
}

static void change(bool short_of_pages)
{
	u64 page, count, i, hpa = 0, flags = 0, old_value, new_value;
	int err, level;
	u64 *entry;

	range(&page, &count);
	switch (fake_below(8)) {
	case 0:	/* split: nothing changes */
		entry = view_walk(&view, GPA(BASE + page * PAGE_SIZE), &level);
		if (level > 1 && ept_present(*entry))
			view_split(&view, entry, level);
		compare(ALIGN_DOWN(page, 512), ALIGN_DOWN(page, 512) + 1024, 7);
		return;
	case 1:	/* merge: nothing changes */
		view_merge(&view, GPA(BASE + page * PAGE_SIZE));
		compare(ALIGN_DOWN(page, 512 * 512), ALIGN_DOWN(page, 512 * 512) + 512 * 512, 61);
		return;
	case 2:
		err = view_unmap(&view, GPA(BASE + page * PAGE_SIZE), count);
		break;
	default:
		hpa = fake_chance(70) ? BASE + page * PAGE_SIZE : fake_below(1ull << 33) << 12;
		flags = (1 + fake_below(7)) | (6 * fake_below(2)) << 3 |
			(fake_chance(30) ? fake_random() & EPT_SOFT : 0);
		err = view_map(&view, GPA(BASE + page * PAGE_SIZE), HPA(hpa), count, flags & 7,
			       flags >> 3 & 7, flags & EPT_SOFT);
	}
	check(!err || (short_of_pages && err == -ENOMEM), "error %d", err);
	for (i = 0; i < count; i++) {
		old_value = model[page + i];
		new_value = flags ? (hpa + i * PAGE_SIZE) | flags : 0;
		if (err) {
			model[page + i] = seen(page + i);
			check(model[page + i] == old_value || model[page + i] == new_value);
		} else {
			model[page + i] = new_value;
		}
	}
	compare(page > 600 ? page - 600 : 0, page, 1);
	compare(page, page + count, count > 5000 ? 37 : 1);
	compare(page + count, page + count + 600, 1);
}

static void run(u8 max_level, u32 nr_pages, u32 rounds)
{
	u32 i, n;

	fake_memory_reset(0);
	fake_pool_init(&pool, 0x100100, nr_pages);
	memset(model, 0, sizeof(model));
	check(!view_init(&view, &pool, max_level));
	for (i = 0; i < rounds; i++) {
		u32 retired = view.nr_retired;

		change(nr_pages < 3000);
		check(view.nr_retired >= retired);
		if (nr_pages > 3000 && pool.nr_free < 3000)
			view_release_retired(&view, 6000);
		if (i % 40)
			continue;
		n = count_tables(view.root.v, 4);
		check(n == view.nr_tables, "%u tables, counted %u", view.nr_tables, n);
		check(pool.nr_free + view.nr_tables + view.nr_retired == pool.nr_total,
		      "%u + %u + %u is not %u", pool.nr_free, view.nr_tables, view.nr_retired,
		      pool.nr_total);
		if (fake_chance(50))
			view_release_retired(&view, fake_below(2000));
	}
	compare(0, WINDOW_PAGES, 1);
}

int main(void)
{
	struct view v;
	u64 page;
	int level;

	run(3, 6000, 700);
	ok(true, "1 GiB, 2 MiB and 4 KiB leaves: only the range asked changes");
	run(2, 6000, 700);
	ok(true, "2 MiB and 4 KiB leaves: only the range asked changes");
	run(1, 6000, 250);
	ok(true, "4 KiB leaves alone: only the range asked changes");
	run(3, 40, 1500);
	ok(true, "out of table pages: each page of the range is as before or as asked, no other changes");

	fake_memory_reset(0);
	fake_pool_init(&pool, 0x100100, 2000);
	check(!view_init(&v, &pool, 3));
	check(!view_map(&v, GPA(0), HPA(0), 1ull << 18, EPT_RWX, MEMTYPE_WB, 0));
	ok(v.nr_tables == 2 && view_lookup(&v, GPA(12345), &level) && level == 3,
	   "an aligned gigabyte is one leaf");
	for (page = 0; page < 1024; page++)
		check(!view_map(&v, GPA(page << 12), HPA(page << 12), 1, EPT_READ, MEMTYPE_WB, 0));
	ok(v.nr_tables == 5, "two split blocks cost one table each and one above");
	for (page = 0; page < 1024; page++) {
		u64 p = page * 77 % 1024;

		check(!view_map(&v, GPA(p << 12), HPA(p << 12), 1, EPT_RWX, MEMTYPE_WB, 0));
		view_merge(&v, GPA(p << 12));
	}
	ok(v.nr_tables == 2 && v.nr_retired == 3, "once uniform again it merges to one leaf");
	ok(pool.nr_free + 5 == pool.nr_total, "tables that left the tree wait for the flush");
	{
		u64 *retired = phys_to_virt(v.retired);

		ok(!ept_present(retired[0]) && (retired[0] & EPT_ADDRESS) >= 1ull << 46,
		   "the link in a retired table is not present and names no memory");
	}
	view_release_retired(&v, 2);
	ok(v.nr_retired == 1 && pool.nr_free + 3 == pool.nr_total, "release is bounded");
	ok(view_map(&v, GPA(1ull << 48), HPA(0), 1, 7, 6, 0) == -EINVAL &&
	   view_map(&v, GPA((1ull << 48) - 4096), HPA(0), 2, 7, 6, 0) == -EINVAL &&
	   view_map(&v, GPA(1), HPA(0), 1, 7, 6, 0) == -EINVAL &&
	   view_map(&v, GPA(0), HPA(0), ~0ull, 7, 6, 0) == -EINVAL &&
	   view_unmap(&v, GPA(0), 1ull << 37) == -EINVAL,
	   "what four levels cannot translate is refused");
	view_lookup(&v, GPA(1ull << 48), &level);
	ok(level == 0, "no address beyond 2^48 wraps around");

	{
		u32 good = 1, i;

		for (i = 0; i < 200; i++) {
			u64 gpa = fake_below(1ull << 36) << 12, n = 1 + fake_below(3000);

			fake_pool_init(&pool, 0x100100, 0);
			fake_memory_reset(0);
			fake_pool_init(&pool, 0x100100, 100);
			check(!view_init(&v, &pool, 1));
			if (gpa + n * 4096 >= 1ull << 48)
				continue;
			check(!view_map(&v, GPA(gpa), HPA(0), n, 7, 6, 0));
			good &= v.nr_tables - 1 <= view_tables_needed(GPA(gpa), n);
		}
		ok(good, "view_tables_needed() is enough");
	}
	return tap_finish();
}
