// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * EPT02, rule by rule (SDM vol. 3, 29.3; NESTED.md 2.4). One L2 page at a time; all of
 * them at once, with other CPUs and hostile changes, is test_shadow_storm.c.
 */
#include "shadow_machine.h"

#define ROOT L1_TABLES
#define L2_PAGE 0x40201000ull	/* indices 0, 1, 1, 1 */

static u64 *l4, *l3, *l2, *l1;	/* the entries that decide about L2_PAGE */
static struct shadow *s;
static u64 pool_pages = 300;

/* At the lock of that number from now on, CPU 1 moves the page and makes an INVEPT. */
static u32 race_at;

void spin_lock(struct spinlock *lock)
{
	if (race_at && !--race_at) {
		fake_cpu = 1;
		*l1 += 0x1000;
		shadow_invept_single(EPTP12(ROOT, 0));
		fake_cpu = 0;
	}
	check(!lock->locked, "a lock is taken twice");
	lock->locked = 1;
}

static void start(bool ad)
{
	shadow_machine_start(3, pool_pages);
	nested_caps.ept_vpid = BIT(0) | BIT(16) | BIT(17) | BIT(21);
	l4 = &l1_table(ROOT)[0];
	l3 = &l1_table(ROOT + 1)[1];
	l2 = &l1_table(ROOT + 2)[1];
	l1 = &l1_table(ROOT + 3)[1];
	*l4 = (ROOT + 1) << 12 | 7;
	*l3 = (ROOT + 2) << 12 | 7;
	*l2 = (ROOT + 3) << 12 | 7;
	*l1 = L1_PAGES << 12 | 0x37;
	s = shadow_get(EPTP12(ROOT, ad));
}

static enum shadow_answer access_page(u64 access, hpa_t *hpa, u64 *qualification)
{
	struct shadow_fault fault = { 0 };
	enum shadow_answer answer = l2_access(0, s, L2_PAGE, access, hpa, &fault);

	*qualification = fault.qualification;
	return answer;
}

static enum shadow_answer answer_to(u64 access)
{
	u64 qualification;
	hpa_t hpa;

	return access_page(access, &hpa, &qualification);
}

static void xmhf_memory_types(void)
{
	static const u64 types[] = { MEMTYPE_UC, MEMTYPE_WC, MEMTYPE_WT, MEMTYPE_WP, MEMTYPE_WB };
	bool good = true;
	u32 i, ipat;
	u64 leaf;

	for (i = 0; i < 5; i++)
		for (ipat = 0; ipat < 2; ipat++) {
			start(false);
			*l1 = L1_PAGES << 12 | 7 | types[i] << 3 | ipat << 6;
			good &= answer_to(1) == SHADOW_RETRY && leaf02(shadow_eptp(s), L2_PAGE, &leaf) == 1 &&
				leaf == *l1;
		}
	ok(good, "XMHF in XMHF halted on types other than UC and WB: all five pass with IPAT, unchanged");
}

static void misconfigurations(void)
{
	static const struct { int level; u64 set, clear, cap_off; const char *what; } bad[] = {
		{ 1, 0, 1, 0, "W and X without R" }, { 1, 0, 5, 0, "W without R" },
		{ 3, 0, 1, 0, "a table's W and X without R" },
		{ 2, 0, 3, BIT(0), "execute-only, not offered, in a table's entry" },
		{ 1, 0, 3, BIT(0), "execute-only, not offered" },
		{ 1, BIT(46), 0, 0, "address beyond MAXPHYADDR" },
		{ 4, BIT(51), 0, 0, "table beyond MAXPHYADDR" },
		{ 4, BIT(3), 0, 0, "bit 3 of level 4" }, { 4, BIT(7), 0, 0, "bit 7 of level 4" },
		{ 3, BIT(6), 0, 0, "bit 6 of a table's entry" }, { 2, BIT(3), 0, 0, "bit 3 of a table's entry" },
		{ 1, 2 << 3, 6 << 3, 0, "memory type 2" }, { 1, 3 << 3, 6 << 3, 0, "memory type 3" },
		{ 1, 7 << 3, 0, 0, "memory type 7" },
		{ 2, 0xb0, 0, 0, "2 MiB at an address of 4 KiB" }, { 3, 0xb0, 0, 0, "1 GiB at an address of 4 KiB" },
		{ 2, 0xb0, 0x3ff000, BIT(16), "2 MiB, not offered" },
		{ 3, 0xb0, 0x3ffff000, BIT(17), "1 GiB, not offered" },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		u64 *e;

		start(false);
		e = bad[i].level == 1 ? l1 : bad[i].level == 2 ? l2 : bad[i].level == 3 ? l3 : l4;
		check(answer_to(1) == SHADOW_RETRY);
		shadow_invept_all();
		*e = (*e & ~bad[i].clear) | bad[i].set;
		nested_caps.ept_vpid &= ~bad[i].cap_off;
		check(oracle_walk(EPTP12(ROOT, 0), L2_PAGE, 1).outcome == FAKE_MISCONFIGURATION);
		ok(answer_to(1) == SHADOW_MISCONFIGURATION, "misconfiguration: %s", bad[i].what);
	}
	start(false);
	*l1 = BIT(46) | 0x78;
	ok(answer_to(1) == SHADOW_VIOLATION, "an entry that is not present is never misconfigured");
	start(false);
	*l1 |= 0xfff0000000000c00ull;
	ok(answer_to(2) == SHADOW_RETRY, "ignored bits are ignored");
	start(false);
	*l1 = L1_PAGES << 12 | 0x34;
	ok(answer_to(4) == SHADOW_RETRY && answer_to(1) == SHADOW_VIOLATION, "execute-only, offered");
}

static void rights(void)
{
	u64 q, a, b, access, *level[] = { l4, l3, l2 };
	bool good = true, exact = true;
	hpa_t hpa;
	u32 i;

	for (i = 0; i < 3; i++)
		for (a = 1; a < 8; a += 2)
			for (b = 1; b < 8; b += 2)
				for (access = 1; access < 8; access <<= 1) {
					start(false);
					level[0] = l4, level[1] = l3, level[2] = l2;
					*level[i] = (*level[i] & ~7ull) | a;
					*l1 = (*l1 & ~7ull) | b;
					check(answer_to(1) == SHADOW_RETRY);
					if (access & a & b) {
						good &= access_page(access, &hpa, &q) == SHADOW_RETRY &&
							hpa.v == L1_PAGES << 12;
					} else {
						good &= access_page(access, &hpa, &q) == SHADOW_VIOLATION;
						exact &= q == (access | (a & b) << 3 | 0x180);
					}
				}
	ok(good, "rights are those of all levels together (NESTED.md 2.4 d)");
	ok(exact, "the qualification tells EPT12's rights and the access (2.4 e)");
	start(false);
	*l2 = 0;
	check(access_page(FAKE_PAGE_WALK | 1, &hpa, &q) == SHADOW_VIOLATION);
	ok(q == 0x81, "nothing mapped, in a page walk: %llx", q);
	start(false);
	*l1 &= ~2ull;
	{
		struct shadow_fault f = { .address = L2PA(L2_PAGE), .qualification = 0x1ffa | 2 };

		check(shadow_fault(s, &f) == SHADOW_VIOLATION);
		ok(f.qualification == (0x1000 | 0x180 | 2 | 5 << 3), "NMI unblocking is passed on, EPT02's own rights are not: %llx", f.qualification);
		nested_caps.ept_vpid |= BIT(22);
		f.qualification = 0x1f82;
		check(shadow_fault(s, &f) == SHADOW_VIOLATION);
		ok(f.qualification == (0x1f82 | 5 << 3), "advanced information only where it is offered");
	}
}

static void addresses(void)
{
	struct shadow_fault f = { 0 };
	hpa_t hpa;

	start(false);
	ok(l2_access(0, s, BIT(48) | L2_PAGE, 1, &hpa, &f) == SHADOW_VIOLATION && !(f.qualification & 0x38),
	   "an L2 address beyond 48 bits is a violation");
	start(false);
	*l3 = 0x80000000 | 7;
	ok(answer_to(1) == SHADOW_VIOLATION, "a table outside of RAM: nothing is mapped there");
	start(false);
	*l3 = 0x4000000 | 7;
	ok(answer_to(1) == SHADOW_VIOLATION, "a table in memory of the core reads as zeros");
	start(false);
	*l1 = 0xfee00000 | 7;
	check(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY);
	ok(hpa.v == 0xfee00000, "what is not RAM is mapped, seen by L1 before or not");
	start(false);
	s = shadow_get(EPTP12(0x80000ull, 0));
	ok(answer_to(1) == SHADOW_VIOLATION, "an EPT12 outside of RAM is empty");
}

static void large_leaves(void)
{
	struct shadow_fault f = { 0 };
	bool good = true;
	hpa_t hpa;
	u64 leaf, at;

	start(false);
	*l3 = L1_GIGABYTE << 12 | 0xb7;
	check(l2_access(0, s, 0x40401123, 2, &hpa, &f) == SHADOW_RETRY);
	ok(leaf02(shadow_eptp(s), 0x40401123, &leaf) == 2 && hpa.v == (L1_GIGABYTE << 12) + 0x401123,
	   "1 GiB of EPT12 over a core's page: 2 MiB, as the main view has it there");
	start(false);
	*l3 = 0xc0000000 | 0x87;
	check(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY);
	ok(leaf02(shadow_eptp(s), L2_PAGE, &leaf) == 3 && leaf == (0xc0000000 | 0x87), "1 GiB stays 1 GiB");
	start(false);
	*l2 = L1_PAGES << 12 | 0xb7;
	check(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY);
	ok(leaf02(shadow_eptp(s), L2_PAGE, &leaf) == 2 && hpa.v == (L1_PAGES + 1) << 12, "2 MiB stays 2 MiB");
	check(!frame_take(L1_PAGES + 5, FRAME_PAL, 1));
	machine_flush();
	ok(!leaf02(shadow_eptp(s), L2_PAGE, &leaf), "taking a frame out of it empties the EPT02");
	for (at = 0x40200000; at < 0x40400000; at += 0x1000) {
		check(l2_access(0, s, at, 1, &hpa, &f) == SHADOW_RETRY);
		good &= at == 0x40205000 ? hpa.v == (hidden_entry(0) & EPT_ADDRESS) :
					   hpa.v == (L1_PAGES << 12) + at - 0x40200000;
	}
	ok(good, "the rest of it goes on in 4 KiB, the frame reads as the zero page");
	check(!frame_return(L1_PAGES + 5, FRAME_PAL, 1));
	machine_flush();
	check(l2_access(0, s, L2_PAGE + 0x4000, 1, &hpa, &f) == SHADOW_RETRY);
	ok(leaf02(shadow_eptp(s), L2_PAGE, &leaf) == 2 && hpa.v == (L1_PAGES + 5) << 12, "and 2 MiB again when it came back");
	check(!frame_take(L1_PAGES + 5, FRAME_LENT, 1));
	ok(leaf02(shadow_eptp(s), L2_PAGE, &leaf) == 2, "lending a frame changes nothing");
}

static void hidden(void)
{
	hpa_t hpa, scratch;
	u64 q, leaf;
	u32 logged;
	int answer;

	start(false);
	*l1 = 0x4000000 | 0x37;
	check(access_page(1, &hpa, &q) == SHADOW_RETRY);
	ok(hpa.v == (hidden_entry(0) & EPT_ADDRESS), "a hidden frame reads as the zero page");
	ok(access_page(4, &hpa, &q) == SHADOW_HIDDEN_FETCH, "a fetch from it is refused");
	logged = fake_nr_logged;
	check(access_page(2, &hpa, &q) == SHADOW_RETRY);
	ok(hpa.v != 0x4000000 && hpa.v != (hidden_entry(0) & EPT_ADDRESS) && fake_nr_logged == logged + 1,
	   "a write gets the main view's scratch page, and is logged");
	ok(view_lookup(&main_view.view, GPA(0x4000000), &(int){ 0 }) & EPT_WRITE, "which L1 then sees, too");
	ok(access_page(4, &hpa, &q) == SHADOW_HIDDEN_FETCH, "and which is not executable");
	start(false);
	*l1 = 0x4000000 | 7;
	check(access_page(1, &hpa, &q) == SHADOW_RETRY && leaf02(shadow_eptp(s), L2_PAGE, &leaf) == 1);
	ok((leaf & 0x7f) == 0x31, "a page of the core's keeps its own memory type: no uncached alias of it");
	check(machine_access(1, 0x4000000, 2, &scratch, &answer) && answer == VIEW_RETRY_LOGGED);
	check(access_page(1, &hpa, &q) == SHADOW_RETRY);
	ok(hpa.v == scratch.v, "when L1 writes it, L2 goes on with the same scratch page");
	start(false);
	*l1 = 0x4000000 | 0x31;
	ok(access_page(2, &hpa, &q) == SHADOW_VIOLATION && q == (0x182 | 1 << 3) && access_page(4, &hpa, &q) == SHADOW_VIOLATION,
	   "where EPT12 allows neither, L1 gets the violation");
	start(false);
	*l1 = 0x4000000 | 0x34;
	ok(access_page(4, &hpa, &q) == SHADOW_HIDDEN_FETCH, "execute-only over a hidden frame maps nothing");
}

static void accessed_and_dirty(void)
{
	hpa_t hpa;
	u64 q, leaf;

	start(false);
	check(answer_to(2) == SHADOW_RETRY);
	ok(!((*l1 | *l2 | *l3 | *l4) & (A_BIT | D_BIT)), "without EPTP12 bit 6 no flag is set");
	ok(!(shadow_eptp(s) & 0x40), "nor has EPT02 the bit");
	start(true);
	check(answer_to(1) == SHADOW_RETRY);
	ok((*l1 & *l2 & *l3 & *l4 & A_BIT) && !((*l1 | *l2) & D_BIT), "a read sets A on all levels");
	check(leaf02(shadow_eptp(s), L2_PAGE, &leaf) == 1);
	ok(!(leaf & 2), "the page is mapped read-only until D is set");
	check(answer_to(2) == SHADOW_RETRY);
	ok((*l1 & D_BIT) && !((*l2 | *l3 | *l4) & D_BIT), "the first write sets D in the leaf");
	*l1 &= ~(A_BIT | D_BIT);
	shadow_invept_single(EPTP12(ROOT, 1));
	check(answer_to(1) == SHADOW_RETRY && answer_to(2) == SHADOW_RETRY);
	ok(*l1 & D_BIT, "and again after L1 cleared it and made an INVEPT");
	start(true);
	*l1 &= ~2ull;
	check(answer_to(1) == SHADOW_RETRY);
	ok(access_page(1 | FAKE_PAGE_WALK, &hpa, &q) == SHADOW_VIOLATION && q == (3 | 5 << 3 | 0x80),
	   "a page walk counts as a write, though the page is mapped for reads: %llx", q);
	start(false);
	*l1 &= ~2ull;
	ok(access_page(1 | FAKE_PAGE_WALK, &hpa, &q) == SHADOW_RETRY, "but not without A/D");
	start(true);
	check(answer_to(1 | FAKE_PAGE_WALK) == SHADOW_RETRY);
	ok(*l1 & D_BIT, "and sets D");
	start(true);
	*l1 &= ~2ull;
	check(answer_to(2) == SHADOW_VIOLATION);
	ok(!((*l1 | *l4) & A_BIT), "an access that L1 refuses sets nothing");
}

static void page_modification_log(void)
{
	u16 index = 1;
	struct shadow_fault f = { .pml_address = L1_LOG << 12, .pml_index = &index };
	u64 *log;
	hpa_t hpa;

	start(true);
	log = l1_table(L1_LOG);
	check(l2_access(0, s, L2_PAGE + 8, 1, &hpa, &f) == SHADOW_RETRY);
	ok(index == 1, "a read logs nothing");
	check(l2_access(0, s, L2_PAGE + 8, 2, &hpa, &f) == SHADOW_RETRY);
	ok(index == 0 && log[1] == L2_PAGE, "a first write logs its page, the index goes down");
	check(l2_access(0, s, L2_PAGE + 16, 2, &hpa, &f) == SHADOW_RETRY);
	ok(index == 0, "a second logs nothing");
	*l1 &= ~D_BIT;
	shadow_invept_all();
	check(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY);
	ok(index == 0xffff && log[0] == L2_PAGE, "after entry 0 the index is FFFFH");
	*l1 &= ~D_BIT;
	shadow_invept_all();
	check(l2_access(0, s, L2_PAGE, 1, &hpa, &f) == SHADOW_RETRY);
	ok(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_PML_FULL && !(*l1 & D_BIT) && index == 0xffff,
	   "then the log is full: an exit, and D stays clear");
	index = 512;
	ok(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_PML_FULL, "512 is out of range");
	index = 511;
	f.pml_address = 0x80000000;
	ok(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY && index == 510, "a log where there is no memory harms nobody");
}

static void coherence(void)
{
	struct shadow_fault f = { 0 };
	struct shadow *other;
	u64 old, again;
	hpa_t hpa;

	start(false);
	other = shadow_get(EPTP12(ROOT, 0));
	ok(other == s, "one EPT02 serves all CPUs with the same EPTP12");
	check(answer_to(2) == SHADOW_RETRY);
	fake_cpu = 1;
	old = shadow_eptp(s);
	check(l2_access(1, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY);
	*l1 += 0x1000;
	fake_cpu = 0;
	shadow_invept_single(EPTP12(ROOT, 0));
	check(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY);
	ok(hpa.v == (L1_PAGES + 1) << 12, "after its INVEPT a CPU sees what EPT12 has become");
	ok(fake_can_reach(1, old, GPA(L2_PAGE), 2, HPA(L1_PAGES << 12)),
	   "another CPU, still in L2, may go on with what it had");
	fake_cpu = 1;
	shadow_eptp(s);
	check(l2_access(1, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY);
	ok(hpa.v == (L1_PAGES + 1) << 12, "until it enters again");

	/* EPT12 changes without an INVEPT: what is cached may be used, but a miss sees the new. */
	start(false);
	*l1 = L1_PAGES << 12 | 0x31;
	check(answer_to(1) == SHADOW_RETRY);
	*l1 = (L1_PAGES + 3) << 12 | 0x37;
	check(l2_access(0, s, L2_PAGE, 2, &hpa, &f) == SHADOW_RETRY);
	ok(hpa.v == (L1_PAGES + 3) << 12, "a leaf that moved replaces the old one when a miss shows it");
	again = shadow_eptp(s);
	ok(again != old, "with another root");
	*l2 = L1_PAGES << 12 | 0xb5;
	check(answer_to(1) == SHADOW_RETRY && answer_to(4) == SHADOW_RETRY);
	ok(answer_to(2) == SHADOW_RETRY, "a larger leaf beside tables that are still there");
	shadow_invept_single(EPTP12(ROOT, 0));
	ok(answer_to(2) == SHADOW_VIOLATION, "INVEPT ends that");
	shadow_put(s);
	shadow_put(other);
}

static void race_with_invept(void)
{
	bool good = true;
	u32 i;

	for (i = 1; i <= 5; i++) {
		struct shadow_fault f = { .address = L2PA(L2_PAGE), .qualification = 0x182 };

		start(false);
		fake_cpu = 0;
		race_at = i;
		check(shadow_fault(s, &f) == SHADOW_RETRY && !race_at);
		fake_cpu = 1;
		good &= !fake_can_reach(1, shadow_eptp(s), GPA(L2_PAGE), 1, HPA(L1_PAGES << 12));
	}
	ok(good, "an INVEPT of another CPU during the walk is not lost");
}

/* Four EPT12s on few pages, used in turn. */
static void memory(void)
{
	struct shadow_fault f = { 0 };
	struct shadow *t[4];
	bool good = true;
	u32 i, j;
	hpa_t hpa;

	pool_pages = SHADOW_MIN_PAGES;
	start(false);
	for (i = 1; i < 4; i++)
		memcpy(l1_table(ROOT + 4 + i), l1_table(ROOT), PAGE_SIZE);
	for (i = 0; i < 512; i++)
		l1_table(ROOT + 2)[i] = *l2;
	for (i = 0; i < 4; i++)
		t[i] = shadow_get(EPTP12(i ? ROOT + 4 + i : ROOT, 0));
	for (j = 0; j < 3000; j++)
		for (i = 0; i < 4; i++)
			good &= l2_access(i % 3, t[i], 0x40001000 | fake_below(512) << 21, 1 + fake_below(2), &hpa, &f) == SHADOW_RETRY &&
				hpa.v == L1_PAGES << 12;
	ok(good, "four EPT02s on three CPUs share 64 pages: slow, never wrong");
	pool_pages = 300;
	start(false);
	shadow_put(s);
	for (i = 0; i < SHADOW_MAX; i++) {
		s = shadow_get(EPTP12(ROOT, 0) + ((u64)i << 40));
		check(s);
		check(i || answer_to(1) == SHADOW_RETRY);
	}
	ok(!shadow_get(EPTP12(ROOT, 1)), "when all are in use there is none");
	shadow_put(s);
	ok(shadow_get(EPTP12(ROOT, 1)) == s && answer_to(1) == SHADOW_RETRY, "one that is given back serves another");
}

/* 32 calls, then a flush of all CPUs. */
static bool watch_until_sure(u64 pfn)
{
	u32 i;

	for (i = 0; i < 40; i++) {
		if (!frame_watch(pfn))
			return true;
		if (i > 34)
			fake_all_cpus_visit();
	}
	return false;
}

static void watching(void)
{
	u64 before, word = 1, pfn = L1_PAGES + 9;
	bool good = true;
	hpa_t hpa;
	int answer, level;
	u32 i;

	start(false);
	*l1 = pfn << 12 | 0x37;
	check(machine_access(1, pfn << 12, 2, &hpa, &answer) && answer == -1);
	check(answer_to(2) == SHADOW_RETRY);
	for (i = 0; i < 40; i++)
		good &= frame_watch(pfn) == -EAGAIN;
	ok(good && fake_can_reach(1, main_view_eptp(), GPA(pfn << 12), 2, HPA(pfn << 12)),
	   "a frame is not watched for sure while a CPU may write by an old entry");
	before = frame_watch_fired();
	ok(watch_until_sure(pfn) && frame_watch_fired() == before, "it is when all have flushed");
	check(machine_access(1, pfn << 12, 1, &hpa, &answer) && machine_access(1, pfn << 12, 4, &hpa, &answer));
	check(answer_to(1) == SHADOW_RETRY && answer_to(4) == SHADOW_RETRY);
	ok(frame_watch_fired() == before && !frame_owner(pfn, NULL), "reads and fetches change nothing, it is Linux's");
	check(machine_access(1, pfn << 12, 2, &hpa, &answer));
	ok(frame_watch_fired() > before && hpa.v == pfn << 12, "a write by Linux fires");
	check(watch_until_sure(pfn) && answer_to(1) == SHADOW_RETRY);
	before = frame_watch_fired();
	check(answer_to(2) == SHADOW_RETRY);
	ok(frame_watch_fired() > before, "a write by L2");
	check(watch_until_sure(pfn));
	before = frame_watch_fired();
	check(!guest_write(GPA(pfn << 12), &word, 8));
	ok(frame_watch_fired() > before, "a write by the core");
	check(watch_until_sure(pfn));
	before = frame_watch_fired();
	check(!guest_cmpxchg64(GPA(pfn << 12), 1, 2));
	ok(frame_watch_fired() > before, "a compare-and-swap by the core");
	check(watch_until_sure(pfn));
	before = frame_watch_fired();
	check(!frame_take(pfn, FRAME_PAL, 3));
	ok(frame_watch_fired() > before && frame_watch(pfn) == -EACCES, "and a change of owner; then it cannot be watched");
	check(!frame_return(pfn, FRAME_PAL, 3));
	check(!frame_take(pfn, FRAME_LENT, 3));
	ok(frame_watch(pfn) == -EACCES && frame_watch(0x80000) == -EACCES && frame_watch(~0ull >> 12) == -EACCES,
	   "nor can a lent one, nor what is no RAM");
	check(!frame_return(pfn, FRAME_LENT, 3));
	check(watch_until_sure(pfn));
	before = frame_watch_fired();
	for (i = 0; i < 64; i++)
		frame_watch(L1_PAGES + 0x400 + i);
	view_lookup(&main_view.view, GPA(pfn << 12), &level);
	ok(frame_watch_fired() > before && level == 2, "one that 64 others push out is told of, and large again");
}

int main(void)
{
	xmhf_memory_types();
	misconfigurations();
	rights();
	addresses();
	large_leaves();
	hidden();
	accessed_and_dirty();
	page_modification_log();
	coherence();
	race_with_invept();
	memory();
	watching();
	return tap_finish();
}
