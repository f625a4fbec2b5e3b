/* SPDX-License-Identifier: GPL-2.0 */
/* Which CPUs the firmware's list has. Plain C: the hosted tests compile it too. */
#ifndef UNDERPIN_MODULE_MADT_H
#define UNDERPIN_MODULE_MADT_H

#include "../include/types.h"

#define MADT_SHOWN 8

struct madt_cpus {
	u32 missing[MADT_SHOWN];	/* APIC ids of CPUs that are not online, the first of them */
	u32 nr_missing;
	u32 nr_cpus;
};

/*
 * All CPUs of the table (length bytes, its header included) that are enabled or
 * online-capable; missing are those that is_online() denies.
 */
void madt_walk(struct madt_cpus *cpus, const void *madt, u32 length, bool (*is_online)(u32 apic_id));

#endif
