// SPDX-License-Identifier: GPL-2.0
/*
 * Builds the core's address space: which frame is where, with which rights.
 * pagetable.c does the tables, image.c has the image.
 */
#include "state.h"
#include "space.h"

#include <linux/errno.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/apicdef.h>

#include "image.h"
#include "pagetable.h"
#include "pool.h"
#include "switch.h"

static int __init map_new_page(struct page_table *pt, u64 va, const void *content, size_t size, u64 flags)
{
	u64 pa = pool_take();

	if (!pa)
		return -ENOMEM;
	if (content)
		memcpy(__va(pa), content, size);
	return pt_map(pt, va, pa, PT_4K, flags);
}

static u64 __init image_rights(const struct core_image_header *header, u32 offset)
{
	if (offset < header->text_end)
		return PT_RX;
	return offset < header->rodata_end ? PT_R : PT_RW;
}

static int __init map_image(struct page_table *pt)
{
	const struct core_image_header *header = image_header();
	u32 offset;
	int err;

	for (offset = 0; offset < header->memory_end; offset += PAGE_SIZE) {
		u64 pa = pool_take();

		if (!pa)
			return -ENOMEM;
		image_place(offset, __va(pa));
		err = pt_map(pt, CORE_IMAGE_BASE + offset, pa, PT_4K,
			     image_rights(header, offset));
		if (err)
			return err;
	}
	return 0;
}

static int __init map_slot(struct page_table *pt, unsigned int slot)
{
	unsigned long mask = CORE_CPU_BACKED_PAGES;
	unsigned int page;
	int err;

	for_each_set_bit(page, &mask, BITS_PER_LONG) {
		err = map_new_page(pt, CORE_CPU_BASE + slot * CORE_CPU_STRIDE + page * PAGE_SIZE,
				   NULL, 0, PT_RW);
		if (err)
			return err;
	}
	/* Linux's own page, at Linux's address: see bridge.h. */
	return pt_map(pt, (u64)cpu_slots[slot].bridge, __pa(cpu_slots[slot].bridge), PT_4K, PT_RW);
}

static int __init map_ram(struct page_table *pt, const struct ram_map *ram)
{
	unsigned int i;
	int err;

	for (i = 0; i < ram->nr; i++) {
		u64 pa = ram->range[i].pfn << PAGE_SHIFT;

		err = pt_map_range(pt, CORE_DIRECT_BASE + pa, pa,
				   ram->range[i].count << PAGE_SHIFT, PT_RW);
		if (err)
			return err;
	}
	/* The default base is the only one that the core allows (RULES 7). */
	return pt_map(pt, CORE_DIRECT_BASE + APIC_DEFAULT_PHYS_BASE, APIC_DEFAULT_PHYS_BASE,
		      PT_4K, PT_RW | PT_UNCACHED);
}

int __init space_create(const struct ram_map *ram, u64 *cr3)
{
	struct page_table pt;
	unsigned int slot;
	int err;

	err = pt_create(&pt);
	if (!err)
		err = map_image(&pt);
	for (slot = 0; slot < nr_cpu_slots && !err; slot++)
		err = map_slot(&pt, slot);
	if (!err)
		err = map_ram(&pt, ram);
	if (!err)
		err = map_new_page(&pt, (u64)underpin_switch_page, switch_header(),
				   SWITCH_PAGE_SIZE, PT_RX);
	if (err == -ENOMEM)
		pr_err("the pool of %lu KiB is too small for this machine: load with pool_mb=N\n",
		       pool_pages() * 4);
	else if (err)
		pr_err("cannot build the core's address space: error %d\n", err);
	*cr3 = pt.root;
	return err;
}

/* Tables that map [0, RAM's end) in 2 MiB leaves, with ragged ends. */
static unsigned long __init tables_for(const struct ram_map *ram)
{
	const struct core_extent *last = &ram->range[ram->nr - 1];

	return ((last->pfn + last->count) >> (PT_1G - PAGE_SHIFT)) + 2 * ram->nr + 4;
}

unsigned long __init space_tables_estimate(const struct ram_map *ram)
{
	return 2 * tables_for(ram) + nr_cpu_slots + nr_cpu_slots / 32 + 16;
}

u64 __init space_stack(unsigned int slot)
{
	return CORE_CPU_BASE + slot * CORE_CPU_STRIDE + CORE_CPU_ENTRY_STACK_END;
}

u64 __init space_entry(void)
{
	return CORE_IMAGE_BASE + image_header()->entry;
}
