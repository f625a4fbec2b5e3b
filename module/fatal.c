// SPDX-License-Identifier: GPL-2.0
/* Reading and printing the core's fatal record (fatal.h). `underpin decode` explains it. */
#include "state.h"
#include "fatal.h"

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/printk.h>

#include "hypercall.h"

static_assert(sizeof(struct core_fatal) <= PAGE_SIZE);

/* fatal_page is used under the mutex, or by the only CPU left in a panic. */
static DEFINE_MUTEX(fatal_mutex);
static struct core_fatal *fatal_page;
static bool printed;	/* the core keeps its first record */

int fatal_read(void *page)
{
	return hypercall(HC_FATAL, __pa(page), 0, 0);
}

static void print_record(const struct core_fatal *f)
{
	pr_emerg("core: %.100s; slot %u, vector %u, error code %#llx, %s\n", f->text, f->cpu,
		 f->vector, f->error_code, f->recovered ? "recovered" : "not recovered");
	pr_emerg("core: RIP %#llx RSP %#llx RFLAGS %#llx CR2 %#llx build %20phN\n", f->rip, f->rsp,
		 f->rflags, f->cr2, f->build_id);
	pr_emerg("core: exit reason %#llx qualification %#llx instruction error %llu; guest RIP %#llx RSP %#llx CR3 %#llx physical %#llx\n",
		 f->exit_reason, f->exit_qualification, f->vm_instruction_error, f->guest_rip,
		 f->guest_rsp, f->guest_cr3, f->guest_physical);
	/* All of it, with registers and stack, for `underpin decode`. */
	print_hex_dump(KERN_EMERG, "underpin: fatal: ", DUMP_PREFIX_OFFSET, 32, 8, f, sizeof(*f),
		       false);
}

void fatal_report_if(s64 answer)
{
	if (answer != -EIO)
		return;
	mutex_lock(&fatal_mutex);
	if (!printed && fatal_read(fatal_page) == 1) {
		printed = true;
		print_record(fatal_page);
	}
	mutex_unlock(&fatal_mutex);
}

static int at_panic(struct notifier_block *nb, unsigned long event, void *unused)
{
	enum underpin_phase phase = core_phase();

	if ((phase == PHASE_RUNNING || phase == PHASE_LEAVING) && fatal_read(fatal_page) == 1)
		print_record(fatal_page);
	return NOTIFY_DONE;
}

static struct notifier_block panic_block = { .notifier_call = at_panic };

int fatal_init(void)
{
	fatal_page = (struct core_fatal *)get_zeroed_page(GFP_KERNEL);
	if (!fatal_page)
		return -ENOMEM;
	atomic_notifier_chain_register(&panic_notifier_list, &panic_block);
	return 0;
}

void fatal_exit(void)
{
	atomic_notifier_chain_unregister(&panic_notifier_list, &panic_block);
	free_page((unsigned long)fatal_page);
}
