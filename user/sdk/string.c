// SPDX-License-Identifier: MIT
/*
 * The functions that a compiler expects of its surroundings, for the inside of
 * a PAL. pal-link gives them other names, so that the program's own stay libc's.
 */
#include <underpin/pal.h>

#ifdef __i386__
#define WORD "l"
#else
#define WORD "q"
#endif

void *memcpy(void *to, const void *from, size_t n)
{
	void *ret = to;

	size_t words = n / sizeof(words);

	n %= sizeof(words);
	__asm__ volatile("rep movs" WORD : "+D"(to), "+S"(from), "+c"(words) : : "memory");
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return ret;
}

void *memset(void *to, int c, size_t n)
{
	void *ret = to;

	size_t word = (unsigned char)c * ((size_t)-1 / 0xff);
	size_t words = n / sizeof(words);

	n %= sizeof(words);
	__asm__ volatile("rep stos" WORD : "+D"(to), "+c"(words) : "a"(word) : "memory");
	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(word) : "memory");
	return ret;
}

void *memmove(void *to, const void *from, size_t n)
{
	unsigned char *d = to;
	const unsigned char *s = from;

	if ((uintptr_t)d - (uintptr_t)s >= n)
		return memcpy(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const unsigned char *x = a, *y = b;

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

void pal_wipe(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ volatile("" : : "r"(p) : "memory");
}

int pal_differ(const void *a, const void *b, size_t n)
{
	const volatile unsigned char *x = a, *y = b;
	unsigned char d = 0;

	while (n--)
		d |= *x++ ^ *y++;
	return d;
}

/* What Debian's libbearssl.a calls in place of memcpy. */
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
	if (n > room)
		__builtin_trap();
	return memcpy(to, from, n);
}

/* Never reached: canary.pl makes both sides of the comparison constant. */
void *__memset_chk(void *to, int c, size_t n, size_t room);
void *__memset_chk(void *to, int c, size_t n, size_t room)
{
	if (n > room)
		__builtin_trap();
	return memset(to, c, n);
}

_Noreturn void __stack_chk_fail(void);
_Noreturn void __stack_chk_fail(void)
{
	__builtin_trap();
}
