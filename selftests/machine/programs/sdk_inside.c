// SPDX-License-Identifier: GPL-2.0
/* Inside of up-sdk's PAL. */
#include <underpin/pal.h>

static unsigned long kept;

/* Adds up what is lent and writes 255 - each byte back. -1: no place in the window. */
long sdk_sum(long offset, long size)
{
	unsigned char *lent = pal_lent(offset, size);
	long i, sum = 0;

	if (!lent)
		return -1;
	for (i = 0; i < size; i++) {
		sum += lent[i];
		lent[i] = 255 - lent[i];
	}
	return sum;
}
UNDERPIN_PAL_ENTRY(sdk_sum, PAL_INT, PAL_INT);

/* Fills what is lent with round after round for so many ms, then fails as it is told. */
long sdk_fill(long offset, long size, long ms, long how)
{
	unsigned char *lent = pal_lent(offset, size), round = 0;
	uint64_t khz, begin = pal_time(&khz);

	if (!lent)
		return -1;
	do {
		memset(lent, ++round, size);
	} while (pal_time(NULL) - begin < (uint64_t)ms * khz);
	kept++;
	if (how == 1)
		pal_exit(77);
	if (how == 2)
		__asm__ volatile("ud2");
	return round;
}
UNDERPIN_PAL_ENTRY(sdk_fill, PAL_INT, PAL_INT, PAL_INT, PAL_INT);

/* The core's own hand in the window. */
long sdk_random(long offset, long size)
{
	void *lent = pal_lent(offset, size);

	return lent ? pal_random(lent, size) : -1;
}
UNDERPIN_PAL_ENTRY(sdk_random, PAL_INT, PAL_INT);

long sdk_kept(void)
{
	return kept;
}
UNDERPIN_PAL_ENTRY(sdk_kept);
