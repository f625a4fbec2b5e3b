/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making another CPU come to the core without Linux's help (RULES 13), and the
 * shoot-down of EPT entries that is built on it. A request is a generation
 * number; each CPU compares it with its own before every entry, flushes, and
 * writes what it has reached. Nothing here waits: the caller asks again later.
 *
 * What makes a CPU come: any exit. An honest Linux makes one on each CPU when it
 * is told -EINPROGRESS, by an ordinary IPI, so that a shoot-down takes
 * microseconds. Without Linux's help it is the VMX-preemption timer, which is
 * always armed: KICK_PERIOD_MS is the longest that a CPU stays away. INIT, the
 * other event that exits whatever the controls say, is used only where there is
 * no such timer: it cannot be told from Linux's own, it resets a CPU that gets
 * it at VMXOFF, and Bochs 2.7 leaves it pending for ever (one INIT, 17,360 exits
 * measured).
 *
 * Locking: none needed; any CPU in root may call.
 */
#ifndef UNDERPIN_VMX_KICK_H
#define UNDERPIN_VMX_KICK_H

#include "../include/types.h"

#define KICK_PERIOD_MS 4000

/* Ask every CPU to flush what EPT01 entries it caches. The ticket. */
u64 tlb_flush_begin(void);
/*
 * Has every CPU flushed since that ticket? 1: yes. 0: not yet (answer
 * -EINPROGRESS to Linux, and ask again). -ETIMEDOUT: a CPU has not answered for
 * three periods: roll back.
 */
int tlb_flush_done(u64 ticket);

#endif
