// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs up_l1/same does all experiments whose outcome has to be the CPU's own,
 * up_l1/hostile those that make sense under the core only. Next: vmcs.c.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/smp.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "l1.h"

static struct dentry *dir;

void show_outcome(const char *name, struct outcome o)
{
	if (o.fault != NO_FAULT)
		line(name, "fault %d", o.fault);
	else if (o.cf)
		line(name, "VMfailInvalid");
	else if (o.zf)
		line(name, "VMfail %llu", get(VM_INSTRUCTION_ERROR));
	else
		line(name, "succeeds");
}

static void write_cr8(u64 cr8)
{
	asm volatile("mov %0, %%cr8" : : "r" (cr8) : "memory");
}

static void native_set_cr4(u64 cr4)
{
	asm volatile("mov %0, %%cr4" : : "r" (cr4) : "memory");
}

bool vmx_begin(void)
{
	struct outcome o;

	native_set_cr4(native_read_cr4() | X86_CR4_VMXE);
	memset(l1.vmxon, 0, PAGE_SIZE);
	*(u32 *)l1.vmxon = l1.revision;
	o = with_pointer(op_vmxon, __pa(l1.vmxon));
	return o.fault == NO_FAULT && !o.cf && !o.zf;
}

void vmx_end(void)
{
	op_vmxoff();
	native_set_cr4(native_read_cr4() & ~X86_CR4_VMXE);
}

static void read_capabilities(void)
{
	u64 basic = __rdmsr(0x480);
	u32 first = basic & BIT(55) ? 0x48d : 0x481;

	l1.revision = basic & 0x7fffffff;
	l1.pin = __rdmsr(first);
	l1.proc = __rdmsr(first + 1);
	l1.exit = __rdmsr(first + 2);
	l1.entry = __rdmsr(first + 3);
	l1.proc2 = __rdmsr(0x48b);
}

static int on_cpu_0(void *m)
{
	static void (*const same[])(void) = { do_checks, do_guests, do_nmis, do_vm_functions };
	bool hostile = ((struct seq_file *)m)->private;
	unsigned long flags;
	u32 i;

	l1.m = m;
	local_irq_save(flags);
	/* No interrupt of Linux's is delivered to an L2 that has IF set. */
	write_cr8(15);
	read_capabilities();
	if (!hostile) {
		do_capabilities();
		do_instructions();
	}
	for (i = 0; i < (hostile ? 1 : ARRAY_SIZE(same)); i++) {
		if (!vmx_begin())
			line("VMXON", "failed");
		else if (hostile)
			do_hostile();
		else
			same[i]();
		vmx_end();
	}
	write_cr8(0);
	local_irq_restore(flags);
	return 0;
}

static int show(struct seq_file *m, void *unused)
{
	return smp_call_on_cpu(0, on_cpu_0, m, false);
}

static int open(struct inode *inode, struct file *file)
{
	/* Enough for all: a second run would find other states. */
	return single_open_size(file, show, inode->i_private, 128 << 10);
}

static const struct file_operations fops = {
	.owner = THIS_MODULE, .open = open, .read = seq_read, .llseek = seq_lseek, .release = single_release,
};

/* Identity of 512 GiB, write-back; what is around l1.page in 4 KiB pages. */
static void make_ept(void)
{
	u64 at = __pa(l1.page), i;

	for (i = 0; i < 512; i++) {
		l1.pdpt[i] = i << 30 | BIT(7) | 6 << 3 | 7;
		l1.pd[i] = (at >> 30 << 30) | i << 21 | BIT(7) | 6 << 3 | 7;
		l1.pt[i] = (at >> 21 << 21) | i << 12 | 6 << 3 | 7;
		l1.other_pdpt[i] = l1.pdpt[i];
		l1.other_pd[i] = l1.pd[i];
		l1.other_pt[i] = l1.pt[i];
	}
	l1.other_pml4[0] = __pa(l1.other_pdpt) | 7;
	l1.other_pdpt[at >> 30] = __pa(l1.other_pd) | 7;
	l1.other_pd[at >> 21 & 511] = __pa(l1.other_pt) | 7;
	l1.other_pt[at >> 12 & 511] = __pa(l1.hidden) | 6 << 3 | 7;
	l1.pml4[0] = __pa(l1.pdpt) | 7;
	l1.pdpt[at >> 30] = __pa(l1.pd) | 7;
	l1.pd[at >> 21 & 511] = __pa(l1.pt) | 7;
}

static u64 **const pages[] = {
	&l1.vmxon, &l1.idt, &l1.vmcs[0], &l1.vmcs[1], &l1.vmcs[2], &l1.vmcs[3], &l1.page, &l1.hidden, &l1.pml4, &l1.pdpt,
	&l1.pd, &l1.pt, &l1.msr_bitmap, &l1.msr_list, &l1.io_bitmap, &l1.virtual_apic, (u64 **)&l1.stack,
	&l1.other_pml4, &l1.other_pdpt, &l1.other_pd, &l1.other_pt, &l1.eptp_list, &l1.ve_information,
};

static void free_pages_of_l1(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		free_page((unsigned long)*pages[i]);
}

static int __init up_l1_init(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		*pages[i] = (u64 *)get_zeroed_page(GFP_KERNEL);
		if (!*pages[i])
			break;
	}
	if (i < ARRAY_SIZE(pages)) {
		free_pages_of_l1();
		return -ENOMEM;
	}
	make_ept();
	dir = debugfs_create_dir("up_l1", NULL);
	debugfs_create_file("same", 0400, dir, NULL, &fops);
	debugfs_create_file("hostile", 0400, dir, (void *)1, &fops);
	return 0;
}

static void __exit up_l1_exit(void)
{
	debugfs_remove(dir);
	free_pages_of_l1();
}

module_init(up_l1_init);
module_exit(up_l1_exit);
MODULE_DESCRIPTION("Underpin selftest: a small hypervisor");
MODULE_LICENSE("GPL");
