/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VMCALL from the module (include/hypercall.h has the numbers). Call only
 * between core_get() and core_put() (state.h): after a leave there is no one to
 * answer. A fault of the VMCALL itself is caught all the same.
 */
#ifndef UNDERPIN_MODULE_HYPERCALL_H
#define UNDERPIN_MODULE_HYPERCALL_H

#include <linux/errno.h>
#include <asm/asm.h>

#include "../include/hypercall.h"

/* Of our core; found at load (features.c). */
extern u32 core_depth;

struct hypercall_extra {
	u64 rdx, r10;	/* what the core put there */
};

/* As it goes into EAX. */
static __always_inline u64 hypercall_number(u32 nr)
{
	return nr < HC_COMMIT_CPU ? nr : nr | UNDERPIN_HC_DEPTH(core_depth);
}

/* Answers >= 0 or -errno; -ENXIO when no core is under this CPU. extra may be NULL. */
static __always_inline s64 hypercall4(u32 nr, u64 a, u64 b, u64 c, u64 d,
				      struct hypercall_extra *extra)
{
	register u64 r10 asm("r10") = d;
	const u64 number = hypercall_number(nr);
	u64 rax = number;

	/* On a fault RAX is still the number, which no call answers. */
	asm volatile("1:	vmcall\n"
		     "2:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+a" (rax), "+d" (c), "+r" (r10)
		     : "D" (a), "S" (b)
		     : "cc", "memory");
	if (extra) {
		extra->rdx = c;
		extra->r10 = r10;
	}
	return rax == number ? -ENXIO : (s64)rax;
}

static inline s64 hypercall(u32 nr, u64 a, u64 b, u64 c)
{
	return hypercall4(nr, a, b, c, 0, NULL);
}

#endif
