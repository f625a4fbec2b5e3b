/* SPDX-License-Identifier: GPL-2.0 */
/* What a leave has to wipe first: models of pal/ and of the core's keys, for tests of vmx/leave.c. */
#ifndef LEAVE_MACHINE_H
#define LEAVE_MACHINE_H

#include "../../core/random.h"
#include "../../pal/pal.h"

static u32 nr_pals, nr_unwiped;
static bool closed, keys;

s64 pal_wipe_all_step(void)
{
	if (!nr_unwiped)
		return 0;
	nr_unwiped--;
	return -EAGAIN;
}

/* What another CPU does while this one looks whether it may leave. */
static void (*meanwhile)(void);

void pal_counts(u32 *pals, u32 *frames)
{
	void (*f)(void) = meanwhile;

	meanwhile = NULL;
	if (f)
		f();
	*pals = nr_pals;
	*frames = 0;
}

void pal_close(bool c)
{
	closed = c;
}

void keys_wipe(void)
{
	keys = false;
}

#endif
