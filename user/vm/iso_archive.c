// SPDX-License-Identifier: GPL-2.0
/*
 * Reads an ISO by libarchive, which streams: one pass for the configurations and the
 * names, one for kernel and initrd. Names are compared without case (plain ISO 9660).
 */
#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "iso.h"

#define CONFIG_MAX (1 * MIB)
#define FILE_MAX GIB
#define BLOCK 65536

typedef bool (*visit_t)(void *context, struct archive *a, const char *path, int64_t size, struct problem *p);

/* Calls visit for each regular file; a damaged image ends it with a problem. */
static bool each_file(const char *name, visit_t visit, void *context, struct problem *p)
{
	struct archive *a = archive_read_new();
	struct archive_entry *entry;
	int status;
	bool ok;

	if (!a)
		return problem(p, "no memory");
	archive_read_support_format_iso9660(a);
	ok = archive_read_open_filename(a, name, BLOCK) == ARCHIVE_OK;
	while (ok && (status = archive_read_next_header(a, &entry)) != ARCHIVE_EOF) {
		const char *path = archive_entry_pathname(entry);

		ok = status >= ARCHIVE_WARN;
		if (ok && path && archive_entry_filetype(entry) == AE_IFREG)
			ok = visit(context, a, path, archive_entry_size(entry), p);
	}
	if (!ok)
		problem(p, "%s: cannot be read as an ISO image: %s; is it complete?", name,
			archive_error_string(a) ? archive_error_string(a) : "damaged");
	archive_read_free(a);
	return ok;
}

static uint8_t *read_data(struct archive *a, int64_t size, uint64_t max)
{
	uint8_t *data;

	if (size <= 0 || (uint64_t)size > max)
		return NULL;
	data = malloc((size_t)size);
	if (data && archive_read_data(a, data, (size_t)size) != size) {
		free(data);
		data = NULL;
	}
	return data;
}

struct survey {
	struct iso_boot best;
	unsigned int rank;
	unsigned int known[8];	/* bit 0: the kernel is there, bit 1: the initrd */
};
#define RANK_NONE 1000u

static bool look(void *context, struct archive *a, const char *path, int64_t size, struct problem *p)
{
	struct survey *s = context;
	struct iso_boot boot;
	unsigned int i;
	uint8_t *text;

	(void)p;
	for (i = 0; iso_known[i][0]; i++)
		s->known[i] |= (unsigned int)!strcasecmp(path, iso_known[i][0]) | (unsigned int)!strcasecmp(path, iso_known[i][1]) << 1;
	for (i = 0; iso_configs[i] && i < s->rank; i++) {
		if (strcasecmp(path, iso_configs[i]))
			continue;
		text = read_data(a, size, CONFIG_MAX);
		if (text && iso_parse_config((const char *)text, (size_t)size, &boot)) {
			s->best = boot;
			s->rank = i;
		}
		free(text);
		break;
	}
	return true;
}

static bool fetch(void *context, struct archive *a, const char *path, int64_t size, struct problem *p)
{
	struct iso_boot *boot = context;

	if (!boot->kernel_data && !strcasecmp(path, boot->kernel)) {
		boot->kernel_data = read_data(a, size, FILE_MAX);
		boot->kernel_size = (size_t)size;
		return boot->kernel_data || problem(p, "%s: cannot be read from the ISO image; is it complete?", path);
	}
	if (!boot->initrd_data && !strcasecmp(path, boot->initrd)) {
		boot->initrd_data = read_data(a, size, FILE_MAX);
		boot->initrd_size = (size_t)size;
		return boot->initrd_data || problem(p, "%s: cannot be read from the ISO image; is it complete?", path);
	}
	return true;
}

bool iso_find(const char *name, struct iso_boot *boot, struct problem *p)
{
	struct survey survey = { .rank = RANK_NONE };
	unsigned int i;
	bool ok;

	memset(boot, 0, sizeof(*boot));
	if (!each_file(name, look, &survey, p))
		return false;
	for (i = 0; survey.rank == RANK_NONE && iso_known[i][0]; i++)
		if (survey.known[i] == 3) {
			strcpy(survey.best.kernel, iso_known[i][0]);
			strcpy(survey.best.initrd, iso_known[i][1]);
			survey.rank = 100 + i;
		}
	if (survey.rank == RANK_NONE)
		return problem(p, "%s: no kernel with an initrd found on it: extract them and give --kernel and --initrd", name);
	*boot = survey.best;
	boot->kernel_data = boot->initrd_data = NULL;
	ok = each_file(name, fetch, boot, p);
	if (ok && (!boot->kernel_data || !boot->initrd_data))
		ok = problem(p, "%s: its boot configuration names %s, which is not on it", name,
			     boot->kernel_data ? boot->initrd : boot->kernel);
	if (!ok) {
		free(boot->kernel_data);
		free(boot->initrd_data);
	}
	return ok;
}
