// SPDX-License-Identifier: MIT
/*
 * The resume stub with a signal handler in the place of the core. Where VMCALL
 * faults the handler sees it there; under some hypervisors it only answers
 * -EPERM: exit status 4, then.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <underpin.h>

static volatile int faults, at_vmcall, refuse;
static volatile greg_t token_seen, answer_seen;

/* Call as the core enters the stub: RAX and RDI set, return address on top of the stack. */
static long enter_stub(unsigned long rax, unsigned long rdi)
{
	__asm__ volatile("call underpin_resume_stub" : "+a"(rax), "+D"(rdi)
			 : : "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
	return (long)rax;
}

static void fake_core(int signal, siginfo_t *info, void *context)
{
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	const unsigned char *code = (const unsigned char *)r[REG_RIP];

	(void)signal, (void)info;
	at_vmcall = !memcmp(code, "\x0f\x01\xc1", 3);
	token_seen = r[REG_RDI];
	answer_seen = r[REG_RSI];
	if (refuse) {
		r[REG_RAX] = -ECANCELED;
		r[REG_RIP] += 3;
		return;
	}
	if (faults++ < 2 && answer_seen != -ENOSYS) {	/* as if a page fault had been injected at the stub: all again */
		r[REG_RIP] = (greg_t)underpin_resume_stub;
		r[REG_RAX] = 0;
		return;
	}
	r[REG_RAX] = 42;
	r[REG_RIP] = *(greg_t *)r[REG_RSP];
	r[REG_RSP] += 8;
}

static int failures;

static void expect(const char *what, long wanted, long got)
{
	printf("%s: %ld%s\n", what, got, wanted == got ? "" : " WRONG");
	failures += wanted != got;
}

int main(void)
{
	struct sigaction action = { .sa_sigaction = fake_core, .sa_flags = SA_SIGINFO };

	sigaction(SIGILL, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);	/* some hypervisors answer VMCALL with #GP */
	errno = 0;
	expect("an ended call answers", -1, enter_stub(EFAULT, 0));
	expect("errno", EFAULT, errno);
	errno = EINTR;
	if (enter_stub(0, 0x1234567890) == -1 && !faults) {
		puts("VMCALL does nothing here, so nobody can play the core");
		return failures ? 1 : 4;
	}
	expect("a resumed call is at VMCALL when the core is asked", 1, at_vmcall);
	faults = 0;
	errno = EINTR;
	expect("a resumed call answers", 42, enter_stub(0, 0x1234567890));
	expect("errno untouched", EINTR, errno);
	expect("executed again", 3, faults);
	expect("token", 0x1234567890, token_seen);
	faults = 0;
	errno = EINTR;
	expect("what a PAL asks goes to nobody yet", 42, enter_stub(0x10000 + 77, 0x1234567007));
	expect("the answer", -ENOSYS, answer_seen);
	expect("the token again", 0x1234567007, token_seen);
	faults = 5;
	refuse = 1;
	expect("a refused answer answers", -1, enter_stub(0x10000 + 77, 7));
	expect("errno", ECANCELED, errno);
	expect("a refused resume answers", -1, enter_stub(0, 1));
	expect("errno", ECANCELED, errno);
	return failures != 0;
}
