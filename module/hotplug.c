// SPDX-License-Identifier: GPL-2.0
/*
 * Two hotplug states: before a CPU is started it must be one that the core
 * knows; before one goes offline it must be able to come back. Locking: the
 * hotplug lock, held by the caller.
 */
#include "state.h"
#include "hotplug.h"

#include <linux/cpuhotplug.h>
#include <linux/errno.h>
#include <linux/module.h>

static int prepare_state, online_state;

/* On the CPU that brings it up; a failure leaves the CPU offline. */
static int prepare_cpu(unsigned int cpu)
{
	if (core_phase() == PHASE_GONE || slot_of_cpu(cpu) >= 0)
		return 0;
	pr_warn("CPU %u was not there at the launch, so it may not be started: unload underpin first\n",
		cpu);
	return -EBUSY;
}

/* It may have gone down before there was a callback to see it. */
static int cpu_is_up(unsigned int cpu)
{
	int slot = slot_of_cpu(cpu);

	if (slot >= 0 && cpu_slots[slot].holds_module) {
		cpu_slots[slot].holds_module = false;
		module_put(THIS_MODULE);
	}
	return 0;
}

/* On the CPU itself; a failure leaves it online. */
static int cpu_goes_down(unsigned int cpu)
{
	int slot = slot_of_cpu(cpu);

	switch (core_phase()) {
	case PHASE_GONE:
		break;
	case PHASE_RUNNING:
	case PHASE_STAYS:
		if (cpus_unrestricted)
			break;
		pr_warn_once("CPU %u stays online: this CPU has no unrestricted guest, so it could not be started again under the core; unload underpin first\n",
			     cpu);
		return -EBUSY;
	default:
		pr_warn("CPU %u stays online: underpin is being loaded or unloaded\n", cpu);
		return -EBUSY;
	}
	if (slot >= 0 && !cpu_slots[slot].holds_module) {
		cpu_slots[slot].holds_module = true;
		__module_get(THIS_MODULE);
	}
	return 0;
}

int hotplug_init(void)
{
	prepare_state = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "underpin:prepare",
						  prepare_cpu, NULL);
	if (prepare_state < 0)
		return prepare_state;
	online_state = cpuhp_setup_state_nocalls(CPUHP_AP_ONLINE_DYN, "underpin:online",
						 cpu_is_up, cpu_goes_down);
	if (online_state < 0) {
		cpuhp_remove_state_nocalls(prepare_state);
		return online_state;
	}
	return 0;
}

void hotplug_exit(void)
{
	cpuhp_remove_state_nocalls(online_state);
	cpuhp_remove_state_nocalls(prepare_state);
}
