// SPDX-License-Identifier: GPL-2.0
/*
 * NMI storm. While "on" is 1, a thread on each CPU sends NMIs to every CPU,
 * each only after the target has taken the one before: so none may merge, and
 * every one that is missing was lost, every one too many was made up.
 * debugfs up_nmi/on, up_nmi/counts ("cpu N sent S received R lost L leaked K extra E").
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/io.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/smp.h>
#include <asm/apicdef.h>
#include <asm/msr.h>
#include <asm/nmi.h>

static unsigned int pause_us;
module_param(pause_us, uint, 0600);
MODULE_PARM_DESC(pause_us, "between two NMIs of one sender; 0: as fast as they are taken");

/* What programs/pal_inside.c keeps in registers that no NMI handler of Linux's may ever see. */
#define SECRET 0x5ec2e75ec2e75ec2ul

struct target {
	atomic_t outstanding;
	u64 sent, received, lost, extra, leaked;
	u32 apic_id;
} ____cacheline_aligned;

static struct target targets[NR_CPUS];
static struct task_struct *senders[NR_CPUS];
static void __iomem *apic_page;

static int on_nmi(unsigned int type, struct pt_regs *regs)
{
	struct target *t = &targets[smp_processor_id()];

	if (regs->bp == SECRET || regs->r12 == SECRET || regs->r13 == SECRET ||
	    regs->r14 == SECRET || regs->r15 == SECRET)
		t->leaked++;

	/* An NMI of somebody else's (a watchdog) looks the same; the machine has none. */
	if (atomic_cmpxchg(&t->outstanding, 1, 0) == 1)
		t->received++;
	else
		t->extra++;
	return NMI_HANDLED;
}

static void send_nmi(u32 apic_id)
{
	unsigned long flags;
	u64 base;

	local_irq_save(flags);
	rdmsrl(MSR_IA32_APICBASE, base);
	if (base & X2APIC_ENABLE) {
		wrmsrl(APIC_BASE_MSR + (APIC_ICR >> 4), (u64)apic_id << 32 | APIC_DM_NMI);
	} else {
		while (readl(apic_page + APIC_ICR) & APIC_ICR_BUSY)
			cpu_relax();
		writel(apic_id << 24, apic_page + APIC_ICR2);
		writel(APIC_DM_NMI, apic_page + APIC_ICR);
	}
	local_irq_restore(flags);
}

static int sender(void *unused)
{
	unsigned int cpu;

	while (!kthread_should_stop()) {
		for_each_online_cpu(cpu) {
			struct target *t = &targets[cpu];

			if (atomic_cmpxchg(&t->outstanding, 0, 1) == 0) {
				t->sent++;
				send_nmi(t->apic_id);
			}
		}
		if (pause_us)
			usleep_range(pause_us, pause_us + 10);
		cond_resched();
	}
	return 0;
}

static void wait_for_last(void)
{
	unsigned int cpu, tries;

	for_each_present_cpu(cpu)
		for (tries = 0; atomic_read(&targets[cpu].outstanding) && tries < 100; tries++)
			msleep(10);
	for_each_present_cpu(cpu)
		if (atomic_xchg(&targets[cpu].outstanding, 0))
			targets[cpu].lost++;
}

static bool is_on;

static int set_on(void *unused, u64 on)
{
	unsigned int cpu;

	if (on && !is_on) {
		is_on = true;
		for_each_online_cpu(cpu) {
			targets[cpu].apic_id = per_cpu(x86_cpu_to_apicid, cpu);
			senders[cpu] = kthread_create(sender, NULL, "up_nmi/%u", cpu);
			if (IS_ERR(senders[cpu])) {
				senders[cpu] = NULL;
				continue;
			}
			kthread_bind(senders[cpu], cpu);
		}
		for_each_online_cpu(cpu)
			if (senders[cpu])
				wake_up_process(senders[cpu]);
	} else if (!on && is_on) {
		for_each_present_cpu(cpu)
			if (senders[cpu]) {
				kthread_stop(senders[cpu]);
				senders[cpu] = NULL;
			}
		wait_for_last();
		is_on = false;
	}
	return 0;
}

static int get_on(void *unused, u64 *on)
{
	*on = is_on;
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(on_fops, get_on, set_on, "%llu\n");

static int counts_show(struct seq_file *m, void *unused)
{
	unsigned int cpu;

	for_each_present_cpu(cpu) {
		struct target *t = &targets[cpu];

		seq_printf(m, "cpu %u sent %llu received %llu lost %llu leaked %llu extra %llu\n", cpu,
			   t->sent, t->received, t->lost, t->leaked, t->extra);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(counts);

static struct dentry *dir;

static int __init up_nmi_init(void)
{
	int err;

	apic_page = ioremap(APIC_DEFAULT_PHYS_BASE, PAGE_SIZE);
	if (!apic_page)
		return -ENOMEM;
	err = register_nmi_handler(NMI_LOCAL, on_nmi, 0, "up_nmi");
	if (err) {
		iounmap(apic_page);
		return err;
	}
	dir = debugfs_create_dir("up_nmi", NULL);
	debugfs_create_file("on", 0600, dir, NULL, &on_fops);
	debugfs_create_file("counts", 0400, dir, NULL, &counts_fops);
	return 0;
}

static void __exit up_nmi_exit(void)
{
	debugfs_remove(dir);
	set_on(NULL, 0);
	unregister_nmi_handler(NMI_LOCAL, "up_nmi");
	iounmap(apic_page);
}

module_init(up_nmi_init);
module_exit(up_nmi_exit);
MODULE_DESCRIPTION("Underpin selftest: NMI storm");
MODULE_LICENSE("GPL");
