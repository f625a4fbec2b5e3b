// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * Calls back to the owner (HC_SVC_OCALL): what it is told and no more, that only it
 * answers, once, at the stub, and that the PAL goes on where it asked.
 */
#include "test_pal_machine.h"

#define THREAD 0x7f0000001000ull
#define OTHER_THREAD 0x7f0000002000ull
#define RSP (STACK_TOP - 0x808)
#define ASKS_AT (PAL_BASE + 0x200)

static struct test_pal p;

static void new_pal(bool compat)
{
	if (p.id > 0)
		pal_unregister(&p);
	describe(&p, PAL_BASE);
	p.desc.flags = compat ? PAL_DESC_32BIT : 0;
	check(pal_register(&p, 0x1000, 0x1800) == 0);
}

static struct cpu *owner_calls(u32 slot, u64 thread)
{
	struct cpu *cpu = run_owner(slot, PAL_ENTRY, RSP, thread);
	u32 i;

	for (i = 0; i < 16; i++)
		(&cpu->regs.rax)[i] = 0x1111 * (i + 1);
	vector[slot] = 0x0b0b0b;
	*(u64 *)((u8 *)frame(STACK_PFN) + (RSP & 4095)) = 0x400123;
	return cpu;
}

static bool fetch(struct cpu *cpu)
{
	return fetches(&p, cpu);
}

static struct cpu *enter(u32 slot)
{
	struct cpu *cpu = owner_calls(slot, THREAD);

	check(fetch(cpu) && cpu->mode == MODE_PAL);
	return cpu;
}

/* The PAL's registers, all of them secret but those that it asks with. */
static void asks(struct cpu *cpu, u64 number, u64 a, u64 b)
{
	u32 i;

	for (i = 0; i < 16; i++)
		(&cpu->regs.rax)[i] = 0x5ec0000 + i;
	cpu->regs.rdx = b;
	vector[cpu->slot] = 0x5ec4e7;
	vmwrite(GUEST_RIP, ASKS_AT);
	vmwrite(GUEST_RSP, 0x1234560);
	vmwrite(GUEST_RFLAGS, 0x246);
	exit_vmcall(cpu, HC_SVC_OCALL, number, a);
}

static bool asked(const struct cpu *cpu, u64 number, u64 a, u64 b)
{
	const struct guest_regs *r = &cpu->regs;

	check(vector[cpu->slot] == 0x0b0b0b && !cpu->pal_context);
	check(r->rbx == 0x4444 && r->rbp == 0x6666 && r->r12 == 0x1111 * 13 && r->r13 == 0x1111 * 14 &&
	      r->r14 == 0x1111 * 15 && r->r15 == 0x11110);
	check(!(r->rcx | r->r8 | r->r9 | r->r10 | r->r11));
	return cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == STUB_AT && vmread(GUEST_RSP) == RSP &&
	       r->rax == STUB_OCALL + number && r->rsi == a && r->rdx == b;
}

static u64 answers(struct cpu *cpu, u64 token, u64 answer)
{
	vmwrite(GUEST_RIP, STUB_AT + 40);
	cpu->regs.rax = HC_PAL_RESUME;
	cpu->regs.rdi = token;
	cpu->regs.rsi = answer;
	check(pal_resume(cpu));
	return cpu->regs.rax;
}

/* It is where it asked, with its own registers but for the answer. */
static bool goes_on(const struct cpu *cpu, u64 answer)
{
	u32 i;

	if (cpu->mode != MODE_PAL || cpu->regs.rax != answer)
		return false;
	for (i = 1; i < 16; i++)
		if (&(&cpu->regs.rax)[i] != &cpu->regs.rdi && &(&cpu->regs.rax)[i] != &cpu->regs.rsi &&
		    &(&cpu->regs.rax)[i] != &cpu->regs.rdx)
			check((&cpu->regs.rax)[i] == 0x5ec0000 + i, "register %u", i);
	return vector[cpu->slot] == 0x5ec4e7 && vmread(GUEST_RIP) == ASKS_AT + 3 &&
	       vmread(GUEST_RSP) == 0x1234560 && vmread(GUEST_RFLAGS) == 0x246;
}

static void test_plain(void)
{
	struct cpu *cpu;
	u64 token, old, calls;
	u32 i;

	new_pal(false);
	cpu = enter(0);
	asks(cpu, 65536, 1, 2);
	ok(cpu->mode == MODE_PAL && cpu->regs.rax == (u64)-EINVAL && vmread(GUEST_RIP) == ASKS_AT + 3,
	   "a number above 65535: EINVAL, and the PAL goes on");
	asks(cpu, ~0ull, 1, 2);
	ok(cpu->mode == MODE_PAL && cpu->regs.rax == (u64)-EINVAL, "2^64 - 1 too");
	calls = slot_of(p.id)->info.interrupts;
	asks(cpu, 65535, 0xaaa, 0xbbb);
	ok(asked(cpu, 65535, 0xaaa, 0xbbb), "the owner is told the number and two words, at its stub, and nothing else");
	token = cpu->regs.rdi;
	ok(slot_of(p.id)->info.interrupts == calls, "this is no interrupt");
	cpu = run_owner(1, STUB_AT, RSP, THREAD);
	vector[1] = 0x0c0c0c;
	answers(cpu, token, 0x123456789abcdef0);
	ok(goes_on(cpu, 0x123456789abcdef0), "its answer is what the PAL finds, where it asked, on whichever CPU");
	pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
	old = token;
	token = cpu->regs.rdi;
	ok(cpu->regs.rax == STUB_RESUME && answers(cpu, old, 5) == (u64)-ECANCELED, "answered once, and never again");
	answers(cpu, token, 0xbadbad);
	ok(goes_on(cpu, 0x123456789abcdef0), "an interrupted PAL takes no answer");
	for (i = 0; i < 1000; i++) {
		asks(cpu, i, i * 3, i * 5);
		check(vector[1] == 0x0c0c0c && cpu->regs.rax == STUB_OCALL + i && cpu->regs.rsi == i * 3 && cpu->regs.rdx == i * 5);
		answers(cpu, cpu->regs.rdi, i * 7);
		check(goes_on(cpu, i * 7));
	}
	exit_return(cpu, 9);
	ok(cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == 0x400123 && cpu->regs.rax == 9 && !cpu->regs.rsi && !cpu->regs.rdx,
	   "after a thousand of them the call returns as any other");
}

static void test_hostile(void)
{
	struct cpu *cpu;
	u64 token;

	new_pal(false);
#define REFUSED(name, errno, set) do {                                                              \
	cpu = enter(0);                                                                             \
	asks(cpu, 7, 1, 2);                                                                         \
	token = cpu->regs.rdi;                                                                      \
	set;                                                                                        \
	vmwrite(GUEST_RIP, rip);                                                                    \
	cpu->regs.rax = HC_PAL_RESUME;                                                              \
	cpu->regs.rdi = token;                                                                      \
	check(pal_resume(cpu));                                                                     \
	ok(cpu->mode == MODE_LINUX && cpu->regs.rax == (u64)-(errno) && vmread(GUEST_RIP) == rip + 3, \
	   "no answer " name);                                                                      \
	rip = STUB_AT + 40;                                                                         \
	start_cpu(0);                                                                               \
	vmwrite(GUEST_FS_BASE, THREAD);                                                             \
	exit_return(enter(0), 0);                                                                   \
} while (0)
	{
		u64 rip = STUB_AT + 40;

		REFUSED("from another thread", EACCES, vmwrite(GUEST_FS_BASE, OTHER_THREAD));
		REFUSED("from another process", EACCES, vmwrite(GUEST_CR3, 0x123000));
		REFUSED("from beside the stub", EACCES, rip = STUB_AT + 0x1000);
		REFUSED("with a forged token", ECANCELED, token += 0x10000);
		REFUSED("with the last call's token", ECANCELED, token -= 0x10000);
		REFUSED("for another PAL", ECANCELED, token ^= 2);
	}
	cpu = enter(0);
	asks(cpu, 7, 1, 2);
	token = cpu->regs.rdi;
	vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc093);
	ok(!pal_resume(cpu), "no answer from ring 0: #GP");
	start_cpu(0);
	cpu = owner_calls(1, OTHER_THREAD);
	ok(fetch(cpu) && cpu->mode == MODE_LINUX && cpu->regs.rax == EBUSY, "meanwhile another thread's call: EBUSY");
	cpu = owner_calls(0, THREAD);
	ok(fetch(cpu) && cpu->mode == MODE_PAL && vmread(GUEST_RIP) == PAL_ENTRY && !cpu->regs.rax && !cpu->regs.r12 && !vector[0],
	   "the same thread's call drops the one that waits, and begins afresh at the entry");
	exit_return(cpu, 3);
	ok(answers(cpu, token, 0) == (u64)-ECANCELED, "which cannot be answered any more");

	cpu = enter(0);
	asks(cpu, 7, 1, 2);
	token = cpu->regs.rdi;
	vmwrite(GUEST_RSP, 0x666000);
	vmwrite(GUEST_RFLAGS, 0x10ed7);
	cpu->regs.r12 = cpu->regs.rbx = 0x666;
	vector[0] = 0x666;
	answers(cpu, token, 1);
	ok(goes_on(cpu, 1), "whatever the owner has in its registers, the PAL has its own");
	exit_return(cpu, 3);
	ok(vmread(GUEST_RSP) == RSP + 8 && cpu->regs.rbx == 0x4444, "and the owner returns to where it called");

	cpu = enter(0);
	asks(cpu, 7, 1, 2);
	token = cpu->regs.rdi;
	check(pal_hc_destroy(p.id) == 0);
	ok(answers(cpu, token, 0) == (u64)-ECANCELED, "destroyed meanwhile: ECANCELED");
	pal_unregister(&p);
	p.id = 0;
	new_pal(false);
	cpu = enter(0);
	check(pal_hc_destroy(p.id) == 0);
	asks(cpu, 7, 1, 2);
	ok(cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == STUB_AT && cpu->regs.rax == ECANCELED && !cpu->regs.rsi &&
	   !cpu->regs.rdx && slot_of(p.id)->claim == CLAIM_FREE,
	   "destroyed before it asks: the call has ended, and nothing is asked");
	pal_unregister(&p);
	p.id = 0;
}

/* An owner that never answers has cut the call off. */
static void test_cut_off(void)
{
	struct cpu *cpu;
	u64 token;

	describe(&p, PAL_BASE);
	p.desc.entry[0].flags = 0;
	check(pal_register(&p, 0x1000, 0x1800) == 0);
	cpu = enter(0);
	asks(cpu, 7, 1, 2);
	token = cpu->regs.rdi;
	answers(cpu, token, 3);
	check(goes_on(cpu, 3));
	exit_return(cpu, 0);
	exit_return(enter(0), 0);
	ok(true, "a call that was answered leaves the PAL as any other does");
	cpu = enter(0);
	asks(cpu, 7, 1, 2);
	token = cpu->regs.rdi;
	cpu = owner_calls(0, THREAD);
	ok(fetch(cpu) && cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == STUB_AT && cpu->regs.rax == ECANCELED,
	   "one that waits and is dropped is cut off: no entry point answers but those that can bear it");
	ok(answers(cpu, token, 3) == (u64)-ECANCELED, "and it cannot be answered any more");
	cpu = owner_calls(1, OTHER_THREAD);
	ok(fetch(cpu) && cpu->mode == MODE_LINUX && cpu->regs.rax == ECANCELED, "for no thread");
	pal_unregister(&p);
	p.id = 0;
}

static void test_compat(void)
{
	struct cpu *cpu;
	u64 token;

	new_pal(true);
	cpu = owner_calls(0, THREAD);
	mm_map(0x08300000, STACK_PFN);
	vmwrite(GUEST_RSP, 0x08300800);
	*(u32 *)((u8 *)frame(STACK_PFN) + 0x800) = 0x08049123;
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc0fb);
	vmwrite(GUEST_CS_BASE, 0);
	vmwrite(GUEST_SS_BASE, 0);
	check(fetch(cpu) && cpu->mode == MODE_PAL);
	asks(cpu, 12, 0xaaa, 0xbbb);
	ok(cpu->mode == MODE_LINUX && cpu->regs.rax == STUB_OCALL + 12 && cpu->regs.rsi == 0x7777 && cpu->regs.rdi == 0x8888,
	   "a 32-bit owner is told the number; ESI and EDI are its own");
	token = cpu->regs.rcx | cpu->regs.rdx << 32;
	ok(token >> 16 == slot_of(p.id)->generation[0], "and the token");
	vmwrite(GUEST_RIP, STUB_AT + 40);
	cpu->regs.rax = HC_PAL_RESUME;
	cpu->regs.rsi = 0xdeadbeef00000011;
	check(pal_resume(cpu));
	ok(cpu->mode == MODE_PAL && cpu->regs.rax == 0x11 && vmread(GUEST_RIP) == ASKS_AT + 3, "its answer has 32 bits");
	exit_exception(cpu, VECTOR_UD, 0, PAL_BASE);
	start_cpu(0);
}

int main(void)
{
	pal_machine_start(2);
	test_plain();
	test_hostile();
	test_cut_off();
	test_compat();
	return tap_finish();
}
