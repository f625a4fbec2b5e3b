// SPDX-License-Identifier: GPL-2.0
/*
 * What remains of a bug of the core (RULES 23): registers, stack and VMCS of a
 * CPU that works for a PAL are full of one byte, and no such byte is in the
 * record; without a PAL they are recorded. Then who goes on and who is halted.
 * core/fatal.c is included below, so that its HLT can be a macro here.
 */
#include <setjmp.h>

__asm__(".macro cli\n\tandq $-16, %rsp\n\tcall cpu_halts\n\t.endm");

unsigned long long read_cr2(void);

#include "../../core/fatal.c"

#include "fake.h"
#include "tap.h"

#define SECRET 0xa5
#define SECRET_WORD 0xa5a5a5a5a5a5a5a5ull

static _Alignas(4096) u8 slot[CORE_CPU_STRIDE];
static struct cpu *cpu = (struct cpu *)(slot + CORE_CPU_STRUCT_PAGE * PAGE_SIZE);
static jmp_buf out;
static u32 doomed, aborted, released, injected, unlocked, failed_with, cleared, wiped, vectors_back;
static struct nested nested;
static hpa_t loaded;
struct nested *nested_of_cpu[CORE_MAX_CPUS];
static u8 page[4096];

const struct core_image_header image_header;
char recover_entry[1];

/* How a handler ends that does not come back. */
enum { HALTED = 1, SHUT_DOWN, LAUNCH_FAILED, L1_TOLD };

__attribute__((noreturn)) void cpu_halts(void)
{
	longjmp(out, HALTED);
}

void shutdown_machine(struct cpu *c)
{
	longjmp(out, SHUT_DOWN);
}

void nested_entry_refused(struct cpu *c)
{
	longjmp(out, L1_TOLD);
}

void launch_failed(struct cpu *c)
{
	longjmp(out, LAUNCH_FAILED);
}

u64 read_cr2(void)
{
	return 0x1234;
}

void pal_doom_all(void)
{
	doomed++;
}

void pal_abort(struct cpu *c)
{
	check(c->mode == MODE_PAL);
	aborted++;
}

void pal_release_claim(struct cpu *c)
{
	if (c->pal_claim)
		released++;
	c->pal_claim = NULL;
}

void vmptrld(hpa_t at)
{
	loaded = at;
}

void vmclear(hpa_t at)
{
	check(at.v == nested.shadow_vmcs.v);
	cleared++;
}

void leave_vmcs02(struct cpu *c, struct nested *n)
{
	vmptrld(c->vmcs01);
	c->mode = MODE_LINUX;
}

void vmfail(struct cpu *c, u32 error)
{
	check(c->mode == MODE_LINUX && loaded.v == c->vmcs01.v);
	failed_with = error;
}

void inject_gp(void)
{
	injected++;
}

void locks_release_all(struct cpu *c)
{
	unlocked++;
}

void sign_crashed(struct cpu *c)
{
	wiped++;
}

void vector_recover(struct cpu *c)
{
	vectors_back++;
}

int guest_write(gpa_t to, const void *from, size_t size)
{
	memcpy(page, from, size);
	return 0;
}

/* A CPU in root, all that it holds secret; what_for: a PAL runs, its slot is claimed, neither. */
enum what_for { FOR_PAL, FOR_CLAIM, FOR_LINUX };

static void fresh(enum what_for what_for)
{
	u32 field;

	fake_cpu_reset(1);
	memset(&record, 0, sizeof(record));
	memset(slot, SECRET, sizeof(slot));
	memset(cpu, 0, sizeof(*cpu));
	memset(&cpu->regs, SECRET, sizeof(cpu->regs));
	cpu->in_vmx = cpu->launched = true;
	cpu->slot = 0;
	cpu->mode = what_for == FOR_PAL ? MODE_PAL : MODE_LINUX;
	cpu->pal_claim = what_for == FOR_CLAIM ? (struct pal_slot *)slot : NULL;
	/* VMCS01 is Linux's: nothing in it is a secret. */
	for (field = 0; field < 0x7000; field++)
		*fake_vmcs_field(0, field) = what_for == FOR_PAL ? SECRET_WORD : field;
	vmwrite(VM_EXIT_REASON, REASON_EXTERNAL_INTERRUPT);
	vmwrite(VM_INSTRUCTION_ERROR, 7);
	doomed = aborted = released = injected = unlocked = failed_with = cleared = 0;
	loaded = HPA(0);
	wiped = vectors_back = 0;
}

static struct trap_frame frame_at(u64 rsp)
{
	struct trap_frame f;

	memset(&f, SECRET, sizeof(f));
	f.vector = 14;
	f.error_code = 2;
	f.rip = 0xffff800000001000;
	f.cs = 8;
	f.rflags = 0x10046;
	f.rsp = rsp;
	f.ss = 0;
	return f;
}

/* Bytes of secrets in the record, but for RSP, an address that may hold any byte. */
static u32 secrets(void)
{
	struct core_fatal r = record;
	const u8 *b = (const u8 *)&r;
	u32 i, n = 0;

	r.rsp = 0;
	for (i = 0; i < sizeof(r); i++)
		n += b[i] == SECRET;
	return n;
}

/* 0: fatal_trap() came back, and the trap would return to the recovery. */
static int trap(struct trap_frame *f)
{
	int how = setjmp(out);

	if (!how)
		fatal_trap(cpu, f);
	return how;
}

static int refused_entry(void)
{
	int how = setjmp(out);

	if (!how)
		entry_failed(cpu);
	return how;
}

static void one_trap(enum what_for what_for)
{
	struct trap_frame f = frame_at((u64)cpu - 2048);

	fresh(what_for);
	check(trap(&f) == 0 && fatal_seen());
	check(f.rip == (u64)recover_entry && f.rsp == (u64)cpu && unlocked == 1 && wiped == 1 && vectors_back == 1);
	check(record.rip == 0xffff800000001000 && record.rsp == (u64)cpu - 2048);
	check(record.vector == 14 && record.error_code == 2 && record.cr2 == 0x1234);
	check(record.exit_reason == REASON_EXTERNAL_INTERRUPT && record.vm_instruction_error == 7);
}

static void no_secrets(void)
{
	u32 i;

	one_trap(FOR_LINUX);
	ok(record.stack_words == CORE_FATAL_STACK && record.gpr[0] == SECRET_WORD &&
	   secrets() == 8 * (15 + CORE_FATAL_STACK),
	   "without a PAL the record has registers and stack");
	ok(record.guest_rip == GUEST_RIP && record.exit_qualification == EXIT_QUALIFICATION &&
	   record.guest_efer == GUEST_IA32_EFER, "and where Linux was");
	one_trap(FOR_PAL);
	ok(secrets() == 0 && record.stack_words == 0, "in a PAL's exit no byte of registers, stack or VMCS is in it");
	one_trap(FOR_CLAIM);
	ok(secrets() == 0 && record.stack_words == 0, "nor while pal/ works for Linux on a PAL's memory");
	ok(record.guest_rip == GUEST_RIP, "then Linux's own state is");
	for (i = 0; i < 2; i++) {
		fresh(i ? FOR_CLAIM : FOR_PAL);
		check(refused_entry() == (i ? SHUT_DOWN : 0) && aborted == !i);
		check(secrets() == 0 && record.vector == 256 && doomed == 1);
	}
	ok(1, "nor where the CPU refuses the entry: of a PAL, its call alone ends; of Linux, the machine resets");
}

static void stack_bounds(void)
{
	static const struct { s64 offset; u32 words; } at[] = {
		{ -8, 1 }, { -512, 64 }, { -504, 63 }, { 0, 0 }, { 8, 0 }, { -4, 0 }, { -3 * 4096, 64 },
		{ -3 * 4096 - 8, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		struct trap_frame f = frame_at((u64)cpu + at[i].offset);

		fresh(FOR_LINUX);
		check(trap(&f) == 0);
		check(record.stack_words == at[i].words, "rsp at %lld: %u words", at[i].offset, record.stack_words);
	}
	ok(1, "the stack is read up to its end, and only where RSP is in it");
}

static void who_goes_on(void)
{
	struct trap_frame f;

	one_trap(FOR_PAL);
	ok(record.recovered && fatal_recover(cpu) == ENTRY_RESUME && doomed == 1 && aborted == 1 && !injected,
	   "in a PAL: its call is dropped, all PALs are doomed");
	one_trap(FOR_CLAIM);
	vmwrite(VM_EXIT_REASON, REASON_VMCALL);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	ok(fatal_recover(cpu) == ENTRY_RESUME && cpu->regs.rax == (u64)-EIO && !injected && released == 1 && doomed == 1,
	   "in a hypercall: EIO, and the claim is open again");
	one_trap(FOR_LINUX);
	ok(fatal_recover(cpu) == ENTRY_RESUME && injected == 1 && doomed == 1, "in another exit: #GP");
	f = frame_at((u64)cpu - 64);
	record.rip = 1;
	ok(trap(&f) == 0 && record.rip == 1, "the first record is kept");
	ok(trap(&f) == HALTED, "a bug in the recovery halts the CPU");
	fresh(FOR_LINUX);
	cpu->launched = false;
	f = frame_at((u64)cpu - 64);
	ok(trap(&f) == HALTED && record.rip, "so does one before the first entry, with a record");
	fresh(FOR_LINUX);
	cpu->mode = MODE_L2;
	ok(refused_entry() == L1_TOLD && !doomed && !fatal_seen(), "an entry of L2 that is refused is Linux's to know");
	cpu->launched = false;
	ok(refused_entry() == LAUNCH_FAILED, "a first entry that is refused is the launch's to tell");
}

/* Whatever VMCS was current when the bug came. */
static void which_vmcs(void)
{
	static const struct { u8 mode, launched; hpa_t vmcs; u32 error; } cases[] = {
		{ MODE_LINUX, true, { 0x1000 }, 0 }, { MODE_L2, true, { 0x2000 }, 7 },
		{ MODE_PAL, true, { 0 }, 0 }, { MODE_LINUX, false, { 0 }, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trap_frame f = frame_at((u64)cpu - 64);

		fresh(FOR_LINUX);
		nested = (struct nested){ .vmcs02 = { 0x2000 }, .shadow_vmcs = { 0x3000 } };
		nested_of_cpu[0] = &nested;
		cpu->vmcs01 = HPA(0x1000);
		cpu->mode = cases[i].mode;
		cpu->launched = cases[i].launched;
		check(trap(&f) == (cases[i].launched ? 0 : HALTED));
		check(loaded.v == cases[i].vmcs.v && cleared == !!loaded.v, "case %u: %llx", i, loaded.v);
		check(!loaded.v || nested.dirty == DIRTY_ALL);
		if (cases[i].launched)
			check(fatal_recover(cpu) == ENTRY_RESUME);
		check(failed_with == cases[i].error, "case %u: VMfail %u", i, failed_with);
		check(cases[i].mode != MODE_L2 || (!injected && cpu->mode == MODE_LINUX));
	}
	nested_of_cpu[0] = NULL;
	ok(1, "the VMCS of the mode is current then, the shadow VMCS clear; a bug that L2 met is L1's VMfail 7");
}

static void asked_for(void)
{
	fresh(FOR_LINUX);
	ok(fatal_get(0x1000) == 0 && !fatal_seen(), "no record: 0");
	one_trap(FOR_LINUX);
	ok(fatal_get(0x1008) == -EINVAL, "not at a page: EINVAL");
	memset(page, 0, sizeof(page));
	ok(fatal_get(0x1000) == 1 && !memcmp(page, &record, sizeof(record)), "else it is copied out");
}

int main(void)
{
	no_secrets();
	stack_bounds();
	who_goes_on();
	which_vmcs();
	asked_for();
	return tap_finish();
}
