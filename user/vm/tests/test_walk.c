// SPDX-License-Identifier: MIT
/* The page walk against tables built the other way round, from the address that each maps: D6. */
#include "../vm.h"
#include "tap.h"

#define RAM_SIZE (16 * MIB)
static struct ram ram;
static uint64_t next;

static void set(uint64_t at, uint64_t value, unsigned int bytes)
{
	memcpy(ram_at(&ram, at, bytes), &value, bytes);
}

static uint64_t get(uint64_t at, unsigned int bytes)
{
	uint64_t v = 0;

	memcpy(&v, ram_at(&ram, at, bytes), bytes);
	return v;
}

/* Maps gva by a leaf `leaf_level` levels above the last, with tables of `bits` index bits. */
static void map(uint64_t cr3, uint64_t gva, unsigned int levels, unsigned int bits, unsigned int leaf_level, uint64_t leaf)
{
	unsigned int bytes = bits == 9 ? 8 : 4, level = levels - 1;
	uint64_t table = cr3, at;

	for (; ; level--) {
		at = table + (gva >> (12 + level * bits) & ((1u << bits) - 1)) * bytes;
		if (level == leaf_level)
			break;
		if (!(get(at, bytes) & 1)) {
			set(at, next | (levels == 3 && level == 2 ? 1 : 7), bytes);
			next += 4096;
		}
		table = get(at, bytes) & ~0xfffull;
	}
	set(at, leaf | 1 | (leaf_level ? 0x80 : 0), bytes);
}

static const struct kind {
	const char *name;
	unsigned int levels, bits, max_leaf, linear_bits;
	uint64_t cr4, efer;
} kinds[] = {
	{ "32-bit", 2, 10, 1, 32, 0x10, 0 },
	{ "PAE", 3, 9, 1, 32, 0x20, 0 },
	{ "4-level", 4, 9, 2, 48, 0x20, 0xd00 },
	{ "5-level", 5, 9, 2, 57, 0x1020, 0xd00 },
};

static void random_maps(const struct kind *k)
{
	struct walk_state state = { .cr0 = 0x80000001, .cr4 = k->cr4, .efer = k->efer, .cr3 = 0x10000 };
	unsigned int i, good = 0, rounds = 300;

	memset(ram_at(&ram, 0, RAM_SIZE), 0, RAM_SIZE);
	for (i = 0; i < rounds; i++) {
		unsigned int leaf_level = (unsigned int)rand() % (k->max_leaf + 1), shift = 12 + leaf_level * k->bits;
		uint64_t gva = ((uint64_t)rand() << 31 ^ (uint64_t)rand() << 5) & ((1ull << k->linear_bits) - 1);
		uint64_t frame = ((uint64_t)rand() << shift) & 0xffffffffull & ~((1ull << shift) - 1), flags = (uint64_t)rand() & 6;
		struct walk walk;

		if (k->linear_bits > 32 && gva >> (k->linear_bits - 1))
			gva |= ~((1ull << k->linear_bits) - 1);
		/* Fresh tables each time: other mappings may not lie above this one. */
		next = 0x20000;
		memset(ram_at(&ram, 0x10000, 0x20000), 0, 0x20000);
		map(state.cr3, gva, k->levels, k->bits, leaf_level, frame | flags);
		good += page_walk(&ram, &state, gva, &walk) && walk.gpa == (frame | (gva & ((1ull << shift) - 1))) &&
			walk.page_size == 1ull << shift && walk.write == (flags >> 1 & 1) && walk.user == (flags >> 2 & 1) &&
			walk.levels == k->levels - leaf_level;
		good -= page_walk(&ram, &state, gva ^ 1ull << (k->linear_bits - 2), &walk);
	}
	if (!ok(good == rounds, k->name))
		printf("# %u of %u\n", good, rounds);
}

int main(void)
{
	struct walk_state off = { .cr0 = 1 }, wild = { .cr0 = 0x80000001, .cr4 = 0x20, .efer = 0x500, .cr3 = 0x7ffffffff000 };
	struct problem p = { "" };
	struct walk walk;
	unsigned int i;

	if (!ram_add(&ram, 0, RAM_SIZE, &p))
		return 1;
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		random_maps(&kinds[i]);
	ok(page_walk(&ram, &off, 0x12345, &walk) && walk.gpa == 0x12345, "without paging");
	ok(!page_walk(&ram, &wild, 0, &walk), "tables outside of RAM");
	wild.cr3 = 0x10000;
	memset(ram_at(&ram, 0x10000, 0x20000), 0, 0x20000);
	next = 0x20000;
	map(0x10000, 0xffff800000000000, 4, 9, 0, 0x5000);
	ok(page_walk(&ram, &wild, 0xffff800000000000, &walk) && walk.gpa == 0x5000, "the first address of the upper half");
	ok(!page_walk(&ram, &wild, 0x0000800000000000, &walk), "not canonical");
	ram_destroy(&ram);
	return tap_done();
}
