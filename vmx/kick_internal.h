/* SPDX-License-Identifier: GPL-2.0 */
/* The part of kick.c that only vmx/ uses. */
#ifndef UNDERPIN_VMX_KICK_INTERNAL_H
#define UNDERPIN_VMX_KICK_INTERNAL_H

#include "cpu.h"

/* Compared with cpu->flush_done before every entry (exit.S). */
extern u64 flush_generation;

/* An INIT that was sent is taken for a kick this long; an SMI may hold it up. */
#define KICK_WINDOW_MS 50
/* A kick that had no answer is sent again after this many TSC ticks. */
#define KICK_RESEND_TICKS 100000

/* KICK_PERIOD_MS in ticks of the VMX-preemption timer. */
u32 kick_period(void);
/* Into the current VMCS: when its next exit is due at the latest. */
void kick_arm(void);

/* INVEPT of all contexts; then this CPU has reached the generation. */
void flush_this_cpu(struct cpu *cpu);

/* May an INIT of ours still arrive at that CPU? */
bool kick_outstanding(const struct cpu *cpu);

#endif
