// SPDX-License-Identifier: MIT
/*
 * Verifies a quote (docs/services.md 8) with OpenSSL. What the core makes is one fixed
 * form of TPM 2.0's TPMS_ATTEST, so it is made anew here from its parts and compared: nothing
 * that came from a stranger is parsed. Only clock and firmware version are read out of it.
 */
#include "verify.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static EVP_PKEY *public_key(const struct pal_quote *q)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	unsigned char point[65] = { 4 };
	EVP_PKEY *key = NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0),
		OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
		OSSL_PARAM_construct_end(),
	};

	memcpy(point + 1, q->public_x, 32);
	memcpy(point + 33, q->public_y, 32);
	if (!ctx || EVP_PKEY_fromdata_init(ctx) != 1 || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static size_t number16(const unsigned char *at)
{
	return (size_t)at[0] << 8 | at[1];
}

bool ecdsa_holds(EVP_PKEY *key, const unsigned char *signature, size_t size, const unsigned char *data, size_t n)
{
	static const unsigned char begin[] = { 0, 0x18, 0, 0x0b };
	size_t r = size >= 8 && !memcmp(signature, begin, 4) ? number16(signature + 4) : 0;
	size_t s = r && r <= 32 && size >= 8 + r ? number16(signature + 6 + r) : 0;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned char *der = NULL;
	bool holds = false;
	int der_size;

	if (s && s <= 32 && size == 8 + r + s && key && ctx && sig &&
	    ECDSA_SIG_set0(sig, BN_bin2bn(signature + 6, (int)r, NULL), BN_bin2bn(signature + 8 + r, (int)s, NULL))) {
		der_size = i2d_ECDSA_SIG(sig, &der);
		holds = der_size > 0 && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) == 1 &&
			EVP_DigestVerify(ctx, der, (size_t)der_size, data, n) == 1;
	}
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	return holds;
}

static bool signature_holds(const struct pal_quote *q)
{
	EVP_PKEY *key = public_key(q);
	bool holds = q->signature_size == 72 && ecdsa_holds(key, q->signature, q->signature_size, q->attest, q->attest_size);

	EVP_PKEY_free(key);
	return holds;
}

/* TPM 2.0 part 2, 12.2.4: the key's public area; its name is a hash of that. A file's key is not of this machine alone. */
void key_name(const struct pal_quote *q, unsigned char name[34])
{
	struct pal_core_statement s;
	unsigned char begin[] = { 0, 0x23, 0, 0x0b, 0, 5, 0, 0x72, 0, 0, 0, 0x10, 0, 0x18, 0, 0x0b, 0, 3, 0, 0x10 };
	static const unsigned char size[] = { 0, 32 };
	unsigned char area[sizeof(begin) + 2 * 34];
	struct writer w = { area };

	memcpy(&s, q->statement, sizeof(s));
	if (s.root_kind != PAL_ROOT_EPHEMERAL)
		begin[7] = 0x40;
	put(&w, begin, sizeof(begin));
	put(&w, size, 2);
	put(&w, q->public_x, 32);
	put(&w, size, 2);
	put(&w, q->public_y, 32);
	name[0] = 0;
	name[1] = 0x0b;
	SHA256(area, sizeof(area), name + 2);
}

static void pcr_digest(const struct pal_quote *q, unsigned char digest[32])
{
	unsigned char chosen[8 * 32];
	struct writer w = { chosen };
	int i;

	for (i = 0; i < 8; i++)
		if (q->pcr_mask >> i & 1)
			put(&w, q->pcr[i], 32);
	SHA256(chosen, (size_t)(w.at - chosen), digest);
}

/* Part 2, 10.12: as the core makes it of key, nonce and PCRs. */
static bool attest_is_of_its_parts(const struct pal_quote *q)
{
	static const unsigned char begin[] = { 0xff, 0x54, 0x43, 0x47, 0x80, 0x18, 0, 34 };
	unsigned char made[sizeof(q->attest)], name[34], digest[32];
	unsigned char nonce_size[] = { 0, (unsigned char)q->nonce_size };
	unsigned char end[] = { 0, 0, 0, 1, 0, 0x0b, 3, (unsigned char)q->pcr_mask, 0, 0, 0, 32 };
	struct writer w = { made };

	if (q->attest_size != 113 + q->nonce_size)
		return false;
	key_name(q, name);
	pcr_digest(q, digest);
	put(&w, begin, sizeof(begin));
	put(&w, name, sizeof(name));
	put(&w, nonce_size, 2);
	put(&w, q->nonce, q->nonce_size);
	put(&w, q->attest + (w.at - made), CLOCK_SIZE);	/* not known beforehand */
	put(&w, end, sizeof(end));
	put(&w, digest, sizeof(digest));
	return !memcmp(made, q->attest, q->attest_size);
}

bool is_extended_once(const unsigned char pcr[32], const unsigned char digest[32])
{
	unsigned char both[64] = { 0 }, value[32];

	memcpy(both + 32, digest, 32);
	SHA256(both, sizeof(both), value);
	return !memcmp(pcr, value, 32);
}

static bool statement_holds(const struct pal_quote *q)
{
	unsigned char digest[32];

	SHA256(q->statement, sizeof(q->statement), digest);
	return !memcmp(q->statement, "UnderpinCOR1", 12) && (q->pcr_mask & 2) && is_extended_once(q->pcr[1], digest);
}

/* SHA-256 of the image up to the end of its constants, which the header tells. */
static int core_is(const char *name, const unsigned char image[32])
{
	unsigned char *bytes = malloc(0x400000), digest[32];
	FILE *file = fopen(name, "rb");
	size_t n = file && bytes ? fread(bytes, 1, 0x400000, file) : 0;
	uint32_t end = 0;
	int ret = -1;

	if (n >= 20)
		memcpy(&end, bytes + 16, 4);
	if (n < 60 || memcmp(bytes, "CUNDRPIN", 8) || end > n) {
		complain("%s is not a core.bin: build one from the tree with make -C core", name);
	} else {
		SHA256(bytes, end, digest);
		ret = !memcmp(digest, image, 32);
	}
	if (file)
		fclose(file);
	free(bytes);
	return ret;
}

EVP_PKEY *read_public_key(const char *name)
{
	FILE *file = fopen(name, "rb");
	EVP_PKEY *key = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;

	if (!key)
		complain("%s holds no public key in PEM", name);
	if (file)
		fclose(file);
	return key;
}

static int key_is(const char *name, const struct pal_quote *q)
{
	EVP_PKEY *pinned = read_public_key(name), *key = public_key(q);
	int ret = pinned && key ? EVP_PKEY_eq(pinned, key) == 1 : -1;

	EVP_PKEY_free(pinned);
	EVP_PKEY_free(key);
	return ret;
}

/* ---- the answer, line by line ---- */
void say(struct report *r, const char *key, int holds, const char *text)
{
	r->failed |= holds == 0;
	if (r->json)
		json_object_object_add(r->json, key, holds < 0 ? NULL : json_object_new_boolean(holds));
	else
		printf("%-4s %s\n", holds > 0 ? "yes" : holds ? "-" : "NO", text);
}

static const char *root_name(uint32_t kind)
{
	return kind == PAL_ROOT_EPHEMERAL ? "ephemeral" : kind == PAL_ROOT_FILE ? "file" :
	       kind == PAL_ROOT_TPM ? "tpm" : "unknown";
}

static const char *root_meaning(uint32_t kind)
{
	return kind == PAL_ROOT_EPHEMERAL ? "made at load, gone with the core" :
	       kind == PAL_ROOT_FILE ? "a file's: who has that file has the quote key" :
	       kind == PAL_ROOT_TPM ? "the TPM's, which gives it once a boot, to the kernel and core that it was set up with" :
				       "of a kind that this program does not know: nothing can be said of it";
}

static void say_statement(struct report *r, const struct pal_core_statement *s)
{
	char image[65], line[200];

	hex(s->image, 32, image);
	if (r->json) {
		json_object_object_add(r->json, "core_image", json_object_new_string(image));
		json_object_object_add(r->json, "core_version", json_object_new_int64(s->version));
		json_object_object_add(r->json, "nesting_depth", json_object_new_int64(s->nesting_depth));
		json_object_object_add(r->json, "root_secret", json_object_new_string(root_name(s->root_kind)));
		json_object_object_add(r->json, "dma_protected", json_object_new_boolean(s->flags & PAL_STATEMENT_DMA_PROTECTED));
		json_object_object_add(r->json, "debug", json_object_new_boolean(s->flags & PAL_STATEMENT_DEBUG));
		json_object_object_add(r->json, "locked", json_object_new_boolean(s->flags & PAL_STATEMENT_LOCK));
		json_object_object_add(r->json, "hypervisor_below", json_object_new_boolean(s->flags & PAL_STATEMENT_HYPERVISOR));
		return;
	}
	snprintf(line, sizeof(line), "     it says: core %u.%u.%u, image %s", s->version >> 16, s->version >> 8 & 0xff,
		 s->version & 0xff, image);
	puts(line);
	printf("     %s; %s; %s; %s\n", s->flags & PAL_STATEMENT_DMA_PROTECTED ? "protected from DMA" : "NOT protected from DMA",
	       s->flags & PAL_STATEMENT_DEBUG ? "DEBUG calls allowed: for tests, not for secrets" : "no debug calls",
	       s->flags & PAL_STATEMENT_LOCK ? "stays until reboot" : "can be unloaded, which ends its PALs",
	       s->flags & PAL_STATEMENT_HYPERVISOR ? "another hypervisor lies below and can see everything" : "no hypervisor below was visible");
	printf("     nesting depth %u; root secret: %s\n", s->nesting_depth, root_meaning(s->root_kind));
}

static void say_expected(struct report *r, const struct pal_quote *q, const struct pal_core_statement *s,
			 const struct expected *e, bool vouched)
{
	say(r, "nonce", !e->nonce ? -1 : e->nonce_size == q->nonce_size && !memcmp(e->nonce, q->nonce, e->nonce_size),
	    e->nonce ? "it is fresh: it answers your nonce" : "whether it is fresh: give --nonce; this may be an old quote");
	say(r, "measurement", !e->measurement ? -1 : (q->pcr_mask & 1) && is_extended_once(q->pcr[0], e->measurement),
	    e->measurement ? "it comes from the PAL with that measurement, which has not extended PCR 0" :
			     "which PAL it comes from: give --pal MEASUREMENT");
	say(r, "core", e->core ? core_is(e->core, s->image) == 1 : -1,
	    e->core ? "the core is the one in that file" : "which core that is: give --core core.bin of one that you trust");
	say(r, "no_debug", e->debug ? -1 : !(s->flags & PAL_STATEMENT_DEBUG),
	    e->debug ? "whether the core takes debug calls does not matter to you" : "the core takes no debug calls (--allow-debug: for tests)");
	say(r, "no_hypervisor", e->hypervisor ? -1 : !(s->flags & PAL_STATEMENT_HYPERVISOR),
	    e->hypervisor ? "whether another hypervisor lies below does not matter to you" :
			    "the core saw no hypervisor below, which could see everything (--allow-hypervisor)");
	say(r, "key", e->key ? key_is(e->key, q) == 1 : -1,
	    e->key ? "it is signed by the key that you know" :
	    vouched ? "whether you know that key (--key KNOWN.pem); the TPM vouches for it" :
		     "whose key that is: self-asserted. Nothing here ties it to a machine or to a real core; any program could have made it (--key KNOWN.pem)");
}

static const char *meaning(bool failed, bool pinned, bool vouched)
{
	if (failed)
		return "This quote proves NOTHING.";
	if (pinned)
		return "So whoever has that key says that this PAL had these PCRs under this core. SMM, physical access and side channels are not covered.";
	if (vouched)
		return "So the owner of the TPM's key says: booted like that, the machine measured that core before anything else and gave it its secret, and\n"
		       "under it this PAL had these PCRs. That the key is in a TPM, and that what was booted lets nobody act before the module does, is yours to know.\n"
		       "SMM, physical access and side channels are not covered.";
	return "Signed, but by whom nobody can tell: without --key, or --tpm-ak with --tpm-boot and --core, anybody could have made this quote.";
}

int verify_quote(const struct pal_quote *q, const struct pal_quote_certificate *certificate,
		 const struct expected *expected, bool json)
{
	struct report r = { json ? json_object_new_object() : NULL, false };
	struct pal_core_statement statement;
	bool sound, vouched = false;

	memcpy(&statement, q->statement, sizeof(statement));
	sound = q->size == sizeof(*q) && q->attest_size <= sizeof(q->attest) && q->nonce_size <= sizeof(q->nonce) &&
		q->pcr_mask && q->pcr_mask < 0x100;
	say(&r, "signature", sound && signature_holds(q), "the signature holds");
	say(&r, "contents", sound && attest_is_of_its_parts(q), "key, nonce and PCR values shown are those that were signed");
	say(&r, "statement", sound && statement_holds(q), "PCR 1 is the core's statement about itself");
	if (!r.failed)
		say_statement(&r, &statement);
	if (sound) {
		vouched = say_certificate(&r, q, certificate, expected);
		say_expected(&r, q, &statement, expected, vouched);
	}
	if (json) {
		json_object_object_add(r.json, "self_asserted", json_object_new_boolean(!expected->key && !vouched));
		json_object_object_add(r.json, "tpm_vouches", json_object_new_boolean(!r.failed && vouched));
		json_object_object_add(r.json, "verified", json_object_new_boolean(!r.failed && (expected->key || vouched)));
		puts(json_object_to_json_string_ext(r.json, JSON_C_TO_STRING_PRETTY));
		json_object_put(r.json);
	} else {
		puts(meaning(r.failed, expected->key, vouched));
	}
	return r.failed ? 1 : expected->key || vouched ? 0 : 3;
}

/* ---- files for tpm2_checkquote ---- */
static int write_file(const char *folder, const char *name, const void *bytes, size_t n)
{
	char path[4096];
	FILE *file;
	bool good;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "wb");
	good = file && fwrite(bytes, 1, n, file) == n;
	if (file && fclose(file))
		good = false;
	return good ? 0 : complain("cannot write %s: %s", path, strerror(errno));
}

/* tpm2-tools' own form ("serialized"): TPML_PCR_SELECTION and lists of eight values as they lie in memory. */
#define PCR_FILE_SIZE (132 + 4 + 3 * 532)
static size_t pcr_file(uint32_t mask, const unsigned char values[][32], unsigned char *to)
{
	struct { uint32_t count; struct { uint16_t hash; uint8_t size, select[5]; } one[16]; } selection = {
		.count = 1, .one[0] = { 0x0b, 3, { (uint8_t)mask, (uint8_t)(mask >> 8), (uint8_t)(mask >> 16) } } };
	struct { uint32_t count; struct { uint16_t size; uint8_t digest[64]; } one[8]; } list[3] = { 0 };
	uint32_t lists, n = 0;
	int i;

	_Static_assert(sizeof(selection) + sizeof(lists) + sizeof(list) == PCR_FILE_SIZE, "as tpm2-tools has it");
	for (i = 0; i < 24; i++) {
		if (!(mask >> i & 1))
			continue;
		list[n / 8].one[n % 8].size = 32;
		memcpy(list[n / 8].one[n % 8].digest, values[i], 32);
		list[n++ / 8].count++;
	}
	lists = (n + 7) / 8;
	memcpy(to, &selection, sizeof(selection));
	memcpy(to + sizeof(selection), &lists, sizeof(lists));
	memcpy(to + sizeof(selection) + sizeof(lists), list, lists * sizeof(list[0]));
	return sizeof(selection) + sizeof(lists) + lists * sizeof(list[0]);
}

static int export_certificate(const struct pal_quote *q, const struct pal_quote_certificate *c, const char *folder)
{
	unsigned char pcrs[PCR_FILE_SIZE], name[34];
	size_t size = pcr_file(c->pcr_mask, c->pcr, pcrs);

	key_name(q, name);
	return c->attest_size > sizeof(c->attest) || c->signature_size > sizeof(c->signature) ? complain("this is not a certificate") :
	       write_file(folder, "tpm-attest", c->attest, c->attest_size) ||
	       write_file(folder, "tpm-signature", c->signature, c->signature_size) ||
	       write_file(folder, "tpm-pcrs", pcrs, size) ||
	       write_file(folder, "tpm-qualification", name, sizeof(name));
}

int export_quote(const struct pal_quote *q, const struct pal_quote_certificate *certificate, const char *folder)
{
	unsigned char pcrs[PCR_FILE_SIZE];
	size_t size = pcr_file(q->pcr_mask & 0xff, q->pcr, pcrs);
	EVP_PKEY *key = public_key(q);
	BIO *pem = BIO_new(BIO_s_mem());
	char *text = NULL;
	long n = key && pem && PEM_write_bio_PUBKEY(pem, key) == 1 ? BIO_get_mem_data(pem, &text) : 0;
	int ret;

	mkdir(folder, 0777);
	ret = !n ? complain("the quote holds no point of P-256 as its key") :
	      q->attest_size > sizeof(q->attest) || q->signature_size > sizeof(q->signature) ? complain("this is not a quote") :
	      write_file(folder, "attest", q->attest, q->attest_size) || write_file(folder, "signature", q->signature, q->signature_size) ||
	      write_file(folder, "pcrs", pcrs, size) ||
	      write_file(folder, "public.pem", text, (size_t)n) ||
	      (certificate && export_certificate(q, certificate, folder));
	BIO_free(pem);
	EVP_PKEY_free(key);
	return ret;
}
