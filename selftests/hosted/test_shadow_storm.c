// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * EPT02 under everything at once: three CPUs in L2, random and hostile EPT12s that change
 * at any time (between two reads of one walk too), frames that change their owner,
 * INVEPTs, a pool that is too small. Judged after each step: what a CPU could reach by
 * any choice that the SDM leaves it, and each exit against the oracle.
 */
#include "shadow_machine.h"

#define NR_CPUS 3
#define NR_TREES 3	/* no A/D; A/D; A/D and a log */
#define TREE_TABLES 12
#define NR_PAGES 48
#define NR_VICTIMS 24
#define NR_PAST 48
#define MAX_MOVED 24	/* pages that one call may take out of the pool or put there */

static const u64 eptp12[NR_TREES] = {
	EPTP12(L1_TABLES, 0), EPTP12(L1_TABLES + TREE_TABLES, 1), EPTP12(L1_TABLES + 2 * TREE_TABLES, 1),
};
static u64 page[NR_PAGES];	/* L2 addresses */

/* What EPT12 has said since the CPU's last INVEPT. */
static struct past { u64 pfn; u8 rights; } past[NR_CPUS][NR_TREES][NR_PAGES][NR_PAST];
static u32 nr_past[NR_CPUS][NR_TREES][NR_PAGES];
static struct { struct shadow *s; u32 tree; u64 eptp; bool in_l2; } on[NR_CPUS];
static struct { u64 pfn; bool taken, isolated; u64 ticket; } victim[NR_VICTIMS];
static bool clean[NR_TREES];	/* EPT12 has not changed since the last INVEPT of any CPU */
static u16 pml_index;
static bool was_hidden;

static bool hostile, in_hook, raced;
static u32 locks_taken;
static u64 steps_exact, steps_done, exits[5], looks_stale;

static void hook(void);

void spin_lock(struct spinlock *lock)
{
	locks_taken++;
	if (hostile && !in_hook && fake_chance(4))
		hook();
	check(!lock->locked, "deadlock");
	lock->locked = 1;
}

void spin_unlock(struct spinlock *lock)
{
	check(lock->locked);
	lock->locked = 0;
}

/* ---- what may be reached ---- */

static void add_past(u32 cpu, u32 tree, u32 i, struct past now)
{
	struct past *p = past[cpu][tree][i];
	u32 *n = &nr_past[cpu][tree][i], j;

	for (j = 0; j < *n; j++)
		if (p[j].pfn == now.pfn && p[j].rights == now.rights)
			return;
	if (*n < NR_PAST)
		p[(*n)++] = now;
}

static void record_page(u32 cpu, u32 tree, u32 i)
{
	struct oracle o = oracle_walk(eptp12[tree], page[i], 0);

	/* Without D nobody may write: L1 would miss it. */
	if ((eptp12[tree] & 0x40) && o.lacks_d)
		o.rights &= ~2ull;
	if (o.outcome == FAKE_DONE)
		add_past(cpu, tree, i, (struct past){ o.address >> 12, o.rights });
}

/* EPT12 changed between two reads of a walk: what it found was so for this CPU only, and never as a whole. */
static void record_race(u32 cpu)
{
	u64 leaf;
	u32 i;

	for (i = 0; i < NR_PAGES; i++) {
		int level = leaf02(shadow_eptp(on[cpu].s), page[i], &leaf);
		u64 offset = page[i] & ((1ull << (9 * level + 3)) - 1);

		if (level)
			add_past(cpu, on[cpu].tree, i, (struct past){ ((leaf & EPT_ADDRESS) + offset) >> 12, leaf & 7 });
	}
}

static void record(void)
{
	u32 cpu, tree, i;

	for (cpu = 0; cpu < NR_CPUS; cpu++)
		for (tree = 0; tree < NR_TREES; tree++)
			for (i = 0; i < NR_PAGES; i++)
				record_page(cpu, tree, i);
}

static bool may_reach(u32 cpu, u32 tree, u32 i, u64 hpa, u64 access)
{
	u64 pfn = hpa >> 12;
	u32 j, n = nr_past[cpu][tree][i];

	for (j = 0; j < NR_VICTIMS; j++)
		if (victim[j].pfn == pfn && victim[j].isolated)
			return false;
	for (j = 0; j < n; j++)
		if (!(access & ~past[cpu][tree][i][j].rights) &&
		    (past[cpu][tree][i][j].pfn == pfn ||
		     /* the zero page or a scratch page, in place of what is or was hidden */
		     (was_hidden && !(access & 4) && is_hidden(pfn) && !fake_page_is_free(HPA(hpa)))))
			return true;
	return n == NR_PAST;	/* too many to tell */
}

static void look(u32 cpu)
{
	u64 where[64], access = 1ull << fake_below(3);
	u32 i = fake_below(NR_PAGES), n;

	if (!on[cpu].in_l2)
		return;
	n = fake_reachable(cpu, on[cpu].eptp, GPA(page[i]), access, where, 64);
	looks_stale += n > 1;
	while (n--)
		check(may_reach(cpu, on[cpu].tree, i, where[n], access),
		      "CPU %u, tree %u: %llx (access %llx) may reach %llx", cpu, on[cpu].tree, page[i], access, where[n]);
}

/* ---- Linux ---- */

static u64 random_entry(u32 tree, int level)
{
	static const u8 types[] = { 0, 1, 4, 5, 6, 6, 6, 6 };
	static const u8 odd_rights[] = { 1, 3, 5, 4, 1, 3, 5, 2 };
	u64 e = fake_chance(level > 1 ? 90 : 60) ? 7 : odd_rights[fake_below(8)], type = fake_chance(98) ? types[fake_below(8)] : fake_below(8);

	if (fake_chance(level > 1 ? 4 : 10))
		return fake_chance(50) ? 0 : fake_random() & ~7ull;
	if (fake_chance(2))
		e |= 1ull << fake_below(64);
	if (fake_chance(20))
		e |= A_BIT | (fake_chance(50) ? D_BIT : 0);
	if (level > 1 && !(level < 4 && fake_chance(25))) {
		/* mostly the next level's own tables; sometimes any page, another tree's, the core's */
		u32 first = level == 4 ? 1 : level == 3 ? 3 : 6, count = level == 4 ? 2 : level == 3 ? 3 : 6;

		if (fake_chance(5))
			return e | (fake_chance(50) ? L1_TABLES + fake_below(40) : 0x4000 + fake_below(1000)) << 12;
		return e | (L1_TABLES + tree * TREE_TABLES + first + fake_below(count)) << 12;
	}
	e |= type << 3 | fake_below(2) << 6 | (level > 1 ? 0x80 : 0);
	if (level == 3)
		return e | (fake_chance(50) ? L1_GIGABYTE : fake_below(8) << 18) << 12;
	if (level == 2)
		return e | (fake_chance(80) ? L1_PAGES + fake_below(2) * 512 : 0x4000 + fake_below(4) * 512) << 12;
	if (fake_chance(5))
		return e | (fake_chance(50) ? 0x4000 + fake_below(520) : 0xfee00) << 12;
	return e | (L1_PAGES + fake_below(64)) << 12;
}

static void edit(void)
{
	u32 tree = fake_below(NR_TREES), table = fake_below(TREE_TABLES), i;
	int level = table == 0 ? 4 : table < 3 ? 3 : table < 6 ? 2 : 1;
	u64 *e = l1_table(L1_TABLES + tree * TREE_TABLES + table) +
		 fake_below(level == 4 ? 2 : level == 1 ? 4 : 3);

	record();	/* D may just have been set */
	*e = random_entry(tree, level);
	for (i = 0; i < NR_TREES; i++)
		clean[i] = false;
	record();
}

static void invept_by(u32 cpu)
{
	u32 tree = fake_below(NR_TREES), i, j, before = nested_pool.nr_free;
	bool all = fake_chance(20);

	fake_cpu = cpu;
	on[cpu].in_l2 = false;
	if (all)
		shadow_invept_all();
	else
		shadow_invept_single(fake_chance(50) ? eptp12[tree] : eptp12[tree] ^ 0x46);
	check(before == nested_pool.nr_free);
	fake_cpu_visits_core(cpu);
	for (j = 0; j < NR_TREES; j++)
		if (all || j == tree) {
			memset(nr_past[cpu][j], 0, sizeof(nr_past[cpu][j]));
			for (i = 0; i < NR_PAGES; i++)
				record_page(cpu, j, i);
			clean[j] = true;
		}
}

static void change_owner(void)
{
	u32 i = fake_below(NR_VICTIMS);
	int err;

	on[fake_cpu].in_l2 = false;	/* L1 runs there, and asks the core */
	record();
	if (!victim[i].taken) {
		if (frame_owner(victim[i].pfn, NULL) != FRAME_LINUX)
			return;
		err = frame_take(victim[i].pfn, FRAME_PAL, 7);
		check(!err || err == -EAGAIN, "%d", err);
		if (err)
			return;
		victim[i].taken = was_hidden = true;
		victim[i].ticket = tlb_flush_begin();
	} else if (victim[i].isolated) {
		check(!frame_return(victim[i].pfn, FRAME_PAL, 7));
		victim[i].taken = victim[i].isolated = false;
		main_view_reclaim_step();
	}
	record();
}

static void watch_something(void)
{
	u32 i, pfn = L1_PAGES + fake_below(64);

	on[fake_cpu].in_l2 = false;
	for (i = 0; i < 33; i++)
		frame_watch(pfn);
}

/* Another CPU, between two steps of the core on this one. */
static void hook(void)
{
	u32 cpu = fake_cpu, other = (cpu + 1 + fake_below(NR_CPUS - 1)) % NR_CPUS;

	in_hook = raced = true;
	fake_cpu = other;
	switch (fake_below(4)) {
	case 0:
		invept_by(other);
		break;
	case 1:
		change_owner();
		break;
	default:
		edit();
	}
	fake_cpu = cpu;
	in_hook = false;
}

static void visit(u32 cpu)
{
	u32 i, j;

	fake_cpu = cpu;
	fake_cpu_visits_core(cpu);
	if (on[cpu].in_l2)
		on[cpu].eptp = shadow_eptp(on[cpu].s);
	for (i = 0; i < NR_VICTIMS; i++)
		if (victim[i].taken && !victim[i].isolated && tlb_flush_done(victim[i].ticket) == 1) {
			victim[i].isolated = true;
			for (j = 0; j < NR_CPUS; j++)
				check(!fake_combined_reaches(j, 1, HPA(victim[i].pfn << 12)));
		}
}

static void enter(u32 cpu)
{
	fake_cpu = cpu;
	if (!on[cpu].s || fake_chance(10)) {
		struct shadow *old = on[cpu].s;

		on[cpu].tree = fake_below(NR_TREES);
		on[cpu].s = shadow_get(eptp12[on[cpu].tree]);
		check(on[cpu].s);
		if (old)
			shadow_put(old);
	}
	on[cpu].in_l2 = true;
	visit(cpu);
}

/* ---- L2 ---- */

struct before {
	struct oracle o;
	u64 entry[5], access;
	u16 index;
};

static struct before snapshot(u32 tree, u64 l2, u64 access)
{
	struct before b = { .o = oracle_walk(eptp12[tree], l2, access), .access = access, .index = pml_index };
	int level;

	for (level = 1; level < 5; level++)
		b.entry[level] = b.o.entry[level] ? *b.o.entry[level] : 0;
	return b;
}

static enum shadow_answer expected(u32 tree, const struct before *b, bool log)
{
	bool ad = eptp12[tree] & 0x40;

	if (b->o.outcome == FAKE_VIOLATION)
		return SHADOW_VIOLATION;
	if (b->o.outcome == FAKE_MISCONFIGURATION)
		return SHADOW_MISCONFIGURATION;
	if (ad && log && b->index > 511 && (b->o.lacks_a || ((b->access & 2) && b->o.lacks_d)))
		return SHADOW_PML_FULL;
	if (b->access & 4 && is_hidden(b->o.address >> 12))
		return SHADOW_HIDDEN_FETCH;
	return SHADOW_RETRY;
}

/* One entry at two levels: EPT12 may point to itself. Setting A then takes more than one try. */
static bool points_to_itself(const struct oracle *o)
{
	int i, j;

	for (i = 1; i < 5; i++)
		for (j = 1; j < i; j++)
			if (o->entry[i] && o->entry[i] == o->entry[j])
				return true;
	return false;
}

/* A, D and the log are as a CPU leaves them; what EPT02 maps is as large, and of the type, that it should be. */
static void judge_exactly(u32 cpu, u64 l2, const struct before *b, enum shadow_answer answer, bool log)
{
	u32 tree = on[cpu].tree;
	bool ad = eptp12[tree] & 0x40, marked = ad && (answer == SHADOW_RETRY || answer == SHADOW_HIDDEN_FETCH);
	bool dirtied = marked && (b->access & 2) && b->o.lacks_d;
	u64 leaf, where = b->o.address >> 12;
	int level, level01 = 0;

	if (points_to_itself(&b->o))
		return;
	for (level = 1; level < 5; level++)
		if (b->o.entry[level])
			check(*b->o.entry[level] == (b->entry[level] | (marked ? A_BIT : 0) |
			      (dirtied && level == b->o.level ? D_BIT : 0)), "level %d: %llx was %llx", level, *b->o.entry[level], b->entry[level]);
	check(pml_index == (u16)(b->index - (dirtied && log)));
	if (dirtied && log)
		check(l1_table(L1_LOG)[b->index] == (l2 & PAGE_MASK));
	steps_exact++;
	level = leaf02(shadow_eptp(on[cpu].s), l2, &leaf);
	if (answer != SHADOW_RETRY || !level || !clean[tree])
		return;
	view_lookup(&main_view.view, GPA(where << 12), &level01);
	if (is_hidden(where)) {
		check(level == 1 && !(leaf & 4) && is_hidden(leaf >> 12 & 0xffffffffff));
		return;
	}
	check((leaf & 0x78) == b->o.type, "type of %llx, EPT12 has %llx", leaf, b->o.type);
	check(!(leaf & 7 & ~b->o.rights) && !(b->access & ~leaf & 7));
	if (fake_is_ram(where))
		check(level == (b->o.level < level01 ? b->o.level : level01), "level %d, EPT12 %d, EPT01 %d", level, b->o.level, level01);
}

static void access_by(u32 cpu)
{
	u32 i = fake_below(NR_PAGES), tries, tree = on[cpu].tree;
	u64 l2 = page[i] + fake_below(4096), access = 1ull << fake_below(3);
	bool log = tree == 2, walk = access != 4 && fake_chance(15);

	for (tries = 0; tries < 300; tries++) {
		struct shadow_fault f = { .address = L2PA(l2), .pml_address = log ? L1_LOG << 12 : 0, .pml_index = &pml_index };
		enum fake_outcome outcome;
		enum shadow_answer answer, wanted;
		struct before b;
		u64 qualification;
		s64 moved;
		hpa_t hpa;

		fake_cpu = cpu;
		if (fake_chance(20))
			outcome = fake_access_linear(cpu, on[cpu].eptp, 3, 0, GVA(page[i] + (1ull << 46)), GPA(l2), access, &hpa, &f.qualification);
		else
			outcome = fake_access(cpu, on[cpu].eptp, GPA(l2), access | (walk ? FAKE_PAGE_WALK : 0), &hpa, &f.qualification);
		if (outcome == FAKE_DONE) {
			steps_done++;
			check(may_reach(cpu, tree, i, hpa.v & PAGE_MASK, access), "CPU %u: %llx went to %llx", cpu, l2, hpa.v);
			return;
		}
		check(outcome == FAKE_VIOLATION, "EPT02 is misconfigured");
		qualification = f.qualification;
		if (fake_chance(2))
			pml_index = fake_chance(50) ? 0 : 512 + fake_below(65024);
		b = snapshot(tree, l2, qualification & 7);
		wanted = expected(tree, &b, log);
		raced = false;
		locks_taken = 0;
		moved = nested_pool.nr_free;
		hostile = fake_chance(30);
		answer = shadow_fault(on[cpu].s, &f);
		hostile = false;
		moved -= nested_pool.nr_free;
		check(moved < MAX_MOVED && moved > -MAX_MOVED, "%lld pages in one call", moved);
		exits[answer]++;
		was_hidden |= is_hidden(b.o.address >> 12);
		if (raced) {
			record_race(cpu);
		} else {
			check(answer == wanted, "%llx: answer %d, a CPU with EPT12 alone gives %d", l2, answer, wanted);
			check(locks_taken <= 12, "%u locks", locks_taken);
			if (answer == SHADOW_VIOLATION)
				check(f.qualification == ((qualification & 0x187) | b.o.rights << 3));
			judge_exactly(cpu, l2, &b, answer, log);
		}
		record();
		if (answer != SHADOW_RETRY) {
			on[cpu].in_l2 = false;
			pml_index = answer == SHADOW_PML_FULL ? 511 : pml_index;
			return;
		}
		visit(cpu);
		if (tries > 5)
			visit(fake_below(NR_CPUS));
	}
	check(0, "L2's access to %llx is repeated for ever", l2);
}

static void step(void)
{
	u32 cpu = fake_below(NR_CPUS), i;

	if (fake_chance(10))
		edit();
	if (fake_chance(6))
		change_owner();
	if (fake_chance(2))
		watch_something();
	if (fake_chance(6))
		invept_by(fake_below(NR_CPUS));
	if (fake_chance(25))
		visit(fake_below(NR_CPUS));
	if (!on[cpu].in_l2 || fake_chance(10))
		enter(cpu);
	if (fake_chance(15))
		fake_speculate(cpu, on[cpu].eptp, GPA(page[fake_below(NR_PAGES)]));
	access_by(cpu);
	for (i = 0; i < 12; i++)
		look(i % NR_CPUS);
}

static void run(u32 steps, u32 nr_pool)
{
	u32 i, j, tree;

	shadow_machine_start(NR_CPUS, nr_pool);
	memset(on, 0, sizeof(on));
	memset(nr_past, 0, sizeof(nr_past));
	memset(exits, 0, sizeof(exits));
	memset(clean, 0, sizeof(clean));
	steps_exact = steps_done = looks_stale = 0;
	was_hidden = false;
	pml_index = 511;
	for (i = 0; i < NR_VICTIMS; i++) {
		victim[i].pfn = i < 16 ? L1_PAGES + i * 3 : i < 20 ? L1_PAGES + 512 + i : L1_TABLES + 3 + i;
		victim[i].taken = victim[i].isolated = false;
	}
	for (i = 0; i < NR_PAGES; i++)
		page[i] = (u64)(i & 1) << 39 | (u64)(i / 2 % 3) << 30 | (u64)(i / 6 % 3) << 21 | (u64)fake_below(4) << 12;
	for (tree = 0; tree < NR_TREES; tree++)
		for (i = 0; i < TREE_TABLES; i++)
			for (j = 0; j < 4; j++)
				l1_table(L1_TABLES + tree * TREE_TABLES + i)[j] =
					random_entry(tree, i == 0 ? 4 : i < 3 ? 3 : i < 6 ? 2 : 1);
	record();
	for (i = 0; i < steps; i++)
		step();
}

int main(void)
{
	u32 steps = getenv("STEPS") ? atoi(getenv("STEPS")) : 6000;

	run(steps, 400);
	ok(true, "no CPU reaches by EPT02 what EPT12 and the owners do not grant, whatever it has cached");
	ok(steps_done > steps / 4 && looks_stale > 100, "%llu accesses were done, %llu looks found more than one translation", steps_done, looks_stale);
	ok(steps_exact > steps / 4, "%llu exits were what a CPU with EPT12 alone gives", steps_exact);
	ok(exits[0] && exits[1] && exits[2] && exits[3] && exits[4], "filled %llu, violation %llu, misconfiguration %llu, log full %llu, hidden %llu",
	   exits[0], exits[1], exits[2], exits[3], exits[4]);
	run(steps, 28);
	ok(steps_done > steps / 4, "the same with 28 pages: each access ends, no table is used again too early");
	return tap_finish();
}
