/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Vector state: x87, SSE, AVX, AVX-512, MPX, PKRU. The core is built without
 * it; two things need it: a PAL has its own (RULES 18), and BearSSL may use SSE.
 *
 * What is saved is what XCR0 enables, in the standard format of XSAVE (SDM
 * vol. 1, 13.4); where there is no XSAVE, or XCR0 does not manage SSE, FXSAVE's.
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

/*
 * Into a PAL: the owner's state to this CPU's page, then the PAL's from area
 * (64-byte aligned, VECTOR_MAX_SIZE), or the initial one where area is NULL.
 */
void vector_enter_pal(struct cpu *cpu, const void *area);
/* Back: the PAL's state to area (NULL: dropped), the owner's into the registers. */
void vector_leave_pal(struct cpu *cpu, void *area);

/*
 * Which components vector_enter_pal() would load on this CPU now. An area that
 * was saved with others cannot be loaded (XRSTOR would fault).
 */
u64 vector_components(void);

#endif
