/* SPDX-License-Identifier: MIT */
/* TAP for the hosted tests of underpin-vm: each has its own program. */
#ifndef UNDERPIN_VM_TAP_H
#define UNDERPIN_VM_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int tap_count, tap_failed;

static inline bool ok(bool good, const char *what)
{
	printf("%sok %u - %s\n", good ? "" : "not ", ++tap_count, what);
	tap_failed += !good;
	return good;
}

static inline void skip(const char *what, const char *why)
{
	printf("ok %u - %s # SKIP %s\n", ++tap_count, what, why);
}

/* The reason that was given has to hold these words. */
static inline void says(const char *text, const char *words, const char *what)
{
	if (!ok(strstr(text, words), what))
		printf("# said: '%s', not: '%s'\n", text, words);
}

static inline int tap_done(void)
{
	printf("1..%u\n", tap_count);
	return tap_failed != 0;
}

/* A whole file, or NULL. */
static inline unsigned char *slurp(const char *name, size_t *size)
{
	FILE *f = name ? fopen(name, "rb") : NULL;
	unsigned char *data = NULL;

	if (f && !fseek(f, 0, SEEK_END)) {
		*size = (size_t)ftell(f);
		rewind(f);
		data = malloc(*size);
		if (data && fread(data, 1, *size, f) != *size) {
			free(data);
			data = NULL;
		}
	}
	if (f)
		fclose(f);
	return data;
}

#endif
