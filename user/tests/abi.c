// SPDX-License-Identifier: MIT
/* What is said twice, because a header must stand alone, says the same. Compiles, or not. */
#include "../sdk/include/underpin/pal.h"
#include "../lib/stub.h"
#undef UNDERPIN_PAL_H
#include "../../include/hypercall.h"

_Static_assert(PAL_SVC_RANDOM == HC_SVC_RANDOM, "random");
_Static_assert(PAL_SVC_TIME == HC_SVC_TIME, "time");
_Static_assert(PAL_SVC_SELF == HC_SVC_SELF, "self");
_Static_assert(PAL_SVC_EXIT == HC_SVC_EXIT, "exit");
_Static_assert(UNDERPIN_HC_PAL_RESUME == HC_PAL_RESUME, "resume");
_Static_assert(STUB_RESUME == 0, "stub.S tests RAX for zero");
_Static_assert(sizeof(struct underpin_pal_info) == sizeof(struct pal_info), "pal_self() fills the UAPI's structure");
_Static_assert(offsetof(struct underpin_pal_info, calls) == offsetof(struct pal_info, calls), "calls");
_Static_assert(offsetof(struct underpin_pal_info, measurement) == offsetof(struct pal_info, measurement), "measurement");
_Static_assert(offsetof(struct underpin_pal_info, name) == offsetof(struct pal_info, name), "name");
_Static_assert(sizeof(struct underpin_log_record) == sizeof(struct core_log_record), "log");
_Static_assert(UNDERPIN_NR_REASONS == CORE_NR_EXIT_REASONS, "reasons");
