// SPDX-License-Identifier: GPL-2.0
/* What runs inside for services.c: each trusted service, and requests that lie. */
#include <underpin/pal_nv.h>

static unsigned char data[PAL_SEAL_MAX], blob[PAL_SEAL_MAX + PAL_SEAL_OVERHEAD];
static struct pal_quote quote;

long svc_pcr_read(long index, unsigned char *value)
{
	return pal_pcr_read((unsigned int)index, value);
}
UNDERPIN_PAL_ENTRY(svc_pcr_read, PAL_INT, PAL_OUT(32));

long svc_pcr_extend(long index, const unsigned char *digest)
{
	return pal_pcr_extend((unsigned int)index, digest);
}
UNDERPIN_PAL_ENTRY(svc_pcr_extend, PAL_INT, PAL_IN(32));

/* Bytes that begin with seed, sealed to this PAL or to `to`. */
long svc_seal(long size, long seed, long pcr_mask, unsigned char *out, const unsigned char *to, long to_self)
{
	struct pal_seal s = {
		.flags = (to_self ? PAL_SEAL_TO_SELF : 0) | PAL_SEAL_PCRS_NOW, .pcr_mask = (uint32_t)pcr_mask,
		.data_size = (uint32_t)size, .data = (uintptr_t)data, .blob = (uintptr_t)out,
		.blob_size = PAL_SEAL_MAX + PAL_SEAL_OVERHEAD,
	};
	long i, ret;

	for (i = 0; i < PAL_SEAL_MAX; i++)
		data[i] = (unsigned char)(seed + i);
	memcpy(s.measurement, to, sizeof(s.measurement));
	ret = pal_seal_for(&s);
	return ret ? ret : (long)s.blob_size;
}
UNDERPIN_PAL_ENTRY(svc_seal, PAL_INT, PAL_INT, PAL_INT, PAL_OUT(PAL_SEAL_MAX + PAL_SEAL_OVERHEAD), PAL_IN(32), PAL_INT);

/* The size, if it is what svc_seal() makes; -1 if it is something else. any: whoever sealed it. */
long svc_unseal(const unsigned char *in, long size, long seed, long any)
{
	struct pal_unseal request = { .blob = (uintptr_t)in, .blob_size = (uint32_t)size, .data = (uintptr_t)data,
				      .data_size = sizeof(data) };
	size_t got = sizeof(data), i;
	int ret;

	memset(data, 0, sizeof(data));
	if (any) {
		ret = pal_unseal_from(&request);
		got = ret ? 0 : request.data_size;
	} else {
		ret = pal_unseal(in, (size_t)size, data, &got);
	}
	for (i = 0; i < got; i++)
		if (data[i] != (unsigned char)(seed + (long)i))
			return -1;
	for (; i < sizeof(data); i++)
		if (data[i])
			return -1;
	return ret ? ret : (long)got;
}
UNDERPIN_PAL_ENTRY(svc_unseal, PAL_IN_N(2, PAL_SEAL_MAX + PAL_SEAL_OVERHEAD), PAL_INT, PAL_INT, PAL_INT);

long svc_quote(long mask, const unsigned char *nonce, long nonce_size, struct pal_quote *out)
{
	return pal_quote((unsigned int)mask, nonce, (size_t)nonce_size, out);
}
UNDERPIN_PAL_ENTRY(svc_quote, PAL_INT, PAL_IN_N(3, 64), PAL_INT, PAL_OUT(sizeof(struct pal_quote)));

long svc_counter(long index, long add, unsigned long *epoch)
{
	uint64_t e;
	long ret = add ? pal_counter_increment((unsigned int)index, &e) : pal_counter_read((unsigned int)index, &e);

	*epoch = e;
	return ret;
}
UNDERPIN_PAL_ENTRY(svc_counter, PAL_INT, PAL_INT, PAL_OUT(8));

long svc_nv_write(long space, const char *text, unsigned char *out)
{
	return pal_nv_write((unsigned int)space, text, 16, out);
}
UNDERPIN_PAL_ENTRY(svc_nv_write, PAL_INT, PAL_IN(16), PAL_OUT(16 + PAL_NV_OVERHEAD));

long svc_nv_read(long space, const unsigned char *in, char *text)
{
	size_t n = 16;

	return pal_nv_read((unsigned int)space, in, 16 + PAL_NV_OVERHEAD, text, &n);
}
UNDERPIN_PAL_ENTRY(svc_nv_read, PAL_INT, PAL_IN(16 + PAL_NV_OVERHEAD), PAL_OUT(16));

/* Requests with addresses and sizes that are not the PAL's: the number of those that were not refused. */
long svc_lies(long kernel)
{
	static const unsigned char constant[32] = { 1 };
	struct pal_seal s, good = { .size = sizeof(s), .flags = PAL_SEAL_TO_SELF, .data_size = 16, .data = (uintptr_t)data,
				    .blob = (uintptr_t)blob, .blob_size = sizeof(blob) };
	struct pal_unseal u = { .size = sizeof(u), .blob = (uintptr_t)blob, .blob_size = 207, .data = (uintptr_t)data,
				.data_size = sizeof(data) };
	long bad = 0;

#define LIE(field, value) do { \
	s = good; \
	s.field = value; \
	bad += pal_call(PAL_SVC_SEAL, (uintptr_t)&s, 0, NULL) >= 0; \
} while (0)
	LIE(data, (uintptr_t)kernel);
	LIE(blob, (uintptr_t)kernel);
	LIE(blob, (uintptr_t)constant);
	LIE(blob, (uintptr_t)svc_lies);
	LIE(data_size, PAL_SEAL_MAX + 1);
	LIE(data_size, 0xffffffff);
	LIE(blob_size, 0);
	LIE(size, 0);
	LIE(pcr_mask, 0x100);
	LIE(flags, 0x80000000);
	bad += pal_call(PAL_SVC_SEAL, (uintptr_t)kernel, 0, NULL) >= 0;
	bad += pal_call(PAL_SVC_UNSEAL, (uintptr_t)&u, 0, NULL) >= 0;
	u.blob_size = 0xffffffff;
	bad += pal_call(PAL_SVC_UNSEAL, (uintptr_t)&u, 0, NULL) >= 0;
	bad += pal_call(PAL_SVC_PCR_READ, 8, (uintptr_t)data, NULL) >= 0;
	bad += pal_call(PAL_SVC_PCR_READ, 0, (uintptr_t)constant, NULL) >= 0;
	bad += pal_call(PAL_SVC_PCR_READ, 0, (uintptr_t)kernel, NULL) >= 0;
	bad += pal_call(PAL_SVC_COUNTER, 4, 1, NULL) >= 0;
	bad += pal_quote(0, data, 8, &quote) >= 0;
	bad += pal_quote(0x1ff, data, 8, &quote) >= 0;
	return bad;
}
UNDERPIN_PAL_ENTRY(svc_lies, PAL_INT);
