// SPDX-License-Identifier: MIT
/* Registers the PAL in hello_pal.c and calls it like any function. */
#include <stdio.h>
#include <underpin.h>

long hello(long a, long b);

int main(void)
{
	int pal = underpin_pal_start(&underpin_pal);

	if (pal < 0) {
		fprintf(stderr, "hello: %s\n", underpin_last_error());
		return 1;
	}
	printf("hello from a PAL: 20 + 22 = %ld\n", hello(20, 22));
	underpin_pal_stop(pal);
	return 0;
}
