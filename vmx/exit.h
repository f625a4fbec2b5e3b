/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The way of one exit: exit.S saves, exit_fast() handles CPUID and the null
 * call, exit_slow() dispatches the rest, before_entry() looks at what other
 * CPUs and NMIs ask for, exit.S restores and resumes.
 */
#ifndef UNDERPIN_VMX_EXIT_H
#define UNDERPIN_VMX_EXIT_H

#include "cpu.h"

enum exit_fast_result {
	FAST_RESUME,	/* handled */
	FAST_SLOW,	/* not handled: exit_slow() */
};

enum entry_kind {
	ENTRY_RESUME,	/* VMRESUME */
	ENTRY_LAUNCH,	/* VMLAUNCH: the current VMCS is clear */
};

/* Called by exit.S. */
u64 exit_fast(struct cpu *cpu);
u64 exit_slow(struct cpu *cpu);
/* True: a PAL or L2 was left; all of cpu->regs is then Linux's and must be loaded. */
bool before_entry(struct cpu *cpu);
/* VMfail. Returns only if an L2 or a PAL was to be entered: VMCS01 is current then. */
void entry_failed(struct cpu *cpu);

/* As on a triple fault: secrets go, then the machine resets. VMCS01 is current. */
__attribute__((noreturn)) void shutdown_machine(struct cpu *cpu);

/* hypercall.c: exit 18 from host Linux. */
void handle_vmcall(struct cpu *cpu);
/* memory.c: exits 48 and 49 from host Linux. */
void handle_ept_violation(struct cpu *cpu);

#endif
