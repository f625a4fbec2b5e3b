/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A machine for the tests of pal/: the fake PC with its main view (real ept/),
 * a process with page tables in its memory, and stand-ins for what vmx/ and
 * core/ do for pal/. Vector state is one number per CPU here. A test plays the
 * processor: it sets VMCS fields and calls pal_fetch(), pal_exit(), pal_resume().
 */
#ifndef HOSTED_TEST_PAL_MACHINE_H
#define HOSTED_TEST_PAL_MACHINE_H

#include "../../core/crypto.h"
#include "../../core/header.h"
#include "../../core/random.h"
#include "../../core/sign.h"
#include "../../pal/internal.h"
#include "../../vmx/controls.h"
#include "../../vmx/event.h"
#include "../../vmx/init_sipi.h"
#include "../../vmx/launch.h"
#include "../../vmx/msr_index.h"
#include "../../vmx/nmi.h"
#include "../../vmx/pal_vmcs.h"
#include "../../vmx/vector.h"
#include "../../vmx/vmcs.h"
#include "ept_machine.h"

#pragma GCC diagnostic ignored "-Wunused-function"

/* ---- pools as core/pool.c has them ---- */
hpa_t page_alloc(struct page_pool *pool)
{
	hpa_t page = pool->head;

	if (page.v) {
		pool->head = HPA(*(u64 *)phys_to_virt(page));
		pool->nr_free--;
		memset(phys_to_virt(page), 0, PAGE_SIZE);
	}
	return page;
}

void page_free(struct page_pool *pool, hpa_t page)
{
	*(u64 *)phys_to_virt(page) = pool->head.v;
	pool->head = page;
	pool->nr_free++;
}

static u64 hashed_this_step;

#ifndef REAL_CRYPTO
/* ---- SHA-256 (FIPS 180-4), in place of BearSSL's ---- */
static u32 ror(u32 x, int n)
{
	return x >> n | x << (32 - n);
}

static void sha_block(u32 h[8], const u8 *p)
{
	static const u32 k[64] = {
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
		0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
		0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
		0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
		0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
		0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
		0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };
	u32 w[64], v[8], i;

	for (i = 0; i < 16; i++)
		w[i] = (u32)p[4 * i] << 24 | p[4 * i + 1] << 16 | p[4 * i + 2] << 8 | p[4 * i + 3];
	for (; i < 64; i++)
		w[i] = w[i - 16] + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] +
		       (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
	memcpy(v, h, sizeof(v));
	for (i = 0; i < 64; i++) {
		u32 t1 = v[7] + (ror(v[4], 6) ^ ror(v[4], 11) ^ ror(v[4], 25)) +
			 ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
		u32 t2 = (ror(v[0], 2) ^ ror(v[0], 13) ^ ror(v[0], 22)) +
			 ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 28);
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (i = 0; i < 8; i++)
		h[i] += v[i];
}

void br_sha256_init(br_sha256_context *c)
{
	static const u32 iv[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
				   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };

	c->count = 0;
	memcpy(c->val, iv, sizeof(iv));
}

void br_sha224_update(br_sha224_context *c, const void *data, size_t n)
{
	const u8 *p = data;

	hashed_this_step += n;
	for (; n; n--) {
		c->buf[c->count++ % 64] = *p++;
		if (c->count % 64 == 0)
			sha_block(c->val, c->buf);
	}
}

void br_sha256_out(const br_sha256_context *from, void *out)
{
	br_sha256_context c = *from;
	u64 bits = c.count * 8;
	u8 pad = 0x80, *o = out;
	u32 i;

	br_sha224_update(&c, &pad, 1);
	for (pad = 0; c.count % 64 != 56;)
		br_sha224_update(&c, &pad, 1);
	for (i = 0; i < 8; i++) {
		pad = bits >> (56 - 8 * i);
		br_sha224_update(&c, &pad, 1);
	}
	for (i = 0; i < 32; i++)
		o[i] = c.val[i / 4] >> (24 - 8 * (i % 4));
}

/* ---- core/crypto.c, core/sign.c: of these the tests without REAL_CRYPTO need the hash only ---- */
u8 core_statement_digest[DIGEST_SIZE], core_root_id[16];
u64 core_epoch;
struct core_statement core_statement;

void crypto_hash(const void *a, size_t na, const void *b, size_t nb, u8 out[DIGEST_SIZE])
{
	br_sha256_context c;

	br_sha256_init(&c);
	br_sha224_update(&c, a, na);
	br_sha224_update(&c, b, nb);
	br_sha256_out(&c, out);
}

int crypto_derive(const void *info, size_t n, u8 key[32])
{
	return -ECANCELED;
}

void crypto_aead(const u8 key[32], bool encrypt, void *data, size_t n, const void *aad, size_t aad_size,
		 u8 tag[SEAL_TAG_SIZE])
{
	check(0, "no key, no encryption");
}

bool crypto_differ(const void *a, const void *b, size_t n)
{
	return memcmp(a, b, n);
}

int sign_hash(u32 id, const u8 hash[32], u8 signature[64])
{
	return -ECANCELED;
}

void sign_forget(u32 id)
{
}

int sign_public(u8 x[32], u8 y[32])
{
	return -ECANCELED;
}
#endif

const struct core_image_header image_header = { .magic = CORE_IMAGE_MAGIC, .build_id = { 1, 2, 3, 4, 5, 6, 7, 8, 9 } };

/* ---- what vmx/ and core/ do ---- */
struct vmx_caps vmx_caps = { .vpid = true };
static u64 vector[FAKE_MAX_CPUS], vector_owner[FAKE_MAX_CPUS];	/* the registers; saved */
static u64 components = 7, components_known = 7, components_entered;
static u32 nr_gp, nr_pf, nr_random, nr_nmi, nr_init;
static u64 pf_at;
static u32 pf_code;

struct cpu *this_cpu(void)
{
	return cpu_of_slot(fake_cpu);
}

bool control_set(u32 msr, u64 wanted, u64 required, u64 *value)
{
	(void)msr;
	*value = wanted | required;
	return true;
}

char vmx_exit_entry_slow[1];

void kick_arm(void)
{
}

void vmcs_write_host_state(struct cpu *cpu)
{
}

void vector_begin(struct cpu *cpu)
{
}

void vector_end(struct cpu *cpu)
{
}

u64 vector_components(void)
{
	return components;
}

int vector_enter_pal(struct cpu *cpu, const void *area, u64 wanted)
{
	if (wanted & ~components_known)
		return -ENODEV;
	components_entered = wanted;
	vector_owner[cpu->slot] = vector[cpu->slot];
	vector[cpu->slot] = area ? *(const u64 *)area : 0;
	return 0;
}

void vector_leave_pal(struct cpu *cpu, void *area)
{
	if (area)
		*(u64 *)area = vector[cpu->slot];
	vector[cpu->slot] = vector_owner[cpu->slot];
}

void inject_gp(void)
{
	nr_gp++;
}

void inject_page_fault(gva_t at, u32 code)
{
	check(this_cpu()->mode == MODE_LINUX, "injected into a PAL");
	nr_pf++;
	pf_at = at.v;
	pf_code = code;
}

void skip_slow(u64 old_rip, u64 rip, u64 blocking, u64 rflags)
{
	check(0, "no test needs it");
}

int guest_cpl(void)
{
	return (vmread(GUEST_SS_ACCESS_RIGHTS) >> 5) & 3;
}

bool guest_in_64bit_code(void)
{
	return vmread(GUEST_CS_ACCESS_RIGHTS) & BIT(13);
}

bool guest_in_flat_32bit_code(void)
{
	return (vmread(GUEST_CS_ACCESS_RIGHTS) & (BIT(13) | BIT(14))) == BIT(14) &&
	       (vmread(GUEST_SS_ACCESS_RIGHTS) & BIT(14)) &&
	       !vmread(GUEST_CS_BASE) && !vmread(GUEST_SS_BASE);
}

void nmi_record(struct cpu *cpu)
{
	nr_nmi++;
}

void handle_init(struct cpu *cpu)
{
	check(cpu->mode == MODE_LINUX);
	nr_init++;
}

static u32 random_busy;	/* so many times another CPU is at it */

int core_random(void *buf, size_t n)
{
	if (random_busy) {
		random_busy--;
		return -EAGAIN;
	}
	check(n <= PAL_RANDOM_A_STEP);
	memset(buf, 0x40 + nr_random++, n);
	return 0;
}

/* ---- the process ---- */
#define MM_TABLES 0x600ull	/* pfns of its paging structures */
#define MM_CR3 (MM_TABLES << 12)
#define LIST_GPA 0x700000ull
#define DESC_GPA 0x701000ull
#define STUB 0x410000ull
#define STACK_TOP 0x7ff000000000ull	/* the owner's; its pages are mapped by tests */
#define STACK_PFN 0x720ull
static u32 mm_used;

static void *frame(u64 pfn)
{
	return phys_to_virt(HPA(pfn << 12));
}

static u64 *mm_entry(u64 va)
{
	u64 *table = frame(MM_TABLES);
	int shift;

	for (shift = 39; shift > 12; shift -= 9) {
		u64 *e = &table[va >> shift & 511];

		if (!*e)
			*e = (MM_TABLES + ++mm_used) << 12 | 7;
		if (shift == 39)	/* the user half's root has the same */
			((u64 *)frame(MM_TABLES + 1))[va >> 39 & 511] = *e;
		table = frame(*e >> 12 & 0xffffffffffull);
	}
	return &table[va >> 12 & 511];
}

static void mm_map(u64 va, u64 pfn)
{
	*mm_entry(va) = pfn << 12 | 7;
}

static void mm_unmap(u64 va)
{
	*mm_entry(va) = 0;
}

/* The CPU runs the process at rip: every field that pal/ may look at. */
static struct cpu *run_owner(u32 slot, u64 rip, u64 rsp, u64 thread)
{
	struct cpu *cpu;

	fake_cpu = slot;
	cpu = this_cpu();
	check(cpu->mode == MODE_LINUX);
	vmwrite(GUEST_RIP, rip);
	vmwrite(GUEST_RSP, rsp);
	vmwrite(GUEST_FS_BASE, thread);
	return cpu;
}

static void start_cpu(u32 slot)
{
	struct cpu *cpu = cpu_of_slot(slot);

	fake_cpu = slot;
	cpu->slot = slot;
	cpu->mode = MODE_LINUX;
	cpu->pal_context = NULL;
	cpu->vmcs01 = HPA(0x9000 + slot * 0x100);
	cpu->vmcs_pal = HPA(0xa000 + slot * 0x100);
	check(pal_vmcs_init(cpu) == 0);
	vmptrld(cpu->vmcs01);
	vmwrite(GUEST_CR0, CR0_PE | CR0_PG | CR0_WP);
	vmwrite(GUEST_CR3, MM_CR3 | 5);	/* some PCID */
	vmwrite(GUEST_CR4, CR4_PAE | CR4_PGE);
	vmwrite(GUEST_IA32_EFER, EFER_LME | EFER_LMA | EFER_NXE);
	vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc0f3);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xa0fb);
	vmwrite(GUEST_RFLAGS, 0x202);
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 3);
}

static void pal_machine_start(u32 nr_cpus)
{
	u32 i;

	machine_mtrrs();
	check(machine_start(nr_cpus, 1000000, NULL) == 0);
	mm_used = 1;
	for (i = 0; i < nr_cpus; i++)
		start_cpu(i);
	mm_map(STACK_TOP - 0x1000, STACK_PFN);
	mm_map(STUB, 0x730);
	fake_cpu = 0;
}

/* ---- a PAL: CODE, RODATA, DATA, PARAM (2 pages), STACK, SHARED, next to each other ---- */
#define PAL_BASE 0x500000ull
#define PAL_ENTRY (PAL_BASE + 0x40)
enum { S_CODE, S_RODATA, S_DATA, S_PARAM, S_STACK, S_SHARED, NR_S };

struct test_pal {
	struct pal_desc desc;
	u64 frame[PAL_MAX_PAGES], donated[PAL_MAX_DONATED];
	u32 nr_frames, nr_donated;
	s64 id;
};

static void describe(struct test_pal *p, u64 base)
{
	static const u8 type[NR_S] = { PAL_SECTION_CODE, PAL_SECTION_RODATA, PAL_SECTION_DATA,
				       PAL_SECTION_PARAM, PAL_SECTION_STACK, PAL_SECTION_SHARED };
	struct pal_desc *d = &p->desc;
	u64 at = base;
	u32 i;

	memset(p, 0, sizeof(*p));
	d->size = sizeof(*d);
	d->owner_cr3 = MM_CR3;
	d->owner_cr3_user = MM_CR3 | 0x1000;
	d->stub = STUB + 0x20;
	d->nr_sections = NR_S;
	d->nr_entries = 1;
	d->entry[0].addr = base + 0x40;
	d->entry[0].flags = PAL_ENTRY_MENDS;	/* the tests cut calls off, and call again */
	for (i = 0; i < NR_S; i++) {
		d->section[i] = (struct pal_section_desc){ type[i], i == S_PARAM ? 2 : 1, at };
		at += d->section[i].nr_pages * PAGE_SIZE;
	}
}

static u32 count_frames(const struct pal_desc *d)
{
	u32 i, n = 0;

	for (i = 0; i < d->nr_sections; i++)
		n += d->section[i].type == PAL_SECTION_WINDOW ? 0 : d->section[i].nr_pages;
	return n;
}

static u64 *pal_list(void)
{
	return phys_to_virt(HPA(LIST_GPA));
}

/* Create with frames from first on; donated pages behind donated. */
static s64 pal_create(struct test_pal *p, u64 first, u64 donated)
{
	u64 extra;
	u32 i;

	memcpy(phys_to_virt(HPA(DESC_GPA)), &p->desc, sizeof(p->desc));
	p->id = pal_hc_create(DESC_GPA, &extra);
	if (p->id < 0)
		return p->id;
	p->nr_frames = count_frames(&p->desc);
	p->nr_donated = extra;
	for (i = 0; i < p->nr_frames; i++)
		p->frame[i] = first + i;
	for (i = 0; i < p->nr_donated; i++)
		p->donated[i] = donated + i;
	return p->id;
}

/* Call again; in the second case other CPUs have to do something first. */
static bool again(s64 ret)
{
	return ret == -EAGAIN || ret == -EINPROGRESS;
}

static s64 give_all(s64 (*call)(u64, u64, u64), s64 id, const u64 *pfn, u32 nr)
{
	u32 done = 0;
	s64 ret;

	while (done < nr) {
		u32 n = nr - done < 512 ? nr - done : 512;

		memcpy(pal_list(), pfn + done, n * 8);
		ret = call(id, LIST_GPA, n);
		if (again(ret)) {
			fake_all_cpus_visit();
			continue;
		}
		if (ret < 0)
			return ret;
		check(ret > 0 && ret <= FRAMES_A_LIST);
		done += ret;
	}
	return 0;
}

static s64 step_all(s64 id)
{
	s64 ret;
	u32 n;

	for (n = 0; n < 100000; n++) {
		hashed_this_step = 0;
		ret = pal_hc_step(id);
		check(hashed_this_step <= 1100, "%llu bytes hashed in a step", hashed_this_step);
		if (!again(ret))
			return ret;
		fake_all_cpus_visit();
	}
	return -EAGAIN;
}

static s64 pal_register(struct test_pal *p, u64 first, u64 donated)
{
	s64 ret = pal_create(p, first, donated);

	if (ret < 0)
		return ret;
	ret = give_all(pal_hc_donate, p->id, p->donated, p->nr_donated);
	if (!ret)
		ret = give_all(pal_hc_add_frames, p->id, p->frame, p->nr_frames);
	return ret ? ret : step_all(p->id);
}

static void pal_unregister(struct test_pal *p)
{
	u32 n = 0;
	s64 ret;

	check(pal_hc_destroy(p->id) == 0);
	check(step_all(p->id) == 0);
	while ((ret = pal_hc_reclaim(p->id, LIST_GPA)) != 0) {
		if (ret > 0)
			n += ret;
		else
			fake_all_cpus_visit();
		check(ret > 0 || again(ret));
	}
	check(n == p->nr_donated);
	check(pal_hc_step(p->id) == -ENOENT);
}

static struct pal *pal_of(s64 id)
{
	return slot_of(id)->pal;
}

static struct pal_context *context_of(s64 id)
{
	return pal_context_at(pal_of(id), 0);
}

static enum pal_state state_of(s64 id)
{
	return slot_of(id)->info.state;
}

/* What is at a PAL linear address, through the page tables that the CPU would use. */
static void *pal_at(struct test_pal *p, u64 va, u64 *flags)
{
	struct pal *pal = pal_of(p->id);
	u64 gpa = pal->cr3, e, right = 7, nx = 0;
	int shift, level;

	for (shift = 39; shift >= 12; shift -= 9) {
		u64 leaf = view_lookup(&pal->view, GPA(gpa), &level);

		if (!(leaf & 1))
			return NULL;
		e = ((u64 *)phys_to_virt(HPA(leaf & EPT_ADDRESS)))[va >> shift & 511];
		if (!(e & 1))
			return NULL;
		check(e & 0x20, "accessed flag is not set beforehand");
		check(shift > 12 || !(e & 2) || (e & 0x40), "dirty flag is not set beforehand");
		right &= e;
		nx |= e & BIT(63);
		gpa = e & EPT_ADDRESS;
	}
	e = view_lookup(&pal->view, GPA(gpa), &level);
	if (flags)
		*flags = nx | right | (e & 7) << 8;
	return (u8 *)phys_to_virt(HPA(e & EPT_ADDRESS)) + (va & 0xfff);
}

/* ---- exits of a PAL ---- */
static void exit_exception(struct cpu *cpu, u32 vector, u64 qualification, u64 rip)
{
	vmwrite(VM_EXIT_INTERRUPTION_INFO, vector | 3 << 8 | BIT(31));
	vmwrite(EXIT_QUALIFICATION, qualification);
	vmwrite(GUEST_RIP, rip);
	pal_exit(cpu, REASON_EXCEPTION_OR_NMI);
}

static void exit_return(struct cpu *cpu, u64 rax)
{
	cpu->regs.rax = rax;
	exit_exception(cpu, VECTOR_PF, PAL_USER_END, PAL_USER_END);
}

static void exit_vmcall(struct cpu *cpu, u64 nr, u64 rdi, u64 rsi)
{
	cpu->regs.rax = nr;
	cpu->regs.rdi = rdi;
	cpu->regs.rsi = rsi;
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 3);
	pal_exit(cpu, REASON_VMCALL);
}

/* The stub that describe() names. */
#define STUB_AT (STUB + 0x20)

/* Linux' CPU fetches the PAL's entry point. Whether it is looked for or remembered is the same (vmx/memory.c). */
static inline bool fetches(const struct test_pal *p, struct cpu *cpu)
{
	gpa_t gpa = GPA(p->frame[0] << 12 | (PAL_ENTRY & 4095));

	return pal_fetch_again(cpu, gpa, GVA(PAL_ENTRY)) || pal_fetch(cpu, gpa, GVA(PAL_ENTRY));
}

/* At the stub the owner makes HC_PAL_RESUME; RAX. */
static inline u64 resume(struct cpu *cpu, u64 token)
{
	vmwrite(GUEST_RIP, STUB_AT + 8);
	cpu->regs.rax = HC_PAL_RESUME;
	cpu->regs.rdi = token;
	check(pal_resume(cpu));
	return cpu->regs.rax;
}

#endif
