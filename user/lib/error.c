// SPDX-License-Identifier: MIT
/* The text of the last error of each thread, and what an ended call means. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "include/underpin.h"
#include "internal.h"

static _Thread_local char last_error[400];

int underpin_fail(int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(last_error, sizeof(last_error), fmt, args);
	va_end(args);
	errno = error;
	return -1;
}

const char *underpin_last_error(void)
{
	return last_error[0] ? last_error : "no error";
}

/* docs/abi.md, "How a call ends". */
const char *underpin_call_error(int error)
{
	switch (error) {
	case EFAULT:
		return "the PAL faulted (memory that it does not own, or an instruction that it may not execute), or a pointer parameter cannot be used";
	case EBUSY:
		return "as many threads are in the PAL as can be: let one call end first, or wait (UNDERPIN_WAIT)";
	case ECANCELED:
		return "the call was dropped: the PAL was closed meanwhile, a signal handler jumped out of the call, or the machine is going down";
	case EACCES:
	case EPERM:
		return "this thread may not go on with that call";
	case EINVAL:
		return "a parameter is larger than the entry point declares";
	case ENOSYS:
		return "a thread with a user shadow stack cannot call a PAL (GLIBC_TUNABLES=glibc.cpu.x86_shstk=off)";
	case EIO:
		return "the core met an error of its own: see 'underpin log' and 'underpin decode'";
	default:
		return strerror(error);
	}
}

void underpin_measurement_text(const __u8 measurement[UNDERPIN_MEASUREMENT_SIZE], char text[65])
{
	int i;

	for (i = 0; i < UNDERPIN_MEASUREMENT_SIZE; i++)
		snprintf(text + 2 * i, 3, "%02x", measurement[i]);
}
