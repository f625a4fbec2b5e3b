// SPDX-License-Identifier: GPL-2.0
/* See crypto.h. RFC 5869 (HKDF), RFC 8439 (ChaCha20-Poly1305), FIPS 180-4; known_answers.c is next. */
#include "crypto.h"

#include <bearssl_block.h>
#include <bearssl_hash.h>
#include <bearssl_hmac.h>

#include "../include/platform.h"
#include "../include/version.h"
#include "../vmx/cpu.h"
#include "../vmx/cpuid.h"
#include "../vmx/vector.h"
#include "header.h"
#include "known_answers.h"
#include "random.h"
#include "sign.h"
#include "wipe.h"

struct core_statement core_statement;
u8 core_statement_digest[DIGEST_SIZE];
u8 core_root_id[16];
u64 core_epoch;

static u8 root_prk[32];	/* HKDF-Extract of the root secret, which itself is kept nowhere */
static bool have_root;
static struct spinlock root_lock;

#define MEASURE_A_STEP 512u

bool crypto_differ(const void *a, const void *b, size_t n)
{
	const volatile u8 *x = a, *y = b;
	u8 d = 0;

	while (n--)
		d |= *x++ ^ *y++;
	return d;
}

void crypto_hash(const void *a, size_t na, const void *b, size_t nb, u8 out[DIGEST_SIZE])
{
	struct cpu *cpu = this_cpu();
	br_sha256_context c;

	vector_begin(cpu);
	br_sha256_init(&c);
	br_sha256_update(&c, a, na);
	br_sha256_update(&c, b, nb);
	br_sha256_out(&c, out);
	vector_end(cpu);
}

/* Between vector_begin() and vector_end(). tail: one more byte, or none (-1). */
static void hmac(const void *key, size_t key_size, const void *data, size_t n, int tail, u8 out[32])
{
	br_hmac_key_context k;
	br_hmac_context c;
	u8 byte = tail;

	br_hmac_key_init(&k, &br_sha256_vtable, key, key_size);
	br_hmac_init(&c, &k, 0);
	br_hmac_update(&c, data, n);
	br_hmac_update(&c, &byte, tail >= 0);
	br_hmac_out(&c, out);
	memset(&k, 0, sizeof(k));
	memset(&c, 0, sizeof(c));
	barrier();
}

void hkdf_extract(const void *salt, size_t salt_size, const void *secret, size_t n, u8 prk[32])
{
	hmac(salt, salt_size, secret, n, -1, prk);
}

void hkdf_expand(const u8 prk[32], const void *info, size_t n, u8 key[32])
{
	hmac(prk, 32, info, n, 1, key);
}

int crypto_derive(const void *info, size_t n, u8 key[32])
{
	struct cpu *cpu = this_cpu();
	u8 prk[32];
	bool have;

	spin_lock(&root_lock);
	have = have_root;
	memcpy(prk, root_prk, sizeof(prk));
	spin_unlock(&root_lock);
	if (have) {
		vector_begin(cpu);
		hkdf_expand(prk, info, n, key);
		vector_end(cpu);
	}
	memset(prk, 0, sizeof(prk));
	barrier();
	wipe_dead_stack();
	return have ? 0 : -ECANCELED;
}

void crypto_aead(const u8 key[32], bool encrypt, void *data, size_t n, const void *aad, size_t aad_size,
		 u8 tag[SEAL_TAG_SIZE])
{
	static const u8 iv[12];
	struct cpu *cpu = this_cpu();

	vector_begin(cpu);
	/* Every x86-64 CPU has SSE2. */
	br_poly1305_ctmulq_run(key, iv, data, n, aad, aad_size, tag, br_chacha20_sse2_get(), encrypt);
	vector_end(cpu);
	wipe_dead_stack();
}

void crypto_wipe(void)
{
	spin_lock(&root_lock);
	have_root = false;
	memset(root_prk, 0, sizeof(root_prk));
	spin_unlock(&root_lock);
}

static int test_step(void)
{
	struct cpu *cpu = this_cpu();
	bool ok;

	vector_begin(cpu);
	ok = known_answers_hold();
	vector_end(cpu);
	if (!ok)
		log_event(LOG_ERROR, "cryptography gives wrong answers on this CPU");
	return ok ? 0 : -EIO;
}

/* The secret that Linux gave, or a new one; only what is extracted of it stays. */
static int root_step(void)
{
	static const char salt[] = "Underpin root 1", label[] = "Underpin root id 1";
	u32 size = handover.root_secret_size;
	struct cpu *cpu = this_cpu();
	u8 id[32];
	int err = 0;

	if (size && (size < CORE_ROOT_SECRET_MIN || size > CORE_ROOT_SECRET_MAX ||
		     (handover.root_kind != ROOT_FILE && handover.root_kind != ROOT_TPM)))
		err = -EINVAL;
	core_statement.root_kind = size ? handover.root_kind : ROOT_EPHEMERAL;
	if (!size) {
		size = CORE_ROOT_SECRET_MIN;
		err = core_random(handover.root_secret, size);
	}
	if (!err) {
		vector_begin(cpu);
		hkdf_extract(salt, sizeof(salt) - 1, handover.root_secret, size, root_prk);
		vector_end(cpu);
		have_root = true;
		err = crypto_derive(label, sizeof(label) - 1, id);
		memcpy(core_root_id, id, sizeof(core_root_id));
	}
	memset(handover.root_secret, 0, sizeof(handover.root_secret));
	handover.root_secret_size = 0;
	wipe_dead_stack();
	return err;
}

static int epoch_step(void)
{
	return core_random(&core_epoch, sizeof(core_epoch));
}

static int measure_step(void)
{
	static br_sha256_context hash;
	static u32 done;
	const u8 *image = (const u8 *)&image_header;
	struct cpu *cpu = this_cpu();
	u32 n = image_header.rodata_end - done;

	if (n > MEASURE_A_STEP)
		n = MEASURE_A_STEP;
	vector_begin(cpu);
	if (!done)
		br_sha256_init(&hash);
	br_sha256_update(&hash, image + done, n);
	done += n;
	if (done == image_header.rodata_end)
		br_sha256_out(&hash, core_statement.image);
	vector_end(cpu);
	return done == image_header.rodata_end ? 0 : -EAGAIN;
}

static int statement_step(void)
{
	memcpy(core_statement.magic, "UnderpinCOR1", sizeof(core_statement.magic));
	core_statement.version = UNDERPIN_VERSION_CODE;
	core_statement.flags = (handover.flags & HANDOVER_DEBUG ? STATEMENT_DEBUG : 0) |
			       (handover.flags & HANDOVER_LOCK ? STATEMENT_LOCK : 0) |
			       (handover.flags & HANDOVER_HYPERVISOR_VISIBLE ? STATEMENT_HYPERVISOR : 0);
	core_statement.nesting_depth = cpuid_nesting_depth;
	crypto_hash(&core_statement, sizeof(core_statement), NULL, 0, core_statement_digest);
	return 0;
}

/* The module has the TPM certify the key before the launch. 20 million instructions. */
static int public_step(void)
{
	if (core_statement.root_kind != ROOT_TPM)
		return 0;
	return sign_public(handover.quote_key, handover.quote_key + 32);
}

int crypto_init_step(void)
{
	static int (*const steps[])(void) = {
		test_step, root_step, epoch_step, measure_step, statement_step, public_step,
	};
	static u32 next;
	int err;

	if (next == ARRAY_SIZE(steps))
		return 0;
	err = steps[next]();
	if (!err && ++next == ARRAY_SIZE(steps))
		return 0;
	return err ? err : -EAGAIN;
}

void keys_wipe(void)
{
	random_wipe();
	sign_wipe();
	crypto_wipe();
}
