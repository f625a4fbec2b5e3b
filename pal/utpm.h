/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The trusted services of a PAL (docs/services.md): its PCRs, and a service in
 * progress. All of it lies in one donated page, wiped with the others when the PAL
 * ends. A service is a chain of steps with RIP on the VMCALL, so everything that a
 * step leaves for the next is here. Where a PAL has several contexts, one of them at a time
 * holds the lock, and one has a service in progress; the others make their VMCALL again.
 */
#ifndef UNDERPIN_PAL_UTPM_H
#define UNDERPIN_PAL_UTPM_H

#include "../include/services.h"
#include "internal.h"

struct pal_utpm {
	u8 pcr[PAL_NR_PCRS][DIGEST_SIZE];
	u64 lock;		/* 1 + index of the context whose call is under way */
	u32 context;		/* index of the one whose service it is */
	u32 service;		/* HC_SVC_* in progress; 0: none */
	u32 step;
	union {
		struct {
			union {
				struct svc_seal seal;
				struct svc_unseal unseal;
			};
			u8 key[32];
			struct seal_header header;	/* the blob from here on */
			u8 data[SEAL_MAX_DATA + SEAL_TAG_SIZE];
		};
		struct {
			struct svc_quote quote;
			u8 name[2 + DIGEST_SIZE], pcr_digest[DIGEST_SIZE], hash[DIGEST_SIZE];
		};
	};
};
_Static_assert(offsetof(struct pal_utpm, header) + sizeof(struct seal_header) == offsetof(struct pal_utpm, data),
	       "a blob in one piece");
_Static_assert(sizeof(struct pal_utpm) <= PAGE_SIZE, "struct pal_utpm outgrew its page");

static inline struct pal_utpm *utpm_of(const struct pal *pal)
{
	return donated_ptr(pal, DONATED_UTPM);
}

/* TPM 2.0 part 1, 17.5: values in the mask, lowest index first. 21,000 instructions at most. */
void pcr_digest(const struct pal_utpm *utpm, u32 mask, u8 digest[DIGEST_SIZE]);

/*
 * One step each. -EAGAIN: the VMCALL is made again; else the service's answer.
 * utpm->step counts on with each -EAGAIN, from 0; utpm_waits() is for one that is not over.
 */
s64 utpm_seal(struct pal *pal, struct pal_utpm *utpm, u64 request);
s64 utpm_unseal(struct pal *pal, struct pal_utpm *utpm, u64 request);
s64 utpm_quote(struct pal *pal, struct pal_utpm *utpm, u64 request);
static inline s64 utpm_waits(struct pal_utpm *utpm)
{
	utpm->step--;
	return -EAGAIN;
}

/* At once; -EAGAIN: another CPU is at it. *epoch goes to RDX. */
s64 utpm_counter(const struct pal *pal, u64 index, u64 add, u64 *epoch);

#endif
