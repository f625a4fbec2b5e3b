// SPDX-License-Identifier: GPL-2.0
/*
 * Each CPU flushes at its next exit, so this makes one on each; a CPU that does not
 * answer (interrupts off) comes by itself within seconds, and is not waited for here.
 */
#include "nudge.h"

#include <linux/delay.h>
#include <linux/smp.h>

#include "hypercall.h"

#define NUDGE_EVERY 10000	/* calls, a second or so */
#define NUDGE_SPINS 200

static void exit_once(void *unused)
{
	hypercall(HC_NULL, 0, 0, 0);
}

void nudge_cpus(u32 *tries)
{
	if ((*tries)++ % NUDGE_EVERY == 0)
		smp_call_function(exit_once, NULL, 0);
	else if (*tries > NUDGE_SPINS)
		usleep_range(20, 100);
	else
		cpu_relax();
}
