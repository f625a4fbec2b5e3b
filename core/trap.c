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
#include "sign.h"

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

/*
 * A bug while BearSSL signs: that stack is no CPU's, so nothing that asks for this_cpu()
 * may run on it. The trap returns to here, on the CPU's own stack. One at a time
 * (sign.c). Registers are not taken along: they may hold the key (RULES 23).
 */
static struct trap_frame signing;

static __attribute__((noreturn)) void signing_crashed(void)
{
	struct cpu *cpu = this_cpu();

	fatal_trap(cpu, &signing);
	__asm__ volatile("mov %0, %%rsp\n\tjmp recover_entry" : : "r"(cpu));
	__builtin_unreachable();
}

static void leave_signing_stack(struct trap_frame *frame)
{
	signing = (struct trap_frame){ .vector = frame->vector, .error_code = frame->error_code,
				       .rip = frame->rip, .rflags = frame->rflags };
	frame->rip = (u64)signing_crashed;
	frame->rsp = (u64)sign_cpu();
}

void trap_handler(struct trap_frame *frame)
{
	struct cpu *cpu;

	if (unlikely(sign_owns((u64)frame))) {
		leave_signing_stack(frame);
		return;
	}
	cpu = this_cpu();
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
