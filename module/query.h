/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core tells about itself, in the UAPI's form; size is set, by the caller.
 * For ioctls and debugfs.
 * All may sleep, take core_get() themselves, and answer 0 or -errno; -ENODEV:
 * there is no core any more.
 */
#ifndef UNDERPIN_MODULE_QUERY_H
#define UNDERPIN_MODULE_QUERY_H

#include "../include/uapi/linux/underpin.h"

int query_status(struct underpin_status *status);
/* stats->cpu is the slot wanted; -EINVAL: there is none such. */
int query_stats(struct underpin_stats *stats);
/* log->first as in the UAPI. */
int query_log(struct underpin_log *log);
/* CPUs on which Linux itself is in VMX operation. */
int query_cpus_in_vmx(void);

#endif
