// SPDX-License-Identifier: GPL-2.0
/* link: ept/mtrr.c */
/*
 * Memory types against a slow oracle: SDM vol. 3, 12.11.1 (MTRRCAP), 12.11.2.1
 * (DEF_TYPE), 12.11.2.2 and table 12-9 (fixed ranges), 12.11.2.3 (variable
 * ranges), 12.11.4.1 (precedence), read as prose, one page at a time.
 */
#include "../../ept/mtrr.h"
#include "fake.h"
#include "tap.h"

#define CAP 0xfe
#define DEF 0x2ff

static u32 maxphyaddr;

/* Table 12-9: register, first address, size of each of the eight ranges. */
static const struct { u32 msr; u64 first, size; } table_12_9[] = {
	{ 0x250, 0x00000, 0x10000 }, { 0x258, 0x80000, 0x4000 }, { 0x259, 0xa0000, 0x4000 },
	{ 0x268, 0xc0000, 0x1000 }, { 0x269, 0xc8000, 0x1000 }, { 0x26a, 0xd0000, 0x1000 },
	{ 0x26b, 0xd8000, 0x1000 }, { 0x26c, 0xe0000, 0x1000 }, { 0x26d, 0xe8000, 0x1000 },
	{ 0x26e, 0xf0000, 0x1000 }, { 0x26f, 0xf8000, 0x1000 },
};

static int oracle(u64 address)
{
	u64 def = fake_msr_get(DEF), cap = fake_msr_get(CAP);
	u64 field = ((1ull << maxphyaddr) - 1) & ~0xfffull;
	bool seen[8] = { false };
	int i, kinds = 0, last = -1;

	if (!(def >> 11 & 1))
		return 0;
	if (address < 0x100000 && (cap >> 8 & 1) && (def >> 10 & 1))
		for (i = 0; i < 11; i++) {
			u64 first = table_12_9[i].first, size = table_12_9[i].size;

			if (address >= first && address < first + 8 * size)
				return fake_msr_get(table_12_9[i].msr) >>
					(8 * ((address - first) / size)) & 0xff;
		}
	for (i = 0; i < (int)(cap & 0xff); i++) {
		u64 base = fake_msr_get(0x200 + 2 * i), mask = fake_msr_get(0x201 + 2 * i);

		/* "Address_Within_Range AND PhysMask = PhysBase AND PhysMask" */
		if ((mask >> 11 & 1) && (address & mask & field) == (base & mask & field))
			seen[base & 7] = true;
	}
	for (i = 0; i < 8; i++)
		if (seen[i]) {
			kinds++;
			last = i;
		}
	if (kinds == 0)
		return def & 0xff;
	if (kinds == 1)
		return last;
	if (seen[0])
		return 0;		/* UC wins */
	if (kinds == 2 && seen[4] && seen[6])
		return 4;		/* WT and WB: WT */
	return 0;			/* undefined; we choose UC */
}

static u8 any_type(void)
{
	static const u8 types[] = { 0, 1, 4, 5, 6, 6, 6, 0 };

	return types[fake_below(8)];
}

static u64 random_fixed(void)
{
	u64 value = 0;
	int i;

	for (i = 0; i < 8; i++)
		value |= (u64)any_type() << (8 * i);
	return fake_chance(50) ? value : (value & 0xff) * 0x0101010101010101ull;
}

static u32 nr_variable;

static void random_mtrrs(bool holes)
{
	bool fix = fake_chance(80);
	u32 i;

	maxphyaddr = 36 + fake_below(11);
	nr_variable = fake_chance(10) ? fake_below(41) : fake_below(11);
	fake_cpuid_set(1, 0, 0, 0, 0, 1 << 12);
	fake_msr_set(CAP, nr_variable | (u64)fix << 8);
	fake_msr_set(DEF, any_type() | (u64)fake_chance(95) << 11 | (u64)fake_chance(80) << 10);
	for (i = 0; i < 11; i++) {
		if (fix)
			fake_msr_set(table_12_9[i].msr, random_fixed());
		else
			fake_msr_remove(table_12_9[i].msr);
	}
	for (i = 0; i < 40; i++) {
		u32 top = fake_chance(50) ? 33 : maxphyaddr, bits = 12 + fake_below(top - 12);
		u64 mask = (1ull << maxphyaddr) - (1ull << bits);
		u64 base = fake_random() & ((1ull << top) - 1) & ~0xfffull;

		if (fake_chance(30))	/* near others, to overlap */
			base &= ~((1ull << 30) - 1);
		if (holes && fake_chance(30))
			mask &= fake_random() | fake_random();
		if (holes && fake_chance(20))	/* firmware that thinks of 36 bits */
			mask &= (1ull << 36) - 1;
		base &= mask | (fake_chance(30) ? ~0ull : mask);
		fake_msr_set(0x200 + 2 * i, (base & ~0xfffull) | any_type());
		fake_msr_set(0x201 + 2 * i, (mask & ~0xfffull) | (u64)fake_chance(80) << 11);
	}
}

/* An address at which something is likely to change. */
static u64 interesting(void)
{
	u64 a, limit = 1ull << maxphyaddr;
	u32 i;

	switch (fake_below(4)) {
	case 0:
		a = fake_below(0x140) << 12;
		break;
	case 1:
		a = fake_random() & (limit - 1);
		break;
	default:
		i = fake_below(nr_variable + 1);
		a = fake_msr_get(0x200 + 2 * i) & ~0xfffull;
		if (fake_chance(50))
			a += (fake_msr_get(0x201 + 2 * i) & ~0xfffull) &
			     -(fake_msr_get(0x201 + 2 * i) & ~0xfffull);
		a += (fake_below(3) - 1) << 12;
	}
	return a & (limit - 1) & ~0xfffull;
}

static bool plain_masks(void)
{
	struct mtrr_state s;

	mtrr_read(&s, maxphyaddr);
	return !s.repeats;
}

static void run(bool holes, u32 rounds)
{
	struct mtrr_state s;
	u64 a, end, limit, x;
	u32 i, j, k;

	for (i = 0; i < rounds; i++) {
		random_mtrrs(holes);
		mtrr_read(&s, maxphyaddr);
		for (j = 0; j < 40; j++) {
			int type;

			a = interesting();
			limit = fake_chance(50) ? 1ull << maxphyaddr :
				ALIGN_DOWN(a, 1ull << 21) + (1ull << 21);
			type = mtrr_type(&s, a, limit, &end);
			check(type == oracle(a), "at %llx: %d, oracle %d", a, type, oracle(a));
			check(end > a && end <= limit && !(end & 0xfff), "%llx..%llx limit %llx", a, end, limit);
			for (k = 0; k < 30; k++) {
				x = k == 0 ? end - 4096 : fake_chance(50) ? interesting() :
					a + (fake_random() % (end - a) & ~0xfffull);
				if (x >= a && x < end)
					check(oracle(x) == type, "%llx in %llx..%llx is %d not %d", x, a, end, oracle(x), type);
			}
			/* As far as it goes: large leaves depend on it. */
			if (!s.repeats && end < limit)
				check(oracle(end) != type, "%llx..%llx could go on", a, end);
		}
	}
}

int main(void)
{
	struct mtrr_state s;
	u64 end;

	run(false, 6000);
	ok(true, "plain ranges: types and the ends of their spans are the SDM's, and spans are maximal");
	run(true, 6000);
	ok(true, "masks with holes or too narrow: types and spans are the SDM's");

	random_mtrrs(false);
	check(plain_masks());
	fake_msr_set(DEF, MEMTYPE_WB);
	mtrr_read(&s, maxphyaddr);
	ok(mtrr_type(&s, 0, 1ull << 36, &end) == MEMTYPE_UC && end == 1ull << 36,
	   "with the MTRRs disabled all is uncached, in one span");

	fake_cpuid_set(1, 0, 0, 0, 0, 0);
	mtrr_read(&s, maxphyaddr);
	ok(mtrr_type(&s, 0, 1ull << 36, &end) == MEMTYPE_WB && end == 1ull << 36,
	   "a CPU without MTRRs leaves the type to the PAT: write-back");

	fake_cpuid_set(1, 0, 0, 0, 0, 1 << 12);
	fake_msr_set(DEF, 0xc00 | MEMTYPE_WB);
	fake_msr_set(CAP, 0x508);
	fake_msr_remove(0x250);
	fake_msr_remove(0x200);
	mtrr_read(&s, maxphyaddr);
	ok(mtrr_type(&s, 0, 4096, &end) == MEMTYPE_UC,
	   "a register that MTRRCAP promises and that faults is survived");
	return tap_finish();
}
