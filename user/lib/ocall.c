// SPDX-License-Identifier: MIT
/*
 * What PALs ask of this process: the C end of stub.S. The PAL is known by its id, the low 12 bits of
 * the token, since the stub is one for all of them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "include/underpin.h"
#include "internal.h"
#include "stub.h"

#define MAX_ID 0xfffu

STUB_ABI underpin_long underpin_ocall(underpin_ulong token, unsigned int number, underpin_ulong a, underpin_ulong b);

static struct {
	_Atomic(underpin_ocall_fn) function;
	void *_Atomic cookie;
} handlers[MAX_ID + 1];

void underpin_forget_ocall(unsigned int id)
{
	atomic_store(&handlers[id & MAX_ID].function, NULL);
}

/* pal_print(): 16 bytes of text, or what is left of it. */
static underpin_long print(underpin_ulong a, underpin_ulong b)
{
	const underpin_ulong words[2] = { a, b };

	if (secure_getenv("UNDERPIN_PAL_DEBUG"))
		fwrite(words, 1, strnlen((const char *)words, sizeof(words)), stderr);
	return 0;
}

STUB_ABI underpin_long underpin_ocall(underpin_ulong token, unsigned int number, underpin_ulong a, underpin_ulong b)
{
	underpin_ocall_fn function = atomic_load(&handlers[token & MAX_ID].function);

	if (number == UNDERPIN_OCALL_PRINT)
		return print(a, b);
	return function ? function(atomic_load(&handlers[token & MAX_ID].cookie), number, a, b) : -ENOSYS;
}

int underpin_pal_on_ocall(int pal, underpin_ocall_fn function, void *cookie)
{
	struct underpin_pal_info info;

	if (underpin_pal_get_info(pal, &info))
		return -1;
	if (info.id > MAX_ID)
		return underpin_fail(EINVAL, "the module gave the PAL an id that is none (%u)", info.id);
	underpin_forget_ocall(info.id);
	atomic_store(&handlers[info.id].cookie, cookie);
	atomic_store(&handlers[info.id].function, function);
	return 0;
}
