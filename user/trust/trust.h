/* SPDX-License-Identifier: MIT */
/* The PAL's entry points (trust_pal.c; -1 with errno), and what trust.c and verify.c share. */
#ifndef UNDERPIN_TRUST_H
#define UNDERPIN_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <underpin/quote.h>

#define TRUST_DATA_MAX 2048
#define TRUST_BLOB_MAX (TRUST_DATA_MAX + 208)	/* PAL_SEAL_OVERHEAD */

long trust_seal(const unsigned char *data, long size, long pcr_mask, unsigned char *blob);
long trust_unseal(const unsigned char *blob, long size, unsigned char *data);
long trust_quote(long pcr_mask, const unsigned char *nonce, long nonce_size, struct pal_quote *quote);

/* What a verifier knows beforehand; NULL where it does not. */
struct expected {
	const unsigned char *nonce;
	size_t nonce_size;
	const unsigned char *measurement;	/* of the PAL */
	const char *core;	/* file: core.bin */
	const char *key;	/* file: PEM */
	const char *tpm_key;	/* file: PEM, the TPM's attestation key */
	const unsigned char *tpm_boot;	/* digest of the TPM's PCRs, without that of the core */
	bool debug;		/* a core that takes debug calls will do */
	bool hypervisor;	/* one with another hypervisor below, too */
};

/*
 * Says on stdout what the quote proves, and what not. 0: all that was asked for holds, and the key is
 * one that is known, by itself or by the TPM's certificate (NULL: there is none); 3: it holds, but anybody may have the key; 1: it does not hold.
 */
int verify_quote(const struct pal_quote *quote, const struct pal_quote_certificate *certificate,
		 const struct expected *expected, bool json);
/*
 * attest, signature, public.pem, pcrs in a new or old folder, as tpm2_checkquote takes them; of a certificate
 * tpm-attest, tpm-signature, tpm-pcrs, tpm-qualification.
 */
int export_quote(const struct pal_quote *quote, const struct pal_quote_certificate *certificate, const char *folder);

/* "underpin: ..." once, on stderr; answers 1. */
int complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
const char *hex(const unsigned char *bytes, size_t n, char *text);

#endif
