// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * Shoot-down (RULES 4, 5) with CPUs that keep stale translations and table
 * pointers for as long as they may: once tlb_flush_done() says so, nobody can
 * reach a frame that was taken, and before it somebody can (so the model is
 * worth something). A table page is never walked after it was used again.
 */
#include "ept_machine.h"

#define FRAMES 600
#define NR_CPUS 3

static struct { u64 pfn; bool taken; u64 ticket; bool isolated; u64 returned; } frame[FRAMES];
static u64 allowed[32];		/* zero and scratch pages, as they show up */
static u32 nr_allowed;
static u64 steps_before, stale_before;

static void allow(u64 hpa)
{
	u32 i;

	for (i = 0; i < nr_allowed; i++)
		if (allowed[i] == hpa)
			return;
	check(nr_allowed < 32);
	allowed[nr_allowed++] = hpa;
}

/* Where may this CPU's access go at all? Home, the zero page, scratch pages. */
static void check_reach(u32 cpu, u64 gpa, u64 access)
{
	hpa_t where;
	u32 i;

	if (!fake_can_reach_other(cpu, main_view_eptp(), GPA(gpa), access, HPA(gpa), HPA(gpa), &where))
		return;
	for (i = 0; i < nr_allowed; i++)
		if (allowed[i] == where.v)
			return;
	check(0, "CPU %u: %llx (access %llx) may reach %llx", cpu, gpa, access, where.v);
}

static u64 any_gpa(void)
{
	switch (fake_below(4)) {
	case 0:
		return frame[fake_below(FRAMES)].pfn << 12;
	case 1:	/* few different indices at each level: a table that is used again shows */
		return fake_below(128) << 39 | fake_below(3) << 30 | fake_below(3) << 21 | fake_below(3) << 12;
	case 2:
		return (fake_pool_extent[0].pfn + fake_below(600)) << 12;
	default:
		return ALIGN_DOWN(frame[fake_below(FRAMES)].pfn, 512) * 4096 + fake_below(1024) * 4096;
	}
}

static void access_something(void)
{
	u32 cpu = fake_below(NR_CPUS);
	u64 gpa = any_gpa();
	hpa_t hpa;
	int answer, level;

	if (fake_chance(20)) {
		fake_speculate(cpu, main_view_eptp(), GPA(gpa));
		return;
	}
	if (machine_access(cpu, gpa, fake_chance(80) ? 1 : fake_chance(50) ? 2 : 4, &hpa, &answer) &&
	    answer == VIEW_RETRY_LOGGED)
		allow(view_lookup(&main_view.view, GPA(gpa), &level) & EPT_ADDRESS);
	if (fake_chance(30)) {
		u64 qualification;

		fake_access_linear(cpu, main_view_eptp(), 1, fake_below(4), GVA(gpa + (1ull << 47)),
				   GPA(gpa), 1, &hpa, &qualification);
	}
}

static void take_or_return(void)
{
	u32 i = fake_below(FRAMES), cpu;

	if (!frame[i].taken) {
		hpa_t hpa;
		int err, answer;

		if (fake_chance(50))
			machine_access(fake_below(NR_CPUS), frame[i].pfn << 12, 1, &hpa, &answer);
		err = frame_take(frame[i].pfn, FRAME_PAL, 1 + i % 50);

		check(!err || err == -EAGAIN, "%d", err);
		if (err)
			return;
		frame[i].taken = true;
		frame[i].isolated = false;
		for (cpu = 0; cpu < NR_CPUS; cpu++) {
			steps_before++;
			stale_before += fake_can_reach(cpu, main_view_eptp(), GPA(frame[i].pfn << 12), 1,
						       HPA(frame[i].pfn << 12));
		}
		frame[i].ticket = tlb_flush_begin();
	} else if (frame[i].isolated) {
		check(!frame_return(frame[i].pfn, FRAME_PAL, 1 + i % 50));
		frame[i].taken = false;
	}
}

/* A CPU that changed its mind: it is now isolated, or still not. */
static void settle(void)
{
	u32 i, cpu;
	u64 access;

	for (i = 0; i < FRAMES; i++) {
		hpa_t home = HPA(frame[i].pfn << 12);

		if (!frame[i].taken || (!frame[i].isolated && tlb_flush_done(frame[i].ticket) != 1))
			continue;
		frame[i].isolated = true;
		for (cpu = 0; cpu < NR_CPUS; cpu++) {
			for (access = 1; access < 8; access <<= 1)
				check(!fake_can_reach(cpu, main_view_eptp(), GPA(home.v), access, home),
				      "CPU %u reaches %llx, which was taken", cpu, home.v);
			check(!fake_combined_reaches(cpu, 1, home));
		}
	}
}

static void run(u32 rounds, u32 spare_pages)
{
	u32 i, j;
	u64 gpa;

	check(!machine_start(NR_CPUS, 1212, NULL));
	while (core_pool.nr_free > spare_pages)
		page_alloc(&core_pool);
	nr_allowed = 0;
	allow(hidden_entry(0) & EPT_ADDRESS);
	memset(frame, 0, sizeof(frame));
	for (i = 0; i < FRAMES; i++)
		frame[i].pfn = i < 512 ? 0x140000 + i : 0x120000 + (i - 512) * 100;
	for (i = 0; i < rounds; i++) {
		/* phases in which all are taken, or returned, so that blocks merge */
		bool taking = i / 2000 % 2;

		access_something();
		for (j = 0; j < 3; j++) {
			u32 k = fake_below(FRAMES);

			if (frame[k].taken != taking || fake_chance(10))
				take_or_return();
		}
		if (!taking && fake_chance(40))
			for (j = 0; j < FRAMES; j++)
				if (frame[j].isolated && frame[j].taken && fake_chance(5)) {
					check(!frame_return(frame[j].pfn, FRAME_PAL, 1 + j % 50));
					frame[j].taken = false;
				}
		if (fake_chance(25))
			fake_cpu_visits_core(fake_below(NR_CPUS));
		for (j = fake_below(3); j; j--)
			main_view_reclaim_step();
		for (j = 0; j < NR_CPUS; j++) {
			gpa_t at;
			hpa_t where;

			check(!fake_table_used_again(j, main_view_eptp(), GPA(any_gpa()), allowed,
						     nr_allowed, &at, &where),
			      "CPU %u walks a table that is no more: %llx may go to %llx", j, at.v, where.v);
		}
		settle();
		for (j = 0; j < 6; j++) {
			gpa = any_gpa();
			check_reach(fake_below(NR_CPUS), gpa, 1ull << fake_below(3));
		}
	}
}

int main(void)
{
	run(7000, 1000);
	ok(true, "after tlb_flush_done() no CPU reaches a taken frame, by whatever it may have cached");
	ok(stale_before > steps_before / 20 && stale_before < steps_before,
	   "before it, CPUs do (%llu of %llu looks), so nothing may rely on it", stale_before, steps_before);
	run(7000, 60);
	ok(true, "the same with few table pages: none is walked after it was used again");
	return tap_finish();
}
