// SPDX-License-Identifier: MIT
/* The C end of stub.S: errno is the thread's, so it takes C to set it. */
#include <errno.h>
#include <stdint.h>

/* The stub calls by the System V convention and by Linux' numbers, in a Windows program too. */
#ifdef _WIN32
#define STUB_ABI __attribute__((sysv_abi))
#else
#define STUB_ABI __attribute__((visibility("hidden")))
#define underpin_errno_of_linux(error) (error)
#endif

STUB_ABI intptr_t underpin_call_failed(int error);

STUB_ABI intptr_t underpin_call_failed(int error)
{
	errno = underpin_errno_of_linux(error);
	return -1;
}
