/* SPDX-License-Identifier: GPL-2.0 */
/* --stats: what the guest's CPUs left KVM_RUN for. kvm.c counts, stats.c prints. */
#ifndef UNDERPIN_VM_STATS_H
#define UNDERPIN_VM_STATS_H

#include <stdio.h>

#include "vm.h"

#define MAX_EXITS 48		/* the last one: reasons beyond */
#define MAX_PORTS 32

/* Of one CPU; its thread alone writes. */
struct exit_counts {
	uint64_t exits[MAX_EXITS];
	struct port_count { uint64_t count; uint16_t port; bool out; } ports[MAX_PORTS];
	unsigned int nr_ports;
	uint64_t other_ports;
};

const char *kvm_exit_name(unsigned int reason);
void stats_exit(struct exit_counts *counts, unsigned int reason);
/* An access by IN or OUT (a REP is one exit). */
void stats_port(struct exit_counts *counts, uint16_t port, bool out);
/* Sums of all CPUs and rates over ns nanoseconds, the most frequent first; of each CPU, if there are several. */
void stats_print(const struct exit_counts *const *cpus, unsigned int nr_cpus, uint64_t ns, FILE *to);

#endif
