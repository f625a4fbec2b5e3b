/* SPDX-License-Identifier: GPL-2.0 */
/* INIT and SIPI that reach a CPU under the core (RULES 13, 14). */
#ifndef UNDERPIN_VMX_INIT_SIPI_H
#define UNDERPIN_VMX_INIT_SIPI_H

#include "cpu.h"

/* Exit 3. From here to the entry in under 400 instructions. */
void handle_init(struct cpu *cpu);
/* Exit 4. */
void handle_sipi(struct cpu *cpu);

#endif
