// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c core/crypto.c core/sign.c core/known_answers.c */
/* libs: -Wl,--wrap=br_i31_montymul,--wrap=br_i31_muladd_small,--wrap=br_hmac_out -l:libbearssl.a */
/* Trusted services: instructions of one of each, over all its steps; random numbers are the fake's. */
#include "service_machine.h"

#define BENCH __attribute__((noinline)) void
BENCH bench_seal_32_bytes(void);
BENCH bench_unseal_32_bytes(void);
BENCH bench_seal_2048_bytes(void);
BENCH bench_unseal_2048_bytes(void);
BENCH bench_quote(void);

static struct svc_seal s;
static struct svc_unseal u;
static struct svc_quote q = { .size = sizeof(q), .pcr_mask = 0xff, .nonce_size = 32 };

BENCH bench_seal_32_bytes(void)
{
	check(do_seal(&s) == 0);
}

BENCH bench_unseal_32_bytes(void)
{
	check(do_unseal(&u) == 0);
}

BENCH bench_seal_2048_bytes(void)
{
	check(do_seal(&s) == 0);
}

BENCH bench_unseal_2048_bytes(void)
{
	check(do_unseal(&u) == 0);
}

BENCH bench_quote(void)
{
	check(do_quote(&q) == 0);
}

int main(void)
{
	static const u8 root[32] = { 1 };

	service_machine_start(root, sizeof(root));
	s = seal_of(32);
	bench_seal_32_bytes();
	u = unseal_of(OVERHEAD + 32);
	bench_unseal_32_bytes();
	s = seal_of(2048);
	s.flags |= SEAL_PCRS_NOW;
	s.pcr_mask = 0xff;
	bench_seal_2048_bytes();
	u = unseal_of(OVERHEAD + 2048);
	bench_unseal_2048_bytes();
	check(do_quote(&q) == 0);	/* known answer, public key */
	q.nonce[0]++;
	bench_quote();
	return 0;
}
