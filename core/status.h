/* SPDX-License-Identifier: GPL-2.0 */
/* HC_STATUS and HC_STATS. */
#ifndef UNDERPIN_CORE_STATUS_H
#define UNDERPIN_CORE_STATUS_H

#include "../include/types.h"

s64 status_get(u64 gpa);
s64 stats_get(u64 slot, u64 gpa, u64 first);

#endif
