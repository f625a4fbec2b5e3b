// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * What calls of ept/ cost, in instructions: `make bench` runs this under
 * callgrind, which sums up by function. N calls each, but for those named first,
 * last, init and retype. The fake's phys_to_virt() is a function that looks for
 * the extent, where the core adds a constant (page_address()): bench_phys_to_virt
 * is N of them; a walk to a 4 KiB leaf makes four.
 */
#include "ept_machine.h"

#define N 500

/* Each of these is one number of the table. */
#define BENCH __attribute__((noinline))

BENCH void bench_take_split(void)
{
	u32 i;

	for (i = 0; i < N; i++)
		frame_take(0x140000 + i, FRAME_PAL, 1);
}

BENCH void bench_return(void)
{
	u32 i;

	for (i = 0; i < N - 1; i++)
		frame_return(0x140000 + i, FRAME_PAL, 1);
}

BENCH void bench_take_first(void)
{
	frame_take(0x140000 + 512 * 20, FRAME_PAL, 1);
}

BENCH void bench_return_last(void)
{
	frame_return(0x140000 + 512 * 20, FRAME_PAL, 1);
}

BENCH void bench_owner(void)
{
	u32 i;

	for (i = 0; i < N; i++)
		frame_owner(0x140000 + i, NULL);
}

BENCH void bench_hold_drop(void)
{
	u32 i;

	for (i = 0; i < N; i++) {
		frame_hold(0x200 + i);
		frame_drop(0x200 + i);
	}
}

BENCH void bench_violation_mmio(void)
{
	u32 i;

	for (i = 0; i < N; i++)
		main_view_violation(GPA(0x8000000 + ((u64)i << 12)), 1);
}

BENCH void bench_phys_to_virt(void)
{
	u32 i;

	for (i = 0; i < N; i++)
		phys_to_virt(HPA(0x4000000));
}

BENCH void bench_init(void)
{
	while (main_view_init_step(&machine_config))
		;
}

BENCH void bench_retype(void)
{
	while (main_view_retype_step())
		fake_all_cpus_visit();
}

int main(void)
{
	machine_mtrrs();
	machine_config.ept_vpid_cap = CAP_2M_PAGES;
	fake_memory_reset(1212);
	fake_cpu_reset(1);
	bench_init();
	frame_take(0x140000 + 511, FRAME_PAL, 1);
	bench_take_split();
	bench_owner();
	bench_return();
	bench_take_first();
	bench_return_last();
	bench_hold_drop();
	bench_phys_to_virt();
	bench_violation_mmio();
	fake_msr_set(0x2ff, 0xc00 | MEMTYPE_WT);
	bench_retype();
	return 0;
}
