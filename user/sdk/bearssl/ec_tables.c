// SPDX-License-Identifier: MIT
/*
 * ECDSA on P-256 by BearSSL, for code inside of a PAL (underpin/pal_ec.h). As in
 * tables.c: what BearSSL keeps as constants full of addresses is filled here at first
 * use. Its functions for P-256 are static; sdk/Makefile gives them names.
 */
#define br_hmac_drbg_vtable hidden_hmac_drbg_vtable
#include <bearssl/bearssl_ec.h>
#include <bearssl/bearssl_rand.h>
#undef br_hmac_drbg_vtable
#include <underpin/pal.h>
#include <underpin/pal_ec.h>

const br_hash_class *pal_sha256_class(void);	/* tables.c */

/* BearSSL's inner.h */
struct curve {
	int id;
	const unsigned char *order;
	size_t order_size;
	const unsigned char *generator;
	size_t generator_size;
};
struct curve br_secp256r1, br_secp384r1, br_secp521r1;	/* the last two are named and never used */
br_prng_class br_hmac_drbg_vtable;			/* likewise */

size_t pal_p256_mulgen(unsigned char *point, const unsigned char *k, size_t k_size, int id);
const unsigned char *pal_p256_order(int id, size_t *size);
const unsigned char *pal_p256_generator(int id, size_t *size);

static void fill(br_ec_impl *impl)
{
	struct curve *c = &br_secp256r1;

	memset(impl, 0, sizeof(*impl));
	impl->supported_curves = 1u << BR_EC_secp256r1;
	impl->mulgen = pal_p256_mulgen;
	impl->order = pal_p256_order;
	impl->generator = pal_p256_generator;
	if (c->order)
		return;
	c->id = BR_EC_secp256r1;
	c->generator = pal_p256_generator(BR_EC_secp256r1, &c->generator_size);
	c->order = pal_p256_order(BR_EC_secp256r1, &c->order_size);
}

/* 1 where 0 < key < order, in a time that does not depend on it. */
static int in_range(const unsigned char key[PAL_P256_PRIVATE])
{
	unsigned int borrow = 0, any = 0;
	const unsigned char *order;
	size_t size;
	int i;

	order = pal_p256_order(BR_EC_secp256r1, &size);
	for (i = PAL_P256_PRIVATE - 1; i >= 0; i--) {
		borrow = (unsigned int)key[i] - order[i] - borrow;
		borrow = borrow >> 8 & 1;
		any |= key[i];
	}
	return borrow && any;
}

int pal_p256_public(const unsigned char key[PAL_P256_PRIVATE], unsigned char point[PAL_P256_PUBLIC])
{
	if (!in_range(key))
		return -22;
	return pal_p256_mulgen(point, key, PAL_P256_PRIVATE, BR_EC_secp256r1) == PAL_P256_PUBLIC ? 0 : -22;
}

int pal_p256_make(unsigned char key[PAL_P256_PRIVATE], unsigned char point[PAL_P256_PUBLIC])
{
	int tries, ret;

	/* One in 2^32 is not below the order. */
	for (tries = 0; tries < 8; tries++) {
		ret = pal_random(key, PAL_P256_PRIVATE);
		if (ret)
			return ret;
		if (in_range(key))
			return pal_p256_public(key, point);
	}
	return -5;
}

int pal_p256_sign(const unsigned char key[PAL_P256_PRIVATE], const unsigned char hash[32],
		  unsigned char signature[PAL_P256_SIGNATURE])
{
	br_ec_private_key k = { BR_EC_secp256r1, (unsigned char *)key, PAL_P256_PRIVATE };
	br_ec_impl impl;

	fill(&impl);
	return br_ecdsa_i31_sign_raw(&impl, pal_sha256_class(), hash, &k, signature) == PAL_P256_SIGNATURE ?
		0 : -22;
}
