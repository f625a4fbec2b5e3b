/* SPDX-License-Identifier: GPL-2.0 */
/* Known answers of the primitives, run at each start of the core and hosted. */
#ifndef UNDERPIN_CORE_KNOWN_ANSWERS_H
#define UNDERPIN_CORE_KNOWN_ANSWERS_H

#include "../include/types.h"

/* SHA-256, HKDF, ChaCha20-Poly1305. Between vector_begin() and vector_end(); 60,000 instructions, at load. */
bool known_answers_hold(void);

/* The ECDSA P-256 one of RFC 6979, A.2.5 ("sample"), for sign.c. */
extern const u8 ecdsa_known_key[32], ecdsa_known_hash[32], ecdsa_known_signature[64];

#endif
