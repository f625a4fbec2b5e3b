/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the trusted services need of cryptography, by BearSSL: hash, keys from the
 * root secret, authenticated encryption. docs/services.md says which and why;
 * sign.h has signatures. Each call is one stay in root's worth at most (RULES 11), but
 * for crypto_init_step(), at load. Locking: none needed. crypto_hash(), _derive() and
 * _aead() call vector_begin() themselves, which is not nested.
 */
#ifndef UNDERPIN_CORE_CRYPTO_H
#define UNDERPIN_CORE_CRYPTO_H

#include "../include/services.h"
#include "../include/types.h"

/*
 * Called at start until it answers 0 (-EAGAIN): known answers, the root secret
 * (wiped in the hand-over record), the measurement of the image, and with a TPM's root secret the quote key's
 * public half. -EIO: a known answer is wrong, the core must not start. After random_init().
 */
int crypto_init_step(void);
/* Before a leave: no key is derived any more. */
void crypto_wipe(void);
/* That, the DRBG and the quote key: everything secret of the core itself. */
void keys_wipe(void);

/* SHA-256 of a, then b (nb may be 0); at most 512 bytes together: 33,000 instructions. */
void crypto_hash(const void *a, size_t na, const void *b, size_t nb, u8 out[DIGEST_SIZE]);
/* RFC 5869 with SHA-256, one block; between vector_begin() and vector_end(), as known_answers.c has it. */
void hkdf_extract(const void *salt, size_t salt_size, const void *secret, size_t n, u8 prk[32]);
void hkdf_expand(const u8 prk[32], const void *info, size_t n, u8 key[32]);
/* HKDF-Expand (RFC 5869) of the root secret, by at most 96 bytes. -ECANCELED after crypto_wipe(). */
int crypto_derive(const void *info, size_t n, u8 key[32]);
/*
 * ChaCha20-Poly1305 (RFC 8439), IV zero: a key for one message. In place, at
 * most SEAL_MAX_DATA bytes: 41,000 instructions.
 */
void crypto_aead(const u8 key[32], bool encrypt, void *data, size_t n, const void *aad, size_t aad_size,
		 u8 tag[SEAL_TAG_SIZE]);
/* False where equal; the time tells nothing of the contents. */
bool crypto_differ(const void *a, const void *b, size_t n);

extern struct core_statement core_statement;
extern u8 core_statement_digest[DIGEST_SIZE];
extern u8 core_root_id[16];	/* which root secret; not secret */
extern u64 core_epoch;		/* which life of the core; random, not secret */

#endif
