// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c core/crypto.c core/sign.c core/known_answers.c */
/* libs: -Wl,--wrap=br_i31_montymul,--wrap=br_i31_muladd_small,--wrap=br_hmac_out -l:libbearssl.a */
/*
 * Requests and blobs that a PAL could invent: any bytes in any service, and a good
 * blob with a few bytes changed. No blob opens but the one that the core made, and
 * nothing is written outside of what the PAL may write.
 */
#include "fuzz.h"
#include "service_machine.h"

static u8 good[OVERHEAD + 48];

static void start(void)
{
	static const u8 root[32] = { 1 };
	struct svc_seal s = seal_of(48);

	service_machine_start(root, sizeof(root));
	check(do_seal(&s) == 0);
	peek(good, BLOB, sizeof(good));
}

/* data: pairs of a place in the blob and what it is changed by. */
static void changed_blob(const u8 *data, size_t size)
{
	struct svc_unseal u = unseal_of(sizeof(good));
	u8 blob[sizeof(good)];
	bool same;
	s64 ret;
	size_t i;

	memcpy(blob, good, sizeof(blob));
	for (i = 0; i + 1 < size && i < 64; i += 2)
		blob[data[i] % sizeof(blob)] ^= data[i + 1];
	same = !memcmp(blob, good, sizeof(blob));
	poke(BLOB, blob, sizeof(blob));
	ret = do_unseal(&u);
	check(same ? ret == 0 : ret == -EINVAL || ret == -ESTALE || ret == -EBADMSG, "%lld", ret);
}

/* The request as it comes, with addresses that are likely to lie in the PAL. */
static void any_request(u32 nr, const u8 *data, size_t size)
{
	u8 request[sizeof(struct svc_quote)] = { 0 };
	struct svc_seal *s = (void *)request;
	struct svc_unseal *u = (void *)request;
	u64 place;

	memcpy(request, data, size < sizeof(request) ? size : sizeof(request));
	if (nr == HC_SVC_SEAL && (request[0] & 1)) {
		s->size = sizeof(*s);
		s->data = PAL_BASE + s->data % 0x8000;
		s->blob = PAL_BASE + s->blob % 0x8000;
		s->data_size %= 2 * SEAL_MAX_DATA;
	} else if (nr == HC_SVC_UNSEAL && (request[0] & 1)) {
		u->size = sizeof(*u);
		u->blob = PAL_BASE + u->blob % 0x8000;
		u->data = PAL_BASE + u->data % 0x8000;
		u->blob_size %= 2 * SEAL_MAX_DATA;
	} else if (nr == HC_SVC_QUOTE) {
		request[0] = 0;	/* a signature takes too long here: a wrong size */
	}
	place = PAL_BASE + 0x2000 + (size ? data[size - 1] : 0) * 0x50;
	if (place + sizeof(request) <= SHARED_AT + PAGE_SIZE)
		poke(place, request, sizeof(request));
	check(service(nr, place, size > 8 ? data[7] : 0, NULL) <= 0 || nr == HC_SVC_COUNTER);
}

void fuzz_one(const u8 *data, size_t size)
{
	static bool started;
	static u8 code[2 * PAGE_SIZE];

	if (!started)
		start();
	started = true;
	if (!size)
		return;
	memcpy(code, frame(pal[0].frame[0]), PAGE_SIZE);
	memcpy(code + PAGE_SIZE, frame(pal[0].frame[1]), PAGE_SIZE);
	if (data[0] & 1)
		changed_blob(data + 1, size - 1);
	else
		any_request(HC_SVC_PCR_READ + (data[0] >> 1) % 7, data + 1, size - 1);
	check(!memcmp(code, frame(pal[0].frame[0]), PAGE_SIZE) &&
	      !memcmp(code + PAGE_SIZE, frame(pal[0].frame[1]), PAGE_SIZE), "code or constants were written");
}
