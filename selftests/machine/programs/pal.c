// SPDX-License-Identifier: GPL-2.0
/*
 * up-pal calls|hostile|owner: PALs as their owner sees them. Prints TAP.
 *   calls    parameters, registers, vector state, interrupts, services
 *   hostile  a PAL that faults, loops or jumps out is its owner's trouble alone
 *   owner    ptrace, /proc, core dumps, fork, threads, munmap, exit, kill -9
 */
#include <fcntl.h>
#include <elf.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <underpin.h>
#include <unistd.h>

#include "pal_kinds.h"
#include "test.h"

long pal_add10(long, long, long, long, long, long, long, long, long, long);
long pal_sum(const unsigned char *, long);
long pal_fill(unsigned char *, long, long);
long pal_invert(unsigned char *);
long pal_secret(unsigned char *);
long pal_intact(const unsigned char *);
long pal_spin(long);
long pal_forever(void);
long pal_entry_state(void);
long pal_dirty_return(void);
long pal_patterns(long rounds);
long pal_fault(long, long);
long pal_end(long);
long pal_services(struct underpin_pal_info *);

static int start(void)
{
	int pal = underpin_pal_start(&underpin_pal);

	if (pal < 0)
		diag("%s", underpin_last_error());
	return pal;
}

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int nr_pals(void)
{
	struct underpin_status status;
	int device = underpin_open(), n;

	n = device < 0 || underpin_get_status(device, &status) ? -1 : (int)status.nr_pals;
	close(device);
	return n;
}

/* The end of a process and of its PAL are not one instant. */
static int nr_pals_settles_at(int wanted)
{
	int tries, n = -1;

	for (tries = 0; tries < 100; tries++) {
		n = nr_pals();
		if (n == wanted)
			break;
		usleep(20000);
	}
	return n;
}

static char *section(unsigned int type)
{
	unsigned int i;

	for (i = 0; i < underpin_pal.nr_ranges; i++)
		if (underpin_pal.ranges[i].type == type && underpin_pal.ranges[i].end > underpin_pal.ranges[i].start)
			return underpin_pal.ranges[i].start;
	return NULL;
}

static bool all_zero(const char *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Which test made the longest stay in root, where that is too long (RULES 11). */
static void note_longest(void)
{
	static unsigned long long longest = 50000;
	struct underpin_status status;
	int device = underpin_open();

	if (device >= 0 && !underpin_get_status(device, &status) && status.longest_root > longest) {
		longest = status.longest_root;
		diag("longest stay in root until now: %llu ticks, exit reason %u", longest, status.longest_reason);
	}
	close(device);
}

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

static sigjmp_buf away;

static void jump_away(int sig)
{
	(void)sig;
	siglongjmp(away, 1);
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

/* ---- owner ---- */

static pid_t child_with_pal(int channel[2], void (*then)(void))
{
	unsigned char complement[16];
	pid_t child;

	if (pipe(channel))
		return -1;
	child = fork();
	if (child)
		return child;
	if (start() < 0 || pal_secret(complement))
		_exit(9);
	write(channel[1], complement, 16);
	if (then)
		then();
	for (;;)
		pause();
}

static bool has_bytes(const char *p, size_t n, const unsigned char *complement)
{
	unsigned char want[16];
	size_t i;

	for (i = 0; i < 16; i++)
		want[i] = ~complement[i];
	for (i = 0; i + 16 <= n; i++)
		if (!memcmp(p + i, want, 16))
			return true;
	return false;
}

/* One page by /proc/kcore, which names physical addresses in its headers. */
static int kcore_page(uint64_t pa, char page[4096])
{
	int fd = open("/proc/kcore", O_RDONLY), i, ret = -1;
	Elf64_Ehdr header;
	Elf64_Phdr part;

	if (fd < 0 || read(fd, &header, sizeof(header)) != sizeof(header))
		return -1;
	for (i = 0; i < header.e_phnum; i++)
		if (pread(fd, &part, sizeof(part), header.e_phoff + i * sizeof(part)) == sizeof(part) &&
		    part.p_type == PT_LOAD && pa >= part.p_paddr && pa < part.p_paddr + part.p_memsz &&
		    part.p_paddr != ~0ull && part.p_vaddr < 0xffffffff80000000ull)
			ret = pread(fd, page, 4096, part.p_offset + pa - part.p_paddr) == 4096 ? 0 : -2;
	close(fd);
	return ret;
}

static uint64_t physical(pid_t pid, const void *address)
{
	uint64_t entry = 0;
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/pagemap", pid);
	fd = open(name, O_RDONLY);
	pread(fd, &entry, 8, (uintptr_t)address / 4096 * 8);
	close(fd);
	return (entry & ((1ull << 55) - 1)) << 12;
}

static unsigned char told[16];

static void answer_intact(void)
{
	raise(SIGSTOP);
	_exit(pal_intact(told) == 1 ? 21 : 22);
}

/* A process that looks at another's PAL with everything that Linux has. */
static void test_looking(void)
{
	static char page[4096], kcore[4096];
	struct iovec here = { page, 4096 }, there;
	int channel[2], status, fd;
	char name[64], *data = section(UNDERPIN_SECTION_DATA), *code = section(UNDERPIN_SECTION_CODE);
	pid_t child;
	long word;

	pipe(channel);
	child = fork();
	if (!child) {
		if (start() < 0 || pal_secret(told))
			_exit(9);
		write(channel[1], told, 16);
		answer_intact();
	}
	read(channel[0], told, 16);
	ptrace(PTRACE_SEIZE, child, 0, 0);
	waitpid(child, &status, 0);
	there = (struct iovec){ data, 4096 };
	memset(page, 0xaa, sizeof(page));
	check_is(process_vm_readv(child, &here, 1, &there, 1, 0), 4096, "process_vm_readv of a PAL's data works");
	check(all_zero(page, 4096), "and reads zeros");
	there.iov_base = code;
	process_vm_readv(child, &here, 1, &there, 1, 0);
	check(all_zero(page, 4096), "its code reads as zeros too");
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, child, data, 0);
	check(word == 0 && !errno, "ptrace PEEK reads zeros");
	snprintf(name, sizeof(name), "/proc/%d/mem", child);
	fd = open(name, O_RDWR);
	memset(page, 0xaa, sizeof(page));
	check(pread(fd, page, 4096, (off_t)(uintptr_t)data) == 4096 && all_zero(page, 4096), "/proc/pid/mem reads zeros");
	if (!kcore_page(physical(child, data), kcore))
		check(physical(child, data) && all_zero(kcore, 4096), "/proc/kcore reads zeros");
	else
		check(false, "/proc/kcore can be read");
	check_is(ptrace(PTRACE_POKEDATA, child, code, 0xccccccccccccccccul), 0, "ptrace POKE into the code is taken");
	check_is(ptrace(PTRACE_POKEDATA, child, data, 0x4141414141414141ul), 0, "and into the data");
	memset(page, 0x42, sizeof(page));
	check_is(pwrite(fd, page, 4096, (off_t)(uintptr_t)data), 4096, "and a whole page by /proc/pid/mem");
	close(fd);
	ptrace(PTRACE_DETACH, child, 0, 0);
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 21, "the PAL has not seen any of it");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 21)
		diag("status %#x", status);
	check_is(nr_pals_settles_at(0), 0, "exit without unregistering unregisters");
}

static void test_core_dump(void)
{
	static char *dump;
	unsigned char complement[16];
	int channel[2], status, fd;
	char name[64];
	off_t size;
	pid_t child;

	fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
	write(fd, "/tmp/up-core.%p", 15);
	close(fd);
	pipe(channel);
	child = fork();
	if (!child) {
		struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
		static unsigned char plain[16];

		setrlimit(RLIMIT_CORE, &limit);
		if (start() < 0 || pal_secret(complement))
			_exit(9);
		memcpy(plain, complement, 16);
		write(channel[1], complement, 16);
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	read(channel[0], complement, 16);
	waitpid(child, &status, 0);
	snprintf(name, sizeof(name), "/tmp/up-core.%d", child);
	fd = open(name, O_RDONLY);
	size = lseek(fd, 0, SEEK_END);
	check(fd >= 0 && size > 10000 && WCOREDUMP(status), "the owner of a PAL dumps core");
	dump = fd >= 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (dump != MAP_FAILED) {
		unsigned char inverse[16];
		int i;

		for (i = 0; i < 16; i++)
			inverse[i] = ~complement[i];
		check(has_bytes(dump, size, inverse), "its ordinary memory is in the dump");
		check(!has_bytes(dump, size, complement), "the PAL's secret is not");
		munmap(dump, size);
	}
	close(fd);
	unlink(name);
	check_is(nr_pals_settles_at(0), 0, "and the PAL is gone");
}

static void spin_forever(void)
{
	pal_forever();
}

static void test_kill(void)
{
	unsigned char byte[16];
	int channel[2], status;
	pid_t child = child_with_pal(channel, spin_forever);
	long begin;

	read(channel[0], byte, 16);
	usleep(300000);
	begin = now_ms();
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "kill -9 ends the owner of an endless PAL");
	check(now_ms() - begin < 3000, "at once");
	check_is(nr_pals_settles_at(0), 0, "and the PAL with it");
}

static void test_long(void)
{
	long ticks = 0, begin, before, worst = 0, spent;
	unsigned char byte[16];
	int channel[2], second[2], status;
	pid_t child, other;

	pin_to(0);
	child = child_with_pal(channel, NULL);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	pipe(channel);
	child = fork();
	if (!child) {
		long ret;

		pin_to(0);
		if (start() < 0)
			_exit(9);
		write(channel[1], "x", 1);
		ret = pal_spin(10000);
		_exit(ret == 1 ? 33 : 34);
	}
	pipe(second);
	other = fork();
	if (!other) {
		pin_to(sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0);
		if (start() < 0)
			_exit(9);
		write(second[1], "x", 1);
		_exit(pal_spin(5000) == 1 ? 33 : 34);
	}
	read(channel[0], byte, 1);
	read(second[0], byte, 1);
	begin = now_ms();
	do {
		before = now_ms();
		usleep(20000);
		spent = now_ms() - before;
		if (spent > worst)
			worst = spent;
		ticks++;
	} while (!waitpid(child, &status, WNOHANG) && ticks < 2000);
	spent = now_ms() - begin;
	check(WIFEXITED(status) && WEXITSTATUS(status) == 33, "a PAL that runs for ten seconds ends as it should");
	check(spent > 8000, "it did run that long (%ld ms)", spent);
	check(ticks > spent / 100, "a timer on its CPU went on meanwhile (%ld sleeps of 20 ms, the longest %ld ms)", ticks, worst);
	check(worst < 1000, "no sleep was late by a second");
	waitpid(other, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 33, "a second PAL ran on another CPU at the same time");
	check_is(nr_pals_settles_at(0), 0, "both are gone");
	{
		cpu_set_t all;

		memset(&all, 0xff, sizeof(all));
		sched_setaffinity(0, sizeof(all), &all);
	}
}

static volatile long thread_answer;
static volatile int thread_errno;

static void *call_meanwhile(void *unused)
{
	(void)unused;
	usleep(200000);
	errno = 0;
	thread_answer = pal_add10(1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	thread_errno = errno;
	return NULL;
}

static void test_threads(void)
{
	pthread_t thread;
	int pal = start();

	pthread_create(&thread, NULL, call_meanwhile, NULL);
	check_is(pal_spin(800), 1, "one thread is inside");
	pthread_join(thread, NULL);
	check(thread_answer == -1 && thread_errno == EBUSY, "a second one gets EBUSY");
	if (thread_errno != EBUSY)
		diag("answer %ld errno %d", thread_answer, thread_errno);
	check_is(pal_add10(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1, "afterwards it is free");
	underpin_pal_stop(pal);
}

static pid_t moved;
static volatile int moves, stay;

static void *move_about(void *unused)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	(void)unused;
	while (!stay) {
		CPU_ZERO(&set);
		CPU_SET(moves++ % cpus, &set);
		sched_setaffinity(moved, sizeof(set), &set);
		usleep(20000);
	}
	return NULL;
}

/*
 * In Bochs Linux switches XSAVE off (the model's sizes do not add up), and leaves XCR0 at 0xe7 on the
 * first CPU and at 1 on the second: a call must not mind.
 */
static void test_moves(void)
{
	int pal = start(), before;
	pthread_t thread;

	moved = getpid();
	pthread_create(&thread, NULL, move_about, NULL);
	usleep(50000);
	before = moves;
	check_is(pal_patterns(300000), 0, "a call keeps its registers while its thread moves between CPUs");
	check(moves - before > 10, "which it did %d times", moves - before);
	stay = 1;
	pthread_join(thread, NULL);
	underpin_pal_stop(pal);
}

static void test_jump_away(void)
{
	struct itimerval once = { { 0, 0 }, { 0, 100000 } };
	int pal = start(), i, left = 0;

	signal(SIGALRM, jump_away);
	for (i = 0; i < 3; i++) {
		if (!sigsetjmp(away, 1)) {
			setitimer(ITIMER_REAL, &once, NULL);
			pal_forever();
		} else {
			left++;
		}
	}
	check_is(left, 3, "a signal handler jumps away from an endless call");
	check_is(pal_add10(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1, "the next call begins anew");
	underpin_pal_stop(pal);
}

static void test_fork(void)
{
	unsigned char complement[16];
	int pal = start(), status;
	pid_t child;

	pal_secret(complement);
	child = fork();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		_exit(pal_intact(complement) == 1 ? 1 : 2);
	}
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a forked child that calls gets SIGSEGV");
	check_is(pal_intact(complement), 1, "the parent's PAL goes on");
	child = fork();
	if (!child) {
		underpin_pal_stop(pal);	/* a copy of the descriptor */
		_exit(0);
	}
	waitpid(child, &status, 0);
	check_is(pal_intact(complement), 1, "a child that closes its copy does not end it");
	underpin_pal_stop(pal);
	check_is(nr_pals_settles_at(0), 0, "the last close does");
}

static void test_owner_ends(void)
{
	int status;
	pid_t child;

	/* The owner ends, and a child still has the descriptor. */
	child = fork();
	if (!child) {
		pid_t grandchild;

		if (start() < 0)
			_exit(9);
		grandchild = fork();
		if (!grandchild) {
			sleep(3);
			_exit(0);
		}
		_exit(7);
	}
	waitpid(child, &status, 0);
	check_is(WEXITSTATUS(status), 7, "an owner ends while a child holds the descriptor");
	check_is(nr_pals_settles_at(0), 0, "the PAL ends with its owner's memory");
}

static void test_unmap(void)
{
	char *code = section(UNDERPIN_SECTION_CODE);
	int status, channel[2];
	unsigned char byte[16];
	pid_t child = fork();

	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		if (start() < 0)
			_exit(9);
		munmap(code, 4096);
		pal_add10(1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
		_exit(8);
	}
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a call after munmap of the code is SIGSEGV");
	check_is(nr_pals_settles_at(0), 0, "and the PAL is gone");
	child = fork();
	if (!child) {
		if (start() < 0)
			_exit(9);
		/* Writable code in Linux's view: what is written never reaches the PAL. */
		mprotect(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
		memset(code, 0xc3, 4096);
		_exit(pal_add10(0, 0, 0, 0, 0, 0, 0, 0, 0, 1) == 10 && (unsigned char)code[0] == 0xc3 ? 11 : 12);
	}
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 11, "an owner that overwrites the code changes nothing inside");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 11)
		diag("status %#x", status);
	child = child_with_pal(channel, NULL);
	read(channel[0], byte, 16);
	{
		int fd = open("/proc/sys/vm/compact_memory", O_WRONLY);

		write(fd, "1", 1);
		close(fd);
	}
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "compaction with a PAL registered, then SIGTERM");
	check_is(nr_pals_settles_at(0), 0, "nothing is left");
	child = fork();
	if (!child) {
		char *const argv[] = { "true", NULL };

		if (start() < 0)
			_exit(9);
		execv("/bin/true", argv);
		_exit(9);
	}
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && !WEXITSTATUS(status), "an owner may exec");
	check_is(nr_pals_settles_at(0), 0, "which ends the PAL");
}

/*
 * In a process of its own: pages of a PAL are not there for children that are
 * forked later, so this process itself never has one.
 */
static void in_child(void (*test)(void), const char *name)
{
	int *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), status;
	pid_t child = fork();

	if (!child) {
		test();
		counts[0] = tests_run;
		counts[1] = tests_failed;
		_exit(55);
	}
	waitpid(child, &status, 0);
	if (counts[0]) {
		tests_run = counts[0];
		tests_failed = counts[1];
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 55) {
		check(false, "%s reaches its end", name);
		diag("status %#x", status);
	}
	munmap(counts, 4096);
}

static int owner(void)
{
	in_child(test_looking, "looking");
	in_child(test_core_dump, "core dump");
	in_child(test_threads, "threads");
	in_child(test_moves, "moving");
	in_child(test_jump_away, "jumping away");
	in_child(test_fork, "fork");
	in_child(test_owner_ends, "the owner's end");
	in_child(test_unmap, "unmapping");
	in_child(test_kill, "kill");
	in_child(test_long, "ten seconds");
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
	if (argc == 2 && !strcmp(argv[1], "owner"))
		return owner();
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
	fprintf(stderr, "usage: up-pal calls|hostile|owner|patterns|loop\n");
	return 2;
}
