/* SPDX-License-Identifier: GPL-2.0 */
/* The life cycle by hypercall: commit, prepare to leave, park, leave. */
#ifndef UNDERPIN_VMX_LEAVE_H
#define UNDERPIN_VMX_LEAVE_H

#include "cpu.h"
#include "launch.h"

/*
 * enum core_run_state. LEAVING is reached only when nothing secret is left: no
 * PAL, no key, no kick under way; HC_LEAVE is answered in no other state.
 */
extern u32 core_state;

/* First exit of this CPU. With the last CPU the core is RUNNING. */
s64 launch_commit(struct cpu *cpu);
/* See HC_LEAVE_PREPARE. */
s64 leave_prepare(struct cpu *cpu, u64 how, u64 *why, u64 *which);
/* 0: this CPU may leave now. */
s64 leave_check(struct cpu *cpu);
/* -EAGAIN: not parked yet, call again. */
s64 leave_park(struct cpu *cpu, u64 slot);

#endif
