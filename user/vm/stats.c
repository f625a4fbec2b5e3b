// SPDX-License-Identifier: GPL-2.0
/* Exits per reason and second, and which ports they were for. Names as in linux/kvm.h. */
#include <linux/kvm.h>
#include <stdlib.h>

#include "stats.h"

const char *kvm_exit_name(unsigned int reason)
{
	static const char *const names[MAX_EXITS] = {
		[KVM_EXIT_UNKNOWN] = "unknown", [KVM_EXIT_EXCEPTION] = "exception", [KVM_EXIT_IO] = "io",
		[KVM_EXIT_HYPERCALL] = "hypercall", [KVM_EXIT_DEBUG] = "debug", [KVM_EXIT_HLT] = "hlt",
		[KVM_EXIT_MMIO] = "mmio", [KVM_EXIT_IRQ_WINDOW_OPEN] = "irq-window",
		[KVM_EXIT_SHUTDOWN] = "shutdown", [KVM_EXIT_FAIL_ENTRY] = "fail-entry", [KVM_EXIT_INTR] = "signal",
		[KVM_EXIT_SET_TPR] = "set-tpr", [KVM_EXIT_TPR_ACCESS] = "tpr-access", [KVM_EXIT_NMI] = "nmi",
		[KVM_EXIT_INTERNAL_ERROR] = "internal-error", [KVM_EXIT_SYSTEM_EVENT] = "system-event",
		[KVM_EXIT_IOAPIC_EOI] = "ioapic-eoi", [KVM_EXIT_HYPERV] = "hyperv", [KVM_EXIT_X86_RDMSR] = "rdmsr",
		[KVM_EXIT_X86_WRMSR] = "wrmsr", [KVM_EXIT_DIRTY_RING_FULL] = "dirty-ring", [KVM_EXIT_X86_BUS_LOCK] = "bus-lock",
	};

	return reason < MAX_EXITS && names[reason] ? names[reason] : "other";
}

void stats_exit(struct exit_counts *counts, unsigned int reason)
{
	counts->exits[reason < MAX_EXITS ? reason : MAX_EXITS - 1]++;
}

void stats_port(struct exit_counts *counts, uint16_t port, bool out)
{
	unsigned int i;

	for (i = 0; i < counts->nr_ports; i++)
		if (counts->ports[i].port == port && counts->ports[i].out == out) {
			counts->ports[i].count++;
			return;
		}
	if (i == MAX_PORTS)
		counts->other_ports++;
	else
		counts->ports[counts->nr_ports++] = (struct port_count){ 1, port, out };
}

static void line(FILE *to, const char *name, uint64_t count, uint64_t ns)
{
	fprintf(to, "%-16s %10llu %10.0f/s", name, (unsigned long long)count, (double)count * 1e9 / (double)(ns ? ns : 1));
}

static void print_reason(const struct exit_counts *const *cpus, unsigned int nr_cpus, unsigned int reason, uint64_t sum, uint64_t ns, FILE *to)
{
	unsigned int i;

	line(to, kvm_exit_name(reason), sum, ns);
	for (i = 0; nr_cpus > 1 && i < nr_cpus; i++)
		if (cpus[i]->exits[reason])
			fprintf(to, "  cpu%u %llu", i, (unsigned long long)cpus[i]->exits[reason]);
	fputc('\n', to);
}

static int by_count(const void *a, const void *b)
{
	const struct port_count *x = a, *y = b;

	return x->count < y->count ? 1 : x->count > y->count ? -1 : (int)x->port - (int)y->port;
}

static void print_ports(const struct exit_counts *const *cpus, unsigned int nr_cpus, uint64_t ns, FILE *to)
{
	struct port_count *all = calloc((size_t)nr_cpus * MAX_PORTS, sizeof(*all));
	unsigned int i, j, k, n = 0;
	uint64_t other = 0;
	char name[20];

	for (i = 0; all && i < nr_cpus; i++) {
		other += cpus[i]->other_ports;
		for (j = 0; j < cpus[i]->nr_ports; j++) {
			const struct port_count *p = &cpus[i]->ports[j];

			for (k = 0; k < n && (all[k].port != p->port || all[k].out != p->out); k++)
				;
			if (k == n)
				all[n++] = (struct port_count){ 0, p->port, p->out };
			all[k].count += p->count;
		}
	}
	if (n)
		qsort(all, n, sizeof(*all), by_count);
	for (k = 0; k < n; k++) {
		snprintf(name, sizeof(name), "  %s 0x%x", all[k].out ? "out" : "in", all[k].port);
		line(to, name, all[k].count, ns);
		fputc('\n', to);
	}
	if (other) {
		line(to, "  other ports", other, ns);
		fputc('\n', to);
	}
	free(all);
}

void stats_print(const struct exit_counts *const *cpus, unsigned int nr_cpus, uint64_t ns, FILE *to)
{
	uint64_t sums[MAX_EXITS] = { 0 }, total = 0;
	unsigned int i, r, best;

	for (i = 0; i < nr_cpus; i++)
		for (r = 0; r < MAX_EXITS; r++) {
			sums[r] += cpus[i]->exits[r];
			total += cpus[i]->exits[r];
		}
	fprintf(to, "exits in %llu.%03llu s:\n", (unsigned long long)(ns / 1000000000), (unsigned long long)(ns / 1000000 % 1000));
	for (;; sums[best] = 0) {
		for (best = 0, r = 1; r < MAX_EXITS; r++)
			if (sums[r] > sums[best])
				best = r;
		if (!sums[best])
			break;
		print_reason(cpus, nr_cpus, best, sums[best], ns, to);
		if (best == KVM_EXIT_IO)
			print_ports(cpus, nr_cpus, ns, to);
	}
	line(to, "total", total, ns);
	fputc('\n', to);
}
