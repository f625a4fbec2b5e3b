/* SPDX-License-Identifier: GPL-2.0 */
/* include/hypercall.h for Linux code: mm_types.h has a struct core_state of its own. */
#ifndef UNDERPIN_MODULE_HYPERCALL_ABI_H
#define UNDERPIN_MODULE_HYPERCALL_ABI_H

#define core_state underpin_core_state
#include "../include/hypercall.h"
#undef core_state

#endif
