/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages for the core's tables while it runs (RULES 6): given when it says that they
 * are missing, back when no PAL is left, and at the latest when the core has left.
 */
#ifndef UNDERPIN_MODULE_DONATE_H
#define UNDERPIN_MODULE_DONATE_H

#include <linux/types.h>

/*
 * About so many; fewer help as well. -ENOMEM: none could be had or given. Under
 * core_get() and cpus_read_lock(); may sleep.
 */
int donate_pages(u64 missing);
/* All that the core does not use. Under core_get(), not under cpus_read_lock(); may sleep. */
void donate_reclaim(void);

/* The core has left: wipe and free all. */
void donate_free_all(void);
/* A CPU may still run in it: never. */
void donate_leak(void);

#endif
