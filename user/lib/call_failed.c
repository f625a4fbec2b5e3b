// SPDX-License-Identifier: MIT
/* The C end of stub.S: errno is the thread's, so it takes C to set it. And what one may do about EBUSY. */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

#include "include/underpin.h"
#include "internal.h"

STUB_ABI intptr_t underpin_call_failed(int error);

STUB_ABI intptr_t underpin_call_failed(int error)
{
	errno = underpin_errno_of_linux(error);
	return -1;
}

void underpin_pause(unsigned int *tries)
{
	struct timespec pause = { .tv_nsec = 20000L << (*tries < 9 ? *tries : 9) };

	/* Mostly the other is about to return. */
	if ((*tries)++ == 0)
		sched_yield();
	else
		nanosleep(&pause, NULL);
}
