// SPDX-License-Identifier: GPL-2.0
/* Whether a core is there to be called, and the CPUs of the machine (state.h). */
#include "state.h"

#include <linux/errno.h>
#include <linux/rwsem.h>

#include "hypercall.h"

struct cpu_slot cpu_slots[CORE_MAX_CPUS];
unsigned int nr_cpu_slots;
bool cpus_unrestricted;
u32 core_depth;

static DECLARE_RWSEM(phase_sem);
static enum underpin_phase phase;	/* written under phase_sem */

int slot_of_cpu(unsigned int cpu)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_slots; i++)
		if (cpu_slots[i].cpu == cpu)
			return i;
	return -ENOENT;
}

bool core_get(void)
{
	down_read(&phase_sem);
	if (phase == PHASE_RUNNING)
		return true;
	up_read(&phase_sem);
	return false;
}

void core_put(void)
{
	up_read(&phase_sem);
}

enum underpin_phase core_phase(void)
{
	return READ_ONCE(phase);
}

void core_lock(void)
{
	down_write(&phase_sem);
}

void core_unlock(void)
{
	up_write(&phase_sem);
}

void core_set_phase(enum underpin_phase new_phase)
{
	WRITE_ONCE(phase, new_phase);
}
