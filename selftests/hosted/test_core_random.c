// SPDX-License-Identifier: GPL-2.0
/* libs: -l:libbearssl.a */
/*
 * Random numbers (RULES 26), with BearSSL as the core links it: each source of
 * entropy counts alone, RDSEED and RDRAND may run dry, and nothing of an answer
 * or of the generator's state stays behind. core/random.c is included below, so
 * that its two instructions can be the assembler macros here.
 */
#include <bearssl_hmac.h>
#include <bearssl_rand.h>

#include "../../vmx/cpu.h"
#include "fake.h"
#include "tap.h"

struct hardware_word {
	u64 word, ok;
};

/* What the next RDSEED or RDRAND answers; fatal if there is no such instruction. */
struct hardware_word *next_rdseed, *next_rdrand;

#define INSTRUCTION(name)                                                      \
	__asm__(".macro " #name " register\n\t"                                \
		"mov next_" #name "(%rip), \\register\n\t"                     \
		"addq $16, next_" #name "(%rip)\n\t"                           \
		"btl $0, 8(\\register)\n\t"                                    \
		"mov (\\register), \\register\n\t"                             \
		".endm")
INSTRUCTION(rdseed);
INSTRUCTION(rdrand);

#include "../../core/random.c"

struct handover handover;
static struct cpu the_cpu;
static u32 vector_depth, vector_uses;

struct cpu *this_cpu(void)
{
	return &the_cpu;
}

void vector_begin(struct cpu *cpu)
{
	check(cpu == &the_cpu && vector_depth == 0);
	vector_depth++;
	vector_uses++;
}

void vector_end(struct cpu *cpu)
{
	check(cpu == &the_cpu && vector_depth == 1);
	vector_depth--;
}

/* Everything that may go into a seed. */
#define NR_WORDS 80
#define NR_ASKED 6	/* 48 bytes, as many as from Linux */
#define NR_TRIES 10	/* Intel: DRNG Software Implementation Guide, 5.2.1 */
struct sources {
	u8 entropy[sizeof(handover.entropy)];
	u64 tsc;
	bool has_rdseed, has_rdrand;
	struct hardware_word rdseed[NR_WORDS], rdrand[NR_WORDS];
};

static struct sources plain(bool has_rdseed, bool has_rdrand)
{
	struct sources s = { .tsc = 123456789, .has_rdseed = has_rdseed, .has_rdrand = has_rdrand };
	u32 i;

	for (i = 0; i < sizeof(s.entropy); i++)
		s.entropy[i] = i * 7 + 1;
	for (i = 0; i < NR_WORDS; i++) {
		s.rdseed[i] = (struct hardware_word){ 0x1111111111111111ull * (i + 1), 1 };
		s.rdrand[i] = (struct hardware_word){ 0xfedcba9876543210ull + i, 1 };
	}
	return s;
}

#define ANSWER 32

static void start(struct sources *s)
{
	memset(&drbg, 0, sizeof(drbg));
	seeded = false;
	fake_tsc = s->tsc;
	fake_cpuid_set(0, 0, 7, 0, 0, 0);
	fake_cpuid_set(1, 0, 0, 0, s->has_rdrand ? BIT(30) : 0, 0);
	fake_cpuid_set(7, 0, 0, s->has_rdseed ? BIT(18) : 0, 0, 0);
	next_rdseed = s->has_rdseed ? s->rdseed : NULL;
	next_rdrand = s->has_rdrand ? s->rdrand : NULL;
	memcpy(handover.entropy, s->entropy, sizeof(s->entropy));
	check(random_init() == 0);
}

static void answer(struct sources s, u8 to[ANSWER])
{
	start(&s);
	check(core_random(to, ANSWER) == 0);
	check(vector_depth == 0);
}

/* SP 800-90A by hand: Linux's 48 bytes, the TSC, then what the CPU gave. */
static void expected(const struct sources *s, const u64 *words, u32 nr_words, u8 to[ANSWER])
{
	br_hmac_drbg_context c;
	u64 tsc = s->tsc + 100;		/* the fake's step */

	br_hmac_drbg_init(&c, &br_sha256_vtable, s->entropy, sizeof(s->entropy));
	br_hmac_drbg_update(&c, &tsc, sizeof(tsc));
	if (s->has_rdseed || s->has_rdrand)
		br_hmac_drbg_update(&c, words, nr_words * sizeof(*words));
	br_hmac_drbg_generate(&c, to, ANSWER);
}

static bool as_expected(struct sources s, const u64 *words, u32 nr_words)
{
	u8 got[ANSWER], wanted[ANSWER];

	answer(s, got);
	expected(&s, words, nr_words, wanted);
	return !memcmp(got, wanted, ANSWER);
}

static bool differs(struct sources a, struct sources b)
{
	u8 x[ANSWER], y[ANSWER];

	answer(a, x);
	answer(b, y);
	return memcmp(x, y, ANSWER) != 0;
}

static void each_source_counts(void)
{
	const struct sources none = plain(false, false), both = plain(true, true);
	struct sources changed;
	u32 i;

	ok(!differs(both, both), "the same sources give the same numbers: nothing else goes in");
	for (i = 0; i < 8 * sizeof(none.entropy); i++) {
		changed = none;
		changed.entropy[i / 8] ^= 1 << i % 8;
		check(differs(none, changed), "bit %u of Linux's entropy is not used", i);
		changed = both;
		changed.entropy[i / 8] ^= 1 << i % 8;
		check(differs(both, changed), "bit %u of Linux's entropy, beside RDSEED", i);
	}
	ok(1, "each bit of Linux's 48 bytes counts, with and without RDSEED");
	changed = none;
	changed.tsc += 1;
	ok(differs(none, changed), "so does the TSC");
	for (i = 0; i < NR_ASKED; i++) {
		changed = both;
		changed.rdseed[i].word ^= BIT(63);
		check(differs(both, changed), "word %u of RDSEED is not used", i);
		changed = plain(false, true);
		changed.rdrand[i].word ^= 1;
		check(differs(plain(false, true), changed), "word %u of RDRAND is not used", i);
	}
	ok(1, "so does each of six words of RDSEED, or of RDRAND where it is all there is");
	changed = both;
	changed.rdrand[0].word ^= 1;
	ok(!differs(both, changed), "RDRAND is not asked where there is RDSEED");
	changed = both;
	memset(changed.entropy, 0, sizeof(changed.entropy));
	ok(differs(both, changed) && differs(plain(false, false), both),
	   "no source replaces another");
}

static void hardware(void)
{
	struct sources s = plain(false, false);
	u64 words[NR_ASKED];
	u32 i;

	ok(as_expected(s, NULL, 0), "without RDSEED and RDRAND: HMAC-DRBG of Linux's bytes and the TSC");
	s = plain(true, false);
	for (i = 0; i < NR_ASKED; i++)
		words[i] = s.rdseed[i].word;
	ok(as_expected(s, words, NR_ASKED), "with RDSEED: its words too");
	s = plain(false, true);
	for (i = 0; i < NR_ASKED; i++)
		words[i] = s.rdrand[i].word;
	ok(as_expected(s, words, NR_ASKED), "with RDRAND: its words too");

	s = plain(true, false);
	for (i = 0; i < NR_TRIES - 1; i++)
		s.rdseed[1 + i].ok = 0;	/* the second word comes at the last try */
	words[0] = s.rdseed[0].word;
	for (i = 1; i < NR_ASKED; i++)
		words[i] = s.rdseed[NR_TRIES - 1 + i].word;
	ok(as_expected(s, words, NR_ASKED), "a word that was not ready is asked for again, and is not used");
	s.rdseed[NR_TRIES].ok = 0;
	ok(as_expected(s, words, 1), "RDSEED that runs dry ends it, with the words so far");
	for (i = 0; i < NR_WORDS; i++)
		s.rdseed[i].ok = 0;
	ok(as_expected(s, words, 0), "RDSEED that never answers is no reason not to start");
}

static bool all_zero(const void *p, size_t size)
{
	const u8 *b = p;

	while (size && !*b)
		b++, size--;
	return !size;
}

#define NO_ASAN __attribute__((noinline, no_sanitize("address", "undefined")))
#define SCANNED 0x8000

/* So that nothing is found there that was there before. */
static NO_ASAN void clear_dead_stack(void)
{
	u8 dead[SCANNED];

	memset(dead, 0, sizeof(dead));
	__asm__ volatile("" : : "r"(dead) : "memory");
}

static NO_ASAN const u8 *find(const u8 *from, const u8 *to, const u8 *what)
{
	for (; from < to; from++)
		if (*(const u64 *)from == *(const u64 *)what)
			return from;
	return NULL;
}

/* Any eight bytes of the answer in the stack below the caller, or in the generator. */
static NO_ASAN bool remains(const u8 *what)
{
	const u8 *here = __builtin_frame_address(0);
	u32 i;

	for (i = 0; i + 8 <= ANSWER; i++)
		if (find(here - SCANNED, here, what + i) ||
		    find((u8 *)&drbg, (u8 *)(&drbg + 1) - 7, what + i))
			return true;
	return false;
}

static void nothing_stays(void)
{
	static u8 out[RANDOM_MAX + 8], other[RANDOM_MAX];
	struct sources s = plain(true, true);
	u32 i, uses;

	start(&s);
	ok(all_zero(handover.entropy, sizeof(handover.entropy)), "Linux's bytes are wiped once they are used");
	clear_dead_stack();
	check(core_random(out, ANSWER) == 0);
	ok(!remains(out), "no eight bytes of an answer stay on the stack or in the generator");
	check(core_random(other, ANSWER) == 0);
	ok(memcmp(out, other, ANSWER), "the next answer is another");
	spin_lock(&random_lock);
	check(core_random(other, ANSWER) == -EAGAIN);
	spin_unlock(&random_lock);
	ok(core_random(other, ANSWER) == 0, "while another CPU is at it: EAGAIN, and nobody waits");
	uses = vector_uses;
	memset(out, 0x5a, sizeof(out));
	ok(core_random(out, RANDOM_MAX + 1) == -EINVAL && out[0] == 0x5a && vector_uses == uses,
	   "more than 64 bytes at once: EINVAL, and nothing is written");
	for (i = 0; i <= RANDOM_MAX; i++) {
		memset(out, 0x5a, sizeof(out));
		check(core_random(out, i) == 0 && out[i] == 0x5a, "%u bytes", i);
	}
	ok(1, "0 to 64 bytes: so many are written, and no more");

	random_wipe();
	ok(all_zero(&drbg, sizeof(drbg)), "the wipe leaves nothing of the generator's state");
	memset(out, 0x5a, sizeof(out));
	ok(core_random(out, 16) == -ECANCELED && out[0] == 0x5a, "after it there are no numbers: ECANCELED");
	random_wipe();
	ok(core_random(out, 16) == -ECANCELED && core_random(out, 0) == -ECANCELED,
	   "nor after another, nor none of them");
}

int main(void)
{
	u8 byte = 0x5a;

	ok(core_random(&byte, 1) == -ECANCELED && byte == 0x5a, "no numbers before there is a seed");
	each_source_counts();
	hardware();
	nothing_stays();
	return tap_finish();
}
