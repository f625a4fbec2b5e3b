/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core's address space (include/handover.h has its map), built from pool
 * pages while Linux is still trusted. Init only.
 */
#ifndef UNDERPIN_MODULE_SPACE_H
#define UNDERPIN_MODULE_SPACE_H

#include <linux/types.h>

#include "../include/handover.h"

struct ram_map {
	struct core_extent range[CORE_MAX_RAM];
	unsigned int nr;
	u64 pages;	/* in all */
};

/* Linux's "System RAM", page-aligned inward. -E2BIG: more than CORE_MAX_RAM pieces. */
int ram_find(struct ram_map *ram);

/* How many pool pages the page tables of the core and EPT01 may need for that RAM. */
unsigned long space_tables_estimate(const struct ram_map *ram);

/*
 * Build it: image, CPU slots, RAM, local APIC, switch page, bridges. *cr3 is
 * its root. -ENOMEM: the pool is too small; -EINVAL: the image is not ours.
 */
int space_create(const struct ram_map *ram, u64 *cr3);

/* Linear address of the stack's end that the core wants for this slot. */
u64 space_stack(unsigned int slot);
/* core_entry(). */
u64 space_entry(void);

#endif
