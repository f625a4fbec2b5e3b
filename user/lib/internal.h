/* SPDX-License-Identifier: MIT */
/* Shared by the library's own files. */
#ifndef LIBUNDERPIN_INTERNAL_H
#define LIBUNDERPIN_INTERNAL_H

#ifdef _WIN32
#define INTERNAL __attribute__((format(gnu_printf, 2, 3)))
#else
#define INTERNAL __attribute__((format(printf, 2, 3), visibility("hidden")))
#endif

/* Remember the text, set errno, answer -1. */
int underpin_fail(int error, const char *fmt, ...) INTERNAL;

/* A PAL of this id is another than before. */
void underpin_forget_ocall(unsigned int id) __attribute__((visibility("hidden")));

#endif
