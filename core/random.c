// SPDX-License-Identifier: GPL-2.0
/* See random.h. */
#include "random.h"

#include <bearssl_hash.h>
#include <bearssl_hmac.h>
#include <bearssl_rand.h>

#include "../include/platform.h"
#include "../vmx/cpu.h"
#include "../vmx/vector.h"
#include "wipe.h"

static br_hmac_drbg_context drbg;
static bool seeded;
static struct spinlock random_lock;

#define HARDWARE_TRIES 10
#define HARDWARE_WORDS 6

static bool hardware_word(bool has_rdseed, u64 *word)
{
	u8 ok = 0;
	int i;

	for (i = 0; i < HARDWARE_TRIES && !ok; i++) {
		if (has_rdseed)
			__asm__ volatile("rdseed %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
		else
			__asm__ volatile("rdrand %0; setc %1" : "=r"(*word), "=qm"(ok) : : "cc");
	}
	return ok;
}

static void mix_hardware(void)
{
	u32 leaf1[4], leaf7[4] = { 0 }, max[4];
	u64 words[HARDWARE_WORDS];
	bool has_rdseed;
	int n;

	cpuid_native(0, 0, max);
	cpuid_native(1, 0, leaf1);
	if (max[0] >= 7)
		cpuid_native(7, 0, leaf7);
	has_rdseed = leaf7[1] & BIT(18);
	if (!has_rdseed && !(leaf1[2] & BIT(30)))
		return;
	for (n = 0; n < HARDWARE_WORDS && hardware_word(has_rdseed, &words[n]); n++)
		;
	br_hmac_drbg_update(&drbg, words, n * sizeof(words[0]));
	memset(words, 0, sizeof(words));
}

int random_init(void)
{
	struct cpu *cpu = this_cpu();
	u64 tsc = rdtsc();

	vector_begin(cpu);
	br_hmac_drbg_init(&drbg, &br_sha256_vtable, handover.entropy, sizeof(handover.entropy));
	br_hmac_drbg_update(&drbg, &tsc, sizeof(tsc));
	mix_hardware();
	vector_end(cpu);
	memset(handover.entropy, 0, sizeof(handover.entropy));
	seeded = true;
	return 0;
}

int core_random(void *buf, size_t len)
{
	struct cpu *cpu = this_cpu();
	int err = 0;

	if (len > RANDOM_MAX)
		return -EINVAL;
	if (!spin_trylock(&random_lock))
		return -EAGAIN;
	if (seeded) {
		vector_begin(cpu);
		br_hmac_drbg_generate(&drbg, buf, len);
		vector_end(cpu);
		wipe_dead_stack();
	} else {
		err = -ECANCELED;
	}
	spin_unlock(&random_lock);
	return err;
}

void random_wipe(void)
{
	spin_lock(&random_lock);
	seeded = false;
	memset(&drbg, 0, sizeof(drbg));
	spin_unlock(&random_lock);
}
