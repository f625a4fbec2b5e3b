/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving events to host Linux (SDM vol. 3, 27.6), all through VMCS01, which
 * must be current. At most one event waits for the next entry; whoever comes
 * later decides by the SDM's priorities (an injected exception before an NMI,
 * which then waits for its window: vmx/nmi.c).
 */
#ifndef UNDERPIN_VMX_EVENT_H
#define UNDERPIN_VMX_EVENT_H

#include "../include/types.h"
#include "cpu.h"

void inject_ud(void);
void inject_gp(void);	/* error code 0 */
void inject_page_fault(gva_t address, u32 error_code); /* loads CR2 too */

/* RIP past the instruction that exited; ends STI/MOV-SS shadow; #DB after it if RFLAGS.TF (SDM 26.5.? "traps"). */
void skip_instruction(void);

/* The event whose delivery the exit interrupted is given again (SDM 28.2.4). */
void reinject_vectoring_event(void);

/* CPL of host Linux at the exit (SS.DPL, SDM 25.4.1). */
int guest_cpl(void);
/* 64-bit code segment (EFER.LMA and CS.L). */
bool guest_in_64bit_code(void);

#endif
