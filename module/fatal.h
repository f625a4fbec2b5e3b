/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core's record of a bug of its own (struct core_fatal): printed when it is
 * first met and again at a panic, so that it survives on the console; read
 * whole through debugfs.
 */
#ifndef UNDERPIN_MODULE_FATAL_H
#define UNDERPIN_MODULE_FATAL_H

#include <linux/types.h>

#include "../include/hypercall.h"

int fatal_init(void);
void fatal_exit(void);

/* After a hypercall's answer: -EIO means that there may be a new record. Between core_get() and core_put(). */
void fatal_report_if(s64 answer);

/*
 * Copy the record, between core_get() and core_put(); 1, 0 if there is none, or
 * -errno. page: one page of the caller's for the core to write to.
 */
int fatal_read(void *page);

#endif
