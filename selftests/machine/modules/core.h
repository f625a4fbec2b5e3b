/* SPDX-License-Identifier: GPL-2.0 */
/* The core's door; Linux has a struct core_state of its own. */
#define core_state underpin_core_state
#include "hypercall.h"
#undef core_state
