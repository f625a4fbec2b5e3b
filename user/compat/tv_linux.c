// SPDX-License-Identifier: MIT
/*
 * TrustVisor's VMCALL: Underpin does not know the number, so the CPU reports an
 * invalid instruction, Linux a SIGILL at it, and the call is done here, in the
 * thread that made it. All other SIGILLs go where they went before.
 */
#define _GNU_SOURCE
#define TV_NO_HANDLER
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "trustvisor.h"
#include "tv_system.h"

#ifdef __i386__
#define REG(name) REG_E##name
#else
#define REG(name) REG_R##name
#endif

static struct sigaction before;

static void on_invalid(int number, siginfo_t *info, void *context)
{
	static const unsigned char vmcall[] = { 0x0f, 0x01, 0xc1 };
	greg_t *r = ((ucontext_t *)context)->uc_mcontext.gregs;
	int error = errno;

	if (!memcmp((const void *)r[REG(IP)], vmcall, sizeof(vmcall))) {
		uintptr_t answer = tv_call((uintptr_t)r[REG(AX)], (uintptr_t)r[REG(CX)], (uintptr_t)r[REG(DX)],
					   (uintptr_t)r[REG(SI)], (uintptr_t)r[REG(DI)]);

		if (answer != (uintptr_t)-1) {
			r[REG(AX)] = (greg_t)answer;
			r[REG(IP)] += (greg_t)sizeof(vmcall);
			errno = error;
			return;
		}
	}
	if (before.sa_flags & SA_SIGINFO)
		before.sa_sigaction(number, info, context);
	else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN)
		before.sa_handler(number);
	else
		signal(number, SIG_DFL);	/* at the same instruction again: the process ends */
}

void tv_handle_vmcall(void)
{
	struct sigaction action = { .sa_sigaction = on_invalid, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK };
	static bool done;

	if (!done && !sigaction(SIGILL, &action, &before))
		done = true;
}

void *tv_pages(uint64_t nr)
{
	void *pages = mmap(NULL, nr * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return pages == MAP_FAILED ? NULL : pages;
}

void tv_close(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

int tv_lock_range(void *start, size_t len)
{
	return mlock(start, len);
}

int tv_unlock_range(void *start, size_t len)
{
	return munlock(start, len);
}
