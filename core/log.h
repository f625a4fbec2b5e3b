/* SPDX-License-Identifier: GPL-2.0 */
/* The log ring: log_event() of include/platform.h writes, HC_LOG reads. */
#ifndef UNDERPIN_CORE_LOG_H
#define UNDERPIN_CORE_LOG_H

#include "../include/types.h"

/* See HC_LOG. */
s64 log_get(u64 first, u64 gpa);

#endif
