// SPDX-License-Identifier: MIT
/*
 * fuzz_verify QUOTE AK.pem CORE BOOT ROUNDS: damages a quote with a TPM's certificate and verifies it. What is
 * vouched for must be what the good one says, in each byte that counts. Build with sanitizers.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../trust/verify.h"

static struct {
	struct pal_quote quote;
	struct pal_quote_certificate certificate;
} good, bad;

int complain(const char *fmt, ...)
{
	(void)fmt;
	return 1;
}

const char *hex(const unsigned char *bytes, size_t n, char *text)
{
	size_t i;

	for (i = 0; i < n; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return text;
}

/* What nobody signs and nobody uses goes back to what it was. */
static void forget_unused(void)
{
	struct pal_quote *q = &bad.quote;
	struct pal_quote_certificate *c = &bad.certificate;
	int i;

	q->zero = good.quote.zero;
	memcpy(q->nonce + q->nonce_size, good.quote.nonce + q->nonce_size, sizeof(q->nonce) - q->nonce_size);
	memcpy(q->attest + q->attest_size, good.quote.attest + q->attest_size, sizeof(q->attest) - q->attest_size);
	memcpy(q->signature + 72, good.quote.signature + 72, sizeof(q->signature) - 72);
	memcpy(c->attest + c->attest_size, good.certificate.attest + c->attest_size, sizeof(c->attest) - c->attest_size);
	memcpy(c->signature + c->signature_size, good.certificate.signature + c->signature_size, sizeof(c->signature) - c->signature_size);
	for (i = 0; i < 24; i++)
		if (!(c->pcr_mask >> i & 1))
			memcpy(c->pcr[i], good.certificate.pcr[i], 32);
}

int main(int argc, char **argv)
{
	struct expected e = { .debug = true };
	int rounds = argc > 5 ? atoi(argv[5]) : 100, round, vouched = 0, ret;
	unsigned char boot[32], *bytes = (unsigned char *)&bad;
	FILE *file = fopen(argv[1], "rb");
	size_t i;

	assert(fread(&good, 1, sizeof(good), file) == sizeof(good));
	fclose(file);
	for (i = 0; i < 32; i++)
		assert(sscanf(argv[4] + 2 * i, "%2hhx", &boot[i]) == 1);
	assert(freopen("/dev/null", "w", stdout));
	e.core = argv[3];
	srandom(7);
	for (round = 0; round < rounds; round++) {
		int changes = (int)(random() % 3);

		bad = good;
		while (changes--) {
			/* Half of the damage goes to the numbers. */
			i = (size_t)random() % sizeof(bad);
			if (random() % 2)
				i = random() % 2 ? i % 24 : sizeof(bad.quote) + i % 16;
			bytes[i] = (unsigned char)(random() % 4 ? random() : 0xff);
		}
		e.tpm_key = random() % 8 ? argv[2] : NULL;
		e.tpm_boot = random() % 8 ? boot : NULL;
		ret = verify_quote(&bad.quote, &bad.certificate, &e, random() % 2);
		assert(ret == 0 || ret == 1 || ret == 3);
		if (ret)
			continue;
		assert(e.tpm_key && e.tpm_boot);
		forget_unused();
		assert(!memcmp(&good, &bad, sizeof(good)));
		vouched++;
	}
	fprintf(stderr, "%d of %d vouched for\n", vouched, rounds);
	return !vouched || vouched == rounds;
}
