// SPDX-License-Identifier: GPL-2.0
/* What runs inside for parts.c: a PAL of Linux' convention, as the SDK builds it. */
#include <underpin/pal_services.h>

static const long weight[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
static long calls = 40;
UNDERPIN_PAL_SHARED long seen;

/* Linux' convention lets a function do what it likes to what Windows' has it keep. */
static inline void spoil(void)
{
	__asm__ volatile("pcmpeqd %%xmm6, %%xmm6\n movdqa %%xmm6, %%xmm7\n movdqa %%xmm6, %%xmm8\n"
			 "movdqa %%xmm6, %%xmm9\n movdqa %%xmm6, %%xmm10\n movdqa %%xmm6, %%xmm11\n"
			 "movdqa %%xmm6, %%xmm12\n movdqa %%xmm6, %%xmm13\n movdqa %%xmm6, %%xmm14\n"
			 "movdqa %%xmm6, %%xmm15\n mov $-1, %%rdi\n mov $-1, %%rsi"
			 : : : "rdi", "rsi", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12",
			 "xmm13", "xmm14", "xmm15");
}

long ten(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j)
{
	const long n[] = { a, b, c, d, e, f, g, h, i, j };
	long sum = 0;

	for (int k = 0; k < 10; k++)
		sum += weight[k] * n[k];
	spoil();
	seen = ++calls;
	return sum;
}
UNDERPIN_PAL_ENTRY(ten, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT);

/* -1 is an answer: it does not say that a call failed. */
long turn(unsigned char *text, long n)
{
	for (long i = 0; i < n / 2; i++) {
		unsigned char c = text[i];

		text[i] = text[n - 1 - i];
		text[n - 1 - i] = c;
	}
	return -1;
}
UNDERPIN_PAL_ENTRY(turn, PAL_INOUT_N(2, 64), PAL_INT);

long none(void)
{
	return 77;
}
UNDERPIN_PAL_ENTRY(none);

/* What it asks the owner, and the answers. */
long ask(long n)
{
	long sum = 0;

	for (long i = 0; i < n; i++)
		sum = sum * 3 + pal_ocall(7, (unsigned long)i | 1ul << 40, 5);
	spoil();
	pal_printf("asked %ld times\n", n);
	return sum;
}
UNDERPIN_PAL_ENTRY(ask, PAL_INT);

/* In lent memory: its sum, and 1 is added to all. */
long in_lent(long offset, long size)
{
	unsigned char *lent = pal_lent((size_t)offset, (size_t)size);
	long sum = 0;

	if (!lent)
		return -1;
	for (long i = 0; i < size; i++)
		sum += lent[i]++;
	return sum;
}
UNDERPIN_PAL_ENTRY(in_lent, PAL_INT, PAL_INT);

/* Long enough for interrupts. */
long spin(long n)
{
	long k = n;

	while (k)
		__asm__ volatile("dec %0" : "+r"(k));
	return n;
}
UNDERPIN_PAL_ENTRY(spin, PAL_INT);

/* A secret sealed and opened again: its size; a wrong one is an errno. */
long secret(void)
{
	static unsigned char key[32], blob[sizeof(key) + PAL_SEAL_OVERHEAD], back[sizeof(key)];
	size_t size = sizeof(back);
	int ret = pal_random(key, sizeof(key));

	ret = ret ? ret : pal_seal(key, sizeof(key), blob);
	ret = ret ? ret : pal_unseal(blob, sizeof(blob), back, &size);
	return ret ? ret : pal_differ(key, back, sizeof(key)) ? -1 : (long)size;
}
UNDERPIN_PAL_ENTRY(secret);

long leave(long error)
{
	pal_exit((int)error);
}
UNDERPIN_PAL_ENTRY(leave, PAL_INT);

long fault(void)
{
	static volatile unsigned long nowhere = 8;

	return *(volatile long *)nowhere;
}
UNDERPIN_PAL_ENTRY(fault);
