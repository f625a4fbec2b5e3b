/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Trusted services: what a PAL asks with (HC_SVC_*, hypercall.h), and the formats
 * of what it gets. docs/services.md explains them. Requests lie in the PAL's
 * memory and begin with their size. The SDK's header has the same structures
 * (user/sdk/include/underpin/pal_services.h; user/tests/abi.c compares).
 */
#ifndef UNDERPIN_SERVICES_H
#define UNDERPIN_SERVICES_H

#include "types.h"

#define PAL_NR_PCRS 8
#define PAL_NR_COUNTERS 4
#define DIGEST_SIZE 32
#define SEAL_MAX_DATA 2048
#define QUOTE_MAX_NONCE 64

enum root_kind {
	ROOT_EPHEMERAL = 1,
	ROOT_FILE,
	ROOT_TPM,
};

#define SEAL_TO_SELF 0x1	/* measurement := the caller's own */
#define SEAL_PCRS_NOW 0x2	/* pcr_digest := of the present values */
#define SEAL_AS_NV 0x4	/* of a kind of its own: unseal must ask for it, too (user/sdk's pal_nv.h) */

struct svc_seal {
	u32 size;
	u32 flags;		/* SEAL_* */
	u32 pcr_mask;		/* 0: any values */
	u32 data_size;		/* at most SEAL_MAX_DATA */
	u64 data, blob;		/* where */
	u32 blob_size;		/* room; out: used */
	u32 zero;
	u8 measurement[DIGEST_SIZE];
	u8 pcr_digest[DIGEST_SIZE];
};

#define UNSEAL_FROM_SELF 0x1	/* only what a PAL of the same measurement sealed */

struct svc_unseal {
	u32 size;
	u32 blob_size;
	u64 blob, data;
	u32 data_size;		/* room; out: used */
	u32 flags;		/* UNSEAL_*, SEAL_AS_NV */
	u8 creator[DIGEST_SIZE];	/* out: who sealed */
	u8 created_pcrs[DIGEST_SIZE];	/* out: its PCR digest of all eight, then */
};

struct svc_quote {
	u32 size;
	u32 pcr_mask;		/* not 0 */
	u32 nonce_size;		/* at most QUOTE_MAX_NONCE */
	u32 attest_size, signature_size;	/* out */
	u32 zero;
	u8 nonce[QUOTE_MAX_NONCE];
	/* out: */
	u8 attest[192];		/* TPMS_ATTEST */
	u8 signature[80];	/* TPMT_SIGNATURE */
	u8 pcr[PAL_NR_PCRS][DIGEST_SIZE];
	u8 public_x[32], public_y[32];
	u8 statement[64];	/* struct core_statement */
};

#define STATEMENT_DMA_PROTECTED 0x1
#define STATEMENT_DEBUG 0x2
#define STATEMENT_LOCK 0x4
#define STATEMENT_HYPERVISOR 0x8

struct core_statement {
	char magic[12];		/* UnderpinCOR1 */
	u32 version;
	u8 image[DIGEST_SIZE];
	u32 flags;		/* STATEMENT_* */
	u32 nesting_depth;
	u32 root_kind;		/* enum root_kind */
	u32 zero;
};
_Static_assert(sizeof(struct core_statement) == 64, "its hash is in PCR 1");

struct seal_header {
	char magic[8];		/* UPSEALED */
	u32 version;		/* 1 */
	u32 data_size;
	u8 root_id[16];
	u8 measurement[DIGEST_SIZE];	/* who may unseal */
	u8 creator[DIGEST_SIZE];
	u32 pcr_mask;
	u32 flags;		/* 0 or SEAL_AS_NV */
	u8 pcr_digest[DIGEST_SIZE];
	u8 created_pcrs[DIGEST_SIZE];
	u8 nonce[24];
};
#define SEAL_TAG_SIZE 16
_Static_assert(sizeof(struct seal_header) == 192, "the blob's format, version 1");

#endif
