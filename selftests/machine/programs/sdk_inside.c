// SPDX-License-Identifier: GPL-2.0
/* Inside of up-sdk's PAL. */
#include <underpin/pal.h>
#include <underpin/pal_services.h>

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

/* Horner's rule over what the owner answers; the number is asked, then the number + 1, ... */
long sdk_ask(long number, long a, long b, long times)
{
	long i, n = 0;

	for (i = 0; i < times; i++)
		n = n * 3 + pal_ocall(number, a + i, b);
	kept++;
	return n;
}
UNDERPIN_PAL_ENTRY(sdk_ask, PAL_INT, PAL_INT, PAL_INT, PAL_INT);

/* Asks for a block of the lent buffer at a time, and adds up. */
long sdk_stream(long offset, long size)
{
	unsigned char *lent = pal_lent(offset, size);
	long n, i, sum = 0;

	while (lent && (n = pal_ocall(1, sum, 0)) > 0)
		for (i = 0; i < n && i < size; i++)
			sum += lent[i];
	return lent ? sum : -1;
}
UNDERPIN_PAL_ENTRY(sdk_stream, PAL_INT, PAL_INT);

/*
 * Fills all registers with a pattern, asks, and looks at them again. 0: only RAX has changed, to the
 * answer. XMM registers too.
 */
long sdk_registers(long number)
{
	unsigned long bad;

	__asm__ volatile(
		"mov $0x5ec4e75ec4e75ec4, %%rbx\n mov %%rbx, %%r8\n mov %%rbx, %%r9\n mov %%rbx, %%r10\n mov %%rbx, %%r11\n"
		"mov %%rbx, %%r12\n mov %%rbx, %%r13\n mov %%rbx, %%r14\n mov %%rbx, %%r15\n mov %%rbx, %%rcx\n"
		"movq %%rbx, %%xmm0\n movq %%rbx, %%xmm7\n movq %%rbx, %%xmm15\n"
		"mov $0x5550010a, %%eax\n mov $11, %%esi\n mov $22, %%edx\n vmcall\n"
		"sub $4242, %%rax\n sub $11, %%rsi\n or %%rsi, %%rax\n sub $22, %%rdx\n or %%rdx, %%rax\n"
		"sub %%rbx, %%r8\n or %%r8, %%rax\n sub %%rbx, %%r9\n or %%r9, %%rax\n sub %%rbx, %%r10\n or %%r10, %%rax\n"
		"sub %%rbx, %%r11\n or %%r11, %%rax\n sub %%rbx, %%r12\n or %%r12, %%rax\n sub %%rbx, %%r13\n or %%r13, %%rax\n"
		"sub %%rbx, %%r14\n or %%r14, %%rax\n sub %%rbx, %%r15\n or %%r15, %%rax\n sub %%rbx, %%rcx\n or %%rcx, %%rax\n"
		"movq %%xmm0, %%r8\n sub %%rbx, %%r8\n or %%r8, %%rax\n"
		"movq %%xmm7, %%r8\n sub %%rbx, %%r8\n or %%r8, %%rax\n"
		"movq %%xmm15, %%r8\n sub %%rbx, %%r8\n or %%r8, %%rax\n"
		"mov $0x5ec4e75ec4e75ec4, %%r8\n sub %%r8, %%rbx\n or %%rbx, %%rax\n"
		: "=a"(bad), "+D"(number)
		: : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc");
	return (long)bad;
}
UNDERPIN_PAL_ENTRY(sdk_registers, PAL_INT);

/* ---- several threads: what they share is counted with LOCK ---- */
static unsigned long inside, most, rounds;

long sdk_together(unsigned char *data, long size, long ms)
{
	unsigned long now = __atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST), seen;
	unsigned char deep[2048];
	uint64_t khz, begin = pal_time(&khz);
	long i, wrong = 0;

	do
		seen = __atomic_load_n(&most, __ATOMIC_SEQ_CST);
	while (now > seen && !__atomic_compare_exchange_n(&most, &seen, now, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	memset(deep, data[0], sizeof(deep));
	do {
		for (i = 0; i < (long)sizeof(deep); i++)
			wrong += ((volatile unsigned char *)deep)[i] != data[0];
		for (i = 1; i < size; i++)
			wrong += ((volatile unsigned char *)data)[i] != data[0];
	} while (pal_time(NULL) - begin < (uint64_t)ms * khz);
	for (i = 0; i < size; i++)
		data[i] = ~data[i];
	__atomic_add_fetch(&rounds, 1, __ATOMIC_SEQ_CST);
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	return wrong;
}
UNDERPIN_PAL_ENTRY(sdk_together, PAL_INOUT_N(2, 512), PAL_INT, PAL_INT);

/* 0: the most threads that were inside at once; 1: calls of sdk_together() that ended. */
long sdk_count(long what)
{
	return what ? rounds : most;
}
UNDERPIN_PAL_ENTRY(sdk_count, PAL_INT);

/* Seals and unseals; 0 where it comes back as it was. */
long sdk_seal(long value)
{
	unsigned char blob[PAL_SEAL_OVERHEAD + 8];
	long back = 0;
	size_t size = sizeof(back);
	int ret = pal_seal(&value, sizeof(value), blob);

	if (!ret)
		ret = pal_unseal(blob, sizeof(blob), &back, &size);
	return ret ? ret : back != value;
}
UNDERPIN_PAL_ENTRY(sdk_seal, PAL_INT);

long sdk_kept(void)
{
	return kept;
}
UNDERPIN_PAL_ENTRY(sdk_kept);
