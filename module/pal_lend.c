// SPDX-License-Identifier: GPL-2.0
/*
 * Lending pages to a PAL for one call (docs/abi.md). They stay the owner's, and are pinned
 * until the core says that no CPU can reach them by the PAL's view any more: else a PAL
 * could go on writing to a page that Linux has given to somebody else.
 */
#include "state.h"
#include "pal_internal.h"

#include <linux/align.h>
#include <linux/cpu.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "fatal.h"
#include "hypercall.h"
#include "nudge.h"
#include "pal_pages.h"
#include "user_struct.h"

#define TAKE_BACK_TRIES 50	/* of 20 ms: a CPU that does not answer a kick */

void pal_unpin_lent(struct pal *pal)
{
	if (pal->nr_lent)
		pal_pages_unpin(pal->mm, pal->lent, pal->nr_lent);
	pal->nr_lent = 0;
}

/* Under core_get(). What could not be taken back stays pinned, until the next try or the PAL's end. */
static s64 take_back(struct pal *pal)
{
	u32 tries = TAKE_BACK_TRIES, nudges = 0;
	s64 ret;

	cpus_read_lock();
	do {
		ret = hypercall(HC_PAL_TAKE_BACK, pal->id, 0, 0);
		if (ret == -EINPROGRESS)
			nudge_cpus(&nudges);
		if (ret == -ETIMEDOUT && --tries) {
			msleep(20);
			ret = -EAGAIN;
		}
		if (fatal_signal_pending(current))
			break;
		cond_resched();
	} while (ret == -EAGAIN || ret == -EINPROGRESS);
	cpus_read_unlock();
	fatal_report_if(ret);
	if (!ret)
		pal_unpin_lent(pal);
	return ret == -EAGAIN || ret == -EINPROGRESS ? -EINTR : ret;
}

/* Under core_get(). */
static s64 give(struct pal *pal, u32 nr)
{
	u32 done = 0;
	s64 ret;

	cpus_read_lock();
	ret = pal_give_pfns(pal, HC_PAL_LEND, pal->lent + pal->nr_lent, nr, &done);
	cpus_read_unlock();
	fatal_report_if(ret);
	pal->nr_lent += done;
	if (done < nr)
		pal_pages_unpin(pal->mm, pal->lent + pal->nr_lent, nr - done);
	/* A part of it: then all comes back, as there is no call that wants a part. */
	if (done && done < nr)
		take_back(pal);
	return ret;
}

/* Under pal->mutex. */
static int lend(struct pal *pal, struct underpin_pal_lend *lend)
{
	u32 nr = lend->length >> PAGE_SHIFT;
	int ret;

	if (!pal->live || !core_get())
		return -ENODEV;
	if (lend->length >> PAGE_SHIFT > pal->nr_window - pal->nr_lent)
		ret = -E2BIG;
	else
		ret = pal_pages_pin_lent(lend->addr, nr, pal->lent + pal->nr_lent);
	lend->offset = (u64)pal->nr_lent << PAGE_SHIFT;
	if (!ret)
		ret = give(pal, nr);
	core_put();
	return ret;
}

long pal_lend(struct pal *pal, void __user *arg)
{
	struct underpin_pal_lend request;
	int err;

	err = user_struct_in(&request, sizeof(request),
			     USER_STRUCT_LEAST(struct underpin_pal_lend, offset), arg);
	if (err)
		return err;
	if (request.reserved || !request.length || !PAGE_ALIGNED(request.addr | request.length) ||
	    request.addr >= TASK_SIZE_MAX || request.length > TASK_SIZE_MAX - request.addr)
		return -EINVAL;
	/* A child, or who was sent the descriptor, has other pages there. */
	if (current->mm != pal->mm)
		return -EPERM;
	if (mutex_lock_killable(&pal->mutex))
		return -EINTR;
	err = lend(pal, &request);
	mutex_unlock(&pal->mutex);
	return err ? err : user_struct_out(arg, &request);
}

long pal_take_back(struct pal *pal, void __user *arg)
{
	struct underpin_pal_take_back request;
	int err;

	err = user_struct_in(&request, sizeof(request),
			     USER_STRUCT_LEAST(struct underpin_pal_take_back, reserved), arg);
	if (err)
		return err;
	if (request.reserved)
		return -EINVAL;
	if (current->mm != pal->mm)
		return -EPERM;
	if (mutex_lock_killable(&pal->mutex))
		return -EINTR;
	err = -ENODEV;
	if (pal->live && core_get()) {
		err = take_back(pal);
		core_put();
	}
	mutex_unlock(&pal->mutex);
	return err ? err : user_struct_out(arg, &request);
}
