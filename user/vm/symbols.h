/* SPDX-License-Identifier: GPL-2.0 */
/* Names for addresses of code in the guest's kernel: symbols.c; dump.c asks. */
#ifndef UNDERPIN_VM_SYMBOLS_H
#define UNDERPIN_VM_SYMBOLS_H

#include "vm.h"

struct symbols;

/* The functions of a vmlinux; NULL: not one, and p says why. */
struct symbols *symbols_open(const char *file, struct problem *p);
void symbols_close(struct symbols *symbols);
/* The function that has this address, and how far in; NULL: none (also for symbols == NULL). */
const char *symbols_find(const struct symbols *symbols, uint64_t address, uint64_t *offset);
/* The symbol of this name is at this address in truth: all others moved with it, by whole pages. */
void symbols_slide(struct symbols *symbols, const char *name, uint64_t address);

#endif
