// SPDX-License-Identifier: GPL-2.0
/* See nmi.h. SDM vol. 3, 25.3 (controls), 26.2 (NMI exits), 27.6.1, 27.7.6. */
#include "nmi.h"

#include "../include/platform.h"
#include "event.h"
#include "vmcs.h"

#define NMI_MAX_PENDING 2

struct nmi_outputs nmi_decide(const struct nmi_inputs *in)
{
	struct nmi_outputs out = { 0 };

	if (!in->pending)
		return out;
	out.inject = !in->injecting && !in->blocked_by_nmi && !in->shadow && in->active;
	/* What is left over waits for the end of the one in service, or of the blocking. */
	out.window_mode = !out.inject || in->pending > 1;
	return out;
}

/* Single instructions: the handler comes between any two. */
static void take_events(struct cpu *cpu, u8 n)
{
	__atomic_fetch_sub(&cpu->events.nmi, n, __ATOMIC_RELAXED);
}

/*
 * Blocking-by-NMI is one bit of the guest state in both modes, virtual in one
 * and physical in the other: it is carried over by staying.
 */
static void set_window_mode(struct cpu *cpu, bool on)
{
	u64 pin = vmread(PIN_BASED_CONTROLS) & ~(PIN_NMI_EXITING | PIN_VIRTUAL_NMIS);
	u64 proc = vmread(PROCESSOR_BASED_CONTROLS) & ~PROC_NMI_WINDOW_EXITING;

	vmwrite(PIN_BASED_CONTROLS, on ? pin | PIN_NMI_EXITING | PIN_VIRTUAL_NMIS : pin);
	vmwrite(PROCESSOR_BASED_CONTROLS, on ? proc | PROC_NMI_WINDOW_EXITING : proc);
	cpu->nmi_window = on;
}

void nmi_before_entry(struct cpu *cpu)
{
	u8 pending = READ_ONCE(cpu->events.nmi);	/* once: the handler may add to it */
	u64 info = vmread(VM_ENTRY_INTERRUPTION_INFO);
	u64 blocking = vmread(GUEST_INTERRUPTIBILITY_STATE);
	u64 activity = vmread(GUEST_ACTIVITY_STATE);
	bool injecting = info & INTR_INFO_VALID;
	bool nmi = injecting && (info & INTR_INFO_TYPE) == INTR_TYPE_NMI;
	struct nmi_inputs in = {
		.pending = pending,
		.injecting = injecting,
		.blocked_by_nmi = blocking & BLOCKING_BY_NMI,
		.shadow = blocking & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS),
		.active = activity == ACTIVITY_ACTIVE || activity == ACTIVITY_HLT,
	};
	struct nmi_outputs out = nmi_decide(&in);

	if (activity == ACTIVITY_WAIT_FOR_SIPI) {
		out = (struct nmi_outputs){ 0 };	/* NMIs are dropped there (SDM 9.4.1) */
		take_events(cpu, pending);
		pending = 0;
	}
	if (out.window_mode != cpu->nmi_window || out.window_mode)
		set_window_mode(cpu, out.window_mode);
	if (out.inject) {
		vmwrite(VM_ENTRY_INTERRUPTION_INFO,
			VECTOR_NMI | INTR_TYPE_NMI | INTR_INFO_VALID);
		take_events(cpu, 1);
		pending--;
		nmi = true;
	}
	/*
	 * Virtual NMIs set the blocking by themselves and refuse an entry that
	 * has it set already; without them it must be set here (SDM 27.3.1.5).
	 */
	if (nmi)
		vmwrite(GUEST_INTERRUPTIBILITY_STATE,
			out.window_mode ? blocking & ~BLOCKING_BY_NMI : blocking | BLOCKING_BY_NMI);
	cpu->events_seen.nmi = pending;
}

void nmi_take(struct cpu *cpu)
{
	take_events(cpu, 1);
}

void nmi_record(struct cpu *cpu)
{
	if (READ_ONCE(cpu->events.nmi) < NMI_MAX_PENDING)
		__atomic_fetch_add(&cpu->events.nmi, 1, __ATOMIC_RELAXED);
}

void handle_nmi_exit(struct cpu *cpu)
{
	/* Exit 8 asks only for another look; exit 0 brought one. */
	if ((vmread(VM_EXIT_REASON) & EXIT_REASON_BASIC) == REASON_EXCEPTION_OR_NMI)
		nmi_record(cpu);
	reinject_vectoring_event();
	/* Look again though the number is the same. */
	cpu->events_seen.nmi = 0xff;
}
