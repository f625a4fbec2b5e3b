// SPDX-License-Identifier: GPL-2.0
/* link: vmx/vector.c */
/*
 * Vector state, with the registers of the CPU that the test runs on (XSAVE, and
 * FXSAVE as on arrandale): what a PAL finds, what its owner finds afterwards,
 * what is kept over an interrupt (RULES 18; TRUSTVISOR.md 1.7, V6).
 */
#include "../../vmx/controls.h"
#include "../../vmx/vector.h"
#include "fake.h"
#include "tap.h"

struct vmx_caps vmx_caps;
static u64 xcr0_hidden;		/* bits that the CPU seems to have on top */
static u64 xcr0_set;
static u64 xcr0_firmware;	/* what XCR0 seems to be instead */
static bool xsetbv_faults;

u64 xgetbv(u32 index)
{
	u32 lo, hi;

	if (xcr0_firmware)
		return xcr0_firmware;
	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
	return ((u64)hi << 32 | lo) | xcr0_hidden;
}

int xsetbv_safe(u32 index, u64 value)
{
	if (xsetbv_faults)
		return -EFAULT;
	xcr0_set = value;
	return 0;
}

struct registers {
	u8 ymm[16][32];
	u32 mxcsr;
	u16 fcw;
	bool has_ymm;
};

#define EACH(op) op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11) \
	op(12) op(13) op(14) op(15)
#define LOAD_Y(n) "vmovdqu " #n "*32(%0), %%ymm" #n "\n\t"
#define STORE_Y(n) "vmovdqu %%ymm" #n ", " #n "*32(%0)\n\t"
#define LOAD_X(n) "movdqu " #n "*32(%0), %%xmm" #n "\n\t"
#define STORE_X(n) "movdqu %%xmm" #n ", " #n "*32(%0)\n\t"

/* Two instructions of the test's own before and after: nothing of C in between. */
static void set(const struct registers *r)
{
	__asm__ volatile("ldmxcsr %0; fldcw %1" : : "m"(r->mxcsr), "m"(r->fcw));
	if (r->has_ymm)
		__asm__ volatile(EACH(LOAD_Y) : : "r"(r->ymm) : "memory");
	else
		__asm__ volatile(EACH(LOAD_X) : : "r"(r->ymm) : "memory");
}

static void get(struct registers *r)
{
	if (r->has_ymm)
		__asm__ volatile(EACH(STORE_Y) : : "r"(r->ymm) : "memory");
	else
		__asm__ volatile(EACH(STORE_X) : : "r"(r->ymm) : "memory");
	__asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(r->mxcsr), "=m"(r->fcw));
}

static bool ymm;

static struct registers pattern(u8 seed)
{
	struct registers r = { .mxcsr = seed & 1 ? 0x1fa0 : 0x9f80, .fcw = seed & 1 ? 0x27f : 0xf7f,
			       .has_ymm = ymm };
	u32 i, j;

	for (i = 0; i < 16; i++)
		for (j = 0; j < (ymm ? 32 : 16); j++)
			r.ymm[i][j] = seed + i * 32 + j;
	return r;
}

static bool same(const struct registers *a, const struct registers *b)
{
	return !memcmp(a->ymm, b->ymm, sizeof(a->ymm)) && a->mxcsr == b->mxcsr && a->fcw == b->fcw;
}

static u8 area[VECTOR_MAX_SIZE] __attribute__((aligned(64)));

/* XMM5 in one of the core's pages, which go back to Linux. */
static bool in_pool(const u8 xmm5[16])
{
	const u8 *page = phys_to_virt(HPA(fake_pool_extent[0].pfn << PAGE_SHIFT));
	u32 i;

	for (i = 0; i < 10; i++)
		if (!memcmp(page + i * PAGE_SIZE + 160 + 16 * 5, xmm5, 16))
			return true;
	return false;
}

static void test(struct cpu *cpu, const char *how)
{
	struct registers owner = pattern(3), pal = pattern(100), seen = { .has_ymm = ymm };
	struct registers after = { .has_ymm = ymm }, empty = { .mxcsr = 0x1f80, .fcw = 0x37f };

	memset(area, 0, sizeof(area));
	set(&owner);
	vector_enter_pal(cpu, NULL, vector_components());
	get(&seen);
	ok(same(&seen, &empty), "%s: a PAL begins with zeros and the ABI's defaults", how);
	set(&pal);
	vector_leave_pal(cpu, area);
	get(&seen);
	ok(same(&seen, &owner), "%s: interrupted: its owner has its own registers", how);
	owner = pattern(41);
	set(&owner);
	vector_enter_pal(cpu, area, vector_components());
	get(&seen);
	ok(same(&seen, &pal), "%s: resumed: the PAL has its own", how);
	set(&pal);	/* printf() uses SSE */
	vector_begin(cpu);
	set(&owner);
	vector_end(cpu);
	get(&seen);
	seen.has_ymm = ymm;
	ok(!memcmp(seen.ymm[5], pal.ymm[5], 16) && seen.mxcsr == pal.mxcsr,
	   "%s: the core's own use of SSE leaves no trace", how);
	ok(!in_pool(pal.ymm[5]), "%s: nor in the page that it borrowed", how);
	set(&pal);
	vector_begin(cpu);
	set(&owner);
	vector_recover(cpu);
	get(&seen);
	set(&owner);
	vector_recover(cpu);
	get(&after);
	ok(!memcmp(seen.ymm[5], pal.ymm[5], 16) && !memcmp(after.ymm[5], owner.ymm[5], 16) &&
	   !in_pool(pal.ymm[5]), "%s: a bug there is made up for, once", how);
	set(&pal);
	vector_leave_pal(cpu, NULL);
	get(&seen);
	ok(same(&seen, &owner), "%s: returned: its owner has its own", how);
}

/* CPUs that differ in XCR0, as under a Linux that does not use XSAVE. */
static void test_other_cpu(struct cpu *cpu)
{
	struct registers owner = pattern(3), pal = pattern(100), seen = { .has_ymm = ymm };
	u64 components = vector_components();

	memset(area, 0, sizeof(area));
	/* Left by an earlier call, with components that are off by now: XRSTOR would fault. */
	area[512 + 5] = 1;
	vector_enter_pal(cpu, NULL, components);
	set(&pal);
	vector_leave_pal(cpu, area);
	xcr0_firmware = 1;
	set(&owner);
	vector_enter_pal(cpu, area, components);
	get(&seen);
	ok(same(&seen, &pal) && xcr0_set == components,
	   "resumed where XCR0 is 1: the PAL has its own registers, and XCR0");
	set(&pal);
	vector_leave_pal(cpu, area);
	get(&seen);
	ok(same(&seen, &owner) && xcr0_set == 1, "the owner there has its own, and XCR0");
	ok(vector_components() == 3, "a call that begins there has x87 and SSE");
	xsetbv_faults = true;
	set(&owner);
	ok(vector_enter_pal(cpu, area, components) == -ENODEV, "a CPU that lacks a component");
	xsetbv_faults = false;
	xcr0_firmware = 0;
}

int main(void)
{
	struct cpu *cpu;
	u32 regs[4];

	fake_memory_reset(10);
	fake_cpu_reset(1);
	cpu = cpu_of_slot(0);
	__asm__ volatile("cpuid" : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3])
			 : "a"(1), "c"(0));
	ok(vector_init_cpu(cpu) == 0, "an area for each CPU");
	test(cpu, "FXSAVE");
	ok(vector_components() == 0, "FXSAVE: no components");
	if (!(regs[2] & 1 << 27)) {
		tap_skip("XSAVE", "this machine has none");
		return tap_finish();
	}
	vmx_caps.xsave = true;
	ymm = xgetbv(0) & 4;
	test(cpu, "XSAVE");
	ok(!(vector_components() & ~VECTOR_KNOWN) && (vector_components() & 3) == 3,
	   "XSAVE: components that are known");
	if (xgetbv(0) & ~VECTOR_KNOWN)
		ok(!(xcr0_set & ~xgetbv(0)), "unknown components are given back");
	test_other_cpu(cpu);
	xcr0_hidden = BIT(17) | BIT(18);
	xcr0_set = 0;
	vector_enter_pal(cpu, NULL, vector_components());
	ok(xcr0_set == (xgetbv(0) & VECTOR_KNOWN), "AMX is off while a PAL runs");
	vector_leave_pal(cpu, NULL);
	ok(xcr0_set == xgetbv(0), "and on again after it");
	xcr0_hidden = 0;
	fake_cpuid_set(0xd, 2, 256, 576, 0, 0);
	fake_cpuid_set(0xd, 7, 1024, 1664, 0, 0);
	ok(vector_init_cpu(cpu) == 0, "AVX-512 fits");
	fake_cpuid_set(0xd, 7, 1024, 4096, 0, 0);
	ok(vector_init_cpu(cpu) == -ENODEV, "a component beyond the area is refused");
	return tap_finish();
}
