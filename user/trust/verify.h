/* SPDX-License-Identifier: MIT */
/* What verify.c (quotes) and certificate.c (the TPM's word on their key) share. */
#ifndef UNDERPIN_VERIFY_H
#define UNDERPIN_VERIFY_H

#include "trust.h"

#include <json-c/json.h>
#include <openssl/evp.h>
#include <string.h>

#define CLOCK_SIZE 25	/* of a TPMS_ATTEST: clock, resets, restarts, safe; then the firmware version */

/* The answer, line by line. */
struct report {
	struct json_object *json;	/* NULL: text */
	bool failed;
};

/* holds: 1 it does, 0 it does not, -1 nobody can tell. */
void say(struct report *r, const char *key, int holds, const char *text);

struct writer {
	unsigned char *at;
};

static inline void put(struct writer *w, const void *from, size_t n)
{
	memcpy(w->at, from, n);
	w->at += n;
}

/* TPMT_SIGNATURE: ECDSA, SHA-256, r, s, each of at most 32 bytes. */
bool ecdsa_holds(EVP_PKEY *key, const unsigned char *signature, size_t size, const unsigned char *data, size_t n);
/* A key in PEM; NULL with a word. */
EVP_PKEY *read_public_key(const char *name);
/* Of the quote's key, as a TPM would name it: algorithm, SHA-256 of the public area. */
void key_name(const struct pal_quote *q, unsigned char name[34]);
/* Has a PCR this value that began with zeros and was extended once? */
bool is_extended_once(const unsigned char pcr[32], const unsigned char digest[32]);

/*
 * Says what the TPM's certificate proves (NULL: the quote came without one). True: a TPM whose key is the one of
 * e->tpm_key vouches for the quote's key, after the boot chain and with the core that are expected.
 */
bool say_certificate(struct report *r, const struct pal_quote *q, const struct pal_quote_certificate *c,
		     const struct expected *e);

#endif
