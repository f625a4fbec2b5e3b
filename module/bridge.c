// SPDX-License-Identifier: GPL-2.0
/*
 * Making bridges (bridge.h) and raising again what came while crossing. Read
 * switch.S next.
 */
#include <linux/gfp.h>
#include <linux/string.h>
#include <asm/desc.h>
#include <asm/segment.h>

#include "bridge.h"
#include "switch.h"

static void set_gate(gate_desc *gate, u64 handler)
{
	*gate = (gate_desc){
		.offset_low = (u16)handler,
		.segment = __KERNEL_CS,
		.bits = { .type = GATE_INTERRUPT, .p = 1 },
		.offset_middle = (u16)(handler >> 16),
		.offset_high = (u32)(handler >> 32),
	};
}

struct bridge *bridge_alloc(void)
{
	struct bridge *b = (struct bridge *)get_zeroed_page(GFP_KERNEL);
	u64 page = (u64)underpin_switch_page;

	if (!b)
		return NULL;
	set_gate(&b->idt[X86_TRAP_NMI], page + switch_header()->nmi);
	set_gate(&b->idt[X86_TRAP_MC], page + switch_header()->mc);
	b->idtr.address = (unsigned long)b->idt;
	b->idtr.size = sizeof(b->idt) - 1;
	b->gdtr.address = (unsigned long)b->gdt;
	return b;
}

void bridge_free(struct bridge *bridge)
{
	free_page((unsigned long)bridge);
}

bool bridge_prepare(struct bridge *bridge)
{
	struct desc_ptr gdtr;

	native_store_gdt(&gdtr);
	if (gdtr.size >= sizeof(bridge->gdt))
		return false;
	memcpy(bridge->gdt, (void *)gdtr.address, gdtr.size + 1);
	bridge->gdtr.size = gdtr.size;
	bridge->events = 0;
	return true;
}

/* Entered like the real ones, but for the blocking of further NMIs: Linux copes. */
void bridge_replay(struct bridge *bridge)
{
	if (bridge->events & BRIDGE_EVENT_MC)
		asm volatile("int $18" ::: "memory");
	if (bridge->events & BRIDGE_EVENT_NMI)
		asm volatile("int $2" ::: "memory");
	bridge->events = 0;
}
