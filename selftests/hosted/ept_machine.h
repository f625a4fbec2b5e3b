/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fake PC with its main view built, for tests that link ept/. RAM as in
 * fake.h, MTRRs as firmware sets them, the core owns fake_pool_extent[].
 */
#ifndef HOSTED_EPT_MACHINE_H
#define HOSTED_EPT_MACHINE_H

#include "../../ept/frame.h"
#include "../../ept/internal.h"
#include "../../ept/main_view.h"
#include "../../vmx/kick.h"
#include "fake.h"
#include "fake_tlb.h"
#include "tap.h"

#define MACHINE_MAXPHYADDR 46
#define CAP_2M_PAGES BIT(16)
#define CAP_1G_PAGES BIT(17)

__attribute__((unused))
static void machine_mtrrs(void)
{
	u64 ones = (1ull << MACHINE_MAXPHYADDR) - 1;
	u32 i;

	fake_cpuid_set(1, 0, 0, 0, 0, 1 << 12);
	fake_cpuid_set(0x80000001, 0, 0, 0, 0, 1 << 26);
	fake_msr_set(0xfe, 0x508);
	fake_msr_set(0x2ff, 0xc00 | MEMTYPE_WB);
	fake_msr_set(0x250, 0x0606060606060606);
	fake_msr_set(0x258, 0x0606060606060606);
	fake_msr_set(0x259, 0);
	for (i = 0x268; i < 0x270; i++)
		fake_msr_set(i, 0x0505050505050505);
	for (i = 0; i < 8; i++) {
		fake_msr_set(0x200 + 2 * i, 0);
		fake_msr_set(0x201 + 2 * i, 0);
	}
	/* 2 GiB to 4 GiB, and 1 TiB from 1 TiB on: uncached */
	fake_msr_set(0x200, 0x80000000);
	fake_msr_set(0x201, (ones & ~0x7fffffffull) | 0x800);
	fake_msr_set(0x202, 1ull << 40);
	fake_msr_set(0x203, (ones & ~((1ull << 40) - 1)) | 0x800);
}

static struct main_view_config machine_config = {
	.ept_vpid_cap = CAP_2M_PAGES | CAP_1G_PAGES,
	.maxphyaddr = MACHINE_MAXPHYADDR,
	.ram = fake_ram,
	.nr_ram = 3,
	.hidden = fake_pool_extent,
	.nr_hidden = FAKE_NR_POOL_EXTENTS,
};

/* The answer of the last step; how many there were. */
__attribute__((unused))
static int machine_start(u32 nr_cpus, u32 nr_pool, u32 *steps)
{
	u32 n = 0;
	int err;

	fake_memory_reset(nr_pool);
	fake_cpu_reset(nr_cpus);
	memset(&main_view, 0, sizeof(main_view));
	memset(&frame_lock, 0, sizeof(frame_lock));
	do {
		err = main_view_init_step(&machine_config);
		n++;
	} while (err == -EAGAIN && n < 1000000);
	if (steps)
		*steps = n;
	return err;
}

/*
 * Linux on that CPU makes an access until it works. Exits, answers and kicks as
 * in life: other CPUs come to the core only if the access waits for them. The
 * last answer of the core in *answer (-1: no exit).
 */
__attribute__((unused))
static bool machine_access(u32 cpu, u64 gpa, u64 access, hpa_t *hpa, int *answer)
{
	u64 qualification;
	u32 tries;

	*answer = -1;
	for (tries = 0; tries < 100; tries++) {
		enum fake_outcome outcome =
			fake_access(cpu, main_view_eptp(), GPA(gpa), access, hpa, &qualification);

		if (outcome == FAKE_DONE)
			return true;
		check(outcome == FAKE_VIOLATION, "misconfiguration at %llx", gpa);
		fake_cpu = cpu;
		*answer = main_view_violation(GPA(gpa), qualification);
		fake_cpu_visits_core(cpu);
		if (*answer == VIEW_FETCH || *answer == VIEW_NONE)
			return false;
		if (tries > 3 && fake_chance(50))
			fake_cpu_visits_core(fake_below(fake_nr_cpus));
	}
	check(0, "an access to %llx is repeated for ever", gpa);
	return false;
}

/* Every CPU flushes; a ticket taken before is reached. */
__attribute__((unused))
static void machine_flush(void)
{
	u64 ticket = tlb_flush_begin();

	fake_all_cpus_visit();
	check(tlb_flush_done(ticket) == 1);
}

/* All tables: counts them; nothing in them that the CPU would reject or L1TF could use. */
__attribute__((unused))
static u32 machine_check_tables(u64 table, int level)
{
	u64 *p = phys_to_virt(HPA(table));
	u32 i, n = 1;

	check(!fake_page_is_free(HPA(table)), "a table in use is in the pool");
	for (i = 0; i < 512; i++) {
		u64 e = p[i];

		if (!(e & 7)) {
			check(!e, "not present, but %llx", e);
			continue;
		}
		check((e & 3) != 2);
		if (level > 1 && !(e & EPT_LARGE)) {
			check((e & ~EPT_ADDRESS) == 7, "table entry %llx", e);
			n += machine_check_tables(e & EPT_ADDRESS, level - 1);
		} else if (!(e & EPT_EXEC)) {
			check(level == 1 && (e & 1), "hidden in a large page: %llx", e);
		} else {
			check((e & 7) == 7, "leaf %llx", e);
		}
	}
	return n;
}

#endif
