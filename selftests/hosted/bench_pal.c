// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * What a call of a PAL costs in root, in instructions: `make bench`. N of each.
 * The fake's vmread, vmwrite, vmptrld and phys_to_virt are functions of 10 to
 * 60 instructions where the core has one or a few; bench_vm_* say how many of
 * them there are. The exit stub and VMX transitions come on top.
 */
#include "test_pal_machine.h"

#define N 100
#define BENCH __attribute__((noinline))

static struct test_pal p;

static struct cpu *call(void)
{
	struct cpu *cpu = run_owner(0, PAL_ENTRY, STACK_TOP - 64, 1);

	cpu->regs.rdi = 0x20000000;
	pal_fetch(cpu, GPA(p.frame[0] << 12 | 0x40), GVA(PAL_ENTRY));
	check(cpu->mode == MODE_PAL);
	return cpu;
}

BENCH void bench_call_no_arguments(void)
{
	u32 i;

	for (i = 0; i < N; i++)
		exit_return(call(), 0);
}

BENCH void bench_call_4_integers(void)
{
	u32 i;

	for (i = 0; i < N; i++)
		exit_return(call(), 0);
}

BENCH void bench_call_4k_inout(void)
{
	u32 i;

	for (i = 0; i < N; i++)
		exit_return(call(), 0);
}

BENCH void bench_call_interrupted(void)
{
	u32 i;

	for (i = 0; i < N; i++) {
		struct cpu *cpu = call();

		pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
		vmwrite(GUEST_RIP, STUB + 0x28);
		pal_resume(cpu);
		exit_return(cpu, 0);
	}
}

static void prepare(u32 nr_params)
{
	u32 i;

	if (p.id > 0)
		pal_unregister(&p);
	describe(&p, PAL_BASE);
	p.desc.entry[0].nr_params = nr_params;
	for (i = 0; i < nr_params; i++)
		p.desc.entry[0].param[i].type = PAL_PARAM_INTEGER;
	if (nr_params == 1)
		p.desc.entry[0].param[0] = (struct pal_param_desc){ PAL_PARAM_POINTER, 3, 0, 0, 4096 };
	check(pal_register(&p, 0x1000, 0x1800) == 0);
}

int main(void)
{
	pal_machine_start(1);
	mm_map(0x20000000, 0x1400);
	*((u8 *)frame(0x730) + 0x1f) = 0xc3;	/* the stub that libunderpin should have */
	((u64 *)((u8 *)frame(STACK_PFN) + 4096 - 64))[0] = 0x400000;
	prepare(0);
	bench_call_no_arguments();
	bench_call_interrupted();
	prepare(4);
	bench_call_4_integers();
	prepare(1);
	bench_call_4k_inout();
	return 0;
}
