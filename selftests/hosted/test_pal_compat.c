// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * 32-bit PALs: who may call them, cdecl on both sides, what the segments of the
 * PAL VMCS are, the token and the owner's registers, and what ends at 4 GiB.
 * test_pal_call.c has all that is the same for both kinds.
 */
#include "test_pal_machine.h"

#define THREAD 0xf7f01000ull	/* GS base */
#define ESP 0x08300800ull
#define STACK_FRAME 0x1480ull
#define LAST 0xffffe000ull	/* the last page that Linux maps */
#define LAST_FRAME 0x1481ull
#define RETURN_TO 0x08049123ull

static struct test_pal p;

static void start_compat(u32 nr_params)
{
	u32 i;

	if (p.id > 0)
		pal_unregister(&p);
	describe(&p, PAL_BASE);
	p.desc.flags = PAL_DESC_32BIT;
	p.desc.entry[0].nr_params = nr_params;
	for (i = 0; i < nr_params; i++)
		p.desc.entry[0].param[i].type = PAL_PARAM_INTEGER;
	p.desc.entry[0].param[0] = (struct pal_param_desc){ PAL_PARAM_POINTER, 3, 0, 0, 16 };
	check(pal_register(&p, 0x1000, 0x1800) == 0);
}

static u32 *stack_at(u64 esp)
{
	return (u32 *)((u8 *)frame(STACK_FRAME) + (esp & 4095));
}

static struct cpu *owner_calls(u64 esp)
{
	struct cpu *cpu;
	u64 *r;
	u32 i;

	start_cpu(0);
	cpu = run_owner(0, PAL_ENTRY, esp, 0);
	r = &cpu->regs.rax;
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc0fb);
	vmwrite(GUEST_CS_BASE, 0);
	vmwrite(GUEST_SS_BASE, 0);
	vmwrite(GUEST_GS_BASE, THREAD);
	for (i = 0; i < 16; i++)
		r[i] = 0x1111 * (i + 1);
	stack_at(ESP)[0] = RETURN_TO;
	return cpu;
}

static bool fetch(struct cpu *cpu)
{
	return pal_fetch(cpu, GPA(p.frame[0] << 12 | 0x40), GVA(PAL_ENTRY));
}

static void returns(struct cpu *cpu, u64 rax)
{
	cpu->regs.rax = rax;
	exit_exception(cpu, VECTOR_PF, PAL_USER_END_32, PAL_USER_END_32);
}

static bool at_stub(struct cpu *cpu, u64 rax)
{
	return cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == STUB_AT && cpu->regs.rax == rax &&
	       vmread(GUEST_RSP) == ESP;
}

static bool owners_own(const struct guest_regs *r)
{
	return r->rbx == 0x4444 && r->rbp == 0x6666 && r->rsi == 0x7777 && r->rdi == 0x8888 &&
	       !(r->r8 | r->r9 | r->r10 | r->r11);
}

static void test_call(void)
{
	struct cpu *cpu;
	u32 i, *stack;

	start_compat(6);
	cpu = owner_calls(ESP);
	stack_at(ESP)[1] = ESP + 0x100;
	for (i = 2; i <= 6; i++)
		stack_at(ESP)[i] = 700 + i;
	memset(stack_at(ESP + 0x100), 0x5a, 16);
	check(fetch(cpu));
	ok(cpu->mode == MODE_PAL && vmread(GUEST_CS_ACCESS_RIGHTS) == 0xc0fb &&
	   vmread(GUEST_DS_ACCESS_RIGHTS) == 0xc0f3 && vmread(GUEST_ES_ACCESS_RIGHTS) == 0xc0f3 &&
	   vmread(GUEST_DS_LIMIT) == 0xffffffff && vmread(GUEST_SS_ACCESS_RIGHTS) == 0xc0f3 &&
	   vmread(GUEST_FS_ACCESS_RIGHTS) == 0x10000 && vmread(GUEST_GS_ACCESS_RIGHTS) == 0x10000,
	   "the PAL runs in compatibility mode, CS, SS, DS and ES flat, FS and GS unusable");
	ok(!vmread(GUEST_GDTR_LIMIT) && vmread(GUEST_LDTR_ACCESS_RIGHTS) == 0x10000,
	   "with no descriptor that a far jump could take");
	stack = (u32 *)((u8 *)frame(p.frame[S_STACK + 1]) + (vmread(GUEST_RSP) & 4095));
	ok(vmread(GUEST_RIP) == PAL_ENTRY && (vmread(GUEST_RSP) + 4) % 16 == 0 && stack[0] == PAL_USER_END_32 &&
	   stack[1] == p.desc.section[S_PARAM].addr && stack[2] == 702 && stack[6] == 706,
	   "cdecl inside: all parameters on the stack, aligned");
	cpu->regs.rax = 0x7a567254;
	cpu->regs.rcx = 0;
	pal_exit(cpu, REASON_CPUID);
	ok(cpu->regs.rax == 0x7a767274 && cpu->regs.rbx == p.id && !cpu->regs.rcx, "TrustVisor's leaf says: in a PAL, 32-bit");
	vmwrite(GUEST_DS_ACCESS_RIGHTS, 0x10000);
	vmwrite(GUEST_DS_SELECTOR, 3);
	memset(frame(p.frame[S_PARAM]), 0xa5, 16);
	cpu->regs.rdx = 0x5ec2e7;
	returns(cpu, 0x123456789abcdef0);
	ok(vmread(GUEST_RIP) == RETURN_TO && vmread(GUEST_RSP) == ESP + 4, "return to the caller, ESP + 4");
	ok(cpu->regs.rax == 0x9abcdef0 && !cpu->regs.rdx && !cpu->regs.rcx && owners_own(&cpu->regs),
	   "EAX is the result; EBX, EBP, ESI, EDI as they were; nothing of the PAL's");
	ok(*(u8 *)stack_at(ESP + 0x100) == 0xa5, "OUT parameters");
	cpu = run_owner(0, PAL_ENTRY, ESP, 0);
	check(fetch(cpu));
	ok(vmread(GUEST_DS_ACCESS_RIGHTS) == 0xc0f3 && vmread(GUEST_DS_SELECTOR) == 0x2b,
	   "DS that a PAL made null is flat at the next entry");
	returns(cpu, 0);
}

static void test_interrupt(void)
{
	struct cpu *cpu = owner_calls(ESP);
	u64 token;

	pal_of(p.id)->slot->generation[0] += 0x123456789ull;
	check(fetch(cpu));
	pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
	token = cpu->regs.rcx | cpu->regs.rdx << 32;
	ok(at_stub(cpu, STUB_RESUME) && owners_own(&cpu->regs) && !(cpu->regs.rcx >> 32) &&
	   token == (pal_of(p.id)->slot->generation[0] << 16 | p.id), "the token is in EDX:ECX");
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xa0fb);
	cpu->regs.rdi = token;
	ok(pal_resume(cpu) && cpu->regs.rax == (u64)-EACCES, "64-bit code cannot resume a 32-bit PAL");
	vmwrite(GUEST_RIP, STUB_AT);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc0fb);
	vmwrite(GUEST_GS_BASE, THREAD + 0x1000);
	ok(pal_resume(cpu) && cpu->regs.rax == (u64)-EACCES, "nor a thread with another GS base");
	vmwrite(GUEST_RIP, PAL_ENTRY);
	ok(fetch(cpu) && at_stub(cpu, EBUSY), "which finds it busy");
	vmwrite(GUEST_GS_BASE, THREAD);
	ok(pal_resume(cpu) && cpu->mode == MODE_PAL, "its own thread resumes it");
	returns(cpu, 7);
	ok(cpu->regs.rax == 7 && owners_own(&cpu->regs), "and gets result and registers");
}

static void test_refused(void)
{
	struct cpu *cpu;

#define NOT(name, set) do {                                                    \
	cpu = owner_calls(ESP);                                                \
	set;                                                                   \
	ok(!fetch(cpu) && cpu->mode == MODE_LINUX, "no entry " name);          \
} while (0)
	NOT("from 64-bit code", vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xa0fb));
	NOT("from 16-bit code", vmwrite(GUEST_CS_ACCESS_RIGHTS, 0x80fb));
	NOT("with a 16-bit stack", vmwrite(GUEST_SS_ACCESS_RIGHTS, 0x80f3));
	NOT("with a stack segment that does not begin at 0", vmwrite(GUEST_SS_BASE, 0x1000));
	NOT("with a code segment that does not begin at 0", vmwrite(GUEST_CS_BASE, 0x1000));
	cpu = owner_calls(0xfffffff0);
	ok(fetch(cpu) && cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == STUB_AT && cpu->regs.rax == EFAULT,
	   "parameters across 4 GiB on the stack: EFAULT at the stub");
	cpu = owner_calls(ESP);
	stack_at(ESP)[1] = LAST + 0xff8;
	ok(fetch(cpu) && at_stub(cpu, EFAULT), "a POINTER across the limit: EFAULT");
	cpu = owner_calls(ESP);
	stack_at(ESP)[1] = LAST + 0xff0;
	ok(fetch(cpu) && cpu->mode == MODE_PAL, "one that ends at it is taken");
	exit_exception(cpu, VECTOR_GP, 0, PAL_BASE + 8);
	ok(at_stub(cpu, EFAULT) && owners_own(&cpu->regs), "a fault inside, a far jump's say: EFAULT at the stub");
	cpu = owner_calls(ESP | 0xabcull << 32);
	check(fetch(cpu));
	exit_exception(cpu, VECTOR_PF, PAL_USER_END, PAL_USER_END);
	ok(at_stub(cpu, EFAULT), "upper bits of RSP do not count; the sentinel of 64-bit PALs is none here");
	p.desc.section[S_CODE].addr = 0x100000000ull;
	p.desc.entry[0].addr = 0x100000040ull;
	ok(pal_create(&p, 0x1000, 0x1800) == -EINVAL, "no section above 4 GiB");
	p.desc.section[S_CODE].addr = 0xfffff000ull;
	p.desc.entry[0].addr = 0xfffff040ull;
	ok(pal_create(&p, 0x1000, 0x1800) == -EINVAL, "nor on the page of the sentinel");
	describe(&p, PAL_BASE);
	p.desc.flags = PAL_DESC_32BIT;
	p.desc.stub = 0x100000000ull;
	ok(pal_create(&p, 0x1000, 0x1800) == -EINVAL, "nor the stub");
	p.desc.flags = 2;
	ok(pal_create(&p, 0x1000, 0x1800) == -EINVAL, "no flag that is not known");
}

/* The PAL VMCS is one for both kinds. */
static void test_both(void)
{
	struct test_pal *q = &p;
	struct cpu *cpu = owner_calls(ESP);

	check(fetch(cpu));
	returns(cpu, 0);
	pal_unregister(q);
	describe(q, PAL_BASE);
	check(pal_register(q, 0x1000, 0x1800) == 0);
	ok(!fetch(cpu), "no entry from 32-bit code into a 64-bit PAL");
	vmwrite(GUEST_RIP, PAL_ENTRY);
	vmwrite(GUEST_RSP, STACK_TOP - 0x808);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xa0fb);
	ok(fetch(cpu) && vmread(GUEST_CS_ACCESS_RIGHTS) == 0xa0fb && vmread(GUEST_CS_SELECTOR) == 0x33 &&
	   vmread(GUEST_DS_ACCESS_RIGHTS) == 0x10000 && vmread(GUEST_ES_ACCESS_RIGHTS) == 0x10000 &&
	   !vmread(GUEST_DS_SELECTOR), "a 64-bit PAL after a 32-bit one: its own segments");
	exit_return(cpu, 0);
}

int main(void)
{
	pal_machine_start(2);
	mm_map(ESP & ~4095ull, STACK_FRAME);
	mm_map(LAST, LAST_FRAME);
	test_call();
	test_interrupt();
	test_both();
	start_compat(6);
	test_refused();
	return tap_finish();
}
