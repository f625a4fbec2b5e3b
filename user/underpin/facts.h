/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What `underpin check` finds out about CPUs and machine. Paths begin at a
 * root folder, so that tests can show it another machine.
 */
#ifndef UNDERPIN_FACTS_H
#define UNDERPIN_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "module/requirements.h"

/* "" or the value of UNDERPIN_CHECK_ROOT (tests). */
const char *check_root(void);
/* One line of a file without its newline; false if it cannot be read. */
bool read_line(const char *path, char *line, size_t size);
bool path_exists(const char *path);

struct cpu_report {
	struct cpu_facts facts;
	bool msrs_known;	/* false: /dev/cpu/N/msr could not be read; MSR fields are 0 */
	bool bound;		/* false: could not run on that CPU; nothing is known */
};
/* Of one online CPU. */
void gather_cpu(unsigned int cpu, struct cpu_report *report);
/* The same from ROOT/facts/cpuN, lines of "NAME VALUE" (tests); false: there is no such file. */
bool facts_from_file(unsigned int cpu, struct cpu_report *report);
/* CPUID.01H:ECX[31]; signature (13 bytes) of leaf 40000000H, printable. */
bool hypervisor_visible(char signature[13]);

#define MAX_CPUS 4096
struct cpu_set {
	unsigned int nr;
	uint32_t id[MAX_CPUS];
};
bool set_has(const struct cpu_set *set, uint32_t id);
void set_add(struct cpu_set *set, uint32_t id);
/* Numbers of a Linux list like "0-3,8"; false if malformed. */
bool parse_cpu_list(const char *text, struct cpu_set *set);
/* APIC ids: of the MADT's enabled and online-capable entries; of Linux's online CPUs. */
bool madt_apic_ids(struct cpu_set *set);
bool online_apic_ids(struct cpu_set *set);

#endif
