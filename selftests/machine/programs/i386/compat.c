// SPDX-License-Identifier: GPL-2.0
/*
 * up-compat: a 32-bit process registers and calls a 32-bit PAL, and attacks it
 * with segments, stacks and code of the other kind. Prints TAP. The PAL is
 * assembly, copied to pages of the process.
 */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <underpin.h>

#include "../test.h"

extern const char inside[], inside_end[];
extern const char in_add[], in_sum[], in_spin[], in_far[], in_null[], in_segments[], in_ask[];
int keeps(void *entry, int arg);
void with_stack(void *entry, uintptr_t esp);
void with_segment(void *entry, int selector, uintptr_t esp);
void from_64bit(void *entry);

asm(".text\n"
"inside:\n"
"in_add:	movl 8(%esp), %ecx\n	movl (%ecx), %eax\n	incl (%ecx)\n	addl 4(%esp), %eax\n	ret\n"
"in_sum:	xorl %eax, %eax\n	movl $10, %ecx\n"
"1:	movl (%esp,%ecx,4), %edx\n	imull %ecx, %edx\n	addl %edx, %eax\n	decl %ecx\n	jnz 1b\n	ret\n"
/* Nothing that it leaves in a register is the owner's to see. */
"in_spin:	movl 4(%esp), %eax\n	movl $0x5ec2e7, %edx\n	movl %edx, %ebx\n	movl %edx, %esi\n"
"	movl %edx, %edi\n	movl %edx, %ebp\n"
"1:	decl %eax\n	jnz 1b\n	movl %edx, %ecx\n	movl $4242, %eax\n	ret\n"
"in_far:	ljmp $0x33, $0x1000\n"
"in_null:	xorl %eax, %eax\n	movl %eax, %ds\n	movl 4(%esp), %ecx\n	movl (%ecx), %eax\n	ret\n"
"in_segments:	movl %cs, %eax\n	movl %ds, %ecx\n	shll $16, %ecx\n	orl %ecx, %eax\n	ret\n"
/* What its owner answers, asked with a number; ESI and EBX are secret meanwhile. */
"in_ask:	pushl %edi\n	pushl %esi\n	pushl %ebx\n	movl 16(%esp), %edi\n	movl $0x5ec2e7, %esi\n	movl %esi, %edx\n"
"	movl %esi, %ebx\n	movl $0x5550010a, %eax\n	vmcall\n	cmpl $0x5ec2e7, %ebx\n	jne 1f\n	cmpl $0x5ec2e7, %esi\n	je 2f\n"
"1:	movl $-78, %eax\n2:	popl %ebx\n	popl %esi\n	popl %edi\n	movl $0x5ec2e7, %ecx\n	ret\n"
"inside_end:\n"
/* The result, or -77: a register that cdecl keeps has changed, or ECX or EDX is not 0. */
"keeps:	pushl %ebp\n	pushl %ebx\n	pushl %esi\n	pushl %edi\n"
"	movl 20(%esp), %eax\n	movl 24(%esp), %ecx\n"
"	movl $0x11, %ebx\n	movl $0x22, %esi\n	movl $0x33, %edi\n	movl $0x44, %ebp\n"
"	subl $8, %esp\n	pushl %ecx\n	call *%eax\n	addl $12, %esp\n"
"	cmpl $0x11, %ebx\n	jne 1f\n	cmpl $0x22, %esi\n	jne 1f\n	cmpl $0x33, %edi\n	jne 1f\n"
"	cmpl $0x44, %ebp\n	jne 1f\n	orl %ecx, %edx\n	jz 2f\n"
"1:	movl $-77, %eax\n"
"2:	popl %edi\n	popl %esi\n	popl %ebx\n	popl %ebp\n	ret\n"
"with_stack:	movl 4(%esp), %eax\n	movl 8(%esp), %esp\n	jmp *%eax\n"
"with_segment:	movl 4(%esp), %eax\n	movl 8(%esp), %ecx\n	movl 12(%esp), %edx\n"
"	movl %ecx, %ss\n	movl %edx, %esp\n	jmp *%eax\n"
"from_64bit:	movl 4(%esp), %eax\n	ljmp $0x33, $1f\n	.code64\n1:	jmp *%rax\n	.code32\n");

static sigjmp_buf before;

static void on_signal(int signal)
{
	siglongjmp(before, signal);
}

/* The signal that an attempt ends with, 0 if none. */
#define signal_of(attempt) ({ int s_ = sigsetjmp(before, 1); if (!s_) { attempt; } s_; })

enum { ADD, SUM, SPIN, FAR, NULL_DS, SEGMENTS, ASK, NR };
static struct underpin_entry entry[NR];
static char *code;

static void *at(int i)
{
	return (void *)(uintptr_t)entry[i].addr;
}

static int start(int device)
{
	static const struct { const char *at; unsigned int nr_params; } what[NR] = {
		{ in_add, 2 }, { in_sum, 10 }, { in_spin, 1 }, { in_far, 0 }, { in_null, 1 }, { in_segments, 0 },
		{ in_ask, 1 },
	};
	struct underpin_section section[3];
	struct underpin_pal_spec spec = { "compat", section, 3, entry, NR };
	static const int type[] = { UNDERPIN_SECTION_CODE, UNDERPIN_SECTION_PARAM, UNDERPIN_SECTION_STACK };
	unsigned int i, k;

	code = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (code == MAP_FAILED)
		return -1;
	memcpy(code, inside, inside_end - inside);
	for (i = 0; i < 3; i++)
		section[i] = (struct underpin_section){ type[i], 0, (uintptr_t)code + 4096 * i, 4096 };
	for (i = 0; i < NR; i++) {
		entry[i].addr = (uintptr_t)code + (what[i].at - inside);
		entry[i].nr_params = what[i].nr_params;
		entry[i].flags = UNDERPIN_ENTRY_MENDS;	/* it is cut off on purpose, and keeps nothing */
		for (k = 0; k < what[i].nr_params; k++)
			entry[i].param[k].type = UNDERPIN_PARAM_INTEGER;
	}
	entry[ADD].param[1] = (struct underpin_param){ UNDERPIN_PARAM_POINTER, UNDERPIN_PARAM_INOUT, 0, 0, 64 };
	entry[NULL_DS].param[0] = entry[ADD].param[1];
	return underpin_pal_register(device, &spec, NULL);
}

struct segments {
	unsigned short cs, ss, ds, es, fs, gs;
};

static struct segments segments(void)
{
	struct segments s;

	asm volatile("movw %%cs, %0; movw %%ss, %1; movw %%ds, %2; movw %%es, %3; movw %%fs, %4; movw %%gs, %5"
		     : "=m"(s.cs), "=m"(s.ss), "=m"(s.ds), "=m"(s.es), "=m"(s.fs), "=m"(s.gs));
	return s;
}

static void calls(int pal)
{
	int (*add)(int, int *) = at(ADD), (*null)(int *) = at(NULL_DS), (*far)(void) = at(FAR);
	int (*sum)(int, int, int, int, int, int, int, int, int, int) = at(SUM);
	int (*inside_segments)(void) = at(SEGMENTS);
	struct segments first = segments(), last;
	struct underpin_pal_info info = { 0 };
	int number[16] = { 30 }, i;

	check_is(add(12, number), 42, "a 32-bit PAL is called");
	check_is(number[0], 31, "and its parameter comes back");
	check_is(sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 385, "ten parameters");
	check_is(inside_segments(), 0x2b0023, "it runs with 32-bit CS and flat DS");
	for (i = 0; i < 50 && !info.interrupts; i++) {
		if (keeps(at(SPIN), 2000000) != 4242)
			break;
		underpin_pal_get_info(pal, &info);
	}
	check(info.interrupts, "a call is interrupted and goes on; registers are the caller's own, ECX and EDX 0");
	check(far() == -1 && errno == EFAULT, "a far jump to Linux's 64-bit CS in the PAL: EFAULT");
	check(null(number) == -1 && errno == EFAULT, "DS made null in the PAL: EFAULT");
	check_is(add(1, number), 32, "the next call has flat segments again");
	check(add(1, (int *)0xffffefe0) == -1 && errno == EFAULT, "a parameter across the limit: EFAULT");
	last = segments();
	check(!memcmp(&first, &last, sizeof(first)), "segments as they were");
}

static struct {
	unsigned int number;
	unsigned long a, b;
	bool calls;
} asked;

static long answer(void *cookie, unsigned int number, unsigned long a, unsigned long b)
{
	int (*segments_inside)(void) = at(SEGMENTS);
	double third = number / 3.0;	/* the stack is aligned for what this may take */

	asked.number = number;
	asked.a = a;
	asked.b = b;
	if (asked.calls)
		return segments_inside();
	return (long)(third * 9) + *(int *)cookie;
}

static void asks(int pal)
{
	int (*ask)(int) = at(ASK), more = 1000;

	check_is(ask(3), -ENOSYS, "a question that nobody answers: ENOSYS inside");
	check(!underpin_pal_on_ocall(pal, answer, &more) && keeps(at(ASK), 14) == 1042,
	      "a question is answered; registers are the caller's own, ECX and EDX 0");
	check(asked.number == 14 && !asked.a && !asked.b, "with the number, and nothing of the PAL's registers");
	check_is(ask(65536), -EINVAL, "a number that is too high: EINVAL inside");
	asked.calls = true;
	check(ask(15) == -1 && errno == ECANCELED, "a function that calls the PAL drops the call: ECANCELED");
	asked.calls = false;
	check_is(ask(65519), 197557, "and all goes on");
}

static void attacks(void)
{
	struct user_desc desc = {
		.entry_number = -1, .base_addr = 0x1000, .limit = 0xfffff, .seg_32bit = 1,
		.limit_in_pages = 1, .useable = 1,
	};
	int number[16] = { 5 }, (*add)(int, int *) = at(ADD);
	uintptr_t here = (uintptr_t)&desc & ~15u;

	check_is(signal_of(from_64bit(at(SEGMENTS))), SIGSEGV, "a call from 64-bit code: SIGSEGV");
	check_is(signal_of(with_stack(at(SUM), 0xfffffff0)), SIGSEGV, "a stack across 4 GiB: SIGSEGV");
	check_is(signal_of(with_stack(at(SUM), 0x10)), SIGSEGV, "a stack that is not mapped: SIGSEGV");
	if (syscall(SYS_set_thread_area, &desc))
		check(false, "set_thread_area");
	else
		check_is(signal_of(with_segment(at(SEGMENTS), desc.entry_number << 3 | 3, here - 0x2000)), SIGSEGV,
			 "a stack segment that begins elsewhere: SIGSEGV");
	check_is(signal_of(((void (*)(void))(code + 1))()), SIGSEGV, "beside an entry point: SIGSEGV");
	check_is(add(1, number), 6, "none of it does harm");
}

int main(void)
{
	static char stack[65536];
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER };
	struct underpin_status status = { .size = sizeof(status) };
	int device = underpin_open(), pal;

	alarm(60);
	sigaltstack(&alternate, NULL);
	sigaction(SIGSEGV, &action, NULL);
	sigaction(SIGBUS, &action, NULL);
	check(device >= 0 && !underpin_get_status(device, &status) && status.nr_cpus, "a 32-bit process asks for status");
	pal = start(device);
	if (!check(pal >= 0, "and registers a 32-bit PAL")) {
		diag("%s", underpin_last_error());
		return finish();
	}
	calls(pal);
	asks(pal);
	attacks();
	underpin_pal_stop(pal);
	check_is(code[0], 0, "afterwards its pages are zeros");
	return finish();
}
