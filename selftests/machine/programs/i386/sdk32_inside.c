// SPDX-License-Identifier: GPL-2.0
/* What runs inside for sdk32.c: a 32-bit PAL as the SDK builds it. */
#include <underpin/pal_services.h>

static const int weight[] = { 3, 1, 4, 1, 5, 9, 2, 6, 5, 3 };
static unsigned char key[24];
static long calls = 100;
UNDERPIN_PAL_SHARED long seen;

long weigh(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j)
{
	const long n[] = { a, b, c, d, e, f, g, h, i, j };
	long sum = 0;

	for (int k = 0; k < 10; k++)
		sum += weight[k] * n[k];
	seen = ++calls;
	return sum;
}
UNDERPIN_PAL_ENTRY(weigh, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT);

long turn(unsigned char *text, long n)
{
	for (long i = 0; i < n / 2; i++) {
		unsigned char c = text[i];

		text[i] = text[n - 1 - i];
		text[n - 1 - i] = c;
	}
	return n;
}
UNDERPIN_PAL_ENTRY(turn, PAL_INOUT_N(2, 5000), PAL_INT);

/* The bits of 24 random bytes that are set; once more, -1: the same bytes came twice. */
long draw(void)
{
	unsigned char again[sizeof(key)];
	long bits = 0;

	if (pal_random(key, sizeof(key)) || pal_random(again, sizeof(again)))
		return -2;
	for (unsigned int i = 0; i < sizeof(key); i++)
		bits += __builtin_popcount(key[i]);
	return pal_differ(key, again, sizeof(key)) ? bits : -1;
}
UNDERPIN_PAL_ENTRY(draw);

/* Sealed and opened again; a changed blob is noticed. */
long seal_it(void)
{
	static unsigned char blob[sizeof(key) + PAL_SEAL_OVERHEAD], back[sizeof(key)];
	size_t size = sizeof(back);

	if (pal_seal(key, sizeof(key), blob))
		return -1;
	if (pal_unseal(blob, sizeof(blob), back, &size) || size != sizeof(key) || memcmp(back, key, size))
		return -2;
	blob[sizeof(blob) - 1] ^= 1;
	return pal_unseal(blob, sizeof(blob), back, &size);
}
UNDERPIN_PAL_ENTRY(seal_it);

long who(unsigned char *measurement)
{
	struct underpin_pal_info info;
	int ret = pal_self(&info);

	memcpy(measurement, info.measurement, sizeof(info.measurement));
	return ret ? ret : (long)info.id;
}
UNDERPIN_PAL_ENTRY(who, PAL_OUT(UNDERPIN_MEASUREMENT_SIZE));

/* In ticks and the core's kHz: 1 if time went on. */
long clock_runs(void)
{
	uint64_t khz = 0;
	uint32_t then = (uint32_t)pal_time(&khz);

	for (volatile int i = 0; i < 1000; i++)
		;
	return khz > 1000 && (uint32_t)pal_time(NULL) - then < 1u << 31 && (uint32_t)pal_time(NULL) != then;
}
UNDERPIN_PAL_ENTRY(clock_runs);

long leave(long error)
{
	pal_exit((int)error);
}
UNDERPIN_PAL_ENTRY(leave, PAL_INT);
