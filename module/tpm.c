// SPDX-License-Identifier: GPL-2.0
/*
 * See tpm.h. Commands of the TPM 2.0 Library, part 3: StartAuthSession (11.1), PolicyPCR
 * (23.7), NV_Read (31.13), FlushContext (28.4), Quote (18.4). The kernel has no calls for these
 * but tpm_transmit_cmd(). `underpin tpm setup` (user/trust/underpin-tpm) makes what is read and signed with here.
 */
#include "state.h"
#include "image.h"
#include "tpm.h"

#include <crypto/hash.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tpm.h>
#include <linux/version.h>
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

#define ST_NO_SESSIONS 0x8001
#define ST_SESSIONS 0x8002
#define RH_NULL 0x40000007u
#define RS_PW 0x40000009u
#define ALG_SHA256 0x000b
#define ALG_NULL 0x0010
#define SE_POLICY 0x01
#define CC_START_AUTH_SESSION 0x176u
#define CC_POLICY_PCR 0x17fu
#define CC_NV_READ 0x14eu
#define CC_FLUSH_CONTEXT 0x165u
#define CC_QUOTE 0x158u
/* Part 2, 6.6: format one; the parameter's or handle's number is in bits 8 to 11 and 6. */
#define RC_FORMAT_ONE_MASK 0x0bf
#define RC_POLICY_FAIL 0x09d
#define RC_HANDLE 0x08b
#define RC_NV_UNINITIALIZED 0x14a

#define BUFFER_SIZE PAGE_SIZE	/* what the kernel's TPM code may write */
#define HEADER_SIZE 10

#define NAME_SIZE 34		/* part 1, 16: algorithm, SHA-256 of the public area */

struct command {
	u8 *bytes;
	u32 used;
};

/* From tpm_root_secret() to tpm_finish(). */
static struct tpm_chip *chip __initdata;
static u32 quoted_pcrs __initdata;
/* attest_size is 0 where there is none. */
static struct underpin_certificate certificate;

static void __init put(struct command *c, unsigned int size, u32 value)
{
	while (size--)
		c->bytes[c->used++] = value >> 8 * size;
}

static void __init begin(struct command *c, u16 tag, u32 code)
{
	c->used = 0;
	put(c, 2, tag);
	put(c, 4, 0);
	put(c, 4, code);
}

static void __init put_bytes(struct command *c, const void *from, u32 n)
{
	memcpy(c->bytes + c->used, from, n);
	c->used += n;
}

/* An authorization: handle, no nonce, no attributes, no HMAC or password. */
static void __init put_session(struct command *c, u32 session)
{
	put(c, 4, 9);
	put(c, 4, session);
	put(c, 2, 0);
	put(c, 1, 0);
	put(c, 2, 0);
}

/* TPML_PCR_SELECTION of one. */
static void __init put_pcrs(struct command *c, u32 pcrs)
{
	put(c, 4, 1);
	put(c, 2, ALG_SHA256);
	put(c, 1, 3);
	put(c, 1, pcrs & 0xff);
	put(c, 1, pcrs >> 8 & 0xff);
	put(c, 1, pcrs >> 16 & 0xff);
}

/* 0 and the answer in bytes, of *size; a TPM's response code; or -errno. */
static int __init transmit(struct command *c, u32 *size)
{
	struct tpm_buf buf = { .data = c->bytes };
	int ret;

	put_unaligned_be32(c->used, c->bytes + 2);
	ret = tpm_try_get_ops(chip);
	if (ret)
		return ret;
	ret = tpm_transmit_cmd(chip, &buf, 0, NULL);
	tpm_put_ops(chip);
	*size = get_unaligned_be32(c->bytes + 2);
	return ret ? ret : *size < HEADER_SIZE || *size > BUFFER_SIZE ? -EIO : 0;
}

static int __init start_session(struct command *c, u32 *session)
{
	u32 size;
	int ret;

	begin(c, ST_NO_SESSIONS, CC_START_AUTH_SESSION);
	put(c, 4, RH_NULL);
	put(c, 4, RH_NULL);
	put(c, 2, 32);
	get_random_bytes(c->bytes + c->used, 32);
	c->used += 32;
	put(c, 2, 0);
	put(c, 1, SE_POLICY);
	put(c, 2, ALG_NULL);
	put(c, 2, ALG_SHA256);
	ret = transmit(c, &size);
	if (!ret && size < HEADER_SIZE + 4)
		ret = -EIO;
	if (!ret)
		*session = get_unaligned_be32(c->bytes + HEADER_SIZE);
	return ret;
}

/* The values that the PCRs have now. */
static int __init policy_pcr(struct command *c, u32 session, u32 pcrs)
{
	u32 size;

	begin(c, ST_NO_SESSIONS, CC_POLICY_PCR);
	put(c, 4, session);
	put(c, 2, 0);
	put_pcrs(c, pcrs);
	return transmit(c, &size);
}

static int __init nv_read(struct command *c, u32 session, u8 secret[TPM_SECRET_SIZE])
{
	u32 size;
	int ret;

	begin(c, ST_SESSIONS, CC_NV_READ);
	put(c, 4, TPM_NV_INDEX);
	put(c, 4, TPM_NV_INDEX);
	put_session(c, session);
	put(c, 2, TPM_SECRET_SIZE);
	put(c, 2, 0);
	ret = transmit(c, &size);
	if (ret)
		return ret;
	/* Size of the parameters, size of the data, the data. */
	if (size < HEADER_SIZE + 6 + TPM_SECRET_SIZE ||
	    get_unaligned_be16(c->bytes + HEADER_SIZE + 4) != TPM_SECRET_SIZE)
		return -EIO;
	memcpy(secret, c->bytes + HEADER_SIZE + 6, TPM_SECRET_SIZE);
	return 0;
}

static void __init flush(struct command *c, u32 session)
{
	u32 size;

	begin(c, ST_NO_SESSIONS, CC_FLUSH_CONTEXT);
	put(c, 4, session);
	transmit(c, &size);
}

static int __init sha256_of(const void *a, size_t na, const void *b, size_t nb, u8 digest[32])
{
	struct crypto_shash *tfm = crypto_alloc_shash("sha256", 0, 0);
	int err;

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	{
		SHASH_DESC_ON_STACK(desc, tfm);

		desc->tfm = tfm;
		err = crypto_shash_init(desc);
		if (!err)
			err = crypto_shash_update(desc, a, na);
		if (!err)
			err = crypto_shash_update(desc, b, nb);
		if (!err)
			err = crypto_shash_final(desc, digest);
	}
	crypto_free_shash(tfm);
	return err;
}

/* The core's image and one byte: 1 with debug=1, whose calls a sealed secret should not meet. */
static int __init measure(bool debug, u8 digest[32])
{
	size_t size;
	const u8 *image = image_bytes(&size);
	const u8 flags = debug;

	return sha256_of(image, size, &flags, 1, digest);
}

static int __init extend(const u8 digest[32])
{
	struct tpm_digest *digests = kcalloc(chip->nr_allocated_banks, sizeof(*digests), GFP_KERNEL);
	unsigned int i;
	int err;

	if (!digests)
		return -ENOMEM;
	for (i = 0; i < chip->nr_allocated_banks; i++) {
		digests[i].alg_id = chip->allocated_banks[i].alg_id;
		memcpy(digests[i].digest, digest, 32);
	}
	err = tpm_pcr_extend(chip, TPM_PCR_OF_CORE, digests);
	kfree(digests);
	return err;
}

/* What it says where the TPM says no. */
static int __init complain(int ret)
{
	if (ret < 0) {
		pr_err("root_secret=tpm: the TPM does not answer: %pe\n", ERR_PTR(ret));
		return ret;
	}
	if ((ret & RC_FORMAT_ONE_MASK) == RC_HANDLE || ret == RC_NV_UNINITIALIZED) {
		pr_err("root_secret=tpm: the TPM holds no secret of Underpin's: underpin tpm setup makes one\n");
		return -ENOENT;
	}
	if ((ret & RC_FORMAT_ONE_MASK) == RC_POLICY_FAIL) {
		pr_err("root_secret=tpm: the TPM does not give the secret: it was given since the boot (then reboot), or firmware, boot loader, kernel or core are not those of underpin tpm setup (then set it up anew: what was sealed is lost; or boot those)\n");
		return -EPERM;
	}
	pr_err("root_secret=tpm: the TPM answers with error %#x\n", ret);
	return -EIO;
}

static int __init read_in_a_session(struct command *c, u32 pcrs, u8 secret[TPM_SECRET_SIZE])
{
	u32 session;
	int ret = start_session(c, &session);

	if (ret)
		return ret;
	ret = policy_pcr(c, session, pcrs);
	if (!ret)
		ret = nv_read(c, session, secret);
	if (ret)
		flush(c, session);	/* a good read has ended it */
	return ret;
}

/* Any extend of any PCR ends a policy session (Part 3, 23.7): IMA's, or another program's. */
#define RC_PCR_CHANGED 0x128
#define TRIES 16

static int __init read_secret(u32 pcrs, u8 secret[TPM_SECRET_SIZE])
{
	struct command c = { kzalloc(BUFFER_SIZE, GFP_KERNEL) };
	int ret = RC_PCR_CHANGED, tries;

	if (!c.bytes)
		return -ENOMEM;
	for (tries = 0; tries < TRIES && ret == RC_PCR_CHANGED; tries++)
		ret = read_in_a_session(&c, pcrs, secret);
	kfree_sensitive(c.bytes);
	return ret;
}

/* ---- the certificate (docs/services.md 14) ---- */

/* Part 2, 12.2.4, as pal/utpm_quote.c has it with a TPM's root secret. */
static int __init name_of_key(const u8 key[TPM_KEY_SIZE], u8 name[NAME_SIZE])
{
	static const u8 begin[] = { 0, 0x23, 0, 0x0b, 0, 5, 0, 0x40, 0, 0, 0, 0x10, 0, 0x18, 0, 0x0b, 0, 3, 0, 0x10, 0, 32 };
	u8 point[32 + 2 + 32];

	memcpy(point, key, 32);
	put_unaligned_be16(32, point + 32);
	memcpy(point + 34, key + 32, 32);
	put_unaligned_be16(ALG_SHA256, name);
	return sha256_of(begin, sizeof(begin), point, sizeof(point), name + 2);
}

static int __init read_pcrs(void)
{
	struct tpm_digest digest = { .alg_id = ALG_SHA256 };
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(certificate.pcr); i++) {
		if (!(quoted_pcrs & BIT(i)))
			continue;
		err = tpm_pcr_read(chip, i, &digest);
		if (err)
			return err;
		memcpy(certificate.pcr[i], digest.digest, sizeof(certificate.pcr[i]));
	}
	return 0;
}

/* TPM2B_ATTEST, then TPMT_SIGNATURE to the end of the parameters. */
static int __init take_quote(const u8 *answer, u32 size)
{
	u32 end, attest, signature;

	if (size < HEADER_SIZE + 6)
		return -EIO;
	end = get_unaligned_be32(answer + HEADER_SIZE);
	attest = get_unaligned_be16(answer + HEADER_SIZE + 4);
	if (end > size - HEADER_SIZE - 4 || attest > sizeof(certificate.attest) || attest + 2 > end)
		return -EIO;
	signature = end - 2 - attest;
	if (!attest || signature > sizeof(certificate.signature))
		return -EIO;
	memcpy(certificate.attest, answer + HEADER_SIZE + 6, attest);
	memcpy(certificate.signature, answer + HEADER_SIZE + 6 + attest, signature);
	certificate.pcr_mask = quoted_pcrs;
	certificate.signature_size = signature;
	certificate.attest_size = attest;
	return 0;
}

static int __init quote(struct command *c, const u8 name[NAME_SIZE])
{
	u32 size;
	int ret;

	begin(c, ST_SESSIONS, CC_QUOTE);
	put(c, 4, TPM_ATTESTATION_KEY);
	put_session(c, RS_PW);
	put(c, 2, NAME_SIZE);
	put_bytes(c, name, NAME_SIZE);
	put(c, 2, ALG_NULL);	/* the key's own scheme */
	put_pcrs(c, quoted_pcrs);
	ret = transmit(c, &size);
	return ret ? ret : take_quote(c->bytes, size);
}

/* Without it quotes are self-asserted, which `verify` says: no reason not to load. */
static void __init certify(const u8 key[TPM_KEY_SIZE])
{
	struct command c = { kzalloc(BUFFER_SIZE, GFP_KERNEL) };
	u8 name[NAME_SIZE];
	int ret = c.bytes ? name_of_key(key, name) : -ENOMEM;

	if (!ret)
		ret = read_pcrs();
	if (!ret)
		ret = quote(&c, name);
	kfree(c.bytes);
	if (ret > 0 && (ret & RC_FORMAT_ONE_MASK) == RC_HANDLE)
		pr_info("root_secret=tpm: the TPM holds no attestation key of Underpin's, so quotes are self-asserted: underpin tpm key makes one\n");
	else if (ret)
		pr_warn("root_secret=tpm: the TPM does not certify the quote key, so quotes are self-asserted: error %#x\n", ret);
}

int tpm_certificate(struct underpin_certificate *to)
{
	const u32 size = to->size;

	if (!certificate.attest_size)
		return -ENODATA;
	*to = certificate;
	to->size = size;
	return 0;
}

/* ---- in order ---- */

int __init tpm_finish(const u8 key[TPM_KEY_SIZE])
{
	static const u8 cap[32] = "Underpin: given";
	int err;

	if (!chip)
		return 0;
	if (key)
		certify(key);
	err = extend(cap);
	put_device(&chip->dev);
	chip = NULL;
	return err ? complain(err) : 0;
}

int __init tpm_root_secret(u32 pcrs, bool debug, u8 secret[TPM_SECRET_SIZE])
{
	u8 digest[32];
	int ret;

	chip = tpm_default_chip();
	if (chip && tpm_is_tpm2(chip) <= 0) {
		put_device(&chip->dev);
		chip = NULL;
	}
	if (!chip) {
		pr_err("root_secret=tpm: this machine has no TPM 2.0 (is it switched on in the firmware?); root_secret=FILE does without\n");
		return -ENODEV;
	}
	quoted_pcrs = (pcrs & 0xffffff) | BIT(TPM_PCR_OF_CORE);
	ret = measure(debug, digest);
	if (!ret)
		ret = extend(digest);
	if (!ret)
		ret = read_secret(quoted_pcrs, secret);
	if (ret)
		memzero_explicit(secret, TPM_SECRET_SIZE);
	return ret ? complain(ret) : 0;
}
