// SPDX-License-Identifier: GPL-2.0
/*
 * Quotes in TPM 2.0's wire format (part 2: 10.12 TPMS_ATTEST, 11.3.4
 * TPMT_SIGNATURE, 12.2.4 TPMT_PUBLIC; all big-endian), so that tools for TPMs
 * can check them. Every size is a constant or was checked (TRUSTVISOR.md 1.5:
 * sizeOfSelect was the caller's). core/sign.c has the key.
 */
#include "../core/crypto.h"
#include "../core/header.h"
#include "../core/sign.h"
#include "utpm.h"

#define TPM_GENERATED_VALUE 0xff544347u
#define TPM_ST_ATTEST_QUOTE 0x8018
#define TPM_ALG_SHA256 0x000b
#define TPM_ALG_NULL 0x0010
#define TPM_ALG_ECDSA 0x0018
#define TPM_ALG_ECC 0x0023
#define TPM_ECC_NIST_P256 0x0003
/* Part 2, 8.3: userWithAuth, restricted, sign; and of a key that is this core's alone fixedTPM, fixedParent, sensitiveDataOrigin. */
#define QUOTE_KEY_ATTRIBUTES 0x00050040u
#define QUOTE_KEY_MADE_HERE 0x00000032u

struct writer {
	u8 *at;
};

static void put(struct writer *w, const void *from, u32 n)
{
	memcpy(w->at, from, n);
	w->at += n;
}

static void put_number(struct writer *w, u64 value, u32 bytes)
{
	while (bytes--)
		*w->at++ = value >> (8 * bytes);
}

/* TPM2B: a size, then as many bytes. */
static void put_sized(struct writer *w, const void *from, u32 n)
{
	put_number(w, n, 2);
	put(w, from, n);
}

/* Part 1, 16: hash algorithm and digest of the public area. */
static void make_name(struct pal_utpm *utpm)
{
	u8 public[96];
	struct writer w = { public }, name = { utpm->name };

	put_number(&w, TPM_ALG_ECC, 2);
	put_number(&w, TPM_ALG_SHA256, 2);
	put_number(&w, QUOTE_KEY_ATTRIBUTES | (core_statement.root_kind == ROOT_EPHEMERAL ? QUOTE_KEY_MADE_HERE : 0), 4);
	put_number(&w, 0, 2);		/* no policy */
	put_number(&w, TPM_ALG_NULL, 2);	/* no symmetric algorithm */
	put_number(&w, TPM_ALG_ECDSA, 2);
	put_number(&w, TPM_ALG_SHA256, 2);
	put_number(&w, TPM_ECC_NIST_P256, 2);
	put_number(&w, TPM_ALG_NULL, 2);	/* no KDF */
	put_sized(&w, utpm->quote.public_x, 32);
	put_sized(&w, utpm->quote.public_y, 32);
	put_number(&name, TPM_ALG_SHA256, 2);
	crypto_hash(public, w.at - public, NULL, 0, name.at);
}

static u64 clock_ms(void)
{
	return rdtsc() / handover.tsc_khz;
}

static void make_attest(struct pal_utpm *utpm)
{
	struct svc_quote *q = &utpm->quote;
	struct writer w = { q->attest };

	put_number(&w, TPM_GENERATED_VALUE, 4);
	put_number(&w, TPM_ST_ATTEST_QUOTE, 2);
	put_sized(&w, utpm->name, sizeof(utpm->name));
	put_sized(&w, q->nonce, q->nonce_size);
	put_number(&w, clock_ms(), 8);
	put_number(&w, core_epoch, 8);	/* resetCount, restartCount: which life of the core */
	put_number(&w, 0, 1);		/* not safe: ring 0 writes the TSC */
	put(&w, image_header.build_id, 8);
	put_number(&w, 1, 4);		/* one selection: */
	put_number(&w, TPM_ALG_SHA256, 2);
	put_number(&w, 3, 1);
	put_number(&w, q->pcr_mask, 1);
	put_number(&w, 0, 2);
	put_sized(&w, utpm->pcr_digest, DIGEST_SIZE);
	q->attest_size = w.at - q->attest;
}
_Static_assert(4 + 2 + 36 + 2 + QUOTE_MAX_NONCE + 17 + 8 + 10 + 34 <= sizeof(((struct svc_quote *)0)->attest),
	       "TPMS_ATTEST");

static void make_signature(struct svc_quote *q, const u8 rs[64])
{
	struct writer w = { q->signature };

	put_number(&w, TPM_ALG_ECDSA, 2);
	put_number(&w, TPM_ALG_SHA256, 2);
	put_sized(&w, rs, 32);
	put_sized(&w, rs + 32, 32);
	q->signature_size = w.at - q->signature;
}

static s64 quote_begin(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	struct svc_quote *q = &utpm->quote;

	if (!read_from_pal(pal, request, q, offsetof(struct svc_quote, attest)))
		return -EFAULT;
	if (q->size != sizeof(*q) || q->zero || !q->pcr_mask || q->pcr_mask >= BIT(PAL_NR_PCRS) ||
	    q->nonce_size > QUOTE_MAX_NONCE)
		return -EINVAL;
	pcr_digest(utpm, q->pcr_mask, utpm->pcr_digest);
	memcpy(q->pcr, utpm->pcr, sizeof(q->pcr));
	memcpy(q->statement, &core_statement, sizeof(q->statement));
	return -EAGAIN;
}

static s64 quote_end(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	struct svc_quote *q = &utpm->quote;
	u8 rs[64];
	int err = sign_hash(slot_id(pal->slot), utpm->hash, rs);

	if (err)
		return err == -EAGAIN ? utpm_waits(utpm) : err;
	make_signature(q, rs);
	return write_to_pal(pal, request, q, sizeof(*q)) ? 0 : -EFAULT;
}

s64 utpm_quote(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	struct svc_quote *q = &utpm->quote;
	int err;

	switch (utpm->step) {
	case 0:
		return quote_begin(pal, utpm, request);
	case 1:
		err = sign_public(q->public_x, q->public_y);
		return err == -EAGAIN ? utpm_waits(utpm) : err ? err : -EAGAIN;
	case 2:
		make_name(utpm);
		make_attest(utpm);
		return -EAGAIN;
	case 3:
		crypto_hash(q->attest, q->attest_size, NULL, 0, utpm->hash);
		return -EAGAIN;
	default:
		return quote_end(pal, utpm, request);
	}
}
