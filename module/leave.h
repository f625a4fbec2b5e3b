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

#endif
