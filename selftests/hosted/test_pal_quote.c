// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c core/crypto.c core/sign.c core/known_answers.c */
/* libs: -Wl,--wrap=br_i31_montymul,--wrap=br_i31_muladd_small,--wrap=br_hmac_out -l:libbearssl.a */
/*
 * Quotes (docs/services.md 8, 9) and the signatures that they are made of
 * (core/sign.c): what TPM 2.0 says, turns between PALs, ends in the middle. Checked
 * with BearSSL's own verifier; user/tests/quote.t has OpenSSL and tpm2-tools.
 * QUOTE_OUT=file: the last quote goes there; QUOTE_ROOT_TPM=1: of a core whose root secret is a TPM's.
 */
#include <bearssl_ec.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service_machine.h"
#include "../../core/sign.h"

static struct svc_quote quote_of(u32 mask, u32 nonce_size)
{
	struct svc_quote q = { .size = sizeof(q), .pcr_mask = mask, .nonce_size = nonce_size };
	u32 i;

	for (i = 0; i < QUOTE_MAX_NONCE; i++)
		q.nonce[i] = fake_random();
	memset(q.attest, 0xee, sizeof(q.attest));
	return q;
}

static bool signature_holds(const struct svc_quote *q)
{
	br_ec_public_key key = { BR_EC_secp256r1, NULL, 65 };
	u8 point[65] = { 4 }, digest[32], rs[64];

	memcpy(point + 1, q->public_x, 32);
	memcpy(point + 33, q->public_y, 32);
	key.q = point;
	if (q->signature_size != 72 || memcmp(q->signature, "\0\x18\0\x0b\0\x20", 6) ||
	    memcmp(q->signature + 38, "\0\x20", 2))
		return false;
	memcpy(rs, q->signature + 6, 32);
	memcpy(rs + 32, q->signature + 40, 32);
	hash2(q->attest, q->attest_size, NULL, 0, digest);
	return br_ecdsa_i31_vrfy_raw(&br_ec_p256_m31, digest, sizeof(digest), &key, rs, sizeof(rs));
}

/* Byte for byte as TPM 2.0 part 2 has it. */
static bool attest_is_right(const struct svc_quote *q)
{
	u8 chosen[PAL_NR_PCRS * 32], digest[32], n = 0, i;
	const u8 *a = q->attest, *end = a + q->attest_size;

	for (i = 0; i < PAL_NR_PCRS; i++)
		if (q->pcr_mask & 1 << i)
			memcpy(chosen + 32 * n++, q->pcr[i], 32);
	hash2(chosen, 32 * n, NULL, 0, digest);
	if (q->attest_size != 113 + q->nonce_size || memcmp(a, "\xff\x54\x43\x47\x80\x18\0\x22\0\x0b", 10))
		return false;
	a += 8 + 34;
	if (a[0] || a[1] != q->nonce_size || memcmp(a + 2, q->nonce, q->nonce_size))
		return false;
	a += 2 + q->nonce_size + 8;
	for (i = 0; i < 8; i++)
		if (a[i] != (u8)(core_epoch >> (56 - 8 * i)))
			return false;
	return !memcmp(a + 8, "\0\1\2\3\4\5\6\7\x8\0\0\0\1\0\x0b\3", 16) && a[24] == q->pcr_mask &&
	       !a[25] && !a[26] && !memcmp(a + 27, "\0\x20", 2) && !memcmp(a + 29, digest, 32) && a + 61 == end;
}

static void test_quotes(void)
{
	struct svc_quote q = quote_of(0xff, 32), other;
	u8 all[PAL_NR_PCRS][32];
	u32 i, first, stack = 0;

	check(do_quote(&q) == 0);
	first = steps;
	ok(signature_holds(&q) && attest_is_right(&q), "a quote is what TPM 2.0 says, and its signature holds");
	for (i = 0; i < PAL_NR_PCRS; i++)
		pcr(i, all[i]);
	ok(!memcmp(all, q.pcr, sizeof(all)) && !memcmp(q.statement, &core_statement, 64),
	   "with it come the PCRs and the core's statement");
	q.attest[50] ^= 1;
	ok(!signature_holds(&q), "changed, it does not hold");
	for (i = 0; i < 6; i++) {
		q = quote_of(1 + fake_below(255), fake_below(QUOTE_MAX_NONCE + 1));
		check(do_quote(&q) == 0 && signature_holds(&q) && attest_is_right(&q), "%u", i);
		for (u32 k = q.attest_size; k < sizeof(q.attest); k++)
			stack |= q.attest[k];
	}
	ok(steps > 250 && first > 2 * steps, "in hundreds of steps (%u, the first one %u)", steps, first);
	ok(!stack, "uTPM: quote copies the stack to the PAL (1.5) - behind the statement there are zeros");
	who = 1;
	other = quote_of(3, 8);
	check(do_quote(&other) == 0 && signature_holds(&other));
	who = 0;
	ok(!memcmp(other.public_x, q.public_x, 32) && memcmp(other.pcr[0], q.pcr[0], 32),
	   "another PAL's quote has the same key and another PCR 0");
}

static void test_bad_quotes(void)
{
	struct svc_quote q, good = quote_of(1, 8);

#define NO_QUOTE(field, value) do {                                            \
	q = good;                                                              \
	q.field = value;                                                       \
	check(do_quote(&q) == -EINVAL && q.attest[0] == 0xee && !q.attest_size, #field); \
} while (0)
	NO_QUOTE(pcr_mask, 0);
	NO_QUOTE(pcr_mask, 0x100);
	NO_QUOTE(pcr_mask, 0xffffffff);
	NO_QUOTE(nonce_size, QUOTE_MAX_NONCE + 1);
	NO_QUOTE(nonce_size, 0xffff);
	NO_QUOTE(nonce_size, 0xffffffff);
	NO_QUOTE(size, 0);
	NO_QUOTE(zero, 1);
	ok(1, "uTPM: quote trusts sizeOfSelect (1.5) - sizes and masks beyond their bounds are EINVAL");
	ok(service(HC_SVC_QUOTE, PAL_BASE, 0, NULL) < 0 && service(HC_SVC_QUOTE, PAL_BASE + 0x7000 - 80, 0, NULL) == -EFAULT,
	   "uTPM: quote answers 0 whatever happens (1.5) - a failure is an error");
}

/* Two PALs, each on its CPU, one step in turn: both get what they asked for. */
static void test_two_at_once(void)
{
	struct svc_quote q[2] = { quote_of(1, 8), quote_of(3, 9) };
	bool over[2] = { false, false };
	u32 i, n = 0;

	for (i = 0; i < 2; i++) {
		who = i;
		poke(REQUEST, &q[i], sizeof(q[i]));
	}
	for (i = 0; i < 2; i++) {
		struct cpu *cpu;
		u64 rsp = STACK_TOP - 0x808;

		who = i;
		cpu = run_owner(i, PAL_ENTRY, rsp, 0x7f0000001000 + i);
		check(pal_fetch(cpu, GPA(pal[i].frame[0] << 12 | (PAL_ENTRY & 4095)), GVA(PAL_ENTRY)));
		vmwrite(GUEST_RIP, PAL_BASE);
		check(cpu->mode == MODE_PAL);
	}
	for (; (!over[0] || !over[1]) && n < 5000; n++) {
		i = fake_below(2);
		if (over[i])
			continue;
		fake_cpu = i;
		exit_vmcall(this_cpu(), HC_SVC_QUOTE, REQUEST, 0);
		over[i] = vmread(GUEST_RIP) != PAL_BASE;
		if (over[i])
			check(this_cpu()->regs.rax == 0);
	}
	for (i = 0; i < 2; i++) {
		fake_cpu = i;
		exit_return(this_cpu(), 0);
		who = i;
		peek(&q[i], REQUEST, sizeof(q[i]));
		check(signature_holds(&q[i]) && attest_is_right(&q[i]));
	}
	who = 0;
	fake_cpu = 0;
	ok(n < 1500, "two PALs that quote at once both get theirs, and neither waits for ever (%u steps)", n);
}

/* The victim gets 150 VMCALLs between nine quotes of another PAL, and never more. */
static void test_not_starved(u32 seldom)
{
	struct svc_quote victim = quote_of(3, 8), q;
	u32 i, k, rounds;
	bool over = false;

	for (i = 0; i < 2; i++) {
		struct cpu *cpu;

		who = i;
		poke(REQUEST, &victim, sizeof(victim));
		cpu = run_owner(i, PAL_ENTRY, STACK_TOP - 0x808, 0x7f0000001000 + i);
		check(pal_fetch(cpu, GPA(pal[i].frame[0] << 12 | (PAL_ENTRY & 4095)), GVA(PAL_ENTRY)));
		vmwrite(GUEST_RIP, PAL_BASE);
	}
	for (rounds = 0; !over && rounds < 20; rounds++) {
		who = fake_cpu = !seldom;
		for (k = 0; k < 9; k++) {
			q = quote_of(1, 8);
			poke(REQUEST, &q, sizeof(q));
			vmwrite(GUEST_RIP, PAL_BASE);
			do
				exit_vmcall(this_cpu(), HC_SVC_QUOTE, REQUEST, 0);
			while (vmread(GUEST_RIP) == PAL_BASE);
		}
		/* And in the middle of the tenth, so that the victim finds no end of it in its own time. */
		q = quote_of(1, 8);
		poke(REQUEST, &q, sizeof(q));
		vmwrite(GUEST_RIP, PAL_BASE);
		for (k = 0; k < 100; k++)
			exit_vmcall(this_cpu(), HC_SVC_QUOTE, REQUEST, 0);
		who = fake_cpu = seldom;
		for (k = 0; k < 150 && !over; k++) {
			exit_vmcall(this_cpu(), HC_SVC_QUOTE, REQUEST, 0);
			over = vmread(GUEST_RIP) != PAL_BASE;
		}
	}
	ok(over && rounds <= 3, "a PAL that is seldom run gets its quote, whatever another asks for (%u rounds)", rounds);
	for (i = 0; i < 2; i++) {
		who = fake_cpu = i;
		if (vmread(GUEST_RIP) == PAL_BASE)
			vmwrite(GUEST_RIP, PAL_BASE + 3);
		exit_return(this_cpu(), 0);
	}
	who = fake_cpu = 0;
}

/* As long as it lives, then not any more. */
static u8 quote_key[32];
static sigjmp_buf crash;

static void crashed(int signal)
{
	siglongjmp(crash, signal);
}

/* Over all that is static, whosever it is. */
__attribute__((no_sanitize_address)) static u32 keys_in_memory(const u8 key[32])
{
	extern u8 __bss_start[], _end[];
	volatile u8 *p;
	u32 n = 0, i;

	for (p = __bss_start; p + 32 <= _end; p++) {
		for (i = 0; i < 32 && p[i] == key[i]; i++)
			;
		n += i == 32;
	}
	return n;
}

/* fatal_trap() on the CPU's own stack; what it does for sign.c is called here. */
static int crash_in_child(void)
{
	static u8 room[65536];
	struct sigaction action = { .sa_handler = crashed, .sa_flags = SA_ONSTACK | SA_NODEFER };
	stack_t other = { .ss_sp = room, .ss_size = sizeof(room) };
	struct svc_quote q = quote_of(1, 8);
	struct cpu *cpu;
	u32 before;

	check(!sigaltstack(&other, NULL) && !sigaction(SIGILL, &action, NULL));
	poke(REQUEST, &q, sizeof(q));
	cpu = enter_pal_now();
	sign_crashes = true;
	if (!sigsetjmp(crash, 1))
		for (;;)
			exit_vmcall(cpu, HC_SVC_QUOTE, REQUEST, 0);
	before = keys_in_memory(quote_key);
	sign_crashed(cpu_of_slot(1));
	if (before < 2 || keys_in_memory(quote_key) != before)
		return 1;
	sign_crashed(cpu);
	if (keys_in_memory(quote_key) != 1)	/* this test's own */
		return 2;
	exit_return(cpu, 0);
	return do_quote(&q) == -ECANCELED ? 0 : 3;
}

static void test_crash(void)
{
	struct svc_quote q = quote_of(1, 8);
	char label[] = "Underpin quote key 1.";
	int status;
	pid_t child;

	label[sizeof(label) - 2] = 0;
	check(crypto_derive(label, sizeof(label) - 1, quote_key) == 0);
	check(do_quote(&q) == 0);
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(crash_in_child());
	check(waitpid(child, &status, 0) == child);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "a bug while it signs leaves no quote key, and no more quotes (%d)", status);
}

/* PAL 1 signs, PAL 0 wants to and gives up: nobody pays for that. */
static void test_given_up(void)
{
	struct svc_quote q = quote_of(1, 8);
	u32 i, n = 0, alone;

	who = 1;
	for (i = 0; i < 2; i++) {	/* the first ends what another test has left under way */
		q = quote_of(1, 8);
		check(do_quote(&q) == 0);
	}
	alone = steps;
	for (i = 0; i < 2; i++) {
		who = i;
		q = quote_of(1, 8);
		poke(REQUEST, &q, sizeof(q));
		run_owner(i, PAL_ENTRY, STACK_TOP - 0x808, 0x7f0000001000 + i);
		check(pal_fetch(this_cpu(), GPA(pal[i].frame[0] << 12 | (PAL_ENTRY & 4095)), GVA(PAL_ENTRY)));
		vmwrite(GUEST_RIP, PAL_BASE);
	}
	for (i = 0; i < 20; i++) {
		who = fake_cpu = i & 1 ? 0 : 1;
		exit_vmcall(this_cpu(), HC_SVC_QUOTE, REQUEST, 0);
	}
	who = fake_cpu = 0;
	vmwrite(GUEST_RIP, PAL_BASE + 3);
	exit_return(this_cpu(), 0);
	who = fake_cpu = 1;
	for (n = 0; vmread(GUEST_RIP) == PAL_BASE; n++)
		exit_vmcall(this_cpu(), HC_SVC_QUOTE, REQUEST, 0);
	exit_return(this_cpu(), 0);
	fake_cpu = 0;
	check(do_quote(&q) == 0);
	ok(steps < alone + 20, "what a PAL gave up is signed for nobody (%u steps, alone %u)", steps, alone);
	who = 0;
}

static void test_wiped(void)
{
	struct svc_quote q = quote_of(1, 8);
	struct cpu *cpu;

	poke(REQUEST, &q, sizeof(q));
	cpu = enter_pal_now();
	for (u32 i = 0; i < 40; i++)	/* in the middle of a signature */
		exit_vmcall(cpu, HC_SVC_QUOTE, REQUEST, 0);
	check(keys_in_memory(quote_key) > 1);
	keys_wipe();
	check(keys_in_memory(quote_key) == 1);
	exit_vmcall(cpu, HC_SVC_QUOTE, REQUEST, 0);
	ok(vmread(GUEST_RIP) != PAL_BASE && cpu->regs.rax == (u64)-ECANCELED, "a wipe ends a signature under way");
	exit_return(cpu, 0);
	ok(do_quote(&q) == -ECANCELED && random_is_wiped, "after keys_wipe() there are no quotes");
}

int main(void)
{
	const char *out = getenv("QUOTE_OUT");

	if (getenv("QUOTE_ROOT_TPM"))
		root_kind = ROOT_TPM;
	service_machine_start(root, sizeof(root));
	interrupted = 30;
	cpus = 2;
	test_quotes();
	test_bad_quotes();
	test_two_at_once();
	test_not_starved(0);
	test_not_starved(1);
	if (out) {
		struct svc_quote q = quote_of(0xff, 32);
		FILE *f = fopen(out, "wb");

		check(do_quote(&q) == 0 && f && fwrite(&q, sizeof(q), 1, f) == 1 && !fclose(f));
	}
	test_given_up();
	test_crash();
	test_wiped();
	return tap_finish();
}
