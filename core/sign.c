// SPDX-License-Identifier: GPL-2.0
/*
 * See sign.h. BearSSL computes a signature in one call. So that call runs on a
 * stack of its own, and goes back to the caller of step() from inside: the link
 * puts __wrap_*() here in front of its field multiplication and of HMAC's end
 * (core/Makefile), and every so many of them pay() switches stacks. Its next
 * step may run on another CPU: nothing on that stack is bound to one (stack
 * canaries are 0 on all), and vector registers are the caller's to lose at a
 * call (System V ABI).
 *
 * There is one stack and one work at a time. Each PAL has a job[] of its own, taken
 * in turn, and whoever comes moves on what is under way, whose ever it is: so
 * nobody's signature waits for a PAL that is not run, or for ever behind others'.
 */
#include "sign.h"

#include <bearssl_ec.h>
#include <bearssl_hmac.h>

#include "../ept/frame.h"
#include "../include/platform.h"
#include "../vmx/cpu.h"
#include "../vmx/vector.h"
#include "crypto.h"
#include "known_answers.h"

#define STACK_SIZE (3 * PAGE_SIZE)	/* 7,100 bytes are used; stack_end[] tells if it were too little */
/* In multiplications: 2,400 instructions each, with what comes between them. A signature has 5,158. */
#define COST_MULTIPLY 1
#define COST_HMAC 9
#define COST_A_STEP 14	/* 39,000 instructions at most */

enum work {
	WORK_NONE,
	WORK_TEST,	/* first of all: the known answer */
	WORK_PUBLIC,	/* then the public key */
	WORK_SIGN,
};

static u8 stack[STACK_SIZE] __attribute__((aligned(16)));
static const u8 stack_end[16] = "end of the stack";	/* its lowest bytes: still there after each step */
static u64 busy;	/* slot + 1 of the CPU that has it: by compare-and-swap, never waited for */
static bool dead, broken;
bool sign_crashes;
static u32 work;	/* enum work */
static bool finished;
static u32 paid;
static u64 work_rsp, step_rsp;
static struct cpu *step_cpu;
static u8 key[32], hash[32], result[65];
static bool tested, have_public;
static u8 public_key[65];
static u8 key_attempt;
static bool have_key;
/* By PAL id; hash[] above is that of the one being worked at. */
static struct job {
	enum { JOB_NONE, JOB_WANTED, JOB_DONE } state;
	u8 hash[32], signature[64];
} job[FRAME_MAX_ID + 1];
static u32 at_work;	/* index */

/* Saves RSP and what a call keeps (System V ABI), goes on at another RSP that was saved so. */
void sign_switch(u64 *save, u64 rsp);
__asm__(".pushsection .text\n"
	".globl sign_switch\n"
	"sign_switch:\n\t"
	"push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"
	"mov %rsp, (%rdi)\n\t"
	"mov %rsi, %rsp\n\t"
	"pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\t"
	"ret\n"
	".popsection");

bool sign_owns(u64 rsp)
{
	return rsp - (u64)stack < sizeof(stack);
}

struct cpu *sign_cpu(void)
{
	return step_cpu;
}

#ifdef UNDERPIN_HOSTED
#define ON_ITS_STACK __attribute__((no_sanitize_address, noinline))
#else
#define ON_ITS_STACK __attribute__((noinline))
#endif

/* Before the work, so that no step is longer than COST_A_STEP. */
static ON_ITS_STACK void pay(u32 cost)
{
	if (!sign_owns((u64)__builtin_frame_address(0)))
		return;
	if (unlikely(sign_crashes))
		__asm__ volatile("ud2");
	if (paid + cost > COST_A_STEP)
		sign_switch(&work_rsp, step_rsp);
	paid += cost;
}

void __real_br_i31_montymul(u32 *d, const u32 *x, const u32 *y, const u32 *m, u32 m0i);
void __wrap_br_i31_montymul(u32 *d, const u32 *x, const u32 *y, const u32 *m, u32 m0i) ON_ITS_STACK;
void __wrap_br_i31_montymul(u32 *d, const u32 *x, const u32 *y, const u32 *m, u32 m0i)
{
	pay(COST_MULTIPLY);
	__real_br_i31_montymul(d, x, y, m, m0i);
}

/* A word of a conversion into Montgomery's form, with a constant-time division. */
void __real_br_i31_muladd_small(u32 *x, u32 z, const u32 *m);
void __wrap_br_i31_muladd_small(u32 *x, u32 z, const u32 *m) ON_ITS_STACK;
void __wrap_br_i31_muladd_small(u32 *x, u32 z, const u32 *m)
{
	pay(COST_MULTIPLY);
	__real_br_i31_muladd_small(x, z, m);
}

size_t __real_br_hmac_out(const void *ctx, void *out);
size_t __wrap_br_hmac_out(const void *ctx, void *out) ON_ITS_STACK;
size_t __wrap_br_hmac_out(const void *ctx, void *out)
{
	pay(COST_HMAC);
	return __real_br_hmac_out(ctx, out);
}

/* The first and only function on the stack; it never returns. */
static ON_ITS_STACK void work_main(void)
{
	const br_ec_private_key private_key = {
		BR_EC_secp256r1, (u8 *)(work == WORK_TEST ? ecdsa_known_key : key), sizeof(key),
	};
	const void *to_sign = work == WORK_TEST ? ecdsa_known_hash : hash;

	if (work == WORK_PUBLIC)
		br_ec_prime_i31.mulgen(result, key, sizeof(key), BR_EC_secp256r1);
	else
		br_ecdsa_i31_sign_raw(&br_ec_prime_i31, &br_sha256_vtable, to_sign, &private_key, result);
	finished = true;
	for (;;)
		sign_switch(&work_rsp, step_rsp);
}

static void begin(enum work what)
{
	u64 *top = (u64 *)(stack + sizeof(stack)) - 2;

	memcpy(stack, stack_end, sizeof(stack_end));
	*top = (u64)work_main;	/* RSP is then 8 more than a multiple of 16, as behind a call */
	work_rsp = (u64)(top - 6);
	finished = false;
	work = what;
}

static void take_result(void)
{
	if (work == WORK_TEST) {
		tested = true;
		broken = memcmp(result, ecdsa_known_signature, sizeof(ecdsa_known_signature)) != 0;
		if (broken)
			log_event(LOG_ERROR, "ECDSA gives a wrong answer on this CPU: no quotes");
	} else if (work == WORK_PUBLIC) {
		memcpy(public_key, result, sizeof(public_key));
		have_public = true;
	} else if (!memcmp(job[at_work].hash, hash, sizeof(hash))) {	/* else it wants another by now */
		memcpy(job[at_work].signature, result, sizeof(job[0].signature));
		job[at_work].state = JOB_DONE;
	}
	work = WORK_NONE;
	memset(stack, 0, sizeof(stack));
}

/* 32 bytes that are a key: not 0 and below the order of the curve. All but one of 2^32 are. */
static int key_step(void)
{
	char label[] = "Underpin quote key 1.";
	size_t n;
	const u8 *order = br_ec_prime_i31.order(BR_EC_secp256r1, &n);
	static const u8 zero[32];
	int err;

	label[sizeof(label) - 2] = key_attempt++;
	err = crypto_derive(label, sizeof(label) - 1, key);
	have_key = !err && memcmp(key, order, n) < 0 && memcmp(key, zero, n);
	return err ? err : -EAGAIN;
}

static void wipe(void)
{
	memset(stack, 0, sizeof(stack));
	memset(key, 0, sizeof(key));
	memset(result, 0, sizeof(result));
	have_key = false;
	work = WORK_NONE;
}

static void work_step(void)
{
	struct cpu *cpu = this_cpu();

	paid = 0;
	step_cpu = cpu;
	vector_begin(cpu);
	sign_switch(&step_rsp, work_rsp);
	vector_end(cpu);
	if (memcmp(stack, stack_end, sizeof(stack_end))) {
		log_event(LOG_ERROR, "a signature needs more than its stack: no quotes");
		broken = true;
		wipe();
	} else if (finished) {
		take_result();
	}
}

/* The next in turn: all come by before one does again. */
static void begin_signature(void)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(job); n++) {
		at_work = (at_work + 1) % ARRAY_SIZE(job);
		if (job[at_work].state != JOB_WANTED)
			continue;
		memcpy(hash, job[at_work].hash, sizeof(hash));
		begin(WORK_SIGN);
		return;
	}
}

/* With busy: one step of what is under way, or the next begins. -EAGAIN; an error. */
static int step(void)
{
	if (dead || broken)
		return dead ? -ECANCELED : -EIO;
	if (work != WORK_NONE) {
		work_step();
		return -EAGAIN;
	}
	if (!have_key)
		return key_step();
	if (tested && have_public)
		begin_signature();
	else
		begin(!tested ? WORK_TEST : WORK_PUBLIC);
	return -EAGAIN;
}

static bool enter(void)
{
	return cmpxchg64(&busy, 0, this_cpu()->slot + 1);
}

static void leave(void)
{
	__atomic_store_n(&busy, 0, __ATOMIC_SEQ_CST);
	/* What sign_wipe() could not wipe because this CPU was in the middle of it. */
	if (READ_ONCE(dead) && enter()) {
		wipe();
		__atomic_store_n(&busy, 0, __ATOMIC_SEQ_CST);
	}
}

static int sign_job(struct job *j, const u8 to_sign[32], u8 signature[64])
{
	if (j->state == JOB_DONE && !memcmp(j->hash, to_sign, sizeof(j->hash)) && !dead) {
		memcpy(signature, j->signature, sizeof(j->signature));
		j->state = JOB_NONE;
		return 0;
	}
	memcpy(j->hash, to_sign, sizeof(j->hash));
	j->state = JOB_WANTED;
	return step();
}

int sign_hash(u32 id, const u8 to_sign[32], u8 signature[64])
{
	int ret;

	if (!enter())
		return -EAGAIN;
	ret = sign_job(&job[id], to_sign, signature);
	leave();
	return ret;
}

int sign_public(u8 x[32], u8 y[32])
{
	int ret;

	if (!enter())
		return -EAGAIN;
	ret = have_public && !dead ? 0 : step();
	memcpy(x, public_key + 1, 32);
	memcpy(y, public_key + 33, 32);
	leave();
	return ret;
}

void sign_wipe(void)
{
	__atomic_store_n(&dead, true, __ATOMIC_SEQ_CST);
	if (enter())
		leave();
}

void sign_crashed(struct cpu *cpu)
{
	if (READ_ONCE(busy) != cpu->slot + 1)
		return;
	/* No PAL is called any more (pal_doom_all()), so nobody needs the key again. */
	__atomic_store_n(&busy, 0, __ATOMIC_SEQ_CST);
	sign_wipe();
}

void sign_forget(u32 id)
{
	WRITE_ONCE(job[id].state, JOB_NONE);
}
