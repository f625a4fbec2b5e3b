// SPDX-License-Identifier: GPL-2.0
/* Pages, copying, registering: see pal.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <underpin.h>
#ifdef _WIN32
#include <windows.h>
#else
#include <sys/mman.h>
#endif

#include "pal.h"

#define PAGE 4096

bool no_core;

/* The linker's, around section palcode. */
#ifdef _WIN32
extern char code_start[] __asm__("__start_palcode"), code_end[] __asm__("__stop_palcode");
#else
extern char code_start[] __asm__("__start_palcode") __attribute__((visibility("hidden")));
extern char code_end[] __asm__("__stop_palcode") __attribute__((visibility("hidden")));
#endif

static void give_up(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, underpin_last_error());
	exit(1);
}

bool core_answers(void)
{
	const char *without = getenv("TV_NO_CORE");
	uint32_t ebx, ecx;

	no_core = without && *without == '1';
	if (no_core || trustvisor_cpuid(&ebx, &ecx) == 0x7a767274)
		return true;
	fprintf(stderr, "Nobody answers to TrustVisor's CPUID leaf: load Underpin (modprobe underpin)\n");
	return false;
}

#ifdef _WIN32
static char *map(size_t size)
{
	return VirtualAlloc(NULL, size, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE);
}

static void unmap(char *pages, size_t size)
{
	(void)size;
	VirtualFree(pages, 0, MEM_RELEASE);
}
#else
static char *map(size_t size)
{
	char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

static void unmap(char *pages, size_t size)
{
	munmap(pages, size);
}
#endif

static void demo_map(struct demo_pal *pal)
{
	static const int types[] = { TV_PAL_SECTION_CODE, TV_PAL_SECTION_DATA, TV_PAL_SECTION_STACK, TV_PAL_SECTION_PARAM };

	memset(pal, 0, sizeof(*pal));
	pal->pages = map(4 * PAGE);
	if (!pal->pages) {
		perror("no memory for a PAL");
		exit(1);
	}
	for (int i = 0; i < 4; i++)
		tv_pal_sections_add(&pal->sections, types[i], pal->pages + i * PAGE, PAGE);
	/* As TrustVisor wants it, and Underpin does not mind. */
	if (tv_lock_range(pal->pages, 4 * PAGE))
		perror("locking the pages of a PAL");
}

void demo_register(struct demo_pal *pal, const void *function, const struct tv_pal_params *params, bool by_vmcall)
{
	uintptr_t failed;

	if (code_end - code_start > PAGE)
		give_up("the code is more than a page");
	demo_map(pal);
	memcpy(pal->pages, code_start, (size_t)(code_end - code_start));
	pal->entry = pal->pages + ((const char *)function - code_start);
	failed = by_vmcall ? vmcall(TV_HC_REG, (uintptr_t)&pal->sections, 0, (uintptr_t)params, (uintptr_t)pal->entry) :
		(uintptr_t)tv_pal_register(&pal->sections, params, pal->entry);
	if (failed)
		give_up("cannot register a PAL");
}

void demo_unregister(struct demo_pal *pal, bool by_vmcall)
{
	if (by_vmcall ? vmcall(TV_HC_UNREG, (uintptr_t)pal->entry, 0, 0, 0) : (uintptr_t)tv_pal_unregister(pal->entry))
		give_up("cannot unregister a PAL");
	for (int i = 0; i < PAGE; i++)
		if (!no_core && pal->pages[i])
			give_up("the code of an ended PAL is not zeros");
	tv_unlock_range(pal->pages, 4 * PAGE);
	unmap(pal->pages, 4 * PAGE);
}
