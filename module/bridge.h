/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bridge: one page per CPU that is mapped at the same linear address in
 * Linux's and in the core's page tables (writable, not executable). While a CPU
 * crosses from one to the other, neither side's IDT, GDT or stack can be
 * reached for some instructions; an NMI there would be a triple fault. So it
 * crosses with the IDT, GDT and stack of this page. An NMI or #MC that arrives
 * meanwhile is noted in .events and raised again by core_call() or cpu_leave().
 *
 * Read by switch.S, which is given a bridge's address, or finds it by SIDT: the
 * IDT is the first thing in it. SDM vol. 3, 6.14 (64-bit gates, no IST).
 */
#ifndef UNDERPIN_MODULE_BRIDGE_H
#define UNDERPIN_MODULE_BRIDGE_H

#define BRIDGE_GDTR 0x140
#define BRIDGE_IDTR 0x150
#define BRIDGE_EVENTS 0x160
#define BRIDGE_GDT 0x200
#define BRIDGE_STACK_END 0x1000

#define BRIDGE_EVENT_NMI 1
#define BRIDGE_EVENT_MC 2

#ifndef __ASSEMBLY__
#include <linux/build_bug.h>
#include <linux/types.h>
#include <asm/desc_defs.h>
#include <asm/page.h>
#include <asm/trapnr.h>

/* The vectors up to #MC (18); only NMI and #MC have a handler. */
#define BRIDGE_VECTORS (X86_TRAP_MC + 1)
#define BRIDGE_GDT_SIZE 256

struct bridge {
	gate_desc idt[BRIDGE_VECTORS];
	u8 pad0[BRIDGE_GDTR - BRIDGE_VECTORS * sizeof(gate_desc)];
	struct desc_ptr gdtr;	/* of gdt[] below */
	u8 pad1[BRIDGE_IDTR - BRIDGE_GDTR - sizeof(struct desc_ptr)];
	struct desc_ptr idtr;	/* of idt[] above */
	u8 pad2[BRIDGE_EVENTS - BRIDGE_IDTR - sizeof(struct desc_ptr)];
	u32 events;		/* BRIDGE_EVENT_* that came while crossing */
	u8 pad3[BRIDGE_GDT - BRIDGE_EVENTS - sizeof(u32)];
	u8 gdt[BRIDGE_GDT_SIZE];	/* copy of Linux's, made at each crossing */
	u8 stack[BRIDGE_STACK_END - BRIDGE_GDT - BRIDGE_GDT_SIZE];
};

static_assert(sizeof(struct bridge) == PAGE_SIZE);
static_assert(offsetof(struct bridge, gdtr) == BRIDGE_GDTR);
static_assert(offsetof(struct bridge, idtr) == BRIDGE_IDTR);
static_assert(offsetof(struct bridge, events) == BRIDGE_EVENTS);
static_assert(offsetof(struct bridge, gdt) == BRIDGE_GDT);

/* A new bridge, or NULL. Free it with bridge_free(). */
struct bridge *bridge_alloc(void);
void bridge_free(struct bridge *bridge);

/*
 * Before a crossing: copy this CPU's GDT, forget old events. Interrupts are off.
 * False: the GDT is larger than any that Linux has had.
 */
bool bridge_prepare(struct bridge *bridge);
/* After it: raise what came meanwhile. Interrupts are off. */
void bridge_replay(struct bridge *bridge);
#endif
#endif
