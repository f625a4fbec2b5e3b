// SPDX-License-Identifier: GPL-2.0
/* Text for people and scripts; `underpin` itself uses the ioctls (query.h has both). */
#include "state.h"
#include "debugfs.h"

#include <linux/debugfs.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "fatal.h"
#include "pal.h"
#include "pool.h"
#include "query.h"

static struct dentry *directory;

static int status_show(struct seq_file *m, void *unused)
{
	struct underpin_status s = { .size = sizeof(s) };
	int err = query_status(&s);

	if (err)
		return err;
	seq_printf(m, "version: %#x\nbuild_id: %20phN\n", s.version, s.build_id);
	seq_printf(m, "cpus: %u\nunder_core: %u\nonline: %u\nwait_sipi: %u\n", s.nr_cpus,
		   s.nr_under_core, s.nr_online, s.nr_wait_sipi);
	seq_printf(m, "nesting_depth: %u\nlock: %u\ndebug: %u\nfatal: %u\n", s.nesting_depth,
		   s.lock, s.debug, s.fatal);
	seq_printf(m, "pals: %u\npal_pages: %u\n", s.nr_pals, s.nr_pal_pages);
	seq_printf(m, "pool_pages: %u\npool_free: %u\nept_pages: %u\n", s.pool_pages, s.pool_free,
		   s.ept_pages);
	seq_printf(m, "hidden_pages: %u\nhidden_writes: %u\nscratch_used: %u\n", s.hidden_pages,
		   s.hidden_writes, s.scratch_used);
	seq_printf(m, "longest_root: %llu\nlongest_reason: %u\ntsc_khz: %u\n", s.longest_root,
		   s.longest_reason, s.tsc_khz);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(status);

/* One line for each CPU and reason that occurred; the CPU is Linux's number. */
static int stats_show(struct seq_file *m, void *unused)
{
	struct underpin_stats *s = kzalloc(sizeof(*s), GFP_KERNEL);
	unsigned int slot, reason;
	int err = 0;

	if (!s)
		return -ENOMEM;
	s->size = sizeof(*s);
	seq_puts(m, "cpu reason count min mean max\n");
	for (slot = 0; slot < nr_cpu_slots && !err; slot++) {
		s->cpu = slot;
		err = query_stats(s);
		for (reason = 0; reason < UNDERPIN_NR_REASONS && !err; reason++) {
			const struct underpin_exit_stat *e = &s->reason[reason];

			if (e->count)
				seq_printf(m, "%u %u %llu %u %llu %u\n", cpu_slots[slot].cpu,
					   reason, e->count, e->min, e->total / e->count, e->max);
		}
	}
	kfree(s);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(stats);

static int log_show(struct seq_file *m, void *unused)
{
	struct underpin_log *log = kzalloc(sizeof(*log), GFP_KERNEL);
	unsigned int i;
	int err;

	if (!log)
		return -ENOMEM;
	log->size = sizeof(*log);
	log->first = 1;
	do {
		err = query_log(log);
		for (i = 0; i < log->nr && !err; i++) {
			const struct underpin_log_record *r = &log->record[i];

			seq_printf(m, "%llu %llu cpu%u <%u> %.104s\n", r->seq, r->tsc,
				   r->cpu < nr_cpu_slots ? cpu_slots[r->cpu].cpu : r->cpu,
				   r->level, r->text);
		}
	} while (!err && log->nr && !seq_has_overflowed(m));
	kfree(log);
	return err;
}
DEFINE_SHOW_ATTRIBUTE(log);

static int pals_show(struct seq_file *m, void *unused)
{
	struct underpin_pal_list *list = kzalloc(sizeof(*list), GFP_KERNEL);
	unsigned int i;

	if (!list)
		return -ENOMEM;
	list->size = sizeof(*list);
	seq_puts(m, "id state owner pages donated entries calls interrupts faults measurement name\n");
	do {
		pal_list(list, true);
		for (i = 0; i < list->nr; i++) {
			const struct underpin_pal_info *p = &list->pal[i];

			seq_printf(m, "%u %u %u %u %u %u %llu %llu %llu %32phN %.32s\n", p->id,
				   p->state, p->owner_pid, p->nr_pages, p->nr_donated,
				   p->nr_entries, p->calls, p->interrupts, p->faults,
				   p->measurement, p->name);
		}
	} while (list->nr == ARRAY_SIZE(list->pal) && !seq_has_overflowed(m));
	kfree(list);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(pals);

/* For the command line of a kernel that runs under this core after a kexec. */
static int memmap_show(struct seq_file *m, void *unused)
{
	const struct core_extent *e;
	unsigned int i;

	for (i = 0; (e = pool_extent(i)); i++)
		seq_printf(m, "%s%lluK$%#llx", i ? "," : "memmap=", e->count * (PAGE_SIZE / 1024),
			   e->pfn << PAGE_SHIFT);
	seq_putc(m, '\n');
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(memmap);

static int fatal_open(struct inode *inode, struct file *file)
{
	file->private_data = (void *)get_zeroed_page(GFP_KERNEL);
	if (!file->private_data)
		return -ENOMEM;
	if (core_get()) {
		if (fatal_read(file->private_data) != 1)
			memset(file->private_data, 0, PAGE_SIZE);
		core_put();
	}
	return 0;
}

static ssize_t fatal_file_read(struct file *file, char __user *to, size_t count, loff_t *at)
{
	const struct core_fatal *record = file->private_data;

	return simple_read_from_buffer(to, count, at, record,
				       record->magic ? sizeof(*record) : 0);
}

static int fatal_release(struct inode *inode, struct file *file)
{
	free_page((unsigned long)file->private_data);
	return 0;
}

static const struct file_operations fatal_fops = {
	.owner = THIS_MODULE,
	.open = fatal_open,
	.read = fatal_file_read,
	.release = fatal_release,
	.llseek = default_llseek,
};

void debugfs_init(const char *name)
{
	directory = debugfs_create_dir(name, NULL);
	debugfs_create_file("status", 0400, directory, NULL, &status_fops);
	debugfs_create_file("stats", 0400, directory, NULL, &stats_fops);
	debugfs_create_file("log", 0400, directory, NULL, &log_fops);
	debugfs_create_file("pals", 0400, directory, NULL, &pals_fops);
	debugfs_create_file("memmap", 0400, directory, NULL, &memmap_fops);
	debugfs_create_file("fatal", 0400, directory, NULL, &fatal_fops);
}

void debugfs_exit(void)
{
	debugfs_remove_recursive(directory);
}
