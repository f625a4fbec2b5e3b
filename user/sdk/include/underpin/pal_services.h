/* SPDX-License-Identifier: MIT */
/*
 * Trusted services of the core for code inside of a PAL: PCRs, sealed data,
 * quotes, counters. docs/services.md says what they promise, and what not. Buffers
 * may lie anywhere in the PAL. Each answers 0, or a negative errno.
 */
#ifndef UNDERPIN_PAL_SERVICES_H
#define UNDERPIN_PAL_SERVICES_H

#include <underpin/pal.h>
#include <underpin/quote.h>

#define PAL_SVC_PCR_READ 0x55500104
#define PAL_SVC_PCR_EXTEND 0x55500105
#define PAL_SVC_SEAL 0x55500106
#define PAL_SVC_UNSEAL 0x55500107
#define PAL_SVC_QUOTE 0x55500108
#define PAL_SVC_COUNTER 0x55500109

#define PAL_PCRS 8
#define PAL_COUNTERS 4
#define PAL_DIGEST_SIZE 32
#define PAL_SEAL_MAX 2048
/* A blob has so many bytes more than what is in it. */
#define PAL_SEAL_OVERHEAD 208

/* PCR 0 begins with the PAL's own measurement, PCR 1 with the core's statement, the others with zeros. */
static inline int pal_pcr_read(unsigned int index, unsigned char value[PAL_DIGEST_SIZE])
{
	return (int)pal_call(PAL_SVC_PCR_READ, index, (uintptr_t)value, NULL);
}

/* PCR := SHA-256(PCR, digest), until the PAL is registered anew. */
static inline int pal_pcr_extend(unsigned int index, const unsigned char digest[PAL_DIGEST_SIZE])
{
	return (int)pal_call(PAL_SVC_PCR_EXTEND, index, (uintptr_t)digest, NULL);
}

#define PAL_UNSEAL_FROM_SELF 0x1	/* only what a PAL of this measurement sealed */
#define PAL_SEAL_TO_SELF 0x1	/* measurement need not be filled */
#define PAL_SEAL_PCRS_NOW 0x2	/* pcr_digest need not be filled: the values that the PCRs have now */
#define PAL_SEAL_AS_NV 0x4	/* for pal_nv.h alone; unseal has to ask for it, too, else -EACCES */

struct pal_seal {
	uint32_t size;
	uint32_t flags;
	uint32_t pcr_mask;	/* bit i: PCR i must have its value; 0: all may have any */
	uint32_t data_size;	/* at most PAL_SEAL_MAX */
	uint64_t data, blob;	/* addresses */
	uint32_t blob_size;	/* room; then: used, or needed */
	uint32_t zero;
	unsigned char measurement[PAL_DIGEST_SIZE];	/* of the PAL that may unseal */
	unsigned char pcr_digest[PAL_DIGEST_SIZE];	/* SHA-256 over the values of the PCRs in the mask, lowest first */
};

struct pal_unseal {
	uint32_t size;
	uint32_t blob_size;
	uint64_t blob, data;	/* addresses */
	uint32_t data_size;	/* room; then: used, or needed */
	uint32_t flags;	/* PAL_UNSEAL_FROM_SELF, PAL_SEAL_AS_NV */
	unsigned char creator[PAL_DIGEST_SIZE];	/* out: measurement of the PAL that sealed */
	unsigned char created_pcrs[PAL_DIGEST_SIZE];	/* out: SHA-256 over its eight PCRs, then */
};

/* With everything that can be said. size and zero are filled here. -EMSGSIZE: no room. */
static inline int pal_seal_for(struct pal_seal *request)
{
	request->size = sizeof(*request);
	request->zero = 0;
	return (int)pal_call(PAL_SVC_SEAL, (uintptr_t)request, 0, NULL);
}

/*
 * -ESTALE: sealed under another root secret (that of an earlier load, or of another
 * machine). -EBADMSG: changed. -EACCES: sealed to another PAL, or by another with
 * PAL_UNSEAL_FROM_SELF. Without that any PAL may have made the blob, and request->creator
 * has to be looked at. -EKEYREJECTED: the PCRs differ. -EINVAL: no blob. -EMSGSIZE: no room. Then nothing is in data.
 */
static inline int pal_unseal_from(struct pal_unseal *request)
{
	request->size = sizeof(*request);
	return (int)pal_call(PAL_SVC_UNSEAL, (uintptr_t)request, 0, NULL);
}

/* Seal to this PAL, with any PCRs. blob has room for size + PAL_SEAL_OVERHEAD bytes, and gets as many. */
static inline int pal_seal(const void *data, size_t size, void *blob)
{
	struct pal_seal request = {
		.flags = PAL_SEAL_TO_SELF, .data_size = (uint32_t)size, .data = (uintptr_t)data,
		.blob = (uintptr_t)blob, .blob_size = (uint32_t)size + PAL_SEAL_OVERHEAD,
	};

	return size > PAL_SEAL_MAX ? -22 : pal_seal_for(&request);
}

/* And back: only what a PAL of this measurement sealed. *size is the room in data, then what is in it. */
static inline int pal_unseal(const void *blob, size_t blob_size, void *data, size_t *size)
{
	struct pal_unseal request = {
		.flags = PAL_UNSEAL_FROM_SELF, .blob = (uintptr_t)blob, .blob_size = (uint32_t)blob_size, .data = (uintptr_t)data,
		.data_size = *size > PAL_SEAL_MAX ? PAL_SEAL_MAX : (uint32_t)*size,
	};
	int ret = blob_size > PAL_SEAL_MAX + PAL_SEAL_OVERHEAD ? -22 : pal_unseal_from(&request);

	*size = ret ? 0 : request.data_size;
	return ret;
}

/*
 * A statement about the PCRs in the mask that a stranger can check (`underpin quote
 * verify`, tpm2_checkquote). nonce: the stranger's, at most 64 bytes. A hundredth of
 * a second, in which the PAL can be interrupted.
 */
static inline int pal_quote(unsigned int pcr_mask, const void *nonce, size_t nonce_size, struct pal_quote *quote)
{
	if (nonce_size > sizeof(quote->nonce))
		return -22;
	quote->size = sizeof(*quote);
	quote->pcr_mask = pcr_mask;
	quote->nonce_size = (uint32_t)nonce_size;
	quote->zero = 0;
	__builtin_memcpy(quote->nonce, nonce, nonce_size);
	return (int)pal_call(PAL_SVC_QUOTE, (uintptr_t)quote, 0, NULL);
}

/*
 * Counters of this PAL's measurement: they outlive the PAL, but not the core. *epoch
 * (may be NULL) tells which life of the core it is: a PAL that seals epoch and value with its
 * state finds out whether a blob is an old one. -ENOSPC: too many PALs have counters.
 * In a 32-bit PAL value and epoch are 31 and 32 bits of them.
 */
static inline int64_t pal_counter_read(unsigned int index, uint64_t *epoch)
{
	uintptr_t e = 0;
	int64_t value = pal_call(PAL_SVC_COUNTER, index, 0, &e);

	if (epoch)
		*epoch = e;
	return value;
}

static inline int64_t pal_counter_increment(unsigned int index, uint64_t *epoch)
{
	uintptr_t e = 0;
	int64_t value = pal_call(PAL_SVC_COUNTER, index, 1, &e);

	if (epoch)
		*epoch = e;
	return value;
}

#endif
