// SPDX-License-Identifier: GPL-2.0
/* `underpin status`: the state of the core, and what it does not protect against. */
#include <stdio.h>
#include <unistd.h>

#include "command.h"

/* DESIGN.md 8: said here and in every quote. */
static const char *const not_covered[] = {
	"DMA: no IOMMU is the core's, so a device can read and write every page",
	"SMM: the firmware's system management code sees all memory",
	"physical attacks, and the side channels that docs/security.md names",
};

static double microseconds(uint64_t ticks, uint32_t khz)
{
	return khz ? (double)ticks * 1000 / khz : 0;
}

static const char *root_name(uint32_t kind)
{
	return kind == UNDERPIN_ROOT_EPHEMERAL ? "ephemeral" : kind == UNDERPIN_ROOT_FILE ? "file" :
	       kind == UNDERPIN_ROOT_TPM ? "tpm" : "unknown";
}

/* What that means for sealed data. */
static const char *root_meaning(uint32_t kind)
{
	return kind == UNDERPIN_ROOT_EPHEMERAL ? " (what PALs seal ends with the core: see root_secret= in underpin(4))" :
	       kind == UNDERPIN_ROOT_FILE ? " (who can read that file can unseal everything)" :
	       kind == UNDERPIN_ROOT_TPM ? " (given once, until the next boot)" : "";
}

static void as_json(const struct underpin_status *s, bool certified)
{
	struct json_object *root = json_object_new_object(), *list;
	char version[16], build[41];
	size_t i;

	snprintf(version, sizeof(version), "%u.%u.%u", s->version >> 16, s->version >> 8 & 0xff,
		 s->version & 0xff);
	json_set_text(root, "version", version);
	json_set_text(root, "build_id", hex_text(s->build_id, sizeof(s->build_id), build));
	json_set_int(root, "cpus", s->nr_cpus);
	json_set_int(root, "cpus_under_core", s->nr_under_core);
	json_set_int(root, "cpus_online", s->nr_online);
	json_set_int(root, "cpus_wait_for_sipi", s->nr_wait_sipi);
	json_set_bool(root, "every_cpu_under_core", s->nr_cpus && s->nr_under_core == s->nr_cpus);
	json_set_int(root, "nesting_depth", s->nesting_depth);
	json_set_int(root, "pals", s->nr_pals);
	json_set_int(root, "pal_pages", s->nr_pal_pages);
	json_set_int(root, "pool_pages", s->pool_pages);
	json_set_int(root, "pool_free", s->pool_free);
	json_set_int(root, "ept_pages", s->ept_pages);
	json_set_int(root, "hidden_pages", s->hidden_pages);
	json_set_int(root, "hidden_writes", s->hidden_writes);
	json_set_int(root, "scratch_used", s->scratch_used);
	json_set_int(root, "longest_root_ticks", s->longest_root);
	json_set_int(root, "longest_root_reason", s->longest_reason);
	json_set_text(root, "longest_root_reason_name", exit_reason_name(s->longest_reason));
	json_set_int(root, "tsc_khz", s->tsc_khz);
	json_set_bool(root, "fatal_record", s->fatal);
	json_set_bool(root, "locked", s->lock);
	json_set_bool(root, "debug", s->debug);
	json_set_text(root, "root_secret", root_name(s->root_kind));
	json_set_bool(root, "quote_key_certified", certified);
	list = json_object_new_array();
	for (i = 0; i < sizeof(not_covered) / sizeof(not_covered[0]); i++)
		json_object_array_add(list, json_object_new_string(not_covered[i]));
	json_object_object_add(root, "not_covered", list);
	print_json(root);
}

static void as_text(const struct underpin_status *s, bool certified)
{
	char build[41];
	size_t i;

	if (s->nr_cpus && s->nr_under_core == s->nr_cpus)
		printf("every CPU runs under the core: %u of %u", s->nr_under_core, s->nr_cpus);
	else
		printf("NOT every CPU runs under the core: %u of %u", s->nr_under_core, s->nr_cpus);
	printf(" (%u online in Linux, %u waiting for a SIPI)\n", s->nr_online, s->nr_wait_sipi);
	printf("core         version %u.%u.%u, build %s\n", s->version >> 16, s->version >> 8 & 0xff,
	       s->version & 0xff, hex_text(s->build_id, sizeof(s->build_id), build));
	printf("depth        %u%s\n", s->nesting_depth, s->nesting_depth ? " (under another Underpin)" : "");
	printf("PALs         %u, with %u pages\n", s->nr_pals, s->nr_pal_pages);
	printf("memory       pool of %u pages (%u KiB), %u free; %u pages of EPT\n", s->pool_pages,
	       s->pool_pages * 4, s->pool_free, s->ept_pages);
	printf("hidden       %u pages read as zeros; %u writes to them changed nothing; %u scratch pages used\n",
	       s->hidden_pages, s->hidden_writes, s->scratch_used);
	printf("longest stay in root: %llu ticks (%.1f us), in an exit by %s\n",
	       (unsigned long long)s->longest_root, microseconds(s->longest_root, s->tsc_khz),
	       exit_reason_name(s->longest_reason));
	printf("unload       %s\n", s->lock ? "refused until reboot (lock=1)" :
	       s->nr_pals ? "refused while PALs are open" : "possible (modprobe -r underpin)");
	printf("root secret  %s%s\n", root_name(s->root_kind), root_meaning(s->root_kind));
	printf("quote key    %s\n", certified ? "certified by the TPM (underpin verify --tpm-ak)" :
	       "self-asserted: no TPM vouches for it (root_secret=tpm does)");
	if (s->debug)
		puts("DEBUG        debug hypercalls are allowed: for tests, not for secrets");
	if (s->fatal)
		puts("FATAL        the core has met an error of its own: run 'underpin decode', and report it");
	puts("not covered:");
	for (i = 0; i < sizeof(not_covered) / sizeof(not_covered[0]); i++)
		printf("  - %s\n", not_covered[i]);
}

int cmd_status(int argc, char **argv)
{
	struct underpin_status status;
	int device, ret;
	struct underpin_certificate certificate;
	bool json, certified;

	if (!only_json_option("status", argc, argv, &json, &ret))
		return ret;
	device = open_and_get_status(&status);
	if (device < 0)
		return STATUS_FAILED;
	certified = !underpin_get_certificate(device, &certificate);
	close(device);
	if (json)
		as_json(&status, certified);
	else
		as_text(&status, certified);
	/* A script can rely on it: 0 means that nothing is outside. */
	return status.nr_cpus && status.nr_under_core == status.nr_cpus ? STATUS_OK : STATUS_FAILED;
}
