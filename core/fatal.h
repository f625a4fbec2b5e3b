/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bug of ours: an exception in root that no fix-up expects, or a VM entry that
 * the CPU refuses. It is recorded, every PAL is doomed, and the exit that met it
 * is answered with -EIO (a hypercall) or #GP; only a CPU for which even that
 * fails is halted. The record holds nothing of a PAL (RULES 23).
 */
#ifndef UNDERPIN_CORE_FATAL_H
#define UNDERPIN_CORE_FATAL_H

#include "../vmx/cpu.h"
#include "trap.h"

/* Records what happened, and changes frame so that the trap returns to the recovery, not to where the bug was. */
void fatal_trap(struct cpu *cpu, struct trap_frame *frame);

/* See HC_FATAL. */
s64 fatal_get(u64 gpa);
bool fatal_seen(void);

#endif
