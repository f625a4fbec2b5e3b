// SPDX-License-Identifier: GPL-2.0
/*
 * The HMAC example as it is, with one more entry, so that the demo can show
 * what it has not found: a part of the key, complemented, so that the bytes
 * themselves are nowhere but in here.
 */
#include "../../../user/examples/hmac/hmac_pal.c"

long signer_tell(unsigned char complement[16])
{
	int i;

	if (!have_key)
		pal_exit(ERROR_NO_MESSAGE);
	for (i = 0; i < 16; i++)
		complement[i] = ~key[i];
	return 0;
}
UNDERPIN_PAL_ENTRY(signer_tell, PAL_OUT(16));
