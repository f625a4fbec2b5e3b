// SPDX-License-Identifier: MIT
/*
 * TrustVisor's registration and calls in terms of libunderpin's. What the process
 * says is checked by the module; here is only translated. tv_linux.c has what
 * needs the system.
 */
#define TV_NO_HANDLER
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <underpin.h>

#include "../lib/internal.h"
#include "tv_system.h"
#include "trustvisor.h"

/* TrustVisor knows a PAL by its entry point, Underpin by a file descriptor. */
struct registered {
	struct registered *next;
	const void *entry;
	int pal;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct registered *list;

static struct registered **find(const void *entry)
{
	struct registered **at = &list;

	while (*at && (*at)->entry != entry)
		at = &(*at)->next;
	return at;
}

static int refuse(const char *what)
{
	underpin_fail(EINVAL, "trustvisor.h: %s", what);
	return 1;
}

static int sections_of(const struct tv_pal_sections *from, struct underpin_section *to)
{
	static const __u32 types[] = {
		[TV_PAL_SECTION_CODE] = UNDERPIN_SECTION_CODE, [TV_PAL_SECTION_DATA] = UNDERPIN_SECTION_DATA,
		[TV_PAL_SECTION_PARAM] = UNDERPIN_SECTION_PARAM, [TV_PAL_SECTION_STACK] = UNDERPIN_SECTION_STACK,
	};
	int seen[sizeof(types) / sizeof(types[0])] = { 0 };
	uint32_t i;

	if (!from->num_sections || from->num_sections > TV_MAX_SECTIONS)
		return refuse("a PAL has 1 to 10 sections");
	for (i = 0; i < from->num_sections; i++) {
		uint32_t type = from->sections[i].type;

		if (type == TV_PAL_SECTION_SHARED_CODE)
			return refuse("SHARED_CODE cannot be: code of a PAL is not readable from outside. Make it CODE, and call its entry point");
		if (!type || type >= sizeof(types) / sizeof(types[0]))
			return refuse("a section has none of the types CODE, DATA, PARAM, STACK");
		/* The first of them counts; the PAL may use the others as it likes. */
		if (seen[type]++ && (type == TV_PAL_SECTION_PARAM || type == TV_PAL_SECTION_STACK))
			type = TV_PAL_SECTION_DATA;
		to[i] = (struct underpin_section){ .type = types[type], .addr = from->sections[i].start_addr,
						   .size = from->sections[i].page_num * 4096ull };
	}
	return 0;
}

static int params_of(const struct tv_pal_params *from, struct underpin_entry *to)
{
	uint32_t i;

	if (from->num_params > TV_MAX_PARAMS)
		return refuse("a PAL has at most 10 parameters");
	to->nr_params = from->num_params;
	for (i = 0; i < from->num_params; i++) {
		uint64_t words = from->params[i].size;

		if (from->params[i].type != TV_PAL_PM_INTEGER && from->params[i].type != TV_PAL_PM_POINTER)
			return refuse("a parameter is neither INTEGER nor POINTER");
		if (words > 65536 / sizeof(uintptr_t))
			words = 65536;	/* too large for any: the module says so */
		to->param[i] = from->params[i].type == TV_PAL_PM_POINTER && words ?
			(struct underpin_param){ UNDERPIN_PARAM_POINTER, UNDERPIN_PARAM_INOUT, 0, 0, words * sizeof(uintptr_t) } :
			(struct underpin_param){ .type = UNDERPIN_PARAM_INTEGER };
	}
	return 0;
}

static int register_locked(const struct underpin_pal_spec *spec, const void *entry)
{
	struct registered *r;
	int device;

	if (*find(entry))
		return refuse("this entry point is registered already: unregister it first");
	r = calloc(1, sizeof(*r));
	if (!r) {
		underpin_fail(ENOMEM, "trustvisor.h: out of memory");
		return 1;
	}
	device = underpin_open();
	if (device < 0) {
		free(r);
		return 1;
	}
	r->entry = entry;
	r->pal = underpin_pal_register(device, spec, NULL);
	tv_close(device);
	if (r->pal < 0) {
		free(r);
		return 1;
	}
	r->next = list;
	list = r;
	return 0;
}

int tv_pal_register(const struct tv_pal_sections *sections, const struct tv_pal_params *params, const void *entry)
{
	struct underpin_section to[TV_MAX_SECTIONS];
	struct underpin_entry e = { .addr = (uintptr_t)entry };
	const struct underpin_pal_spec spec = { .name = "trustvisor", .sections = to, .entries = &e, .nr_entries = 1,
						.nr_sections = sections ? sections->num_sections : 0 };
	int ret;

	if (!sections || !params)
		return refuse("sections or parameters are missing");
	if (sections_of(sections, to) || params_of(params, &e))
		return 1;
	pthread_mutex_lock(&lock);
	ret = register_locked(&spec, entry);
	pthread_mutex_unlock(&lock);
	return ret;
}

int tv_pal_unregister(void *entry)
{
	struct registered **at, *r;

	pthread_mutex_lock(&lock);
	at = find(entry);
	r = *at;
	if (r)
		*at = r->next;
	pthread_mutex_unlock(&lock);
	if (!r)
		return refuse("no PAL is registered with this entry point");
	underpin_pal_stop(r->pal);
	free(r);
	return 0;
}

int tv_pal_share(const void *entry, void **start, size_t *len, size_t count)
{
	(void)entry, (void)start, (void)len, (void)count;
	return refuse("memory cannot be lent to a PAL: pass it as a POINTER");
}

int tv_test(void)
{
	struct underpin_status status;
	int device = underpin_open(), ret;

	if (device < 0)
		return 1;
	ret = underpin_get_status(device, &status);
	tv_close(device);
	return ret || !status.nr_under_core;
}

uintptr_t tv_call(uintptr_t number, uintptr_t cx, uintptr_t dx, uintptr_t si, uintptr_t di)
{
	switch ((uint32_t)number) {
	case TV_HC_REG:
		return (uintptr_t)tv_pal_register((const void *)cx, (const void *)si, (const void *)di);
	case TV_HC_UNREG:
		return (uintptr_t)tv_pal_unregister((void *)cx);
	case TV_HC_SHARE:
		return (uintptr_t)tv_pal_share((const void *)cx, (void **)dx, (size_t *)si, di);
	case TV_HC_TEST:
		return (uintptr_t)tv_test();
	case TV_HC_UTPM_SEAL_DEPRECATED:
	case TV_HC_UTPM_UNSEAL_DEPRECATED:
	case TV_HC_UTPM_QUOTE_DEPRECATED:
	case TV_HC_UTPM_PCRREAD:
	case TV_HC_UTPM_PCREXT:
	case TV_HC_UTPM_GENRAND:
	case TV_HC_UTPM_SEAL:
	case TV_HC_UTPM_UNSEAL:
	case TV_HC_UTPM_QUOTE:
	case TV_HC_UTPM_ID_GETPUB:
	case TV_HC_TPMNVRAM_GETSIZE:
	case TV_HC_TPMNVRAM_READALL:
	case TV_HC_TPMNVRAM_WRITEALL:
		/* As TrustVisor does outside of a PAL. Inside, VMCALL is the core's. */
		return (uintptr_t)refuse("only a PAL can ask for that");
	default:
		return (uintptr_t)-1;
	}
}

static uint64_t pages(size_t size)
{
	return (size + 4095) / 4096;
}

void tv_pal_sections_init(struct tv_pal_sections *sections, size_t param_size, size_t stack_size)
{
	memset(sections, 0, sizeof(*sections));
	tv_pal_sections_add(sections, TV_PAL_SECTION_PARAM, tv_pages(pages(param_size)), pages(param_size) * 4096);
	tv_pal_sections_add(sections, TV_PAL_SECTION_STACK, tv_pages(pages(stack_size)), pages(stack_size) * 4096);
}

void tv_pal_sections_add(struct tv_pal_sections *sections, int type, void *start, size_t len)
{
	if (sections->num_sections < TV_MAX_SECTIONS)
		sections->sections[sections->num_sections] = (struct tv_pal_section){
			.type = (uint32_t)type, .page_num = (uint32_t)(len / 4096), .start_addr = (uintptr_t)start };
	sections->num_sections++;
}

void tv_pal_sections_print(struct tv_pal_sections *sections)
{
	static const char *const names[] = { "?", "CODE", "DATA", "PARAM", "STACK", "SHARED_CODE" };
	uint32_t i;

	for (i = 0; i < sections->num_sections && i < TV_MAX_SECTIONS; i++) {
		const struct tv_pal_section *s = &sections->sections[i];

		printf("section %u: %s at 0x%llx, %u pages\n", i,
		       names[s->type < sizeof(names) / sizeof(names[0]) ? s->type : 0],
		       (unsigned long long)s->start_addr, s->page_num);
	}
}

int tv_touch_range(void *start, size_t len, int do_write)
{
	volatile unsigned char *p = start;
	size_t i;

	for (i = 0; i < len; i += 4096) {
		unsigned char byte = p[i];

		if (do_write)
			p[i] = byte;
	}
	return 0;
}

void tv_lock_pal_sections(const struct tv_pal_sections *sections)
{
	uint32_t i;

	for (i = 0; i < sections->num_sections && i < TV_MAX_SECTIONS; i++)
		if (tv_lock_range((void *)(uintptr_t)sections->sections[i].start_addr, sections->sections[i].page_num * 4096ul))
			fprintf(stderr, "trustvisor.h: cannot lock section %u; Underpin pins it at the registration\n", i);
}

void tv_unlock_pal_sections(const struct tv_pal_sections *sections)
{
	uint32_t i;

	for (i = 0; i < sections->num_sections && i < TV_MAX_SECTIONS; i++)
		tv_unlock_range((void *)(uintptr_t)sections->sections[i].start_addr, sections->sections[i].page_num * 4096ul);
}
