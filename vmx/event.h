/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving events to host Linux (SDM vol. 3, 27.6), all through VMCS01, which
 * must be current. At most one event waits for the next entry; whoever comes
 * later decides by the SDM's priorities (an injected exception before an NMI,
 * which then waits for its window: vmx/nmi.c).
 */
#ifndef UNDERPIN_VMX_EVENT_H
#define UNDERPIN_VMX_EVENT_H

#include "../include/platform.h"
#include "../include/types.h"
#include "cpu.h"
#include "msr_index.h"
#include "vmcs.h"

void inject_ud(void);
void inject_gp(void);	/* error code 0 */
void inject_ve(void);	/* its information is in place */
void inject_page_fault(gva_t address, u32 error_code); /* loads CR2 too */

/* The rarer half of skip_instruction(): interrupt shadow, RFLAGS.TF, 32-bit RIP. */
void skip_slow(u64 old_rip, u64 rip, u64 blocking, u64 rflags);

/*
 * RIP past the instruction that exited; ends a STI or MOV-SS shadow; with
 * RFLAGS.TF a #DB is due behind it (SDM vol. 3, 26.5.1, 27.7.3).
 */
static inline void skip_instruction(void)
{
	u64 old_rip = vmread(GUEST_RIP);
	u64 rip = old_rip + vmread(VM_EXIT_INSTRUCTION_LENGTH);
	u64 blocking = vmread(GUEST_INTERRUPTIBILITY_STATE);
	u64 rflags = vmread(GUEST_RFLAGS);

	vmwrite(GUEST_RIP, rip);
	if (unlikely((blocking & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS)) |
		     (rflags & RFLAGS_TF) | ((old_rip ^ rip) >> 32)))
		skip_slow(old_rip, rip, blocking, rflags);
}

/* The event whose delivery the exit interrupted is given again (SDM 28.2.4). */
void reinject_vectoring_event(void);

/* IRET that faulted (qualification bit 12) had unblocked NMIs already: undo it (SDM 28.2.3). */
void block_nmi_again(u64 qualification);

/* CPL of host Linux at the exit (SS.DPL, SDM 25.4.1). */
int guest_cpl(void);
/* 64-bit code segment (EFER.LMA and CS.L). */
bool guest_in_64bit_code(void);
/* Compatibility mode as Linux gives it to i386 processes: CS and SS are 32-bit and begin at 0. */
bool guest_in_flat_32bit_code(void);

#endif
