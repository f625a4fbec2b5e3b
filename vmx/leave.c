// SPDX-License-Identifier: GPL-2.0
/*
 * Who may leave, and when (DESIGN.md 3, RULES 13, 14, 24). Everything secret is
 * wiped before the first CPU executes VMXOFF.
 */
#include "io.h"
#include "leave.h"

#include "../core/crypto.h"
#include "../include/platform.h"
#include "../pal/pal.h"
#include "apic.h"
#include "controls.h"
#include "event.h"
#include "kick_internal.h"
#include "nested/nested.h"
#include "vmcs.h"

u32 core_state = CORE_STATE_LAUNCHING;

s64 launch_commit(struct cpu *cpu)
{
	u32 slot;

	if (handover.fail_stage == CORE_FAIL_FIRST_EXIT && handover.fail_cpu == cpu->slot &&
	    core_state == CORE_STATE_LAUNCHING)
		return -EIO;
	WRITE_ONCE(cpu->committed, true);
	for (slot = 0; slot < handover.nr_cpus; slot++)
		if (!READ_ONCE(cpu_of_slot(slot)->committed))
			return 0;
	if (core_state == CORE_STATE_LAUNCHING) {
		core_state = CORE_STATE_RUNNING;
		log_event(LOG_INFO, "%u CPUs run under the core", handover.nr_cpus);
	}
	return 0;
}

static s64 busy(u64 reason, u64 number, u64 *why, u64 *which)
{
	*why = reason;
	*which = number;
	return -EBUSY;
}

/* Everything that must hold before the first VMXOFF. 0, or why not. */
static s64 ready_to_leave(u64 how, u64 *why, u64 *which)
{
	u32 slot, nr_pals, nr_frames;

	pal_counts(&nr_pals, &nr_frames);
	if (how != LEAVE_FORCE && nr_pals)
		return busy(LEAVE_BUSY_PAL, nr_pals, why, which);
	for (slot = 0; slot < handover.nr_cpus; slot++) {
		struct cpu *other = cpu_of_slot(slot);

		if (how != LEAVE_FORCE && READ_ONCE(other->wait_sipi))
			return busy(LEAVE_BUSY_OFFLINE_CPU, slot, why, which);
		if (how != LEAVE_FORCE && nested_state(other) && READ_ONCE(nested_state(other)->vmxon))
			return busy(LEAVE_BUSY_VMX, slot, why, which);
		/* An INIT that is still on its way would reset the CPU after VMXOFF. */
		if (other->in_vmx && kick_outstanding(other))
			return busy(LEAVE_BUSY_KICK, slot, why, which);
	}
	return 0;
}

/*
 * One CPU at a time: a refusal that comes late would undo the LEAVING of another,
 * on which CPUs may have left already. LEAVING is final.
 */
static struct spinlock prepare_lock;

/*
 * WIPING first: from then on pal/ makes and enters none, so that none can come
 * to life behind the wipe; where the leave is refused after all, RUNNING again.
 */
static s64 prepare(struct cpu *cpu, u64 how, u64 *why, u64 *which)
{
	s64 ret;

	if (READ_ONCE(core_state) == CORE_STATE_LEAVING)
		return 0;
	if (READ_ONCE(core_state) == CORE_STATE_LAUNCHING) {	/* a launch that failed */
		keys_wipe();
		WRITE_ONCE(core_state, CORE_STATE_LEAVING);
		return 0;
	}
	if ((handover.flags & HANDOVER_LOCK) && how != LEAVE_FORCE)
		return busy(LEAVE_BUSY_LOCKED, 0, why, which);
	pal_close(true);
	__atomic_store_n(&core_state, CORE_STATE_WIPING, __ATOMIC_SEQ_CST);
	ret = how == LEAVE_FORCE ? pal_wipe_all_step() : 0;
	if (ret)
		return ret;
	ret = ready_to_leave(how, why, which);
	if (ret) {
		if (how != LEAVE_FORCE) {
			WRITE_ONCE(core_state, CORE_STATE_RUNNING);
			pal_close(power_wiped);	/* after that there are none until the next load */
		}
		return ret;
	}
	keys_wipe();
	log_event(LOG_INFO, "cpu %u: leaving", cpu->slot);
	__atomic_store_n(&core_state, CORE_STATE_LEAVING, __ATOMIC_SEQ_CST);
	return 0;
}

s64 leave_prepare(struct cpu *cpu, u64 how, u64 *why, u64 *which)
{
	s64 ret;

	if (how > LEAVE_FORCE)
		return -EINVAL;
	if (!spin_trylock(&prepare_lock))
		return -EAGAIN;
	ret = prepare(cpu, how, why, which);
	spin_unlock(&prepare_lock);
	return ret;
}

s64 leave_check(struct cpu *cpu)
{
	if (READ_ONCE(core_state) != CORE_STATE_LEAVING &&
	    READ_ONCE(core_state) != CORE_STATE_LAUNCHING)
		return -EBUSY;
	/* A launch that failed leaves without a prepare; a CPU that is stuck must not keep them for the others to see. */
	if (READ_ONCE(core_state) == CORE_STATE_LAUNCHING)
		keys_wipe();
	if (kick_outstanding(cpu))
		return -EAGAIN;
	if (!guest_in_64bit_code())
		return -EINVAL;
	return 0;
}

s64 leave_park(struct cpu *cpu, u64 slot)
{
	struct cpu *other;

	if (core_state != CORE_STATE_LEAVING)
		return -EBUSY;
	if (slot >= handover.nr_cpus || slot == cpu->slot)
		return -EINVAL;
	other = cpu_of_slot(slot);
	if (!READ_ONCE(other->in_vmx)) {
		/*
		 * Out of VMX and halted in the core's memory, which will go. This
		 * INIT makes it wait for a SIPI, which needs no memory at all.
		 */
		if (READ_ONCE(other->parked)) {
			apic_send_init(other->apic_id);
			WRITE_ONCE(other->parked, false);
		}
		return 0;
	}
	WRITE_ONCE(other->park, true);
	if (READ_ONCE(other->wait_sipi))
		apic_send_sipi(other->apic_id, 0);
	else
		apic_send_init(other->apic_id);
	return -EAGAIN;
}
