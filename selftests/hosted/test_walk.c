// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * The accessor, and the walker against an oracle: SDM vol. 3, 4.3 (32-bit), 4.4
 * (PAE), 4.5 (4- and 5-level), 4.6 (rights), 4.7 (error code), 4.8 (A and D),
 * one plain function per mode, over random tables that lie in Linux's frames,
 * in hidden ones, in devices and nowhere.
 */
#include "../../ept/guest_memory.h"
#include "ept_machine.h"

#define TABLES 0x200ull		/* pfn of the first of NR frames that hold page tables */
#define NR 12
#define HIDDEN 0x20a		/* two of them are hidden */

static u32 cmpxchg_races;	/* so many calls find the entry changed meanwhile */

/* Stronger than the fake's: Linux on another CPU changes the entry just before. */
bool cmpxchg64(u64 *p, u64 expected, u64 desired)
{
	if (cmpxchg_races) {
		cmpxchg_races--;
		*p ^= 1ull << 9;
	}
	return __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* ---- the oracle ---- */
enum { FAULT_NONE, FAULT_PF, FAULT_GP };

struct answer {
	int fault;
	u32 code;
	u64 gpa;
	u64 at[5];	/* entries in which A becomes 1 */
	int nr;
};

static bool fetch64(u64 gpa, u64 *value)
{
	if (!fake_is_ram(gpa >> 12))
		return false;
	*value = 0;
	if (frame_owner(gpa >> 12, NULL) == FRAME_LINUX)
		memcpy(value, phys_to_virt(HPA(gpa)), 8);
	return true;
}

static u32 M;			/* MAXPHYADDR */
static bool huge;		/* 1-GByte pages */

static u64 field(int hi, int lo)
{
	u64 v = 0;
	int i;

	for (i = lo; i <= hi; i++)
		v |= 1ull << i;
	return v;
}

static u32 error_code(const struct guest_paging *g, int access, bool present, bool reserved)
{
	bool fetch = access == WALK_FETCH;
	bool smep = g->cr4 >> 20 & 1, pae = g->cr4 >> 5 & 1, nxe = g->efer >> 11 & 1;

	return present | (access == WALK_WRITE) << 1 | g->user << 2 | reserved << 3 |
	       (fetch && (smep || (pae && nxe))) << 4;
}

static struct answer page_fault(const struct guest_paging *g, int access, bool present, bool reserved)
{
	return (struct answer){ .fault = FAULT_PF, .code = error_code(g, access, present, reserved) };
}

/* 4.6.1, in its own order. us, rw: of every entry; xd: of any. */
static bool permitted(const struct guest_paging *g, int access, bool us, bool rw, bool xd)
{
	bool wp = g->cr0 >> 16 & 1, smep = g->cr4 >> 20 & 1, smap = g->cr4 >> 21 & 1;
	bool nxe = g->efer >> 11 & 1;

	if (!g->user && access == WALK_READ)
		return !us || !smap || g->ac;
	if (!g->user && access == WALK_WRITE) {
		if (!us)
			return !wp || rw;
		if (!wp)
			return !smap || g->ac;
		return rw && (!smap || g->ac);
	}
	if (!g->user) {
		if (us && smep)
			return false;
		return !(nxe && xd);
	}
	if (access == WALK_READ)
		return us;
	if (access == WALK_WRITE)
		return us && rw;
	return us && !(nxe && xd);
}

static struct answer finish(const struct guest_paging *g, int access, struct answer a, bool us,
			    bool rw, bool xd, u64 gpa)
{
	if (!permitted(g, access, us, rw, xd))
		return page_fault(g, access, true, false);
	a.gpa = gpa;
	return a;
}

static struct answer oracle_32(const struct guest_paging *g, u32 la, int access)
{
	struct answer a = { 0 };
	u64 pde, pte, at;
	bool pse = g->cr4 >> 4 & 1;
	u32 m = M < 40 ? M : 40;

	at = (g->cr3 & field(31, 12)) + (la >> 22) * 4;
	if (!fetch64(at & ~7ull, &pde))
		return page_fault(g, access, true, true);
	pde = at & 4 ? pde >> 32 : (u32)pde;
	if (!(pde & 1))
		return page_fault(g, access, false, false);
	a.at[a.nr++] = at;
	if (pse && (pde & 0x80)) {
		if (pde & field(21, m - 19))
			return page_fault(g, access, true, true);
		return finish(g, access, a, pde >> 2 & 1, pde >> 1 & 1, false,
			      (pde & field(31, 22)) | (pde >> 13 & 0xff & field(m - 33, 0)) << 32 |
			      (la & field(21, 0)));
	}
	at = (pde & field(31, 12)) + (la >> 12 & 0x3ff) * 4;
	if (!fetch64(at & ~7ull, &pte))
		return page_fault(g, access, true, true);
	pte = at & 4 ? pte >> 32 : (u32)pte;
	if (!(pte & 1))
		return page_fault(g, access, false, false);
	a.at[a.nr++] = at;
	return finish(g, access, a, (pde & pte) >> 2 & 1, (pde & pte) >> 1 & 1, false,
		      (pte & field(31, 12)) | (la & 0xfff));
}

static struct answer oracle_pae(const struct guest_paging *g, u32 la, int access)
{
	struct answer a = { 0 };
	u64 pdpte, pde, pte, at;
	u64 reserved = field(62, M) | (g->efer >> 11 & 1 ? 0 : 1ull << 63);

	at = (g->cr3 & field(31, 5)) + (la >> 30) * 8;
	if (!fetch64(at, &pdpte))
		return page_fault(g, access, true, true);
	if (!(pdpte & 1))
		return page_fault(g, access, false, false);
	if (pdpte & (field(2, 1) | field(8, 5) | field(63, M)))
		return page_fault(g, access, true, true);
	at = (pdpte & field(M - 1, 12)) + (la >> 21 & 0x1ff) * 8;
	if (!fetch64(at, &pde))
		return page_fault(g, access, true, true);
	if (!(pde & 1))
		return page_fault(g, access, false, false);
	if (pde & reserved)
		return page_fault(g, access, true, true);
	a.at[a.nr++] = at;
	if (pde & 0x80) {
		if (pde & field(20, 13))
			return page_fault(g, access, true, true);
		return finish(g, access, a, pde >> 2 & 1, pde >> 1 & 1, pde >> 63,
			      (pde & field(M - 1, 21)) | (la & field(20, 0)));
	}
	at = (pde & field(M - 1, 12)) + (la >> 12 & 0x1ff) * 8;
	if (!fetch64(at, &pte))
		return page_fault(g, access, true, true);
	if (!(pte & 1))
		return page_fault(g, access, false, false);
	if (pte & reserved)
		return page_fault(g, access, true, true);
	a.at[a.nr++] = at;
	return finish(g, access, a, (pde & pte) >> 2 & 1, (pde & pte) >> 1 & 1, (pde | pte) >> 63,
		      (pte & field(M - 1, 12)) | (la & 0xfff));
}

static struct answer oracle_long(const struct guest_paging *g, u64 la, int access)
{
	struct answer a = { 0 };
	bool la57 = g->cr4 >> 12 & 1, us = true, rw = true, xd = false;
	u64 table = g->cr3 & field(M - 1, 12), top = la >> (la57 ? 56 : 47);
	u64 always = field(51, M) | (g->efer >> 11 & 1 ? 0 : 1ull << 63);
	/* by level 5..1: where the index is, what is reserved in a table pointer */
	static const int shift[] = { 0, 12, 21, 30, 39, 48 };
	int level;

	if (top != 0 && top != (la57 ? 0xffull : 0x1ffffull))
		return (struct answer){ .fault = FAULT_GP };
	for (level = la57 ? 5 : 4; ; level--) {
		u64 at = table + (la >> shift[level] & 0x1ff) * 8, e;
		bool ps;

		if (!fetch64(at, &e))
			return page_fault(g, access, true, true);
		if (!(e & 1))
			return page_fault(g, access, false, false);
		ps = level > 1 && (e & 0x80);
		if ((e & always) || (ps && level >= 4) || (ps && level == 3 && !huge) ||
		    (ps && level == 3 && (e & field(29, 13))) ||
		    (ps && level == 2 && (e & field(20, 13))))
			return page_fault(g, access, true, true);
		a.at[a.nr++] = at;
		us = us && (e & 4);
		rw = rw && (e & 2);
		xd = xd || e >> 63;
		if (level == 1 || ps)
			return finish(g, access, a, us, rw, xd,
				      (e & field(M - 1, shift[level])) |
				      (la & field(shift[level] - 1, 0)));
		table = e & field(M - 1, 12);
	}
}

static struct answer oracle(const struct guest_paging *g, u64 la, int access)
{
	if (!(g->cr0 >> 31))
		return (struct answer){ .gpa = (u32)la };
	if (g->efer >> 10 & 1)
		return oracle_long(g, la, access);
	return g->cr4 >> 5 & 1 ? oracle_pae(g, la, access) : oracle_32(g, la, access);
}

/* ---- random tables and accesses ---- */
static u64 table_frame(void)
{
	static const u64 elsewhere[] = { 0xb0, 0x8000, 0x4003, 1ull << 33, 0x14ffff };

	return fake_chance(96) ? TABLES + fake_below(NR) : elsewhere[fake_below(5)];
}

static u64 random_entry(bool wide)
{
	u64 e = table_frame() << 12 | (fake_random() & 0xe7f);

	if (fake_chance(92))
		e |= 1;
	if (fake_chance(80))
		e |= 6;
	if (fake_chance(50))
		e |= 0x20;
	if (!wide) {
		if (fake_chance(25))
			e |= 0x80;
		if ((e & 0x80) && fake_chance(90))
			e &= ~field(21, 13);
		if ((e & 0x80) && fake_chance(50))	/* an address bit from 32 up, or one that is reserved */
			e |= 1ull << (13 + fake_below(9));
		return (u32)e;
	}
	if (fake_chance(25)) {
		e |= 0x80;
		if (fake_chance(80))
			e &= ~field(fake_chance(50) ? 29 : 20, 12);
	}
	if (fake_chance(10))
		e |= 1ull << 63;
	if (fake_chance(5))
		e |= 1ull << (32 + fake_below(32));
	if (fake_chance(20))
		e |= fake_random() & field(61, 52);
	return e;
}

static u64 seen[NR * 512], before[NR * 512];

static void random_tables(bool wide, bool pae)
{
	u64 *p = phys_to_virt(HPA(TABLES << 12));
	u32 i;

	for (i = 0; i < NR * 512; i++)
		p[i] = wide ? random_entry(true) : random_entry(false) | random_entry(false) << 32;
	for (i = 0; pae && i < 512; i++)	/* the first frame has PDPTEs: more bits are reserved */
		if (fake_chance(95))
			p[i] &= ~(field(8, 5) | field(2, 1) | field(63, 32));
	memcpy(seen, p, sizeof(seen));
}

static u32 outcomes[8];

static void compare(const struct guest_paging *g, u64 la, int access)
{
	struct answer want;
	u64 *p = phys_to_virt(HPA(TABLES << 12));
	u32 code = 77;
	gpa_t gpa = GPA(0);
	int got, i;

	memcpy(before, p, sizeof(before));
	want = oracle(g, la, access);
	got = guest_walk(g, GVA(la), access, &gpa, &code);
	check(got == (want.fault == FAULT_PF ? -EFAULT : want.fault == FAULT_GP ? -ERANGE : 0),
	      "la %llx cr0 %llx cr4 %llx efer %llx access %d user %d: %d (code %x), oracle %d (%x)", la,
	      g->cr0, g->cr4, g->efer, access, g->user, got, code, want.fault, want.code);
	if (got == -EFAULT)
		check(code == want.code, "code %x, oracle %x", code, want.code);
	if (!got)
		check(gpa.v == want.gpa, "la %llx: %llx, oracle %llx", la, gpa.v, want.gpa);
	/* 4.8: A in each entry used, D in the last for a write; nothing else changed */
	if (!want.fault)
		for (i = 0; i < want.nr; i++) {
			u64 at = want.at[i] - (TABLES << 12), flags = 0x20;

			if (i == want.nr - 1 && access == WALK_WRITE)
				flags |= 0x40;
			if (at < sizeof(before))
				before[at / 8] |= flags << (at & 4) * 8;
		}
	check(!memcmp(before, p, sizeof(before)), "A and D bits");
	outcomes[got == 0 ? 0 : got == -ERANGE ? 1 : code & 8 ? 2 : code & 1 ? 3 : 4]++;
}

static void random_walks(const char *name, u64 cr0, u64 cr4, u64 efer)
{
	bool wide = efer || (cr4 >> 5 & 1);
	u32 round, i;

	memset(outcomes, 0, sizeof(outcomes));
	for (round = 0; round < 300; round++) {
		M = 36 + fake_below(17);
		huge = fake_chance(70);
		main_view.maxphyaddr = M;
		main_view.gigabyte_pages = huge;
		random_tables(wide, wide && !efer);
		for (i = 0; i < 60; i++) {
			u64 la = fake_random();
			struct guest_paging g = {
				.cr0 = cr0 | (u64)fake_chance(60) << 16,
				.cr4 = cr4 | (u64)fake_chance(50) << 20 | (u64)fake_chance(50) << 21 |
				       (wide ? (u64)fake_chance(50) << 4 : (u64)fake_chance(80) << 4),
				.efer = efer | (wide ? (u64)fake_chance(70) << 11 : 0),
				.cr3 = table_frame() << 12 | (fake_random() & 0xfe0),
				.user = fake_chance(40),
				.ac = fake_chance(30),
			};

			if (wide && !efer && fake_chance(90))
				g.cr3 = TABLES << 12 | (g.cr3 & 0xfff);
			if (fake_chance(10))
				g.cr3 |= fake_random() & field(63, 52);
			if (efer && fake_chance(90)) {
				int n = cr4 >> 12 & 1 ? 7 : 16;

				la = (u64)((s64)(la << n) >> n);
			}
			compare(&g, la, fake_below(3));
		}
	}
	ok(true, "%s: as the oracle (%u done, %u #GP, faults: %u reserved, %u rights, %u not present)",
	   name, outcomes[0], outcomes[1], outcomes[2], outcomes[3], outcomes[4]);
}

/* ---- the accessor and copies ---- */
static void test_accessor(void)
{
	u8 buffer[4096], *p = phys_to_virt(HPA(0x300000));
	u64 value = 1;

	memset(p, 0x11, 8192);
	ok(!guest_read(GPA(0x300010), buffer, 100) && buffer[99] == 0x11, "a read of Linux's memory");
	ok(!guest_write(GPA(0x300ff8), "12345678", 8) && !memcmp(p + 0xff8, "12345678", 8), "a write");
	ok(guest_read(GPA(0x300ff9), buffer, 8) == -EFAULT && guest_write(GPA(0x300001), buffer, 4096) == -EFAULT,
	   "what crosses a page is refused");
	ok(guest_read(GPA(0xb0000), buffer, 8) == -EFAULT && guest_read(GPA(1ull << 36), buffer, 8) == -EFAULT &&
	   guest_read(GPA(~7ull), buffer, 8) == -EFAULT && guest_read(GPA((1ull << 48) + 0x300000), buffer, 8) == -EFAULT,
	   "what is not RAM is refused, and no address wraps around");
	ok(guest_read(GPA(0x300000), buffer, ~(size_t)0) == -EFAULT, "so is an absurd size");
	check(!frame_take(0x301, FRAME_PAL, 3));
	memset(buffer, 0xff, sizeof(buffer));
	ok(!guest_read(GPA(0x301000), buffer, 8) && !buffer[0] && !buffer[7], "a hidden frame reads as zeros");
	ok(!guest_write(GPA(0x301000), "xxxxxxxx", 8) && p[4096] == 0x11, "and takes no write");
	ok(guest_cmpxchg64(GPA(0x301000), 0, 5) == 0 && guest_cmpxchg64(GPA(0x301000), 0x1111111111111111, 5) == -EAGAIN &&
	   p[4096] == 0x11, "nor a compare-exchange");
	memcpy(p, &value, 8);
	ok(!guest_cmpxchg64(GPA(0x300000), 1, 7) && guest_cmpxchg64(GPA(0x300000), 1, 8) == -EAGAIN && p[0] == 7,
	   "compare-exchange of Linux's memory");
	ok(guest_cmpxchg64(GPA(0x300004), 0, 0) == -EFAULT, "a misaligned one is refused");
	check(!frame_return(0x301, FRAME_PAL, 3));
	check(!frame_take(0x301, FRAME_LENT, 3));
	ok(!guest_read(GPA(0x301000), buffer, 8) && buffer[0] == 0x11, "a lent frame is still Linux's");
	check(!frame_return(0x301, FRAME_LENT, 3));
}

static void test_races(void)
{
	struct guest_paging g = { .cr0 = 0x80010000, .cr4 = 0x20, .efer = 0xd00, .cr3 = TABLES << 12 };
	u64 *p = phys_to_virt(HPA(TABLES << 12));
	gpa_t gpa;
	u32 code;

	main_view.maxphyaddr = MACHINE_MAXPHYADDR;
	memset(p, 0, NR * 4096);
	p[0] = (TABLES + 1) << 12 | 7;
	p[512] = (TABLES + 2) << 12 | 7;
	p[1024] = 0x40000000 | 0x87;
	cmpxchg_races = 3;
	ok(!guest_walk(&g, GVA(0x1234), WALK_WRITE, &gpa, &code) && gpa.v == 0x40001234 && (p[1024] & 0x60) == 0x60,
	   "an entry that changes under the walk is read again");
	p[1024] &= ~0x60ull;
	cmpxchg_races = 1000;
	ok(guest_walk(&g, GVA(0x1234), WALK_WRITE, &gpa, &code) == -EAGAIN && cmpxchg_races >= 990,
	   "one that never stands still is given up soon");
	cmpxchg_races = 0;
}

static void test_copy(void)
{
	struct guest_paging g = { .cr0 = 0x80010000, .cr4 = 0x20, .efer = 0xd00, .cr3 = TABLES << 12 };
	u64 *p = phys_to_virt(HPA(TABLES << 12));
	static u8 buffer[3 * 4096];
	size_t done;
	gva_t fault;
	u32 code, i;

	memset(p, 0, NR * 4096);
	p[0] = (TABLES + 1) << 12 | 7;
	p[512] = (TABLES + 2) << 12 | 7;
	p[1024] = (TABLES + 3) << 12 | 7;
	for (i = 0; i < 5; i++) {
		p[1536 + i] = (0x300 + i * 2) << 12 | 7;
		memset(phys_to_virt(HPA((0x300 + i * 2) << 12)), 0x30 + i, 4096);
	}
	p[1536 + 3] = 0;
	p[1536 + 4] = 0xb0 << 12 | 7;
	ok(!guest_copy_in(&g, GVA(0xf00), buffer, 0x1200, &done, &fault, &code) && done == 0x1200 &&
	   buffer[0] == 0x30 && buffer[0x100] == 0x31 && buffer[0x10ff] == 0x31 && buffer[0x1100] == 0x32,
	   "a copy in crosses pages");
	ok(guest_copy_in(&g, GVA(0x2f00), buffer, 0x200, &done, &fault, &code) == -EFAULT && done == 0x100 &&
	   fault.v == 0x3000 && code == 0, "it stops at a page that is not present and says where");
	p[1536 + 3] = 0x306 << 12 | 7;
	ok(!guest_copy_in(&g, fault, buffer + done, 0x100, &done, &fault, &code) && buffer[0x1ff] == 0x33,
	   "and goes on from there");
	p[1536 + 1] &= ~2ull;
	ok(guest_copy_out(&g, GVA(0xff0), buffer, 0x20, &done, &fault, &code) == -EFAULT && done == 0x10 &&
	   fault.v == 0x1000 && code == 3, "a copy out stops at a page that is read-only");
	ok(guest_copy_in(&g, GVA(0x4000), buffer, 8, &done, &fault, &code) == -EACCES && fault.v == 0x4000,
	   "a device is no memory to copy from");
	ok(guest_copy_in(&g, GVA(0x7fffffffffff), buffer, 2, &done, &fault, &code) == -EFAULT &&
	   guest_copy_in(&g, GVA(0x800000000000), buffer, 2, &done, &fault, &code) == -ERANGE && code == 0,
	   "not canonical: #GP, not #PF");
	p[511] = p[0];
	p[512 + 511] = p[512];
	p[1024 + 511] = p[1024];
	p[1536 + 511] = 0x30a << 12 | 7;
	ok(!guest_copy_out(&g, GVA(~0ull - 7), buffer, 8, &done, &fault, &code) &&
	   !guest_copy_out(&g, GVA(~0ull - 7), buffer, 16, &done, &fault, &code) && done == 16,
	   "the last bytes of the address space can be reached");
}

int main(void)
{
	machine_mtrrs();
	check(!machine_start(1, 1212, NULL));
	test_accessor();
	test_races();
	test_copy();
	check(!frame_take(HIDDEN, FRAME_PAL, 1) && !frame_take(HIDDEN + 1, FRAME_CORE, 0));
	random_walks("no paging", 0, 0, 0);
	random_walks("32-bit", 1ull << 31, 0, 0);
	random_walks("PAE", 1ull << 31, 1 << 5, 0);
	random_walks("4-level", 1ull << 31, 1 << 5, 1 << 10);
	random_walks("5-level", 1ull << 31, 1 << 5 | 1 << 12, 1 << 10);
	return tap_finish();
}
