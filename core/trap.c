// SPDX-License-Identifier: GPL-2.0
/*
 * What happened in root: an NMI or machine check for Linux, a fault that was
 * expected (fix-up table), or a bug of ours (fatal.c).
 */
#include "trap.h"

#include "../include/platform.h"
#include "../vmx/nmi.h"
#include "../vmx/vmcs.h"
#include "fatal.h"

struct fixup {
	u64 from, to;
};

/* image.lds */
extern const struct fixup fixup_table[], fixup_table_end[];
/* vmx/exit.S */
extern char entry_window_begin[], entry_window_end[], entry_again[];
extern char launch_window_begin[], launch_window_end[], launch_again[];

#define MSR_MCG_STATUS 0x17a
#define MCG_STATUS_RIPV BIT(0)
#define MCG_STATUS_MCIP BIT(2)

static bool in_range(u64 rip, const char *begin, const char *end)
{
	return rip >= (u64)begin && rip < (u64)end;
}

/* The last look before the entry is past: take it again. */
static void look_again(struct trap_frame *frame)
{
	if (in_range(frame->rip, entry_window_begin, entry_window_end))
		frame->rip = (u64)entry_again;
	else if (in_range(frame->rip, launch_window_begin, launch_window_end))
		frame->rip = (u64)launch_again;
}

static bool apply_fixup(struct trap_frame *frame)
{
	const struct fixup *f;

	for (f = fixup_table; f < fixup_table_end; f++) {
		if (f->from == frame->rip) {
			frame->rip = f->to;
			return true;
		}
	}
	return false;
}

static void machine_check(struct cpu *cpu, struct trap_frame *frame)
{
	u64 status;

	/* Without a return address root cannot go on (SDM 16.3.1.2). */
	if (rdmsr_safe(MSR_MCG_STATUS, &status) || !(status & MCG_STATUS_RIPV))
		fatal_trap(cpu, frame);
	/*
	 * No log here: the code that was interrupted may hold its lock. Linux reads the banks and
	 * MCG_STATUS by itself, and clears MCIP.
	 */
	cpu->events.mc = 1;
	look_again(frame);
}

void trap_handler(struct trap_frame *frame)
{
	struct cpu *cpu = this_cpu();

	switch (frame->vector) {
	case VECTOR_NMI:
		nmi_record(cpu);
		look_again(frame);
		return;
	case VECTOR_MC:
		machine_check(cpu, frame);
		return;
	default:
		if (!apply_fixup(frame))
			fatal_trap(cpu, frame);
	}
}
