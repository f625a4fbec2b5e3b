// SPDX-License-Identifier: GPL-2.0
/* Which physical addresses are RAM: what Linux's resource tree calls "System RAM". */
#include "state.h"
#include "space.h"

#include <linux/errno.h>
#include <linux/init.h>
#include <linux/ioport.h>
#include <linux/mm.h>

static int __init add_ram(struct resource *resource, void *data)
{
	u64 first = DIV_ROUND_UP_ULL(resource->start, PAGE_SIZE);
	u64 end = (resource->end + 1) >> PAGE_SHIFT;
	struct ram_map *ram = data;
	struct core_extent *last;

	if (first >= end)
		return 0;
	ram->pages += end - first;
	last = ram->nr ? &ram->range[ram->nr - 1] : NULL;
	if (last && last->pfn + last->count == first) {
		last->count += end - first;
		return 0;
	}
	if (ram->nr == CORE_MAX_RAM)
		return -E2BIG;
	ram->range[ram->nr++] = (struct core_extent){ first, end - first };
	return 0;
}

int __init ram_find(struct ram_map *ram)
{
	int err;

	ram->nr = 0;
	ram->pages = 0;
	err = walk_iomem_res_desc(IORES_DESC_NONE, IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY,
				  0, -1, ram, add_ram);
	if (err || !ram->nr) {
		pr_err("cannot use this machine's memory map: %u ranges of RAM, error %d\n",
		       ram->nr, err);
		return err ? err : -ENODEV;
	}
	if ((ram->range[ram->nr - 1].pfn + ram->range[ram->nr - 1].count) << PAGE_SHIFT >
	    CORE_DIRECT_SIZE) {
		pr_err("this version supports RAM up to %llu GiB of address\n",
		       CORE_DIRECT_SIZE >> 30);
		return -E2BIG;
	}
	return 0;
}
