// SPDX-License-Identifier: MIT
/* HMAC-SHA-256 with a key that is born here and stays here. */
#include "hmac.h"

#include <underpin/pal.h>
#include <underpin/pal_crypto.h>

#define ERROR_NO_MESSAGE 22	/* EINVAL: hmac_begin() first */
#define ERROR_NO_RANDOM 5	/* EIO */

static unsigned char key[32];
static bool have_key, in_message;
static pal_hmac message;

long hmac_begin(void)
{
	if (!have_key) {
		if (pal_random(key, sizeof(key)))
			pal_exit(ERROR_NO_RANDOM);
		have_key = true;
	}
	pal_hmac_begin(&message, key, sizeof(key));
	in_message = true;
	return 0;
}
UNDERPIN_PAL_ENTRY(hmac_begin);

long hmac_add(const unsigned char *data, long size)
{
	/* size is the caller's word: more than HMAC_CHUNK was not copied in. */
	if (!in_message || size < 0 || size > HMAC_CHUNK)
		pal_exit(ERROR_NO_MESSAGE);
	pal_hmac_add(&message, data, (size_t)size);
	return 0;
}
UNDERPIN_PAL_ENTRY(hmac_add, PAL_IN_N(2, HMAC_CHUNK), PAL_INT);

static void finish(unsigned char mac[HMAC_SIZE])
{
	if (!in_message)
		pal_exit(ERROR_NO_MESSAGE);
	pal_hmac_end(&message, mac);
	pal_wipe(&message, sizeof(message));
	in_message = false;
}

long hmac_end(unsigned char mac[HMAC_SIZE])
{
	finish(mac);
	return 0;
}
UNDERPIN_PAL_ENTRY(hmac_end, PAL_OUT(HMAC_SIZE));

long hmac_verify(const unsigned char mac[HMAC_SIZE])
{
	unsigned char right[HMAC_SIZE];

	finish(right);
	return !pal_differ(mac, right, sizeof(right));
}
UNDERPIN_PAL_ENTRY(hmac_verify, PAL_IN(HMAC_SIZE));
