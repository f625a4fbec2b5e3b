// SPDX-License-Identifier: GPL-2.0
/*
 * What ring 0 sees of its CPU, as lines "what value" in debugfs up_probe/cpuN:
 * registers, MSRs, and what instructions do or which fault they give. The test
 * 20-same-machine reads it before, under and after the core, and compares.
 * Nothing that changes by itself (TSC, counters, addresses of a task) is here.
 */
#include <linux/cpu.h>
#include <linux/debugfs.h>
#include <linux/kdebug.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <asm/cpufeature.h>
#include <asm/debugreg.h>
#include <asm/desc.h>
#include <asm/fpu/api.h>
#include <asm/processor.h>

#include "try.h"

/* ---- #DB and #BP of our own code, by the die notifier ---- */

#define MAX_STEPS 24
static struct {
	unsigned long start, end;	/* code whose traps are ours; 0: none */
	unsigned long step[MAX_STEPS];
	unsigned int nr_steps, nr_int3;
} traps;

static int on_die(struct notifier_block *nb, unsigned long event, void *data)
{
	struct die_args *args = data;

	/* A trap is reported after its instruction, so the end belongs to it. */
	if (!args->regs || args->regs->ip < traps.start || args->regs->ip > traps.end)
		return NOTIFY_DONE;
	switch (event) {
	case DIE_DEBUG:
		if (traps.nr_steps < MAX_STEPS)
			traps.step[traps.nr_steps] = args->regs->ip - traps.start;
		traps.nr_steps++;
		return NOTIFY_STOP;
	case DIE_INT3:
		traps.nr_int3++;
		return NOTIFY_STOP;
	}
	return NOTIFY_DONE;
}

static struct notifier_block die_block = { .notifier_call = on_die, .priority = INT_MAX };

/* ---- what is recorded ---- */

static void show_fault(struct seq_file *m, const char *what, int fault)
{
	if (fault == NO_FAULT)
		seq_printf(m, "insn %s ok\n", what);
	else
		seq_printf(m, "insn %s fault %d\n", what, fault);
}

static void registers(struct seq_file *m)
{
	unsigned long cr0, cr4, cr8, dr7, limit = 0;
	struct desc_ptr gdt, idt;
	u16 tr, ldt;

	asm volatile("mov %%cr0, %0" : "=r" (cr0));
	asm volatile("mov %%cr4, %0" : "=r" (cr4));
	asm volatile("mov %%cr8, %0" : "=r" (cr8));
	asm volatile("mov %%db7, %0" : "=r" (dr7));
	asm volatile("sgdt %0" : "=m" (gdt));
	asm volatile("sidt %0" : "=m" (idt));
	asm volatile("str %0" : "=r" (tr));
	asm volatile("sldt %0" : "=r" (ldt));
	asm volatile("lsl %1, %0" : "+r" (limit) : "r" ((unsigned long)tr));
	/* CR0.TS is lazy state of no interest; Linux never sets it. */
	seq_printf(m, "reg cr0 %#lx\nreg cr4 %#lx\nreg cr8 %#lx\nreg dr7 %#lx\n", cr0, cr4, cr8, dr7);
	seq_printf(m, "reg gdt %#lx limit %#x\n", gdt.address, gdt.size);
	seq_printf(m, "reg idt %#lx limit %#x\n", idt.address, idt.size);
	seq_printf(m, "reg tr %#x limit %#lx\nreg ldt %#x\n", tr, limit, ldt);
}

static const struct {
	u32 first, last;
} msr_ranges[] = {
	{ 0x17, 0x17 }, { 0x1b, 0x1b }, { 0x3a, 0x3b }, { 0x48, 0x49 }, { 0x79, 0x79 },
	{ 0x8b, 0x8b }, { 0x9e, 0x9e }, { 0xce, 0xcf }, { 0xfe, 0xfe }, { 0x10a, 0x10b },
	{ 0x122, 0x122 }, { 0x140, 0x140 }, { 0x174, 0x176 }, { 0x179, 0x17a }, { 0x1a0, 0x1a0 },
	{ 0x1d9, 0x1d9 }, { 0x1f2, 0x1f3 }, { 0x200, 0x20f }, { 0x250, 0x250 }, { 0x258, 0x259 },
	{ 0x268, 0x26f }, { 0x277, 0x277 }, { 0x2ff, 0x2ff }, { 0x345, 0x345 }, { 0x38d, 0x38f },
	{ 0x3f1, 0x3f1 }, { 0x480, 0x493 }, { 0x560, 0x561 }, { 0x570, 0x572 }, { 0x600, 0x600 },
	{ 0x6a0, 0x6a8 }, { 0x802, 0x803 }, { 0xda0, 0xda0 }, { 0x1234, 0x1234 }, { 0x1fff, 0x1fff },
	/* outside of the MSR bitmap's ranges */
	{ 0x2000, 0x2000 }, { 0x40000000, 0x40000001 }, { 0x4b564d00, 0x4b564d01 },
	{ 0xbfffffff, 0xbfffffff },
	{ 0xc0000080, 0xc0000084 }, { 0xc0000101, 0xc0000101 }, { 0xc0000103, 0xc0000104 },
	{ 0xc0001fff, 0xc0002000 }, { 0xc0010000, 0xc0010000 }, { 0xffffffff, 0xffffffff },
};

static void msrs_read(struct seq_file *m)
{
	unsigned int i;
	u64 value;
	u32 msr;
	int fault;

	for (i = 0; i < ARRAY_SIZE(msr_ranges); i++)
		/* The last range ends at the last number of all. */
		for (msr = msr_ranges[i].first; ; msr++) {
			fault = try_rdmsr(msr, &value);
			if (fault == NO_FAULT)
				seq_printf(m, "msr %#x %#llx\n", msr, value);
			else
				seq_printf(m, "msr %#x fault %d\n", msr, fault);
			if (msr == msr_ranges[i].last)
				break;
		}
}

/* Values that no CPU takes. Those of an absent MSR fault because it is absent. */
static const struct {
	u32 msr;
	u64 value;
} bad_values[] = {
	{ 0x1234, 0 }, { 0x2000, 1 }, { 0x40000000, 1 }, { 0xc0002000, 0 }, { 0xffffffff, 0 },
	{ 0x1b, ~0ull }, { 0x1b, 0xfee00500 },	/* another base is up_attack's business */
	{ 0x277, 0x0007040600070402 },	/* PAT: type 2 */
	{ 0x2ff, 0xc02 },	/* default type 2 */
	{ 0x200, 0x02 }, { 0x201, ~0ull },
	{ 0x250, 0x0202020202020202 },
	{ 0xc0000080, ~0ull }, { 0xc0000080, 0x200 },
	{ 0xc0000082, 0x800000000000ull }, { 0xc0000102, 0x800000000000ull },
	{ 0x175, 0x800000000000ull }, { 0x176, 0x800000000000ull },
	{ 0x3a, 0 },	/* locked */
	{ 0x480, 0 }, { 0x48c, 0 }, { 0x491, 0 }, { 0xfe, 0 },
};

static void msrs_bad_values(struct seq_file *m)
{
	unsigned int i;
	u64 old;
	int fault;

	for (i = 0; i < ARRAY_SIZE(bad_values); i++) {
		bool readable = try_rdmsr(bad_values[i].msr, &old) == NO_FAULT;

		fault = try_wrmsr(bad_values[i].msr, bad_values[i].value);
		/* Where it was taken (an emulator that ignores absent MSRs): as before. */
		if (fault == NO_FAULT && readable)
			try_wrmsr(bad_values[i].msr, old);
		seq_printf(m, "wrmsr %#x %#llx %s %d\n", bad_values[i].msr, bad_values[i].value,
			   fault == NO_FAULT ? "ok" : "fault", fault);
	}
}

/* A value written is the value read; interrupts are off meanwhile. */
static const struct {
	u32 msr;
	u64 flip;
} write_backs[] = {
	{ 0x174, 0x8 }, { 0x175, 0x10 }, { 0x176, 0x10 }, { 0x277, 1ull << 56 },
	{ 0xc0000081, 1ull << 63 }, { 0xc0000082, 0x10 }, { 0xc0000083, 0x10 }, { 0xc0000084, 0x1 },
	{ 0xc0000102, 0x1000 }, { 0xc0000103, 0x1 }, { 0xda0, 0 },
};

static void msrs_write_back(struct seq_file *m)
{
	unsigned int i;
	u64 old, new;
	int fault;

	for (i = 0; i < ARRAY_SIZE(write_backs); i++) {
		if (try_rdmsr(write_backs[i].msr, &old) != NO_FAULT)
			continue;
		fault = try_wrmsr(write_backs[i].msr, old ^ write_backs[i].flip);
		try_rdmsr(write_backs[i].msr, &new);
		try_wrmsr(write_backs[i].msr, old);
		seq_printf(m, "write-back %#x fault %d %s\n", write_backs[i].msr, fault,
			   new == (old ^ write_backs[i].flip) ? "kept" : "lost");
	}
}

/* Instructions without operands or results worth a line. */
static void plain_instructions(struct seq_file *m)
{
	static u64 memory[2] __aligned(16);
	u64 rax;
	int fault;

#define SHOW(name, insn) do {							\
		rax = 0;							\
		memory[0] = 0; memory[1] = 0;					\
		asm volatile(TRY(insn) : [fault] "=&r" (fault), "+a" (rax)	\
			     : "c" (0ul), "d" (0ul), "D" (memory), "S" (0ul)	\
			     : "cc", "memory");					\
		show_fault(m, name, fault);					\
	} while (0)

	SHOW("pause", "pause");
	SHOW("vmxon", "vmxon (%%rdi)");
	SHOW("vmxoff", "vmxoff");
	SHOW("vmclear", "vmclear (%%rdi)");
	SHOW("vmptrld", "vmptrld (%%rdi)");
	SHOW("vmptrst", "vmptrst (%%rdi)");
	SHOW("vmread", "vmread %%rcx, (%%rdi)");
	SHOW("vmwrite", "vmwrite (%%rdi), %%rcx");
	SHOW("vmlaunch", "vmlaunch");
	SHOW("vmresume", "vmresume");
	SHOW("invept", "invept (%%rdi), %%rcx");
	SHOW("invvpid", "invvpid (%%rdi), %%rcx");
	SHOW("vmfunc", ".byte 0x0f, 0x01, 0xd4");
	SHOW("getsec", ".byte 0x0f, 0x37");
	SHOW("enclu", ".byte 0x0f, 0x01, 0xd7");
	SHOW("wbinvd", "wbinvd");
	SHOW("wbnoinvd", ".byte 0xf3, 0x0f, 0x09");
	SHOW("rsm", ".byte 0x0f, 0xaa");
	SHOW("tpause", ".byte 0x66, 0x0f, 0xae, 0xf1");
	SHOW("pconfig", ".byte 0x0f, 0x01, 0xc5");
	SHOW("rdpmc", "rdpmc");
	SHOW("mov-to-dr4", "mov %%rcx, %%db4");
	SHOW("mov-from-dr5", "mov %%db5, %%rax");
	SHOW("mov-from-cr1", ".byte 0x0f, 0x20, 0xc8");
	SHOW("mov-from-cr9", ".byte 0x44, 0x0f, 0x20, 0xc8");
#undef SHOW

	/* ud2 ends a path for objtool, so it has no "ok" behind it. */
	rax = 0;
	asm volatile("1:	ud2\n"
		     "2:\n" _ASM_EXTABLE_FAULT(1b, 2b) : "+a" (rax));
	seq_printf(m, "insn ud2 fault %llu\n", rax);
}

static void vmcalls(struct seq_file *m)
{
	static const u32 numbers[] = { 0, 1, 5, 0x12345678, 0x55500fff, 0x55510000, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct call_result r = try_vmcall(numbers[i], 0, 0, 0, 0);

		seq_printf(m, "insn vmcall-%#x fault %d\n", numbers[i], r.fault);
	}
}

static void cr4_bad(struct seq_file *m)
{
	unsigned long cr4, rax = 0;
	int fault;

	asm volatile("mov %%cr4, %0" : "=r" (cr4));
	asm volatile(TRY("mov %[v], %%cr4") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (cr4 | 1ul << 31));
	show_fault(m, "cr4-reserved-bit", fault);
	asm volatile(TRY("mov %[v], %%cr4") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (cr4 & ~(1ul << 5)));
	show_fault(m, "cr4-without-pae", fault);
	asm volatile(TRY("mov %[v], %%cr4") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (cr4));
	show_fault(m, "cr4-same", fault);
	asm volatile("mov %%cr0, %0" : "=r" (cr4));
	asm volatile(TRY("mov %[v], %%cr0") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (cr4 | 1ul << 32));
	show_fault(m, "cr0-high-bit", fault);
	asm volatile(TRY("mov %[v], %%cr0") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (cr4 & ~1ul));
	show_fault(m, "cr0-without-pe", fault);
	asm volatile(TRY("mov %[v], %%cr0") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" ((cr4 | 1ul << 29) & ~(1ul << 30)));
	show_fault(m, "cr0-nw-without-cd", fault);
	asm volatile(TRY("mov %[v], %%cr0") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (cr4));
	show_fault(m, "cr0-same", fault);
	rax = 0x100;
	asm volatile(TRY("mov %%rax, %%cr8") : [fault] "=&r" (fault), "+a" (rax));
	show_fault(m, "cr8-reserved-bit", fault);
}

static void results(struct seq_file *m)
{
	u64 a, d;
	u32 c;
	int fault;
	static struct { u64 pcid, address; } invpcid __aligned(16);

	a = d = 0; c = 0;
	asm volatile(TRY("rdtscp") : [fault] "=&r" (fault), "+a" (a), "+d" (d), "+c" (c));
	seq_printf(m, "insn rdtscp fault %d aux %#x\n", fault, fault == NO_FAULT ? c : 0);

	a = 2;
	asm volatile(TRY("invpcid (%[m]), %%rax") : [fault] "=&r" (fault), "+a" (a) : [m] "r" (&invpcid) : "memory");
	show_fault(m, "invpcid-all", fault);
	a = 4;
	asm volatile(TRY("invpcid (%[m]), %%rax") : [fault] "=&r" (fault), "+a" (a) : [m] "r" (&invpcid) : "memory");
	show_fault(m, "invpcid-bad-type", fault);

}

/* With CR4.OSXSAVE on, whatever Linux thinks of this CPU's XSAVE. Interrupts are off. */
static void state_components(struct seq_file *m)
{
	static u8 area[8192] __aligned(64);
	unsigned long cr4;
	u64 a, d, saved;
	int fault;

	if (!(cpuid_ecx(1) & BIT(26)))
		return;
	asm volatile("mov %%cr4, %0" : "=r" (cr4));
	asm volatile("mov %0, %%cr4" : : "r" (cr4 | BIT(18)) : "memory");
	seq_printf(m, "cpuid-1-osxsave %d\n", !!(cpuid_ecx(1) & BIT(27)));
	a = d = 0;
	asm volatile(TRY("xgetbv") : [fault] "=&r" (fault), "+a" (a), "+d" (d) : "c" (0));
	seq_printf(m, "insn xgetbv fault %d value %#llx\n", fault, fault == NO_FAULT ? d << 32 | (u32)a : 0);
	if (fault == NO_FAULT) {
		saved = d << 32 | (u32)a;
		a = (u32)saved;
		asm volatile(TRY("xsetbv") : [fault] "=&r" (fault), "+a" (a) : "c" (0), "d" ((u32)(saved >> 32)));
		show_fault(m, "xsetbv-same", fault);
		a = 3;
		asm volatile(TRY("xsetbv") : [fault] "=&r" (fault), "+a" (a) : "c" (0), "d" (0));
		show_fault(m, "xsetbv-x87-sse", fault);
		a = 0; d = 0;
		asm volatile(TRY("xgetbv") : [fault] "=&r" (fault), "+a" (a), "+d" (d) : "c" (0));
		seq_printf(m, "insn xgetbv-after value %#llx\n", d << 32 | (u32)a);
		a = (u32)saved;
		asm volatile(TRY("xsetbv") : [fault] "=&r" (fault), "+a" (a) : "c" (0), "d" ((u32)(saved >> 32)));
	}
	a = 0;
	asm volatile(TRY("xsetbv") : [fault] "=&r" (fault), "+a" (a) : "c" (0), "d" (0));
	show_fault(m, "xsetbv-0", fault);
	a = 4;
	asm volatile(TRY("xsetbv") : [fault] "=&r" (fault), "+a" (a) : "c" (0), "d" (0));
	show_fault(m, "xsetbv-avx-alone", fault);
	a = 3;
	asm volatile(TRY("xsetbv") : [fault] "=&r" (fault), "+a" (a) : "c" (1), "d" (0));
	show_fault(m, "xsetbv-register-1", fault);
	a = ~0u;
	asm volatile(TRY("xsetbv") : [fault] "=&r" (fault), "+a" (a) : "c" (0), "d" (~0u));
	show_fault(m, "xsetbv-all-ones", fault);
	a = 2;
	asm volatile(TRY("xgetbv") : [fault] "=&r" (fault), "+a" (a) : "c" (2) : "rdx");
	show_fault(m, "xgetbv-2", fault);
	memset(area, 0, sizeof(area));
	a = 3;
	asm volatile(TRY("xsaves64 (%%rdi)") : [fault] "=&r" (fault), "+a" (a) : "d" (0), "D" (area) : "memory");
	seq_printf(m, "insn xsaves fault %d xcomp_bv %#llx\n", fault, *(u64 *)(area + 520));
	a = 3;
	if (fault == NO_FAULT) {
		asm volatile(TRY("xrstors64 (%%rdi)") : [fault] "=&r" (fault), "+a" (a) : "d" (0), "D" (area) : "memory");
		show_fault(m, "xrstors", fault);
		*(u64 *)(area + 520) = 1ull << 62;	/* a component that is none */
		a = 3;
		asm volatile(TRY("xrstors64 (%%rdi)") : [fault] "=&r" (fault), "+a" (a) : "d" (0), "D" (area) : "memory");
		show_fault(m, "xrstors-bad-header", fault);
	}
	asm volatile("mov %0, %%cr4" : : "r" (cr4) : "memory");
	seq_printf(m, "cpuid-1-osxsave-after %d\n", !!(cpuid_ecx(1) & BIT(27)));
}

static void debug_registers(struct seq_file *m)
{
	unsigned long dr0, dr7, back, rax = 0;
	int fault;

	asm volatile("mov %%db0, %0" : "=r" (dr0));
	asm volatile("mov %%db7, %0" : "=r" (dr7));
	asm volatile(TRY("mov %[v], %%db0") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (0x123456789abul));
	asm volatile("mov %%db0, %0" : "=r" (back));
	seq_printf(m, "insn mov-dr0 fault %d back %#lx\n", fault, back);
	asm volatile("mov %0, %%db0" : : "r" (dr0));
	asm volatile(TRY("mov %[v], %%db7") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (dr7 | 1ul << 32));
	show_fault(m, "mov-dr7-high-bit", fault);
	asm volatile(TRY("mov %[v], %%db7") : [fault] "=&r" (fault), "+a" (rax) : [v] "r" (dr7));
	show_fault(m, "mov-dr7-same", fault);
}

/* INVD may drop nothing that was written before it (RULES 7). */
static void invd(struct seq_file *m)
{
	u64 *page = kmalloc(4096, GFP_KERNEL);
	unsigned int i, lost = 0;
	u64 rax = 0;
	int fault;

	if (!page)
		return;
	wbinvd();
	for (i = 0; i < 512; i++)
		page[i] = i * 0x0123456789abcdefull + 1;
	asm volatile(TRY("invd") : [fault] "=&r" (fault), "+a" (rax) : : "memory");
	for (i = 0; i < 512; i++)
		if (page[i] != i * 0x0123456789abcdefull + 1)
			lost++;
	seq_printf(m, "insn invd fault %d lost %u\n", fault, lost);
	kfree(page);
}

static void single_step(struct seq_file *m)
{
	unsigned long a = 0, b, c = 0, d;
	unsigned int i;

	traps.nr_steps = 0;
	asm volatile("lea 1f(%%rip), %%rax\n"
		     "mov %%rax, %[start]\n"
		     "lea 2f(%%rip), %%rax\n"
		     "mov %%rax, %[end]\n"
		     "xor %%eax, %%eax\n"
		     "1: pushfq\n"
		     "orq $0x100, (%%rsp)\n"
		     "popfq\n"
		     "nop\n"
		     "cpuid\n"
		     "nop\n"
		     "xor %%eax, %%eax\n"
		     "cpuid\n"
		     "nop\n"
		     "pushfq\n"
		     "andq $~0x100, (%%rsp)\n"
		     "popfq\n"
		     "2: nop\n"
		     : [start] "=m" (traps.start), [end] "=m" (traps.end), "+a" (a), "=b" (b), "+c" (c), "=d" (d)
		     : : "cc", "memory");
	traps.start = traps.end = 0;
	seq_printf(m, "step over cpuid: %u #DB at", traps.nr_steps);
	for (i = 0; i < min_t(unsigned int, traps.nr_steps, MAX_STEPS); i++)
		seq_printf(m, " +%#lx", traps.step[i]);
	seq_puts(m, "\n");
}

static void breakpoint(struct seq_file *m)
{
	traps.nr_int3 = 0;
	asm volatile("lea 1f(%%rip), %%rax\n"
		     "mov %%rax, %[start]\n"
		     "lea 2f(%%rip), %%rax\n"
		     "mov %%rax, %[end]\n"
		     "1: int3\n"
		     "2: nop\n"
		     : [start] "=m" (traps.start), [end] "=m" (traps.end) : : "rax", "memory");
	traps.start = traps.end = 0;
	seq_printf(m, "insn int3 #BP %u\n", traps.nr_int3);
}

static int record(void *arg)
{
	struct seq_file *m = arg;
	unsigned long flags;

	registers(m);
	msrs_read(m);
	invd(m);
	/* XSAVES touches the registers of whoever ran here. */
	kernel_fpu_begin();
	local_irq_save(flags);
	msrs_bad_values(m);
	msrs_write_back(m);
	plain_instructions(m);
	vmcalls(m);
	cr4_bad(m);
	results(m);
	state_components(m);
	debug_registers(m);
	single_step(m);
	breakpoint(m);
	local_irq_restore(flags);
	kernel_fpu_end();
	/* All of the above may not have changed anything. */
	registers(m);
	return 0;
}

static DEFINE_MUTEX(record_mutex);

static int cpu_show(struct seq_file *m, void *unused)
{
	int err;

	mutex_lock(&record_mutex);
	err = smp_call_on_cpu((unsigned long)m->private, record, m, false);
	mutex_unlock(&record_mutex);
	return err;
}

static int cpu_open(struct inode *inode, struct file *file)
{
	return single_open_size(file, cpu_show, inode->i_private, 65536);
}

static const struct file_operations cpu_fops = {
	.owner = THIS_MODULE,
	.open = cpu_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

static struct dentry *dir;

static int __init up_probe_init(void)
{
	unsigned long cpu;
	char name[16];

	register_die_notifier(&die_block);
	dir = debugfs_create_dir("up_probe", NULL);
	for_each_present_cpu(cpu) {
		snprintf(name, sizeof(name), "cpu%lu", cpu);
		debugfs_create_file(name, 0400, dir, (void *)cpu, &cpu_fops);
	}
	return 0;
}

static void __exit up_probe_exit(void)
{
	debugfs_remove(dir);
	unregister_die_notifier(&die_block);
}

module_init(up_probe_init);
module_exit(up_probe_exit);
MODULE_DESCRIPTION("Underpin selftest: what ring 0 sees");
MODULE_LICENSE("GPL");
