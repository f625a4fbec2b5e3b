/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Making another CPU come to the core without Linux's help (RULES 13), and the
 * shoot-down of EPT entries that is built on it. A request is a generation
 * number; each CPU compares it with its own before every entry, flushes, and
 * writes what it has reached. Nothing here waits: the caller asks again later.
 *
 * Locking: none needed; any CPU in root may call.
 */
#ifndef UNDERPIN_VMX_KICK_H
#define UNDERPIN_VMX_KICK_H

#include "../include/types.h"

/* Ask every CPU to flush what EPT01 entries it caches; kicks them. The ticket. */
u64 tlb_flush_begin(void);
/*
 * Has every CPU flushed since that ticket? Kicks again those that have not.
 * 1: yes. 0: not yet (answer -EAGAIN to Linux and ask again). -ETIMEDOUT: a CPU
 * has not answered for a second: roll back.
 */
int tlb_flush_done(u64 ticket);

#endif
