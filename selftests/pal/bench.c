// SPDX-License-Identifier: GPL-2.0
/*
 * tv-bench ROUNDS: TSC ticks, on average, of registering, calling and unregistering a PAL of four pages whose function
 * takes an integer and a pointer to four words; of the calls alone in as many rounds. One line: "register R call C unregister U".
 */
#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "pal.h"

typedef PAL_ABI word (*answer_function)(word, word *);

int main(int argc, char **argv)
{
	static const struct tv_pal_params params = { 2, { { TV_PAL_PM_INTEGER, 1 }, { TV_PAL_PM_POINTER, 4 } } };
	unsigned long long begun, reg = 0, call = 0, unreg = 0;
	unsigned int rounds, i;
	word four[4] = { 0 };
	struct demo_pal pal;

	rounds = argc == 2 ? (unsigned int)strtoul(argv[1], NULL, 0) : 0;
	if (!rounds) {
		fprintf(stderr, "usage: %s ROUNDS\n", argv[0]);
		return 2;
	}
	if (!core_answers())
		return 1;
	for (i = 0; i < rounds; i++) {
		begun = __rdtsc();
		demo_register(&pal, (const void *)answer, &params, false);
		reg += __rdtsc() - begun;
		if (((answer_function)pal.entry)(7 | inside_flag(), four) != 7 + i) {
			printf("wrong: round %u\n", i);
			return 1;
		}
		begun = __rdtsc();
		demo_unregister(&pal, false);
		unreg += __rdtsc() - begun;
	}
	demo_register(&pal, (const void *)answer, &params, false);
	begun = __rdtsc();
	for (i = 0; i < rounds; i++)
		((answer_function)pal.entry)(7 | inside_flag(), four);
	call = __rdtsc() - begun;
	demo_unregister(&pal, false);
	if (four[0] != 2 * (word)rounds) {
		printf("wrong: %lu calls were counted\n", (unsigned long)four[0]);
		return 1;
	}
	printf("register %llu call %llu unregister %llu\n", reg / rounds, call / rounds, unreg / rounds);
	return 0;
}
