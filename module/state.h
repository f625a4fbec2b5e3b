/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module's files share: the parameters, the CPUs of the machine, and
 * whether a core is there to be called. Read main.c for the order of things.
 */
#ifndef UNDERPIN_MODULE_STATE_H
#define UNDERPIN_MODULE_STATE_H

#include <linux/types.h>

#include "../include/handover.h"
#include "../include/version.h"
#include "bridge.h"

#undef pr_fmt
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

enum underpin_phase {
	PHASE_LOADING,	/* no core yet */
	PHASE_RUNNING,	/* every CPU is under the core */
	PHASE_LEAVING,
	PHASE_STAYS,	/* a kexec is under way: the core stays (leave.h), nobody may call it */
	PHASE_GONE,	/* no CPU is under it: reboot, or unloading */
};

/* One for each CPU of the machine (slot); fixed from the launch on. */
struct cpu_slot {
	unsigned int cpu;	/* Linux's number */
	u32 apic_id;
	struct bridge *bridge;
	bool launched;		/* written by the CPU itself, in a rendezvous */
	bool holds_module;	/* it is offline, and a reference keeps the module; by its hotplug callbacks */
};

struct underpin_params {
	bool debug, lock;
	int fail_cpu;		/* Linux's number; -1: none */
	unsigned int fail_stage;	/* enum core_fail_stage */
	unsigned int pool_mb;	/* beyond what the module reckons itself */
	unsigned int nested_mb;	/* for EPT02s; 0: VMX is not offered to Linux */
	bool kexec_stay;	/* else all CPUs leave before a kexec */
};

extern struct underpin_params params;
extern struct cpu_slot cpu_slots[CORE_MAX_CPUS];
extern unsigned int nr_cpu_slots;
extern bool cpus_unrestricted;	/* all have unrestricted guest: offline is possible */

/* Slot of a Linux CPU, or -ENOENT. */
int slot_of_cpu(unsigned int cpu);

/*
 * Hypercalls are made between these; they keep the core from leaving (a
 * sleeping lock, shared). False: there is no core any more (-ENODEV).
 */
bool core_get(void);
void core_put(void);

enum underpin_phase core_phase(void);
/* Under the lock, exclusively: nobody is between core_get() and core_put(). */
void core_lock(void);
void core_unlock(void);
void core_set_phase(enum underpin_phase phase);

#endif
