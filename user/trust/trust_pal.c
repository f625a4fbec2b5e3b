// SPDX-License-Identifier: MIT
/*
 * The PAL of `underpin seal` and its kin: it seals to itself and gives quotes of
 * itself. Whoever may open /dev/underpin may ask it, so what it seals is safe from
 * other machines and from a stolen disk, not from other users of this one.
 */
#include "trust.h"

#include <underpin/pal_services.h>

static long or_exit(int ret)
{
	if (ret)
		pal_exit(-ret);
	return 0;
}

long trust_seal(const unsigned char *data, long size, long pcr_mask, unsigned char *blob)
{
	struct pal_seal s = {
		.flags = PAL_SEAL_TO_SELF | PAL_SEAL_PCRS_NOW, .pcr_mask = (uint32_t)pcr_mask,
		.data_size = (uint32_t)size, .data = (uintptr_t)data, .blob = (uintptr_t)blob, .blob_size = TRUST_BLOB_MAX,
	};

	or_exit(pal_seal_for(&s));
	return (long)s.blob_size;
}
UNDERPIN_PAL_ENTRY(trust_seal, PAL_IN_N(2, TRUST_DATA_MAX), PAL_INT, PAL_INT, PAL_OUT(TRUST_BLOB_MAX));

long trust_unseal(const unsigned char *blob, long size, unsigned char *data)
{
	size_t room = TRUST_DATA_MAX;

	or_exit(pal_unseal(blob, (size_t)size, data, &room));
	return (long)room;
}
UNDERPIN_PAL_ENTRY(trust_unseal, PAL_IN_N(2, TRUST_BLOB_MAX), PAL_INT, PAL_OUT(TRUST_DATA_MAX));

long trust_quote(long pcr_mask, const unsigned char *nonce, long nonce_size, struct pal_quote *quote)
{
	return or_exit(pal_quote((unsigned int)pcr_mask, nonce, (size_t)nonce_size, quote));
}
UNDERPIN_PAL_ENTRY(trust_quote, PAL_INT, PAL_IN_N(3, 64), PAL_INT, PAL_OUT(sizeof(struct pal_quote)));
