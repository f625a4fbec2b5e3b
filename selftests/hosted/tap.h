/* SPDX-License-Identifier: GPL-2.0 */
/*
 * TAP for hosted tests. A name says what is promised:
 *
 *	ok(frame_take(5, FRAME_CORE, 0) == 0, "the core can take a frame of Linux's");
 *	return tap_finish();
 *
 * check() is for the inside of loops: it is silent, and fails the test (with
 * file and line) at once, since what follows would only be noise.
 */
#ifndef HOSTED_TAP_H
#define HOSTED_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static int tap_run, tap_failed;

#define ok(condition, ...) tap_result(!!(condition), __FILE__, __LINE__, __VA_ARGS__)

__attribute__((format(printf, 4, 5), unused))
static bool tap_result(bool good, const char *file, int line, const char *name, ...)
{
	__builtin_va_list args;

	printf("%sok %d - ", good ? "" : "not ", ++tap_run);
	__builtin_va_start(args, name);
	vprintf(name, args);
	__builtin_va_end(args);
	printf("\n");
	if (!good) {
		printf("# at %s:%d\n", file, line);
		tap_failed++;
	}
	fflush(stdout);
	return good;
}

__attribute__((unused))
static void tap_skip(const char *name, const char *why)
{
	printf("ok %d - %s # SKIP %s\n", ++tap_run, name, why);
}

__attribute__((unused))
static int tap_finish(void)
{
	printf("1..%d\n", tap_run);
	return tap_failed ? 1 : 0;
}

#define check(condition, ...)                                                  \
	do {                                                                   \
		if (!(condition)) {                                            \
			printf("not ok %d - %s\n# at %s:%d:", tap_run + 1,    \
			       #condition, __FILE__, __LINE__);                \
			printf(" " __VA_ARGS__);                               \
			printf("\n");                                          \
			fflush(stdout);                                        \
			if (getenv("TAP_ABORT"))                               \
				abort();                                       \
			exit(1);                                               \
		}                                                              \
	} while (0)

#endif
