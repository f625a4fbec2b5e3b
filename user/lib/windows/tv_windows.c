// SPDX-License-Identifier: MIT
/* compat/tv_linux.c for Windows programs: the exception that Wine makes of SIGILL. */
#define TV_NO_HANDLER
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <windows.h>

#include "../../compat/trustvisor.h"
#include "../../compat/tv_system.h"
#include "linux.h"

static LONG CALLBACK on_invalid(EXCEPTION_POINTERS *exception)
{
	static const unsigned char vmcall[] = { 0x0f, 0x01, 0xc1 };
	CONTEXT *c = exception->ContextRecord;
	int error = errno;
	uintptr_t answer;

	if (exception->ExceptionRecord->ExceptionCode != EXCEPTION_ILLEGAL_INSTRUCTION ||
	    memcmp((const void *)c->Rip, vmcall, sizeof(vmcall)))
		return EXCEPTION_CONTINUE_SEARCH;
	answer = tv_call(c->Rax, c->Rcx, c->Rdx, c->Rsi, c->Rdi);
	if (answer == (uintptr_t)-1)
		return EXCEPTION_CONTINUE_SEARCH;
	c->Rax = answer;
	c->Rip += sizeof(vmcall);
	errno = error;
	return EXCEPTION_CONTINUE_EXECUTION;
}

void tv_handle_vmcall(void)
{
	static bool done;

	if (!done && AddVectoredExceptionHandler(1, on_invalid))
		done = true;
}

void *tv_pages(uint64_t nr)
{
	return VirtualAlloc(NULL, nr * 4096, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
}

void tv_close(int fd)
{
	int error = errno;

	close(fd);
	errno = error;
}

int tv_lock_range(void *start, size_t len)
{
	return !VirtualLock(start, len);
}

int tv_unlock_range(void *start, size_t len)
{
	return !VirtualUnlock(start, len);
}
