// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * Calls of a PAL (RULES 17-19): what goes in, what comes out, who may, what is
 * left in the registers, restarts at every page, interrupts, tokens, threads,
 * faults, services, and the end of a PAL that runs.
 */
#include "test_pal_machine.h"

#define THREAD 0x7f0000001000ull
#define OTHER_THREAD 0x7f0000002000ull
#define RSP (STACK_TOP - 0x808)
#define RETURN_TO 0x400123ull
#define BUFFER 0x20000000ull	/* the owner's; frames from BUFFER_PFN on */
#define BUFFER_PFN 0x1400ull

static struct test_pal p;

static void new_pal(void)
{
	if (p.id > 0)
		pal_unregister(&p);
	describe(&p, PAL_BASE);
}

static void start_pal(void)
{
	check(pal_register(&p, 0x1000, 0x1800) == 0);
}

static void plain_pal(void)
{
	new_pal();
	start_pal();
}

static void plain_pal_with(u32 entry_flags)
{
	new_pal();
	p.desc.entry[0].flags = entry_flags;
	start_pal();
}

static u64 *owner_stack(void)
{
	return (u64 *)((u8 *)frame(STACK_PFN) + (RSP & 4095));
}

/* The owner executes CALL entry: registers with known values. */
static struct cpu *owner_calls(u32 slot, u64 thread)
{
	struct cpu *cpu = run_owner(slot, PAL_ENTRY, RSP, thread);
	u64 *r = &cpu->regs.rax;
	u32 i;

	for (i = 0; i < 16; i++)
		r[i] = 0x1111 * (i + 1);
	vector[slot] = 0x0b0b0b;
	owner_stack()[0] = RETURN_TO;
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

static void check_callee_saved(const struct cpu *cpu)
{
	const struct guest_regs *r = &cpu->regs;

	check(r->rbx == 0x4444 && r->rbp == 0x6666 && r->r12 == 0x1111 * 13 && r->r13 == 0x1111 * 14 &&
	      r->r14 == 0x1111 * 15 && r->r15 == 0x11110);
}

static void check_nothing_else(const struct cpu *cpu)
{
	const struct guest_regs *r = &cpu->regs;

	check(!(r->rcx | r->rdx | r->rsi | r->r8 | r->r9 | r->r10 | r->r11));
	check(cpu->mode == MODE_LINUX && !cpu->pal_context);
	check(vector[cpu->slot] == 0x0b0b0b, "the owner's vector state is back");
}

static bool at_stub(const struct cpu *cpu, u64 rax)
{
	if (cpu->mode != MODE_LINUX)
		return false;
	return vmread(GUEST_RIP) == STUB_AT && vmread(GUEST_RSP) == RSP && cpu->regs.rax == rax;
}

static bool returned(const struct cpu *cpu, u64 rax)
{
	check_callee_saved(cpu);
	check_nothing_else(cpu);
	return vmread(GUEST_RIP) == RETURN_TO && vmread(GUEST_RSP) == RSP + 8 && cpu->regs.rax == rax &&
	       !cpu->regs.rdi;
}

static void test_plain(void)
{
	struct cpu *cpu;
	u64 *stack;
	u32 i;

	new_pal();
	for (i = 0; i < 16; i++)
		memset(frame(0x1000 + i), 0x77, 4096);
	p.desc.entry[0].nr_params = 10;
	for (i = 0; i < 10; i++)
		p.desc.entry[0].param[i].type = PAL_PARAM_INTEGER;
	start_pal();
	cpu = owner_calls(0, THREAD);
	for (i = 0; i < 4; i++)
		owner_stack()[1 + i] = 700 + i;
	ok(fetch(cpu) && cpu->mode == MODE_PAL, "a call enters the PAL");
	ok(cpu->regs.rdi == 0x8888 && cpu->regs.rsi == 0x7777 && cpu->regs.rdx == 0x3333 &&
	   cpu->regs.rcx == 0x2222 && cpu->regs.r8 == 0x9999 && cpu->regs.r9 == 0xaaaa,
	   "six integers go in by register");
	ok(!(cpu->regs.rax | cpu->regs.rbx | cpu->regs.rbp | cpu->regs.r10 | cpu->regs.r11 |
	     cpu->regs.r12 | cpu->regs.r13 | cpu->regs.r14 | cpu->regs.r15),
	   "no other register of the owner's goes in");
	stack = pal_at(&p, vmread(GUEST_RSP), NULL);
	ok(stack && stack[0] == PAL_USER_END && stack[1] == 700 && stack[4] == 703,
	   "four go in by the stack, behind the return address");
	for (i = 0; i < 4096 - 40; i++)
		check(!*(u8 *)pal_at(&p, PAL_BASE + 0x3000 + i, NULL) && !*(u8 *)pal_at(&p, PAL_BASE + 0x5000 + i, NULL));
	ok(true, "PARAM and STACK are empty at first");
	ok(vmread(GUEST_RSP) % 16 == 8, "the stack is aligned as the ABI says");
	ok(vmread(GUEST_RFLAGS) == 0x202 && vmread(GUEST_RIP) == PAL_ENTRY && !vector[0],
	   "flags and vector state are the ABI's defaults");
	ok(vmread(GUEST_CR3) == pal_of(p.id)->cr3 && vmread(EPT_POINTER) == pal_of(p.id)->eptp,
	   "the PAL's own page tables and view");
	for (i = 0; i < 16; i++)
		(&cpu->regs.rax)[i] = 0xdeadbeef;
	vector[0] = 0x5ec4e7;
	exit_return(cpu, 42);
	ok(returned(cpu, 42), "the return gives RAX and clears everything else of the PAL's");
	cpu = owner_calls(0, THREAD);
	mm_unmap(STACK_TOP - 0x1000);
	nr_pf = 0;
	ok(fetch(cpu) && cpu->mode == MODE_LINUX && nr_pf == 1 && pf_at == RSP &&
	   vmread(GUEST_RIP) == PAL_ENTRY && cpu->regs.rax == 0x1111,
	   "an owner's stack that is not there: #PF at the entry, nothing changed");
	mm_map(STACK_TOP - 0x1000, STACK_PFN);
	owner_stack()[0] = 0x8000000000000000;
	ok(fetch(cpu) && at_stub(cpu, EFAULT), "a return address that is not canonical: EFAULT");
}

static void test_who(void)
{
	struct cpu *cpu;

	plain_pal();
#define NOT(name, set) do {                                                    \
	cpu = owner_calls(0, THREAD);                                          \
	set;                                                                   \
	ok(!fetch(cpu) && cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == PAL_ENTRY, \
	   "no entry " name);                                                  \
	start_cpu(0);                                                          \
} while (0)
	NOT("from another process", vmwrite(GUEST_CR3, 0x123000));
	NOT("from ring 0", vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc093));
	NOT("from 32-bit code", vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc0fb));
	NOT("with interrupts off", vmwrite(GUEST_RFLAGS, 2));
	cpu = owner_calls(0, THREAD);
	ok(!pal_fetch(cpu, GPA(p.frame[0] << 12 | 0x41), GVA(PAL_ENTRY + 1)), "no entry beside an entry point");
	ok(!pal_fetch(cpu, GPA(p.frame[S_RODATA] << 12 | 0x40), GVA(PAL_ENTRY)),
	   "no entry by the right address with another frame");
	ok(!pal_fetch(cpu, GPA(0x1300000), GVA(PAL_ENTRY)), "no entry by a frame of Linux's");
	vmwrite(GUEST_CR3, MM_CR3 | 0x1000 | 1ull << 63);
	ok(fetch(cpu) && cpu->mode == MODE_PAL, "the user half's root under page-table isolation may");
	exit_return(cpu, 0);
	start_cpu(0);
	cpu = owner_calls(0, THREAD);
	vmwrite(GUEST_CR4, vmread(GUEST_CR4) | CR4_CET);
	fake_msr_set(0x6a0, 1);
	ok(fetch(cpu) && at_stub(cpu, ENOSYS), "a caller with a shadow stack: ENOSYS");
	fake_msr_set(0x6a0, 0);
	vmwrite(GUEST_RIP, PAL_ENTRY);
	ok(fetch(cpu) && cpu->mode == MODE_PAL, "CET without shadow stack may");
	exit_return(cpu, 0);
	start_cpu(0);
}

/* IN of 3 pages and a bit, OUT of as much, INOUT of n bytes by parameter 4. */
#define SIZE 12800u
static u8 pattern(u32 i, u32 seed)
{
	return i * 13 + i / 256 + seed;
}

static void map_buffer(bool mapped)
{
	u32 i;

	for (i = 0; i < 16; i++) {
		if (mapped)
			mm_map(BUFFER + i * 4096, BUFFER_PFN + i);
		else
			mm_unmap(BUFFER + i * 4096);
	}
}

static u8 *buffer(u32 offset)
{
	return (u8 *)frame(BUFFER_PFN) + offset;
}

static void pointer_pal(void)
{
	struct pal_param_desc *q;
	u32 i;

	new_pal();
	p.desc.section[S_PARAM].nr_pages = 8;
	p.desc.section[S_STACK].addr = PAL_BASE + 0x100000;
	p.desc.section[S_SHARED].addr = PAL_BASE + 0x200000;
	p.desc.entry[0].nr_params = 4;
	q = p.desc.entry[0].param;
	for (i = 0; i < 3; i++)
		q[i] = (struct pal_param_desc){ PAL_PARAM_POINTER, i + 1, i == 2 ? 4 : 0, 0,
						i == 2 ? 100 : SIZE };
	q[3].type = PAL_PARAM_INTEGER;
	start_pal();
}

static struct cpu *owner_calls_pointers(u64 n)
{
	struct cpu *cpu = owner_calls(0, THREAD);
	u32 i;

	for (i = 0; i < SIZE; i++) {
		buffer(0x123)[i] = pattern(i, 1);
		buffer(0x5fff)[i] = 0x77;
	}
	for (i = 0; i < 200; i++)
		buffer(0xb000)[i] = pattern(i, 3);
	cpu->regs.rdi = BUFFER + 0x123;
	cpu->regs.rsi = BUFFER + 0x5fff;
	cpu->regs.rdx = BUFFER + 0xb000;
	cpu->regs.rcx = n;
	return cpu;
}

static u8 *pal_byte(u64 at)
{
	return pal_at(&p, at, NULL);
}

static bool arguments_are_in(struct cpu *cpu, u32 n)
{
	bool good = cpu->mode == MODE_PAL && cpu->regs.rcx == n;
	u32 i;

	for (i = 0; i < SIZE && good; i++)
		good = *pal_byte(cpu->regs.rdi + i) == pattern(i, 1) && !*pal_byte(cpu->regs.rsi + i);
	for (i = 0; i < n && good; i++)
		good = *pal_byte(cpu->regs.rdx + i) == pattern(i, 3);
	return good;
}

static void pal_writes(struct cpu *cpu)
{
	u32 i;

	for (i = 0; i < SIZE; i++) {
		*pal_byte(cpu->regs.rdi + i) = 0xee;
		*pal_byte(cpu->regs.rsi + i) = pattern(i, 5);
	}
	for (i = 0; i < 100; i++)
		*pal_byte(cpu->regs.rdx + i) = pattern(i, 6);
}

static bool results_are_out(u32 n)
{
	bool good = true;
	u32 i;

	for (i = 0; i < SIZE && good; i++)
		good = buffer(0x123)[i] == pattern(i, 1) && buffer(0x5fff)[i] == pattern(i, 5);
	for (i = 0; i < 200 && good; i++)
		good = buffer(0xb000)[i] == (i < n ? pattern(i, 6) : pattern(i, 3));
	return good && buffer(0x5fff)[SIZE] == 0 && buffer(0x5fff)[-1] == 0;
}

static void test_pointers(void)
{
	struct cpu *cpu;
	u64 token;
	u32 n, faults;

	pointer_pal();
	map_buffer(true);
	cpu = owner_calls_pointers(60);
	ok(fetch(cpu) && arguments_are_in(cpu, 60), "IN goes in, OUT is empty, INOUT as long as its size says");
	pal_writes(cpu);
	exit_return(cpu, 7);
	ok(returned(cpu, 7) && results_are_out(60), "OUT and INOUT come out, IN does not, and not a byte more");
	cpu = owner_calls_pointers(101);
	ok(fetch(cpu) && at_stub(cpu, EINVAL), "a size above its bound: EINVAL");
	cpu = owner_calls_pointers(~0ull);
	ok(fetch(cpu) && at_stub(cpu, EINVAL), "a size of 2^64 - 1: EINVAL");
	cpu = owner_calls_pointers(0);
	cpu->regs.rdi = cpu->regs.rsi = 0;
	ok(fetch(cpu) && cpu->mode == MODE_PAL && !cpu->regs.rdi && !cpu->regs.rsi && cpu->regs.rdx,
	   "NULL stays NULL");
	exit_return(cpu, 1);
	ok(returned(cpu, 1), "and nothing is copied to it");
	cpu = owner_calls_pointers(1);
	cpu->regs.rdi = 0x800000000000 - 100;
	nr_pf = 0;
	ok(fetch(cpu) && cpu->mode == MODE_LINUX && (nr_pf || at_stub(cpu, EFAULT)),
	   "a pointer into the non-canonical half ends the call");
	cpu = owner_calls_pointers(1);
	cpu->regs.rsi = 0xffff888000000000;
	nr_pf = 0;
	check(fetch(cpu) && cpu->mode == MODE_PAL);
	exit_return(cpu, 1);
	ok(nr_pf == 1 && at_stub(cpu, STUB_RESUME), "an OUT pointer into the kernel: #PF of the owner's");

	/* every page is missing when it is first needed */
	cpu = owner_calls_pointers(60);
	map_buffer(false);
	for (faults = 0; faults < 40; faults++) {
		nr_pf = 0;
		check(fetch(cpu));
		if (cpu->mode == MODE_PAL)
			break;
		check(nr_pf == 1 && vmread(GUEST_RIP) == PAL_ENTRY && cpu->regs.rax == 0x1111 && !(pf_code & 1));
		mm_map(ALIGN_DOWN(pf_at, 4096), BUFFER_PFN + ((pf_at - BUFFER) >> 12));
	}
	ok(faults == 5 && arguments_are_in(cpu, 60),
	   "IN parameters: a #PF at the entry for each page that is missing, then the call (%u)", faults);
	pal_writes(cpu);
	map_buffer(false);
	nr_pf = 0;
	exit_return(cpu, 99);
	check(nr_pf == 1 && at_stub(cpu, STUB_RESUME) && pf_at == BUFFER + 0x5fff);
	check_callee_saved(cpu);
	check_nothing_else(cpu);
	token = cpu->regs.rdi;
	for (n = 1; n < 40; n++) {
		mm_map(ALIGN_DOWN(pf_at, 4096), BUFFER_PFN + ((pf_at - BUFFER) >> 12));
		nr_pf = 0;
		resume(cpu, token);
		if (!nr_pf)
			break;
		check(vmread(GUEST_RIP) == STUB_AT + 8 && cpu->regs.rdi == token &&
		      cpu->regs.rax == HC_PAL_RESUME && (pf_code & 2));
	}
	ok(n == 6 && returned(cpu, 99) && results_are_out(60),
	   "OUT parameters: a #PF at the stub for each page, nothing lost, then the return (%u)", n);
	ok(resume(cpu, token) == (u64)-ECANCELED, "the token is stale then");
	map_buffer(true);
}

static u64 interrupt(struct cpu *cpu)
{
	pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
	check(at_stub(cpu, STUB_RESUME));
	check_callee_saved(cpu);
	check_nothing_else(cpu);
	return cpu->regs.rdi;
}

static void test_interrupts(void)
{
	struct cpu *cpu;
	u64 token, old;
	u32 i;

	plain_pal();
	cpu = enter(0);
	for (i = 0; i < 16; i++)
		(&cpu->regs.rax)[i] = 0xabc000 + i;
	vector[0] = 0x5ec4e7;
	vmwrite(GUEST_RIP, PAL_BASE + 0x77);
	vmwrite(GUEST_RSP, 0x1234560);
	vmwrite(GUEST_RFLAGS, 0x246);
	token = interrupt(cpu);
	ok(true, "an interrupt: the owner at its stub, nothing of the PAL's in any register");
	cpu = run_owner(1, STUB_AT, RSP, THREAD);
	vector[1] = 0x0b0b0b;
	resume(cpu, token);
	for (i = 0; i < 16; i++)
		check(cpu->mode == MODE_PAL && (&cpu->regs.rax)[i] == 0xabc000 + i);
	ok(vector[1] == 0x5ec4e7 && vmread(GUEST_RIP) == PAL_BASE + 0x77 &&
	   vmread(GUEST_RSP) == 0x1234560 && vmread(GUEST_RFLAGS) == 0x246,
	   "it goes on where it was, on another CPU");
	old = token;
	token = interrupt(cpu);
	ok(token != old && resume(cpu, old) == (u64)-ECANCELED && vmread(GUEST_RIP) == STUB_AT + 11,
	   "a token is good for one resume");
	resume(cpu, token);
	cpu->regs.rax = 0;
	exit_return(cpu, 5);
	ok(returned(cpu, 5), "the call returns to the owner where it is now");
	ok(resume(cpu, token) == (u64)-ECANCELED, "after the return the token is stale");

	cpu = enter(0);
	token = interrupt(cpu);
#define REFUSED(name, errno, set) do {                                         \
	set;                                                                   \
	ok(resume(cpu, token) == (u64)-(errno) && cpu->mode == MODE_LINUX &&   \
	   vmread(GUEST_RIP) == STUB_AT + 11, "no resume " name);              \
	start_cpu(0);                                                          \
	run_owner(0, STUB_AT, RSP, THREAD);                                    \
} while (0)
	REFUSED("by another process", EACCES, vmwrite(GUEST_CR3, 0x123000));
	REFUSED("by another thread", EACCES, vmwrite(GUEST_FS_BASE, OTHER_THREAD));
	vmwrite(GUEST_RIP, 0x400000);
	cpu->regs.rdi = token;
	ok(pal_resume(cpu) && cpu->regs.rax == (u64)-EACCES, "no resume from elsewhere than the stub");
	start_cpu(0);
	run_owner(0, STUB_AT, RSP, THREAD);
	vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc093);
	ok(!pal_resume(cpu), "no resume from ring 0");
	start_cpu(0);
	vmwrite(GUEST_RFLAGS, 2);
	ok(!pal_resume(cpu), "no resume with interrupts off");
	start_cpu(0);
	run_owner(0, STUB_AT, RSP, THREAD);
	for (i = 0; i < 100000; i++) {
		u64 forged = fake_chance(50) ? fake_random() : token ^ BIT(fake_below(64));

		if (forged != token)
			check((s64)resume(cpu, forged) < 0 && cpu->mode == MODE_LINUX);
	}
	ok(true, "no forged token resumes");
	components = 1;
	resume(cpu, token);
	ok(cpu->mode == MODE_PAL && components_entered == 7,
	   "a CPU with another XCR0: it goes on with the components that it began with");
	token = interrupt(cpu);
	components_known = 3;
	resume(cpu, token);
	ok(at_stub(cpu, ECANCELED) && vector[0] == 0x0b0b0b,
	   "a CPU that does not know one of them: ECANCELED");
	components = components_known = 7;

	cpu = enter(0);
	nr_nmi = 0;
	vmwrite(VM_EXIT_INTERRUPTION_INFO, 2 | 2 << 8 | BIT(31));
	pal_exit(cpu, REASON_EXCEPTION_OR_NMI);
	ok(nr_nmi == 1 && at_stub(cpu, STUB_RESUME), "an NMI in the PAL is counted for Linux");
	resume(cpu, cpu->regs.rdi);
	vmwrite(VM_EXIT_INTERRUPTION_INFO, VECTOR_MC | 3 << 8 | BIT(31));
	pal_exit(cpu, REASON_EXCEPTION_OR_NMI);
	ok(cpu->events.mc == 1 && at_stub(cpu, STUB_RESUME), "so is a machine check");
	resume(cpu, cpu->regs.rdi);
	nr_init = 0;
	pal_exit(cpu, REASON_INIT);
	ok(nr_init == 1 && at_stub(cpu, STUB_RESUME), "an INIT is Linux's or a kick: the PAL is interrupted");
	resume(cpu, cpu->regs.rdi);
	exit_return(cpu, 6);
	ok(returned(cpu, 6), "and goes on after each");
}

static void test_threads(void)
{
	struct cpu *cpu, *other;
	u64 token, second;

	plain_pal();
	cpu = enter(0);
	other = owner_calls(1, OTHER_THREAD);
	ok(fetch(other) && at_stub(other, EBUSY) && other->regs.rbx == 0x4444,
	   "a second thread while the PAL runs: EBUSY");
	fake_cpu = 0;
	token = interrupt(cpu);
	other = owner_calls(1, OTHER_THREAD);
	ok(fetch(other) && at_stub(other, EBUSY), "a second thread while it is interrupted: EBUSY");
	cpu = owner_calls(0, THREAD);
	ok(fetch(cpu) && cpu->mode == MODE_PAL && vmread(GUEST_RIP) == PAL_ENTRY,
	   "the same thread has jumped away: its old call is dropped, the new one begins");
	second = interrupt(cpu);
	ok(resume(cpu, token) == (u64)-ECANCELED, "its old token is stale");
	resume(cpu, second);
	exit_return(cpu, 3);
	ok(returned(cpu, 3), "the new call returns");
	other = owner_calls(1, OTHER_THREAD);
	ok(fetch(other) && other->mode == MODE_PAL, "then another thread may");
	exit_return(other, 0);
}

static void test_faults(void)
{
	static const u32 vectors[] = { 0, 1, 3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 16, 17, 19, 20, 21, 31 };
	static const u32 reasons[] = {
		REASON_TRIPLE_FAULT, REASON_EPT_VIOLATION, REASON_EPT_MISCONFIGURATION, REASON_HLT,
		REASON_IO_INSTRUCTION, REASON_RDPMC, REASON_MOV_DR, REASON_CR_ACCESS, REASON_RDMSR,
		REASON_WRMSR, REASON_XSETBV, REASON_VMFUNC, REASON_VMLAUNCH, REASON_VMXOFF, REASON_INVEPT,
		REASON_GETSEC, REASON_MONITOR, REASON_MWAIT, REASON_TASK_SWITCH, REASON_INVD, 200,
		REASON_ENTRY_FAILURE_GUEST_STATE | (u32)EXIT_REASON_ENTRY_FAILURE,
	};
	struct pal_info *info = phys_to_virt(HPA(LIST_GPA));
	struct cpu *cpu;
	u32 i;

	plain_pal();
	for (i = 0; i < ARRAY_SIZE(vectors) + ARRAY_SIZE(reasons); i++) {
		cpu = enter(0);
		memset(&cpu->regs, 0x5e, sizeof(cpu->regs));
		vector[0] = 0x5ec4e7;
		if (i < ARRAY_SIZE(vectors))
			exit_exception(cpu, vectors[i], 0x1000, PAL_BASE + 5);
		else
			pal_exit(cpu, reasons[i - ARRAY_SIZE(vectors)]);
		check(at_stub(cpu, EFAULT), "%u", i);
		check_callee_saved(cpu);
		check_nothing_else(cpu);
	}
	ok(pal_hc_info(p.id, LIST_GPA) == 0 && info->faults == i && info->state == PAL_READY,
	   "every fault in a PAL is an EFAULT of its owner alone, and the PAL stays (%u)", i);
	ok(info->calls == i, "calls are counted");
	cpu = enter(0);
	exit_exception(cpu, VECTOR_PF, PAL_USER_END, PAL_BASE + 5);
	ok(at_stub(cpu, EFAULT), "touching the sentinel is no return");
	cpu = enter(0);
	exit_exception(cpu, VECTOR_GP, PAL_USER_END, PAL_USER_END);
	ok(at_stub(cpu, EFAULT), "another exception there neither");
	cpu = enter(0);
	pal_abort(cpu);
	ok(at_stub(cpu, EIO), "a bug of the core while it ran: EIO");
	cpu = enter(0);
	exit_return(cpu, 4);
	ok(returned(cpu, 4), "and it can be called again");
}

static void test_services(void)
{
	struct cpu *cpu;
	struct pal_info *self;
	u64 data = PAL_BASE + 0x2000, shared = PAL_BASE + 0x6000, n;
	u8 *b;
	u32 i;

	plain_pal();
	cpu = enter(0);
	vmwrite(GUEST_RIP, PAL_BASE);
	nr_random = 0;
	for (n = 0; vmread(GUEST_RIP) == PAL_BASE && n < 1000; n++)
		exit_vmcall(cpu, HC_SVC_RANDOM, data + 0xfc0, 1000);
	b = pal_at(&p, data + 0xfc0, NULL);
	ok(n == 32 && nr_random == 32 && cpu->regs.rax == 0 && b[0] == 0x40 && b[63] == 0x41 &&
	   *pal_byte(data + 0x1000) == 0x42 && *pal_byte(data + 0xfc0 + 999) == 0x5f &&
	   !*pal_byte(data + 0xfc0 + 1000) && cpu->regs.rdi == data + 0xfc0 && cpu->regs.rsi == 1000,
	   "random numbers, a part per exit, over a page's edge, registers unchanged");
	for (i = 0; i < 3; i++)
		exit_vmcall(cpu, HC_SVC_RANDOM, data, 1000);
	n = interrupt(cpu);
	resume(cpu, n);
	nr_random = 0x80;
	exit_vmcall(cpu, HC_SVC_RANDOM, data, 1000);
	ok(*pal_byte(data + 3 * 32) == 0xc0, "an interrupt between two parts loses none");
	vmwrite(GUEST_RIP, PAL_BASE);
	random_busy = 1;
	exit_vmcall(cpu, HC_SVC_RANDOM, data, 1000);
	ok(vmread(GUEST_RIP) == PAL_BASE, "while another CPU makes some the call is made again");
	for (i = 4; i < 32; i++)
		exit_vmcall(cpu, HC_SVC_RANDOM, data, 1000);
#define BAD(name, nr, to, size, error) do {                                    \
	exit_vmcall(cpu, nr, to, size);                                        \
	ok(cpu->mode == MODE_PAL && cpu->regs.rax == (u64)-(error), name);     \
} while (0)
	BAD("a buffer in CODE: EFAULT", HC_SVC_RANDOM, PAL_BASE, 8, EFAULT);
	BAD("a buffer in RODATA: EFAULT", HC_SVC_RANDOM, PAL_BASE + 0x1000, 8, EFAULT);
	BAD("a buffer of the owner's: EFAULT", HC_SVC_RANDOM, BUFFER, 8, EFAULT);
	BAD("a buffer in the kernel: EFAULT", HC_SVC_RANDOM, 0xffffffffffffffff, 8, EFAULT);
	BAD("a buffer that ends outside: EFAULT", HC_SVC_RANDOM, shared + 0xffc, 8, EFAULT);
	BAD("too much at once: EINVAL", HC_SVC_RANDOM, data, 4097, EINVAL);
	BAD("no such service: ENOSYS", 0x555001ff, 0, 0, ENOSYS);
	BAD("a module's hypercall: ENOSYS", HC_PAL_DESTROY, p.id, 0, ENOSYS);
	BAD("itself into RODATA: EFAULT", HC_SVC_SELF, PAL_BASE + 0x1000, 0, EFAULT);
	exit_vmcall(cpu, HC_SVC_SELF, data, 0);
	self = (void *)pal_byte(data);
	ok(cpu->regs.rax == 0 && self->id == p.id && self->state == PAL_READY, "a PAL knows itself");
	handover.tsc_khz = 12345;
	exit_vmcall(cpu, HC_SVC_TIME, 0, 0);
	ok((s64)cpu->regs.rax > 0 && cpu->regs.rdx == 12345, "and the time");
	fake_cpuid_set(0x55, 1, 5, 6, 7, 8);
	cpu->regs.rax = 0xff00000055;
	cpu->regs.rcx = 1;
	pal_exit(cpu, REASON_CPUID);
	ok(cpu->regs.rax == 5 && cpu->regs.rbx == 6 && cpu->regs.rcx == 7 && cpu->regs.rdx == 8, "CPUID works");
	fake_cpuid_set(0x7a567254, 1, 5, 6, 7, 8);
	cpu->regs.rax = 0xff7a567254;
	cpu->regs.rcx = 0xff00000000;
	pal_exit(cpu, REASON_CPUID);
	ok(cpu->regs.rax == 0x7a767274 && cpu->regs.rbx == p.id && cpu->regs.rcx == 1 && cpu->regs.rdx == 0,
	   "TrustVisor's leaf: the id of the PAL, 64-bit");
	cpu->regs.rax = 0x7a567254;
	cpu->regs.rcx = 1;
	pal_exit(cpu, REASON_CPUID);
	ok(cpu->regs.rax == 5 && cpu->regs.rbx == 6, "another subleaf of it is the CPU's");
	exit_vmcall(cpu, HC_SVC_EXIT, 17, 0);
	ok(at_stub(cpu, 17), "a PAL can end its call with an errno");
	cpu = enter(0);
	exit_vmcall(cpu, HC_SVC_EXIT, 0, 0);
	ok(at_stub(cpu, EINVAL), "but not with STUB_RESUME");
	cpu = enter(0);
	exit_vmcall(cpu, HC_SVC_EXIT, ~0ull, 0);
	ok(at_stub(cpu, EINVAL), "nor with what is no errno");
}

static void test_destroy(void)
{
	u64 token, ticket;
	struct cpu *cpu;
	u32 i;

	plain_pal();
	cpu = enter(1);
	memset(pal_byte(PAL_BASE + 0x2000), 0x5e, 100);
	fake_cpu = 0;
	ticket = tlb_flush_begin();
	check(pal_hc_destroy(p.id) == 0);
	ok(tlb_flush_begin() == ticket + 2, "to destroy it kicks the CPU");
	fake_all_cpus_visit();
	for (i = 0; i < 20; i++) {
		check(again(pal_hc_step(p.id)));
		fake_all_cpus_visit();
	}
	ok(state_of(p.id) == PAL_READY && *pal_byte(PAL_BASE + 0x2000) == 0x5e,
	   "a PAL that runs elsewhere is not touched, though every CPU has flushed");
	ok(tlb_flush_begin() > ticket + 3, "and again, while it does not leave");
	fake_cpu = 1;
	nr_init = 0;
	pal_exit(cpu, REASON_INIT);
	ok(at_stub(cpu, ECANCELED) && nr_init == 1, "the kick ends the call: ECANCELED");
	check_callee_saved(cpu);
	check_nothing_else(cpu);
	fake_cpu = 0;
	cpu = owner_calls(0, THREAD);
	ok(!fetch(cpu), "no new call");
	check(step_all(p.id) == 0);
	for (i = 0; i < NR_S; i++)
		check(frame_owner(p.frame[i], NULL) == FRAME_LINUX && !((u8 *)frame(p.frame[i]))[5]);
	ok(!((u8 *)frame(p.frame[S_DATA]))[0], "its memory is wiped and Linux's");
	pal_unregister(&p);
	p.id = 0;

	plain_pal();
	cpu = enter(1);
	check(pal_hc_destroy(p.id) == 0);
	pal_exit(cpu, REASON_CPUID);
	ok(at_stub(cpu, ECANCELED), "any other exit ends it too");
	fake_cpu = 0;
	pal_unregister(&p);
	p.id = 0;

	plain_pal();
	cpu = enter(0);
	token = interrupt(cpu);
	check(pal_hc_destroy(p.id) == 0);
	ok(resume(cpu, token) == (u64)-ECANCELED && cpu->regs.rbx == 0x4444,
	   "interrupted and then destroyed: the token is stale at once");
	pal_unregister(&p);
	ok(resume(cpu, token) == (u64)-ECANCELED, "and when the id is free");
	p.id = 0;
	plain_pal();
	ok(resume(cpu, token) == (u64)-ECANCELED, "and when another PAL has the id");

	cpu = enter(0);
	memset(pal_byte(PAL_BASE + 0x2000), 0x5e, 100);
	cpu->regs.rax = 0x5ec4e7;
	token = interrupt(cpu);
	for (i = 0; pal_wipe_all_step() == -EAGAIN && i < 1000; i++)
		fake_all_cpus_visit();
	ok(i < 1000 && !*(u8 *)frame(p.frame[S_DATA]) && !context_of(p.id)->regs.rax,
	   "before a reboot every PAL is wiped, with what was interrupted in it");
	ok(resume(cpu, token) == (u64)-ECANCELED && !fetch(owner_calls(0, THREAD)), "none can be entered");
	pal_unregister(&p);
	p.id = 0;

	plain_pal();
	cpu = enter(0);
	token = interrupt(cpu);
	pal_doom_all();
	ok(resume(cpu, token) == (u64)-EIO, "after a bug of the core no PAL goes on: EIO");
	cpu = owner_calls(0, THREAD);
	ok(fetch(cpu) && at_stub(cpu, EIO), "and none is entered");
	fake_cpu = 1;
	check(slot_claim(slot_of(p.id)));	/* the CPU with the bug has it */
	fake_cpu = 0;
	ok(pal_hc_step(p.id) == -EAGAIN, "a claim is one CPU's alone, then too");
	pal_release_claim(cpu_of_slot(1));
	pal_unregister(&p);
	ok(true, "but each can be closed");
}

/* RULES 18, field by field; what differs from PAL to PAL; what goes along from VMCS01. */
static void test_vmcs(void)
{
	static struct test_pal q;
	struct cpu *cpu;
	u64 pin, proc2;

	plain_pal();
	cpu = enter(0);
	pin = vmread(PIN_BASED_CONTROLS);
	proc2 = vmread(SECONDARY_CONTROLS);
	ok((u32)vmread(EXCEPTION_BITMAP) == 0xffffffff && !vmread(PAGE_FAULT_ERROR_CODE_MASK) &&
	   !vmread(PAGE_FAULT_ERROR_CODE_MATCH), "every exception and every #PF exits");
	ok((pin & ~PIN_PREEMPTION_TIMER) == (PIN_EXTERNAL_INTERRUPT_EXITING | PIN_NMI_EXITING) &&
	   !(vmread(VM_EXIT_CONTROLS) & EXIT_ACKNOWLEDGE_INTERRUPT),
	   "interrupts and NMIs exit, not acknowledged");
	ok(proc2 == (PROC2_EPT | PROC2_VPID) && vmread(VPID) == VPID_PAL,
	   "no unrestricted guest, VMFUNC, RDTSCP, INVPCID, XSAVES, WAITPKG");
	ok(!vmread(GUEST_IDTR_LIMIT) && !vmread(GUEST_GDTR_LIMIT) &&
	   vmread(GUEST_LDTR_ACCESS_RIGHTS) == 0x10000 && vmread(GUEST_DR7) == 0x400 &&
	   !vmread(GUEST_IA32_DEBUGCTL) && !vmread(GUEST_IA32_SYSENTER_CS) &&
	   !(vmread(GUEST_IA32_EFER) & EFER_SCE), "no tables, debug registers, SYSCALL, SYSENTER");
	ok(guest_cpl() == 3 && !(vmread(GUEST_CR4) & (CR4_PKE | CR4_CET | CR4_PCIDE)), "ring 3");
	exit_return(cpu, 0);

	describe(&q, PAL_BASE);
	q.desc.section[S_SHARED].nr_pages = 3;
	check(pal_register(&q, 0x1100, 0x1900) == 0);
	cpu = owner_calls(0, THREAD);
	check(pal_fetch(cpu, GPA(q.frame[0] << 12 | 0x40), GVA(PAL_ENTRY)));
	ok(vmread(EPT_POINTER) == pal_of(q.id)->eptp && vmread(GUEST_CR3) == pal_of(q.id)->cr3,
	   "another PAL: its view and page tables");
	exit_return(cpu, 0);
	pal_unregister(&q);

	cpu = owner_calls(0, THREAD);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, BLOCKING_BY_NMI | BLOCKING_BY_STI);
	check(fetch(cpu));
	vmwrite(GUEST_PENDING_DEBUG_EXCEPTIONS, 1);
	ok(vmread(GUEST_INTERRUPTIBILITY_STATE) == BLOCKING_BY_NMI, "blocked NMIs stay blocked in the PAL");
	exit_return(cpu, 0);
	ok(vmread(GUEST_INTERRUPTIBILITY_STATE) == BLOCKING_BY_NMI, "and after it; other shadows end");
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, 0);
	cpu = enter(0);
	ok(!vmread(GUEST_INTERRUPTIBILITY_STATE) && !vmread(GUEST_PENDING_DEBUG_EXCEPTIONS),
	   "nothing is left for the next PAL");
	exit_return(cpu, 0);

	fake_cpuid_set(0, 0, 7, 0, 0, 0);
	fake_cpuid_set(7, 0, 0, 1 << 25, 0, 1 << 19);
	fake_msr_set(MSR_RTIT_CTL, 0x2001);
	fake_msr_set(0x14ce, 1);
	start_cpu(0);
	cpu = enter(0);
	ok(!fake_msr_get(MSR_RTIT_CTL) && !fake_msr_get(0x14ce), "processor trace and branch records are off in a PAL");
	exit_return(cpu, 0);
	ok(fake_msr_get(MSR_RTIT_CTL) == 0x2001 && fake_msr_get(0x14ce) == 1, "and on again after it");
}

static void test_returning_stub(void)
{
	struct cpu *cpu;
	u64 token;

	*((u8 *)frame(0x730) + 0x1f) = 0xc3;
	plain_pal();
	mm_unmap(STACK_TOP - 0x1000);
	vmwrite(GUEST_CR4, vmread(GUEST_CR4) | CR4_CET);
	fake_msr_set(0x6a0, 1);
	cpu = enter(0);
	exit_return(cpu, 42);
	check_callee_saved(cpu);
	check_nothing_else(cpu);
	ok(vmread(GUEST_RIP) == STUB_AT - 1 && vmread(GUEST_RSP) == RSP && cpu->regs.rax == 42,
	   "a RET before the stub: the owner's own RET ends the call, with or without shadow stack");
	cpu = enter(0);
	token = interrupt(cpu);
	resume(cpu, token);
	exit_return(cpu, 43);
	ok(vmread(GUEST_RIP) == STUB_AT - 1 && vmread(GUEST_RSP) == RSP && cpu->regs.rax == 43,
	   "after an interrupt too");
	mm_map(STACK_TOP - 0x1000, STACK_PFN);
	fake_msr_set(0x6a0, 0);
	start_cpu(0);
	new_pal();
	p.desc.entry[0].nr_params = 7;
	for (token = 0; token < 7; token++)
		p.desc.entry[0].param[token].type = PAL_PARAM_INTEGER;
	start_pal();
	cpu = owner_calls(0, THREAD);
	owner_stack()[1] = 777;
	ok(fetch(cpu) && ((u64 *)pal_at(&p, vmread(GUEST_RSP), NULL))[1] == 777,
	   "arguments on the stack come from there all the same");
	exit_return(cpu, 0);
	*((u8 *)frame(0x730) + 0x1f) = 0;
}

/* The short way is for a frame that this CPU found a moment ago, and for no other. */
static void test_called_before(void)
{
	struct cpu *cpu;
	gpa_t gpa;

	plain_pal();
	gpa = GPA(p.frame[0] << 12 | (PAL_ENTRY & 4095));
	cpu = owner_calls(1, THREAD);
	ok(!pal_fetch_again(cpu, gpa, GVA(PAL_ENTRY)) && cpu->mode == MODE_LINUX,
	   "the first call of a PAL on a CPU asks who owns the frame");
	check(pal_fetch(cpu, gpa, GVA(PAL_ENTRY)));
	exit_return(cpu, 1);
	cpu = owner_calls(1, THREAD);
	ok(!pal_fetch_again(cpu, GPA(p.frame[1] << 12), GVA(PAL_ENTRY)) &&
	   !pal_fetch_again(cpu, gpa, GVA(PAL_ENTRY + 1)), "not another frame, not beside the entry");
	ok(pal_fetch_again(cpu, gpa, GVA(PAL_ENTRY)) && cpu->mode == MODE_PAL, "the second does not");
	exit_return(cpu, 2);
	pal_unregister(&p);
	cpu = owner_calls(1, THREAD);
	ok(!pal_fetch_again(cpu, gpa, GVA(PAL_ENTRY)), "no PAL: nothing is called");
	describe(&p, PAL_BASE);
	start_pal();
	cpu = owner_calls(1, THREAD);
	ok(!pal_fetch_again(cpu, gpa, GVA(PAL_ENTRY)),
	   "since a PAL has ended nothing is known, though slot and frame are the same");
	check(fetch(cpu));
	exit_return(cpu, 3);
}

/* A call that is cut off: nothing but the entry point that mends may be called (PAL_ENTRY_MENDS). */
static void test_cut_off(void)
{
	struct cpu *cpu, *other;

	plain_pal_with(0);
	cpu = enter(0);
	interrupt(cpu);
	cpu = owner_calls(0, THREAD);
	ok(fetch(cpu) && at_stub(cpu, ECANCELED), "a thread that jumped out of its call calls again: ECANCELED");
	check_callee_saved(cpu);
	cpu = owner_calls(0, THREAD);
	check(fetch(cpu) && at_stub(cpu, ECANCELED));
	other = owner_calls(1, OTHER_THREAD);
	ok(fetch(other) && at_stub(other, ECANCELED), "for good, and for every thread");
	fake_cpu = 0;

	plain_pal_with(0);
	cpu = enter(0);
	vmwrite(VM_EXIT_INTERRUPTION_INFO, 6 | 3 << 8 | BIT(31));
	pal_exit(cpu, REASON_EXCEPTION_OR_NMI);
	check(at_stub(cpu, EFAULT));
	cpu = owner_calls(0, THREAD);
	ok(fetch(cpu) && at_stub(cpu, ECANCELED), "the same after a fault");

	plain_pal_with(PAL_ENTRY_MENDS);
	cpu = enter(0);
	interrupt(cpu);
	cpu = owner_calls(0, THREAD);
	ok(fetch(cpu) && cpu->mode == MODE_PAL, "an entry point that mends is called");
	check(slot_of(p.id)->nr_cut == 1 && slot_of(p.id)->nr_mended == 0);
	exit_return(cpu, 3);
	ok(returned(cpu, 3) && slot_of(p.id)->nr_mended == 1, "and with its return the PAL is whole again");
	cpu = enter(0);
	vmwrite(VM_EXIT_INTERRUPTION_INFO, 6 | 3 << 8 | BIT(31));
	pal_exit(cpu, REASON_EXCEPTION_OR_NMI);
	check(at_stub(cpu, EFAULT));
	ok(slot_of(p.id)->nr_cut == 2 && slot_of(p.id)->nr_mended == 1, "but not where it faults");
}

int main(void)
{
	pal_machine_start(2);
	test_called_before();
	test_plain();
	test_who();
	test_pointers();
	test_interrupts();
	test_threads();
	test_cut_off();
	test_faults();
	test_services();
	test_vmcs();
	test_returning_stub();
	test_destroy();
	return tap_finish();
}
