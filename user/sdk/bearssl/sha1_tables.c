// SPDX-License-Identifier: MIT
/* SHA-1's table of functions, filled at run time: tables.c says why. */
#define br_sha1_vtable hidden_sha1_vtable
#include <underpin/pal_sha1.h>
#undef br_sha1_vtable

br_hash_class br_sha1_vtable;

static const br_hash_class *sha1_class(void)
{
	br_hash_class *t = &br_sha1_vtable;

	if (!t->context_size) {
		t->desc = BR_HASHDESC_ID(br_sha1_ID) | BR_HASHDESC_OUT(20) | BR_HASHDESC_STATE(20) |
			  BR_HASHDESC_LBLEN(6) | BR_HASHDESC_MD_PADDING | BR_HASHDESC_MD_PADDING_BE;
		t->init = (void (*)(const br_hash_class **))br_sha1_init;
		t->update = (void (*)(const br_hash_class **, const void *, size_t))br_sha1_update;
		t->out = (void (*)(const br_hash_class *const *, void *))br_sha1_out;
		t->state = (uint64_t (*)(const br_hash_class *const *, void *))br_sha1_state;
		t->set_state = (void (*)(const br_hash_class **, const void *, uint64_t))br_sha1_set_state;
		t->context_size = sizeof(br_sha1_context);
	}
	return t;
}

void pal_hmac_sha1_begin(pal_hmac *c, const void *key, size_t key_size)
{
	br_hmac_key_context k;

	br_hmac_key_init(&k, sha1_class(), key, key_size);
	br_hmac_init(c, &k, 0);
	__builtin_memset(&k, 0, sizeof(k));
	__asm__ volatile("" : : "r"(&k) : "memory");
}

void pal_hmac_sha1_end(const pal_hmac *c, unsigned char mac[PAL_SHA1_SIZE])
{
	br_hmac_out(c, mac);
}
