// SPDX-License-Identifier: GPL-2.0
/*
 * MTRR types (SDM vol. 3, 12.11.2 to 12.11.4.1). Where the SDM leaves the type
 * undefined (overlaps other than with UC, or of WT and WB) it is UC here.
 * Next: ept/main_view.c, which maps by it.
 */
#include "mtrr.h"

#define MSR_MTRRCAP 0xfe
#define MSR_MTRR_DEF_TYPE 0x2ff
#define MSR_MTRR_PHYSBASE(n) (0x200 + 2 * (n))
#define MSR_MTRR_PHYSMASK(n) (0x201 + 2 * (n))
/* The fixed-range MSRs (table 12-9): eight ranges each, of this many pages. */
static const struct { u32 msr, count, pages; } fixed_msr[] = {
	{ 0x250, 1, 16 }, { 0x258, 2, 4 }, { 0x268, 8, 1 },
};

/* A reserved encoding cannot be written to the register, so it is never seen. */
static u8 valid_type(u64 type)
{
	return (type & 0xff) < 8 && (0x73 >> (type & 7) & 1) ? type & 0xff : MEMTYPE_UC;
}

static void read_fixed(struct mtrr_state *state)
{
	u8 *page = state->fixed;
	u32 i, j, shift;
	u64 value;

	for (i = 0; i < ARRAY_SIZE(fixed_msr); i++)
		for (j = 0; j < fixed_msr[i].count; j++) {
			if (rdmsr_safe(fixed_msr[i].msr + j, &value))
				value = 0;
			for (shift = 0; shift < 64; shift += 8, page += fixed_msr[i].pages)
				memset(page, valid_type(value >> shift), fixed_msr[i].pages);
		}
}

void mtrr_read(struct mtrr_state *state, u32 maxphyaddr)
{
	u64 address_bits = (BIT(maxphyaddr) - 1) & PAGE_MASK;
	u64 cap, def, base, mask;
	u32 regs[4], i, n;

	memset(state, 0, sizeof(*state));
	cpuid_native(1, 0, regs);
	if (!(regs[3] & BIT(12)) || rdmsr_safe(MSR_MTRRCAP, &cap) ||
	    rdmsr_safe(MSR_MTRR_DEF_TYPE, &def)) {
		state->default_type = MEMTYPE_WB;
		return;
	}
	state->default_type = MEMTYPE_UC;
	if (!(def & BIT(11)))
		return;
	state->enabled = 1;
	state->default_type = valid_type(def);
	state->fixed_enabled = (cap & BIT(8)) && (def & BIT(10));
	if (state->fixed_enabled)
		read_fixed(state);
	n = cap & 0xff;
	for (i = 0; i < n && i < MTRR_MAX_VARIABLE; i++) {
		if (rdmsr_safe(MSR_MTRR_PHYSBASE(i), &base) ||
		    rdmsr_safe(MSR_MTRR_PHYSMASK(i), &mask) || !(mask & BIT(11)))
			continue;
		mask &= address_bits;
		state->variable[state->nr_variable].mask = mask;
		state->variable[state->nr_variable].base = base & mask;
		state->variable[state->nr_variable].type = valid_type(base);
		/* mask & -mask: the lowest set bit, so the size of one block */
		if (mask != (address_bits & -(mask & -mask))) {
			state->variable[state->nr_variable].repeats = 1;
			state->repeats = 1;
		}
		state->nr_variable++;
	}
}

/* 12.11.4.1: the type where two variable ranges overlap. */
static u8 overlap(u8 a, u8 b)
{
	if (a == b)
		return a;
	if ((a == MEMTYPE_WT && b == MEMTYPE_WB) || (a == MEMTYPE_WB && b == MEMTYPE_WT))
		return MEMTYPE_WT;
	return MEMTYPE_UC;
}

/* The type at address; no register changes its answer before *end. */
static u8 type_at(const struct mtrr_state *state, u64 address, u64 limit, u64 *end)
{
	u8 type = 0xff;
	u32 i;

	*end = limit;
	if (state->fixed_enabled && address >> PAGE_SHIFT < MTRR_FIXED_PAGES) {
		*end = (address & PAGE_MASK) + PAGE_SIZE;
		return state->fixed[address >> PAGE_SHIFT];
	}
	for (i = 0; i < state->nr_variable; i++) {
		u64 base = state->variable[i].base, mask = state->variable[i].mask;
		u64 size = mask & -mask, edge = limit;
		bool inside = (address & mask) == base;

		if (inside)
			type = type == 0xff ? state->variable[i].type :
					      overlap(type, state->variable[i].type);
		if (!mask)
			continue;
		if (inside || state->variable[i].repeats)
			edge = ALIGN_DOWN(address, size) + size;
		else if (address < base)
			edge = base;
		if (edge < *end)
			*end = edge;
	}
	return type == 0xff ? state->default_type : type;
}

enum memory_type mtrr_type(const struct mtrr_state *state, u64 address, u64 limit, u64 *end)
{
	u8 type = type_at(state, address, limit, end);
	u64 next;
	u32 tries = state->repeats ? 8 : MTRR_FIXED_PAGES + 2 * MTRR_MAX_VARIABLE;

	while (*end < limit && tries--) {
		if (type_at(state, *end, limit, &next) != type)
			break;
		*end = next;
	}
	if (*end > limit)
		*end = limit;
	return type;
}
