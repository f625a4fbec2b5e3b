// SPDX-License-Identifier: GPL-2.0
/*
 * The NMI experiments of NESTED.md 3 in which the NMI is injected, or blocking is
 * what the VMCS says (SDM vol. 3, 26.3, 27.6); L2 has an IDT whose vector 2 is l2_nmi.
 */
#include <asm/desc_defs.h>
#include <asm/segment.h>

#include "l1.h"

#define VNMI (PIN_NMI_EXITING | PIN_VIRTUAL_NMIS)
#define INJECT_NMI 0x80000202u

static const struct experiment {
	const char *name;
	const char *rip;
	u32 pin, window, state, inject;
	const char *sdm;
} experiments[] = {
	{ "NMI 4, blocking of the VMCS stays", l2_two_nops, 0, 0, BLOCKING_BY_NMI, 0, "exit 18" },
	{ "NMI 4, IRET of L2 unblocks", l2_iret, 0, 0, BLOCKING_BY_NMI, 0, "exit 18" },
	{ "NMI 6, IRET of L2 does not unblock with NMI exiting", l2_iret, PIN_NMI_EXITING, 0, BLOCKING_BY_NMI, 0, "exit 18" },
	{ "NMI 12, IRET of L2 ends virtual blocking", l2_iret, VNMI, 0, BLOCKING_BY_NMI, 0, "exit 18" },
	{ "NMI 12, virtual blocking stays without", l2_two_nops, VNMI, 0, BLOCKING_BY_NMI, 0, "exit 18" },
	{ "NMI 18, injected, no NMI exiting", l2_two_nops, 0, 0, 0, INJECT_NMI, "exit 18" },
	{ "NMI 19, injected, NMI exiting", l2_two_nops, PIN_NMI_EXITING, 0, 0, INJECT_NMI, "exit 18" },
	{ "NMI 20, injected, virtual NMIs", l2_two_nops, VNMI, 0, 0, INJECT_NMI, "exit 18" },
	{ "NMI 21, window at once", l2_two_nops, VNMI, PROC_NMI_WINDOW_EXITING, 0, 0, "exit 8" },
	{ "NMI 22, no window while blocked", l2_two_nops, VNMI, PROC_NMI_WINDOW_EXITING, BLOCKING_BY_NMI, 0, "exit 18" },
	{ "NMI 23, window behind IRET", l2_iret, VNMI, PROC_NMI_WINDOW_EXITING, BLOCKING_BY_NMI, 0, "exit 8" },
	{ "NMI 25, injected, window", l2_two_nops, VNMI, PROC_NMI_WINDOW_EXITING, 0, INJECT_NMI, "exit 18" },
};

static void make_idt(void)
{
	u64 at = (u64)l2_nmi;
	gate_desc *gate = (gate_desc *)l1.idt + 2;

	*gate = (gate_desc){
		.offset_low = at, .offset_middle = at >> 16, .offset_high = at >> 32,
		.segment = __KERNEL_CS, .bits = { .type = GATE_INTERRUPT, .p = 1 },
	};
}

static void again(const char *name, const char *what, u64 rip_plus)
{
	char longer[96];

	snprintf(longer, sizeof(longer), "%s, %s", name, what);
	set(GUEST_RIP, get(GUEST_RIP) + rip_plus);
	say_all(longer, false, "exit");
}

void do_nmis(void)
{
	u32 i;

	make_idt();
	for (i = 0; i < ARRAY_SIZE(experiments); i++) {
		const struct experiment *e = &experiments[i];

		guest_begin(e->rip, false);
		set(GUEST_IDTR_BASE, (u64)l1.idt);
		set(GUEST_IDTR_LIMIT, 3 * sizeof(gate_desc) - 1);
		set(PIN_BASED_CONTROLS, get(PIN_BASED_CONTROLS) | e->pin);
		set(PROCESSOR_BASED_CONTROLS, get(PROCESSOR_BASED_CONTROLS) | e->window);
		set(GUEST_INTERRUPTIBILITY_STATE, e->state);
		set(VM_ENTRY_INTERRUPTION_INFO, e->inject);
		say_all(e->name, true, e->sdm);
		if (e->inject)
			again(e->name, "behind the handler's VMCALL", 3);
	}
}
