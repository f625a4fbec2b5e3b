/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Into the core, before there is anything to make a hypercall to: phase 1
 * (preparing, preemptible) and phase 2 (launch, all CPUs together). Init only.
 */
#ifndef UNDERPIN_MODULE_ENTER_H
#define UNDERPIN_MODULE_ENTER_H

#include <linux/types.h>

/* Let the core initialize itself at this root of its page tables. 0 or -errno. May sleep. */
int core_initialize(u64 core_cr3);

/*
 * Launch on every CPU, or on none: on failure all that had entered have left
 * again, and the log has one line that names CPU and stage. -EIO with
 * *stuck = true: a CPU could not leave; its pages must never be given back.
 */
int core_launch(bool *stuck);

#endif
