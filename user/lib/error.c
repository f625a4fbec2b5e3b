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
		return "the PAL touched memory that it does not own, or a pointer parameter is not mapped";
	case EILSEQ:
		return "the PAL executed an instruction that a PAL may not execute";
	case EBUSY:
		return "the PAL is running in another thread: let one call end before the next";
	case EAGAIN:
		return "too many calls are under way: try again";
	case ECANCELED:
		return "the PAL was taken away during the call (closed, or the machine is going down)";
	case EACCES:
	case EPERM:
		return "this process may not call that PAL";
	case EINVAL:
		return "a parameter does not fit what the entry point declares (sizes?)";
	case ENOENT:
		return "the PAL is not registered any more";
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
