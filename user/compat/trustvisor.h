/* SPDX-License-Identifier: MIT */
/*
 * TrustVisor's interface for programs with PALs, over libunderpin: its numbers,
 * structures and calls by its names (docs/callers.md 2 has what differs). Link with
 * -lunderpin-trustvisor -lunderpin. A program that makes the VMCALL itself needs no change:
 * Underpin answers #UD, and the handler that this header brings along does the call
 * (#define TV_NO_HANDLER before including it to do without).
 *
 * Calls answer 0, or 1; underpin_last_error() then says what is wrong.
 */
#ifndef TRUSTVISOR_H
#define TRUSTVISOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
	TV_HC_REG = 1,
	TV_HC_UNREG = 2,
	TV_HC_UTPM_SEAL_DEPRECATED = 3,
	TV_HC_UTPM_UNSEAL_DEPRECATED = 4,
	TV_HC_UTPM_QUOTE_DEPRECATED = 5,
	TV_HC_SHARE = 6,
	TV_HC_UTPM_PCRREAD = 7,
	TV_HC_UTPM_PCREXT = 8,
	TV_HC_UTPM_GENRAND = 9,
	TV_HC_UTPM_SEAL = 10,
	TV_HC_UTPM_UNSEAL = 11,
	TV_HC_UTPM_QUOTE = 12,
	TV_HC_UTPM_ID_GETPUB = 13,
	TV_HC_TPMNVRAM_GETSIZE = 21,
	TV_HC_TPMNVRAM_READALL = 22,
	TV_HC_TPMNVRAM_WRITEALL = 23,
	TV_HC_TEST = 255,
};

enum tv_pal_section_type {
	TV_PAL_SECTION_CODE = 1,
	TV_PAL_SECTION_DATA = 2,
	TV_PAL_SECTION_PARAM = 3,
	TV_PAL_SECTION_STACK = 4,
	TV_PAL_SECTION_SHARED_CODE = 5,
};

#define TV_MAX_SECTIONS 10
#define TV_MAX_PARAMS 10

/* The same bytes in 32-bit and 64-bit programs. */
struct tv_pal_section {
	uint32_t type;		/* enum tv_pal_section_type */
	uint32_t page_num;	/* pages of 4096 bytes */
	uint64_t start_addr __attribute__((aligned(8)));
};

struct tv_pal_sections {
	uint32_t num_sections;
	struct tv_pal_section sections[TV_MAX_SECTIONS] __attribute__((aligned(8)));
};

enum tv_pal_param_type {
	TV_PAL_PM_INTEGER = 1,
	TV_PAL_PM_POINTER = 2,
};

struct tv_pal_param {
	uint32_t type;		/* enum tv_pal_param_type */
	uint64_t size __attribute__((aligned(8)));	/* of a POINTER: words of the caller (4 or 8 bytes); in and out */
};

struct tv_pal_params {
	uint32_t num_params;
	struct tv_pal_param params[TV_MAX_PARAMS] __attribute__((aligned(8)));
};

/*
 * From then on a call of entry, in the System V convention, runs inside of the PAL. The pages must be the
 * process' own (malloc, mmap, VirtualAlloc); they get the rights of their sections. The PAL ends by
 * tv_pal_unregister(), or with the process; its pages are zeros then.
 */
int tv_pal_register(const struct tv_pal_sections *sections, const struct tv_pal_params *params, const void *entry);
int tv_pal_unregister(void *entry);
/* Always 1: memory cannot be lent to a PAL yet. */
int tv_pal_share(const void *entry, void **start, size_t *len, size_t count);
/* 0: the core is there. */
int tv_test(void);

/* An empty list with pages for parameters and stack; sizes are rounded up to pages. NULL pages: no memory. */
void tv_pal_sections_init(struct tv_pal_sections *sections, size_t param_size, size_t stack_size);
/* len: a multiple of 4096. An eleventh section is left out, and the registration refused. */
void tv_pal_sections_add(struct tv_pal_sections *sections, int type, void *start, size_t len);
void tv_pal_sections_print(struct tv_pal_sections *sections);

/* Underpin pins pages itself: these are for programs that did it for TrustVisor. 0, or another number. */
int tv_lock_range(void *start, size_t len);
int tv_unlock_range(void *start, size_t len);
int tv_touch_range(void *start, size_t len, int do_write);
void tv_lock_pal_sections(const struct tv_pal_sections *sections);
void tv_unlock_pal_sections(const struct tv_pal_sections *sections);

/* What VMCALL did with these in EAX, ECX, EDX, ESI and EDI; (uintptr_t)-1: no number of TrustVisor's. */
uintptr_t tv_call(uintptr_t number, uintptr_t cx, uintptr_t dx, uintptr_t si, uintptr_t di);

/* Whoever makes a VMCALL of TrustVisor's gets its answer by tv_call(); all others what they got before. Once is enough. */
void tv_handle_vmcall(void);

#ifndef TV_NO_HANDLER
static __attribute__((constructor, used)) void tv_begin(void)
{
	tv_handle_vmcall();
}
#endif

#ifdef __cplusplus
}
#endif

#endif
