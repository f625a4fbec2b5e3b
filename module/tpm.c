// SPDX-License-Identifier: GPL-2.0
/*
 * See tpm.h. Commands of the TPM 2.0 Library, part 3: StartAuthSession (11.1), PolicyPCR
 * (23.7), NV_Read (31.13), FlushContext (28.4). The kernel has no calls for these
 * but tpm_send(). `underpin tpm setup` (user/trust/underpin-tpm) makes what is read here.
 */
#include "state.h"
#include "image.h"
#include "tpm.h"

#include <asm/unaligned.h>
#include <crypto/hash.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tpm.h>

#define ST_NO_SESSIONS 0x8001
#define ST_SESSIONS 0x8002
#define RH_NULL 0x40000007u
#define ALG_SHA256 0x000b
#define ALG_NULL 0x0010
#define SE_POLICY 0x01
#define CC_START_AUTH_SESSION 0x176u
#define CC_POLICY_PCR 0x17fu
#define CC_NV_READ 0x14eu
#define CC_FLUSH_CONTEXT 0x165u
/* Part 2, 6.6: format one; the parameter's or handle's number is in bits 8 to 11 and 6. */
#define RC_FORMAT_ONE_MASK 0x0bf
#define RC_POLICY_FAIL 0x09d
#define RC_HANDLE 0x08b
#define RC_NV_UNINITIALIZED 0x14a

#define BUFFER_SIZE 4096	/* what the kernel's TPM code may write */
#define HEADER_SIZE 10

struct command {
	u8 *bytes;
	u32 used;
};

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

/* 0 and the answer in bytes, of *size; a TPM's response code; or -errno. */
static int __init transmit(struct tpm_chip *chip, struct command *c, u32 *size)
{
	int ret;

	put_unaligned_be32(c->used, c->bytes + 2);
	ret = tpm_send(chip, c->bytes, BUFFER_SIZE);
	*size = get_unaligned_be32(c->bytes + 2);
	return ret ? ret : *size < HEADER_SIZE || *size > BUFFER_SIZE ? -EIO : 0;
}

static int __init start_session(struct tpm_chip *chip, struct command *c, u32 *session)
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
	ret = transmit(chip, c, &size);
	if (!ret && size < HEADER_SIZE + 4)
		ret = -EIO;
	if (!ret)
		*session = get_unaligned_be32(c->bytes + HEADER_SIZE);
	return ret;
}

/* The values that the PCRs have now. */
static int __init policy_pcr(struct tpm_chip *chip, struct command *c, u32 session, u32 pcrs)
{
	u32 size;

	begin(c, ST_NO_SESSIONS, CC_POLICY_PCR);
	put(c, 4, session);
	put(c, 2, 0);
	put(c, 4, 1);
	put(c, 2, ALG_SHA256);
	put(c, 1, 3);
	put(c, 1, pcrs & 0xff);
	put(c, 1, pcrs >> 8 & 0xff);
	put(c, 1, pcrs >> 16 & 0xff);
	return transmit(chip, c, &size);
}

static int __init nv_read(struct tpm_chip *chip, struct command *c, u32 session,
			  u8 secret[TPM_SECRET_SIZE])
{
	u32 size;
	int ret;

	begin(c, ST_SESSIONS, CC_NV_READ);
	put(c, 4, TPM_NV_INDEX);
	put(c, 4, TPM_NV_INDEX);
	put(c, 4, 9);		/* the session: handle, no nonce, no attributes, no HMAC */
	put(c, 4, session);
	put(c, 2, 0);
	put(c, 1, 0);
	put(c, 2, 0);
	put(c, 2, TPM_SECRET_SIZE);
	put(c, 2, 0);
	ret = transmit(chip, c, &size);
	if (ret)
		return ret;
	/* Size of the parameters, size of the data, the data. */
	if (size < HEADER_SIZE + 6 + TPM_SECRET_SIZE ||
	    get_unaligned_be16(c->bytes + HEADER_SIZE + 4) != TPM_SECRET_SIZE)
		return -EIO;
	memcpy(secret, c->bytes + HEADER_SIZE + 6, TPM_SECRET_SIZE);
	return 0;
}

static void __init flush(struct tpm_chip *chip, struct command *c, u32 session)
{
	u32 size;

	begin(c, ST_NO_SESSIONS, CC_FLUSH_CONTEXT);
	put(c, 4, session);
	transmit(chip, c, &size);
}

/* SHA-256 of the core's image and of one byte: 1 with debug=1, whose calls a sealed secret should not meet. */
static int __init measure(bool debug, u8 digest[32])
{
	struct crypto_shash *tfm = crypto_alloc_shash("sha256", 0, 0);
	size_t size;
	const u8 *image = image_bytes(&size);
	const u8 flags = debug;
	int err;

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	{
		SHASH_DESC_ON_STACK(desc, tfm);

		desc->tfm = tfm;
		err = crypto_shash_init(desc);
		if (!err)
			err = crypto_shash_update(desc, image, size);
		if (!err)
			err = crypto_shash_update(desc, &flags, 1);
		if (!err)
			err = crypto_shash_final(desc, digest);
	}
	crypto_free_shash(tfm);
	return err;
}

static int __init extend(struct tpm_chip *chip, const u8 digest[32])
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

static int __init read_secret(struct tpm_chip *chip, u32 pcrs, u8 secret[TPM_SECRET_SIZE])
{
	struct command c = { kzalloc(BUFFER_SIZE, GFP_KERNEL) };
	u32 session;
	int ret;

	if (!c.bytes)
		return -ENOMEM;
	ret = start_session(chip, &c, &session);
	if (!ret) {
		ret = policy_pcr(chip, &c, session, pcrs);
		if (!ret)
			ret = nv_read(chip, &c, session, secret);
		if (ret)
			flush(chip, &c, session);	/* a good read has ended it */
	}
	kfree_sensitive(c.bytes);
	return ret;
}

int __init tpm_root_secret(u32 pcrs, bool debug, u8 secret[TPM_SECRET_SIZE])
{
	static const u8 cap[32] = "Underpin: given";
	struct tpm_chip *chip = tpm_default_chip();
	u8 digest[32];
	int ret, err;

	if (!chip || tpm_is_tpm2(chip) <= 0) {
		if (chip)
			put_device(&chip->dev);
		pr_err("root_secret=tpm: this machine has no TPM 2.0 (is it switched on in the firmware?); root_secret=FILE does without\n");
		return -ENODEV;
	}
	ret = measure(debug, digest);
	if (!ret) {
		ret = extend(chip, digest);
		if (!ret)
			ret = read_secret(chip, pcrs | BIT(TPM_PCR_OF_CORE), secret);
		/* Also where that failed: who comes later could read it as we wanted to. */
		err = extend(chip, cap);
		ret = ret ? ret : err;
		if (ret)
			memzero_explicit(secret, TPM_SECRET_SIZE);
	}
	put_device(&chip->dev);
	return ret ? complain(ret) : 0;
}
