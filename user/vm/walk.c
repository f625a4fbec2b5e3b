// SPDX-License-Identifier: GPL-2.0
/* The guest's page tables: 32-bit, PAE, 4- and 5-level (SDM vol. 3, 4.3-4.5), read only. */
#include <string.h>

#include "vm.h"

#define CR0_PG (1ull << 31)
#define CR4_PSE (1ull << 4)
#define CR4_PAE (1ull << 5)
#define CR4_LA57 (1ull << 12)
#define EFER_LMA (1ull << 10)
#define ADDRESS 0x000ffffffffff000ull

static bool canonical(uint64_t gva, unsigned int bits)
{
	int64_t high = (int64_t)gva >> (bits - 1);

	return high == 0 || high == -1;
}

/* A leaf at a level whose index starts at bit shift. */
static void leaf(struct walk *walk, uint64_t entry, uint64_t gva, unsigned int shift)
{
	walk->page_size = 1ull << shift;
	walk->gpa = (entry & ADDRESS & ~(walk->page_size - 1)) | (gva & (walk->page_size - 1));
}

static bool walk32(const struct ram *ram, const struct walk_state *s, uint64_t gva, struct walk *walk)
{
	uint32_t table = (uint32_t)s->cr3 & ~0xfffu, entry = 0;
	unsigned int shift = 22;

	for (; ; shift -= 10) {
		const uint8_t *at = ram_at(ram, table + (gva >> shift & 1023) * 4, 4);

		if (!at)
			return false;
		memcpy(&entry, at, 4);
		walk->tables[walk->levels] = table;
		walk->entries[walk->levels++] = entry;
		if (!(entry & 1))
			return false;
		walk->write &= entry >> 1 & 1;
		walk->user &= entry >> 2 & 1;
		if (shift == 12 || (entry & 0x80 && s->cr4 & CR4_PSE))
			break;
		table = entry & ~0xfffu;
	}
	/* PSE-36: bits 13-20 are the address's 32-39. */
	leaf(walk, shift == 22 ? (entry & 0xffc00000u) | (uint64_t)(entry >> 13 & 0xff) << 32 : entry, gva, shift);
	return true;
}

bool page_walk(const struct ram *ram, const struct walk_state *s, uint64_t gva, struct walk *walk)
{
	bool lma = s->efer & EFER_LMA;
	unsigned int levels = lma ? s->cr4 & CR4_LA57 ? 5 : 4 : 3, shift = 12 + 9 * (levels - 1);
	uint64_t table = s->cr3 & ADDRESS, entry;

	*walk = (struct walk){ .write = true, .user = true };
	if (!lma)
		gva = (uint32_t)gva;
	if (!(s->cr0 & CR0_PG)) {
		walk->gpa = gva;
		walk->page_size = 4096;
		return true;
	}
	if (!(s->cr4 & CR4_PAE))
		return walk32(ram, s, gva, walk);
	if (lma && !canonical(gva, shift + 9))
		return false;
	if (!lma)
		table = s->cr3 & 0xffffffe0;
	for (; ; shift -= 9) {
		const uint8_t *at = ram_at(ram, table + (gva >> shift & 511) * 8, 8);
		bool pdpte = !lma && shift == 30;	/* these have no rights of their own */

		if (!at)
			return false;
		memcpy(&entry, at, 8);
		walk->tables[walk->levels] = table;
		walk->entries[walk->levels++] = entry;
		if (!(entry & 1))
			return false;
		walk->write &= pdpte || entry >> 1 & 1;
		walk->user &= pdpte || entry >> 2 & 1;
		walk->nx |= entry >> 63 && s->efer & 0x800;
		if (shift == 12 || (entry & 0x80 && (shift == 21 || (shift == 30 && lma))))
			break;
		if (entry & 0x80 && !pdpte)
			return false;	/* reserved at this level */
		table = entry & ADDRESS;
	}
	leaf(walk, entry, gva, shift);
	return true;
}
