// SPDX-License-Identifier: MIT
/*
 * BearSSL's br_sha224_vtable and br_sha256_vtable are constants full of
 * addresses, which in a position-independent program are dynamic relocations:
 * impossible in a PAL, whose contents are measured before any loader could
 * know them. So BearSSL's own two tables are made weak (sdk/Makefile), and the
 * ones here take their place: zero in the program's file, filled at first use
 * by instructions that know addresses relative to themselves.
 */
#define br_sha224_vtable hidden_sha224_vtable
#define br_sha256_vtable hidden_sha256_vtable
#include <underpin/pal_crypto.h>
#undef br_sha224_vtable
#undef br_sha256_vtable

br_hash_class br_sha224_vtable, br_sha256_vtable;

#define DESC(id, out, state) \
	(BR_HASHDESC_ID(id) | BR_HASHDESC_OUT(out) | BR_HASHDESC_STATE(state) | \
	 BR_HASHDESC_LBLEN(6) | BR_HASHDESC_MD_PADDING | BR_HASHDESC_MD_PADDING_BE)

/* For ec_tables.c too. */
const br_hash_class *pal_sha256_class(void);
const br_hash_class *pal_sha256_class(void)
{
	br_hash_class *t = &br_sha256_vtable;

	if (!t->context_size) {
		t->desc = DESC(br_sha256_ID, 32, 32);
		t->init = (void (*)(const br_hash_class **))br_sha256_init;
		t->update = (void (*)(const br_hash_class **, const void *, size_t))br_sha256_update;
		t->out = (void (*)(const br_hash_class *const *, void *))br_sha256_out;
		t->state = (uint64_t (*)(const br_hash_class *const *, void *))br_sha256_state;
		t->set_state = (void (*)(const br_hash_class **, const void *, uint64_t))
			br_sha256_set_state;
		t->context_size = sizeof(br_sha256_context);
	}
	return t;
}

void pal_sha256_begin(pal_sha256 *c)
{
	br_sha256_init(c);
}

void pal_sha256_add(pal_sha256 *c, const void *data, size_t n)
{
	br_sha256_update(c, data, n);
}

void pal_sha256_end(const pal_sha256 *c, unsigned char hash[PAL_SHA256_SIZE])
{
	br_sha256_out(c, hash);
}

void pal_hmac_begin(pal_hmac *c, const void *key, size_t key_size)
{
	br_hmac_key_context k;

	br_hmac_key_init(&k, pal_sha256_class(), key, key_size);
	br_hmac_init(c, &k, 0);
	__builtin_memset(&k, 0, sizeof(k));
	__asm__ volatile("" : : "r"(&k) : "memory");
}

void pal_hmac_add(pal_hmac *c, const void *data, size_t n)
{
	br_hmac_update(c, data, n);
}

void pal_hmac_end(const pal_hmac *c, unsigned char mac[PAL_SHA256_SIZE])
{
	br_hmac_out(c, mac);
}
