// SPDX-License-Identifier: MIT
/*
 * The TPM's certificate for the core's quote key (docs/services.md 14): a TPM2_Quote whose extraData is the name of that
 * key. As in verify.c the statement is made anew from its parts and compared; the qualified name of the
 * attestation key, clock and firmware version are read out of it and not used.
 */
#include "verify.h"

#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>

#define PCR_OF_CORE 13
#define NAME_SIZE 34

static bool sound(const struct pal_quote_certificate *c)
{
	return c->size == sizeof(*c) && c->attest_size <= sizeof(c->attest) && c->signature_size <= sizeof(c->signature) &&
	       c->pcr_mask < 1 << 24;
}

static bool signed_by(const char *name, const struct pal_quote_certificate *c)
{
	EVP_PKEY *key = read_public_key(name);
	bool holds = key && ecdsa_holds(key, c->signature, c->signature_size, c->attest, c->attest_size);

	EVP_PKEY_free(key);
	return holds;
}

/* TPMS_PCR_SELECTION's three bytes, then the values, lowest first; `underpin tpm status` reckons the same without PCR 13. */
static void digest_of_pcrs(const struct pal_quote_certificate *c, uint32_t mask, bool selection, unsigned char digest[32])
{
	unsigned char bytes[3 + 24 * 32], select[] = { (unsigned char)mask, (unsigned char)(mask >> 8), (unsigned char)(mask >> 16) };
	struct writer w = { bytes };
	int i;

	if (selection)
		put(&w, select, sizeof(select));
	for (i = 0; i < 24; i++)
		if (mask >> i & 1)
			put(&w, c->pcr[i], 32);
	SHA256(bytes, (size_t)(w.at - bytes), digest);
}

static bool is_of_its_parts(const struct pal_quote *q, const struct pal_quote_certificate *c)
{
	static const unsigned char begin[] = { 0xff, 0x54, 0x43, 0x47, 0x80, 0x18, 0, NAME_SIZE }, name_size[] = { 0, NAME_SIZE };
	const uint32_t m = c->pcr_mask;
	unsigned char end[] = { 0, 0, 0, 1, 0, 0x0b, 3, (unsigned char)m, (unsigned char)(m >> 8), (unsigned char)(m >> 16), 0, 32 };
	unsigned char made[sizeof(c->attest)], name[NAME_SIZE], digest[32];
	struct writer w = { made };

	if (c->attest_size != sizeof(begin) + NAME_SIZE + 2 + NAME_SIZE + CLOCK_SIZE + sizeof(end) + 32)
		return false;
	key_name(q, name);
	digest_of_pcrs(c, m, false, digest);
	put(&w, begin, sizeof(begin));
	put(&w, c->attest + (w.at - made), NAME_SIZE);	/* qualified name: says under which hierarchy the key is */
	put(&w, name_size, sizeof(name_size));
	put(&w, name, sizeof(name));
	put(&w, c->attest + (w.at - made), CLOCK_SIZE);
	put(&w, end, sizeof(end));
	put(&w, digest, sizeof(digest));
	return !memcmp(made, c->attest, c->attest_size);
}

/* module/tpm.c: SHA-256 of core.bin and a byte, 1 with debug=1, extended into zeros. */
static bool core_was_measured(const char *name, const struct pal_quote *q, const struct pal_quote_certificate *c)
{
	struct pal_core_statement s;
	unsigned char *bytes = malloc(0x400000 + 1), digest[32];
	FILE *file = fopen(name, "rb");
	size_t n = file && bytes ? fread(bytes, 1, 0x400000, file) : 0;

	memcpy(&s, q->statement, sizeof(s));
	if (n) {
		bytes[n] = !!(s.flags & PAL_STATEMENT_DEBUG);
		SHA256(bytes, n + 1, digest);
	}
	if (file)
		fclose(file);
	free(bytes);
	return n && (c->pcr_mask >> PCR_OF_CORE & 1) && is_extended_once(c->pcr[PCR_OF_CORE], digest);
}

bool say_certificate(struct report *r, const struct pal_quote *q, const struct pal_quote_certificate *c,
		     const struct expected *e)
{
	const uint32_t boot_mask = c ? c->pcr_mask & ~(1u << PCR_OF_CORE) : 0;
	char digits[65], line[200];
	unsigned char boot[32];
	int by_tpm = -1, parts, core = -1, chain = -1;

	if (!c || !sound(c)) {
		if (c || e->tpm_key || e->tpm_boot)
			say(r, "tpm_signature", 0, "a TPM's certificate is there (load with root_secret=tpm, on a TPM with underpin tpm key)");
		return false;
	}
	if (e->tpm_key)
		by_tpm = signed_by(e->tpm_key, c);
	say(r, "tpm_signature", by_tpm, e->tpm_key ? "the TPM's key that you know has signed a certificate" :
	    "whose key has signed the certificate that came with it: give --tpm-ak AK.pem (underpin tpm key, on that machine)");
	parts = is_of_its_parts(q, c);
	say(r, "tpm_contents", parts, "it is for the key of this quote, and the TPM's PCR values shown are those that were signed");
	if (e->core)
		core = core_was_measured(e->core, q, c);
	say(r, "tpm_core", core, e->core ? "when the TPM signed, PCR 13 held that core and nothing else" :
	    "which core PCR 13 held when the TPM signed: give --core");
	digest_of_pcrs(c, boot_mask, true, boot);
	if (e->tpm_boot)
		chain = !memcmp(boot, e->tpm_boot, sizeof(boot));
	snprintf(line, sizeof(line), e->tpm_boot ? "the machine was booted as you expect" :
		 "whether that machine was booted as it should: give --tpm-boot DIGEST (underpin tpm status); it was %s", hex(boot, 32, digits));
	say(r, "tpm_boot_known", chain, line);
	if (r->json)
		json_object_object_add(r->json, "tpm_boot", json_object_new_string(hex(boot, 32, digits)));
	return by_tpm == 1 && parts == 1 && core == 1 && chain == 1;
}
