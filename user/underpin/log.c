// SPDX-License-Identifier: GPL-2.0
/* `underpin log`: the core's ring of log records; a gap in the numbers is told. */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"

#define FOLLOW_INTERVAL_US 250000

static const char *level_name(uint32_t level)
{
	switch (level) {
	case 3:
		return "error";
	case 4:
		return "warning";
	case 6:
		return "info";
	case 7:
		return "debug";
	default:
		return "?";
	}
}

static void print_record(const struct underpin_log_record *r, uint32_t khz)
{
	if (khz)
		printf("[%12.6f]", (double)r->tsc / khz / 1000);
	else
		printf("[tsc %llu]", (unsigned long long)r->tsc);
	printf(" cpu %u %s: %.*s\n", r->cpu, level_name(r->level), (int)sizeof(r->text), r->text);
}

/* All records from *next on; *next moves past them. */
static int drain(int device, uint64_t *next, uint32_t khz)
{
	struct underpin_log log;
	uint32_t i;

	do {
		log = (struct underpin_log){ .first = *next };
		if (underpin_get_log(device, &log))
			return complain("%s", underpin_last_error());
		if (log.nr > UNDERPIN_LOG_BATCH)
			return complain("the module answers nonsense: install command and module from one build");
		for (i = 0; i < log.nr; i++) {
			const struct underpin_log_record *r = &log.record[i];

			if (*next && r->seq > *next)
				printf("(%llu records were lost: the ring is small)\n",
				       (unsigned long long)(r->seq - *next));
			print_record(r, khz);
			*next = r->seq + 1;
		}
	} while (log.nr);
	fflush(stdout);
	return STATUS_OK;
}

int cmd_log(int argc, char **argv)
{
	static const struct option options[] = {
		{ "follow", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	struct underpin_status status;
	bool follow = false;
	uint64_t next = 0;
	int option, device, ret;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "fh", options, NULL)) != -1)
		switch (option) {
		case 'f':
			follow = true;
			break;
		case 'h':
			return show_usage("log");
		default:
			return bad_usage("log", "there is no option '%s'", argv[optind - 1]);
		}
	if (optind < argc)
		return bad_usage("log", "unexpected argument '%s'", argv[optind]);
	device = open_and_get_status(&status);
	if (device < 0)
		return STATUS_FAILED;
	while (!(ret = drain(device, &next, status.tsc_khz)) && follow && !ferror(stdout))
		usleep(FOLLOW_INTERVAL_US);
	close(device);
	return ret;
}
