/* SPDX-License-Identifier: MIT */
/*
 * ECDSA on NIST P-256 with SHA-256, inside of a PAL: BearSSL's constant-time code
 * (Debian's libbearssl-dev), its nonces by RFC 6979. Keys and signatures are big-endian,
 * a public key is an uncompressed point (04, x, y). 6 KiB of stack are used. Each
 * answers 0 or a negative errno; -EINVAL: the key is not one of this curve.
 */
#ifndef UNDERPIN_PAL_EC_H
#define UNDERPIN_PAL_EC_H

#define PAL_P256_PRIVATE 32
#define PAL_P256_PUBLIC 65
#define PAL_P256_SIGNATURE 64	/* r, s */

/* A new key, from the core's generator. */
int pal_p256_make(unsigned char key[PAL_P256_PRIVATE], unsigned char point[PAL_P256_PUBLIC]);
int pal_p256_public(const unsigned char key[PAL_P256_PRIVATE], unsigned char point[PAL_P256_PUBLIC]);
/* hash: SHA-256 of the message (underpin/pal_crypto.h). */
int pal_p256_sign(const unsigned char key[PAL_P256_PRIVATE], const unsigned char hash[32],
		  unsigned char signature[PAL_P256_SIGNATURE]);

#endif
