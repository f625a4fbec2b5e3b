// SPDX-License-Identifier: GPL-2.0
/* See vector.h. SDM vol. 1, 10.5 (FXSAVE) and chapter 13 (XSAVE). */
#include "vector.h"

#include "../include/platform.h"
#include "controls.h"

#ifdef UNDERPIN_HOSTED
u64 xgetbv(u32 index);
#endif

#define XCR0_X87_SSE 3ull

struct vector_area {
	u8 legacy[512];
	u64 header[8];
	u8 extended[VECTOR_MAX_SIZE - 576];
} __attribute__((aligned(64)));

/* Header of zeros: XRSTOR puts every component into its initial state; MXCSR is loaded. */
static const struct {
	u16 fcw, rest[11];
	u32 mxcsr, mxcsr_mask;
	u8 zero[576 - 32];
} initial __attribute__((aligned(64))) = { .fcw = 0x37f, .mxcsr = 0x1f80 };

static struct vector_area *scratch[CORE_MAX_CPUS];	/* vector_begin() */
static bool borrowed[CORE_MAX_CPUS];			/* until vector_end() */

/* While a PAL runs on the CPU. */
static struct crossing {
	struct vector_area *owner;
	u64 owner_xcr0;
	u64 saved;		/* components in owner: its own and the PAL's */
	u64 components;		/* the PAL's; all three 0: FXSAVE */
} crossing[CORE_MAX_CPUS];

/* 0: use FXSAVE. */
static u64 current_xcr0(void)
{
	return vmx_caps.xsave ? xgetbv(0) : 0;
}

/* For the core's own use of SSE, whatever XCR0 says. */
static u64 sse_components(void)
{
	return (current_xcr0() & XCR0_X87_SSE) == XCR0_X87_SSE ? XCR0_X87_SSE : 0;
}

static void save(void *area, u64 components)
{
	if (components) {
		/*
		 * XSAVE leaves the bits of other components as they are, and XRSTOR faults for one
		 * that XCR0 does not have by then (SDM vol. 1, 13.7, 13.8.1).
		 */
		((struct vector_area *)area)->header[0] = 0;
		__asm__ volatile("xsave64 %0"
				 : "+m"(*(struct vector_area *)area)
				 : "a"((u32)components), "d"((u32)(components >> 32)));
	} else {
		__asm__ volatile("fxsave64 %0" : "=m"(*(struct vector_area *)area));
	}
}

static void load(const void *area, u64 components)
{
	if (components)
		__asm__ volatile("xrstor64 %0"
				 : : "m"(*(const struct vector_area *)area),
				 "a"((u32)components), "d"((u32)(components >> 32)));
	else
		__asm__ volatile("fxrstor64 %0" : : "m"(*(const struct vector_area *)area));
}

static int check_sizes(void)
{
	u32 regs[4], i;

	for (i = 2; i < 64; i++) {
		if (!(VECTOR_KNOWN & BIT(i)))
			continue;
		cpuid_native(0xd, i, regs);
		if (regs[0] && (u64)regs[0] + regs[1] > VECTOR_MAX_SIZE)
			return -ENODEV;
	}
	return 0;
}

int vector_init_cpu(struct cpu *cpu)
{
	hpa_t a = page_alloc(&core_pool), b = page_alloc(&core_pool);

	if (!a.v || !b.v)
		return -ENOMEM;
	scratch[cpu->slot] = phys_to_virt(a);
	crossing[cpu->slot].owner = phys_to_virt(b);
	return vmx_caps.xsave ? check_sizes() : 0;
}

void vector_begin(struct cpu *cpu)
{
	/* BearSSL uses SSE at most. */
	save(scratch[cpu->slot], sse_components());
	WRITE_ONCE(borrowed[cpu->slot], true);
}

void vector_end(struct cpu *cpu)
{
	WRITE_ONCE(borrowed[cpu->slot], false);
	load(scratch[cpu->slot], sse_components());
	/* They may be a PAL's, and this page goes back to Linux one day. */
	memset(scratch[cpu->slot], 0, offsetof(struct vector_area, extended));
}

void vector_recover(struct cpu *cpu)
{
	if (READ_ONCE(borrowed[cpu->slot]))
		vector_end(cpu);
}

u64 vector_components(void)
{
	return vmx_caps.xsave ? (xgetbv(0) & VECTOR_KNOWN) | XCR0_X87_SSE : 0;
}

int vector_enter_pal(struct cpu *cpu, const void *area, u64 components)
{
	struct crossing *c = &crossing[cpu->slot];
	u64 xcr0 = current_xcr0(), both = (xcr0 & VECTOR_KNOWN) | components;

	if (unlikely(xcr0 != both) && xsetbv_safe(0, both))
		return -ENODEV;
	c->owner_xcr0 = xcr0;
	c->saved = both;
	c->components = components;
	save(c->owner, both);
	/* Of two values that are legal here the smaller part of one is, too. */
	if (unlikely(both != components))
		xsetbv_safe(0, components);
	load(area ? area : &initial, components);
	return 0;
}

void vector_leave_pal(struct cpu *cpu, void *area)
{
	struct crossing *c = &crossing[cpu->slot];

	if (area)
		save(area, c->components);
	if (unlikely(c->saved != c->components))
		xsetbv_safe(0, c->saved);
	/* In what the owner's XCR0 does not have, nothing of the PAL's stays either. */
	load(c->owner, c->saved);
	if (unlikely(c->owner_xcr0 != c->saved))
		xsetbv_safe(0, c->owner_xcr0);
}
