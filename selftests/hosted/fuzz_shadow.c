// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * Raw bytes as the pages of an EPT12, then faults at addresses of the fuzzer's. Judged:
 * sanitizers; the answer against the oracle; EPT02 grants no more than EPT12 and the
 * main view do, and never a hidden frame.
 */
#include "fuzz.h"
#include "shadow_machine.h"

#define NR_FRAMES 8	/* of EPT12, from L1_TABLES on */
#define NR_POOL 100

/* Eight bytes of the input are one entry; half of them are bent to lead into EPT12. */
static void fill_tables(const u8 *data, size_t size)
{
	size_t i;

	for (i = 0; i + 8 <= size; i += 8) {
		u64 e, at = i / 8;

		memcpy(&e, data + i, 8);
		if (e & BIT(62))
			e = (e & 0x3ff) | (L1_TABLES + (e >> 12) % NR_FRAMES) << 12;
		l1_table(L1_TABLES + at % NR_FRAMES)[at / NR_FRAMES % 4] = e;
	}
}

/* Every present leaf of EPT02. */
static void judge_tree(u64 table, int level, u64 l2, u64 eptp12)
{
	u64 *p = phys_to_virt(HPA(table));
	u32 i;

	check(!fake_page_is_free(HPA(table)));
	for (i = 0; i < 512; i++) {
		u64 e = p[i], at = l2 + ((u64)i << (12 + 9 * (level - 1)));
		struct oracle o;

		if (!(e & 7)) {
			check(!e);
			continue;
		}
		if (level > 1 && !(e & 0x80)) {
			judge_tree(e & EPT_ADDRESS, level - 1, at, eptp12);
			continue;
		}
		o = oracle_walk(eptp12, at, 0);
		check(o.outcome == FAKE_DONE && !(e & 7 & ~o.rights), "%llx maps %llx", e, at);
		check(!(eptp12 & 0x40) || !(e & 2) || !o.lacks_d);
		if (is_hidden(o.address >> 12))
			check(level == 1 && !(e & 4) && (e & EPT_ADDRESS) != (o.address & PAGE_MASK));
		else
			check((e & 0x78) == o.type && (e & EPT_ADDRESS) == o.address);
	}
}

/* One machine for all inputs; the EPT02s begin anew. */
static void machine_once(void)
{
	static hpa_t pool[NR_POOL];
	u32 i;

	if (!pool[0].v) {
		shadow_machine_start(2, 0);
		for (i = 0; i < NR_POOL; i++)
			pool[i] = page_alloc(&core_pool);
	}
	for (i = 0; i < NR_POOL; i++)
		if (!fake_page_is_free(pool[i]))
			page_free(&nested_pool, pool[i]);
	shadow_init();
	memset(l1_table(L1_TABLES), 0, NR_FRAMES * PAGE_SIZE);
}

void fuzz_one(const u8 *data, size_t size)
{
	u64 eptp12, word;
	u16 index = 511;
	struct shadow *s;

	if (size < 64)
		return;
	size -= 3;
	machine_once();
	nested_caps.ept_vpid = BIT(0) | BIT(16) | BIT(17) | BIT(21);
	if (data[0] & 1)
		nested_caps.ept_vpid &= ~(1ull << (data[0] >> 1 & 31));
	eptp12 = EPTP12(L1_TABLES + data[1] % NR_FRAMES, data[2] & 1);
	data += 3;
	fill_tables(data, size / 2);
	data += size / 2;
	size -= size / 2;
	s = shadow_get(eptp12);
	for (; size >= 8; data += 8, size -= 8) {
		struct shadow_fault f = { .pml_address = index & 1 ? L1_LOG << 12 : 0, .pml_index = &index };
		enum shadow_answer answer;
		struct oracle o;

		memcpy(&word, data, 8);
		f.address = L2PA((word & 3) << 39 | (word >> 2 & 3) << 30 | (word >> 4 & 3) << 21 | (word >> 6 & 3) << 12);
		f.qualification = word >> 8 & 0x1fff;
		f.misconfiguration = word >> 56 == 1;
		o = oracle_walk(eptp12, f.address.v, f.qualification & 7);
		answer = shadow_fault(s, &f);
		shadow_eptp(s);
		if (o.outcome == FAKE_MISCONFIGURATION)
			check(answer == SHADOW_MISCONFIGURATION);
		else if (o.outcome == FAKE_VIOLATION)
			check(answer == SHADOW_VIOLATION && (f.qualification >> 3 & 7) == o.rights);
		else
			check(answer != SHADOW_VIOLATION && (answer != SHADOW_MISCONFIGURATION || f.misconfiguration));
		if (word >> 60 == 2)
			shadow_invept_single(eptp12);
		if (word >> 60 == 3)
			main_view_violation(GPA(f.address.v), 2);
	}
	judge_tree(shadow_eptp(s) & EPT_ADDRESS, 4, 0, eptp12);
	shadow_put(s);
}
