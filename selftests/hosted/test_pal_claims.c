// SPDX-License-Identifier: GPL-2.0
/* link: pal/slot.c */
/* libs: -lpthread */
/*
 * The claims of pal/ by threads that really run at once, each a CPU: who has a slot
 * alone is alone, a context is one CPU's, and nothing stays claimed.
 */
#include <pthread.h>
#include <sched.h>

#include "../../pal/internal.h"
#include "fake.h"
#include "tap.h"

#define NR_CPUS 4
#define ROUNDS 200000
#define CONTEXTS 2

static __thread struct cpu cpu;

struct cpu *this_cpu(void)
{
	return &cpu;
}

int guest_write(gpa_t to, const void *from, size_t size)
{
	return 0;
}

static struct pal_slot *slot;
static struct pal_context context[CONTEXTS];
static int alone, shared, inside[CONTEXTS];
static u64 wrong, times_alone, times_shared, times_inside, times_refused;

static void expect(bool good)
{
	if (!good)
		__atomic_fetch_add(&wrong, 1, __ATOMIC_SEQ_CST);
}

static void take_alone(void)
{
	if (!slot_claim(slot)) {
		__atomic_fetch_add(&times_refused, 1, __ATOMIC_RELAXED);
		sched_yield();	/* on a busy machine who has it may be asleep */
		return;
	}
	expect(__atomic_add_fetch(&alone, 1, __ATOMIC_SEQ_CST) == 1 && !__atomic_load_n(&shared, __ATOMIC_SEQ_CST));
	expect(cpu.pal_claim == slot && !cpu.pal_claim_shared && !slot_shared(slot));
	if (__atomic_fetch_add(&times_alone, 1, __ATOMIC_RELAXED) % 16 == 0)
		sched_yield();
	expect(!__atomic_load_n(&shared, __ATOMIC_SEQ_CST));
	__atomic_sub_fetch(&alone, 1, __ATOMIC_SEQ_CST);
	slot_release(slot);
	expect(!cpu.pal_claim);
}

static void take_context(u32 first, bool crash)
{
	u32 i, k = CONTEXTS;

	if (!slot_join(slot)) {
		__atomic_fetch_add(&times_refused, 1, __ATOMIC_RELAXED);
		sched_yield();	/* on a busy machine who has it may be asleep */
		return;
	}
	__atomic_add_fetch(&shared, 1, __ATOMIC_SEQ_CST);
	expect(!__atomic_load_n(&alone, __ATOMIC_SEQ_CST) && slot_shared(slot) && cpu.pal_claim_shared);
	__atomic_fetch_add(&times_shared, 1, __ATOMIC_RELAXED);
	for (i = 0; i < CONTEXTS && k == CONTEXTS; i++)
		if (context_claim(&context[(first + i) % CONTEXTS]))
			k = (first + i) % CONTEXTS;
	if (k < CONTEXTS) {
		expect(__atomic_add_fetch(&inside[k], 1, __ATOMIC_SEQ_CST) == 1);
		__atomic_fetch_add(&times_inside, 1, __ATOMIC_RELAXED);
		if (first % 16 == 1)
			sched_yield();
		__atomic_sub_fetch(&inside[k], 1, __ATOMIC_SEQ_CST);
	}
	__atomic_sub_fetch(&shared, 1, __ATOMIC_SEQ_CST);
	if (k < CONTEXTS && !crash) {
		context_release(&context[k]);
	} else {
		if (k < CONTEXTS)
			context_unclaim(&context[k]);
		if (crash)
			pal_release_claim(&cpu);
		else
			slot_leave(slot);
	}
	expect(!cpu.pal_claim);
}

static void *run(void *arg)
{
	u32 seed = (u32)(u64)arg * 2654435761u + 1, i;

	for (i = 0; i < ROUNDS; i++) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 28 < 3)
			take_alone();
		else
			take_context(seed >> 16 & 0xff, seed >> 28 == 15);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[NR_CPUS];
	u64 i;

	slot = slot_of(7);
	for (i = 0; i < CONTEXTS; i++)
		context[i] = (struct pal_context){ .slot = slot, .index = i };
	for (i = 0; i < NR_CPUS; i++)
		check(!pthread_create(&thread[i], NULL, run, (void *)i));
	for (i = 0; i < NR_CPUS; i++)
		check(!pthread_join(thread[i], NULL));
	ok(!wrong, "four CPUs at once: alone means alone, a context is one CPU's (%llu wrong)", wrong);
	ok(times_alone > 100 && times_shared > 1000 && times_inside > 1000 && times_refused,
	   "all of it has happened: alone %llu, shared %llu, with a context %llu, refused %llu", times_alone, times_shared,
	   times_inside, times_refused);
	ok(slot->claim == CLAIM_FREE && !context[0].claim && !context[1].claim, "nothing stays claimed");
	return tap_finish();
}
