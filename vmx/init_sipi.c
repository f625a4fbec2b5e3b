// SPDX-License-Identifier: GPL-2.0
/*
 * Linux brings a CPU up with INIT and SIPI; the core uses INIT as a kick as
 * well. An INIT within KICK_WINDOW_MS after a kick was sent to this CPU is taken
 * for that kick (several merge, and one may come late); the module keeps CPU
 * hotplug and PAL registration apart, so that none of Linux's is lost by it.
 * SDM vol. 3, 9.4 (multiple-processor initialization), 26.3.
 */
#include "init_sipi.h"

#include "../include/platform.h"
#include "controls.h"
#include "event.h"
#include "guest_state.h"
#include "kick_internal.h"
#include "launch.h"
#include "nested/nested.h"
#include "vmcs.h"

void handle_init(struct cpu *cpu)
{
	if (unlikely(cpu->park))
		vmx_park(cpu);
	if (kick_outstanding(cpu)) {
		reinject_vectoring_event();
		return;
	}
	/* VMX root operation holds it back (SDM 24.8, RULES 15). */
	if (nested_state(cpu) && nested_state(cpu)->vmxon) {
		nested_state(cpu)->init_latched = true;
		reinject_vectoring_event();
		return;
	}
	/* A CPU without unrestricted guest cannot start again: it goes on. */
	if (!vmx_caps.unrestricted_guest) {
		reinject_vectoring_event();
		return;
	}
	/*
	 * Linux sends the SIPI 10 us later: wait for it first, and set the
	 * registers when it has come. The state that is there is a legal one.
	 */
	vmwrite(GUEST_ACTIVITY_STATE, ACTIVITY_WAIT_FOR_SIPI);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, 0);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	WRITE_ONCE(cpu->wait_sipi, true);
}

void handle_sipi(struct cpu *cpu)
{
	if (unlikely(cpu->park))
		vmx_park(cpu);
	__atomic_store_n(&cpu->wait_sipi, false, __ATOMIC_SEQ_CST);
	cpu->events_seen.mc = 0;
	guest_state_after_sipi(cpu, vmread(EXIT_QUALIFICATION) & 0xff);
}
