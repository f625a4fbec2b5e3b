// SPDX-License-Identifier: GPL-2.0
/*
 * Which CPUs the machine has (ACPI specification, 5.2.12: MADT) and which of
 * them Linux runs (RULES 9: one that Linux does not run could read a secret).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"

#define MADT_ENTRIES 44		/* offset of the first structure */
#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_X2APIC 9
#define MADT_ENABLED 1
#define MADT_ONLINE_CAPABLE 2

const char *check_root(void)
{
	const char *root = getenv("UNDERPIN_CHECK_ROOT");

	return root ? root : "";
}

static FILE *open_file(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", check_root(), path);
	return fopen(full, "re");
}

bool read_line(const char *path, char *line, size_t size)
{
	FILE *file = open_file(path);
	bool got;

	if (!file)
		return false;
	got = fgets(line, (int)size, file);
	fclose(file);
	if (got)
		line[strcspn(line, "\n")] = '\0';
	return got;
}

bool path_exists(const char *path)
{
	char full[512];

	snprintf(full, sizeof(full), "%s%s", check_root(), path);
	return !access(full, F_OK);
}

bool set_has(const struct cpu_set *set, uint32_t id)
{
	unsigned int i;

	for (i = 0; i < set->nr; i++)
		if (set->id[i] == id)
			return true;
	return false;
}

void set_add(struct cpu_set *set, uint32_t id)
{
	if (set->nr < MAX_CPUS && !set_has(set, id))
		set->id[set->nr++] = id;
}

bool parse_cpu_list(const char *text, struct cpu_set *set)
{
	unsigned long first, last;
	char *end;

	set->nr = 0;
	while (*text) {
		first = last = strtoul(text, &end, 10);
		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			last = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		for (; first <= last && set->nr < MAX_CPUS; first++)
			set_add(set, (uint32_t)first);
		if (*end && *end != ',')
			return false;
		text = *end ? end + 1 : end;
	}
	return set->nr;
}

static uint32_t u32_at(const unsigned char *p)
{
	return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24;
}

bool madt_apic_ids(struct cpu_set *set)
{
	static unsigned char table[65536];
	FILE *file = open_file("/sys/firmware/acpi/tables/APIC");
	uint32_t id, flags;
	size_t size, at;

	set->nr = 0;
	if (!file)
		return false;
	size = fread(table, 1, sizeof(table), file);
	fclose(file);
	if (size < MADT_ENTRIES || memcmp(table, "APIC", 4))
		return false;
	for (at = MADT_ENTRIES; at + 2 <= size && table[at + 1] >= 2 && at + table[at + 1] <= size;
	     at += table[at + 1]) {
		const unsigned char *entry = table + at;

		if (entry[0] == MADT_LOCAL_APIC && entry[1] >= 8) {
			id = entry[3];
			flags = u32_at(entry + 4);
			if (id == 0xff)
				continue;
		} else if (entry[0] == MADT_LOCAL_X2APIC && entry[1] >= 16) {
			id = u32_at(entry + 4);
			flags = u32_at(entry + 8);
			if (id == 0xffffffff)
				continue;
		} else {
			continue;
		}
		if (flags & (MADT_ENABLED | MADT_ONLINE_CAPABLE))
			set_add(set, id);
	}
	return set->nr;
}

bool online_apic_ids(struct cpu_set *set)
{
	FILE *file = open_file("/proc/cpuinfo");
	char line[4096];
	unsigned int id;

	set->nr = 0;
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "apicid : %u", &id) == 1)
			set_add(set, id);
	fclose(file);
	return set->nr;
}
