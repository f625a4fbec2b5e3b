/* SPDX-License-Identifier: GPL-2.0 */
/* HC_DEBUG: what the tests ask for; refused unless the module was loaded with debug=1. */
#ifndef UNDERPIN_CORE_DEBUG_H
#define UNDERPIN_CORE_DEBUG_H

#include "../vmx/cpu.h"

s64 debug_call(struct cpu *cpu, u64 op, u64 arg);

#endif
