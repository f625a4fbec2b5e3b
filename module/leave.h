/* SPDX-License-Identifier: GPL-2.0 */
/* Out of the core. */
#ifndef UNDERPIN_MODULE_LEAVE_H
#define UNDERPIN_MODULE_LEAVE_H

#include <linux/types.h>

/* This CPU, whose slot it is, leaves VMX. Interrupts are off. 0 or -errno. */
int leave_this_cpu(unsigned int slot);

/*
 * All CPUs leave; under core_lock(), in PHASE_RUNNING. With force (reboot,
 * kexec) PALs are wiped first and offline CPUs parked. On success the phase is
 * PHASE_GONE. -EBUSY: something still needs the core (a line in the log says
 * what), it goes on running; -EIO: a CPU did not leave, PHASE_GONE all the same,
 * and the pool's pages must never be given back. May sleep.
 */
int core_leave(bool force);

/*
 * Before a kexec with kexec=stay: offline CPUs come online, no PAL and no key is left, the core
 * has no page but the pool's, and every CPU stays under it. Not under core_lock(), in any
 * phase. 0: the phase is PHASE_STAYS, and the pool is the core's for ever; else it could
 * not be reached. May sleep.
 */
int core_stay(void);

#endif
