// SPDX-License-Identifier: GPL-2.0
/* `underpin pal list`: the caller's PALs, or all of them for root. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"
#include "pal_file.h"

/* enum pal_state of pal/pal.h. */
static const char *state_name(uint32_t state)
{
	static const char *const names[] = {
		"free", "donating", "preparing", "collecting", "isolating", "building", "measuring", "ready",
		"wiping", "returning", "gone", "flushing",
	};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static void as_text(const struct underpin_pal_info *p)
{
	char measurement[65];

	underpin_measurement_text(p->measurement, measurement);
	printf("%5u %-16.*s %-10s %8u %6u %7u %10llu %10llu %7llu %s\n", p->id, (int)sizeof(p->name),
	       p->name, state_name(p->state), p->owner_pid, p->nr_pages, p->nr_donated,
	       (unsigned long long)p->calls, (unsigned long long)p->interrupts,
	       (unsigned long long)p->faults, measurement);
}

static struct json_object *as_json(const struct underpin_pal_info *p)
{
	struct json_object *one = json_object_new_object();
	char measurement[65];

	underpin_measurement_text(p->measurement, measurement);
	json_set_int(one, "id", p->id);
	json_set_field(one, "name", p->name, sizeof(p->name));
	json_set_text(one, "state", state_name(p->state));
	json_set_int(one, "pid", p->owner_pid);
	json_set_int(one, "pages", p->nr_pages);
	json_set_int(one, "donated_pages", p->nr_donated);
	json_set_int(one, "entries", p->nr_entries);
	json_set_int(one, "calls", p->calls);
	json_set_int(one, "interrupts", p->interrupts);
	json_set_int(one, "faults", p->faults);
	json_set_text(one, "measurement", measurement);
	return one;
}

static int list(int device, bool json)
{
	struct json_object *root = json ? json_object_new_array() : NULL;
	struct underpin_pal_list pals = { 0 };
	uint32_t i, last;

	if (!json)
		printf("%5s %-16s %-10s %8s %6s %7s %10s %10s %7s %s\n", "id", "name", "state", "pid",
		       "pages", "donated", "calls", "interrupts", "faults", "measurement");
	do {
		last = pals.first;
		if (underpin_get_pals(device, &pals)) {
			json_object_put(root);
			return complain("%s", underpin_last_error());
		}
		for (i = 0; i < pals.nr && i < 16; i++) {
			if (json)
				json_object_array_add(root, as_json(&pals.pal[i]));
			else
				as_text(&pals.pal[i]);
		}
	} while (pals.nr && pals.first > last);
	if (json)
		print_json(root);
	return STATUS_OK;
}

int cmd_pal(int argc, char **argv)
{
	int device, ret;
	bool json;

	if (argc < 2)
		return bad_usage("pal", "say what to do: list, info, measure or run");
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return show_usage("pal");
	if (!strcmp(argv[1], "info") || !strcmp(argv[1], "measure") || !strcmp(argv[1], "run"))
		return pal_file(argc - 1, argv + 1);
	if (strcmp(argv[1], "list"))
		return bad_usage("pal", "there is no 'pal %s'", argv[1]);
	if (!only_json_option("pal", argc - 1, argv + 1, &json, &ret))
		return ret;
	device = open_device();
	if (device < 0)
		return STATUS_FAILED;
	ret = list(device, json);
	close(device);
	return ret;
}
