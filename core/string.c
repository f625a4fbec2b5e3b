// SPDX-License-Identifier: GPL-2.0
/*
 * The memory functions that the compiler and BearSSL ask for, with the string
 * instructions (REP is one step an iteration in Bochs, and fast on hardware).
 */
#include "../include/platform.h"

void *memcpy(void *dst, const void *src, size_t n)
{
	void *d = dst;
	size_t words = n / 8;

	__asm__ volatile("rep movsq\n\t"
			 "mov %3, %2\n\t"
			 "rep movsb"
			 : "+D"(d), "+S"(src), "+c"(words)
			 : "r"(n % 8)
			 : "memory");
	return dst;
}

void *memmove(void *dst, const void *src, size_t n)
{
	char *d = dst;
	const char *s = src;

	if (d <= s || d >= s + n)
		return memcpy(dst, src, n);
	while (n--)
		d[n] = s[n];
	return dst;
}

void *memset(void *dst, int c, size_t n)
{
	void *d = dst;
	size_t words = n / 8;

	__asm__ volatile("rep stosq\n\t"
			 "mov %2, %1\n\t"
			 "rep stosb"
			 : "+D"(d), "+c"(words)
			 : "r"(n % 8), "a"((u8)c * 0x0101010101010101ull)
			 : "memory");
	return dst;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

/* BearSSL's objects were built with _FORTIFY_SOURCE and a stack protector. */
void *__memcpy_chk(void *dst, const void *src, size_t n, size_t size);
void *__memmove_chk(void *dst, const void *src, size_t n, size_t size);
void *__memset_chk(void *dst, int c, size_t n, size_t size);
void __stack_chk_fail(void);

void *__memcpy_chk(void *dst, const void *src, size_t n, size_t size)
{
	if (n > size)
		__builtin_trap();
	return memcpy(dst, src, n);
}

void *__memmove_chk(void *dst, const void *src, size_t n, size_t size)
{
	if (n > size)
		__builtin_trap();
	return memmove(dst, src, n);
}

void *__memset_chk(void *dst, int c, size_t n, size_t size)
{
	if (n > size)
		__builtin_trap();
	return memset(dst, c, n);
}

/* #UD in root: a fatal record. */
void __stack_chk_fail(void)
{
	__builtin_trap();
}
