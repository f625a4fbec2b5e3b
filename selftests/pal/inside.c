// SPDX-License-Identifier: GPL-2.0
/*
 * What is copied into the CODE page. It has no data, and calls nothing that is
 * not inlined: the Makefile refuses an object with relocations in it.
 */
#include "pal.h"

/* 0, or IN_THE_WRONG_PLACE: not where the flag says that it should be. The flag is taken off. */
static inline MUST_BE_HERE word check_place(word *first)
{
	bool wanted = *first & WANT_INSIDE;
	uint32_t ebx, ecx;

	*first &= ~WANT_INSIDE;
	if (trustvisor_cpuid(&ebx, &ecx) != 0x7a767274)
		return wanted ? IN_THE_WRONG_PLACE : 0;
	return wanted == (ebx != 0xffffffff) && (ecx & 1) == (sizeof(word) == 8) ? 0 : IN_THE_WRONG_PLACE;
}

INSIDE word answer(word a, word *b)
{
	word wrong = check_place(&a);

	return wrong ? wrong : a + (*b)++;
}

INSIDE word weigh(word a, word b, word c, word d, word e, word f, word g, word h, word i, word j)
{
	word wrong = check_place(&a);

	return wrong ? wrong : a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}

INSIDE word count_up(word *a, word *b, word *c, word *d, word *e, word *f, word *g, word *h, word *i, word *j)
{
	word wrong = check_place(a);

	if (wrong)
		return wrong;
	return (*a)++ + 2 * (*b)++ + 3 * (*c)++ + 4 * (*d)++ + 5 * (*e)++ + 6 * (*f)++ + 7 * (*g)++ + 8 * (*h)++ +
	       9 * (*i)++ + 10 * (*j)++;
}

static inline MUST_BE_HERE word add_to_all(word n, word *at, word weight, word sum)
{
	for (word i = 0; i < n; i++) {
		sum = sum * 31 + weight * at[i];
		at[i] += 0x9e3779b9;
	}
	return sum;
}

INSIDE word walk(word na, word *a, word nb, word *b, word nc, word *c, word nd, word *d, word ne, word *e)
{
	word wrong = check_place(&na), sum = 0;

	if (wrong)
		return wrong;
	sum = add_to_all(na, a, 2, sum);
	sum = add_to_all(nb, b, 3, sum);
	sum = add_to_all(nc, c, 5, sum);
	sum = add_to_all(nd, d, 7, sum);
	return add_to_all(ne, e, 11, sum);
}

/* EAX and EBX of the leaf, for whoever wants to see them. */
INSIDE word where(word *ebx)
{
	uint32_t b, c, eax = trustvisor_cpuid(&b, &c);

	*ebx = b;
	return eax;
}
