/* SPDX-License-Identifier: MIT */
/*
 * SHA-256 and HMAC-SHA-256 inside of a PAL. The code is BearSSL's (Debian's
 * libbearssl-dev, constant-time); these are names for its calls. BearSSL finds
 * a hash's functions through a table of addresses; in a PAL that table is
 * filled at run time (sdk/bearssl/tables.c), so use these calls to begin.
 */
#ifndef UNDERPIN_PAL_CRYPTO_H
#define UNDERPIN_PAL_CRYPTO_H

#include <bearssl/bearssl_hash.h>
#include <bearssl/bearssl_hmac.h>
#include <stddef.h>

#define PAL_SHA256_SIZE 32

typedef br_sha256_context pal_sha256;
typedef br_hmac_context pal_hmac;

void pal_sha256_begin(pal_sha256 *c);
void pal_sha256_add(pal_sha256 *c, const void *data, size_t n);
void pal_sha256_end(const pal_sha256 *c, unsigned char hash[PAL_SHA256_SIZE]);

void pal_hmac_begin(pal_hmac *c, const void *key, size_t key_size);
void pal_hmac_add(pal_hmac *c, const void *data, size_t n);
void pal_hmac_end(const pal_hmac *c, unsigned char mac[PAL_SHA256_SIZE]);

#endif
