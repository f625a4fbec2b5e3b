// SPDX-License-Identifier: GPL-2.0
/*
 * up-pal calls|hostile|patterns: PALs as their owner calls them. Prints TAP.
 *   calls     parameters, registers, vector state, interrupts, services
 *   hostile   a PAL that faults, loops or jumps out is its owner's trouble alone
 *   patterns  its registers in a storm of NMIs
 */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>

#include "pal.h"
#include "pal_kinds.h"

/* ---- calls ---- */

struct registers {
	uint64_t in[32], out[32];	/* XMM0-15 */
	uint64_t gpr[8];		/* rcx rdx rsi rdi r8-r11 after the call */
	uint64_t flags, mxcsr_in, mxcsr_out;
};

static long call_with_registers(long (*entry)(void), struct registers *r)
{
	long rax;

	__asm__ volatile(
		"mov %%rdi, %%rbx\n"
		"movdqu 0(%%rbx), %%xmm0\n movdqu 16(%%rbx), %%xmm1\n movdqu 32(%%rbx), %%xmm2\n movdqu 48(%%rbx), %%xmm3\n"
		"movdqu 64(%%rbx), %%xmm4\n movdqu 80(%%rbx), %%xmm5\n movdqu 96(%%rbx), %%xmm6\n movdqu 112(%%rbx), %%xmm7\n"
		"movdqu 128(%%rbx), %%xmm8\n movdqu 144(%%rbx), %%xmm9\n movdqu 160(%%rbx), %%xmm10\n movdqu 176(%%rbx), %%xmm11\n"
		"movdqu 192(%%rbx), %%xmm12\n movdqu 208(%%rbx), %%xmm13\n movdqu 224(%%rbx), %%xmm14\n movdqu 240(%%rbx), %%xmm15\n"
		"stmxcsr 584(%%rbx)\n"
		"mov $0x1111111111111111, %%r12\n mov %%r12, %%r13\n mov %%r12, %%r14\n mov %%r12, %%r15\n"
		"mov %%r12, %%rcx\n mov %%r12, %%rdx\n mov %%r12, %%rdi\n mov %%r12, %%r8\n mov %%r12, %%r9\n mov %%r12, %%r10\n mov %%r12, %%r11\n"
		"call *%%rsi\n"
		"mov %%rcx, 512(%%rbx)\n mov %%rdx, 520(%%rbx)\n mov %%rsi, 528(%%rbx)\n mov %%rdi, 536(%%rbx)\n"
		"mov %%r8, 544(%%rbx)\n mov %%r9, 552(%%rbx)\n mov %%r10, 560(%%rbx)\n mov %%r11, 568(%%rbx)\n"
		"pushfq\n popq 576(%%rbx)\n cld\n stmxcsr 592(%%rbx)\n"
		"movdqu %%xmm0, 256(%%rbx)\n movdqu %%xmm1, 272(%%rbx)\n movdqu %%xmm2, 288(%%rbx)\n movdqu %%xmm3, 304(%%rbx)\n"
		"movdqu %%xmm4, 320(%%rbx)\n movdqu %%xmm5, 336(%%rbx)\n movdqu %%xmm6, 352(%%rbx)\n movdqu %%xmm7, 368(%%rbx)\n"
		"movdqu %%xmm8, 384(%%rbx)\n movdqu %%xmm9, 400(%%rbx)\n movdqu %%xmm10, 416(%%rbx)\n movdqu %%xmm11, 432(%%rbx)\n"
		"movdqu %%xmm12, 448(%%rbx)\n movdqu %%xmm13, 464(%%rbx)\n movdqu %%xmm14, 480(%%rbx)\n movdqu %%xmm15, 496(%%rbx)\n"
		/* callee-saved registers are the owner's, whatever the PAL left in them */
		"mov $0x1111111111111111, %%rcx\n"
		"cmp %%rcx, %%r12\n jne 1f\n cmp %%rcx, %%r13\n jne 1f\n cmp %%rcx, %%r14\n jne 1f\n cmp %%rcx, %%r15\n je 2f\n"
		"1: mov $-77, %%rax\n2:\n"
		: "=a"(rax), "+D"(r), "+S"(entry)
		: : "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc",
		  "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
		  "xmm12", "xmm13", "xmm14", "xmm15");
	return rax;
}

static void test_registers(void)
{
	static struct registers r;
	uint64_t left = 0;
	unsigned int i;

	for (i = 0; i < 32; i++)
		r.in[i] = 0x0123456789abcdefull * (i + 1);
	check_is(call_with_registers(pal_dirty_return, &r), 7, "a PAL that fills every register returns; the owner's callee-saved ones are its own");
	check(!memcmp(r.in, r.out, sizeof(r.in)), "the owner's vector registers are as before");
	for (i = 0; i < 8; i++)
		left |= r.gpr[i];
	check_is(left, 0, "no general register brings anything out");
	check_is(r.flags & 0x40500, 0, "the flags are the owner's: no DF, TF, AC");
	check_is((uint32_t)r.mxcsr_out, (uint32_t)r.mxcsr_in, "MXCSR is the owner's");
	for (i = 0; i < 32; i++)
		r.in[i] = ~0ull;
	check_is(call_with_registers(pal_entry_state, &r), 0, "a PAL begins with clear registers and the ABI's MXCSR, FCW, flags");
	check(!memcmp(r.in, r.out, sizeof(r.in)), "and the owner has its own again");
	for (i = 0; i < 32; i++)
		if (r.in[i] != r.out[i])
			diag("XMM%u word %u: %#llx", i / 2, i % 2, (unsigned long long)r.out[i]);
}

static volatile int alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void test_interrupts(void)
{
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } }, never = { 0 };
	struct underpin_pal_info info;
	long begin, took;

	signal(SIGALRM, on_alarm);
	alarms = 0;
	setitimer(ITIMER_REAL, &every, NULL);
	begin = now_ms();
	check_is(pal_spin(600), 1, "a PAL that is interrupted again and again ends as it should");
	took = now_ms() - begin;
	setitimer(ITIMER_REAL, &never, NULL);
	check(alarms > 5, "signals reach the owner during a call");
	check(took > 500 && took < 6000, "the PAL's clock is the machine's");
	diag("%d alarms in %ld ms", alarms, took);
	if (!underpin_pal_get_info(underpin_pal.pal, &info))
		check(info.interrupts > 5 && info.calls > 5, "info counts calls and interrupts");
	else
		check(false, "info counts calls and interrupts");
}

static int calls(void)
{
	static unsigned char data[8192], copy[8192];
	struct underpin_pal_info info;
	unsigned char *pages, mac[64];
	long i, sum = 0;
	int pal = start();

	if (!check(pal >= 0, "a PAL is registered"))
		return finish();
	check_is(pal_add10(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 385, "ten integers go in, one comes out");
	check_is(pal_add10(-1, 0, 0, 0, 0, 0, 0, 0, 0, 1L << 40), -1 + (10L << 40), "they are 64 bits wide");
	for (i = 0; i < 8192; i++)
		sum += data[i] = i * 7;
	check_is(pal_sum(data, 8192), sum, "8 KiB go in");
	check_is(pal_sum(data + 1, 0), 0, "nothing goes in");
	check_is(pal_sum(data + 4095, 2), data[4095] + data[4096], "two bytes across the end of a page");
	errno = 0;
	check(pal_sum(data, 8193) == -1 && errno == EINVAL, "more than the declared size is refused with EINVAL");
	diag("errno %s", strerrorname_np(errno));
	check_is(pal_fill(copy, 5000, 3), 0, "an OUT buffer is zeros inside");
	check(copy[0] == 3 && copy[4999] == (unsigned char)(3 + 4999) && copy[5000] == 0, "it comes out, and no byte more");
	memcpy(mac, data, 64);
	check_is(pal_invert(mac), 64, "an in-out buffer");
	for (i = 0; i < 64 && mac[i] == (unsigned char)~data[i]; i++)
		;
	check_is(i, 64, "it is changed in place");
	/* Restarts: pages that are not there yet (RULES 17). */
	pages = mmap(NULL, 16384, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check_is(pal_sum(pages, 8192), 0, "a parameter in pages that were never touched");
	check_is(pal_fill(pages + 8192, 8192, 1), 0, "a result into pages that were never touched");
	check(pages[8192] == 1 && pages[16383] == (unsigned char)(1 + 8191), "the result is there");
	madvise(pages, 16384, MADV_DONTNEED);
	check_is(pal_sum(pages, 8192), 0, "and again after they were dropped");
	mprotect(pages, 16384, PROT_READ);
	signal(SIGSEGV, jump_away);
	if (!sigsetjmp(away, 1)) {
		pal_fill(pages, 100, 1);
		check(false, "a result into read-only pages is SIGSEGV");
	} else {
		check(true, "a result into read-only pages is SIGSEGV");
	}
	signal(SIGSEGV, SIG_DFL);
	check_is(pal_add10(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1, "the next call is as if nothing had been");
	munmap(pages, 16384);
	test_registers();
	errno = 0;
	check(pal_end(ENOSPC) == -1 && errno == ENOSPC, "a PAL ends its call with an errno of its choice");
	check_is(pal_services(&info), 0, "random and self; buffers that are not the PAL's are refused");
	check(info.id == underpin_pal.id && !memcmp(info.name, "up-pal", 7), "self is who the owner registered");
	test_interrupts();
	check_is(underpin_pal_stop(pal), 0, "close unregisters");
	check_is(nr_pals_settles_at(0), 0, "and it is gone");
	check(all_zero(section(UNDERPIN_SECTION_DATA), 4096), "its data was wiped");
	pal = start();
	check(pal >= 0, "it can be registered again");
	check_is(pal_add10(0, 0, 0, 0, 0, 0, 0, 0, 0, 1), 10, "and called");
	underpin_pal_stop(pal);
	return finish();
}

/* ---- hostile ---- */

static volatile int got_signal;
static char signal_stack[65536];

static void on_fault(int sig)
{
	got_signal = sig;
	siglongjmp(away, 1);
}

static void catch_faults(void (*handler)(int))
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGFPE };
	stack_t stack = { .ss_sp = signal_stack, .ss_size = sizeof(signal_stack) };
	struct sigaction sa = { .sa_handler = handler, .sa_flags = SA_ONSTACK | SA_NODEFER };
	unsigned int i;

	sigaltstack(&stack, NULL);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
}

static void test_kind(enum pal_kind kind, long address, const char *text)
{
	int failed = tests_failed;
	long ret;

	got_signal = 0;
	errno = 0;
	if (!sigsetjmp(away, 1)) {
		ret = pal_fault(kind, address);
		if (kind == KIND_CALL_PRIVILEGED)
			check(ret < 0, "%s gets an error or ends the call", text);
		else if (kind == KIND_INT80 || kind == KIND_LDS_FAR || kind == KIND_AC)
			check(ret == -1 || ret == 0x600d, "%s does no harm", text);
		else
			check(ret == -1 && errno == EFAULT, "%s: EFAULT for the owner", text);
		if (tests_failed > failed)
			diag("answer %#lx errno %s", ret, errno ? strerrorname_np(errno) : "0");
	} else {
		check(false, "%s: EFAULT for the owner", text);
		diag("signal %d", got_signal);
	}
}

/* Jumps to an entry or into a PAL with a stack or return address of our choice. */
static int hostile_jump(uintptr_t to, uintptr_t rsp, bool push)
{
	got_signal = 0;
	if (!sigsetjmp(away, 1)) {
		if (push)	/* a return address of the attacker's */
			__asm__ volatile("push %0\n jmp *%1" : : "r"(rsp), "r"(to) : "memory", "rax", "rdi", "rcx", "rdx");
		else
			__asm__ volatile("mov %0, %%rsp\n jmp *%1" : : "r"(rsp), "r"(to) : "memory", "rax", "rdi", "rcx", "rdx");
	}
	return got_signal;
}

static int hostile(void)
{
	static const char *const names[] = {
#define X(name, text) text,
		PAL_KINDS(X)
#undef X
	};
	static char mine[4096];
	uint64_t *fake_stack;
	int kind, pal = start();

	if (!check(pal >= 0, "a PAL is registered"))
		return finish();
	catch_faults(on_fault);
	for (kind = 0; kind < NR_KINDS; kind++)
		test_kind(kind, kind == KIND_CALL_PRIVILEGED ? 0x55500020 : (long)mine, names[kind]);
	check(mine[0] == 0, "the owner's memory was not written");
	test_kind(KIND_READ, 0, "a null pointer");
	test_kind(KIND_READ, (long)0xffff800000000000, "a read of the core's addresses");
	test_kind(KIND_READ, (long)0xffff888000000000, "a read of Linux's addresses");
	test_kind(KIND_READ, (long)0x8000000000000000, "a read of a non-canonical address");
	test_kind(KIND_JUMP, (long)0xffff800000000100, "a jump into the core's addresses");
	test_kind(KIND_JUMP, 0x7ffffffff001, "a jump behind the end of user memory");
	test_kind(KIND_CALL_PRIVILEGED, 0x55500013, "HC_LEAVE from inside");
	test_kind(KIND_CALL_PRIVILEGED, 0x55500001, "HC_PAL_RESUME from inside");
	check_is(pal_add10(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 55, "after all that a call is a call");

	check_is(hostile_jump((uintptr_t)pal_add10 + 1, (uintptr_t)&mine[2048], false), SIGSEGV, "entry into the middle is SIGSEGV");
	check_is(hostile_jump((uintptr_t)section(UNDERPIN_SECTION_DATA), (uintptr_t)&mine[2048], false), SIGSEGV, "execution of its data by the owner is SIGSEGV");
	check_is(hostile_jump((uintptr_t)pal_entry_state, 0x800000000000, true), SIGSEGV, "a non-canonical return address is the owner's SIGSEGV");
	check_is(hostile_jump((uintptr_t)pal_entry_state, 0xffffffff81000000, true), SIGSEGV, "a return address in the kernel is the owner's SIGSEGV");
	check_is(hostile_jump((uintptr_t)pal_entry_state, 0x7ffffffff000, true), SIGSEGV, "a return address behind user memory is the owner's SIGSEGV");
	check_is(hostile_jump((uintptr_t)pal_entry_state, 8, false), SIGSEGV, "a stack at address 8 is SIGSEGV");
	check_is(hostile_jump((uintptr_t)pal_entry_state, 0x8000000000000000, false), SIGBUS, "a non-canonical stack is SIGBUS (#SS)");
	check_is(hostile_jump((uintptr_t)pal_entry_state, 0xffff888000001000, false), SIGSEGV, "a stack in the kernel is SIGSEGV");
	check_is(hostile_jump((uintptr_t)pal_entry_state, (uintptr_t)section(UNDERPIN_SECTION_STACK) + 4000, false), SIGSEGV, "the PAL's own stack as the owner's is SIGSEGV");
	fake_stack = (uint64_t *)(mine + 2048);
	*fake_stack = (uintptr_t)pal_add10 + 3;
	check_is(hostile_jump((uintptr_t)pal_entry_state, (uintptr_t)fake_stack, false), SIGSEGV, "a return into the PAL's middle is SIGSEGV");
	got_signal = 0;
	if (!sigsetjmp(away, 1))
		__asm__ volatile("vmcall\n ud2" : : "a"(0x55500001), "D"(0x123456789) : "memory");
	check(got_signal == SIGILL || got_signal == SIGSEGV, "a forged resume token is a signal for the forger");
	check_is(pal_add10(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 55, "and still a call is a call");
	check_is(underpin_pal_stop(pal), 0, "it can be closed");
	check_is(nr_pals_settles_at(0), 0, "and is gone");
	return finish();
}

/* While up_nmi storms: many exits with a secret in the PAL's callee-saved registers. */
static int patterns(void)
{
	int i, pal = start();

	if (pal < 0)
		return finish();
	for (i = 0; i < 20; i++) {
		long answer = pal_patterns(20000);

		if (answer) {
			diag("call %d answers %ld, errno %d", i, answer, errno);
			break;
		}
	}
	check_is(i, 20, "400,000 exits in a storm of NMIs: the PAL's registers are its own");
	check_is(pal_add10(1, 1, 1, 1, 1, 1, 1, 1, 1, 1), 55, "and it goes on answering");
	close(pal);
	return finish();
}

int main(int argc, char **argv)
{
	int pal;

	after_check = note_longest;
	if (argc == 2 && !strcmp(argv[1], "calls"))
		return calls();
	if (argc == 2 && !strcmp(argv[1], "hostile"))
		return hostile();
	if (argc == 2 && !strcmp(argv[1], "patterns"))
		return patterns();
	if (argc == 2 && !strcmp(argv[1], "calls-short"))	/* register, call, close */
		return start() < 0 || pal_add10(0, 0, 0, 0, 0, 0, 0, 0, 0, 1) != 10;
	if (argc == 2 && !strcmp(argv[1], "loop")) {	/* load for other tests */
		pal = start();
		while (pal >= 0 && pal_add10(1, 1, 1, 1, 1, 1, 1, 1, 1, 1) == 55)
			;
		return 1;
	}
	fprintf(stderr, "usage: up-pal calls|hostile|patterns|calls-short|loop\n");
	return 2;
}
