/* SPDX-License-Identifier: MIT */
/*
 * HMAC-SHA-1 inside of a PAL, for protocols that are made of it (RFC 4226, RFC 6238). SHA-1
 * is no hash to trust for anything new: see pal_crypto.h. BearSSL's code, as there.
 */
#ifndef UNDERPIN_PAL_SHA1_H
#define UNDERPIN_PAL_SHA1_H

#include <underpin/pal_crypto.h>

#define PAL_SHA1_SIZE 20

/* pal_hmac_add() as with SHA-256, then this end. */
void pal_hmac_sha1_begin(pal_hmac *c, const void *key, size_t key_size);
void pal_hmac_sha1_end(const pal_hmac *c, unsigned char mac[PAL_SHA1_SIZE]);

#endif
