// SPDX-License-Identifier: MIT
/* Lending pages to a PAL for one call (docs/abi.md, "Lending"). */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>

#include "include/underpin.h"
#include "internal.h"

static int lend_error(int error, const void *buffer, size_t size)
{
	switch (error) {
	case EINVAL:
		return underpin_fail(error,
			"cannot lend %zu bytes at %p: begin and size must be multiples of 4096 (aligned_alloc(4096, size))",
			size, buffer);
	case E2BIG:
		return underpin_fail(error,
			"cannot lend %zu bytes: the PAL's window has no room for them (PAL_WINDOW in its makefile)", size);
	case EBUSY:
		return underpin_fail(error,
			"cannot lend now: a call of the PAL is not over, the last lending was not taken back (underpin_pal_take_back()), or a page is a PAL's already");
	case EOPNOTSUPP:
		return underpin_fail(error,
			"cannot lend %p: a page is shared, huge or of a file (take memory from malloc or a private mmap)", buffer);
	case EFAULT:
		return underpin_fail(error, "cannot lend %p: it is not mapped, or not writable", buffer);
	case ENOMEM:
		return underpin_fail(error, "no memory to lend: free some, or raise the limit of locked memory (ulimit -l)");
	case EPERM:
		return underpin_fail(error, "only the process that registered the PAL can lend to it");
	case ENODEV:
		return underpin_fail(error, "the PAL has ended, or the core is about to leave");
	case ENOTTY:
		return underpin_fail(error, "this is no PAL, or library and module are of different versions");
	default:
		return underpin_fail(error, "cannot lend to the PAL: %s", strerror(error));
	}
}

int underpin_pal_lend(int pal, void *buffer, size_t size, size_t *offset)
{
	struct underpin_pal_lend lend = { .size = sizeof(lend), .addr = (uintptr_t)buffer, .length = size };
	int ret;

	do
		ret = ioctl(pal, UNDERPIN_PAL_LEND, &lend);
	while (ret && errno == EINTR);
	if (ret)
		return lend_error(errno, buffer, size);
	*offset = (size_t)lend.offset;
	return 0;
}

int underpin_pal_take_back(int pal)
{
	struct underpin_pal_take_back take = { .size = sizeof(take) };
	int ret;

	do
		ret = ioctl(pal, UNDERPIN_PAL_TAKE_BACK, &take);
	while (ret && errno == EINTR);
	if (!ret)
		return 0;
	if (errno == EBUSY)
		return underpin_fail(EBUSY,
			"cannot take back what was lent: the call is not over (where a signal handler jumped out of it, the thread's next call ends it)");
	if (errno == ETIMEDOUT)
		return underpin_fail(ETIMEDOUT,
			"a CPU did not answer the core, so the pages are not back: see 'underpin log', then try again");
	return lend_error(errno, NULL, 0);
}
