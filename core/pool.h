/* SPDX-License-Identifier: GPL-2.0 */
/* The core's side of include/platform.h's memory part. */
#ifndef UNDERPIN_CORE_POOL_H
#define UNDERPIN_CORE_POOL_H

#include "../vmx/cpu.h"

/* Of pages that Linux gave while the core runs, donate.c; core_pool takes from it when it has no more. */
extern struct page_pool donated_pool;

/* Once, from the hand-over's free extents. 0. */
int pool_init(void);
/* After a bug of ours: open every lock that this CPU holds. */
void locks_release_all(struct cpu *cpu);

#endif
