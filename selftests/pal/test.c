// SPDX-License-Identifier: GPL-2.0
/* tv-test NUMBER: TrustVisor's test call, with that argument. Its answer is the exit status. */
#include <stdio.h>
#include <stdlib.h>
#include <underpin.h>

#include "pal.h"

int main(int argc, char **argv)
{
	uintptr_t argument, answered;

	if (argc != 2) {
		fprintf(stderr, "usage: %s NUMBER\n", argv[0]);
		return 2;
	}
	if (!core_answers())
		return 1;
	argument = (uintptr_t)strtoul(argv[1], NULL, 0);
	answered = vmcall(TV_HC_TEST, argument, 0, 0, 0);
	if (answered)
		fprintf(stderr, "%s\n", underpin_last_error());
	printf("TV_HC_TEST(%lu) = %lu\n", (unsigned long)argument, (unsigned long)answered);
	return (int)answered;
}
