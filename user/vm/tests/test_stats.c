// SPDX-License-Identifier: MIT
/* --stats: sums, rates, order, ports. */
#include <linux/kvm.h>

#include "../stats.h"
#include "tap.h"

static char *printed(const struct exit_counts *const *cpus, unsigned int n, uint64_t ns)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	stats_print(cpus, n, ns, f);
	fclose(f);
	return text;
}

int main(void)
{
	static struct exit_counts a, b;
	const struct exit_counts *cpus[] = { &a, &b };
	unsigned int i;
	char *text;

	for (i = 0; i < 300; i++) {
		stats_exit(&a, KVM_EXIT_IO);
		stats_port(&a, i % 3 ? 0x3f8 : 0x3fd, i % 3);
	}
	stats_exit(&b, KVM_EXIT_IO);
	stats_port(&b, 0x3f8, true);
	for (i = 0; i < 500; i++)
		stats_exit(&b, KVM_EXIT_MMIO);
	stats_exit(&b, 1000000);
	text = printed(cpus, 2, 2000000000);
	ok(!strcmp(text,
		   "exits in 2.000 s:\n"
		   "mmio                    500        250/s  cpu1 500\n"
		   "io                      301        150/s  cpu0 300  cpu1 1\n"
		   "  out 0x3f8             201        100/s\n"
		   "  in 0x3fd              100         50/s\n"
		   "other                     1          0/s  cpu1 1\n"
		   "total                   802        401/s\n"), "reasons and ports of two CPUs, the most frequent first");
	printf("# %zu bytes\n", strlen(text));
	free(text);
	for (i = 0; i < 100; i++)
		stats_port(&a, (uint16_t)i, false);
	text = printed(cpus, 1, 0);
	ok(a.other_ports == 100 - (MAX_PORTS - 2) && strstr(text, "other ports"), "more ports than there is room for are counted together; no time is no division by zero");
	free(text);
	ok(!strcmp(kvm_exit_name(KVM_EXIT_SHUTDOWN), "shutdown") && !strcmp(kvm_exit_name(99999), "other"), "names of reasons");
	return tap_done();
}
