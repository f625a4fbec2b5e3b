// SPDX-License-Identifier: GPL-2.0
/* A CPU described by a file, so that tests can show `underpin check` CPUs that are not here. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts.h"

#define FACT(field) { #field, offsetof(struct cpu_facts, field), sizeof(((struct cpu_facts *)0)->field) }

static const struct {
	const char *name;
	size_t offset, size;
} fields[] = {
	FACT(vmx), FACT(rdtscp), FACT(invpcid), FACT(xsaves), FACT(waitpkg), FACT(feature_control),
	FACT(basic), FACT(pin), FACT(proc), FACT(exit), FACT(entry), FACT(proc2), FACT(ept_vpid_cap),
	FACT(cr4), FACT(cr4_fixed1), FACT(physical_bits),
};

static void set_fact(struct cpu_report *report, const char *name, unsigned long long value)
{
	size_t i;

	if (!strcmp(name, "msrs_known"))
		report->msrs_known = value;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!strcmp(name, fields[i].name))
			memcpy((char *)&report->facts + fields[i].offset, &value, fields[i].size);
}

bool facts_from_file(unsigned int cpu, struct cpu_report *report)
{
	char path[512], line[128], name[32], value[32];
	FILE *file;

	if (!*check_root())
		return false;
	snprintf(path, sizeof(path), "%s/facts/cpu%u", check_root(), cpu);
	file = fopen(path, "re");
	if (!file)
		return false;
	report->bound = report->msrs_known = true;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%31s %31s", name, value) == 2)
			set_fact(report, name, strtoull(value, NULL, 0));
	fclose(file);
	return true;
}
