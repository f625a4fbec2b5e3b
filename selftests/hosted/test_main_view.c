// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * The main view as Linux meets it: bounded set-up, hidden frames (RULES 3),
 * what is not RAM, hostile touching, MTRR writes.
 */
#include "ept_machine.h"

static void test_init(void)
{
	struct main_view_stats stats;
	static const u64 caps[] = { 0, CAP_2M_PAGES, CAP_2M_PAGES | CAP_1G_PAGES };
	u32 i, j, steps;
	u64 pfn;

	for (i = 0; i < 3; i++) {
		bool good = true;
		int level;

		machine_config.ept_vpid_cap = caps[i];
		check(!machine_start(1, 1212, &steps));
		for (j = 0; j < 3; j++)
			for (pfn = fake_ram[j].pfn; pfn < fake_ram[j].pfn + fake_ram[j].count; pfn++) {
				bool core = frame_owner(pfn, NULL) == FRAME_CORE;
				u64 entry = view_lookup(&main_view.view, GPA(pfn << 12), &level);

				good &= core ? (entry & 0x3f) == 0x31 && level == 1 :
					(entry & 0x3f) == 0x37 && (entry & EPT_ADDRESS) ==
					ALIGN_DOWN(pfn << 12, view_level_size(level));
			}
		for (j = 0; j < FAKE_NR_POOL_EXTENTS; j++)
			for (pfn = 0; pfn < fake_pool_extent[j].count; pfn++)
				good &= frame_owner(fake_pool_extent[j].pfn + pfn, NULL) == FRAME_CORE;
		ok(good, "leaves up to level %d: RAM is identity, the pool is hidden, in %u steps", i + 1, steps);
		check(machine_check_tables(main_view.view.root.v, 4) == main_view.view.nr_tables);
	}
	main_view_stats(&stats);
	ok(stats.hidden_frames == 1212 && stats.table_pages - on_demand_tables() < 25,
	   "%u table pages for RAM, %u for the rest", stats.table_pages - on_demand_tables(), on_demand_tables());
	ok(main_view_eptp() == (main_view.view.root.v | 0x1e), "EPTP: write-back, four levels, no A/D");

	memset(&main_view, 0, sizeof(main_view));
	ok(machine_start(1, 20, NULL) == -ENOMEM, "a pool that is too small is refused");
	{
		static const struct core_extent bad[] = { { 0xb0, 1 } }, twice[] = { { 0x200, 2 }, { 0x201, 1 } };
		struct main_view_config good = machine_config;

		machine_config.hidden = bad;
		machine_config.nr_hidden = 1;
		ok(machine_start(1, 1212, NULL) == -EFAULT, "a pool outside of RAM is refused");
		machine_config.hidden = twice;
		machine_config.nr_hidden = 2;
		ok(machine_start(1, 1212, NULL) == -EBUSY, "a pool with a frame twice is refused");
		machine_config = good;
	}
}

static void test_hidden(void)
{
	struct main_view_stats stats;
	hpa_t hpa, first[17];
	u32 i, j;
	int answer;
	bool good = true;
	u8 *p;

	check(!machine_start(2, 1212, NULL));
	ok(machine_access(0, 0x4000000, 1, &hpa, &answer) && answer == -1 && hpa.v != 0x4000000,
	   "a read of a hidden frame works, without an exit, and elsewhere");
	check(!machine_access(0, 0x4000000, 4, &hpa, &answer));
	ok(answer == VIEW_FETCH, "a fetch from a hidden frame is told to the caller");
	for (i = 0; i < 17; i++) {
		check(machine_access(0, 0x4000000 + i * 0x1000, 2, &first[i], &answer));
		good &= answer == VIEW_RETRY_LOGGED;
		for (j = 0; j < i; j++)
			good &= first[j].v != first[i].v;
		p = phys_to_virt(first[i]);
		memset(p, 0xee, 4096);
	}
	ok(good, "the first write to each of 17 frames gets a page of its own and is told to the caller");
	check(machine_access(0, 0x4000000 + 17 * 0x1000, 2, &hpa, &answer));
	ok(answer == VIEW_RETRY_LOGGED && hpa.v == first[16].v, "the 18th shares the last");
	check(machine_access(0, 0x4000000, 2, &hpa, &answer));
	ok(answer == -1 && hpa.v == first[0].v, "a second write needs no exit");
	check(!machine_access(0, 0x4000000, 4, &hpa, &answer));
	ok(answer == VIEW_FETCH, "a scratch page is never executable");
	/* CPU 1 still has the narrower entry */
	machine_flush();
	fake_speculate(1, main_view_eptp(), GPA(0x4000000 + 20 * 0x1000));
	check(machine_access(0, 0x4000000 + 20 * 0x1000, 2, &hpa, &answer));
	for (i = 0; i < 20; i++) {
		check(machine_access(1, 0x4000000 + 20 * 0x1000, 2, &hpa, &answer));
		good &= answer == -1 || answer == VIEW_RETRY;
	}
	ok(good, "a CPU with a stale entry just repeats its write, and logs nothing");
	main_view_stats(&stats);
	ok(stats.scratch_used == 16 && stats.hidden_writes == 19, "scratch pages and writes are counted");

	check(!frame_take(0x140005, FRAME_PAL, 9));
	check(!frame_return(0x4003, FRAME_CORE, 0));
	check(machine_access(0, 0x140005000, 2, &hpa, &answer));
	good = hpa.v == first[3].v;
	p = phys_to_virt(hpa);
	for (i = 0; i < 4096; i++)
		good &= !p[i];
	ok(good, "a scratch page that came back is used again, wiped");
	fake_speculate(0, main_view_eptp(), GPA(0x4000000));
	check(main_view_violation(GPA(0x4000000), 1) == VIEW_RETRY);
	ok(!fake_tlb_size(0), "whoever is told to repeat has flushed");
	machine_flush();
	check(machine_access(0, 0x4003000, 4, &hpa, &answer));
	ok(hpa.v == 0x4003000, "the returned frame is Linux's memory again");
}

/* Few different indices at each level: a table that is used again shows through its old pointers. */
static u64 clashing_address(void)
{
	return fake_below(128) << 39 | fake_below(3) << 30 | fake_below(3) << 21 | fake_below(3) << 12;
}

static u64 mmio_address(void)
{
	u64 gpa;

	do {
		if (fake_chance(50)) {
			gpa = clashing_address();
			continue;
		}
		gpa = fake_random() & ((1ull << (32 + fake_below(15))) - 1) & ~0xfffull;
		if (fake_chance(20))
			gpa = (fake_below(0x400) << 12) + fake_ram[fake_below(3)].pfn * 4096 +
			      (fake_chance(50) ? 0 : 0xff00000);
		gpa &= (1ull << MACHINE_MAXPHYADDR) - 1;
	} while (fake_is_ram(gpa >> 12));
	return gpa;
}

static u8 expected_type(u64 gpa)
{
	u64 end;

	return mtrr_type(&main_view.mtrr, gpa, gpa + 1, &end);
}

static void test_on_demand(void)
{
	u32 i, j, free_pages;
	u64 zero_page;
	hpa_t hpa, where;
	int answer, level;

	check(!machine_start(2, 1212, NULL));
	free_pages = core_pool.nr_free;
	check(machine_access(0, 0xfee00000, 2, &hpa, &answer));
	ok(hpa.v == 0xfee00000 && fake_memory_type(main_view_eptp(), GPA(0xfee00000)) == MEMTYPE_UC,
	   "what is not RAM is mapped when touched, identity, as the MTRRs say");
	view_lookup(&main_view.view, GPA(0xfee00000), &level);
	ok(level == 3, "in the largest page that fits");
	check(machine_access(0, 0xb0000, 2, &hpa, &answer));
	view_lookup(&main_view.view, GPA(0xb0000), &level);
	ok(level == 1 && hpa.v == 0xb0000, "the hole below 1 MiB in small ones");
	check(machine_access(0, 0x40000000000 - 8, 1, &hpa, &answer));
	ok(hpa.v == 0x40000000000 - 8, "a device above 512 GiB just works");
	check(!machine_access(0, 1ull << MACHINE_MAXPHYADDR, 1, &hpa, &answer));
	ok(answer == VIEW_NONE, "beyond MAXPHYADDR there is nothing");
	ok(main_view_violation(GPA(0x1000), 0) == VIEW_NONE && fake_nr_logged,
	   "a misconfiguration of what is mapped is a bug of ours: logged, not repeated for ever");

	for (j = 1; j < 4; j++) {
		machine_config.ept_vpid_cap = j == 3 ? CAP_2M_PAGES | CAP_1G_PAGES : CAP_2M_PAGES;
		check(!machine_start(2, 1212, NULL));
		if (j == 2) {	/* a firmware with a fine-grained hole */
			fake_msr_set(0x204, 0x3000000000 | MEMTYPE_WC);
			fake_msr_set(0x205, 0x3ffffffff000 | 0x800);
			check(main_view_retype_step() == -EAGAIN);
			for (i = 0; main_view_retype_step(); i++)
				fake_all_cpus_visit();
		}
		free_pages = core_pool.nr_free;
		zero_page = hidden_entry(0) & EPT_ADDRESS;
		for (i = 0; i < 6000; i++) {
			u64 gpa = mmio_address();
			u32 cpu = fake_chance(10);	/* CPU 1 seldom exits, and keeps what it has */
			gpa_t at;

			check(machine_access(cpu, gpa, 1 << fake_below(3), &hpa, &answer), "%llx", gpa);
			check(hpa.v == gpa, "%llx went to %llx", gpa, hpa.v);
			if (fake_memory_type(main_view_eptp(), GPA(gpa)) >= 0)
				check(fake_memory_type(main_view_eptp(), GPA(gpa)) == expected_type(gpa));
			check(!fake_table_used_again(!cpu, main_view_eptp(), GPA(gpa), &zero_page, 1, &at, &where),
			      "a table is used again: %llx may go to %llx", at.v, where.v);
			gpa = mmio_address();
			fake_speculate(1, main_view_eptp(), GPA(gpa));
			check(!fake_can_reach_other(fake_below(2), main_view_eptp(), GPA(gpa), 1, HPA(gpa),
						    HPA(gpa), &where), "%llx may reach %llx", gpa, where.v);
			if (fake_chance(10))
				fake_cpu_visits_core(fake_below(2));
		}
		check(core_pool.nr_free == free_pages);
	}
	ok(true, "touching all of 2^46 at random takes no page from the pool and never goes wrong");
	machine_mtrrs();
}

#define NR_TOUCHED 64

/* Random MTRR writes by CPU 0 while CPU 1 runs; compares every page of RAM's type. */
static void test_retype(void)
{
	u32 i, n, round, most = 0, tables;
	static u64 touched[NR_TOUCHED];
	u64 gpa;
	hpa_t hpa;
	int answer;

	machine_config.ept_vpid_cap = CAP_2M_PAGES | CAP_1G_PAGES;
	check(!machine_start(2, 1212, NULL));
	tables = main_view.view.nr_tables;
	for (i = 0; i < 50; i++)
		check(!frame_take(0x140000 + i * 37, FRAME_PAL, 1 + i % 5));
	machine_flush();
	check(main_view_retype_step() == 0);
	for (round = 0; round < 60; round++) {
		u64 size = 4096ull << fake_below(20), base = fake_below(1 << 19) << 12;
		u32 slot = 2 + fake_below(4);
		static const u8 types[] = { 0, 1, 4, 5, 6 };

		fake_msr_set(0x200 + 2 * slot, ALIGN_DOWN(base + (fake_chance(50) ? 4ull << 30 : 0), size) |
			     types[fake_below(5)]);
		fake_msr_set(0x201 + 2 * slot, (((1ull << MACHINE_MAXPHYADDR) - 1) & ~(size - 1)) |
			     (fake_chance(70) ? 0x800 : 0));
		if (fake_chance(20))
			fake_msr_set(0x250 + 8 * fake_below(2), fake_chance(50) ? 0x0606060606060606 : 0);
		for (n = 0; main_view_retype_step(); n++) {
			check(n < 1000, "it does not end");
			touched[fake_below(NR_TOUCHED)] = gpa = mmio_address();
			machine_access(1, gpa, 1, &hpa, &answer);
			fake_cpu_visits_core(fake_below(2));
		}
		most = n > most ? n : most;
		for (i = 0; i < 3000; i++) {
			u64 pfn = fake_chance(30) ? base / 4096 + fake_below(size / 4096 * 2 + 4) - 2 :
				  fake_chance(50) ? fake_below(0x8000) : 0x100000 + fake_below(0x50000);
			int type = fake_memory_type(main_view_eptp(), GPA(pfn << 12));

			if (!fake_is_ram(pfn))
				continue;
			if (frame_owner(pfn, NULL) != FRAME_LINUX)
				check(type == MEMTYPE_WB, "%llx is hidden, and of type %d", pfn, type);
			if (frame_owner(pfn, NULL) == FRAME_LINUX)
				check(type == expected_type(pfn << 12), "%llx: type %d", pfn, type);
			else if ((hidden_entry(0) & EPT_ADDRESS) != pfn << 12)	/* the zero page reads as itself */
				check(!fake_can_reach(1, main_view_eptp(), GPA(pfn << 12), 1, HPA(pfn << 12)),
				      "%llx", pfn);
		}
		for (i = 0; i < NR_TOUCHED; i++) {
			int type = fake_memory_type(main_view_eptp(), GPA(touched[i]));

			check(type < 0 || type == expected_type(touched[i]), "%llx: type %d", touched[i], type);
		}
		machine_check_tables(main_view.view.root.v, 4);
		for (n = 0; main_view_reclaim_step(); n++)
			fake_all_cpus_visit();
	}
	ok(true, "after MTRR writes every frame has the new type, and hidden ones stay hidden (up to %u steps)", most);
	for (i = 0; i < 50; i++)
		check(!frame_return(0x140000 + i * 37, FRAME_PAL, 1 + i % 5));
	machine_mtrrs();
	while (main_view_retype_step())
		fake_all_cpus_visit();
	ok(main_view.view.nr_tables == tables, "with the old MTRRs the tree is as it was");
	spin_lock(&frame_lock);
	ok(main_view_retype_step() == -EAGAIN, "a step does not wait for another CPU's");
	spin_unlock(&frame_lock);
	while (main_view_reclaim_step())
		fake_all_cpus_visit();

	/* Hostile: a mask with holes wants 4 KiB pages for all of RAM. */
	fake_msr_set(0x20e, 0x1000 | MEMTYPE_WT);
	fake_msr_set(0x20f, 0x1800);
	for (n = 0; main_view_retype_step(); n++) {
		check(n < 100000);
		fake_all_cpus_visit();
	}
	ok(fake_memory_type(main_view_eptp(), GPA(0x14ffff000)) == MEMTYPE_UC ||
	   core_pool.nr_free > 0,
	   "no page left to split by type: uncached, never wrong (%u steps)", n);
	check(machine_access(0, 0x14ffff000, 2, &hpa, &answer) && hpa.v == 0x14ffff000);
	machine_mtrrs();
}

int main(void)
{
	machine_mtrrs();
	test_init();
	test_hidden();
	test_on_demand();
	test_retype();
	return tap_finish();
}
