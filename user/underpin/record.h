/* SPDX-License-Identifier: GPL-2.0 */
/* A fatal record of the core (include/hypercall.h), from a file or a console log. */
#ifndef UNDERPIN_RECORD_H
#define UNDERPIN_RECORD_H

#include "include/hypercall.h"
#include "include/handover.h"

/* True, or a complaint was printed. name NULL: the running core's, in debugfs; "-": standard input. */
bool record_read(const char *name, struct core_fatal *record);

#endif
