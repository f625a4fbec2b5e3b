// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/operand.c vmx/event.c ept/frame.c ept/guest_memory.c ept/guest_walk.c ept/hidden.c ept/hold.c ept/main_view.c ept/mtrr.c ept/on_demand.c ept/view.c */
/*
 * Operands of L1's VMX instructions against an oracle that works byte by byte (SDM
 * vol. 3, 28.2.5, 5.3-5.5, 4.6). The walker has a test of its own (test_walk.c).
 */
#include "nested_l1.h"

static struct cpu *cpu;

/* ---- the oracle ---- */
struct answer {
	enum outcome outcome;
	u64 cr2, code;
	u64 at[16];	/* physical, of each byte */
};

static u64 slow_register(u32 i)
{
	const struct guest_regs *r = &cpu->regs;
	const u64 all[16] = { r->rax, r->rcx, r->rdx, r->rbx, vmread(GUEST_RSP), r->rbp, r->rsi,
			      r->rdi, r->r8, r->r9, r->r10, r->r11, r->r12, r->r13, r->r14, r->r15 };
	return all[i];
}

static const u64 address_mask[] = { 0xffff, 0xffffffff, ~0ull };

static u64 slow_offset(u32 info)
{
	unsigned __int128 sum = vmread(EXIT_QUALIFICATION);

	if (!(info >> 27 & 1))
		sum += slow_register(info >> 23 & 15);
	if (!(info >> 22 & 1))
		sum += (unsigned __int128)slow_register(info >> 18 & 15) * (1 << (info & 3));
	return (u64)sum & address_mask[info >> 7 & 7];
}

static bool byte_in_segment(u32 segment, u64 offset, bool write)
{
	u64 rights = vmread(GUEST_ES_ACCESS_RIGHTS + 2 * segment);
	u64 limit = vmread(GUEST_ES_LIMIT + 2 * segment);

	if (rights >> 16 & 1)
		return false;
	switch (rights & 0xf) {
	case 0: case 1:			/* data, read-only */
		return !write && offset <= limit;
	case 2: case 3:
		return offset <= limit;
	case 4: case 5:			/* expand-down */
		if (write)
			return false;
		/* fall through */
	case 6: case 7:
		return offset > limit && offset <= (rights >> 14 & 1 ? 0xffffffffull : 0xffffull);
	case 10: case 11: case 14: case 15:	/* code that can be read */
		return !write && offset <= limit;
	default:
		return false;
	}
}

static struct answer byte_by_byte(size_t size, bool write)
{
	u32 info = vmread(VM_EXIT_INSTRUCTION_INFO), segment = info >> 15 & 7, p;
	bool wide = vmread(GUEST_CS_ACCESS_RIGHTS) >> 13 & 1;
	enum outcome refused = segment == 2 ? IS_SS : IS_GP;
	u64 offset = slow_offset(info), linear[16];
	struct answer a = { 0 };
	size_t i;

	for (i = 0; i < size; i++) {
		linear[i] = offset + i;
		if (segment > 3 || !wide)
			linear[i] += vmread(GUEST_ES_BASE + 2 * segment);
		if (!wide)
			linear[i] &= 0xffffffff;
		if (wide && linear[i] > 0x7fffffffffff && linear[i] < 0xffff800000000000ull)
			return (struct answer){ .outcome = refused };
		if (!wide && !byte_in_segment(segment, offset + i, write))
			return (struct answer){ .outcome = refused };
	}
	for (i = 0; i < size; i++) {
		bool smap = vmread(GUEST_CR4) >> 21 & 1, ac = vmread(GUEST_RFLAGS) >> 18 & 1;
		bool wp = vmread(GUEST_CR0) >> 16 & 1, present;

		for (p = 0; p < nr_pages && pages[p].linear != (linear[i] & ~0xfffull); p++)
			;
		present = p < nr_pages && pages[p].present;
		if (!present || (write && wp && !pages[p].writable) ||
		    (pages[p].user && smap && !ac))
			return (struct answer){ .outcome = IS_PF, .cr2 = linear[i],
						.code = present | write << 1 };
		a.at[i] = pages[p].pfn << 12 | (linear[i] & 0xfff);
	}
	return a;
}

static u64 pick_linear(bool wide)
{
	static const u64 wide_places[] = {
		0, 0x7fffffffffff, 0x800000000000, 0xffff7fffffffffff, 0xffff800000000000,
		0xfffffffffffffff0, BOUNDARY, BOUNDARY + 0x1000, 0xffff800000001000, 0x10000,
	};
	static const u64 narrow_places[] = { 0, 0x10000, 0xfffffff0, BOUNDARY, BOUNDARY + 0x1000 };
	u64 at = wide ? wide_places[fake_below(ARRAY_SIZE(wide_places))] :
			narrow_places[fake_below(ARRAY_SIZE(narrow_places))];

	return fake_chance(5) ? fake_random() : at + fake_below(40) - 20;
}

static void random_pages(enum paging mode)
{
	static const u64 wide_pages[] = {
		0, 0x7ffffffff000, 0xffff800000000000, 0xffff800000001000, 0xfffffffffffff000,
		BOUNDARY - 0x1000, BOUNDARY, BOUNDARY + 0x1000, 0xf000, 0x10000,
	};
	static const u64 narrow_pages[] = {
		0, 0xf000, 0x10000, 0xfffff000, BOUNDARY - 0x1000, BOUNDARY, BOUNDARY + 0x1000,
	};
	u32 n = mode == PAGING_LONG ? ARRAY_SIZE(wide_pages) : ARRAY_SIZE(narrow_pages), i;

	for (i = 0; i < n; i++) {
		struct page p = {
			mode == PAGING_LONG ? wide_pages[i] : narrow_pages[i],
			DATA + fake_below(NR_DATA),
			fake_chance(85), fake_chance(85), fake_chance(15),
		};

		if (fake_chance(8))
			p.pfn = fake_chance(50) ? HIDDEN_PFN : MMIO_PFN;
		map(p);
	}
}

static void random_segments(void)
{
	static const u64 limits[] = { 0xffffffff, 0xffff, 0xfff, 0, 0xfffffffe, BOUNDARY + 3 };
	u32 i;

	for (i = 0; i < 6; i++) {
		u64 rights = 0xc090 | fake_below(16) | (fake_chance(10) ? 0x10000 : 0);

		if (fake_chance(60))
			rights = 0xc093;
		if (fake_chance(20))
			rights &= ~0x4000ull;
		set_segment(i, fake_chance(50) ? 0 : fake_chance(50) ? 0x1000 : (u32)fake_random(),
			    limits[fake_below(ARRAY_SIZE(limits))], rights);
	}
}

/* An instruction information and registers that hit an interesting place, mostly. */
static void random_operand(bool wide)
{
	u32 info = (u32)fake_random() & ~(7u << 7) & ~(7u << 15), i;
	u32 segment = fake_below(6);
	u64 base;

	info |= segment << 15 | (wide ? 1 + fake_below(2) : fake_below(2)) << 7;
	for (i = 0; i < 16; i++)
		operand_set_register(cpu, i, fake_chance(50) ? fake_below(64) : fake_random());
	vmwrite(VM_EXIT_INSTRUCTION_INFO, info);
	vmwrite(EXIT_QUALIFICATION, 0);
	base = segment > 3 || !wide ? vmread(GUEST_ES_BASE + 2 * segment) : 0;
	vmwrite(EXIT_QUALIFICATION, pick_linear(wide) - base - slow_offset(info));
}

static u8 model[NR_DATA][PAGE_SIZE];

static void operands(void)
{
	u32 seen[NOTHING] = { 0 }, i, nr_bus = 0;

	for (i = 0; i < 300000; i++) {
		bool wide, write = fake_chance(50), bus = false, done;
		size_t size = 4u << fake_below(3), b;
		u8 buffer[16], expected[16];
		struct answer a;

		if (i % 50 == 0) {
			set_mode(fake_below(3));
			vmwrite(GUEST_CR4, vmread(GUEST_CR4) | (fake_chance(50) ? BIT(21) : 0));
			random_pages(paging);
			random_segments();
			if (fake_chance(30))
				vmwrite(GUEST_CR0, vmread(GUEST_CR0) & ~CR0_WP);
		}
		wide = paging == PAGING_LONG;
		vmwrite(GUEST_CS_ACCESS_RIGHTS, wide ? 0xa09b : fake_chance(50) ? 0xc09b : 0xc099);
		vmwrite(GUEST_RFLAGS, fake_chance(50) ? 2 | BIT(18) : 2);
		random_operand(wide);
		vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
		for (b = 0; b < 16; b++)
			buffer[b] = expected[b] = fake_random();
		a = byte_by_byte(size, write);
		for (b = 0; b < size && !a.outcome; b++) {
			u64 pfn = a.at[b] >> 12;
			bool ram = pfn - DATA < NR_DATA;
			u8 *byte = ram ? &model[pfn - DATA][a.at[b] & 0xfff] : NULL;

			if (write && ram)
				*byte = buffer[b];
			else if (!write)
				expected[b] = ram ? *byte : pfn == MMIO_PFN ? 0xff : 0;
			bus |= !ram;
		}
		done = write ? operand_write(cpu, buffer, size) : operand_read(cpu, buffer, size);
		check(injected() == a.outcome && done == (a.outcome == SUCCEED),
		      "%u: %d, not %d; mode %d info %llx", i, injected(), a.outcome, paging,
		      vmread(VM_EXIT_INSTRUCTION_INFO));
		check(a.outcome != IS_PF ||
		      (cr2 == a.cr2 && vmread(VM_ENTRY_EXCEPTION_ERROR_CODE) == a.code),
		      "%u: CR2 %llx, not %llx", i, cr2, a.cr2);
		check(!memcmp(buffer, expected, 16), "%u: other bytes", i);
		check(!memcmp(frame(DATA), model, sizeof(model)), "%u: other memory", i);
		seen[a.outcome]++;
		nr_bus += bus;
	}
	ok(seen[SUCCEED] > 10000 && seen[IS_GP] > 10000 && seen[IS_SS] > 1000 &&
	   seen[IS_PF] > 10000 &&
	   nr_bus > 500,
	   "300,000 random operands as a byte-by-byte oracle says (%u done, %u #GP, %u #SS, %u #PF, %u not RAM)",
	   seen[SUCCEED], seen[IS_GP], seen[IS_SS], seen[IS_PF], nr_bus);
}

static void five_levels(void)
{
	u8 buffer[8];

	set_mode(PAGING_LONG);
	vmwrite(GUEST_RFLAGS, 2);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, 0x8418100);	/* displacement only, DS */
	vmwrite(EXIT_QUALIFICATION, 1ull << 47);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	ok(!operand_read(cpu, buffer, 8) && injected() == IS_GP, "bit 47 alone: not canonical, #GP(0)");
	vmwrite(GUEST_CR4, vmread(GUEST_CR4) | CR4_LA57);
	ok(!operand_read(cpu, buffer, 8) && injected() == IS_PF && cr2 == 1ull << 47,
	   "with 5-level paging it is, and only not mapped: #PF");
}

int main(void)
{
	check(!machine_start(1, 4096, NULL));
	cpu = cpu_of_slot(0);
	operands();
	five_levels();
	return tap_finish();
}
