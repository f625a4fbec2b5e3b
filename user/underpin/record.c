// SPDX-License-Identifier: GPL-2.0
/*
 * Finds a fatal record in whatever one has: the raw bytes (debugfs, a memory
 * dump), or a hex dump in a console log as Linux's print_hex_dump() writes it:
 *
 *	[  12.345678] underpin: fatal: 00000000: 4e495052444e5543 0000000e00000001 ...
 *
 * with any text before the offset, groups of 1, 2, 4 or 8 bytes (as numbers of
 * this byte order, or for xxd's groups of 2 in the order of memory); or the
 * lines in words that module/fatal.c prints ("underpin: core: RIP 0x...").
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

/*
 * module/fatal.c: print_record(). What those lines leave out stays 0. The last
 * record of the log counts.
 */
static bool from_words(const char *text, struct core_fatal *record)
{
	struct core_fatal r = { 0 };
	unsigned long long a[8];
	char build[41], answer[16];
	bool got_rip = false;
	const char *p;
	int i;

	for (p = text; (p = strstr(p, "core: ")); ) {
		p += strlen("core: ");
		if (sscanf(p, "RIP %llx RSP %llx RFLAGS %llx CR2 %llx build %40[0-9a-f]", &a[0], &a[1], &a[2],
			   &a[3], build) == 5) {
			r.rip = a[0], r.rsp = a[1], r.rflags = a[2], r.cr2 = a[3];
			for (i = 0; i < 20 && hex_digits(build + 2 * i) >= 2; i++)
				put_group(&r.build_id[i], build + 2 * i, 1, true);
			got_rip = true;
		} else if (sscanf(p, "exit reason %llx qualification %llx instruction error %llu; guest RIP %llx RSP %llx CR3 %llx physical %llx",
				  &a[0], &a[1], &a[2], &a[3], &a[4], &a[5], &a[6]) == 7) {
			r.exit_reason = a[0], r.exit_qualification = a[1], r.vm_instruction_error = a[2];
			r.guest_rip = a[3], r.guest_rsp = a[4], r.guest_cr3 = a[5], r.guest_physical = a[6];
		} else if (sscanf(p, "stack %16llx %16llx %16llx %16llx", &a[0], &a[1], &a[2], &a[3]) == 4) {
			for (i = 0; i < 4 && r.stack_words < CORE_FATAL_STACK; i++)
				r.stack[r.stack_words++] = a[i];
		} else if (sscanf(p, "rax %llx rcx %llx rdx %llx rbx %llx", &a[0], &a[1], &a[2], &a[3]) == 4) {
			memcpy(&r.gpr[0], a, 4 * sizeof(a[0]));
		} else if (sscanf(p, "rsp %llx rbp %llx rsi %llx rdi %llx", &a[0], &a[1], &a[2], &a[3]) == 4) {
			memcpy(&r.gpr[4], a, 4 * sizeof(a[0]));
		} else {	/* "TEXT; slot N, vector N, error code X, recovered" */
			size_t length = strcspn(p, ";\n");

			if (p[length] != ';' ||
			    sscanf(p + length, "; slot %llu, vector %llu, error code %llx, %15s", &a[0], &a[1], &a[2],
				   answer) != 4)
				continue;
			memset(&r, 0, sizeof(r));
			got_rip = false;
			if (length >= sizeof(r.text))
				length = sizeof(r.text) - 1;
			memcpy(r.text, p, length);
			r.cpu = (u32)a[0], r.vector = (u32)a[1], r.error_code = a[2];
			r.recovered = !strcmp(answer, "recovered");
		}
	}
	r.magic = CORE_IMAGE_MAGIC;
	*record = r;
	return got_rip;
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
	ok = from_bytes(data, size, record) || from_text(data, record, false) ||
	     from_text(data, record, true) || from_words(data, record);
	free(data);
	if (!ok && !size)
		complain("%s is empty: the core has met no fatal error", name);
	else if (!ok)
		complain("%s holds no fatal record: neither its bytes, nor lines of hex (\"00000000: 4e495052444e5543 ...\"), nor the module's words (\"underpin: core: RIP ...\")",
			 name);
	if (ok && record->stack_words > CORE_FATAL_STACK)
		record->stack_words = CORE_FATAL_STACK;
	record->text[sizeof(record->text) - 1] = '\0';
	return ok;
}
