/* SPDX-License-Identifier: GPL-2.0 */
/* Bringing the other CPUs to the core, which waits for each to flush (-EINPROGRESS). */
#ifndef UNDERPIN_MODULE_NUDGE_H
#define UNDERPIN_MODULE_NUDGE_H

#include <linux/types.h>

/*
 * Once for each -EINPROGRESS in a row; *tries is 0 at first. Waits shortly. Under
 * core_get() and cpus_read_lock(); may sleep.
 */
void nudge_cpus(u32 *tries);

#endif
