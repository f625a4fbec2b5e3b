// SPDX-License-Identifier: GPL-2.0
/*
 * What the module says about a PAL, checked: everything that later code relies
 * on about sections, entry points and parameters is established here, on the
 * core's own copy. Read create.c next.
 */
#include "internal.h"

static bool section_type_known(u32 type)
{
	return type >= PAL_SECTION_CODE && type <= PAL_SECTION_WINDOW;
}

/* Whole pages of the user half. */
static bool range_ok(u64 addr, u64 nr_pages, u64 user_end)
{
	return !(addr & ~PAGE_MASK) && addr >= PAGE_SIZE && addr < user_end &&
	       nr_pages >= 1 && nr_pages <= PAL_MAX_PAGES &&
	       nr_pages * PAGE_SIZE <= user_end - addr;
}

static u64 section_end(const struct pal_section *s)
{
	return s->addr + s->nr_pages * PAGE_SIZE;
}

static const struct pal_section *section_at(const struct pal *pal, u64 addr)
{
	u32 i;

	for (i = 0; i < pal->nr_sections; i++)
		if (addr >= pal->section[i].addr && addr < section_end(&pal->section[i]))
			return &pal->section[i];
	return NULL;
}

static int take_sections(const struct pal_desc *desc, struct pal *pal)
{
	u32 i, j;

	for (i = 0; i < desc->nr_sections; i++) {
		const struct pal_section_desc *from = &desc->section[i];
		struct pal_section *s = &pal->section[i];

		if (!section_type_known(from->type) ||
		    !range_ok(from->addr, from->nr_pages, pal_user_end(pal)))
			return -EINVAL;
		*s = (struct pal_section){ from->addr, from->type, from->nr_pages, pal->nr_frames };
		if (s->type == PAL_SECTION_WINDOW)
			pal->nr_window = s->nr_pages;
		else
			pal->nr_frames += s->nr_pages;
		/* The window's are the last indices, so that it can be empty. */
		if (pal->nr_frames + pal->nr_window > PAL_MAX_PAGES ||
		    pal->nr_window > PAL_MAX_WINDOW || (pal->nr_window && i + 1 < desc->nr_sections))
			return -EINVAL;
		for (j = 0; j < i; j++)
			if (s->addr < section_end(&pal->section[j]) &&
			    pal->section[j].addr < section_end(s))
				return -EINVAL;
		if (s->type == PAL_SECTION_PARAM) {
			if (pal->nr_param_sections == PAL_MAX_CONTEXTS)
				return -EINVAL;
			pal->param_section[pal->nr_param_sections++] = i;
		}
		if (s->type == PAL_SECTION_STACK) {
			if (pal->nr_contexts == PAL_MAX_CONTEXTS)
				return -EINVAL;
			pal->stack_section[pal->nr_contexts++] = i;
		}
	}
	return !pal->nr_contexts || (pal->nr_param_sections && pal->nr_param_sections != pal->nr_contexts) ?
	       -EINVAL : 0;
}

static int take_param(const struct pal_entry_desc *entry, const struct pal_param_desc *from,
		      struct pal_param *p, u64 *offset)
{
	*p = (struct pal_param){ .type = from->type };
	if (from->reserved)
		return -EINVAL;
	if (from->type == PAL_PARAM_INTEGER)
		return from->flags || from->size || from->size_param ? -EINVAL : 0;
	if (from->type != PAL_PARAM_POINTER || !from->flags ||
	    (from->flags & ~(PAL_PARAM_IN | PAL_PARAM_OUT)) || !from->size ||
	    from->size > PAL_MAX_POINTER_BYTES || from->size_param > entry->nr_params)
		return -EINVAL;
	if (from->size_param && entry->param[from->size_param - 1].type != PAL_PARAM_INTEGER)
		return -EINVAL;
	p->flags = from->flags;
	p->size = from->size;
	p->size_param = from->size_param;
	p->offset = ALIGN_UP(*offset, 16);
	*offset = p->offset + from->size;
	return *offset > PAL_MAX_POINTER_BYTES ? -EINVAL : 0;
}

static int take_entry(const struct pal_entry_desc *from, struct pal *pal, struct pal_entry *e)
{
	const struct pal_section *s = section_at(pal, from->addr);
	u64 offset = 0;
	u32 i;

	if (!s || s->type != PAL_SECTION_CODE || (from->flags & ~PAL_ENTRY_MENDS) || from->nr_params > PAL_MAX_PARAMS)
		return -EINVAL;
	e->addr = from->addr;
	e->frame = s->first + ((from->addr - s->addr) >> PAGE_SHIFT);
	e->nr_params = from->nr_params;
	e->flags = from->flags;
	for (i = 0; i < e->nr_params; i++)
		if (take_param(from, &from->param[i], &e->param[i], &offset))
			return -EINVAL;
	if (offset && !pal->nr_param_sections)
		return -EINVAL;
	for (i = 0; i < pal->nr_param_sections; i++)
		if (offset > pal->section[pal->param_section[i]].nr_pages * PAGE_SIZE)
			return -EINVAL;
	return 0;
}

/*
 * Paging structures of one level (shift: what one of its tables spans) that
 * the sections need. Each section counts the spans that it touches and no
 * other before it does; a span is at most counted once as nothing overlaps.
 */
static u32 tables_at(const struct pal *pal, u32 shift)
{
	u32 i, j, nr = 0;

	for (i = 0; i < pal->nr_sections; i++) {
		u64 span = pal->section[i].addr >> shift;
		u64 last = (section_end(&pal->section[i]) - 1) >> shift;

		for (; span <= last; span++) {
			for (j = 0; j < i; j++)
				if (span >= pal->section[j].addr >> shift &&
				    span <= (section_end(&pal->section[j]) - 1) >> shift)
					break;
			nr += j == i;
		}
	}
	return nr;
}

static void count_pages(struct pal *pal)
{
	u32 nr;

	pal->nr_tables = 1 + tables_at(pal, 39) + tables_at(pal, 30) + tables_at(pal, 21);
	nr = pal->nr_frames + pal->nr_window + pal->nr_tables;
	pal->nr_lists = ALIGN_UP(nr, 512) / 512;
	pal->nr_views = 1 + view_tables_needed(GPA(0), nr);
	pal->nr_donated = DONATED_LISTS(pal) + pal->nr_lists + pal->nr_tables + pal->nr_views;
}

int descriptor_take(const struct pal_desc *desc, struct pal *pal)
{
	u32 i, j;

	if (desc->size != sizeof(*desc) || (desc->flags & ~PAL_DESC_32BIT) || desc->reserved ||
	    !desc->nr_sections || desc->nr_sections > PAL_MAX_SECTIONS ||
	    !desc->nr_entries || desc->nr_entries > PAL_MAX_ENTRIES ||
	    ((desc->owner_cr3 | desc->owner_cr3_user) & ~EPT_ADDRESS) || !desc->owner_cr3 ||
	    !desc->owner_cr3_user)
		return -EINVAL;
	pal->compat = desc->flags & PAL_DESC_32BIT;
	if (take_sections(desc, pal))
		return -EINVAL;
	pal->nr_sections = desc->nr_sections;
	for (i = 0; i < desc->nr_entries; i++) {
		for (j = 0; j < i; j++)
			if (desc->entry[i].addr == desc->entry[j].addr)
				return -EINVAL;
		if (take_entry(&desc->entry[i], pal, &pal->entry[i]))
			return -EINVAL;
	}
	pal->nr_entries = desc->nr_entries;
	/* The stub is the owner's code: Linux must be able to execute it. */
	if (desc->stub < PAGE_SIZE || desc->stub >= pal_user_end(pal) || section_at(pal, desc->stub))
		return -EINVAL;
	count_pages(pal);
	return pal->nr_donated > PAL_MAX_DONATED ? -EINVAL : 0;
}
