// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c core/crypto.c core/sign.c core/known_answers.c */
/* libs: -Wl,--wrap=br_i31_montymul,--wrap=br_i31_muladd_small,--wrap=br_hmac_out -Wl,--wrap=br_sha256_out,--wrap=br_hmac_key_init,--wrap=br_chacha20_sse2_get,--wrap=br_poly1305_ctmulq_run,--wrap=br_ecdsa_i31_sign_raw -l:libbearssl.a */
/*
 * A CPU on which one of the primitives gives a wrong answer: -EIO at start and no service at all, or, if it is
 * the signature, no quote. Each wrong CPU is a child.
 */
#include <bearssl_block.h>
#include <bearssl_ec.h>
#include <bearssl_hash.h>
#include <bearssl_hmac.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service_machine.h"

static enum { NOTHING, SHA256, HKDF, CHACHA20, POLY1305, DECRYPTION, ECDSA } wrong;

void __real_br_sha256_out(const br_sha256_context *c, void *out);
void __wrap_br_sha256_out(const br_sha256_context *c, void *out);
void __wrap_br_sha256_out(const br_sha256_context *c, void *out)
{
	__real_br_sha256_out(c, out);
	((u8 *)out)[31] ^= wrong == SHA256;
}

void __real_br_hmac_key_init(br_hmac_key_context *k, const br_hash_class *hash, const void *key, size_t n);
void __wrap_br_hmac_key_init(br_hmac_key_context *k, const br_hash_class *hash, const void *key, size_t n);
void __wrap_br_hmac_key_init(br_hmac_key_context *k, const br_hash_class *hash, const void *key, size_t n)
{
	__real_br_hmac_key_init(k, hash, key, n - (wrong == HKDF));
}

static u32 chacha20_wrong(const void *key, const void *iv, u32 counter, void *data, size_t n)
{
	u32 ret = br_chacha20_ct_run(key, iv, counter, data, n);

	*(u8 *)data ^= 1;
	return ret;
}

br_chacha20_run __real_br_chacha20_sse2_get(void);
br_chacha20_run __wrap_br_chacha20_sse2_get(void);
br_chacha20_run __wrap_br_chacha20_sse2_get(void)
{
	return wrong == CHACHA20 ? chacha20_wrong : __real_br_chacha20_sse2_get();
}

void __real_br_poly1305_ctmulq_run(const void *key, const void *iv, void *data, size_t n, const void *aad, size_t aad_n,
				   void *tag, br_chacha20_run chacha20, int encrypt);
void __wrap_br_poly1305_ctmulq_run(const void *key, const void *iv, void *data, size_t n, const void *aad, size_t aad_n,
				   void *tag, br_chacha20_run chacha20, int encrypt);
void __wrap_br_poly1305_ctmulq_run(const void *key, const void *iv, void *data, size_t n, const void *aad, size_t aad_n,
				   void *tag, br_chacha20_run chacha20, int encrypt)
{
	__real_br_poly1305_ctmulq_run(key, iv, data, n, aad, aad_n, tag, chacha20, encrypt);
	((u8 *)tag)[15] ^= wrong == POLY1305;
	((u8 *)data)[n - 1] ^= wrong == DECRYPTION && !encrypt;
}

size_t __real_br_ecdsa_i31_sign_raw(const br_ec_impl *ec, const br_hash_class *hash, const void *value,
				    const br_ec_private_key *key, void *out);
size_t __wrap_br_ecdsa_i31_sign_raw(const br_ec_impl *ec, const br_hash_class *hash, const void *value,
				    const br_ec_private_key *key, void *out);
size_t __wrap_br_ecdsa_i31_sign_raw(const br_ec_impl *ec, const br_hash_class *hash, const void *value,
				    const br_ec_private_key *key, void *out)
{
	size_t n = __real_br_ecdsa_i31_sign_raw(ec, hash, value, key, out);

	((u8 *)out)[63] ^= wrong == ECDSA;
	return n;
}

static s64 start(void)
{
	s64 ret;
	u32 i;

	pal_machine_start(2);
	handover.tsc_khz = 1000;
	memcpy(handover.root_secret, root, sizeof(root));
	handover.root_secret_size = sizeof(root);
	handover.root_kind = root_kind;
	for (i = 0; i < 2; i++)	/* asked again, it is no better */
		while ((ret = crypto_init_step()) == -EAGAIN)
			;
	for (i = 0; i < NR_PALS; i++)
		pal_appears(i);
	return ret;
}

static s64 sealed(void)
{
	struct svc_seal s = seal_of(40);

	return do_seal(&s);
}

/* What a failed quote must not leave in the PAL. */
static s64 quoted(void)
{
	struct svc_quote q = { .size = sizeof(q), .pcr_mask = 1, .nonce_size = 8 };
	s64 ret = do_quote(&q);
	u32 i;

	for (i = 0; i < sizeof(q.signature); i++)
		check(!ret || !q.signature[i]);
	check(!ret || !q.signature_size);
	return ret;
}

static bool all_right(void)
{
	return !start() && !sealed() && !quoted();
}

static bool no_service(void)
{
	return start() == -EIO && sealed() == -ECANCELED && quoted() == -ECANCELED && !core_root_id[0] && !core_epoch;
}

static bool no_quote(void)
{
	return !start() && !sealed() && quoted() == -EIO && quoted() == -EIO && !sealed();
}

static bool no_start(void)
{
	root_kind = ROOT_TPM;
	return start() == -EIO && !handover.quote_key[0] && quoted() == -EIO;
}

static bool on_a_cpu_with(int what, bool (*holds)(void))
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		wrong = what;
		_exit(!holds());
	}
	check(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

int main(void)
{
	ok(on_a_cpu_with(NOTHING, all_right), "where all answers are right, there is every service");
	ok(on_a_cpu_with(SHA256, no_service), "SHA-256 wrong: EIO, and no service");
	ok(on_a_cpu_with(HKDF, no_service), "HKDF wrong: EIO, and no service");
	ok(on_a_cpu_with(CHACHA20, no_service), "ChaCha20 wrong: EIO, and no service");
	ok(on_a_cpu_with(POLY1305, no_service), "Poly1305 wrong: EIO, and no service");
	ok(on_a_cpu_with(DECRYPTION, no_service), "decryption wrong: EIO, and no service");
	ok(on_a_cpu_with(ECDSA, no_quote), "ECDSA wrong: quotes are EIO and have no signature; sealing goes on");
	ok(on_a_cpu_with(ECDSA, no_start), "ECDSA wrong, and a TPM is to certify the quote key: EIO at start");
	return tap_finish();
}
