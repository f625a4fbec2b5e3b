// SPDX-License-Identifier: GPL-2.0
/*
 * Dispatch of exits (SDM vol. 3, appendix C). emulate_* do an instruction,
 * handle_* an event. Read exit.S first.
 */
#include "exit.h"

#include "../core/fatal.h"
#include "../core/crypto.h"
#include "../include/platform.h"
#include "../pal/pal.h"
#include "controls.h"
#include "cpuid.h"
#include "cr.h"
#include "event.h"
#include "init_sipi.h"
#include "io.h"
#include "kick.h"
#include "kick_internal.h"
#include "launch.h"
#include "msr.h"
#include "msr_index.h"
#include "nested/nested.h"
#include "nmi.h"
#include "vmcs.h"

/* Count this stay in root under reason. */
static inline void account_exit(struct cpu *cpu, u32 reason)
{
	u32 ticks = rdtsc_low() - cpu->exit_tsc;
	struct exit_stat *stat = &cpu->stat[reason];

	stat->count++;
	stat->total += ticks;
	if (unlikely(ticks > stat->max)) {
		stat->max = ticks;
		if (ticks > cpu->stat[cpu->longest_reason].max)
			cpu->longest_reason = reason;
	}
	/* 0 stands for none yet; so min - 1 is the largest number then. */
	if (unlikely(ticks < stat->min - 1))
		stat->min = ticks;
}

u64 exit_fast(struct cpu *cpu)
{
	u32 reason = vmread(VM_EXIT_REASON);

	cpu->exit_tsc = rdtsc_low();
	if (likely(reason == REASON_CPUID)) {
		emulate_cpuid(&cpu->regs);
		skip_instruction();
		account_exit(cpu, REASON_CPUID);
		return FAST_RESUME;
	}
	if (reason == REASON_VMCALL && (u32)cpu->regs.rax == HC_NULL) {
		cpu->regs.rax = 0;
		skip_instruction();
		account_exit(cpu, REASON_VMCALL);
		return FAST_RESUME;
	}
	return FAST_SLOW;
}

static void emulate_xsetbv(struct cpu *cpu)
{
	u64 value = cpu->regs.rdx << 32 | (u32)cpu->regs.rax;

	/* #UD and CPL come before the exit (SDM 26.1.2); the CPU knows which values are legal. */
	if (xsetbv_safe(cpu->regs.rcx, value))
		inject_gp();
	else
		skip_instruction();
}

static void emulate_invd(void)
{
	/* INVD would drop what the core has written (RULES 7). */
	wbinvd();
	skip_instruction();
}

/*
 * The machine would reset. Secrets go first, then the CPU is let do it: an
 * empty IDT and an exception.
 */
void shutdown_machine(struct cpu *cpu)
{
	static const struct descriptor_table none = { 0, 0 };
	/* A CPU that runs a PAL comes to the core within a period of its timer. */
	u64 begun = rdtsc(), limit = (u64)handover.tsc_khz * 3 * KICK_PERIOD_MS;

	log_event(LOG_ERROR, "cpu %u: shutdown of the guest at %lx: reset", cpu->slot,
		  (unsigned long)vmread(GUEST_RIP));
	pal_doom_all();
	keys_wipe();
	while (pal_wipe_all_step() == -EAGAIN && rdtsc() - begun < limit)
		;
	vmxoff();
	for (;;) {
		lidt(&none);
		__asm__ volatile("int3");
	}
}

static void handle_exit(struct cpu *cpu, u32 reason)
{
	switch (reason) {
	case REASON_CPUID:		emulate_cpuid(&cpu->regs); skip_instruction(); break;
	case REASON_VMCALL:		handle_vmcall(cpu); break;
	case REASON_EPT_VIOLATION:
	case REASON_EPT_MISCONFIGURATION: handle_ept_violation(cpu); break;
	case REASON_CR_ACCESS:		handle_cr_access(cpu); break;
	case REASON_RDMSR:		handle_rdmsr(cpu); break;
	case REASON_WRMSR:		handle_wrmsr(cpu); break;
	case REASON_XSETBV:		emulate_xsetbv(cpu); break;
	case REASON_INVD:		emulate_invd(); break;
	case REASON_WBINVD:		wbinvd(); skip_instruction(); break;
	case REASON_IO_INSTRUCTION:	handle_io(cpu); break;
	case REASON_INIT:		handle_init(cpu); break;
	case REASON_SIPI:		handle_sipi(cpu); break;
	case REASON_PREEMPTION_TIMER:	reinject_vectoring_event(); break; /* kick.h */
	case REASON_EXCEPTION_OR_NMI:
	case REASON_NMI_WINDOW:		handle_nmi_exit(cpu); break;
	case REASON_TRIPLE_FAULT:	shutdown_machine(cpu);
	case REASON_VMCLEAR ... REASON_VMXON:
	case REASON_INVEPT:
	case REASON_INVVPID:		emulate_vmx_instruction(cpu, reason); break;
	case REASON_GETSEC:		/* SMX is not offered */
	case REASON_VMFUNC:		inject_ud(); break;
	default:
		/* Nothing else is switched on. Whatever it is, Linux gets a fault for it. */
		log_event(LOG_WARNING, "cpu %u: unexpected exit %u at %lx", cpu->slot, reason,
			  (unsigned long)vmread(GUEST_RIP));
		inject_gp();
	}
}

u64 exit_slow(struct cpu *cpu)
{
	u64 full = vmread(VM_EXIT_REASON);
	u32 reason = full & EXIT_REASON_BASIC, counted = reason;

	if (cpu->mode == MODE_L2) {
		cpu->exit_tsc = rdtsc_low();
		counted = REASON_L2;
		nested_exit(cpu, full);
	} else if (unlikely(full & EXIT_REASON_ENTRY_FAILURE)) {
		if (cpu->mode == MODE_PAL)
			pal_exit(cpu, full);
		else
			entry_failed(cpu);
	} else if (cpu->mode == MODE_PAL) {
		cpu->exit_tsc = rdtsc_low();	/* comes here without exit_fast() */
		counted = REASON_PAL;
		if (reason == REASON_INIT && cpu->park)
			vmx_park(cpu);
		pal_exit(cpu, reason);
	} else {
		handle_exit(cpu, reason);
	}
	cpu->launched = true;
	account_exit(cpu, counted < CORE_NR_EXIT_REASONS ? counted : REASON_PAL);
	if (cpu->mode == MODE_LINUX)
		return ENTRY_RESUME;
	return (cpu->mode == MODE_PAL ? cpu->pal_vmcs_launched : nested_state(cpu)->launched02) ?
	       ENTRY_RESUME : ENTRY_LAUNCH;
}

static void inject_machine_check(struct cpu *cpu)
{
	/* A CPU that waits for a SIPI can take no event (SDM 27.3.1.5): after it, then. */
	cpu->events_seen.mc = cpu->wait_sipi;
	if (cpu->wait_sipi)
		return;
	/* #MC goes before all else that could be injected (SDM table 7-2). */
	cpu->events.mc = 0;
	vmwrite(VM_ENTRY_INTERRUPTION_INFO,
		VECTOR_MC | INTR_TYPE_HARDWARE_EXCEPTION | INTR_INFO_VALID);
}

bool before_entry(struct cpu *cpu)
{
	bool left = false;

	if (cpu->flush_done != READ_ONCE(flush_generation))
		flush_this_cpu(cpu);
	/* An NMI or #MC is Linux's: a PAL is interrupted for it. */
	if (cpu->mode == MODE_PAL && cpu->events.all) {
		pal_interrupt(cpu);
		left = true;
	}
	if (cpu->mode == MODE_PAL)
		return left;
	if (cpu->mode == MODE_L2) {
		left = nested_before_entry(cpu);
		/* L1's own NMI injection into L2 is not to be touched. */
		if (cpu->mode == MODE_L2 && !cpu->events.all && !cpu->nmi_window)
			return left;
	}
	if (cpu->events.mc)
		inject_machine_check(cpu);
	nmi_before_entry(cpu);
	return left;
}
