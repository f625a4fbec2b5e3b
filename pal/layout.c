// SPDX-License-Identifier: GPL-2.0
/*
 * A PAL's memory as it sees it. PAL-physical space is private and compact: the
 * sections' pages in order from 0, then the paging structures. Linear addresses
 * are those that the sections have in the owner (SDM vol. 3, 4.5). Accessed and
 * dirty flags are set beforehand and the paging structures are read-only in the
 * view, so the CPU never writes to them and nothing of this changes until the
 * PAL ends: no flush is due while it lives, but for the window, whose pages are
 * in the page tables from the beginning and in the view while they are lent (lend.c).
 */
#include "internal.h"

#define PTE_PRESENT BIT(0)
#define PTE_WRITE BIT(1)
#define PTE_USER BIT(2)
#define PTE_ACCESSED BIT(5)
#define PTE_DIRTY BIT(6)
#define PTE_NX BIT(63)

void *donated_ptr(const struct pal *pal, u32 i)
{
	return page_address(HPA(pal->donated[i] << PAGE_SHIFT));
}

static u64 *list_entry(const struct pal *pal, u32 index)
{
	return (u64 *)donated_ptr(pal, DONATED_LISTS(pal) + index / 512) + index % 512;
}

u64 pal_frame(const struct pal *pal, u32 index)
{
	return *list_entry(pal, index);
}

void pal_frame_set(struct pal *pal, u32 index, u64 pfn)
{
	*list_entry(pal, index) = pfn;
}

void *pal_frame_ptr(const struct pal *pal, u32 index)
{
	return page_address(HPA(pal_frame(pal, index) << PAGE_SHIFT));
}

const struct pal_section *section_of_frame(const struct pal *pal, u32 index)
{
	const struct pal_section *s = pal->section;

	while (index >= s->first + s->nr_pages)
		s++;
	return s;
}

/*
 * The part of [addr, addr + size) that lies in addr's page, if it is the PAL's and, to
 * write, writable for it: its host address and length; else NULL.
 */
static void *pal_part(const struct pal *pal, u64 addr, u64 size, bool write, u64 *length)
{
	const struct pal_section *s;
	u64 offset, rest = PAGE_SIZE - (addr & ~PAGE_MASK);

	for (s = pal->section; s < pal->section + pal->nr_sections; s++) {
		offset = addr - s->addr;
		if (offset >= s->nr_pages * PAGE_SIZE)
			continue;
		if (write && (s->type == PAL_SECTION_CODE || s->type == PAL_SECTION_RODATA))
			return NULL;
		if (s->type == PAL_SECTION_WINDOW &&
		    (READ_ONCE(pal->lent_over) ||
		     s->first + (offset >> PAGE_SHIFT) >= __atomic_load_n(&pal->got_frames, __ATOMIC_ACQUIRE)))
			return NULL;
		*length = size < rest ? size : rest;
		return (u8 *)pal_frame_ptr(pal, s->first + (offset >> PAGE_SHIFT)) +
		       (addr & ~PAGE_MASK);
	}
	return NULL;
}

/* To the PAL or from it, part by part. */
static bool copy(const struct pal *pal, u64 addr, void *ours, u64 size, bool write)
{
	u64 at, n;

	for (at = 0; at < size; at += n) {
		void *part = pal_part(pal, addr + at, size - at, write, &n);

		if (!part)
			return false;
		if (write)
			memcpy(part, (u8 *)ours + at, n);
		else
			memcpy((u8 *)ours + at, part, n);
	}
	return true;
}

bool write_to_pal(const struct pal *pal, u64 to, const void *from, u64 size)
{
	return copy(pal, to, (void *)from, size, true);
}

bool read_from_pal(const struct pal *pal, u64 from, void *to, u64 size)
{
	return copy(pal, from, to, size, false);
}

static u64 ept_rights(u32 type)
{
	switch (type) {
	case PAL_SECTION_CODE:
		return EPT_READ | EPT_EXEC;
	case PAL_SECTION_RODATA:
		return EPT_READ;
	default:
		return EPT_READ | EPT_WRITE;
	}
}

static u64 pte_flags(u32 type)
{
	u64 flags = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

	if (type != PAL_SECTION_CODE)
		flags |= PTE_NX;
	if (ept_rights(type) & EPT_WRITE)
		flags |= PTE_WRITE | PTE_DIRTY;
	return flags;
}

static u32 first_table(const struct pal *pal)
{
	return pal->nr_frames + pal->nr_window;
}

/* The next paging structure: its PAL-physical page. They were counted before. */
static u32 table_alloc(struct pal *pal)
{
	u32 k = pal->tables_used++, index = first_table(pal) + k;

	pal_frame_set(pal, index, pal->donated[DONATED_LISTS(pal) + pal->nr_lists + k]);
	return index;
}

static int map_linear(struct pal *pal, u64 addr, u32 index, u64 flags)
{
	u32 table = first_table(pal);	/* the root */
	int shift;
	u64 *entry;

	for (shift = 39; ; shift -= 9) {
		entry = (u64 *)pal_frame_ptr(pal, table) + ((addr >> shift) & 511);
		if (shift == PAGE_SHIFT)
			break;
		if (!*entry) {
			if (pal->tables_used == pal->nr_tables)
				return -ENOMEM;
			*entry = (u64)table_alloc(pal) << PAGE_SHIFT | PTE_PRESENT | PTE_WRITE |
				 PTE_USER | PTE_ACCESSED;
		}
		table = (*entry & EPT_ADDRESS) >> PAGE_SHIFT;
	}
	*entry = (u64)index << PAGE_SHIFT | flags;
	return 0;
}

static int map_view(struct pal *pal, u32 index, u64 rights)
{
	return view_map(&pal->view, GPA((u64)index << PAGE_SHIFT),
			HPA(pal_frame(pal, index) << PAGE_SHIFT), 1, rights, MEMTYPE_WB, 0);
}

/* Donated pages still hold what Linux left in them. */
static int build_begin(struct pal *pal)
{
	u32 i;

	for (i = DONATED_LISTS(pal) + pal->nr_lists + pal->nr_tables; i < pal->nr_donated; i++)
		page_free(&pal->pool, HPA(pal->donated[i] << PAGE_SHIFT));
	pal->cr3 = (u64)table_alloc(pal) << PAGE_SHIFT;
	if (view_init(&pal->view, &pal->pool, 1))
		return -ENOMEM;
	/* Write-back, walk length 4, no A/D (SDM 25.6.11). */
	pal->eptp = pal->view.root.v | 3 << 3 | MEMTYPE_WB;
	return 0;
}

int layout_map_lent(struct pal *pal, u32 index)
{
	return map_view(pal, index, ept_rights(PAL_SECTION_WINDOW));
}

/* position: 0 = begin; from 1 = frames and window; then the paging structures. */
static int build_one(struct pal *pal, u32 position)
{
	const struct pal_section *s;
	u32 index = position - 1;

	if (!position)
		return build_begin(pal);
	if (index >= first_table(pal))
		return map_view(pal, index, EPT_READ);
	s = section_of_frame(pal, index);
	if (s->type == PAL_SECTION_PARAM || s->type == PAL_SECTION_STACK)
		memset(pal_frame_ptr(pal, index), 0, PAGE_SIZE);
	if (map_linear(pal, s->addr + ((u64)(index - s->first) << PAGE_SHIFT), index,
		       pte_flags(s->type)))
		return -ENOMEM;
	return s->type == PAL_SECTION_WINDOW ? 0 : map_view(pal, index, ept_rights(s->type));
}

int layout_build_step(struct pal *pal)
{
	u32 end = pal->position + PAL_BUILDS_A_STEP;
	int err;

	for (; pal->position < end; pal->position++) {
		if (pal->position > first_table(pal) + pal->tables_used)
			return 0;
		err = build_one(pal, pal->position);
		if (err)
			return err;
	}
	return -EAGAIN;
}
