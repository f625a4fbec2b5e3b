/* SPDX-License-Identifier: MIT */
/* The PAL of underpin-totp (totp_pal.c), and what its program knows of it. */
#ifndef UNDERPIN_TOTP_H
#define UNDERPIN_TOTP_H

#include <stdint.h>

#define TOTP_KEY 128	/* bytes at most */
#define TOTP_MIN_KEY 10	/* 80 bits: what some services give; RFC 4226 wants 16 */

enum totp_hash { TOTP_SHA1 = 1, TOTP_SHA256 = 2 };

/* All of it is sealed: who could change digits or period could not learn the key, but break the account. */
struct totp_account {
	uint32_t version;	/* 1 */
	uint32_t hash;		/* enum totp_hash */
	uint32_t digits;	/* 6 to 8 */
	uint32_t period;	/* seconds, 1 to 3600 */
	uint32_t key_size;
	unsigned char key[TOTP_KEY];
};

#define TOTP_BLOB (sizeof(struct totp_account) + 208)	/* PAL_SEAL_OVERHEAD; totp_pal.c compares */

/* 0, or -1 with errno. */
long totp_seal(const struct totp_account *account, unsigned char *blob);
/* The code for a time (seconds since 1970); *digits, *period: of the account. -1 with errno. */
long totp_code(const unsigned char *blob, uint64_t time, uint32_t *digits, uint32_t *period);

#endif
