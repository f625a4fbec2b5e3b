// SPDX-License-Identifier: GPL-2.0
/* tv-main A B: A + B by a function outside and then inside of a PAL, which counts B up, and tells where it is. */
#include <stdio.h>
#include <stdlib.h>

#include "pal.h"

typedef PAL_ABI word (*answer_function)(word, word *);
typedef PAL_ABI word (*where_function)(word *);

static int wrong(const char *what, word found)
{
	printf("wrong: %s: %#llx\n", what, (unsigned long long)found);
	return 1;
}

int main(int argc, char **argv)
{
	static const struct tv_pal_params two = { 2, { { TV_PAL_PM_INTEGER, 1 }, { TV_PAL_PM_POINTER, 1 } } };
	static const struct tv_pal_params one = { 1, { { TV_PAL_PM_POINTER, 1 } } };
	struct demo_pal pal;
	word a, b, outside, inside, found;

	if (argc != 3) {
		fprintf(stderr, "usage: %s A B\n", argv[0]);
		return 2;
	}
	if (!core_answers())
		return 1;
	a = (word)strtoul(argv[1], NULL, 0);
	b = outside = inside = (word)strtoul(argv[2], NULL, 0);
	found = answer(a, &outside);
	if (found != a + b || outside != b + 1)
		return wrong("outside", found);
	demo_register(&pal, (const void *)answer, &two, true);
	found = ((answer_function)pal.entry)(a | inside_flag(), &inside);
	if (found != a + b || inside != b + 1)
		return wrong("inside", found);
	/* The second of two calls has what the first left, and only there. */
	found = ((answer_function)pal.entry)(a | inside_flag(), &inside);
	if (found != a + b + 1 || inside != b + 2 || outside != b + 1)
		return wrong("inside, again", found);
	demo_unregister(&pal, true);
	demo_register(&pal, (const void *)where, &one, true);
	found = ((where_function)pal.entry)(&inside);
	if (!no_core && (found != 0x7a767274 || inside == 0xffffffff))
		return wrong("CPUID inside", inside);
	demo_unregister(&pal, true);
	printf("%llu + %llu = %llu, outside and inside\nTest pass\n", (unsigned long long)a, (unsigned long long)b,
	       (unsigned long long)(a + b));
	return 0;
}
