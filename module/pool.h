/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The pages that leave Linux for the core. All of them are in pool_extents();
 * those that the module uses itself while building (image, page tables, slots)
 * are taken from the front by pool_take(), the rest is pool_rest(). Not locked:
 * used by init and exit only.
 */
#ifndef UNDERPIN_MODULE_POOL_H
#define UNDERPIN_MODULE_POOL_H

#include <linux/types.h>

#include "../include/handover.h"

/*
 * From now on the pool comes from these addresses alone, in whole blocks of 2 MiB:
 * "FROM-TO", "FROM-" or "-TO", in bytes, as 512M or 1G. -EINVAL, with a line in the log.
 */
int pool_set_range(const char *range);

/*
 * Allocate nr_pages zeroed frames, or somewhat more. -ENOMEM, with a line in the log:
 * too little memory, or in too many pieces. May sleep.
 */
int pool_create(unsigned long nr_pages);

/* The next frame's physical address, or 0: the pool is empty. */
u64 pool_take(void);

/* Copies the extents to out[CORE_MAX_EXTENTS]; the number. */
unsigned int pool_extents(struct core_extent *out);
unsigned int pool_rest(struct core_extent *out);
/* One of them, while the pool is there; NULL: there are no more. */
const struct core_extent *pool_extent(unsigned int i);
unsigned long pool_pages(void);

/* Wipe all pages (RULES 3; the core has wiped its keys before) and give them back. */
void pool_destroy(void);
/* Where a CPU may still run in the core: never give the pages back. */
void pool_leak(void);

#endif
