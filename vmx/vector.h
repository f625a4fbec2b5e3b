/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vector state: x87, SSE, AVX, AVX-512, MPX, PKRU. The core is built without
 * it; two things need it: a PAL has its own (RULES 18), and BearSSL may use SSE.
 *
 * A call keeps, on whichever CPU it goes on, the components that XCR0 enabled
 * where it began, and x87 and SSE in any case: CPUs need not agree on XCR0. A
 * Linux that does not use XSAVE leaves it as the firmware did, on each CPU
 * something else. The format is the standard one of XSAVE (SDM vol. 1, 13.4);
 * FXSAVE's where there is no XSAVE.
 * Components beyond VECTOR_KNOWN (AMX, and what is not invented yet) are
 * switched off in XCR0 while a PAL runs: it gets #UD for them, and the owner's
 * stay in the registers untouched. Supervisor components (XSS) cannot be
 * reached from ring 3 with the CR4 that a PAL has, so they are left alone.
 */
#ifndef UNDERPIN_VMX_VECTOR_H
#define UNDERPIN_VMX_VECTOR_H

#include "../include/types.h"
#include "cpu.h"

/* Ends at byte 2,696 of the standard format on every CPU that has AVX-512. */
#define VECTOR_KNOWN 0x2ffull
#define VECTOR_MAX_SIZE 3072u

/* Two pages from core_pool. -ENOMEM; -ENODEV: a known component lies beyond VECTOR_MAX_SIZE. */
int vector_init_cpu(struct cpu *cpu);

/* Around calls of BearSSL. Not nested. The registers between hold nobody's secrets but the core's. */
void vector_begin(struct cpu *cpu);
void vector_end(struct cpu *cpu);
/* A bug between the two: the end is made up for. */
void vector_recover(struct cpu *cpu);

/* The components of a call that begins on this CPU now. 0: there is no XSAVE. */
u64 vector_components(void);
/*
 * Into a PAL: the owner's state to this CPU's page, then the PAL's from area
 * (64-byte aligned, VECTOR_MAX_SIZE), or the initial one where area is NULL.
 * XCR0 is components until the PAL is left. -ENODEV: this CPU does not know one
 * of them; nothing has changed.
 */
int vector_enter_pal(struct cpu *cpu, const void *area, u64 components);
/* Back: the PAL's state to area (NULL: dropped), the owner's, and its XCR0, into the registers. */
void vector_leave_pal(struct cpu *cpu, void *area);

#endif
