/* SPDX-License-Identifier: GPL-2.0 */
/* Functions, lines and call traces from the core's ELF file, by elfutils' libdw. */
#ifndef UNDERPIN_SYMBOLS_H
#define UNDERPIN_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record.h"

struct symbols;

/* NULL and *why (static text) if that is no ELF file with symbols. */
struct symbols *symbols_open(const char *path, const char **why);
void symbols_close(struct symbols *s);

/* Bytes that the ELF file has at an address; false where it has none. */
bool symbols_read(const struct symbols *s, uint64_t address, void *to, size_t size);

/* "function+0x12"; false outside of the core's code. */
bool symbols_name(const struct symbols *s, uint64_t address, char *text, size_t size);
/* "vmx/exit.c:123"; false if not known. */
bool symbols_line(const struct symbols *s, uint64_t address, char *text, size_t size);
/* Calls visit() for each function inlined at the address, innermost first, with where it was inlined. */
void symbols_inlined(const struct symbols *s, uint64_t address,
		     void (*visit)(void *data, const char *function, const char *file, int line), void *data);

/*
 * Call trace of a record from its registers and stack words, by the ELF's call
 * frame information. Addresses go to trace[]; the first is the faulting RIP,
 * the others are return addresses. The number of them.
 */
size_t symbols_unwind(const struct symbols *s, const struct core_fatal *record, uint64_t *trace, size_t room);

#endif
