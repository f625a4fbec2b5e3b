/* SPDX-License-Identifier: MIT */
/*
 * A quote, as a PAL gets it from the core and as files hold it (docs/services.md 8).
 * `underpin quote verify` reads these bytes. Numbers are little-endian, but for
 * what TPM 2.0 defines.
 */
#ifndef UNDERPIN_QUOTE_H
#define UNDERPIN_QUOTE_H

#include <stdint.h>

struct pal_quote {
	uint32_t size;		/* of this structure */
	uint32_t pcr_mask;
	uint32_t nonce_size;
	uint32_t attest_size, signature_size;
	uint32_t zero;
	unsigned char nonce[64];
	unsigned char attest[192];	/* TPMS_ATTEST: what is signed */
	unsigned char signature[80];	/* TPMT_SIGNATURE: ECDSA, SHA-256 */
	unsigned char pcr[8][32];	/* all of them, whatever the mask says */
	unsigned char public_x[32], public_y[32];	/* the core's quote key, P-256 */
	unsigned char statement[64];	/* struct pal_core_statement: PCR 1 begins with its hash */
};

/* What may follow in a file: what the TPM says of public_x and public_y (docs/services.md 14); as struct underpin_certificate. */
struct pal_quote_certificate {
	uint32_t size;		/* of this structure */
	uint32_t pcr_mask;	/* of the TPM's PCRs */
	uint32_t attest_size, signature_size;
	unsigned char attest[192];	/* TPMS_ATTEST; extraData: the name of the quote key */
	unsigned char signature[96];	/* TPMT_SIGNATURE by the TPM's attestation key */
	unsigned char pcr[24][32];	/* their values, SHA-256 */
};

#define PAL_STATEMENT_DMA_PROTECTED 0x1
#define PAL_STATEMENT_DEBUG 0x2
#define PAL_STATEMENT_LOCK 0x4
#define PAL_STATEMENT_HYPERVISOR 0x8
#define PAL_ROOT_EPHEMERAL 1
#define PAL_ROOT_FILE 2
#define PAL_ROOT_TPM 3

struct pal_core_statement {
	char magic[12];		/* UnderpinCOR1 */
	uint32_t version;
	unsigned char image[32];	/* SHA-256 of the core's text and constants */
	uint32_t flags;		/* PAL_STATEMENT_* */
	uint32_t nesting_depth;
	uint32_t root_kind;	/* PAL_ROOT_*; others may come */
	uint32_t zero;
};

#endif
