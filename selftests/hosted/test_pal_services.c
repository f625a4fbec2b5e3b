// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c core/crypto.c core/sign.c core/known_answers.c */
/* libs: -Wl,--wrap=br_i31_montymul,--wrap=br_i31_muladd_small,--wrap=br_hmac_out -l:libbearssl.a */
/*
 * Trusted services (docs/services.md): PCRs, seal and unseal, counters, as a PAL
 * sees them, with interrupts and changes of CPU between the steps. The uTPM bugs of
 * TrustVisor each have a test of their name. Quotes: test_pal_quote.c.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "service_machine.h"

static void extend(u32 i, u8 byte)
{
	u8 digest[32];

	memset(digest, byte, sizeof(digest));
	poke(DATA_AT, digest, sizeof(digest));
	check(service(HC_SVC_PCR_EXTEND, i, DATA_AT, NULL) == 0);
}

static void test_start(void)
{
	u8 none[CORE_ROOT_SECRET_MAX] = { 0 };

	ok(!memcmp(handover.root_secret, none, sizeof(none)) && !handover.root_secret_size,
	   "the root secret is wiped from the hand-over record");
	ok(core_statement.root_kind == ROOT_FILE && core_statement.flags == STATEMENT_DEBUG &&
	   core_statement.nesting_depth == 3, "the core statement says what the core is");
}

static void test_pcrs(void)
{
	u8 zero[32] = { 0 }, value[32], wanted[32], more[32], statement[32];
	u32 i;

	hash2(zero, 32, measurement(0), 32, wanted);
	pcr(0, value);
	ok(!memcmp(value, wanted, 32), "PCR 0 begins with the measurement");
	hash2(&core_statement, sizeof(core_statement), NULL, 0, statement);
	hash2(zero, 32, statement, 32, wanted);
	pcr(1, value);
	ok(!memcmp(value, wanted, 32), "PCR 1 begins with the core's statement");
	for (i = 2; i < PAL_NR_PCRS; i++) {
		pcr(i, value);
		check(!memcmp(value, zero, 32));
	}
	memset(more, 7, 32);
	hash2(zero, 32, more, 32, wanted);
	extend(5, 7);
	pcr(5, value);
	ok(!memcmp(value, wanted, 32), "extend: SHA-256(PCR, digest)");
	who = 1;
	pcr(5, value);
	who = 0;
	ok(!memcmp(value, zero, 32), "another PAL has PCRs of its own");
	pal_again(0);
	pcr(5, value);
	ok(!memcmp(value, zero, 32), "a registration resets them");
	ok(service(HC_SVC_PCR_READ, 8, DATA_AT, NULL) == -EINVAL &&
	   service(HC_SVC_PCR_EXTEND, 1ull << 32, DATA_AT, NULL) == -EINVAL, "there are eight");
	ok(service(HC_SVC_PCR_READ, 0, PAL_BASE, NULL) == -EFAULT &&
	   service(HC_SVC_PCR_READ, 0, SHARED_AT + 0xff0, NULL) == -EFAULT &&
	   service(HC_SVC_PCR_EXTEND, 0, 0xffff800000000000, NULL) == -EFAULT,
	   "buffers are the PAL's own, writable to be written");
	ok(service(HC_SVC_PCR_EXTEND, 2, PAL_BASE + 0x1000, NULL) == 0, "constants can be extended with");
}

static u8 data[SEAL_MAX_DATA], back[SEAL_MAX_DATA], blob[OVERHEAD + SEAL_MAX_DATA];

static u32 sealed(u32 size)
{
	struct svc_seal s = seal_of(size);
	u32 i;

	for (i = 0; i < size; i++)
		data[i] = fake_random();
	poke(DATA_AT, data, size);
	check(do_seal(&s) == 0 && s.blob_size == OVERHEAD + size);
	peek(blob, BLOB, s.blob_size);
	return s.blob_size;
}

static s64 unsealed(u32 blob_size, u32 size)
{
	struct svc_unseal u = unseal_of(blob_size);
	s64 ret;

	memset(back, 0xcc, sizeof(back));
	poke(DATA_AT, back, sizeof(back));
	ret = do_unseal(&u);
	peek(back, DATA_AT, sizeof(back));
	if (!ret)
		check(u.data_size == size && !memcmp(back, data, size) && (size == sizeof(back) || back[size] == 0xcc));
	return ret;
}

static bool nothing_came(void)
{
	u32 i;

	for (i = 0; i < sizeof(back) && back[i] == 0xcc; i++)
		;
	return i == sizeof(back);
}

static void test_seal(void)
{
	static const u32 sizes[] = { 0, 1, 15, 16, 17, 63, 64, 65, 1023, 1984, 2047, 2048 };
	struct seal_header *h = (struct seal_header *)blob;
	struct svc_unseal u;
	u8 nonce[24];
	u32 i, n;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		check(unsealed(sealed(sizes[i]), sizes[i]) == 0);
	ok(1, "what is sealed comes back, whatever its size");
	for (i = 0; i < 60; i++) {
		n = fake_below(SEAL_MAX_DATA + 1);
		check(unsealed(sealed(n), n) == 0);
	}
	ok(1, "60 random sizes, interrupted and moved between CPUs");
	sealed(64);
	n = steps;
	random_busy = 3;
	check(unsealed(sealed(64), 64) == 0);
	sealed(64);
	random_busy = 3;
	sealed(64);
	ok(steps == n + 3, "while another CPU makes random numbers, a seal waits, and then is as any");
	n = sealed(64);
	memcpy(nonce, h->nonce, sizeof(nonce));
	for (i = 0; i + 8 <= n; i++)
		check(memcmp(blob + i, data, 8));
	sealed(64);
	ok(memcmp(nonce, h->nonce, sizeof(nonce)), "no two blobs have a nonce, and so a key, in common");
	n = sealed(100);
	u = unseal_of(n);
	check(do_unseal(&u) == 0);
	ok(!memcmp(u.creator, measurement(0), 32), "unseal says who sealed");
	pal_again(0);
	poke(BLOB, blob, n);
	ok(unsealed(n, 100) == 0, "it survives the PAL");
	u = unseal_of(n);
	u.data_size = 99;
	poke(BLOB, blob, n);
	ok(do_unseal(&u) == -EMSGSIZE && u.data_size == 100, "no room: EMSGSIZE, and how much it takes");
}

static void test_tampering(void)
{
	u32 n = sealed(40), i, errors[3] = { 0 };
	s64 ret;

	for (i = 0; i < n * 8; i++) {
		blob[i / 8] ^= 1 << i % 8;
		poke(BLOB, blob, n);
		blob[i / 8] ^= 1 << i % 8;
		ret = unsealed(n, 40);
		check(nothing_came());
		check(ret == (i / 8 < 16 ? -EINVAL : i / 8 < 32 ? -ESTALE : -EBADMSG), "bit %u: %lld", i, ret);
		errors[ret == -EINVAL ? 0 : ret == -ESTALE ? 1 : 2]++;
	}
	ok(errors[0] == 128 && errors[1] == 128 && errors[2] == n * 8 - 256,
	   "each changed bit is noticed: EINVAL, ESTALE, EBADMSG by where it is, and nothing comes out");
	for (i = 0; i < OVERHEAD; i++) {
		u32 size = i - OVERHEAD;	/* as the header would have to say */

		poke(BLOB, blob, n);
		poke(BLOB + offsetof(struct seal_header, data_size), &size, sizeof(size));
		check(unsealed(i, 40) == -EINVAL && nothing_came());
	}
	poke(BLOB, blob, n);
	check(unsealed(n - 1, 40) == -EINVAL && unsealed(n + 1, 40) == -EINVAL);
	ok(1, "uTPM: unseal of less than its overhead underflows (1.5) - EINVAL for each shorter length");
	poke(BLOB, blob, n);
	ok(unsealed(n, 40) == 0, "and unchanged it opens");
}

static void test_who(void)
{
	struct svc_seal s = seal_of(40);
	u32 n = sealed(40);

	who = 1;
	poke(BLOB, blob, n);
	ok(unsealed(n, 40) == -EACCES && nothing_came(), "another PAL gets EACCES, not the data");
	who = 0;
	s.flags = 0;
	memcpy(s.measurement, measurement(1), 32);
	poke(DATA_AT, data, 40);
	check(do_seal(&s) == 0);
	peek(blob, BLOB, n);
	ok(unsealed(n, 40) == -EACCES, "sealed to another, it is closed for its maker");
	who = 1;
	poke(BLOB, blob, n);
	ok(unsealed(n, 40) == 0, "and open for that one");
	who = 0;
}

static void test_policy(void)
{
	struct svc_seal s = seal_of(40);
	struct svc_unseal u;
	u8 all[PAL_NR_PCRS][32], digest[32];
	u32 i, n = OVERHEAD + 40;

	extend(4, 1);
	s.flags |= SEAL_PCRS_NOW;
	s.pcr_mask = 1 << 4 | 1 << 6;
	poke(DATA_AT, data, 40);
	check(do_seal(&s) == 0);
	peek(blob, BLOB, n);
	ok(unsealed(n, 40) == 0, "with the PCRs that they were, it opens");
	extend(7, 1);
	poke(BLOB, blob, n);
	ok(unsealed(n, 40) == 0, "a PCR that is not in the mask does not matter");
	extend(6, 1);
	poke(BLOB, blob, n);
	ok(unsealed(n, 40) == -EKEYREJECTED && nothing_came(), "one that is does: EKEYREJECTED");
	for (i = 0; i < PAL_NR_PCRS; i++)
		pcr(i, all[i]);
	s = seal_of(40);
	s.pcr_mask = 1 << 0 | 1 << 6;
	memcpy(all[1], all[6], 32);
	hash2(all[0], 32, all[1], 32, s.pcr_digest);
	poke(DATA_AT, data, 40);
	check(do_seal(&s) == 0);
	ok(unsealed(n, 40) == 0, "the PCR digest is TPM 2.0's: anybody can compute it beforehand");
	for (i = 0; i < PAL_NR_PCRS; i++)
		pcr(i, all[i]);
	hash2(all, sizeof(all), NULL, 0, digest);
	poke(DATA_AT, data, 40);
	s = seal_of(40);
	check(do_seal(&s) == 0);
	extend(3, 9);
	u = unseal_of(n);
	ok(do_unseal(&u) == 0 && !memcmp(u.created_pcrs, digest, 32), "unseal says what the PCRs were at sealing");
}

static void test_requests(void)
{
	struct svc_seal s, good = seal_of(40);
	struct svc_unseal u;

#define REFUSED(field, value, error) do {                                      \
	s = good;                                                              \
	s.field = value;                                                       \
	check(do_seal(&s) == -(error), #field);                                \
} while (0)
	REFUSED(data_size, SEAL_MAX_DATA + 1, EINVAL);
	REFUSED(data_size, 0xffffffff, EINVAL);
	REFUSED(data_size, 0xffffffff - OVERHEAD + 1, EINVAL);
	s = seal_of(SEAL_MAX_DATA);
	ok(do_seal(&s) == 0, "uTPM: seal overflows by what its bound forgets (1.5) - the largest works, one more is EINVAL");
	REFUSED(size, sizeof(s) - 1, EINVAL);
	REFUSED(flags, 8, EINVAL);
	REFUSED(zero, 1, EINVAL);
	REFUSED(pcr_mask, 0x100, EINVAL);
	REFUSED(blob_size, OVERHEAD + 39, EMSGSIZE);
	check(s.blob_size == OVERHEAD + 40);
	REFUSED(data, 0x20000000ull, EFAULT);
	REFUSED(data, SHARED_AT + PAGE_SIZE - 39, EFAULT);
	REFUSED(blob, PAL_BASE, EFAULT);
	REFUSED(blob, PAL_BASE + 0x1000, EFAULT);
	REFUSED(blob, ~0ull, EFAULT);
	check(service(HC_SVC_SEAL, PAL_BASE + 0x7000 - 8, 0, NULL) == -EFAULT);
	u = unseal_of(OVERHEAD + SEAL_MAX_DATA + 1);
	check(do_unseal(&u) == -EINVAL);
	u = unseal_of(0xffffffff);
	check(do_unseal(&u) == -EINVAL);
	u = unseal_of(OVERHEAD);
	u.blob = SHARED_AT + PAGE_SIZE - OVERHEAD + 1;
	check(do_unseal(&u) == -EFAULT);
	ok(1, "requests that are wrong: EINVAL, EMSGSIZE, EFAULT");
}

/* What it leaves behind. */
static void test_abandoned(void)
{
	struct svc_seal s = seal_of(SEAL_MAX_DATA);
	struct pal_utpm *utpm = utpm_of(pal_of(pal[0].id));
	struct cpu *cpu;
	u8 *page, sum = 0;
	u32 i;

	memset(data, 0x77, sizeof(data));
	poke(DATA_AT, data, sizeof(data));
	poke(REQUEST, &s, sizeof(s));
	cpu = enter_pal_now();
	for (i = 0; i < 4; i++)	/* the key is there */
		exit_vmcall(cpu, HC_SVC_SEAL, REQUEST, 0);
	for (i = 0; i < 32; i++)
		sum |= utpm->key[i];
	check(sum && utpm->data[5] == 0x77);
	pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
	cpu = enter_pal_now();	/* jumped away, and called again */
	for (i = sum = 0; i < 32; i++)
		sum |= utpm->key[i];
	ok(!sum && utpm->data[5] == 0, "an abandoned service leaves no key and no data for the next call");
	for (i = 0; i < 4; i++)
		exit_vmcall(cpu, HC_SVC_SEAL, REQUEST, 0);
	pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
	page = (u8 *)utpm;
	check(pal_hc_destroy(pal[0].id) == 0);
	while (state_of(pal[0].id) < PAL_RETURNING)
		check(again(pal_hc_step(pal[0].id)));
	for (i = sum = 0; i < PAGE_SIZE; i++)
		sum |= page[i];
	ok(!sum, "uTPM: a PAL's memory is not wiped on reboot (1.7, V3) - gone in the first phase of its end");
	pal_unregister(&pal[0]);
	pal_appears(0);
}

/* The uTPM's blobs said who made them only in what the caller had to look at. */
static void test_forged_state(void)
{
	struct svc_seal s = seal_of(48);
	struct svc_unseal u = unseal_of(OVERHEAD + 48);
	u8 state[48] = "state that PAL 0 never had", b[OVERHEAD + 48], now[48];
	s64 ret;

	who = 1;
	s.flags = 0;
	memcpy(s.measurement, measurement(0), DIGEST_SIZE);
	poke(DATA_AT, state, sizeof(state));
	check(do_seal(&s) == 0);
	peek(b, BLOB, sizeof(b));
	who = 0;
	poke(BLOB, b, sizeof(b));
	check(do_unseal(&u) == 0);
	ok(!memcmp(u.creator, measurement(1), DIGEST_SIZE), "another PAL may seal for this one, and unseal says who did");
	memset(now, 0, sizeof(now));
	poke(DATA_AT, now, sizeof(now));
	u = unseal_of(OVERHEAD + 48);
	u.flags = UNSEAL_FROM_SELF;
	ret = do_unseal(&u);
	peek(now, DATA_AT, sizeof(now));
	ok(ret == -EACCES && !now[0], "asked for its own only, it gets nothing of another's: EACCES");
	u = unseal_of(sealed(48));
	u.flags = UNSEAL_FROM_SELF;
	ok(do_unseal(&u) == 0, "and its own");
	u = unseal_of(sealed(48));
	u.flags = 2;
	ok(do_unseal(&u) == -EINVAL, "there is no other flag");
}

static s64 counter(u32 i, u64 add, u64 *epoch)
{
	return service(HC_SVC_COUNTER, i, add, epoch);
}

/* A measurement each; two have counters by now. */
static void test_many_counters(void)
{
	u64 epoch;
	u32 i, n = 0;
	s64 ret = 0;

	who = 1;
	for (i = 0; i < 200 && ret >= 0; i++) {
		pal_unregister(&pal[1]);
		describe(&pal[1], PAL_BASE);
		memset(frame(0x1000 + 0x100), 50 + i % 200, PAGE_SIZE);
		*(u8 *)frame(0x1000 + 0x100) = i;
		check(pal_register(&pal[1], 0x1000 + 0x100, 0x1800 + 0x100) == 0);
		ret = counter(0, 1, &epoch);
		n += ret == 1;
	}
	ok(ret == -ENOSPC && n >= 120 && n < 128 && counter(0, 0, &epoch) == 0, "there is room for 128 measurements: ENOSPC (%u)", n);
	pal_again(1);
	who = 0;
}

static void test_counters(void)
{
	u64 epoch, again;

	check(counter(0, 0, &epoch) == 0 && epoch);
	check(counter(0, 1, &again) == 1 && counter(0, 1, &again) == 2 && counter(1, 1, &again) == 1);
	ok(counter(0, 0, &again) == 2 && again == epoch, "a counter goes up by one");
	pal_again(0);
	ok(counter(0, 0, &again) == 2 && counter(0, 1, &again) == 3 && again == epoch,
	   "nv_rollback: it survives a registration");
	who = 1;
	ok(counter(0, 0, &again) == 0, "uTPM: NV access control is a stub (1.5) - another measurement has its own");
	who = 0;
	test_many_counters();
	ok(counter(4, 0, &again) == -EINVAL && counter(0, 2, &again) == -EINVAL &&
	   counter(0, ~0ull, &again) == -EINVAL, "four, and by one");
}

static void test_wiped(void)
{
	struct svc_seal s = seal_of(40);
	u32 n = sealed(40);

	keys_wipe();
	poke(BLOB, blob, n);
	ok(do_seal(&s) == -ECANCELED && unsealed(n, 40) == -ECANCELED && random_is_wiped,
	   "after keys_wipe() nothing is sealed or unsealed");
}

/* A start of its own: without a file the core has a root secret that nobody gave it. */
static void test_ephemeral(void)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		service_machine_start("", 0);
		_exit(core_statement.root_kind != ROOT_EPHEMERAL || unsealed(sealed(100), 100));
	}
	check(waitpid(child, &status, 0) == child);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "without a file: an ephemeral root secret, and sealing works");
}

static bool key_differs(void)
{
	struct svc_quote q = { .size = sizeof(q), .pcr_mask = 1, .nonce_size = 8 };
	u8 told[64];

	memcpy(told, handover.quote_key, sizeof(told));
	check(do_quote(&q) == 0);
	return memcmp(told, q.public_x, 32) || memcmp(told + 32, q.public_y, 32);
}

/* The kind is the module's word; there are two where there is a secret. */
static void test_kinds(void)
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		root_kind = ROOT_TPM;
		service_machine_start(root, sizeof(root));
		_exit(core_statement.root_kind != ROOT_TPM || unsealed(sealed(100), 100) || key_differs());
	}
	check(waitpid(child, &status, 0) == child);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "the TPM's secret: the core's statement says so, and the module was told the quote key at start");
	fflush(stdout);
	child = fork();
	if (!child) {
		s64 ret;

		pal_machine_start(2);
		memcpy(handover.root_secret, root, sizeof(root));
		handover.root_secret_size = sizeof(root);
		handover.root_kind = ROOT_TPM + 1;
		while ((ret = crypto_init_step()) == -EAGAIN)
			;
		_exit(ret != -EINVAL || handover.root_secret[0]);
	}
	check(waitpid(child, &status, 0) == child);
	ok(WIFEXITED(status) && !WEXITSTATUS(status), "an unknown kind is refused, and the secret wiped");
}

/* ---- two contexts of one PAL, each on a CPU of its own ---- */
static struct cpu *context_enters(u32 slot)
{
	u64 rsp = STACK_TOP - 0x808 - slot * 64;
	struct cpu *cpu = run_owner(slot, PAL_ENTRY, rsp, 0x7f0000001000 + slot * 0x1000);

	*(u64 *)((u8 *)frame(STACK_PFN) + (rsp & 4095)) = 0x400123;
	check(pal_fetch(cpu, GPA(pal[0].frame[0] << 12 | (PAL_ENTRY & 4095)), GVA(PAL_ENTRY)));
	check(cpu->mode == MODE_PAL);
	return cpu;
}

static void asks(u32 slot, u64 nr, u64 rdi, u64 rsi)
{
	struct guest_regs *r = &cpu_of_slot(slot)->regs;

	fake_cpu = slot;
	vmwrite(GUEST_RIP, PAL_BASE);
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 3);
	r->rax = nr;
	r->rdi = rdi;
	r->rsi = rsi;
}

/* One VMCALL of the context on this CPU. True: it is answered. */
static bool one_more(u32 slot)
{
	fake_cpu = slot;
	pal_exit(cpu_of_slot(slot), REASON_VMCALL);
	return vmread(GUEST_RIP) != PAL_BASE;
}

/* Both to their ends, in turns by chance. */
static void both(s64 *a, s64 *b)
{
	bool done[2] = { false, false };
	u32 n, slot;

	for (n = 0; !(done[0] && done[1]); n++) {
		check(n < 100000);
		slot = fake_below(2);
		if (!done[slot])
			done[slot] = one_more(slot);
	}
	*a = cpu_of_slot(0)->regs.rax;
	*b = cpu_of_slot(1)->regs.rax;
}

#define OTHER_BLOB (PAL_BASE + 0x101000)	/* in the second PARAM */
static void test_two_contexts(void)
{
	struct svc_seal s = seal_of(40), t = seal_of(33);
	struct svc_unseal u = unseal_of(OVERHEAD + 40), v = unseal_of(OVERHEAD + 33);
	struct pal_desc *d = &pal[0].desc;
	u8 mine[40], other[40], digest[32], wanted[DIGEST_SIZE] = { 0 };
	struct pal_utpm *utpm;
	s64 a, b;
	u32 i;

	who = 0;
	pal_unregister(&pal[0]);
	describe(&pal[0], PAL_BASE);
	d->section[d->nr_sections++] = (struct pal_section_desc){ PAL_SECTION_PARAM, 2, PAL_BASE + 0x101000 };
	d->section[d->nr_sections++] = (struct pal_section_desc){ PAL_SECTION_STACK, 1, PAL_BASE + 0x104000 };
	check(pal_register(&pal[0], 0x1000, 0x1800) == 0);
	utpm = utpm_of(pal_of(pal[0].id));
	context_enters(0);
	context_enters(1);
	t.data = SHARED_AT;
	v.data = SHARED_AT;
	t.blob = v.blob = OTHER_BLOB;
	for (i = 0; i < 60; i++) {
		memset(mine, i, sizeof(mine));
		memset(other, 0x80 + i, sizeof(other));
		memset(digest, 7 * i, sizeof(digest));
		poke(DATA_AT, mine, 40);
		poke(SHARED_AT, other, 40);
		poke(REQUEST, &s, sizeof(s));
		poke(SHARED_AT + 0x400, &t, sizeof(t));
		asks(0, HC_SVC_SEAL, REQUEST, 0);
		asks(1, HC_SVC_SEAL, SHARED_AT + 0x400, 0);
		both(&a, &b);
		check(a == 0 && b == 0 && !utpm->service && !utpm->lock);
		memset(mine, 0xee, sizeof(mine));
		poke(DATA_AT, mine, 40);
		poke(SHARED_AT, mine, 40);
		poke(REQUEST, &u, sizeof(u));
		poke(SHARED_AT + 0x400, &v, sizeof(v));
		asks(0, HC_SVC_UNSEAL, REQUEST, 0);
		asks(1, HC_SVC_UNSEAL, SHARED_AT + 0x400, 0);
		both(&a, &b);
		peek(mine, DATA_AT, 40);
		peek(other, SHARED_AT, 40);
		check(a == 0 && b == 0 && mine[0] == i && mine[39] == i && other[0] == 0x80 + i && other[32] == 0x80 + i &&
		      other[33] == 0xee, "%lld %lld", a, b);
		/* PCRs do not wait for a chain. */
		poke(REQUEST, &s, sizeof(s));
		poke(SHARED_AT + 0x400, digest, sizeof(digest));
		asks(0, HC_SVC_SEAL, REQUEST, 0);
		check(!one_more(0) && utpm->service == HC_SVC_SEAL);
		asks(1, HC_SVC_PCR_EXTEND, 3, SHARED_AT + 0x400);
		check(one_more(1) && cpu_of_slot(1)->regs.rax == 0);
		crypto_hash(wanted, DIGEST_SIZE, digest, DIGEST_SIZE, wanted);
		while (!one_more(0))
			;
		check(!memcmp(utpm->pcr[3], wanted, DIGEST_SIZE));
	}
	ok(1, "two contexts ask at once: each is answered its own, one after the other");

	poke(REQUEST, &s, sizeof(s));
	asks(0, HC_SVC_SEAL, REQUEST, 0);
	for (i = 0; i < 4; i++)
		check(!one_more(0));
	asks(1, HC_SVC_UNSEAL, REQUEST, 0);
	check(!one_more(1) && !one_more(1) && utpm->service == HC_SVC_SEAL && utpm->context == 0);
	fake_cpu = 1;
	exit_exception(cpu_of_slot(1), VECTOR_UD, 0, PAL_BASE);
	ok(utpm->service == HC_SVC_SEAL && utpm->context == 0 && utpm->step >= 4, "one that waits and faults does not take the other's away");
	fake_cpu = 0;
	exit_exception(cpu_of_slot(0), VECTOR_UD, 0, PAL_BASE);
	for (i = a = 0; i < 32; i++)
		a |= utpm->key[i];
	ok(!utpm->service && !a, "whose own fault leaves no key");
	context_enters(1);
	utpm->lock = 9;
	asks(1, HC_SVC_PCR_READ, 3, SHARED_AT);
	ok(!one_more(1), "while a CPU is at it, others come again");
	utpm->lock = 0;
	ok(one_more(1) && !cpu_of_slot(1)->regs.rax, "and are answered then");
	exit_return(cpu_of_slot(1), 0);
	fake_cpu = 0;
	pal_again(0);
}

int main(void)
{
	test_ephemeral();
	test_kinds();
	service_machine_start(root, sizeof(root));
	test_start();
	interrupted = 30;
	cpus = 2;
	test_pcrs();
	test_seal();
	test_tampering();
	test_who();
	test_policy();
	test_requests();
	test_abandoned();
	test_forged_state();
	test_counters();
	test_two_contexts();
	test_wiped();
	return tap_finish();
}
