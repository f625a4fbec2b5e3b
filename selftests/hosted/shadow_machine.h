/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An L1 that keeps EPT12s in its memory, and what a CPU with EPT12 alone would do:
 * an oracle written from SDM vol. 3, 29.3, not from ept/. For the tests of ept/shadow.c.
 */
#ifndef HOSTED_SHADOW_MACHINE_H
#define HOSTED_SHADOW_MACHINE_H

#include "../../ept/guest_memory.h"
#include "../../ept/shadow.h"
#include "../../vmx/nested/caps.h"
#include "ept_machine.h"

#define L1_TABLES 0x140000ull	/* pfn: 64 frames for EPT12s */
#define L1_LOG 0x140050ull	/* page-modification log */
#define L1_PAGES 0x141000ull	/* frames that L2s use: two blocks of 2 MiB from 0x141000 */
#define L1_GIGABYTE 0x100000ull	/* 1 GiB of RAM, aligned */
#define EPTP12(pfn, ad) ((pfn) << 12 | 0x1e | ((ad) ? 0x40 : 0))
#define A_BIT 0x100ull
#define D_BIT 0x200ull

static inline u64 *l1_table(u64 pfn)
{
	return phys_to_virt(HPA(pfn << 12));
}

/* nr_pool pages of the core's for EPT02s. */
__attribute__((unused))
static void shadow_machine_start(u32 nr_cpus, u32 nr_pool)
{
	u32 i;

	machine_mtrrs();
	check(!machine_start(nr_cpus, 1212, NULL));
	nested_pool = (struct page_pool){ 0 };
	for (i = 0; i < nr_pool; i++)
		page_free(&nested_pool, page_alloc(&core_pool));
	nested_pool.nr_total = nr_pool;
	shadow_init();
}

static inline bool is_hidden(u64 pfn)
{
	enum frame_owner owner = pfn < FAKE_NR_FRAMES && fake_is_ram(pfn) ? frame_owner(pfn, NULL) :
									    FRAME_LINUX;

	return owner == FRAME_CORE || owner == FRAME_PAL;
}

struct oracle {
	enum fake_outcome outcome;
	u64 rights, address, type;	/* type: bits 6:3 of the leaf */
	int level;
	u64 *entry[5];	/* where the walk read, by level; NULL: not read */
	bool lacks_a, lacks_d;	/* somewhere on the way; in the leaf */
};

static inline bool oracle_misconfigured(u64 e, int level)
{
	u64 rights = e & 7, cap = nested_caps.ept_vpid, type = e >> 3 & 7;
	bool large = e & 0x80;

	if (rights == 2 || rights == 6 || (rights == 4 && !(cap & 1)))
		return true;
	if (e & 0x000fffffffffffffull & ~((1ull << MACHINE_MAXPHYADDR) - 1))
		return true;
	if (level == 4)
		return e & 0xf8;
	if (level > 1 && !large)
		return e & 0x78;
	if (level == 3 && (!(cap & BIT(17)) || (e & 0x3ffff000)))
		return true;
	if (level == 2 && (!(cap & BIT(16)) || (e & 0x1ff000)))
		return true;
	return type == 2 || type == 3 || type == 7;
}

/* access: 0: only where it leads. */
__attribute__((unused))
static struct oracle oracle_walk(u64 eptp12, u64 l2, u64 access)
{
	struct oracle o = { .outcome = FAKE_VIOLATION };
	u64 table = eptp12 >> 12 & 0xffffffffff, rights = 7, e;
	int level;

	if (l2 >> 48)
		return o;
	for (level = 4; ; level--) {
		u32 shift = 12 + 9 * (level - 1);
		u64 *p = fake_is_ram(table) && !is_hidden(table) ? l1_table(table) : NULL;

		e = p ? p[l2 >> shift & 511] : 0;
		o.level = level;
		if (!(e & 7))
			return o;
		o.entry[level] = p + (l2 >> shift & 511);
		if (oracle_misconfigured(e, level)) {
			o.outcome = FAKE_MISCONFIGURATION;
			return o;
		}
		rights &= e;
		o.lacks_a |= !(e & A_BIT);
		if (level == 1 || (e & 0x80)) {
			o.address = (e & 0x000ffffffffff000ull) + (l2 & ((1ull << shift) - 1));
			o.lacks_d = !(e & D_BIT);
			o.type = e & 0x78;
			o.rights = rights;
			o.outcome = access & ~rights ? FAKE_VIOLATION : FAKE_DONE;
			return o;
		}
		table = e >> 12 & 0xffffffffff;
	}
}

/* The leaf of EPT02 for an address; its level, 0: none. Rights of all levels in *rights. */
__attribute__((unused))
static int leaf02(u64 eptp, u64 l2, u64 *leaf)
{
	u64 *p = phys_to_virt(HPA(eptp & EPT_ADDRESS)), e;
	int level;

	for (level = 4; ; level--) {
		e = p[l2 >> (12 + 9 * (level - 1)) & 511];
		if (!(e & 7))
			return 0;
		if (level == 1 || (e & 0x80))
			break;
		check((e & ~EPT_ADDRESS & ~A_BIT) == 7, "table entry %llx", e);
		p = phys_to_virt(HPA(e & EPT_ADDRESS));
	}
	*leaf = e;
	return level;
}

/*
 * L2 on that CPU makes one access, until it is done or L1 gets an exit. *eptp is what
 * the CPU runs with. SHADOW_RETRY: done, at *hpa; else *f is what L1 sees.
 */
__attribute__((unused))
static enum shadow_answer l2_access(u32 cpu, struct shadow *s, u64 l2, u64 access, hpa_t *hpa,
				    struct shadow_fault *f)
{
	struct shadow_fault fault = *f;
	u32 tries;

	for (tries = 0; tries < 200; tries++) {
		enum shadow_answer answer;
		enum fake_outcome outcome;

		fake_cpu = cpu;
		fake_cpu_visits_core(cpu);
		outcome = fake_access(cpu, shadow_eptp(s), GPA(l2), access, hpa, &fault.qualification);
		if (outcome == FAKE_DONE)
			return SHADOW_RETRY;
		check(outcome == FAKE_VIOLATION, "EPT02 is misconfigured at %llx", l2);
		fault.address = L2PA(l2);
		answer = shadow_fault(s, &fault);
		f->qualification = fault.qualification;
		if (answer != SHADOW_RETRY)
			return answer;
		if (tries > 5)
			fake_cpu_visits_core(fake_below(fake_nr_cpus));
	}
	check(0, "L2's access to %llx is repeated for ever", l2);
	return SHADOW_RETRY;
}

#endif
