// SPDX-License-Identifier: GPL-2.0
/* tv-edges: what TrustVisor's calls refuse, and what they take that Underpin's own do not have. Prints TAP. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <underpin.h>
#ifndef _WIN32
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

#include "pal.h"

typedef PAL_ABI word (*answer_function)(word, word *);

static int run, failed;
static const struct tv_pal_params two = { 2, { { TV_PAL_PM_INTEGER, 1 }, { TV_PAL_PM_POINTER, 1 } } };
static char *spare;	/* pages of nobody's, at a page's begin */

static void check(bool good, const char *what)
{
	run++;
	failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", run, what);
	if (!good)
		printf("# %s\n", underpin_last_error());
	fflush(stdout);
}

/* A registration that has to fail, with words about it. */
static void refused(const struct tv_pal_sections *sections, const struct tv_pal_params *params, const char *words, const char *what)
{
	void *entry = (char *)(uintptr_t)sections->sections[0].start_addr + 1;	/* of no PAL that there is */
	int ret = tv_pal_register(sections, params, entry);

	check(ret == 1 && strstr(underpin_last_error(), words), what);
	if (!ret)
		tv_pal_unregister(entry);
}

static void malformed(const struct demo_pal *pal)
{
	struct tv_pal_sections s = { 0 };
	struct tv_pal_params p = two;

	s.num_sections = 1;
	s.sections[0] = (struct tv_pal_section){ TV_PAL_SECTION_SHARED_CODE, 1, (uintptr_t)spare };
	refused(&s, &two, "SHARED_CODE", "SHARED_CODE is refused, in words");
	s.sections[0].type = 9;
	refused(&s, &two, "none of the types", "a type that there is not");
	s.sections[0] = (struct tv_pal_section){ TV_PAL_SECTION_STACK, 1, (uintptr_t)spare + 1 };
	refused(&s, &two, "begin and end at a page", "a section that does not begin at a page");
	s.sections[0] = (struct tv_pal_section){ TV_PAL_SECTION_STACK, 0, (uintptr_t)spare };
	refused(&s, &two, "begin and end at a page", "an empty one");
	s.sections[0] = (struct tv_pal_section){ TV_PAL_SECTION_STACK, 1, (uintptr_t)spare };
	refused(&s, &two, "does not accept", "a PAL without code");
	s.num_sections = 11;
	refused(&s, &two, "1 to 10 sections", "eleven sections");
	s.num_sections = 0;
	refused(&s, &two, "1 to 10 sections", "none");
	p.num_params = 11;
	refused(&pal->sections, &p, "10 parameters", "eleven parameters");
	p = two;
	p.params[0].type = 3;
	refused(&pal->sections, &p, "neither INTEGER nor POINTER", "a parameter of no type");
	p = two;
	p.params[1].size = ~0ull;
	refused(&pal->sections, &p, "does not accept", "a POINTER of more words than there is memory");
}

static void pointers(void)
{
	static const struct tv_pal_params walks = { 10, {
		{ TV_PAL_PM_INTEGER, 0 }, { TV_PAL_PM_POINTER, 0 }, { TV_PAL_PM_INTEGER, 0 }, { TV_PAL_PM_POINTER, 0 },
		{ TV_PAL_PM_INTEGER, 0 }, { TV_PAL_PM_POINTER, 0 }, { TV_PAL_PM_INTEGER, 0 }, { TV_PAL_PM_POINTER, 0 },
		{ TV_PAL_PM_INTEGER, 0 }, { TV_PAL_PM_POINTER, 0 } } };
	typedef PAL_ABI word (*walk_function)(word, word *, word, word *, word, word *, word, word *, word, word *);
	struct demo_pal pal;
	word n = 5;

	demo_register(&pal, (const void *)walk, &walks, false);
	check(((walk_function)pal.entry)(inside_flag(), &n, 0, NULL, 0, &n, 0, &n, 0, (word *)1) == 0 && n == 5,
	      "POINTERs of no words are not looked at");
	demo_unregister(&pal, false);
}

static void several(void)
{
	struct demo_pal a, b;
	word na = 1, nb = 10;

	demo_register(&a, (const void *)answer, &two, false);
	check(tv_pal_register(&a.sections, &two, a.entry) == 1 && strstr(underpin_last_error(), "already"), "registered twice: refused");
	demo_register(&b, (const void *)answer, &two, true);
	check(((answer_function)a.entry)(1 | inside_flag(), &na) == 2 && ((answer_function)b.entry)(1 | inside_flag(), &nb) == 11 &&
	      na == 2 && nb == 11, "two PALs at once, by both ways");
	demo_unregister(&a, true);
	check(((answer_function)b.entry)(1 | inside_flag(), &nb) == 12, "one ends, by the other way; the other goes on");
	check(tv_pal_unregister(a.entry) == 1 && strstr(underpin_last_error(), "no PAL"), "it cannot end twice");
	demo_unregister(&b, false);
}

static void more_sections(void)
{
	struct tv_pal_sections s;
	struct demo_pal pal;

	demo_register(&pal, (const void *)answer, &two, false);
	tv_pal_unregister(pal.entry);
	s = pal.sections;
	/* Code is zeros or what it was, and not called here: the place counts. */
	tv_pal_sections_add(&s, TV_PAL_SECTION_STACK, spare, 4096);
	tv_pal_sections_add(&s, TV_PAL_SECTION_PARAM, spare + 4096, 4096);
	check(!tv_pal_register(&s, &two, pal.entry), "of two STACKs and two PARAMs the first count");
	check(!tv_pal_unregister(pal.entry), "and it ends");
	tv_pal_sections_init(&s, 1, 4097);
	check(s.num_sections == 2 && s.sections[0].type == TV_PAL_SECTION_PARAM && s.sections[0].page_num == 1 &&
	      s.sections[1].type == TV_PAL_SECTION_STACK && s.sections[1].page_num == 2 && s.sections[1].start_addr % 4096 == 0 &&
	      s.sections[1].start_addr, "tv_pal_sections_init() has whole pages for parameters and stack");
}

static void numbers(void)
{
	static const int inside_only[] = { 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 21, 22, 23 };
	unsigned int i;

	for (i = 0; i < sizeof(inside_only) / sizeof(inside_only[0]); i++)
		if (vmcall((uintptr_t)inside_only[i], 0, 0, 0, 0) != 1)
			break;
	check(i == sizeof(inside_only) / sizeof(inside_only[0]), "uTPM and NVRAM outside of a PAL answer 1");
	check(vmcall(TV_HC_SHARE, 0, 0, 0, 1) == 1 && tv_pal_share(NULL, NULL, NULL, 0) == 1, "memory cannot be lent");
	errno = 77;
	check(!vmcall(TV_HC_TEST, 1, 2, 3, 4) && errno == 77, "a VMCALL leaves errno alone");
	check(!tv_test(), "tv_test()");
	check(tv_call(14, 0, 0, 0, 0) == (uintptr_t)-1, "a number that is not TrustVisor's");
#ifndef _WIN32
	if (!no_core) {
		int status = 0;
		pid_t pid = fork();

		if (!pid) {
			vmcall(14, 0, 0, 0, 0);
			_exit(0);
		}
		check(pid > 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGILL,
		      "its VMCALL is an invalid instruction");
	}
#endif
}

#ifndef _WIN32
/* TrustVisor's machine did not survive a program that ended so. */
static void left_over(void)
{
	pid_t pid = fork();
	int status = 0;

	if (!pid) {
		struct demo_pal pal;
		word n = 4;

		demo_register(&pal, (const void *)answer, &two, true);
		_exit(((answer_function)pal.entry)(3 | inside_flag(), &n) == 7 ? 0 : 1);
	}
	check(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0, "a process ends without UNREG");
}
#else
static void left_over(void)
{
}
#endif

int main(void)
{
	struct tv_pal_sections pages;
	struct demo_pal pal;

	if (!core_answers())
		return 1;
	tv_pal_sections_init(&pages, 4096, 4 * 4096);
	spare = (char *)(uintptr_t)pages.sections[1].start_addr;
	numbers();
	demo_register(&pal, (const void *)answer, &two, false);
	malformed(&pal);
	demo_unregister(&pal, false);
	pointers();
	several();
	more_sections();
	left_over();
	printf("1..%d\n", run);
	return failed ? 1 : 0;
}
