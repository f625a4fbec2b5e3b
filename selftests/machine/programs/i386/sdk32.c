// SPDX-License-Identifier: GPL-2.0
/*
 * up-sdk32: a 32-bit program with a PAL of the SDK's (PAL_BITS = 32). Prints TAP, and the
 * core's measurement to the file that it is given, to be compared with `underpin pal measure`.
 */
#include <stdlib.h>
#include <unistd.h>

#include <underpin.h>

#include "../test.h"

extern long seen;
long weigh(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j);
long turn(unsigned char *text, long n);
long draw(void);
long seal_it(void);
long who(unsigned char *measurement);
long clock_runs(void);
long leave(long error);

static void calls(const struct underpin_pal_register *reg)
{
	unsigned char text[5000] = "stressed", measurement[UNDERPIN_MEASUREMENT_SIZE];
	long bits;

	check_is(weigh(1, 2, 3, 4, 5, 6, 7, 8, 9, -10), 177, "ten parameters, each in its place");
	check_is(seen, 101, "the program sees the shared variable, and state stays between calls");
	check_is(weigh(1, 1, 1, 1, 1, 1, 1, 1, 1, 0x7fffffff) - 36, (long)(3u * 0x7fffffffu), "32-bit arithmetic");
	check_is(seen, 102, "one call more");
	check(turn(text, 8) == 8 && !memcmp(text, "desserts", 9), "a buffer goes in and comes out");
	text[0] = 'x';
	text[4999] = 'y';
	check(turn(text, 5000) == 5000 && text[0] == 'y' && text[4999] == 'x', "one of two pages");
	errno = 0;
	check(turn(text, 5001) == -1 && errno == EINVAL, "a byte above its bound: EINVAL");
	bits = draw();
	check(bits > 40 && bits < 152, "random bytes are there and differ (%ld of 192 bits)", bits);
	check_is(seal_it(), -EBADMSG, "sealing and unsealing; a changed blob is EBADMSG");
	check_is(who(measurement), (long)reg->id, "the PAL knows its id");
	check(!memcmp(measurement, reg->measurement, sizeof(measurement)), "and its measurement");
	check_is(clock_runs(), 1, "time goes on");
	errno = 0;
	check(leave(ERANGE) == -1 && errno == ERANGE, "a PAL ends its call with an errno");
}

int main(int argc, char **argv)
{
	struct underpin_pal_register reg;
	int device = underpin_open(), pal;
	FILE *file = argc > 1 ? fopen(argv[1], "w") : NULL;
	char text[65];

	alarm(60);
	pal = device < 0 ? -1 : underpin_pal_register_table(device, &underpin_pal, &reg);
	if (!check(pal >= 0 && sizeof(void *) == 4, "a 32-bit program registers its PAL")) {
		diag("%s", underpin_last_error());
		return finish();
	}
	calls(&reg);
	underpin_measurement_text(reg.measurement, text);
	if (file)
		fprintf(file, "%s\n", text);
	check_is(underpin_pal_stop(pal), 0, "it ends");
	pal = underpin_pal_register_table(device, &underpin_pal, &reg);
	check(pal >= 0 && weigh(1, 0, 0, 0, 0, 0, 0, 0, 0, 0) == 3, "and is registered once more");
	check_is(seen, 101, "with the contents that the linker gave it");
	return finish();
}
