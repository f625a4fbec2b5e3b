// SPDX-License-Identifier: GPL-2.0
/*
 * Seal and unseal (docs/services.md 4 to 6). A request is copied once, then only
 * the copy counts: what lies in SHARED memory may change meanwhile. Sizes are
 * checked against what the copies have room for before anything is copied (the
 * overflows of TRUSTVISOR.md 1.5).
 */
#include "../core/crypto.h"
#include "../core/random.h"
#include "utpm.h"

static const char magic[8] = { 'U', 'P', 'S', 'E', 'A', 'L', 'E', 'D' };

#define VERSION 1
#define OVERHEAD (sizeof(struct seal_header) + SEAL_TAG_SIZE)

/* 23,000 instructions. */
static int blob_key(struct pal_utpm *utpm)
{
	static const char label[] = "Underpin seal key 1";
	struct {
		char label[sizeof(label) - 1];
		u8 nonce[sizeof(utpm->header.nonce)], measurement[DIGEST_SIZE];
	} info;

	memcpy(info.label, label, sizeof(info.label));
	memcpy(info.nonce, utpm->header.nonce, sizeof(info.nonce));
	memcpy(info.measurement, utpm->header.measurement, sizeof(info.measurement));
	return crypto_derive(&info, sizeof(info), utpm->key);
}

static s64 seal_begin(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	const struct svc_seal *s = &utpm->seal;
	struct seal_header *h = &utpm->header;
	int err;

	if (!read_from_pal(pal, request, &utpm->seal, sizeof(utpm->seal)))
		return -EFAULT;
	if (s->size != sizeof(*s) || s->zero || (s->flags & ~(SEAL_TO_SELF | SEAL_PCRS_NOW | SEAL_AS_NV)) ||
	    s->pcr_mask >= BIT(PAL_NR_PCRS) || s->data_size > SEAL_MAX_DATA)
		return -EINVAL;
	if (s->blob_size < OVERHEAD + s->data_size) {
		utpm->seal.blob_size = OVERHEAD + s->data_size;
		return write_to_pal(pal, request, s, sizeof(*s)) ? -EMSGSIZE : -EFAULT;
	}
	if (!read_from_pal(pal, s->data, utpm->data, s->data_size))
		return -EFAULT;
	memcpy(h->magic, magic, sizeof(h->magic));
	h->version = VERSION;
	h->data_size = s->data_size;
	memcpy(h->root_id, core_root_id, sizeof(h->root_id));
	memcpy(h->creator, pal->slot->info.measurement, DIGEST_SIZE);
	memcpy(h->measurement, s->flags & SEAL_TO_SELF ? h->creator : s->measurement, DIGEST_SIZE);
	h->pcr_mask = s->pcr_mask;
	h->flags = s->flags & SEAL_AS_NV;
	if (s->pcr_mask)
		memcpy(h->pcr_digest, s->pcr_digest, DIGEST_SIZE);
	err = core_random(h->nonce, sizeof(h->nonce));
	return err == -EAGAIN ? utpm_waits(utpm) : err ? -ECANCELED : -EAGAIN;
}

static s64 seal_end(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	struct seal_header *h = &utpm->header;
	u32 size = h->data_size;

	crypto_aead(utpm->key, true, utpm->data, size, h, sizeof(*h), utpm->data + size);
	utpm->seal.blob_size = OVERHEAD + size;
	if (!write_to_pal(pal, utpm->seal.blob, h, OVERHEAD + size) ||
	    !write_to_pal(pal, request, &utpm->seal, sizeof(utpm->seal)))
		return -EFAULT;
	return 0;
}

s64 utpm_seal(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	struct seal_header *h = &utpm->header;
	s64 err;

	switch (utpm->step) {
	case 0:
		return seal_begin(pal, utpm, request);
	case 1:
		if (h->pcr_mask && (utpm->seal.flags & SEAL_PCRS_NOW))
			pcr_digest(utpm, h->pcr_mask, h->pcr_digest);
		return -EAGAIN;
	case 2:
		pcr_digest(utpm, BIT(PAL_NR_PCRS) - 1, h->created_pcrs);
		return -EAGAIN;
	case 3:
		err = blob_key(utpm);
		return err ? err : -EAGAIN;
	default:
		return seal_end(pal, utpm, request);
	}
}

static s64 unseal_begin(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	const struct svc_unseal *u = &utpm->unseal;
	const struct seal_header *h = &utpm->header;
	s64 err;

	if (!read_from_pal(pal, request, &utpm->unseal, sizeof(utpm->unseal)))
		return -EFAULT;
	if (u->size != sizeof(*u) || (u->flags & ~(UNSEAL_FROM_SELF | SEAL_AS_NV)) || u->blob_size < OVERHEAD ||
	    u->blob_size > OVERHEAD + SEAL_MAX_DATA)
		return -EINVAL;
	if (!read_from_pal(pal, u->blob, &utpm->header, u->blob_size))
		return -EFAULT;
	if (memcmp(h->magic, magic, sizeof(magic)) || h->version != VERSION ||
	    h->data_size != u->blob_size - OVERHEAD)
		return -EINVAL;
	if (memcmp(h->root_id, core_root_id, sizeof(core_root_id)))
		return -ESTALE;
	err = blob_key(utpm);
	return err ? err : -EAGAIN;
}

/* Nothing of the header is believed before this. */
static s64 unseal_open(struct pal_utpm *utpm)
{
	struct seal_header *h = &utpm->header;
	u8 tag[SEAL_TAG_SIZE];

	crypto_aead(utpm->key, false, utpm->data, h->data_size, h, sizeof(*h), tag);
	return crypto_differ(tag, utpm->data + h->data_size, sizeof(tag)) ? -EBADMSG : -EAGAIN;
}

static s64 unseal_end(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	const struct seal_header *h = &utpm->header;
	struct svc_unseal *u = &utpm->unseal;
	u32 room = u->data_size;
	u8 now[DIGEST_SIZE];

	if (h->flags != (u->flags & SEAL_AS_NV) ||
	    crypto_differ(h->measurement, pal->slot->info.measurement, DIGEST_SIZE) ||
	    ((u->flags & UNSEAL_FROM_SELF) && crypto_differ(h->creator, h->measurement, DIGEST_SIZE)))
		return -EACCES;
	if (h->pcr_mask) {
		pcr_digest(utpm, h->pcr_mask, now);
		if (crypto_differ(now, h->pcr_digest, sizeof(now)))
			return -EKEYREJECTED;
	}
	u->data_size = h->data_size;
	memcpy(u->creator, h->creator, DIGEST_SIZE);
	memcpy(u->created_pcrs, h->created_pcrs, DIGEST_SIZE);
	if (!write_to_pal(pal, request, u, sizeof(*u)))
		return -EFAULT;
	if (room < h->data_size)
		return -EMSGSIZE;
	return write_to_pal(pal, u->data, utpm->data, h->data_size) ? 0 : -EFAULT;
}

s64 utpm_unseal(struct pal *pal, struct pal_utpm *utpm, u64 request)
{
	switch (utpm->step) {
	case 0:
		return unseal_begin(pal, utpm, request);
	case 1:
		return unseal_open(utpm);
	default:
		return unseal_end(pal, utpm, request);
	}
}
