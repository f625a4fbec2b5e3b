// SPDX-License-Identifier: GPL-2.0
/*
 * Where Linux enters the core before VMX is on (include/handover.h), and the
 * steps of setting it up. The header that the module reads is filled by image.lds.
 */
#include "../ept/main_view.h"
#include "../include/platform.h"
#include "../vmx/controls.h"
#include "../vmx/cpuid.h"
#include "../vmx/launch.h"
#include "../vmx/msr_index.h"
#include "crypto.h"
#include "pool.h"
#include "random.h"
#include "tables.h"

struct handover handover;

/* RAX and RDX. */
struct core_result {
	s64 result;
	u64 nmi;
};

struct core_result core_entry(u64 op, u64 slot, u64 rsp, u64 cr3, u64 cr4, u64 arg);

static int check_handover(void)
{
	if (handover.magic != CORE_IMAGE_MAGIC || handover.version != CORE_ABI_VERSION)
		return -EINVAL;
	if (!handover.nr_cpus || handover.nr_cpus > CORE_MAX_CPUS ||
	    handover.nr_pool > CORE_MAX_EXTENTS || handover.nr_free > CORE_MAX_EXTENTS ||
	    handover.nr_ram > CORE_MAX_RAM || !handover.tsc_khz)
		return -EINVAL;
	return 0;
}

static int init_main_view(void)
{
	const struct main_view_config config = {
		.ept_vpid_cap = vmx_caps.ept_vpid_cap,
		.maxphyaddr = vmx_caps.maxphyaddr,
		.ram = handover.ram,
		.nr_ram = handover.nr_ram,
		.hidden = handover.pool,
		.nr_hidden = handover.nr_pool,
	};

	return main_view_init_step(&config);
}

static int init_tables(void)
{
	u32 slot;

	for (slot = 0; slot < handover.nr_cpus; slot++) {
		struct cpu *cpu = cpu_of_slot(slot);

		cpu->slot = slot;
		cpu->apic_id = handover.apic_id[slot];
		cpu_tables_init(cpu);
	}
	return 0;
}

/* Each is called until it answers something else than -EAGAIN, then the next. */
static int (*const init_steps[])(void) = {
	check_handover, controls_init, init_tables, pool_init, cpuid_init, init_main_view,
	launch_init_step, random_init, crypto_init_step,
};

static int init_step(void)
{
	static u32 next;
	int err;

	if (next == ARRAY_SIZE(init_steps))
		return 0;
	err = init_steps[next]();
	if (!err)
		next++;
	return err ? err : -EAGAIN;
}

/* What vector.c and BearSSL need; Linux may run without. The switch page puts CR4 back. */
static void enable_vector_instructions(void)
{
	u32 regs[4];

	cpuid_native(1, 0, regs);
	write_cr4(read_cr4() | CR4_OSFXSR | CR4_OSXMMEXCPT | (regs[2] & BIT(26) ? CR4_OSXSAVE : 0));
}

struct core_result core_entry(u64 op, u64 slot, u64 rsp, u64 cr3, u64 cr4, u64 arg)
{
	struct cpu *cpu = cpu_of_slot(slot);
	struct linux_state state = { .rsp = rsp, .cr3 = cr3, .cr4 = cr4 };
	struct core_result ret = { -EINVAL, 0 };

	(void)arg;
	if (!core_idt[0].offset_32)
		idt_init();
	cpu->slot = slot;
	cpu_tables_init(cpu);
	tables_enter(cpu, &state);
	state.fs_base = rdmsr(MSR_FS_BASE);
	wrmsr(MSR_FS_BASE, (u64)cpu->canary);
	enable_vector_instructions();

	if (op == CORE_OP_INIT)
		ret.result = init_step();
	else if (op == CORE_OP_LAUNCH)
		ret.result = vmx_launch(cpu, &state);

	wrmsr(MSR_FS_BASE, state.fs_base);
	tables_leave(&state);
	ret.nmi = cpu->events.nmi != 0;
	cpu->events.nmi = 0;
	return ret;
}
