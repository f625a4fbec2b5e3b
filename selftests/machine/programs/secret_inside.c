// SPDX-License-Identifier: GPL-2.0
/* Sixteen random bytes that never leave; the owner learns their complement. */
#include <underpin/pal.h>

static unsigned char secret[16];

long secret_make(unsigned char *complement)
{
	int i, ret = pal_random(secret, sizeof(secret));

	for (i = 0; i < 16; i++)
		complement[i] = ~secret[i];
	return ret;
}
UNDERPIN_PAL_ENTRY(secret_make, PAL_OUT(16));

long secret_right(const unsigned char *complement)
{
	int i, wrong = 0;

	for (i = 0; i < 16; i++)
		wrong |= (unsigned char)~complement[i] != secret[i];
	return !wrong;
}
UNDERPIN_PAL_ENTRY(secret_right, PAL_IN(16));
