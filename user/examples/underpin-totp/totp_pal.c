// SPDX-License-Identifier: MIT
/*
 * One-time passwords by time (RFC 6238, on HOTP, RFC 4226): the only code that sees an
 * account's key. It comes in once, to be sealed to this very code; then the blob comes in
 * with each call, and the key is wiped before the call ends.
 */
#include "totp.h"

#include <underpin/pal.h>
#include <underpin/pal_crypto.h>
#include <underpin/pal_services.h>
#include <underpin/pal_sha1.h>

_Static_assert(TOTP_BLOB == sizeof(struct totp_account) + PAL_SEAL_OVERHEAD, "TOTP_BLOB");

#define ERROR_INVALID 22	/* EINVAL */

static struct totp_account account;

static bool sound(const struct totp_account *a)
{
	return a->version == 1 && (a->hash == TOTP_SHA1 || a->hash == TOTP_SHA256) && a->digits >= 6 && a->digits <= 8 &&
	       a->period >= 1 && a->period <= 3600 && a->key_size >= TOTP_MIN_KEY && a->key_size <= TOTP_KEY;
}

static void stop(int error)
{
	pal_wipe(&account, sizeof(account));
	if (error)
		pal_exit(error);
}

long totp_seal(const struct totp_account *from, unsigned char *blob)
{
	int ret;

	memcpy(&account, from, sizeof(account));
	if (!sound(&account))
		stop(ERROR_INVALID);
	ret = pal_seal(&account, sizeof(account), blob);
	stop(-ret);
	return 0;
}
UNDERPIN_PAL_ENTRY(totp_seal, PAL_IN(sizeof(struct totp_account)), PAL_OUT(TOTP_BLOB));

/* Dynamic truncation (RFC 4226, 5.3); of SHA-256 as RFC 6238 has it, by the last byte. */
static uint32_t truncated(const unsigned char *mac, size_t size)
{
	const unsigned char *p = mac + (mac[size - 1] & 0xf);

	return (uint32_t)(p[0] & 0x7f) << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint32_t hotp(const struct totp_account *a, uint64_t counter)
{
	unsigned char message[8], mac[PAL_SHA256_SIZE];
	pal_hmac hmac;
	uint32_t value;
	int i;

	for (i = 7; i >= 0; i--, counter >>= 8)
		message[i] = (unsigned char)counter;
	if (a->hash == TOTP_SHA1) {
		pal_hmac_sha1_begin(&hmac, a->key, a->key_size);
		pal_hmac_add(&hmac, message, sizeof(message));
		pal_hmac_sha1_end(&hmac, mac);
		value = truncated(mac, PAL_SHA1_SIZE);
	} else {
		pal_hmac_begin(&hmac, a->key, a->key_size);
		pal_hmac_add(&hmac, message, sizeof(message));
		pal_hmac_end(&hmac, mac);
		value = truncated(mac, PAL_SHA256_SIZE);
	}
	pal_wipe(&hmac, sizeof(hmac));
	pal_wipe(mac, sizeof(mac));
	return value;
}

long totp_code(const unsigned char *blob, uint64_t time, uint32_t *digits, uint32_t *period)
{
	size_t size = sizeof(account);
	int ret = pal_unseal(blob, TOTP_BLOB, &account, &size);
	uint32_t modulus = 1, value, i;

	if (!ret && (size != sizeof(account) || !sound(&account)))
		ret = -ERROR_INVALID;
	if (ret)
		stop(-ret);
	value = hotp(&account, time / account.period);
	for (i = 0; i < account.digits; i++)
		modulus *= 10;
	*digits = account.digits;
	*period = account.period;
	stop(0);
	return (long)(value % modulus);
}
UNDERPIN_PAL_ENTRY(totp_code, PAL_IN(TOTP_BLOB), PAL_INT, PAL_OUT(sizeof(uint32_t)), PAL_OUT(sizeof(uint32_t)));
