// SPDX-License-Identifier: GPL-2.0
/*
 * tv-args KINDS ROUNDS SEED: the same random arguments to a function outside and
 * inside of a PAL; answers and memory must be the same. KINDS is a sum of 1 (ten integers),
 * 2 (ten pointers to a word, between words that nothing may change), 4 (five counts with pointers to as many words,
 * a new PAL each round).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pal.h"

#define TEN(p) (p)[0], (p)[1], (p)[2], (p)[3], (p)[4], (p)[5], (p)[6], (p)[7], (p)[8], (p)[9]
typedef PAL_ABI word (*weigh_function)(word, word, word, word, word, word, word, word, word, word);
typedef PAL_ABI word (*count_function)(word *, word *, word *, word *, word *, word *, word *, word *, word *, word *);
typedef PAL_ABI word (*walk_function)(word, word *, word, word *, word, word *, word, word *, word, word *);

static unsigned int failed;

/* RAND_MAX is 0x7fff somewhere. */
static word random_word(void)
{
	word w = 0;

	for (unsigned int i = 0; i < sizeof(w); i++)
		w = w << 8 | ((rand() >> 4) & 0xff);
	return w;
}

static void compare(const char *what, word outside, word inside, const word *a, const word *b, size_t words)
{
	size_t i;

	for (i = 0; i < words && a[i] == b[i]; i++)
		;
	if (outside == inside && i == words)
		return;
	failed++;
	printf("%s: outside %#llx, inside %#llx", what, (unsigned long long)outside, (unsigned long long)inside);
	if (i < words)
		printf("; word %u is %#llx outside, %#llx inside", (unsigned int)i, (unsigned long long)a[i], (unsigned long long)b[i]);
	printf("\n");
}

static void ten(struct tv_pal_params *params, enum tv_pal_param_type type, word size)
{
	memset(params, 0, sizeof(*params));
	params->num_params = 10;
	for (int i = 0; i < 10; i++)
		params->params[i] = (struct tv_pal_param){ type, size };
}

static void integers(struct demo_pal *pal, unsigned int rounds)
{
	struct tv_pal_params params;
	word n[10], outside;

	ten(&params, TV_PAL_PM_INTEGER, 0);
	demo_register(pal, (const void *)weigh, &params, false);
	while (rounds--) {
		for (int i = 0; i < 10; i++)
			n[i] = random_word();
		n[0] &= ~WANT_INSIDE;
		outside = weigh(TEN(n));
		n[0] |= inside_flag();
		compare("ten integers", outside, ((weigh_function)pal->entry)(TEN(n)), NULL, NULL, 0);
	}
	demo_unregister(pal, false);
}

static void pointers(struct demo_pal *pal, unsigned int rounds)
{
	word a[21], b[21], *pa[10], *pb[10], outside, inside;
	struct tv_pal_params params;

	ten(&params, TV_PAL_PM_POINTER, 1);
	demo_register(pal, (const void *)count_up, &params, true);
	while (rounds--) {
		for (int i = 0; i < 21; i++)
			a[i] = b[i] = random_word();
		for (int i = 0; i < 10; i++) {
			pa[i] = &a[2 * i + 1];
			pb[i] = &b[2 * i + 1];
		}
		a[1] &= ~WANT_INSIDE;
		b[1] = a[1] | inside_flag();
		outside = count_up(TEN(pa));
		inside = ((count_function)pal->entry)(TEN(pb));
		compare("ten pointers", outside, inside, a, b, 21);
	}
	demo_unregister(pal, true);
}

static void arrays(struct demo_pal *pal, unsigned int rounds)
{
	static word a[512], b[512];
	struct tv_pal_params params;
	word n[5], at[5], used, outside, inside;

	while (rounds--) {
		used = 1;
		memset(&params, 0, sizeof(params));
		params.num_params = 10;
		for (int i = 0; i < 5; i++) {
			n[i] = random_word() % 100;
			at[i] = used;
			used += n[i] + 1;
			params.params[2 * i].type = TV_PAL_PM_INTEGER;
			params.params[2 * i + 1] = (struct tv_pal_param){ TV_PAL_PM_POINTER, n[i] };
		}
		for (word i = 0; i < used; i++)
			a[i] = b[i] = random_word();
		demo_register(pal, (const void *)walk, &params, false);
		outside = walk(n[0], &a[at[0]], n[1], &a[at[1]], n[2], &a[at[2]], n[3], &a[at[3]], n[4], &a[at[4]]);
		inside = ((walk_function)pal->entry)(n[0] | inside_flag(), &b[at[0]], n[1], &b[at[1]], n[2], &b[at[2]], n[3],
						     &b[at[3]], n[4], &b[at[4]]);
		demo_unregister(pal, false);
		compare("five arrays", outside, inside, a, b, used);
	}
}

int main(int argc, char **argv)
{
	unsigned int kinds, rounds;
	struct demo_pal pal;

	if (argc != 4) {
		fprintf(stderr, "usage: %s KINDS ROUNDS SEED\n", argv[0]);
		return 2;
	}
	if (!core_answers())
		return 1;
	kinds = (unsigned int)strtoul(argv[1], NULL, 0);
	rounds = (unsigned int)strtoul(argv[2], NULL, 0);
	srand((unsigned int)strtoul(argv[3], NULL, 0));
	if (kinds & 1)
		integers(&pal, rounds);
	if (kinds & 2)
		pointers(&pal, rounds);
	if (kinds & 4)
		arrays(&pal, rounds);
	printf("%s\n", failed ? "Test failed" : "Test pass");
	return failed ? 1 : 0;
}
