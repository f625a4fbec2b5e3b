/* SPDX-License-Identifier: MIT */
/* Shared by the library's own files. */
#ifndef LIBUNDERPIN_INTERNAL_H
#define LIBUNDERPIN_INTERNAL_H

#ifdef _WIN32
#define INTERNAL
#define PRINTF gnu_printf
/* The stub calls by the System V convention and by Linux' numbers, in a Windows program too. */
#define STUB_ABI __attribute__((sysv_abi))
#else
#define INTERNAL __attribute__((visibility("hidden")))
#define PRINTF printf
#define STUB_ABI INTERNAL
#define underpin_errno_of_linux(error) (error)
#endif

/* Remember the text, set errno, answer -1. */
INTERNAL int underpin_fail(int error, const char *fmt, ...) __attribute__((format(PRINTF, 2, 3)));

/* A PAL of this id is another than before. */
INTERNAL void underpin_forget_ocall(unsigned int id);

#endif
