/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two PALs of different measurement on the machine of test_pal_machine.h, with
 * the real core/crypto.c and core/sign.c and BearSSL as the core links it. A test
 * plays the PAL: it writes a request into its memory and makes the VMCALL until
 * RIP moves.
 */
#ifndef HOSTED_SERVICE_MACHINE_H
#define HOSTED_SERVICE_MACHINE_H

#define REAL_CRYPTO
#include "test_pal_machine.h"
#include "../../include/services.h"
#include "../../pal/utpm.h"

u32 cpuid_nesting_depth = 3;
static bool random_is_wiped;

void random_wipe(void)
{
	random_is_wiped = true;
}

#define REQUEST (PAL_BASE + 0x2000)
#define DATA_AT (PAL_BASE + 0x2780)	/* over the edge of a page */
#define BLOB (PAL_BASE + 0x3f80)
#define SHARED_AT (PAL_BASE + 0x6000)
#define OVERHEAD (sizeof(struct seal_header) + SEAL_TAG_SIZE)
#define NR_PALS 2

static struct test_pal pal[NR_PALS];
static u32 who;			/* pal[who] is called */
static u32 steps;		/* of the last service */
static u32 interrupted;		/* percent of the steps that an interrupt follows */
static u32 cpus = 1;		/* that it moves between, when interrupted */

static void *at(u64 va)
{
	return pal_at(&pal[who], va, NULL);
}

static void poke(u64 va, const void *from, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++)
		*(u8 *)at(va + i) = ((const u8 *)from)[i];
}

static void peek(void *to, u64 va, u64 n)
{
	u64 i;

	for (i = 0; i < n; i++)
		((u8 *)to)[i] = *(u8 *)at(va + i);
}

static struct cpu *enter_pal_now(void)
{
	u64 entry = PAL_ENTRY, rsp = STACK_TOP - 0x808;
	struct cpu *cpu = run_owner(0, entry, rsp, 0x7f0000001000);

	*(u64 *)((u8 *)frame(STACK_PFN) + (rsp & 4095)) = 0x400123;
	check(pal_fetch(cpu, GPA(pal[who].frame[0] << 12 | (entry & 4095)), GVA(entry)));
	check(cpu->mode == MODE_PAL);
	vmwrite(GUEST_RIP, PAL_BASE);
	return cpu;
}

/* An interrupt, and the owner's return to its stub, on some CPU. */
static struct cpu *move(struct cpu *cpu)
{
	u64 token;

	pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
	token = cpu->regs.rdi;
	check(cpu->mode == MODE_LINUX && !cpu->regs.rax);
	cpu = run_owner(fake_below(cpus), STUB + 0x20, STACK_TOP - 0x808, 0x7f0000001000);
	cpu->regs.rdi = token;
	check(pal_resume(cpu) && cpu->mode == MODE_PAL);
	return cpu;
}

/* The VMCALL in the PAL, to its end; all registers but RAX and RDX stay (TRUSTVISOR.md 1.7, V6). */
static s64 service(u64 nr, u64 rdi, u64 rsi, u64 *rdx)
{
	struct cpu *cpu = enter_pal_now();
	struct guest_regs before;
	s64 ret;

	memset(&cpu->regs, 0x5a, sizeof(cpu->regs));
	cpu->regs.rax = nr;
	cpu->regs.rdi = rdi;
	cpu->regs.rsi = rsi;
	before = cpu->regs;
	for (steps = 1; ; steps++) {
		vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 3);
		pal_exit(cpu, REASON_VMCALL);
		check(cpu->mode == MODE_PAL);
		if (vmread(GUEST_RIP) != PAL_BASE)
			break;
		check(!memcmp(&cpu->regs, &before, sizeof(before)), "step %u", steps);
		check(steps < 10000);
		if (fake_chance(interrupted))
			cpu = move(cpu);
	}
	ret = cpu->regs.rax;
	if (rdx)
		*rdx = before.rdx = cpu->regs.rdx;
	before.rax = ret;
	check(!memcmp(&cpu->regs, &before, sizeof(before)), "a register of the PAL's has changed");
	check(utpm_of(pal_of(pal[who].id))->service == 0);
	exit_return(cpu, 0);
	check(cpu->mode == MODE_LINUX);
	return ret;
}

static void pal_appears(u32 i)
{
	describe(&pal[i], PAL_BASE);
	memset(frame(0x1000 + 0x100 * i), i + 1, PAGE_SIZE);	/* its code */
	check(pal_register(&pal[i], 0x1000 + 0x100 * i, 0x1800 + 0x100 * i) == 0);
}

static void pal_again(u32 i)
{
	pal_unregister(&pal[i]);
	pal_appears(i);
}

static u32 root_kind = ROOT_FILE;

static void load_core(void)
{
	s64 ret;

	while ((ret = crypto_init_step()) == -EAGAIN)
		;
	check(ret == 0, "%lld", ret);
}

static void service_machine_start(const void *root, u32 root_size)
{
	u32 i;

	pal_machine_start(2);
	handover.tsc_khz = 1000;
	handover.flags = HANDOVER_DEBUG;
	memcpy(handover.root_secret, root, root_size);
	handover.root_secret_size = root_size;
	handover.root_kind = root_kind;
	load_core();
	for (i = 0; i < NR_PALS; i++)
		pal_appears(i);
}

static const u8 *measurement(u32 i)
{
	return slot_of(pal[i].id)->info.measurement;
}

/* ---- requests ---- */
static struct svc_seal seal_of(u32 size)
{
	return (struct svc_seal){ .size = sizeof(struct svc_seal), .flags = SEAL_TO_SELF, .data_size = size,
				  .data = DATA_AT, .blob = BLOB, .blob_size = OVERHEAD + size };
}

static s64 do_seal(struct svc_seal *s)
{
	s64 ret;

	poke(REQUEST, s, sizeof(*s));
	ret = service(HC_SVC_SEAL, REQUEST, 0, NULL);
	peek(s, REQUEST, sizeof(*s));
	return ret;
}

static struct svc_unseal unseal_of(u32 blob_size)
{
	return (struct svc_unseal){ .size = sizeof(struct svc_unseal), .blob = BLOB, .blob_size = blob_size,
				    .data = DATA_AT, .data_size = SEAL_MAX_DATA };
}

static s64 do_unseal(struct svc_unseal *u)
{
	s64 ret;

	poke(REQUEST, u, sizeof(*u));
	ret = service(HC_SVC_UNSEAL, REQUEST, 0, NULL);
	peek(u, REQUEST, sizeof(*u));
	return ret;
}

static s64 do_quote(struct svc_quote *q)
{
	s64 ret;

	poke(REQUEST, q, sizeof(*q));
	ret = service(HC_SVC_QUOTE, REQUEST, 0, NULL);
	peek(q, REQUEST, sizeof(*q));
	return ret;
}

/* ---- what a test reckons by itself ---- */
static const u8 root[] = "the root secret that a file holds";

static inline void hash2(const void *a, size_t na, const void *b, size_t nb, u8 out[32])
{
	br_sha256_context c;

	br_sha256_init(&c);
	br_sha256_update(&c, a, na);
	br_sha256_update(&c, b, nb);
	br_sha256_out(&c, out);
}
static inline void pcr(u32 i, u8 value[32])
{
	check(service(HC_SVC_PCR_READ, i, DATA_AT, NULL) == 0);
	peek(value, DATA_AT, 32);
}

#endif
