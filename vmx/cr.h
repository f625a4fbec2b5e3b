/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CR0 and CR4 of host Linux: bits that VMX fixes, or that the core does not
 * understand, belong to the core by mask and shadow (SDM vol. 3, 24.8, 25.6.6);
 * Linux reads what it wrote.
 */
#ifndef UNDERPIN_VMX_CR_H
#define UNDERPIN_VMX_CR_H

#include "cpu.h"

/* The masks alone, when Linux enters or leaves VMX operation. CR0.PE, PG, NE are 1 then. */
void cr_hold(void);
/* Write both registers, their masks and shadows. VMCS01 is current. */
void cr_init(u64 cr0, u64 cr4);
/* PAE paging under EPT: the four page-directory pointers at cr3 into the current VMCS. False: malformed. */
bool cr_load_pdptes(u64 cr3);
/* Exit 28: MOV to CR0 or CR4, CLTS, LMSW (SDM 28.2.1, table 28-3). */
void handle_cr_access(struct cpu *cpu);

#endif
