// SPDX-License-Identifier: GPL-2.0
/* link: module/madt.c */
/*
 * The firmware's list of CPUs (RULES 9): none of it is overlooked, whatever else
 * is in the table, and a table that is cut short is not read beyond its end
 * (AddressSanitizer sees to that: each copy has its exact size).
 */
#include "../../module/madt.h"
#include "fake.h"
#include "tap.h"

static u8 table[8192];
static u32 length;
static u32 online[300], nr_online;

static bool is_online(u32 apic_id)
{
	u32 i;

	for (i = 0; i < nr_online && online[i] != apic_id; i++)
		;
	return i < nr_online;
}

static void begin(void)
{
	memset(table, 0xff, 44);
	length = 44;
	nr_online = 0;
}

static void put(u32 value, u32 bytes)
{
	memcpy(table + length, &value, bytes);
	length += bytes;
}

static void apic(u8 id, u32 flags)
{
	put(0 | 8 << 8 | 0x77 << 16 | (u32)id << 24, 4);
	put(flags, 4);
}

static void x2apic(u32 id, u32 flags)
{
	put(9 | 16 << 8, 4);
	put(id, 4);
	put(flags, 4);
	put(0x77, 4);
}

/* An entry of another kind, whose contents look like CPUs. */
static void other(u8 type, u8 size)
{
	put(type | size << 8, 2);
	memset(table + length, 1, size - 2);
	length += size - 2;
}

static struct madt_cpus walk_bytes(u32 bytes)
{
	struct madt_cpus cpus = { .nr_cpus = 0 };
	u8 *copy = malloc(bytes);

	memcpy(copy, table, bytes);
	madt_walk(&cpus, copy, bytes, is_online);
	free(copy);
	return cpus;
}

static struct madt_cpus walk(void)
{
	return walk_bytes(length);
}

static bool has(struct madt_cpus cpus, u32 nr_cpus, u32 nr_missing, u32 first)
{
	return cpus.nr_cpus == nr_cpus && cpus.nr_missing == nr_missing && (!nr_missing || cpus.missing[0] == first);
}

static void by_hand(void)
{
	struct madt_cpus cpus;
	u32 i;

	begin();
	ok(has(walk(), 0, 0, 0), "a table without entries has no CPU");
	apic(0, 1);
	apic(1, 1);
	online[nr_online++] = 0;
	ok(has(walk(), 2, 1, 1), "two CPUs and nr_cpus=1: the other is missing");
	online[nr_online++] = 1;
	ok(has(walk(), 2, 0, 0), "both online: none is");
	apic(2, 2);
	ok(has(walk(), 3, 1, 2), "one that is only online-capable counts");
	apic(3, 0);
	apic(4, 0xfffffffc);
	ok(has(walk(), 3, 1, 2), "one that is neither does not, whatever its other flags");
	x2apic(2, 1);
	ok(has(walk(), 4, 1, 2), "a CPU with an entry of each kind is missing once");
	x2apic(0x12345678, 2);
	cpus = walk();
	ok(has(cpus, 5, 2, 2) && cpus.missing[1] == 0x12345678, "an x2APIC id has 32 bits");
	apic(0xff, 1);
	x2apic(0xffffffff, 1);
	ok(has(walk(), 5, 2, 2), "an id of all ones is no CPU");
	x2apic(0xff, 1);
	ok(has(walk(), 6, 3, 2), "but 255 is an x2APIC's");
	other(1, 12);
	other(4, 6);
	other(0x80, 40);
	apic(7, 1);
	cpus = walk();
	ok(has(cpus, 7, 4, 2) && cpus.missing[3] == 7, "entries of other kinds are stepped over");
	begin();
	for (i = 0; i < 20; i++)
		apic(100 + i, 1);
	cpus = walk();
	ok(has(cpus, 20, 20, 100) && cpus.missing[MADT_SHOWN - 1] == 100 + MADT_SHOWN - 1,
	   "all that are missing are counted, the first eight named");
	begin();
	apic(0, 1);
	put(0, 2);	/* an entry without length would never end */
	apic(1, 1);
	ok(has(walk(), 1, 1, 0), "an entry of length 0 ends the list");
	begin();
	put(0 | 7 << 8, 4);
	put(1, 3);
	put(9 | 15 << 8, 4);
	put(5, 4);
	put(1, 4);
	put(0, 3);
	ok(has(walk(), 0, 0, 0), "an entry too short for its kind is no CPU");
}

/* Random tables and what is online, against a list kept beside. */
static void random_tables(void)
{
	u32 round, i, k, id, flags, nr, nr_missing, seen[300], nr_seen;

	for (round = 0; round < 2000; round++) {
		begin();
		for (i = fake_below(20); i--; )
			online[nr_online++] = fake_below(fake_chance(50) ? 16 : 300);
		nr = nr_missing = nr_seen = 0;
		for (i = fake_below(40); i--; ) {
			bool is_apic = fake_chance(50);

			if (fake_chance(20)) {
				other(1 + fake_below(8), 2 + fake_below(60));
				continue;
			}
			id = fake_below(is_apic ? 256 : 300);
			flags = fake_chance(70) ? fake_below(4) : (u32)fake_random();
			if (is_apic)
				apic(id, flags);
			else
				x2apic(id, flags);
			if (!(flags & 3) || (is_apic && id == 0xff))
				continue;
			nr++;
			for (k = 0; k < nr_seen && k < MADT_SHOWN && seen[k] != id; k++)
				;
			if (!is_online(id) && (k == nr_seen || k == MADT_SHOWN)) {
				seen[nr_seen++] = id;
				nr_missing++;
			}
		}
		check(has(walk(), nr, nr_missing, seen[0]));
		for (i = 44; i < length; i++)	/* cut short anywhere: fewer, and nothing behind it */
			check(walk_bytes(i).nr_cpus <= nr);
	}
	ok(1, "2,000 random tables, each cut short everywhere too");
}

int main(void)
{
	by_hand();
	random_tables();
	return tap_finish();
}
