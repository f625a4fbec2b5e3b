/* SPDX-License-Identifier: GPL-2.0 */
/* TAP for the C programs of the machine tests. */
#ifndef UNDERPIN_MACHINE_TEST_H
#define UNDERPIN_MACHINE_TEST_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tests_run, tests_failed;
static void (*after_check)(void);

static inline bool check(bool ok, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static inline bool check(bool ok, const char *fmt, ...)
{
	int saved = errno;
	va_list args;

	tests_run++;
	tests_failed += !ok;
	printf("%sok %d - ", ok ? "" : "not ", tests_run);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	if (after_check)
		after_check();
	errno = saved;
	return ok;
}

static inline bool check_is(long found, long wanted, const char *name)
{
	if (check(found == wanted, "%s", name))
		return true;
	printf("# wanted %ld, found %ld (%#lx), errno %s\n", wanted, found, found, strerrorname_np(errno));
	fflush(stdout);
	return false;
}

static inline void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static inline void diag(const char *fmt, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

static inline int finish(void)
{
	printf("1..%d\n", tests_run);
	return tests_failed ? 1 : 0;
}

#endif
