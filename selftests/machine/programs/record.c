// SPDX-License-Identifier: GPL-2.0
/*
 * What ring 3 sees: every CPUID leaf and subleaf on every CPU, and what
 * instructions do or which signal they give. One line each; what changes by
 * itself is left out. 20-same-machine compares the output before, under and
 * after the core.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <cpuid.h>

static int cpu;

static void line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void line(const char *fmt, ...)
{
	va_list args;

	printf("cpu%d ", cpu);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

/* ---- CPUID ---- */

static void leaf(unsigned int number, unsigned int sub)
{
	unsigned int a, b, c, d;

	__cpuid_count(number, sub, a, b, c, d);
	line("cpuid %08x %02x: %08x %08x %08x %08x", number, sub, a, b, c, d);
}

static void range(unsigned int first)
{
	unsigned int last, number, sub, b, c, d;

	__cpuid(first, last, b, c, d);
	if (last < first || last > first + 0x100)
		last = first + 1;
	for (number = first; number <= last; number++)
		for (sub = 0; sub < (number == 0xd ? 64 : 8); sub++)
			leaf(number, sub);
	/* beyond the last: the CPU answers with its highest basic leaf */
	leaf(last + 1, 0);
}

/* ---- instructions that may fault ---- */

static sigjmp_buf back;
static volatile int got_signal, got_code;
static volatile unsigned long fault_at;

static void on_signal(int sig, siginfo_t *info, void *context)
{
	(void)context;
	got_signal = sig;
	got_code = info->si_code;
	siglongjmp(back, 1);
}

static uint64_t memory[512] __attribute__((aligned(4096)));

#define TRY(name, insn) do {						\
		got_signal = 0;						\
		if (!sigsetjmp(back, 1)) {				\
			unsigned long a = 0, b = 0, c = 0, d = 0;	\
			__asm__ volatile(insn : "+a"(a), "+b"(b), "+c"(c), "+d"(d) \
					 : "D"(memory), "S"(memory) : "memory", "cc"); \
			line("insn " name " ok");			\
		} else {						\
			line("insn " name " signal %d code %d", got_signal, got_code); \
		}							\
	} while (0)

static void instructions(void)
{
	unsigned int aux, a, d;

	TRY("ud2", "ud2");
	TRY("int3", "int3");
	TRY("hlt", "hlt");
	TRY("cli", "cli");
	TRY("pause", "pause");
	TRY("rdpmc", "rdpmc");
	TRY("rdmsr", "rdmsr");
	TRY("wrmsr", "wrmsr");
	TRY("mov-cr0", "mov %%cr0, %%rax");
	TRY("mov-cr4", "mov %%cr4, %%rax");
	TRY("mov-cr8", "mov %%cr8, %%rax");
	TRY("mov-dr7", "mov %%db7, %%rax");
	TRY("invd", "invd");
	TRY("wbinvd", "wbinvd");
	TRY("invlpg", "invlpg (%%rdi)");
	TRY("invpcid", "invpcid (%%rdi), %%rax");
	TRY("xsetbv", "xsetbv");
	TRY("xgetbv-1", "mov $1, %%ecx; xgetbv");
	TRY("xgetbv-2", "mov $2, %%ecx; xgetbv");
	TRY("xsaves", "xsaves64 (%%rdi)");
	TRY("xsave", "xsave64 (%%rdi)");
	TRY("xsaveopt", "xsaveopt64 (%%rdi)");
	TRY("lgdt", "lgdt (%%rdi)");
	TRY("lidt", "lidt (%%rdi)");
	TRY("ltr", "ltr %%ax");
	TRY("swapgs", "swapgs");
	TRY("in", "in $0x80, %%al");
	TRY("out", "out %%al, $0x80");
	TRY("getsec", ".byte 0x0f, 0x37");
	TRY("enclu", ".byte 0x0f, 0x01, 0xd7");
	TRY("tpause", ".byte 0x66, 0x0f, 0xae, 0xf1");
	TRY("umonitor", ".byte 0xf3, 0x48, 0x0f, 0xae, 0xf7");
	TRY("enqcmd", ".byte 0xf2, 0x0f, 0x38, 0xf8, 0x07");
	TRY("rdpkru", "xor %%ecx, %%ecx; .byte 0x0f, 0x01, 0xee");
	TRY("monitor", "mov %%rdi, %%rax; .byte 0x0f, 0x01, 0xc8");
	TRY("vmxon", "vmxon (%%rdi)");
	TRY("vmxoff", "vmxoff");
	TRY("vmclear", "vmclear (%%rdi)");
	TRY("vmptrld", "vmptrld (%%rdi)");
	TRY("vmptrst", "vmptrst (%%rdi)");
	TRY("vmread", "vmread %%rcx, %%rax");
	TRY("vmwrite", "vmwrite %%rax, %%rcx");
	TRY("vmlaunch", "vmlaunch");
	TRY("vmresume", "vmresume");
	TRY("invept", "invept (%%rdi), %%rax");
	TRY("invvpid", "invvpid (%%rdi), %%rax");
	TRY("vmfunc", ".byte 0x0f, 0x01, 0xd4");
	TRY("vmfunc-512", "mov $512, %%ecx; .byte 0x0f, 0x01, 0xd4");
	TRY("vmcall", "vmcall");
	TRY("vmcall-other", "mov $0x12345678, %%eax; vmcall");
	TRY("rdrand", "rdrand %%rax");
	TRY("rdseed", "rdseed %%rax");
	TRY("fetch-noncanonical", "mov $0x8000000000000000, %%rax; jmp *%%rax");

	got_signal = 0;
	if (!sigsetjmp(back, 1)) {
		__asm__ volatile("rdtscp" : "=a"(a), "=d"(d), "=c"(aux));
		line("insn rdtscp aux %#x", aux);
	} else {
		line("insn rdtscp signal %d", got_signal);
	}
	if (!sigsetjmp(back, 1)) {
		__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
		line("insn xgetbv %08x%08x", d, a);
	} else {
		line("insn xgetbv signal %d", got_signal);
	}
}

/* ---- single steps over CPUID ---- */

extern char step_begin[], step_end[];
static unsigned long steps[32];
static volatile unsigned int nr_steps;

static void on_step(int sig, siginfo_t *info, void *context)
{
	ucontext_t *u = context;
	unsigned long rip = u->uc_mcontext.gregs[REG_RIP];

	(void)sig;
	(void)info;
	if (nr_steps < 32)
		steps[nr_steps] = rip - (unsigned long)step_begin;
	nr_steps++;
}

static __attribute__((noinline, noclone)) void stepped_code(unsigned long flags)
{
	__asm__ volatile("pushfq\n"
			 "orq %0, (%%rsp)\n"
			 "popfq\n"
			 "step_begin: nop\n"
			 "xor %%eax, %%eax\n"
			 "cpuid\n"
			 "cpuid\n"
			 "nop\n"
			 "pushfq\n"
			 "andq $~0x100, (%%rsp)\n"
			 "popfq\n"
			 "step_end: nop\n"
			 : : "r"(flags) : "rax", "rbx", "rcx", "rdx", "cc", "memory");
}

static void show_steps(const char *how)
{
	char text[400] = "";
	unsigned int i, n = 0;

	for (i = 0; i < nr_steps && i < 32; i++)
		n += snprintf(text + n, sizeof(text) - n, " %+ld", (long)steps[i]);
	line("step %s: %u at%s", how, nr_steps, text);
}

static void step_by_flag(void)
{
	struct sigaction sa = { .sa_sigaction = on_step, .sa_flags = SA_SIGINFO }, old;

	sigaction(SIGTRAP, &sa, &old);
	nr_steps = 0;
	stepped_code(0x100);
	sigaction(SIGTRAP, &old, NULL);
	show_steps("by TF");
}

static void step_by_ptrace(void)
{
	struct user_regs_struct regs;
	int status, inside = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		stepped_code(0);
		_exit(0);
	}
	waitpid(child, &status, 0);
	nr_steps = 0;
	while (WIFSTOPPED(status)) {
		ptrace(PTRACE_GETREGS, child, 0, &regs);
		if (regs.rip >= (unsigned long)step_begin && regs.rip <= (unsigned long)step_end) {
			inside = 1;
			if (nr_steps < 32)
				steps[nr_steps] = regs.rip - (unsigned long)step_begin;
			nr_steps++;
		} else if (inside) {
			ptrace(PTRACE_CONT, child, 0, 0);
			waitpid(child, &status, 0);
			continue;
		}
		ptrace(PTRACE_SINGLESTEP, child, 0, 0);
		waitpid(child, &status, 0);
	}
	show_steps("by ptrace");
}

int main(void)
{
	struct sigaction sa = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_NODEFER };
	static const int signals[] = { SIGILL, SIGSEGV, SIGTRAP, SIGBUS, SIGFPE };
	int n = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int i;
	cpu_set_t set;

	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &sa, NULL);
	for (cpu = 0; cpu < n; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set)) {
			perror("sched_setaffinity");
			return 1;
		}
		range(0);
		range(0x40000000);
		range(0x40000100);
		range(0x80000000);
		leaf(0x20000000, 0);
		leaf(0xc0000000, 0);
		leaf(0xffffffff, 0);
		instructions();
		step_by_flag();
		step_by_ptrace();
	}
	return 0;
}
