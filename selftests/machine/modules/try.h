/* SPDX-License-Identifier: GPL-2.0 */
/* Executing an instruction in ring 0 that may fault, and saying which fault it was. */
#ifndef UNDERPIN_TEST_TRY_H
#define UNDERPIN_TEST_TRY_H

#include <linux/types.h>
#include <asm/asm.h>

#define NO_FAULT (-1)

/*
 * asm volatile(TRY("insn") : [fault] "=&r" (fault), "+a" (rax), ... : ...)
 * RAX is always an output; a fault leaves the vector in fault, else NO_FAULT.
 */
#define TRY(insn)				\
	"1:	" insn "\n"			\
	"	movl $-1, %[fault]\n"		\
	"	jmp 3f\n"			\
	"2:	movl %%eax, %[fault]\n"		\
	"3:\n"					\
	_ASM_EXTABLE_FAULT(1b, 2b)

static inline int try_rdmsr(u32 msr, u64 *value)
{
	u64 a = 0, d = 0;
	int fault;

	asm volatile(TRY("rdmsr") : [fault] "=&r" (fault), "+a" (a), "+d" (d) : "c" (msr));
	*value = d << 32 | (u32)a;
	return fault;
}

static inline int try_wrmsr(u32 msr, u64 value)
{
	u64 a = (u32)value;
	int fault;

	asm volatile(TRY("wrmsr") : [fault] "=&r" (fault), "+a" (a)
		     : "c" (msr), "d" ((u32)(value >> 32)) : "memory");
	return fault;
}

struct call_result {
	int fault;	/* of the VMCALL itself */
	s64 rax;
	u64 rdx, r10;
};

static inline struct call_result try_vmcall(u64 number, u64 rdi, u64 rsi, u64 rdx, u64 r10_in)
{
	register u64 r10 asm("r10") = r10_in;
	struct call_result r;
	u64 rax = number;

	asm volatile(TRY("vmcall")
		     : [fault] "=&r" (r.fault), "+a" (rax), "+d" (rdx), "+r" (r10)
		     : "D" (rdi), "S" (rsi) : "cc", "memory");
	r.rax = rax;
	r.rdx = rdx;
	r.r10 = r10;
	return r;
}

#endif
