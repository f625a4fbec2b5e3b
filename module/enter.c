// SPDX-License-Identifier: GPL-2.0
/*
 * Phase 1 calls the core's initialization in bounded steps on slot 0's CPU.
 * Phase 2 has all CPUs in stop_machine(), interrupts off: each launches, all
 * meet, each makes its first hypercall, all meet; if any failed, all leave.
 * Read switch.S for the way in, leave.c for the way out.
 */
#include "state.h"
#include "enter.h"

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>
#include <asm/debugreg.h>
#include <asm/msr.h>
#include <asm/tsc.h>

#include "features.h"
#include "hypercall.h"
#include "leave.h"
#include "pt.h"
#include "space.h"
#include "switch.h"
#include "trace.h"

static u64 cr3_of_core __initdata;

/* Interrupts are off, and this is the slot's CPU. */
static s64 __init core_call(enum core_op op, unsigned int slot)
{
	struct bridge *bridge = cpu_slots[slot].bridge;
	unsigned long dr7;
	s64 ret;

	if (!bridge_prepare(bridge))
		return -EOPNOTSUPP;
	dr7 = local_db_save();	/* no data breakpoint may hit in the core */
	ret = underpin_switch(op, slot, 0, cr3_of_core, space_stack(slot), space_entry(), bridge);
	local_db_restore(dr7);
	bridge_replay(bridge);
	return ret;
}

static int __init init_step(void *unused)
{
	unsigned long flags;
	int ret;

	local_irq_save(flags);
	ret = core_call(CORE_OP_INIT, 0);
	local_irq_restore(flags);
	return ret;
}

int __init core_initialize(u64 core_cr3)
{
	int ret;

	cr3_of_core = core_cr3;
	do {
		ret = smp_call_on_cpu(cpu_slots[0].cpu, init_step, NULL, false);
		cond_resched();
	} while (ret == -EAGAIN);
	if (ret)
		pr_err("the core could not initialize itself: error %d%s\n", ret,
		       ret == -ENOMEM ? " (load with pool_mb=N)" :
		       ret == -EIO ? " (cryptography gives wrong answers on this CPU: do not use it for secrets)" : "");
	return ret;
}

struct launch {
	atomic_t arrived;	/* CPUs at a meeting, summed over the meetings */
	atomic_t failed;	/* the first to fail fills the next three */
	unsigned int cpu;
	int error;
	const char *stage;
	atomic_t stuck;
	u64 ticks;		/* from the first meeting to the last, on one CPU */
};

static void __init launch_failed(struct launch *l, const char *stage, int error)
{
	if (atomic_xchg(&l->failed, 1))
		return;
	l->cpu = smp_processor_id();
	l->stage = stage;
	l->error = error;
}

/* All CPUs are in here with interrupts off, so none can be missing. */
static void __init meet(struct launch *l, unsigned int nth)
{
	int all = nth * num_online_cpus();

	atomic_inc(&l->arrived);
	while (atomic_read(&l->arrived) < all)
		cpu_relax();
}

static void __init enter_this_cpu(struct launch *l, int slot)
{
	int err;

	if (slot < 0 || num_online_cpus() != nr_cpu_slots) {
		launch_failed(l, "counting the CPUs (one came or went)", -EBUSY);
		return;
	}
	err = features_unlock_vmx();
	if (err) {
		launch_failed(l, "IA32_FEATURE_CONTROL", err);
		return;
	}
	pt_hold();
	err = core_call(CORE_OP_LAUNCH, slot);
	if (err) {
		pt_release();
		launch_failed(l, "entering VMX", err);
		return;
	}
	cpu_slots[slot].launched = true;
}

static int __init launch_this_cpu(void *data)
{
	int slot = slot_of_cpu(smp_processor_id());
	struct launch *l = data;
	u64 start;
	s64 ret;

	meet(l, 1);
	start = rdtsc();
	enter_this_cpu(l, slot);
	meet(l, 2);
	if (!atomic_read(&l->failed)) {
		ret = hypercall(HC_COMMIT_CPU, 0, 0, 0);
		if (ret)
			launch_failed(l, "the first hypercall", ret);
	}
	meet(l, 3);
	if (atomic_read(&l->failed) && slot >= 0 && cpu_slots[slot].launched &&
	    leave_this_cpu(slot))
		atomic_set(&l->stuck, 1);
	if (!slot)
		l->ticks = rdtsc() - start;
	return 0;
}

static const char *__init what_to_do(int err)
{
	switch (err) {
	case -EBUSY: return "something else uses VMX or traces this CPU, or a CPU came or went: stop it and load again";
	case -ENODEV: return "this CPU differs from the first: update the firmware (microcode, VMX settings)";
	default: return "please report it, with the lines around this one";
	}
}

int __init core_launch(bool *stuck)
{
	struct launch l = {};
	int err;

	err = stop_machine(launch_this_cpu, &l, cpu_online_mask);
	if (!err && atomic_read(&l.failed)) {
		err = l.error;
		pr_err("launch failed on CPU %u at %s: error %d; all CPUs run as before; %s\n",
		       l.cpu, l.stage, err, what_to_do(err));
	}
	*stuck = atomic_read(&l.stuck);
	if (*stuck)
		pr_crit("a CPU could not leave VMX again: reboot soon\n");
	if (!err)
		pr_info("%u CPUs launched, interrupts were off for %llu TSC ticks\n",
			nr_cpu_slots, l.ticks);
	trace_underpin_launch(nr_cpu_slots, l.ticks, err);
	return err;
}
