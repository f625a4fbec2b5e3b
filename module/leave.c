// SPDX-License-Identifier: GPL-2.0
/*
 * Leaving: the core prepares (wipes keys, and PALs where it is forced), then all
 * CPUs leave together in stop_machine(). Read switch.S for one CPU's way out.
 * Staying under the kernel of a kexec is the same without the last step.
 */
#include "state.h"
#include "leave.h"

#include <linux/atomic.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/sched.h>
#include <linux/smp.h>
#include <linux/stop_machine.h>
#include <asm/debugreg.h>

#include "donate.h"
#include "fatal.h"
#include "hypercall.h"
#include "pal.h"
#include "pool.h"
#include "pt.h"
#include "switch.h"
#include "trace.h"

/* A kick that is under way is over within microseconds; a second is for ever. */
#define LEAVE_TRIES 10000000
#define PREPARE_KICK_TRIES 10000
#define PARK_TRIES 10000
#define STAY_TRIES 100	/* of 20 ms */

int leave_this_cpu(unsigned int slot)
{
	struct bridge *bridge = cpu_slots[slot].bridge;
	unsigned long tries = LEAVE_TRIES, dr7;
	s64 ret;

	do {
		/* Also a test that a core is there: the next VMCALL has no fix-up. */
		ret = hypercall(HC_NULL, 0, 0, 0);
		if (ret)
			return ret;
		if (!bridge_prepare(bridge))
			return -EOPNOTSUPP;
		dr7 = local_db_save();
		ret = underpin_switch_hc_leave(bridge, hypercall_number(HC_LEAVE));
		local_db_restore(dr7);
		bridge_replay(bridge);
		cpu_relax();
	} while (ret == -EAGAIN && --tries);
	if (ret)
		return ret;
	cpu_slots[slot].launched = false;
	pt_release();
	return 0;
}

struct leaving {
	atomic_t failed;
	unsigned int cpu;
	int error;
};

static int leave_on_each(void *data)
{
	int slot = slot_of_cpu(smp_processor_id());
	struct leaving *l = data;
	int err;

	err = slot < 0 ? slot : leave_this_cpu(slot);
	if (err && !atomic_xchg(&l->failed, 1)) {
		l->cpu = smp_processor_id();
		l->error = err;
	}
	return 0;
}

static void report_busy(const struct hypercall_extra *why)
{
	switch (why->rdx) {
	case LEAVE_BUSY_PAL:
		pr_warn("cannot leave: %llu PAL(s) are registered; end their processes\n",
			why->r10);
		break;
	case LEAVE_BUSY_OFFLINE_CPU:
		pr_warn("cannot leave: CPU %u is offline; bring it online first\n",
			why->r10 < nr_cpu_slots ? cpu_slots[why->r10].cpu : ~0u);
		break;
	case LEAVE_BUSY_VMX:
		pr_warn("cannot leave: CPU %u is in VMX operation; end the virtual machines of KVM (or whoever uses it)\n",
			why->r10 < nr_cpu_slots ? cpu_slots[why->r10].cpu : ~0u);
		break;
	case LEAVE_BUSY_LOCKED:
		pr_warn("cannot leave: loaded with lock=1, so only a reboot ends it\n");
		break;
	default:
		pr_warn("cannot leave: the core is busy (reason %llu, %llu)\n", why->rdx,
			why->r10);
	}
}

/* A CPU that is offline in Linux goes out of VMX natively and waits for a SIPI (RULES 14). */
static void park(unsigned int slot)
{
	unsigned int tries = PARK_TRIES;
	s64 ret;

	do {
		ret = hypercall(HC_PARK, slot, 0, 0);
		if (ret == -EAGAIN)
			usleep_range(50, 100);
	} while (ret == -EAGAIN && --tries);
	if (ret) {
		pr_warn("offline CPU %u could not leave VMX: error %lld\n", cpu_slots[slot].cpu,
			ret);
	} else {
		pr_info("CPU %u is offline: it has left the core and waits for a SIPI\n",
			cpu_slots[slot].cpu);
		cpu_slots[slot].launched = false;
	}
}

static void park_offline(void)
{
	unsigned int slot;

	cpus_read_lock();	/* they stay offline meanwhile */
	for (slot = 0; slot < nr_cpu_slots; slot++)
		if (!cpu_online(cpu_slots[slot].cpu) && cpu_slots[slot].launched)
			park(slot);
	cpus_read_unlock();
}

static int prepare(bool force)
{
	unsigned int kicks = PREPARE_KICK_TRIES;
	struct hypercall_extra why;
	s64 ret;

	for (;;) {
		ret = hypercall4(HC_LEAVE_PREPARE, force ? LEAVE_FORCE : LEAVE_NORMAL, 0, 0, 0,
				 &why);
		if (ret == -EAGAIN) {
			cond_resched();
			continue;
		}
		if (ret == -EBUSY && why.rdx == LEAVE_BUSY_KICK && --kicks) {
			usleep_range(50, 100);
			continue;
		}
		if (ret == -EBUSY)
			report_busy(&why);
		else if (ret)
			pr_warn("cannot leave: error %lld\n", ret);
		return ret;
	}
}

int core_leave(bool force)
{
	struct leaving l = {};
	int err;

	core_set_phase(PHASE_LEAVING);
	err = prepare(force);
	if (err) {
		fatal_report_if(err);
		core_set_phase(PHASE_RUNNING);
		trace_underpin_leave(nr_cpu_slots, force, err);
		return err;
	}
	if (force)
		park_offline();
	err = stop_machine(leave_on_each, &l, cpu_online_mask);
	if (!err && atomic_read(&l.failed)) {
		pr_crit("CPU %u could not leave VMX: error %d; reboot soon\n", l.cpu, l.error);
		err = -EIO;
	}
	core_set_phase(PHASE_GONE);
	trace_underpin_leave(nr_cpu_slots, force, err);
	return err;
}

/*
 * Linux stops its CPUs by an interrupt that an offline one gets as well, and keeps until
 * the next kernel starts it: an INIT does not reset the local APIC under the core.
 */
static int all_online(void)
{
	unsigned int slot;
	int err = 0;

	for (slot = 0; slot < nr_cpu_slots && err >= 0; slot++)
		if (!cpu_online(cpu_slots[slot].cpu))
			err = add_cpu(cpu_slots[slot].cpu);
	return min(err, 0);
}

/* -EAGAIN: it has frames of PALs, or pages that were given while it ran. Under core_lock(). */
static int has_pool_alone(void)
{
	struct core_status *status = (void *)get_zeroed_page(GFP_KERNEL);
	int ret;

	if (!status)
		return -ENOMEM;
	ret = hypercall(HC_STATUS, __pa(status), 0, 0);
	if (!ret && (status->nr_pals || status->pool_pages != pool_pages()))
		ret = -EAGAIN;
	free_page((unsigned long)status);
	return ret;
}

int core_stay(void)
{
	unsigned int tries = STAY_TRIES;
	int err = all_online();

	while (!err) {
		pal_end_all();
		if (core_get()) {
			donate_reclaim();
			core_put();
		}
		core_lock();
		err = core_phase() == PHASE_RUNNING ? has_pool_alone() : -ENODEV;
		if (!err)
			err = prepare(true);
		if (!err)
			core_set_phase(PHASE_STAYS);
		core_unlock();
		if (err != -EAGAIN || !--tries)
			break;
		msleep(20);	/* a PAL that was being registered has a file by then */
		err = 0;
	}
	return err;
}
