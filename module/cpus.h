/* SPDX-License-Identifier: GPL-2.0 */
/* The CPUs of the machine: all of them, by the firmware's word (RULES 9). */
#ifndef UNDERPIN_MODULE_CPUS_H
#define UNDERPIN_MODULE_CPUS_H

/* Fill cpu_slots[] with the online CPUs, in Linux's order. -E2BIG: over CORE_MAX_CPUS. */
int cpus_find(void);

/*
 * Compare cpu_slots[] with the firmware's list. -EBUSY: it has a CPU that is not
 * online; -ENODEV: there is no list. Each refusal has a line in the log.
 */
int cpus_all_online(void);

#endif
