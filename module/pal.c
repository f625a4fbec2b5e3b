// SPDX-License-Identifier: GPL-2.0
/*
 * One PAL's life: register (create, donate, add frames, step until ready), a
 * file descriptor, unregister (destroy, step until gone, reclaim, unpin). Its
 * frames go back to Linux's view before they are unpinned, because the kernel's
 * own writes to a hidden frame go nowhere.
 *
 * Locking: pals_mutex guards the list; pal->mutex makes the end happen once.
 * Steps that shoot down TLB entries hold the hotplug lock, so that a kick never
 * meets a CPU on its way up or down. Order: pals_mutex or pal->mutex, then
 * core_get(), then cpus_read_lock().
 */
#include "state.h"
#include "pal_internal.h"

#include <linux/anon_inodes.h>
#include <linux/cpu.h>
#include <linux/cred.h>
#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/uidgid.h>

#include "donate.h"
#include "fatal.h"
#include "hypercall.h"
#include "nudge.h"
#include "pal_pages.h"
#include "trace.h"
#include "user_struct.h"

#define PFNS_PER_CALL 512
#define CREATE_TRIES 1000	/* of a millisecond */
#define AGAIN_SPINS 16	/* -EAGAIN in a row that may be the core's own work */
#define DESTROY_TRIES 50	/* of 20 ms: a CPU that does not answer a kick */
/* A PAL never needs more beyond its own pages; a core that asks for more is wrong. */
#define MAX_DONATED (UNDERPIN_MAX_PAGES + 1024)
/* Nor more tables than two for each page; a block brings four at least. */
#define MAX_DONATIONS (MAX_DONATED / 2)

static_assert(sizeof(struct pal_info) == sizeof(struct underpin_pal_info));

static atomic_t nr_live;
static LIST_HEAD(pals);	/* by id, which the core uses again */
static DEFINE_MUTEX(pals_mutex);

/* Under core_get() and cpus_read_lock(). */
static s64 step_until_done(struct pal *pal, bool may_stop)
{
	u32 tries = 0;
	s64 ret;

	for (;;) {
		ret = hypercall(HC_PAL_STEP, pal->id, 0, 0);
		if (ret == -EINPROGRESS)
			nudge_cpus(&tries);
		else if (ret != -EAGAIN)
			break;
		if (may_stop && fatal_signal_pending(current)) {
			ret = -EINTR;
			break;
		}
		cond_resched();
	}
	return ret;
}

s64 pal_give_pfns(struct pal *pal, u32 nr, struct page **pages, u32 count, u32 *done)
{
	u32 again = 0, nudges = 0, donations = 0, n, i;
	struct hypercall_extra missing;
	s64 ret;

	while (*done < count) {
		n = min_t(u32, count - *done, PFNS_PER_CALL);
		for (i = 0; i < n; i++)
			pal->buffer[i] = page_to_pfn(pages[*done + i]);
		ret = hypercall4(nr, pal->id, __pa(pal->buffer), n, 0, &missing);
		if (ret == -ENOMEM && donations++ < MAX_DONATIONS && !donate_pages(missing.rdx))
			continue;
		if (ret < 0 && ret != -EAGAIN && ret != -EINPROGRESS)
			return ret;
		if (ret > n)
			return -EIO;
		if (ret > 0) {
			*done += ret;
			again = nudges = 0;
		} else if (ret == -EINPROGRESS || ++again > AGAIN_SPINS) {
			nudge_cpus(&nudges);
		}
		if (fatal_signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}

static s64 donate(struct pal *pal, u64 count)
{
	s64 ret;

	if (count > MAX_DONATED)
		return -ENOMEM;
	while (pal->nr_donated < count) {
		struct page *page = alloc_page(GFP_KERNEL_ACCOUNT | __GFP_ZERO);

		if (!page)
			return -ENOMEM;
		pal->donated[pal->nr_donated++] = page;
	}
	cpus_read_lock();
	ret = pal_give_pfns(pal, HC_PAL_DONATE, pal->donated, count, &pal->nr_given);
	/* They must be private before the core uses them. */
	if (!ret)
		ret = step_until_done(pal, true);
	cpus_read_unlock();
	return ret;
}

static s64 add_frames(struct pal *pal)
{
	u32 nr_frames = 0;
	s64 ret;

	cpus_read_lock();
	ret = pal_give_pfns(pal, HC_PAL_ADD_FRAMES, pal->pages, pal->nr_pages, &nr_frames);
	if (!ret)
		ret = step_until_done(pal, true);
	cpus_read_unlock();
	return ret;
}

/*
 * HC_PAL_CREATE answers an id, and in RDX how many pages it wants before it goes
 * on. -EBUSY: as many registrations as it can take are under way.
 */
static s64 create(struct pal *pal, const struct pal_request *request)
{
	struct hypercall_extra wanted;
	u32 tries = CREATE_TRIES;
	s64 ret;

	pal_request_describe(request, (struct pal_desc *)pal->buffer);
	for (;;) {
		ret = hypercall4(HC_PAL_CREATE, __pa(pal->buffer), 0, 0, 0, &wanted);
		if (ret != -EBUSY || !--tries)
			break;
		if (fatal_signal_pending(current))
			return -EINTR;
		usleep_range(500, 1000);
	}
	if (ret < 0)
		return ret;
	pal->id = ret;
	pal->live = true;
	atomic_inc(&nr_live);
	return wanted.rdx ? donate(pal, wanted.rdx) : 0;
}

/*
 * The donated pages' numbers, then (answer 0) the shoot-down that lets them all be used again.
 * Under cpus_read_lock().
 */
static s64 reclaim(struct pal *pal, u32 *reclaimed)
{
	u32 tries = DESTROY_TRIES, nudges = 0;
	s64 ret;

	do {
		ret = hypercall(HC_PAL_RECLAIM, pal->id, __pa(pal->buffer), 0);
		if (ret > 0)
			*reclaimed += ret;
		if (ret == -EINPROGRESS) {
			nudge_cpus(&nudges);
			ret = -EAGAIN;
		}
		if (ret == -ETIMEDOUT && --tries) {
			msleep(20);
			ret = -EAGAIN;
		}
		cond_resched();
	} while (ret > 0 || ret == -EAGAIN);
	return ret;
}

/* Unknown to the core again: its donated pages are back. -errno: they are not, never free them. */
static s64 destroy(struct pal *pal)
{
	u32 reclaimed = 0;
	s64 ret;

	cpus_read_lock();	/* from the first on: it begins a kick */
	ret = hypercall(HC_PAL_DESTROY, pal->id, 0, 0);
	if (!ret)
		ret = step_until_done(pal, false);
	if (!ret)
		ret = reclaim(pal, &reclaimed);
	cpus_read_unlock();
	return ret || reclaimed == pal->nr_given ? ret : -EIO;
}

static void free_donated(struct pal *pal)
{
	while (pal->nr_donated)
		__free_page(pal->donated[--pal->nr_donated]);
}

/* Idempotent: by the file, by the mm, or by a registration that failed. Under pal->mutex. */
static void pal_end(struct pal *pal)
{
	s64 ret = 0;

	if (pal->live && core_get()) {
		ret = destroy(pal);
		fatal_report_if(ret);
		/* The last: what was given for tables is free again. */
		if (atomic_dec_and_test(&nr_live))
			donate_reclaim();
		core_put();
		trace_underpin_pal_unregister(pal->id, pal->owner, ret);
	}
	pal->live = false;
	if (ret) {
		pr_err("PAL %u could not be taken apart: error %lld; its %u pages stay lost\n",
		       pal->id, ret, pal->nr_pages + pal->nr_donated + pal->nr_lent);
		pal->pinned = false;
		pal->nr_donated = 0;
		pal->nr_lent = 0;
		/* The core cannot leave any more: rmmod must be refused, not wait for ever. */
		__module_get(THIS_MODULE);
		return;
	}
	free_donated(pal);
	if (pal->pinned)
		pal_pages_unpin(pal->mm, pal->pages, pal->nr_pages);
	pal->pinned = false;
	pal_unpin_lent(pal);
}

static void pal_free(struct pal *pal)
{
	kvfree(pal->pages);
	kvfree(pal->lent);
	kvfree(pal->donated);
	free_page((unsigned long)pal->buffer);
	kfree(pal);
}

/* The owner's mm goes, wherever the file is: before its pages are freed. */
static void mm_release(struct mmu_notifier *notifier, struct mm_struct *mm)
{
	struct pal *pal = container_of(notifier, struct pal, notifier);

	mutex_lock(&pal->mutex);
	pal_end(pal);
	mutex_unlock(&pal->mutex);
}

static const struct mmu_notifier_ops notifier_ops = { .release = mm_release };

static int file_release(struct inode *inode, struct file *file)
{
	struct pal *pal = file->private_data;

	mutex_lock(&pals_mutex);
	list_del(&pal->list);
	mutex_unlock(&pals_mutex);
	/* Calls mm_release() if the mm still lives; else waits until that is over. */
	mmu_notifier_unregister(&pal->notifier, pal->mm);
	pal_free(pal);
	return 0;
}

/* With its state in *info; a PAL that has ended has only name and numbers of then. */
static int pal_info_get(struct pal *pal, struct underpin_pal_info *info)
{
	s64 ret = -ENOENT;

	mutex_lock(&pal->mutex);
	if (pal->live) {
		ret = -ENODEV;
		if (core_get()) {
			ret = hypercall(HC_PAL_INFO, pal->id, __pa(pal->buffer), 0);
			fatal_report_if(ret);
			core_put();
		}
		memcpy(info, pal->buffer, sizeof(*info));
	}
	mutex_unlock(&pal->mutex);
	return ret < 0 ? ret : 0;
}

static long file_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	struct underpin_pal_get_info get;
	int err;

	if (command == UNDERPIN_PAL_LEND)
		return pal_lend(file->private_data, (void __user *)arg);
	if (command == UNDERPIN_PAL_TAKE_BACK)
		return pal_take_back(file->private_data, (void __user *)arg);
	if (command != UNDERPIN_PAL_GET_INFO)
		return -ENOTTY;
	err = user_struct_in(&get, sizeof(get), USER_STRUCT_LEAST(struct underpin_pal_get_info, info.id),
			     (void __user *)arg);
	if (!err && get.reserved)
		err = -EINVAL;
	if (!err)
		err = pal_info_get(file->private_data, &get.info);
	return err ? err : user_struct_out((void __user *)arg, &get);
}

static const struct file_operations pal_fops = {
	.owner = THIS_MODULE,
	.release = file_release,
	.unlocked_ioctl = file_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct pal *pal_alloc(const struct pal_request *request)
{
	struct pal *pal = kzalloc(sizeof(*pal), GFP_KERNEL_ACCOUNT);

	if (!pal)
		return NULL;
	mutex_init(&pal->mutex);
	INIT_LIST_HEAD(&pal->list);
	pal->notifier.ops = &notifier_ops;
	pal->owner = task_tgid_nr(current);
	pal->uid = current_euid();
	pal->mm = current->mm;
	pal->nr_pages = request->nr_pages;
	pal->pages = kvcalloc(pal->nr_pages, sizeof(*pal->pages), GFP_KERNEL_ACCOUNT);
	pal->nr_window = request->nr_window;
	pal->lent = kvcalloc(pal->nr_window + 1, sizeof(*pal->lent), GFP_KERNEL_ACCOUNT);
	pal->donated = kvcalloc(MAX_DONATED, sizeof(*pal->donated), GFP_KERNEL_ACCOUNT);
	pal->buffer = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
	if (!pal->pages || !pal->lent || !pal->donated || !pal->buffer) {
		pal_free(pal);
		return NULL;
	}
	return pal;
}

/* Everything that the core has to do until the PAL is ready; *info from it. */
static int make_ready(struct pal *pal, const struct pal_request *request, struct pal_info *info)
{
	s64 ret;

	if (!core_get())
		return -ENODEV;
	ret = create(pal, request);
	if (!ret)
		ret = add_frames(pal);
	if (!ret)
		ret = hypercall(HC_PAL_INFO, pal->id, __pa(pal->buffer), 0);
	if (ret >= 0)
		memcpy(info, pal->buffer, sizeof(*info));
	fatal_report_if(ret);
	core_put();
	return ret < 0 ? ret : 0;
}

static void list_insert(struct pal *pal)
{
	struct pal *at;

	mutex_lock(&pals_mutex);
	list_for_each_entry(at, &pals, list)
		if (at->id > pal->id)
			break;
	list_add_tail(&pal->list, &at->list);	/* at its end, at->list is the list's head */
	mutex_unlock(&pals_mutex);
}

/* The file descriptor for a PAL that is ready; publishes it. */
static int publish(struct pal *pal, struct underpin_pal_register *reg, void __user *arg)
{
	struct file *file;
	int fd, err;

	fd = get_unused_fd_flags(O_CLOEXEC);
	if (fd < 0)
		return fd;
	err = user_struct_out(arg, reg);
	if (err)
		goto put_fd;
	err = mmu_notifier_register(&pal->notifier, pal->mm);
	if (err)
		goto put_fd;
	file = anon_inode_getfile("[underpin-pal]", &pal_fops, pal, O_RDWR);
	if (IS_ERR(file)) {
		err = PTR_ERR(file);
		mmu_notifier_unregister(&pal->notifier, pal->mm);
		goto put_fd;
	}
	list_insert(pal);
	fd_install(fd, file);
	return fd;

put_fd:
	put_unused_fd(fd);
	return err;
}

static long pal_register_request(struct pal_request *request, void __user *arg)
{
	struct pal *pal = pal_alloc(request);
	struct pal_info info;
	u32 nr_donated;
	int ret;

	if (!pal)
		return -ENOMEM;
	ret = pal_pages_pin(request, pal->pages);
	if (ret)
		goto free;
	pal->pinned = true;
	ret = make_ready(pal, request, &info);
	nr_donated = pal->nr_donated;
	trace_underpin_pal_register(pal->id, pal->owner, pal->nr_pages, nr_donated, ret);
	if (ret)
		goto end;
	request->reg.id = pal->id;
	request->reg.nr_donated = nr_donated;
	memcpy(request->reg.measurement, info.measurement, sizeof(info.measurement));
	ret = publish(pal, &request->reg, arg);
	if (ret >= 0)
		return ret;
end:
	mutex_lock(&pal->mutex);
	pal_end(pal);
	mutex_unlock(&pal->mutex);
free:
	pal_free(pal);
	return ret;
}

long pal_register(void __user *arg)
{
	struct pal_request *request = kzalloc(sizeof(*request), GFP_KERNEL);
	long ret;

	if (!request)
		return -ENOMEM;
	ret = pal_request_copy(request, arg);
	if (!ret)
		ret = pal_register_request(request, arg);
	kfree(request);
	return ret;
}

void pal_end_all(void)
{
	struct pal *pal;

	mutex_lock(&pals_mutex);
	list_for_each_entry(pal, &pals, list) {
		mutex_lock(&pal->mutex);
		pal_end(pal);
		mutex_unlock(&pal->mutex);
	}
	mutex_unlock(&pals_mutex);
}

int pal_list(struct underpin_pal_list *list, bool all)
{
	u32 room = (list->size - offsetof(struct underpin_pal_list, pal)) / sizeof(list->pal[0]);
	struct pal *pal;

	list->nr = 0;
	mutex_lock(&pals_mutex);
	list_for_each_entry(pal, &pals, list) {
		if (pal->id < list->first || (!all && !uid_eq(pal->uid, current_euid())))
			continue;
		if (list->nr == min_t(u32, room, ARRAY_SIZE(list->pal)))
			break;
		if (!pal_info_get(pal, &list->pal[list->nr]))
			list->nr++;
	}
	mutex_unlock(&pals_mutex);
	if (list->nr)
		list->first = list->pal[list->nr - 1].id + 1;
	return 0;
}
