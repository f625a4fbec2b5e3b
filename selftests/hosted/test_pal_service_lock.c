// SPDX-License-Identifier: GPL-2.0
/* link: pal/utpm.c */
/* libs: -lpthread */
/* Two contexts of a PAL ask for services from two CPUs: one step at a time, and each with the lock (pal/utpm.c). */
#include <pthread.h>
#include <stdlib.h>
#include "../../pal/utpm.h"
#include "../../core/crypto.h"
#include "../../core/sign.h"
#include "fake.h"
#include "tap.h"
u8 core_statement_digest[DIGEST_SIZE];
static __thread struct cpu cpu;
struct cpu *this_cpu(void) { return &cpu; }
static u8 page[2][4096] __attribute__((aligned(4096)));

void *donated_ptr(const struct pal *pal, u32 i)
{
	return page[0];
}

u32 slot_id(const struct pal_slot *s) { return 1; }
void sign_forget(u32 id) {}
void crypto_hash(const void *a, size_t na, const void *b, size_t nb, u8 out[32]) {}
bool read_from_pal(const struct pal *p, u64 f, void *t, u64 s) { return true; }
bool write_to_pal(const struct pal *p, u64 t, const void *f, u64 s) { return true; }
s64 utpm_counter(const struct pal *pal, u64 i, u64 a, u64 *e) { return 0; }

static int inside;
static u64 both, unlocked, steps;

static s64 step(struct pal_utpm *u)
{
	int k;
	if (__atomic_add_fetch(&inside, 1, __ATOMIC_SEQ_CST) > 1) __atomic_fetch_add(&both, 1, __ATOMIC_RELAXED);
	if (!READ_ONCE(u->lock)) __atomic_fetch_add(&unlocked, 1, __ATOMIC_RELAXED);
	__atomic_fetch_add(&steps, 1, __ATOMIC_RELAXED);
	for (k = 0; k < 200; k++) __asm__ volatile("pause");
	__atomic_sub_fetch(&inside, 1, __ATOMIC_SEQ_CST);
	return -EINVAL;	/* a request that is refused: the shortest service */
}
s64 utpm_seal(struct pal *p, struct pal_utpm *u, u64 r) { return step(u); }
s64 utpm_unseal(struct pal *p, struct pal_utpm *u, u64 r) { return step(u); }
s64 utpm_quote(struct pal *p, struct pal_utpm *u, u64 r) { return step(u); }
static struct pal_slot slot;
static struct pal pal = { .slot = &slot, .nr_contexts = 2 };
static struct pal_context ctx[2];
static void *run(void *arg)
{
	struct pal_context *c = arg;
	u32 i;

	for (i = 0; i < 300000; i++) {
		struct guest_regs r = { .rax = c->index ? HC_SVC_UNSEAL : HC_SVC_SEAL };
		utpm_call(c, &r);
	}
	return NULL;
}
int main(void)
{
	pthread_t t[2];
	u32 i;

	for (i = 0; i < 2; i++) {
		ctx[i] = (struct pal_context){ .slot = &slot, .pal = &pal, .index = i };
		pthread_create(&t[i], NULL, run, &ctx[i]);
	}
	for (i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	ok(!unlocked, "a step is made with the lock (%llu of %llu without)", unlocked, steps);
	ok(!both, "never two contexts in a step at once (%llu times)", both);
	return tap_finish();
}
