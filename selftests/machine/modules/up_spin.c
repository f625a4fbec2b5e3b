// SPDX-License-Identifier: GPL-2.0
/*
 * Shoot-down without Linux's help: CPU 1 spins on a page with interrupts off,
 * while CPU 0 gives that page to the core (DEBUG_HIDE_FRAME). Reading debugfs
 * up_spin/read or up_spin/write does one run and tells what CPU 1 saw.
 */
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/msr.h>

#include "core.h"
#include "try.h"

#define MARK 0x756e646572706e21ull

struct run {
	u64 *page;
	bool writes;
	atomic_t spinning;
	atomic_t hidden;	/* the core has said: every CPU has flushed */
	atomic_t stop;
	atomic_t done;
	u64 gone_tsc;		/* when the mark vanished for CPU 1 */
	u64 stale;		/* reads that saw the mark after hidden was set */
	u64 count, count_at_hidden;
};

static int spin(void *data)
{
	struct run *run = data;
	u64 value;
	bool hidden;

	local_irq_disable();
	atomic_set(&run->spinning, 1);
	while (!atomic_read(&run->stop)) {
		hidden = atomic_read_acquire(&run->hidden);
		if (run->writes) {
			if (hidden && !run->count_at_hidden)
				run->count_at_hidden = run->count;
			WRITE_ONCE(run->page[1], ++run->count);
		}
		value = READ_ONCE(run->page[0]);
		if (value == MARK && hidden)
			run->stale++;
		if (value != MARK && !run->gone_tsc)
			run->gone_tsc = rdtsc();
	}
	local_irq_enable();
	atomic_set(&run->done, 1);
	return 0;
}

/* The number of calls; a negative errno when it was refused. */
static s64 debug_call_until_done(u64 op, u64 pfn)
{
	struct call_result r;
	s64 n = 0;

	/* -EINPROGRESS asks for IPIs to the other CPUs: not from us. It has to go without. */
	do {
		r = try_vmcall(HC_DEBUG, op, pfn, 0, 0);
		n++;
	} while (r.fault == NO_FAULT && (r.rax == -EAGAIN || r.rax == -EINPROGRESS) && n < 100000000);
	if (r.fault != NO_FAULT)
		return -ENXIO;
	return r.rax < 0 ? r.rax : n;
}

static void wait_until_set(atomic_t *flag)
{
	unsigned int tries = 0;

	while (!atomic_read(flag) && tries++ < 5000)
		msleep(1);
}

static int do_run(void *data)
{
	struct seq_file *m = data;
	struct run *run = kzalloc(sizeof(*run), GFP_KERNEL);
	struct task_struct *thread;
	u64 begun, acked, real;
	s64 hide, show;
	u64 pfn;

	if (!run)
		return -ENOMEM;
	run->writes = (bool)m->private;
	run->page = (u64 *)get_zeroed_page(GFP_KERNEL);
	run->page[0] = MARK;
	pfn = __pa(run->page) >> PAGE_SHIFT;
	thread = kthread_create(spin, run, "up_spin");
	kthread_bind(thread, 1);
	wake_up_process(thread);
	wait_until_set(&run->spinning);
	begun = rdtsc();
	hide = debug_call_until_done(DEBUG_HIDE_FRAME, pfn);
	acked = rdtsc();
	atomic_set_release(&run->hidden, 1);
	udelay(2000);
	atomic_set(&run->stop, 1);
	wait_until_set(&run->done);
	show = hide >= 0 ? debug_call_until_done(DEBUG_SHOW_FRAME, pfn) : hide;
	real = READ_ONCE(run->page[1]);
	seq_printf(m, "hide %lld ticks %llu\n", hide < 0 ? hide : 0, acked - begun);
	seq_printf(m, "vanished %d stale %llu\n", run->gone_tsc != 0, run->stale);
	seq_printf(m, "show %lld back %d\n", show < 0 ? show : 0, READ_ONCE(run->page[0]) == MARK);
	if (run->writes)
		seq_printf(m, "late-writes %d counted %llu\n",
			   real > run->count_at_hidden, run->count);
	free_page((unsigned long)run->page);
	kfree(run);
	return 0;
}

static int run_show(struct seq_file *m, void *unused)
{
	return smp_call_on_cpu(0, do_run, m, false);
}
DEFINE_SHOW_ATTRIBUTE(run);

static struct dentry *dir;

static int __init up_spin_init(void)
{
	if (!cpu_online(1))
		return -ENODEV;
	dir = debugfs_create_dir("up_spin", NULL);
	debugfs_create_file("read", 0400, dir, (void *)0, &run_fops);
	debugfs_create_file("write", 0400, dir, (void *)1, &run_fops);
	return 0;
}

static void __exit up_spin_exit(void)
{
	debugfs_remove(dir);
}

module_init(up_spin_init);
module_exit(up_spin_exit);
MODULE_DESCRIPTION("Underpin selftest: shoot-down under a spinning CPU");
MODULE_LICENSE("GPL");
