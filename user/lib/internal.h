/* SPDX-License-Identifier: MIT */
/* Shared by the library's own files. */
#ifndef LIBUNDERPIN_INTERNAL_H
#define LIBUNDERPIN_INTERNAL_H

/* Remember the text, set errno, answer -1. */
int underpin_fail(int error, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), visibility("hidden")));

/* A PAL of this id is another than before. */
void underpin_forget_ocall(unsigned int id) __attribute__((visibility("hidden")));

#endif
