// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nmi.c vmx/event.c */
/*
 * NMIs under the core against a bare CPU (RULES 12). Random NMIs, exits, IRETs
 * and other injections; a model of the CPU (SDM 26.2, 27.3.1.5, 27.6.1, 27.7.6)
 * runs what vmx/nmi.c writes into VMCS01 and refuses what the SDM refuses. Each
 * NMI that a bare CPU would have delivered is delivered, and none is invented.
 */
#include "../../vmx/cpu.h"
#include "../../vmx/nmi.h"
#include "../../vmx/vmcs.h"
#include "fake.h"
#include "tap.h"

void write_cr2(u64 v)
{
}

/* The CPU. blocked: physically; latched: one NMI waits. */
static bool in_root, blocked, latched;
static u32 sent, delivered;
/* The bare CPU with the same NMIs at the same places. */
static bool bare_blocked, bare_latched;
static u32 bare_delivered;

static struct cpu *cpu;

static bool virtual_nmis(void)
{
	return vmread(PIN_BASED_CONTROLS) & PIN_VIRTUAL_NMIS;
}

static bool guest_blocked(void)
{
	return vmread(GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI;
}

static void set_guest_blocked(bool on)
{
	u64 v = vmread(GUEST_INTERRUPTIBILITY_STATE) & ~BLOCKING_BY_NMI;

	vmwrite(GUEST_INTERRUPTIBILITY_STATE, on ? v | BLOCKING_BY_NMI : v);
}

/* The root handler, which ends without IRET: stays blocked. */
static void take_in_root(void)
{
	if (latched && !blocked) {
		latched = false;
		blocked = true;
		nmi_record(cpu);
	}
}

static void exit_with(u32 reason)
{
	in_root = true;
	vmwrite(VM_EXIT_REASON, reason);
	vmwrite(IDT_VECTORING_INFO, 0);
	/* Blocking goes on in root, but virtual blocking is none (SDM 28.3.3). */
	if (reason == REASON_EXCEPTION_OR_NMI)
		blocked = true;
	else
		blocked = !virtual_nmis() && guest_blocked();
}

static void deliver_to_guest(void)
{
	delivered++;
	set_guest_blocked(true);
}

/* What happens at an instruction boundary in the guest. False: it exited. */
static bool boundary(void)
{
	u64 shadow = vmread(GUEST_INTERRUPTIBILITY_STATE) & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS);

	if (virtual_nmis()) {
		if (latched) {
			latched = false;
			exit_with(REASON_EXCEPTION_OR_NMI);
			handle_nmi_exit(cpu);
			return false;
		}
		if ((vmread(PROCESSOR_BASED_CONTROLS) & PROC_NMI_WINDOW_EXITING) &&
		    !guest_blocked() && !shadow) {
			exit_with(REASON_NMI_WINDOW);
			handle_nmi_exit(cpu);
			return false;
		}
	} else if (latched && !guest_blocked() && !shadow) {
		latched = false;
		deliver_to_guest();
	}
	return true;
}

/* VM entry: the checks that concern NMIs, then the event. */
static void enter(void)
{
	u64 pin = vmread(PIN_BASED_CONTROLS), proc = vmread(PROCESSOR_BASED_CONTROLS);
	u64 info, state;

	do {
		take_in_root();
		cpu->events_seen.all = cpu->events.all;
		nmi_before_entry(cpu);
		take_in_root();	/* in the window: looks again */
	} while (cpu->events.nmi != cpu->events_seen.nmi);

	pin = vmread(PIN_BASED_CONTROLS);
	proc = vmread(PROCESSOR_BASED_CONTROLS);
	info = vmread(VM_ENTRY_INTERRUPTION_INFO);
	state = vmread(GUEST_INTERRUPTIBILITY_STATE);
	check(!(pin & PIN_VIRTUAL_NMIS) || (pin & PIN_NMI_EXITING), "virtual NMIs without NMI exiting");
	check(!(proc & PROC_NMI_WINDOW_EXITING) || (pin & PIN_VIRTUAL_NMIS), "window without virtual NMIs");
	if ((info & INTR_INFO_VALID) && (info & INTR_INFO_TYPE) == INTR_TYPE_NMI) {
		check(!(state & (BLOCKING_BY_MOV_SS | BLOCKING_BY_STI)), "NMI in a shadow");
		check(!(pin & PIN_VIRTUAL_NMIS) || !(state & BLOCKING_BY_NMI), "NMI while virtually blocked");
		delivered++;
		/* Real CPUs do not block by themselves without virtual NMIs (NESTED.md, 18). */
		if (pin & PIN_VIRTUAL_NMIS)
			state |= BLOCKING_BY_NMI;
		check(state & BLOCKING_BY_NMI, "an injected NMI must block the next");
	}
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, state & ~(BLOCKING_BY_STI | BLOCKING_BY_MOV_SS));
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, info & ~INTR_INFO_VALID);
	in_root = false;
	blocked = false;
}

static void settle(void)
{
	while (!boundary())
		enter();
}

static void bare_boundary(void)
{
	if (bare_latched && !bare_blocked) {
		bare_latched = false;
		bare_blocked = true;
		bare_delivered++;
	}
}

static void arrive(void)
{
	sent++;
	latched = true;
	bare_latched = true;
	bare_boundary();
}

static void iret(void)
{
	set_guest_blocked(false);
	bare_blocked = false;
	bare_boundary();
	settle();
}

static void exit_stay(void)
{
	u64 shadow = fake_chance(10) ? BLOCKING_BY_STI : fake_chance(10) ? BLOCKING_BY_MOV_SS : 0;
	int n = fake_below(3);

	exit_with(REASON_CPUID);
	/* The exit left an interrupt shadow (an EPT violation in one), or injects an exception. */
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, vmread(GUEST_INTERRUPTIBILITY_STATE) | shadow);
	while (n--) {
		arrive();
		take_in_root();
	}
	if (fake_chance(20))
		vmwrite(VM_ENTRY_INTERRUPTION_INFO, VECTOR_GP | INTR_TYPE_HARDWARE_EXCEPTION |
						    INTR_INFO_VALID);
	enter();
	settle();
}

static void one_run(void)
{
	int steps;

	fake_cpu_reset(1);
	cpu = cpu_of_slot(0);
	memset(cpu, 0, sizeof(*cpu));
	in_root = blocked = latched = bare_blocked = bare_latched = false;
	sent = delivered = bare_delivered = 0;
	for (steps = 0; steps < 60; steps++) {
		switch (fake_below(4)) {
		case 0:
			arrive();
			settle();
			break;
		case 1:
			exit_stay();
			break;
		default:
			iret();
		}
	}
	for (steps = 0; steps < 6; steps++)
		iret();
	check(delivered >= bare_delivered, "lost: %u sent, bare CPU %u, here %u", sent,
	      bare_delivered, delivered);
	check(delivered <= sent, "invented: %u sent, %u delivered", sent, delivered);
	check(!cpu->events.nmi && !cpu->nmi_window && !virtual_nmis(),
	      "the plain mode comes back when nothing is pending");
}

static void decisions(void)
{
	u32 bits;

	for (bits = 0; bits < 3 * 16; bits++) {
		struct nmi_inputs in = { bits / 16, bits & 1, bits & 2, bits & 4, bits & 8 };
		struct nmi_outputs out = nmi_decide(&in);

		check(!out.inject || (in.pending && !in.injecting && !in.blocked_by_nmi &&
				      !in.shadow && in.active));
		check(out.window_mode == (in.pending > (out.inject ? 1 : 0)));
	}
	ok(1, "an NMI is injected only where it may be, and what is left asks for a window");
}

int main(void)
{
	int i;

	decisions();
	for (i = 0; i < 20000; i++)
		one_run();
	ok(1, "20,000 random histories: no NMI is lost, none is invented, every entry is legal");
	return tap_finish();
}
