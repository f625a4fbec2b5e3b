// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * What the module says about a PAL: each rule of descriptor.c by one broken
 * descriptor; then random ones, of which those that are accepted are checked
 * by a slow model, page by page, and built: as many tables as were counted,
 * and every page mapped with the rights of its section and no other.
 */
#include "test_pal_machine.h"

static struct test_pal p;
static struct pal pal;

static int take(void)
{
	memset(&pal, 0, sizeof(pal));
	return descriptor_take(&p.desc, &pal);
}

#define REFUSED(name, change) do {                                             \
	struct pal_desc *d = &p.desc;                                          \
	(void)d;                                                               \
	describe(&p, PAL_BASE);                                                \
	pointers();                                                            \
	change;                                                                \
	ok(take() == -EINVAL, "refused: " name);                               \
} while (0)

/* An integer and two pointers that fill the two pages of PARAM. */
static void pointers(void)
{
	struct pal_entry_desc *e = &p.desc.entry[0];

	e->nr_params = 3;
	e->param[0].type = PAL_PARAM_INTEGER;
	e->param[1] = (struct pal_param_desc){ PAL_PARAM_POINTER, PAL_PARAM_IN, 1, 0, 4090 };
	e->param[2] = (struct pal_param_desc){ PAL_PARAM_POINTER, PAL_PARAM_OUT, 0, 0, 4096 };
}

static void test_each(void)
{
	struct pal_param_desc *q = p.desc.entry[0].param;
	u32 i;

	describe(&p, PAL_BASE);
	ok(take() == 0, "a plain PAL is accepted");
	pointers();
	ok(take() == 0 && pal.entry[0].param[2].offset == 4096,
	   "pointers are laid out in the PARAM section, 16-aligned");
	REFUSED("another size of the structure", d->size--);
	REFUSED("unknown flags", d->flags = 2);
	REFUSED("no section", d->nr_sections = 0);
	REFUSED("too many sections", d->nr_sections = PAL_MAX_SECTIONS + 1);
	REFUSED("2^32 - 1 sections", d->nr_sections = ~0u);
	REFUSED("no entry", d->nr_entries = 0);
	REFUSED("too many entries", d->nr_entries = PAL_MAX_ENTRIES + 1);
	REFUSED("section type 0", d->section[1].type = 0);
	REFUSED("section type 8", d->section[1].type = 8);
	REFUSED("a WINDOW before another section", d->section[S_DATA].type = PAL_SECTION_WINDOW);
	REFUSED("a WINDOW of 257 pages", d->section[S_SHARED].type = PAL_SECTION_WINDOW;
		d->section[S_SHARED].nr_pages = PAL_MAX_WINDOW + 1);
	REFUSED("an entry in the WINDOW", d->section[S_SHARED].type = PAL_SECTION_WINDOW;
		d->entry[0].addr = d->section[S_SHARED].addr);
	REFUSED("a WINDOW with which it has too many pages", d->section[S_SHARED].type = PAL_SECTION_WINDOW;
		d->section[S_SHARED].nr_pages = 10; d->section[S_STACK].nr_pages = PAL_MAX_PAGES - 14;
		d->section[S_SHARED].addr += PAL_MAX_PAGES * 4096ull);
	REFUSED("an address within a page", d->section[1].addr += 8);
	REFUSED("the null page", d->section[5].addr = 0);
	REFUSED("the kernel half", d->section[5].addr = 0xffff800000000000);
	REFUSED("the non-canonical half", d->section[5].addr = 0x800000000000);
	REFUSED("the last page of the user half", d->section[5].addr = PAL_USER_END);
	REFUSED("a section that runs into it", d->section[5].addr = PAL_USER_END - 4096;
		d->section[5].nr_pages = 2);
	REFUSED("no pages", d->section[5].nr_pages = 0);
	REFUSED("too many pages", d->section[5].nr_pages = PAL_MAX_PAGES + 1);
	REFUSED("2^32 - 1 pages", d->section[5].nr_pages = ~0u);
	REFUSED("too many pages in sum", d->section[5].nr_pages = PAL_MAX_PAGES - 5);
	REFUSED("sections that overlap", d->section[5].addr = d->section[3].addr + 4096);
	REFUSED("a section around another", d->section[5].addr = PAL_BASE - 4096;
		d->section[5].nr_pages = 3);
	REFUSED("no STACK", d->section[S_STACK].type = PAL_SECTION_DATA);
	REFUSED("two STACKs", d->section[S_DATA].type = PAL_SECTION_STACK);
	REFUSED("two PARAMs", d->section[S_DATA].type = PAL_SECTION_PARAM);
	REFUSED("pointers without PARAM", d->section[S_PARAM].type = PAL_SECTION_DATA);
	REFUSED("pointers beyond PARAM", q[1].size = 4097);
	REFUSED("an entry in DATA", d->entry[0].addr = d->section[S_DATA].addr);
	REFUSED("an entry in RODATA", d->entry[0].addr = d->section[S_RODATA].addr);
	REFUSED("an entry nowhere", d->entry[0].addr = 0x1000);
	REFUSED("the same entry twice", d->nr_entries = 2; d->entry[1].addr = d->entry[0].addr);
	REFUSED("an unknown flag of an entry", d->entry[0].flags = 2);
	REFUSED("11 parameters", d->entry[0].nr_params = 11);
	REFUSED("parameter type 0", q[0].type = 0);
	REFUSED("parameter type 3", q[0].type = 3);
	REFUSED("an integer with flags", q[0].flags = 1);
	REFUSED("an integer with a size", q[0].size = 8);
	REFUSED("a pointer without direction", q[1].flags = 0);
	REFUSED("a pointer with direction 4", q[1].flags = 4);
	REFUSED("a pointer of no bytes", q[1].size = 0);
	REFUSED("a pointer of 2^64 - 1 bytes", q[1].size = ~0ull);
	REFUSED("a second pointer of nearly 2^64 bytes", q[2].size = -4000ull);
	REFUSED("a size from a pointer", q[1].size_param = 3);
	REFUSED("a size from beyond the last parameter", q[1].size_param = 4);
	REFUSED("a stub in a section", d->stub = PAL_BASE + 8);
	REFUSED("a stub in the kernel", d->stub = 0xffffffff81000000);
	REFUSED("no CR3", d->owner_cr3 = 0);
	REFUSED("flags in CR3", d->owner_cr3_user |= 1);
	describe(&p, PAL_BASE);
	for (i = 0; i < 2; i++) {
		p.desc.entry[0].param[i] = (struct pal_param_desc){ PAL_PARAM_POINTER, 1, 0, 0, 0x8001 };
		p.desc.entry[0].nr_params++;
	}
	p.desc.section[S_PARAM].nr_pages = 20;
	p.desc.section[S_STACK].addr = PAL_BASE + 0x100000;
	p.desc.section[S_SHARED].addr = PAL_BASE + 0x200000;
	ok(take() == -EINVAL, "refused: more pointer bytes than one stay in root may copy");
}

/* ---- random ones ---- */
static u64 random_address(void)
{
	static const u64 around[] = { 0, 0x200000, 0x40000000, 0x8000000000, 0x7ffffffff000,
				      0x800000000000, 0xffff800000000000, 0xfffffffffffff000 };
	u64 at = around[fake_below(8)] + (fake_below(64) - 32) * 4096;

	return fake_chance(3) ? at + fake_below(4096) : at;
}

static void random_desc(void)
{
	struct pal_desc *d = &p.desc;
	u32 i, j;

	describe(&p, PAL_BASE + fake_below(3) * 0x1ff000);
	d->nr_sections = 1 + fake_below(PAL_MAX_SECTIONS + (u32)fake_chance(5));
	for (i = 0; i < d->nr_sections && i < PAL_MAX_SECTIONS; i++) {
		struct pal_section_desc *s = &d->section[i];

		if (i < S_SHARED && fake_chance(90))
			continue;
		s->type = 1 + fake_below(6 + fake_chance(30));
		if (fake_chance(90) && (s->type == PAL_SECTION_STACK || s->type == PAL_SECTION_PARAM))
			s->type = PAL_SECTION_DATA;
		s->nr_pages = fake_chance(90) ? 1 + fake_below(6) : fake_below(5000);
		s->addr = random_address();
	}
	d->nr_entries = fake_chance(95) ? 1 + fake_below(4) : fake_random();
	for (i = 0; i < d->nr_entries && i < PAL_MAX_ENTRIES; i++) {
		struct pal_entry_desc *e = &d->entry[i];

		e->addr = d->section[fake_chance(90) ? 0 : fake_below(PAL_MAX_SECTIONS)].addr +
			  fake_below(fake_chance(95) ? 4096 : 5000);
		e->nr_params = fake_below(fake_chance(98) ? PAL_MAX_PARAMS + 1 : 1000);
		for (j = 0; j < PAL_MAX_PARAMS; j++) {
			e->param[j].type = fake_chance(97) ? 1 + fake_below(2) : fake_random();
			if (e->param[j].type == PAL_PARAM_POINTER) {
				e->param[j].flags = fake_chance(97) ? 1 + fake_below(3) : fake_random();
				e->param[j].size = fake_chance(97) ? 1 + fake_below(600) : fake_random();
				e->param[j].size_param = fake_chance(95) ? 0 : fake_below(12);
			}
		}
	}
}

static u32 find_page(u64 page)
{
	u32 i, n = 0;

	for (i = 0; i < p.desc.nr_sections; i++)
		n += page >= p.desc.section[i].addr &&
		     page < p.desc.section[i].addr + p.desc.section[i].nr_pages * 4096ull;
	return n;
}

/* What everybody else relies on. */
static void check_accepted(void)
{
	u32 i, j, frames = 0;

	for (i = 0; i < pal.nr_sections; i++) {
		const struct pal_section *s = &pal.section[i];

		check(s->first == frames && s->nr_pages && !(s->addr & 4095));
		for (j = 0; j < s->nr_pages; j++) {
			u64 page = s->addr + j * 4096ull;

			check(page >= 4096 && page < PAL_USER_END && find_page(page) == 1);
		}
		frames += s->nr_pages;
	}
	check(frames == pal.nr_frames + pal.nr_window && frames <= PAL_MAX_PAGES);
	check(pal.section[pal.stack_section[0]].type == PAL_SECTION_STACK);
	for (i = 0; i < pal.nr_entries; i++) {
		const struct pal_entry *e = &pal.entry[i];
		const struct pal_section *s = section_of_frame(&pal, e->frame);
		u32 end = 0;

		check(s->type == PAL_SECTION_CODE && e->addr - s->addr < s->nr_pages * 4096ull);
		check(s->addr + (e->frame - s->first) * 4096ull == ALIGN_DOWN(e->addr, 4096));
		for (j = 0; j < e->nr_params; j++) {
			const struct pal_param *q = &e->param[j];

			if (q->type == PAL_PARAM_INTEGER)
				continue;
			check(q->offset >= end && q->offset % 16 == 0 && q->size);
			end = q->offset + q->size;
			check(end <= pal.section[pal.param_section[0]].nr_pages * 4096);
			check(!q->size_param || e->param[q->size_param - 1].type == PAL_PARAM_INTEGER);
		}
	}
	check(pal.nr_donated <= PAL_MAX_DONATED);
}

#define NX BIT(63)
static void check_mapping(void)
{
	static const u64 rights[] = {	/* EPT XWR << 8 | U/S, R/W, P; NX is bit 63 */
		[PAL_SECTION_CODE] = 5 << 8 | 5, [PAL_SECTION_RODATA] = NX | 1 << 8 | 5,
		[PAL_SECTION_DATA] = NX | 3 << 8 | 7, [PAL_SECTION_PARAM] = NX | 3 << 8 | 7,
		[PAL_SECTION_STACK] = NX | 3 << 8 | 7, [PAL_SECTION_SHARED] = NX | 3 << 8 | 7,
	};
	struct pal *built = pal_of(p.id);
	u32 i, j, k = 0, level;
	u64 flags;

	check(built->tables_used == built->nr_tables && (built->nr_window || !built->pool.nr_free));
	for (i = 0; i < built->nr_sections; i++)
		for (j = 0; built->section[i].type == PAL_SECTION_WINDOW && j < built->section[i].nr_pages; j++)
			check(pal_at(&p, built->section[i].addr + j * 4096ull, &flags) && flags == (NX | 7),
			      "a window is in the page tables only");
	for (i = 0; i < built->nr_sections; i++)
		for (j = 0; built->section[i].type != PAL_SECTION_WINDOW && j < built->section[i].nr_pages; j++)
			check(pal_at(&p, built->section[i].addr + j * 4096ull, &flags) ==
				      frame(p.frame[k++]) && flags == rights[built->section[i].type],
			      "section %u page %u: %llx", i, j, flags);
	for (i = 0; i < built->nr_tables; i++)
		check((view_lookup(&built->view, GPA((built->nr_frames + built->nr_window + i) * 4096ull), (int *)&level) &
		       7) == 1, "paging structures are read-only to the PAL");
	check(!view_lookup(&built->view, GPA((built->nr_frames + built->nr_window + built->nr_tables) * 4096ull),
			   (int *)&level));
	for (i = 0; i < 200; i++) {
		u64 at = ALIGN_DOWN(fake_chance(50) ? random_address() : fake_random(), 4096) & (BIT(47) - 1);

		check(find_page(at) || !pal_at(&p, at, NULL), "%llx is mapped", at);
	}
	check(!pal_at(&p, PAL_USER_END, NULL));
}

static void test_random(void)
{
	u32 i, accepted = 0, built = 0;

	for (i = 0; i < 60000; i++) {
		random_desc();
		if (take())
			continue;
		accepted++;
		check_accepted();
		if (pal.nr_frames > 700 || accepted % 8)
			continue;
		check(pal_register(&p, 0x1000, 0x1800) == 0);
		check_mapping();
		pal_unregister(&p);
		built++;
	}
	ok(accepted > 1000, "every random descriptor that is accepted obeys the rules (%u of %u)",
	   accepted, i);
	ok(built > 100, "PALs are mapped page by page, with their rights and nothing else (%u)", built);
	for (i = 0; i < 300000; i++) {
		u64 *w = (u64 *)&p.desc;

		describe(&p, PAL_BASE);
		pointers();
		w[fake_below(sizeof(p.desc) / 8)] ^= fake_chance(50) ? BIT(fake_below(64)) : fake_random();
		if (!take())
			check_accepted();
	}
	ok(true, "so does every one with a word changed");
}

int main(void)
{
	pal_machine_start(1);
	test_each();
	test_random();
	return tap_finish();
}
