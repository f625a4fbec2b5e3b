// SPDX-License-Identifier: GPL-2.0
/* `underpin stats`: exits per CPU and reason, and TSC ticks in root for each. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "command.h"

static void cpu_as_text(unsigned int cpu, const struct underpin_stats *stats)
{
	uint64_t count = 0, total = 0;
	unsigned int i;

	printf("CPU %-3u %-30s %12s %10s %10s %10s\n", cpu, "reason of the exit", "count", "min", "mean", "max");
	for (i = 0; i < UNDERPIN_NR_REASONS; i++) {
		const struct underpin_exit_stat *s = &stats->reason[i];

		if (!s->count)
			continue;
		count += s->count;
		total += s->total;
		printf("    %3u %-30s %12llu %10u %10llu %10u\n", i, exit_reason_name(i),
		       (unsigned long long)s->count, s->min, (unsigned long long)(s->total / s->count), s->max);
	}
	printf("        %-30s %12llu %10s %10llu\n", "all", (unsigned long long)count, "",
	       (unsigned long long)(count ? total / count : 0));
}

static struct json_object *cpu_as_json(unsigned int cpu, const struct underpin_stats *stats)
{
	struct json_object *object = json_object_new_object(), *exits = json_object_new_array(), *one;
	unsigned int i;

	json_set_int(object, "cpu", cpu);
	for (i = 0; i < UNDERPIN_NR_REASONS; i++) {
		const struct underpin_exit_stat *s = &stats->reason[i];

		if (!s->count)
			continue;
		one = json_object_new_object();
		json_set_int(one, "reason", i);
		json_set_text(one, "name", exit_reason_name(i));
		json_set_int(one, "count", s->count);
		json_set_int(one, "min", s->min);
		json_set_int(one, "mean", s->total / s->count);
		json_set_int(one, "max", s->max);
		json_set_int(one, "total", s->total);
		json_object_array_add(exits, one);
	}
	json_object_object_add(object, "exits", exits);
	return object;
}

static int show(int device, const struct underpin_status *status, long only, bool json)
{
	struct json_object *root = NULL, *cpus = NULL;
	struct underpin_stats stats;
	unsigned int cpu;

	if (json) {
		root = json_object_new_object();
		cpus = json_object_new_array();
		json_set_int(root, "tsc_khz", status->tsc_khz);
		json_set_text(root, "unit", "TSC ticks in root");
		json_object_object_add(root, "cpus", cpus);
	} else {
		printf("TSC ticks in root (%u kHz)\n", status->tsc_khz);
	}
	for (cpu = 0; cpu < status->nr_cpus; cpu++) {
		if (only >= 0 && cpu != only)
			continue;
		if (underpin_get_stats(device, cpu, &stats)) {
			json_object_put(root);
			return complain("%s", underpin_last_error());
		}
		if (json)
			json_object_array_add(cpus, cpu_as_json(cpu, &stats));
		else
			cpu_as_text(cpu, &stats);
	}
	if (json)
		print_json(root);
	return STATUS_OK;
}

int cmd_stats(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	struct underpin_status status;
	int option, device, ret;
	bool json = false;
	long only = -1;
	char *end;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "jc:h", options, NULL)) != -1)
		switch (option) {
		case 'j':
			json = true;
			break;
		case 'c':
			only = strtol(optarg, &end, 10);
			if (*end || end == optarg || only < 0)
				return bad_usage("stats", "'%s' is not the number of a CPU", optarg);
			break;
		case 'h':
			return show_usage("stats");
		default:
			return bad_usage("stats", "there is no option '%s', or its value is missing",
					 argv[optind - 1]);
		}
	if (optind < argc)
		return bad_usage("stats", "unexpected argument '%s'", argv[optind]);
	device = open_and_get_status(&status);
	if (device < 0)
		return STATUS_FAILED;
	if (only >= 0 && only >= (long)status.nr_cpus)
		ret = complain("there is no CPU %ld: this machine has 0 to %u", only, status.nr_cpus - 1);
	else
		ret = show(device, &status, only, json);
	close(device);
	return ret;
}
