// SPDX-License-Identifier: GPL-2.0
/*
 * Finds a fatal record in whatever one has: the raw bytes (debugfs, a memory
 * dump), or a hex dump in a console log as Linux's print_hex_dump() writes it:
 *
 *	[  12.345678] underpin: fatal: 00000000: 4e495052444e5543 0000000e00000001 ...
 *
 * with any text before the offset, groups of 1, 2, 4 or 8 bytes (as numbers of
 * this byte order, or for xxd's groups of 2 in the order of memory).
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "record.h"

#define DEBUGFS_RECORD "/sys/kernel/debug/underpin/fatal"
#define MAX_INPUT (64u << 20)

static char *read_all(FILE *file, size_t *size)
{
	size_t room = 65536, got;
	char *data = malloc(room), *more;

	*size = 0;
	while (data && (got = fread(data + *size, 1, room - *size - 1, file)) > 0) {
		*size += got;
		if (*size < room - 1)
			continue;
		if (room > MAX_INPUT)
			break;
		room *= 2;
		more = realloc(data, room);
		if (!more)
			free(data);
		data = more;
	}
	if (data)
		data[*size] = '\0';
	return data;
}

static size_t hex_digits(const char *p)
{
	size_t n = 0;

	while (isxdigit((unsigned char)p[n]))
		n++;
	return n;
}

/* One group of 2 * n digits into n bytes. */
static void put_group(unsigned char *to, const char *digits, size_t n, bool memory_order)
{
	char two[3] = "";
	size_t i;

	for (i = 0; i < n; i++) {
		memcpy(two, digits + 2 * i, 2);
		to[memory_order ? i : n - 1 - i] = (unsigned char)strtoul(two, NULL, 16);
	}
}

/* "OFFSET: GROUP GROUP..." at p: the number of bytes put into the image. */
static size_t take_line(const char *p, unsigned char *image, size_t size, bool memory_order)
{
	size_t digits = hex_digits(p), width, at, start;

	if (digits < 4 || digits > 16 || p[digits] != ':')
		return 0;
	start = at = strtoull(p, NULL, 16);
	p += digits + 1;
	for (width = 0;; at += width / 2) {
		if (p[0] != ' ' || (width && p[1] == ' '))	/* two spaces: the text column */
			break;
		p++;
		digits = hex_digits(p);
		if (!width && (digits == 2 || digits == 4 || digits == 8 || digits == 16))
			width = digits;
		if (!width || digits != width || at > size || size - at < width / 2)
			break;
		put_group(image + at, p, width / 2, memory_order);
		p += digits;
	}
	return at - start;
}

static bool from_text(const char *text, struct core_fatal *record, bool memory_order)
{
	unsigned char image[sizeof(*record) + 64];
	size_t got = 0, n;
	const char *p;

	memset(image, 0, sizeof(image));
	for (p = text; *p; p++) {
		/* An offset begins a word. */
		if (!isxdigit((unsigned char)*p) || (p > text && !isspace((unsigned char)p[-1])))
			continue;
		n = take_line(p, image, sizeof(image), memory_order);
		if (!n)
			continue;
		got += n;
		p += strcspn(p, "\n");
		if (!*p)
			break;
	}
	memcpy(record, image, sizeof(*record));
	return got >= offsetof(struct core_fatal, stack) && record->magic == CORE_IMAGE_MAGIC;
}

static bool from_bytes(const char *data, size_t size, struct core_fatal *record)
{
	const uint64_t magic = CORE_IMAGE_MAGIC;
	const char *at = data;

	while (size >= sizeof(*record) &&
	       (at = memmem(at, size - (size_t)(at - data), &magic, sizeof(magic)))) {
		if (size - (size_t)(at - data) < sizeof(*record))
			return false;
		memcpy(record, at, sizeof(*record));
		/* The image's header begins with the same magic; a record's other fields are in bounds. */
		if (record->cpu < CORE_MAX_CPUS && record->stack_words <= CORE_FATAL_STACK)
			return true;
		at++;
	}
	return false;
}

bool record_read(const char *name, struct core_fatal *record)
{
	FILE *file = stdin;
	size_t size;
	char *data;
	bool ok;

	if (!name)
		name = DEBUGFS_RECORD;
	if (strcmp(name, "-"))
		file = fopen(name, "re");
	if (!file) {
		if (!strcmp(name, DEBUGFS_RECORD))
			complain("cannot read %s (%s): run as root with the module loaded and debugfs mounted, or name a file with the record",
				 name, strerror(errno));
		else
			complain("cannot read %s: %s", name, strerror(errno));
		return false;
	}
	data = read_all(file, &size);
	if (file != stdin)
		fclose(file);
	if (!data) {
		complain("out of memory");
		return false;
	}
	ok = from_bytes(data, size, record) || from_text(data, record, false) || from_text(data, record, true);
	free(data);
	if (!ok && !size)
		complain("%s is empty: the core has met no fatal error", name);
	else if (!ok)
		complain("%s holds no fatal record: neither its bytes nor its lines of hex (\"00000000: 4e495052444e5543 ...\")",
			 name);
	if (ok && record->stack_words > CORE_FATAL_STACK)
		record->stack_words = CORE_FATAL_STACK;
	record->text[sizeof(record->text) - 1] = '\0';
	return ok;
}
