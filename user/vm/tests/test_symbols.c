// SPDX-License-Identifier: MIT
/* Names by addresses of tests/symbols.S, with and without a slide; files that are no vmlinux, and broken ones. */
#include <unistd.h>

#include "../symbols.h"
#include "tap.h"

#define TEXT 0xffffffff81000000ull

static bool finds(const struct symbols *s, uint64_t address, const char *name, uint64_t expected)
{
	uint64_t offset = 0;
	const char *found = symbols_find(s, address, &offset);

	return name ? found && !strcmp(found, name) && offset == expected : !found;
}

static void refuses(const char *name, const char *words, const char *what)
{
	struct problem p = { "" };

	if (symbols_open(name, &p))
		ok(false, what);
	else
		says(p.text, words, what);
}

/* Any bytes of the file changed: refused, or read without harm. */
static void broken(const unsigned char *data, size_t size)
{
	char name[] = "/tmp/underpin-symbols-XXXXXX";
	int fd = mkstemp(name);
	unsigned char *copy = malloc(size);
	unsigned int i, j;

	srand(3);
	for (i = 0; fd >= 0 && copy && i < 2000; i++) {
		struct problem p = { "" };
		struct symbols *s;
		uint64_t offset;

		memcpy(copy, data, size);
		for (j = 0; j < 8; j++)	/* mostly the headers, at both ends */
			copy[rand() % 2 ? (size_t)rand() % 64 : size - 1 - (size_t)rand() % (size < 1500 ? size : 1500)] = (unsigned char)rand();
		if (pwrite(fd, copy, size, 0) != (ssize_t)size)
			break;
		s = symbols_open(name, &p);
		symbols_find(s, TEXT + 0x44, &offset);
		symbols_close(s);
		if (!s && !p.text[0])
			break;
	}
	ok(i == 2000, "broken files: each is read or refused with a reason");
	free(copy);
	unlink(name);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct problem p = { "" };
	struct symbols *s = argc > 1 ? symbols_open(argv[1], &p) : NULL;
	unsigned char *data;
	size_t size = 0;

	if (!ok(s, "a vmlinux with symbols"))
		return tap_done();
	ok(finds(s, TEXT, "startup", 0) && finds(s, TEXT + 0x1f, "startup", 0x1f), "from a function's first byte to its last");
	ok(finds(s, TEXT + 0x20, NULL, 0), "not behind it");
	ok(finds(s, TEXT + 0x44, "label", 4), "a label has no size, and goes on to the next");
	ok(finds(s, TEXT - 1, NULL, 0) && finds(s, 0, NULL, 0) && finds(s, ~0ull, NULL, 0), "before the first and after the last");
	ok(finds(s, TEXT + 0x1000, NULL, 0) && finds(NULL, TEXT, NULL, 0), "data is no code, and without symbols there is none");
	symbols_slide(s, "entry_SYSCALL_64", TEXT + 0x100 + 0x1a000000);
	ok(finds(s, TEXT + 0x1a000041, "label", 1) && finds(s, TEXT, NULL, 0), "a kernel that moved itself");
	symbols_slide(s, "entry_SYSCALL_64", TEXT + 0x123);
	ok(finds(s, TEXT, "startup", 0), "but none that would have moved by parts of a page");
	symbols_close(s);
	refuses("/nonexistent/vmlinux", "No such file", "a file that is not there");
	refuses("/etc/passwd", "not stripped", "a file that is no ELF file");
	data = slurp(argv[1], &size);
	if (data)
		broken(data, size);
	free(data);
	return tap_done();
}
