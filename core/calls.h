/* SPDX-License-Identifier: GPL-2.0 */
/* The hypercalls that core/ answers (include/hypercall.h); HC_FATAL's is in fatal.h. */
#ifndef UNDERPIN_CORE_CALLS_H
#define UNDERPIN_CORE_CALLS_H

#include "../vmx/cpu.h"

s64 status_get(u64 gpa);
s64 stats_get(u64 slot, u64 gpa, u64 first);
/* The log ring: log_event() of include/platform.h writes. */
s64 log_get(u64 first, u64 gpa);
/* HC_DONATE and HC_RECLAIM. */
s64 donate_call(u64 list_gpa, u64 count);
s64 reclaim_call(u64 list_gpa);
/* What the tests ask for; refused unless the module was loaded with debug=1. */
s64 debug_call(struct cpu *cpu, u64 op, u64 arg);

#endif
