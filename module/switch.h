/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The switch page (switch.S): the only code that is mapped, at one linear
 * address, in both address spaces. Its first bytes are read by the core.
 */
#ifndef UNDERPIN_MODULE_SWITCH_H
#define UNDERPIN_MODULE_SWITCH_H

#define SWITCH_PAGE_SIZE 4096

#ifndef __ASSEMBLY__
#include <linux/compiler.h>
#include <linux/types.h>

#include "bridge.h"

/* At the start of the page: where a CPU comes back, as offsets from the page. */
struct switch_header {
	u64 back;	/* after VMLAUNCH; see the contract in switch.S */
	u64 leave;	/* after VMXOFF */
	u64 nmi;	/* the bridge's handlers, for bridge.c */
	u64 mc;
};

extern const u8 underpin_switch_page[SWITCH_PAGE_SIZE];

/* Hidden from the optimizer: objtool dislikes addresses in the middle of code. */
static inline const struct switch_header *switch_header(void)
{
	const void *page = underpin_switch_page;

	OPTIMIZER_HIDE_VAR(page);
	return page;
}

/*
 * Call entry (core_entry) in the core's address space, on the stack that ends
 * at core_stack. Interrupts are off and bridge is prepared. Returns what the
 * core answers; after a successful CORE_OP_LAUNCH it returns 0 in VMX non-root.
 */
asmlinkage s64 underpin_switch(u64 op, u64 slot, u64 arg, u64 core_cr3, u64 core_stack,
			       u64 entry, struct bridge *bridge);

/*
 * HC_LEAVE on this CPU, which must be in VMX non-root; interrupts are off and
 * bridge is prepared. number: hypercall_number(HC_LEAVE). 0: out of VMX; else the core's
 * refusal.
 */
asmlinkage s64 underpin_switch_hc_leave(struct bridge *bridge, u64 number);
#endif
#endif
