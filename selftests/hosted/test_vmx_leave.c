// SPDX-License-Identifier: GPL-2.0
/* link: vmx/leave.c */
/*
 * Who may leave, and when: a hostile ring 0 asks in any order. No CPU gets out
 * of VMX while a PAL or a key is left, and what was refused leaves nothing behind.
 */
#include "../../vmx/apic.h"
#include "../../vmx/event.h"
#include "../../vmx/kick_internal.h"
#include "../../vmx/leave.h"
#include "../../vmx/nested/nested.h"
#include "fake.h"
#include "leave_machine.h"
#include "tap.h"

struct handover handover;

static bool kicked;

bool kick_outstanding(const struct cpu *cpu)
{
	return kicked;
}

bool apic_send_init(u32 apic_id)
{
	return true;
}

bool apic_send_sipi(u32 apic_id, u8 vector)
{
	return true;
}

bool guest_in_64bit_code(void)
{
	return true;
}

static void running(void)
{
	u32 slot;

	fake_cpu_reset(2);
	handover = (struct handover){ .nr_cpus = 2 };
	for (slot = 0; slot < 2; slot++) {
		memset(cpu_of_slot(slot), 0, sizeof(struct cpu));
		cpu_of_slot(slot)->slot = slot;
		cpu_of_slot(slot)->in_vmx = true;
	}
	core_state = CORE_STATE_LAUNCHING;
	launch_commit(cpu_of_slot(0));
	check(core_state == CORE_STATE_LAUNCHING);
	launch_commit(cpu_of_slot(1));
	check(core_state == CORE_STATE_RUNNING);
	nr_pals = nr_unwiped = 0;
	closed = kicked = false;
	keys = true;
}

static s64 prepare(u64 how)
{
	u64 why = 0, which = 0;

	return leave_prepare(cpu_of_slot(0), how, &why, &which);
}

/*
 * HC_LEAVE_PREPARE in full (RULES 24): both ways, each state, lock=1, PALs, a CPU
 * that waits for a SIPI, a CPU on which Linux is in VMX operation, a kick under way; answers by include/hypercall.h.
 */
static void one_refusal(u32 state, u64 how, bool lock, u32 pals, bool offline, bool vmx, bool kick)
{
	static struct nested nested[2];
	u64 why = 0, which = 0, wanted_why = 0, wanted_which = 0;
	bool force = how == LEAVE_FORCE;
	s64 wanted = 0, ret;

	running();
	core_state = state;
	closed = state != CORE_STATE_RUNNING;
	handover.flags = lock ? HANDOVER_LOCK : 0;
	nr_pals = pals;
	nr_unwiped = 0;		/* what a forced leave finds at its last call */
	cpu_of_slot(1)->wait_sipi = offline;
	nested[0].vmxon = vmx;
	nested_of_cpu[0] = vmx || offline ? &nested[0] : NULL;
	kicked = kick;
	if (state == CORE_STATE_LAUNCHING || state == CORE_STATE_LEAVING)
		wanted_why = 0;
	else if (!force && lock)
		wanted_why = LEAVE_BUSY_LOCKED;
	else if (!force && pals)
		wanted_why = LEAVE_BUSY_PAL, wanted_which = pals;
	else if (!force && vmx)
		wanted_why = LEAVE_BUSY_VMX;
	else if (kick)
		wanted_why = LEAVE_BUSY_KICK;
	else if (!force && offline)
		wanted_why = LEAVE_BUSY_OFFLINE_CPU, wanted_which = 1;
	if (wanted_why)
		wanted = -EBUSY;
	ret = leave_prepare(cpu_of_slot(0), how, &why, &which);
	check(ret == wanted && why == wanted_why && which == wanted_which,
	      "state %u, how %llu, lock %d, %u PALs, offline %d, vmx %d, kick %d: %lld, why %llu, which %llu", state,
	      how, lock, pals, offline, vmx, kick, ret, why, which);
	if (!ret)
		check(core_state == CORE_STATE_LEAVING && keys == (state == CORE_STATE_LEAVING));
	else if (wanted_why == LEAVE_BUSY_LOCKED)
		check(core_state == state && keys && closed == (state != CORE_STATE_RUNNING));
	else
		check(core_state == (force ? CORE_STATE_WIPING : CORE_STATE_RUNNING) && keys && closed == force);
	check((leave_check(cpu_of_slot(1)) == 0) == (!ret && !kick), "CPU 1 and the answer %lld", ret);
	nested_of_cpu[0] = NULL;
}

static void all_refusals(void)
{
	u32 state, bits;

	for (state = CORE_STATE_LAUNCHING; state <= CORE_STATE_LEAVING; state++)
		for (bits = 0; bits < 128; bits++)
			one_refusal(state, bits & 1, bits & 2, bits & 4 ? bits & 64 ? 7 : 1 : 0, bits & 8, bits & 32,
				    bits & 16);
	ok(1, "every refusal of a leave: why, and which PALs or CPU; and a leave that is refused changes nothing");
}

static s64 other;

static void another_forces(void)
{
	u64 why = 0, which = 0;

	other = leave_prepare(cpu_of_slot(1), LEAVE_FORCE, &why, &which);
}

/* A refusal that is on its way does not undo the leave of another CPU: LEAVING is final. */
static void two_at_once(void)
{
	s64 ret;

	running();
	cpu_of_slot(1)->wait_sipi = true;	/* a normal leave is busy, a forced one is not */
	meanwhile = another_forces;
	ret = prepare(LEAVE_NORMAL);
	check(ret == -EBUSY);
	ok(other == -EAGAIN && core_state == CORE_STATE_RUNNING, "while one CPU looks whether it may leave, another is told to come again");
	another_forces();
	ok(!other && core_state == CORE_STATE_LEAVING, "then that one leaves");
	check(!prepare(LEAVE_NORMAL));
	ok(core_state == CORE_STATE_LEAVING && closed && !keys, "and nothing makes the core run again");
}

static void one_random_history(void)
{
	int i;

	running();
	nr_pals = nr_unwiped = fake_below(3);
	for (i = 0; i < 20; i++) {
		kicked = fake_chance(20);
		cpu_of_slot(1)->wait_sipi = fake_chance(20);
		switch (fake_below(4)) {
		case 0:
			prepare(LEAVE_NORMAL);
			break;
		case 1:
			prepare(LEAVE_FORCE);
			break;
		case 2:
			if (!closed && nr_pals && !fake_chance(50))
				nr_pals--, nr_unwiped = nr_pals;
			break;
		default:
			if (leave_check(cpu_of_slot(fake_below(2))) == 0)
				check(!keys && !nr_unwiped && closed && !kicked,
				      "out of VMX with secrets: %u PALs, keys %d", nr_unwiped, keys);
		}
		check(core_state != CORE_STATE_LEAVING || (!keys && !nr_unwiped && closed));
		check(core_state != CORE_STATE_RUNNING || (keys && !closed));
	}
}

/* Phase 1 has made keys of a root secret; a CPU that is stuck keeps the core's pages. */
static void launch_that_failed(void)
{
	running();
	core_state = CORE_STATE_LAUNCHING;
	ok(leave_check(cpu_of_slot(1)) == 0 && !keys, "a launch that failed leaves no keys behind");
}

int main(void)
{
	launch_that_failed();
	int i;

	running();
	ok(leave_check(cpu_of_slot(0)) == -EBUSY, "no CPU leaves unasked");
	nr_pals = nr_unwiped = 2;
	ok(prepare(LEAVE_NORMAL) == -EBUSY && core_state == CORE_STATE_RUNNING && !closed,
	   "EBUSY while a PAL is there, and the core goes on");
	ok(prepare(LEAVE_FORCE) == -EAGAIN && closed && leave_check(cpu_of_slot(0)) == -EBUSY,
	   "a forced leave that has only begun to wipe lets no CPU out");
	ok(prepare(LEAVE_FORCE) == -EAGAIN && prepare(LEAVE_FORCE) == 0 && !keys &&
	   leave_check(cpu_of_slot(0)) == 0, "when all is wiped, keys too, they may");

	running();
	cpu_of_slot(1)->wait_sipi = true;
	ok(prepare(LEAVE_NORMAL) == -EBUSY && core_state == CORE_STATE_RUNNING && keys,
	   "EBUSY while a CPU is offline");
	cpu_of_slot(1)->wait_sipi = false;
	kicked = true;
	ok(prepare(LEAVE_NORMAL) == -EBUSY, "EBUSY while an INIT of ours may be under way");
	kicked = false;
	handover.flags = HANDOVER_LOCK;
	ok(prepare(LEAVE_NORMAL) == -EBUSY, "EBUSY with lock=1");
	ok(prepare(7) == -EINVAL, "EINVAL for what is no way to leave");
	ok(leave_park(cpu_of_slot(0), 1) == -EBUSY, "no CPU is parked before");
	running();
	prepare(LEAVE_NORMAL);
	ok(leave_park(cpu_of_slot(0), 0) == -EINVAL && leave_park(cpu_of_slot(0), 9) == -EINVAL,
	   "nor one that is not there, or the caller");

	all_refusals();
	two_at_once();
	for (i = 0; i < 100000; i++)
		one_random_history();
	ok(1, "100,000 random histories: never out of VMX with a secret left");
	return tap_finish();
}
