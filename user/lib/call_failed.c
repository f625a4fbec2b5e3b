// SPDX-License-Identifier: MIT
/* The C end of stub.S: errno is the thread's, so it takes C to set it. */
#include <errno.h>

long underpin_call_failed(int error) __attribute__((visibility("hidden")));

long underpin_call_failed(int error)
{
	errno = error;
	return -1;
}
