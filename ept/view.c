// SPDX-License-Identifier: GPL-2.0
/*
 * EPT trees (SDM vol. 3, 29.3.2): map, split, merge, destroy. An entry that is
 * not present is zero, so that it names no memory to a CPU that speculates
 * past it (L1TF). Other CPUs walk the tree at any time: a table is complete
 * before it is linked, and an entry changes in one store.
 * Next: ept/main_view.c.
 */
#include "view.h"

#define ENTRIES 512

static u64 *table_of(u64 entry)
{
	return page_address(HPA(entry & EPT_ADDRESS));
}

static u32 index_of(gpa_t gpa, int level)
{
	return gpa.v >> (PAGE_SHIFT + 9 * (level - 1)) & (ENTRIES - 1);
}

static void link_table(u64 *entry, hpa_t table)
{
	barrier();
	WRITE_ONCE(*entry, table.v | EPT_RWX);
}

int view_init(struct view *view, struct page_pool *pool, u8 max_level)
{
	*view = (struct view){ .pool = pool, .max_level = max_level };
	view->root = page_alloc(pool);
	if (!view->root.v)
		return -ENOMEM;
	view->nr_tables = 1;
	return 0;
}

u64 *view_walk(const struct view *view, gpa_t gpa, int *level)
{
	u64 *entry = table_of(view->root.v) + index_of(gpa, EPT_LEVELS);
	int l;

#pragma GCC unroll 4
	for (l = EPT_LEVELS; ept_table(*entry, l); l--)
		entry = table_of(*entry) + index_of(gpa, l - 1);
	*level = l;
	return entry;
}

u64 view_lookup(const struct view *view, gpa_t gpa, int *level)
{
	u64 entry;

	*level = 0;
	if (gpa.v >> EPT_ADDRESS_BITS)
		return 0;
	entry = *view_walk(view, gpa, level);
	if (!ept_present(entry))
		*level = 0;
	return entry;
}

/*
 * The list of retired tables is threaded through their first entries, which
 * stay not present. The link is inverted, so that as an address it names no
 * memory (L1TF again).
 */
static u64 retired_link(hpa_t next)
{
	return ~next.v & EPT_ADDRESS;
}

static void retire(struct view *view, u64 entry, int level)
{
	u64 *table = table_of(entry);
	u32 i;

	for (i = 0; level > 1 && i < ENTRIES; i++)
		if (ept_table(table[i], level))
			retire(view, table[i], level - 1);
	WRITE_ONCE(table[0], retired_link(view->retired));
	view->retired = HPA(entry & EPT_ADDRESS);
	view->nr_retired++;
	view->nr_tables--;
}

void view_release_retired(struct view *view, u32 max)
{
	while (view->nr_retired && max--) {
		hpa_t table = view->retired;

		view->retired = HPA(~*table_of(table.v) & EPT_ADDRESS);
		view->nr_retired--;
		page_free(view->pool, table);
	}
}

int view_split(struct view *view, u64 *entry, int level)
{
	hpa_t page = page_alloc(view->pool);
	u64 step = view_level_size(level - 1);
	u64 value = *entry;
	u64 *table;
	u32 i;

	if (!page.v)
		return -ENOMEM;
	if (level == 2)
		value &= ~EPT_LARGE;
	table = table_of(page.v);
	for (i = 0; i < ENTRIES; i++, value += step)
		table[i] = value;
	link_table(entry, page);
	view->nr_tables++;
	return 0;
}

/* The entry of this level for gpa; tables are made and leaves split on the way. */
static int entry_at(struct view *view, gpa_t gpa, int level, u64 **entry)
{
	u64 *e = table_of(view->root.v) + index_of(gpa, EPT_LEVELS);
	int l;

	for (l = EPT_LEVELS; l > level; l--) {
		if (!ept_present(*e)) {
			hpa_t page = page_alloc(view->pool);

			if (!page.v)
				return -ENOMEM;
			link_table(e, page);
			view->nr_tables++;
		} else if (ept_leaf(*e, l)) {
			int err = view_split(view, e, l);

			if (err)
				return err;
		}
		e = table_of(*e) + index_of(gpa, l - 1);
	}
	*entry = e;
	return 0;
}

static void set_entry(struct view *view, u64 *entry, int level, u64 value)
{
	u64 old = *entry;

	WRITE_ONCE(*entry, value);
	if (ept_table(old, level))
		retire(view, old, level - 1);
}

/* The highest level whose leaf may start here and does not pass the end. */
static int level_for(const struct view *view, u64 gpa, u64 hpa, u64 end)
{
	int level = view->max_level;

	while (level > 1 && (((gpa | hpa) & (view_level_size(level) - 1)) ||
			     end - gpa < view_level_size(level)))
		level--;
	return level;
}

/* flags 0: unmap. */
static int change(struct view *view, u64 gpa, u64 hpa, u64 nr_pages, u64 flags)
{
	u64 limit = BIT(EPT_ADDRESS_BITS), end = gpa + nr_pages * PAGE_SIZE, *entry, size;
	int level, err;

	if (((gpa | hpa) & ~PAGE_MASK) || gpa >= limit || nr_pages > (limit - gpa) >> PAGE_SHIFT)
		return -EINVAL;
	for (; gpa < end; gpa += size, hpa += size) {
		if (!flags && !ept_present(*view_walk(view, GPA(gpa), &level))) {
			size = view_level_size(level) - (gpa & (view_level_size(level) - 1));
			continue;
		}
		level = level_for(view, gpa, hpa, end);
		err = entry_at(view, GPA(gpa), level, &entry);
		if (err)
			return err;
		set_entry(view, entry, level,
			  flags ? hpa | flags | (level > 1 ? EPT_LARGE : 0) : 0);
		size = view_level_size(level);
	}
	return 0;
}

int view_map(struct view *view, gpa_t gpa, hpa_t hpa, u64 nr_pages, u64 rights,
	     enum memory_type type, u64 soft)
{
	if (!(rights & EPT_RWX))
		return -EINVAL;
	return change(view, gpa.v, hpa.v, nr_pages,
		      rights | (u64)type << EPT_TYPE_SHIFT | (soft & EPT_SOFT));
}

int view_unmap(struct view *view, gpa_t gpa, u64 nr_pages)
{
	return change(view, gpa.v, gpa.v, nr_pages, 0);
}

/* Merge the table that *entry of this level points to, if its entries let it. */
static bool merge_table(struct view *view, u64 *entry, int level, u32 hint)
{
	u64 *table = table_of(*entry);
	u64 step = view_level_size(level - 1);
	u64 first = table[0];
	u32 i;

	/* Software bits belong to one 4 KiB frame each (frame.h): such entries stay apart. */
	if (level > view->max_level || (first & EPT_SOFT) || !ept_present(first) || !ept_leaf(first, level - 1) ||
	    (first & EPT_ADDRESS & (view_level_size(level) - 1)))
		return false;
	/* Most tables that cannot be merged show it beside the entry that changed. */
	if (table[hint] != first + hint * step || table[hint ^ 1] != first + (hint ^ 1) * step ||
	    table[(hint + 1) % ENTRIES] != first + (hint + 1) % ENTRIES * step)
		return false;
	for (i = ENTRIES - 1; i > 0; i--)
		if (table[i] != first + i * step)
			return false;
	set_entry(view, entry, level, first | EPT_LARGE);
	return true;
}

void view_merge(struct view *view, gpa_t gpa)
{
	u64 *path[EPT_LEVELS + 1];
	u64 *entry = table_of(view->root.v) + index_of(gpa, EPT_LEVELS);
	int l = EPT_LEVELS;

	path[l] = entry;
	while (ept_table(*entry, l)) {
		entry = table_of(*entry) + index_of(gpa, --l);
		path[l] = entry;
	}
	while (++l <= view->max_level && merge_table(view, path[l], l, index_of(gpa, l - 1)))
		;
}

u32 view_tables_needed(gpa_t gpa, u64 nr_pages)
{
	u64 last = gpa.v + nr_pages * PAGE_SIZE - 1;
	u32 tables = 0;
	int level;

	if (!nr_pages)
		return 0;
	for (level = 2; level <= EPT_LEVELS; level++)
		tables += last / view_level_size(level) - gpa.v / view_level_size(level) + 1;
	return tables;
}
