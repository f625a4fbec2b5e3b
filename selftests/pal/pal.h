/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the programs here share: a PAL of TrustVisor's kind, whose code (inside.c) is copied to pages that
 * were just mapped, and the means to ask where one is. README.md says what each program promises.
 */
#ifndef SELFTESTS_PAL_H
#define SELFTESTS_PAL_H

#include <stdbool.h>
#include <stdint.h>
#include <trustvisor.h>

/* What runs inside is called in the System V convention, from a Windows program too. */
#ifdef _WIN32
#define PAL_ABI __attribute__((sysv_abi))
#else
#define PAL_ABI
#endif
/* All of it in one section, which holds no address, so that it can be copied. */
#define INSIDE __attribute__((section("palcode"), noinline, used)) PAL_ABI
#define MUST_BE_HERE __attribute__((section("palcode"), always_inline))

/* The top bit of the first integer: the caller wants this to run inside of a PAL. */
#define WANT_INSIDE ((uintptr_t)1 << (sizeof(uintptr_t) * 8 - 1))
#define IN_THE_WRONG_PLACE 0xbad0bad0u

typedef uintptr_t word;

/* inside.c: integers are weighed by 1 to 10; what a pointer points to is counted up, or has a constant added. */
PAL_ABI word answer(word a, word *b);
PAL_ABI word weigh(word a, word b, word c, word d, word e, word f, word g, word h, word i, word j);
PAL_ABI word count_up(word *a, word *b, word *c, word *d, word *e, word *f, word *g, word *h, word *i, word *j);
PAL_ABI word walk(word na, word *a, word nb, word *b, word nc, word *c, word nd, word *d, word ne, word *e);
PAL_ABI word where(word *ebx);

/* 0x7a767274, if somebody answers to TrustVisor's leaf; *ebx: 0xffffffff outside of PALs. */
static inline MUST_BE_HERE uint32_t trustvisor_cpuid(uint32_t *ebx, uint32_t *ecx)
{
	uint32_t eax = 0x7a567254, edx;

	*ecx = 0;
	__asm__ volatile("cpuid" : "+a"(eax), "=b"(*ebx), "+c"(*ecx), "=d"(edx));
	return eax;
}

/* The core answers. TV_NO_CORE=1 (hosted tests): nobody answers CPUID or VMCALL, and all runs outside. */
bool core_answers(void);
extern bool no_core;

/* The instruction itself, as TrustVisor's programs make it. A hypervisor that is not ours may do anything at it. */
static inline uintptr_t vmcall(uintptr_t ax, uintptr_t cx, uintptr_t dx, uintptr_t si, uintptr_t di)
{
	if (no_core)
		return tv_call(ax, cx, dx, si, di);
	__asm__ volatile("vmcall" : "+a"(ax) : "c"(cx), "d"(dx), "S"(si), "D"(di) : "memory");
	return ax;
}

static inline word inside_flag(void)
{
	return no_core ? 0 : WANT_INSIDE;
}

/* Four new pages, inside.c's code in the first, as long as it is registered. Ends the program where that fails. */
struct demo_pal {
	struct tv_pal_sections sections;
	char *pages;
	void *entry;
};
/* by_vmcall: by the instruction; else by the library's function. function is one of inside.c's. */
void demo_register(struct demo_pal *pal, const void *function, const struct tv_pal_params *params, bool by_vmcall);
void demo_unregister(struct demo_pal *pal, bool by_vmcall);

#endif
