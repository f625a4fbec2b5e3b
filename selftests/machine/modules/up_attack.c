// SPDX-License-Identifier: GPL-2.0
/*
 * The hostile ring 0, on request: write a command to /dev/up_attack, read the
 * answer there (one line "word value..." or several), or mmap() any frame of
 * the machine (offset = physical address). Knows nothing of the core but
 * include/hypercall.h. Commands are in the table at the end.
 */
#include <linux/cpu.h>
#include <linux/fs.h>
#include <linux/highmem.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>
#include <asm/cacheflush.h>
#include <asm/tlbflush.h>
#include <asm/trapnr.h>

#include "core.h"
#include "try.h"

#define MAX_ANSWER 16384

static DEFINE_MUTEX(mutex);
static char *answer;
static size_t answered;

static void say(const char *fmt, ...) __printf(1, 2);
static void say(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	answered += vscnprintf(answer + answered, MAX_ANSWER - answered, fmt, args);
	va_end(args);
}

static void say_call(const char *what, struct call_result r)
{
	if (r.fault != NO_FAULT)
		say("%s fault %d\n", what, r.fault);
	else
		say("%s %lld\n", what, r.rax);
}

/* ---- frames, by the direct map ---- */

static u64 end_of_ram(void)
{
	u64 end = 0;
	int node;

	for_each_online_node(node)
		end = max_t(u64, end, node_end_pfn(node));
	return end;
}

static u64 *frame(u64 pfn)
{
	return pfn_valid(pfn) ? pfn_to_kaddr(pfn) : NULL;
}

static void do_read(const u64 *a)
{
	u64 *p = frame(a[0]), value, sum = 0;
	unsigned int i;

	for (i = 0; p && i < 512; i++) {
		if (copy_from_kernel_nofault(&value, p + i, 8)) {
			say("fault\n");
			return;
		}
		sum |= value;
	}
	say(!p ? "none\n" : sum ? "data %#llx\n" : "zero\n", sum);
}

static void do_write(const u64 *a)
{
	u64 *p = frame(a[0]), n = 4096, rax = a[1];
	int fault;

	if (!p) {
		say("none\n");
		return;
	}
	asm volatile(TRY("rep stosb") : [fault] "=&r" (fault), "+a" (rax), "+D" (p), "+c" (n) : : "memory");
	if (fault == NO_FAULT)
		say("written\n");
	else
		say("fault %d\n", fault);
}

/* Locked and wide accesses: each must end, wherever it lands. */
static void do_rmw(const u64 *a)
{
	u64 *p = frame(a[0]), rax = 0;
	int fault;

	if (!p) {
		say("none\n");
		return;
	}
	asm volatile(TRY("lock incq (%[p])") : [fault] "=&r" (fault), "+a" (rax) : [p] "r" (p) : "memory");
	say("inc %d", fault);
	asm volatile(TRY("lock cmpxchg16b (%[p])") : [fault] "=&r" (fault), "+a" (rax)
		     : [p] "r" (p), "b" (1ul), "c" (2ul), "d" (0ul) : "memory", "cc");
	say(" cmpxchg16b %d", fault);
	asm volatile(TRY("xchgq %%rax, 4088(%[p])") : [fault] "=&r" (fault), "+a" (rax) : [p] "r" (p) : "memory");
	say(" xchg %d\n", fault);
}

/* All of Linux's RAM for 16 bytes, given as their complement, so that they are not here. */
static void do_scan(const u64 *a)
{
	u64 want0 = ~a[0], want1 = ~a[1], end = end_of_ram(), pfn, found = 0, first = 0, faults = 0, frames = 0;
	u64 *buffer = (u64 *)__get_free_page(GFP_KERNEL);
	unsigned int i;

	for (pfn = 0; buffer && pfn < end; pfn++) {
		if (!pfn_valid(pfn) || frame(pfn) == buffer)
			continue;
		if (!(pfn & 1023))
			cond_resched();
		if (copy_from_kernel_nofault(buffer, frame(pfn), 4096)) {
			faults++;
			continue;
		}
		frames++;
		for (i = 0; i < 511; i++)
			if (buffer[i] == want0 && buffer[i + 1] == want1) {
				if (!found++)
					first = pfn;
			}
	}
	/* The copy of the last hit may not stay either. */
	if (buffer)
		memset(buffer, 0, 4096);
	free_page((unsigned long)buffer);
	say("found %llu first %#llx frames %llu faults %llu\n", found, first, frames, faults);
}

/* ---- the core, through its own door ---- */

static void do_hc(const u64 *a)
{
	struct call_result r = try_vmcall(a[0], a[1], a[2], a[3], a[4]);

	if (r.fault != NO_FAULT)
		say("fault %d\n", r.fault);
	else
		say("%lld\n", r.rax);
}

static void do_core(const u64 *a)
{
	struct call_result r = try_vmcall(HC_DEBUG, DEBUG_CORE_FRAME, a[0], 0, 0);

	say(r.fault == NO_FAULT ? "%lld\n" : "fault\n", r.rax);
}

static void do_owner(const u64 *a)
{
	struct call_result r = try_vmcall(HC_DEBUG, DEBUG_OWNER, a[0], 0, 0);

	say(r.fault == NO_FAULT ? "%lld\n" : "fault\n", r.rax);
}

/* Only so many pages stay in the core's pool. */
static void do_drain(const u64 *a)
{
	struct call_result r;

	do
		r = try_vmcall(HC_DEBUG, DEBUG_DRAIN_POOL, a[0], 0, 0);
	while (r.rax == -EAGAIN);
	say_call("drain", r);
}

/* A page for the core's tables that is none to give, one by one; then none waits to be used. */
static void do_donate(const u64 *a)
{
	u64 *list = (u64 *)__get_free_page(GFP_KERNEL | __GFP_ZERO), given[] = {
		a[0], 0xfee00, 0xa0, end_of_ram() + 1, 1ull << 52, ~0ull,
	};
	unsigned int i;

	for (i = 0; list && i < ARRAY_SIZE(given); i++) {
		list[0] = given[i];
		say("%lld ", try_vmcall(HC_DONATE, __pa(list), 1, 0, 0).rax);
	}
	say("list %lld ", try_vmcall(HC_DONATE, a[0] << PAGE_SHIFT | 4094, 8, 0, 0).rax);
	say("rest %lld\n", try_vmcall(HC_DONATE, 0, 0, 0, 0).rax);
	free_page((unsigned long)list);
}

static u64 random_state = 88172645463325252ull;

static u64 random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state;
}

/*
 * An argument as an attacker would choose it. None names a frame of Linux's but
 * `ours`, because the core may write what it is asked to write.
 */
static u64 hostile_argument(u64 ours, u64 hidden)
{
	u64 r = random64();

	switch (r % 13) {
	case 0: return ours;
	case 1: return ours + (r >> 52);
	case 2: return ours + 4090;
	case 3: return hidden << PAGE_SHIFT;
	case 4: return 0xfee00000;
	case 5: return 0xa0000;
	case 6: return (r | 1ull << 45) & ~0xfffull;
	case 7: return ~0ull - (r >> 56);
	case 8: return r | 1ull << 52;
	case 9: return r >> 60;
	case 10: return r >> 55;
	case 11: return 1ull << (r >> 58) | 1ull << 41;
	default: return 0;
	}
}

/* Not to be called at random: they end the test by doing what they say. */
static bool is_excluded(u64 number, u64 rdi)
{
	switch ((u32)number) {
	case HC_LEAVE:
	case HC_PARK:
		return true;
	case HC_LEAVE_PREPARE:
		return rdi <= LEAVE_FORCE;
	case HC_DONATE:		/* what it names is gone, and Linux with it */
		return true;
	case HC_DEBUG:
		return rdi <= DEBUG_SHOW_FRAME || rdi == DEBUG_DRAIN_POOL;
	}
	return false;
}

static void do_fuzz(const u64 *a)
{
	u64 ours = __get_free_page(GFP_KERNEL | __GFP_ZERO), hidden = a[2], i, j;
	u64 answered_ok = 0, refused = 0, faults = 0, odd = 0;
	struct call_result r;

	random_state = a[1] * 2654435761u + 88172645463325252ull;
	for (i = 0; ours && i < a[0]; i++) {
		u64 number, arg[4];

		if (!(i & 255))
			for (j = 0; j < 512; j++)
				((u64 *)ours)[j] = random64() >> (random64() & 63);
		number = random64() & 3 ? UNDERPIN_HC(random64() % 0x3c) : UNDERPIN_HC(random64() & 0xfff);
		if (!(random64() & 15))
			number = random64();
		for (j = 0; j < 4; j++)
			arg[j] = hostile_argument(__pa(ours), hidden);
		if (is_excluded(number, arg[0]))
			continue;
		r = try_vmcall(number, arg[0], arg[1], arg[2], arg[3]);
		if (r.fault == X86_TRAP_UD || r.fault == X86_TRAP_GP)
			faults++;
		else if (r.fault != NO_FAULT || r.rax < -4095)
			odd++;
		else if (r.rax < 0)
			refused++;
		else
			answered_ok++;
		if (!(i & 1023))
			cond_resched();
	}
	/* Whatever came to be of it goes: PALs that nobody owns would keep the core. */
	for (i = 1; i <= 256; i++) {
		try_vmcall(HC_PAL_DESTROY, i, 0, 0, 0);
		for (j = 0; j < 100000; j++)
			if (try_vmcall(HC_PAL_STEP, i, 0, 0, 0).rax != -EAGAIN)
				break;
		for (j = 0; j < 100; j++)
			if (try_vmcall(HC_PAL_RECLAIM, i, __pa(ours), 0, 0).rax <= 0)
				break;
	}
	free_page(ours);
	say("calls answered %llu refused %llu faults %llu odd %llu\n", answered_ok, refused, faults, odd);
	say_call("null", try_vmcall(HC_NULL, 0, 0, 0, 0));
}

/* Every call that takes a buffer, with every address that is none. */
static void do_buffers(const u64 *a)
{
	static const u32 numbers[] = { HC_STATUS, HC_LOG, HC_STATS, HC_PAL_CREATE };
	u64 hidden = a[0] << PAGE_SHIFT, top = 1ull << boot_cpu_data.x86_phys_bits;
	u64 page = __get_free_page(GFP_KERNEL), bad[] = {
		hidden + 8, 0xfee00000, 0xa0000, top - 4096, top, 1ull << 63, ~0ull,
		__pa(page) + 1, __pa(page) + 4088, end_of_ram() << PAGE_SHIFT, page,
	};
	unsigned int i, j, taken = 0, changed = 0;
	struct call_result r;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		for (j = 0; j < ARRAY_SIZE(bad); j++) {
			memset((void *)page, 0x5a, 4096);
			if (numbers[i] == HC_LOG)
				r = try_vmcall(HC_LOG, 0, bad[j], 0, 0);
			else if (numbers[i] == HC_STATS)
				r = try_vmcall(HC_STATS, 0, bad[j], 0, 0);
			else
				r = try_vmcall(numbers[i], bad[j], 0, 0, 0);
			if (r.fault != NO_FAULT || r.rax >= 0) {
				say("taken %#x address %#llx answer %lld fault %d\n", numbers[i], bad[j], r.rax, r.fault);
				taken++;
			}
			if (memchr_inv((void *)page, 0x5a, 4096))
				changed++;
		}
	free_page(page);
	/* A hidden frame is what Linux sees in its place: the answer goes nowhere. */
	r = try_vmcall(HC_STATUS, hidden, 0, 0, 0);
	say("hidden fault %d\n", r.fault);
	say("taken %u changed %u\n", taken, changed);
}

/* HC_LEAVE while nobody leaves: -EBUSY, and the CPU stays where it is. */
static void do_leave(const u64 *a)
{
	unsigned long flags;
	struct call_result r;

	local_irq_save(flags);
	r = try_vmcall(HC_LEAVE, 0, 0, 0, 0);
	local_irq_restore(flags);
	say_call("leave", r);
	say_call("prepare-2", try_vmcall(HC_LEAVE_PREPARE, 2, 0, 0, 0));
	say_call("park-self", try_vmcall(HC_PARK, 0, 0, 0, 0));
	say_call("park-256", try_vmcall(HC_PARK, 256, 0, 0, 0));
	say_call("null", try_vmcall(HC_NULL, 0, 0, 0, 0));
}

/* Call with RSP in a hidden frame: the core may not touch the guest's stack. */
static void do_stack(const u64 *a)
{
	unsigned long flags, rax = HC_NULL, top;

	if (!frame(a[0])) {
		say("none\n");
		return;
	}
	top = (unsigned long)frame(a[0]) + 4096;
	local_irq_save(flags);
	asm volatile("mov %%rsp, %%rbx\n"
		     "mov %[top], %%rsp\n"
		     "vmcall\n"
		     "push %%rax\n"
		     "pop %%rcx\n"
		     "mov %%rbx, %%rsp\n"
		     : "+a" (rax) : [top] "r" (top) : "rbx", "rcx", "memory", "cc");
	local_irq_restore(flags);
	say("%ld\n", rax);
}
STACK_FRAME_NON_STANDARD(do_stack);

/* ---- registers that root mode might inherit ---- */

/* Moves the APIC over a core frame and elsewhere: #GP each, and the base stays. */
static void do_apic(const u64 *a)
{
	u64 base, after, i, targets[] = {
		a[0] << PAGE_SHIFT, 0x10000000, 0xfed00000, 0xfee01000, 0xfffffffff000ull & GENMASK_ULL(boot_cpu_data.x86_phys_bits - 1, 12),
	};
	unsigned long flags;
	int fault;

	try_rdmsr(MSR_IA32_APICBASE, &base);
	for (i = 0; i < ARRAY_SIZE(targets); i++) {
		local_irq_save(flags);
		fault = try_wrmsr(MSR_IA32_APICBASE, targets[i] | (base & 0xfff));
		try_rdmsr(MSR_IA32_APICBASE, &after);
		/* Where it was taken: what the core now reads through it, then back. */
		if (fault == NO_FAULT) {
			cpuid_eax(0);
			try_wrmsr(MSR_IA32_APICBASE, base);
		}
		local_irq_restore(flags);
		say("apic %#llx fault %d %s\n", targets[i], fault, after == base ? "stays" : "MOVED");
	}
	say("same fault %d\n", try_wrmsr(MSR_IA32_APICBASE, base));
}

/* All memory uncached, then NX off, with exits meanwhile. */
static void do_modes(const u64 *a)
{
	u64 pat, efer, back;
	unsigned long flags;
	u32 eax, ebx, ecx, edx;
	int fault;

	local_irq_save(flags);
	try_rdmsr(MSR_IA32_CR_PAT, &pat);
	fault = try_wrmsr(MSR_IA32_CR_PAT, 0);
	cpuid_count(1, 0, &eax, &ebx, &ecx, &edx);
	try_vmcall(HC_NULL, 0, 0, 0, 0);
	try_vmcall(HC_STATUS, ~0ull, 0, 0, 0);
	try_rdmsr(MSR_IA32_CR_PAT, &back);
	try_wrmsr(MSR_IA32_CR_PAT, pat);
	local_irq_restore(flags);
	say("pat fault %d %s\n", fault, back == 0 ? "kept" : "lost");

	local_irq_save(flags);
	try_rdmsr(MSR_EFER, &efer);
	/* No data access while NX is off: Linux's data has that bit set. */
	eax = (u32)efer & ~(u32)EFER_NX;
	edx = efer >> 32;
	ecx = MSR_EFER;
	asm volatile("wrmsr\n"
		     "mov %%rdx, %%rsi\n"
		     "xor %%eax, %%eax\n"
		     "xor %%ecx, %%ecx\n"
		     "cpuid\n"
		     "mov %[msr], %%ecx\n"
		     "rdmsr\n"
		     "mov %%rax, %%rdi\n"
		     "mov %[efer], %%rax\n"
		     "mov %%rsi, %%rdx\n"
		     "wrmsr\n"
		     : "+a" (eax), "+c" (ecx), "+d" (edx), "=&D" (back)
		     : [efer] "r" (efer), [msr] "i" (MSR_EFER)
		     : "rbx", "rsi", "memory", "cc");
	local_irq_restore(flags);
	say("nxe %s\n", back & EFER_NX ? "lost" : "kept");
}

static void set_vmxe(void *info)
{
	unsigned long cr4, on = (unsigned long)info;

	asm volatile("mov %%cr4, %0" : "=r" (cr4));
	cr4 = on ? cr4 | X86_CR4_VMXE : cr4 & ~X86_CR4_VMXE;
	asm volatile("mov %0, %%cr4" : : "r" (cr4) : "memory");
}

static void do_vmxe(const u64 *a)
{
	smp_call_function_single(a[0], set_vmxe, (void *)a[1], 1);
	say("vmxe %llu on CPU %llu\n", a[1], a[0]);
}

/* MSRs by which the CPU would write where it is told, and VMX's own. */
static void do_msrs(const u64 *a)
{
	static const struct {
		u32 msr;
		u64 value;
	} writes[] = {
		{ 0x600, 0x1000 }, { 0x3f1, 1 }, { 0x560, 0x1000 }, { 0x561, 0x7f }, { 0x570, 0x2001 },
		{ 0x3a, 0 }, { 0x3a, 7 }, { 0x79, 0xffff888000000000 }, { 0x480, 1 }, { 0x482, ~0ull },
		{ 0x48b, ~0ull }, { 0x491, 1 }, { 0x493, 1 },
		/* paravirtual, with the address of a core frame filled in */
		{ 0x4b564d01, 1 }, { 0x12, 1 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(writes); i++) {
		u64 value = writes[i].value;

		if (writes[i].msr == 0x4b564d01 || writes[i].msr == 0x12)
			value |= a[0] << PAGE_SHIFT;
		say("wrmsr %#x fault %d\n", writes[i].msr, try_wrmsr(writes[i].msr, value));
	}
	say_call("null", try_vmcall(HC_NULL, 0, 0, 0, 0));
}

/* A loop of exits on this CPU, while others do something else to it. */
static void do_exits(const u64 *a)
{
	u64 i;

	for (i = 0; i < a[0]; i++) {
		cpuid_eax(0);
		if (!(i & 4095))
			cond_resched();
	}
	say("exits %llu\n", a[0]);
}

static const struct command {
	const char *name;
	void (*run)(const u64 *argument);
} commands[] = {
	{ "read", do_read },		/* PFN: zero, or data */
	{ "write", do_write },		/* PFN BYTE: fills it */
	{ "rmw", do_rmw },		/* PFN: locked accesses */
	{ "scan", do_scan },		/* ~FIRST ~SECOND: all RAM for two words */
	{ "hc", do_hc },		/* NUMBER RDI RSI RDX R10 */
	{ "core", do_core },		/* INDEX: pfn of a frame of the core */
	{ "owner", do_owner },		/* PFN */
	{ "drain", do_drain },		/* LEFT */
	{ "donate", do_donate },	/* CORE-PFN */
	{ "fuzz", do_fuzz },		/* CALLS SEED HIDDEN-PFN */
	{ "buffers", do_buffers },	/* HIDDEN-PFN */
	{ "leave", do_leave },
	{ "stack", do_stack },		/* HIDDEN-PFN */
	{ "apic", do_apic },		/* CORE-PFN */
	{ "modes", do_modes },
	{ "vmxe", do_vmxe },		/* CPU 0|1 */
	{ "msrs", do_msrs },		/* CORE-PFN */
	{ "exits", do_exits },		/* COUNT */
};

/* ---- the device ---- */

static ssize_t attack_write(struct file *file, const char __user *from, size_t size, loff_t *pos)
{
	char text[160], *at = text, *word;
	u64 argument[5] = { 0 };
	unsigned int i, n = 0;
	ssize_t ret = -EINVAL;

	if (size >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, from, size))
		return -EFAULT;
	text[size] = '\0';
	at = strim(text);
	word = strsep(&at, " ");
	while (at && n < ARRAY_SIZE(argument))
		if (kstrtoull(strsep(&at, " "), 0, &argument[n++]))
			return -EINVAL;
	mutex_lock(&mutex);
	answered = 0;
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (!strcmp(word, commands[i].name)) {
			commands[i].run(argument);
			ret = size;
		}
	mutex_unlock(&mutex);
	return ret;
}

static ssize_t attack_read(struct file *file, char __user *to, size_t size, loff_t *pos)
{
	ssize_t ret;

	mutex_lock(&mutex);
	ret = simple_read_from_buffer(to, size, pos, answer, answered);
	mutex_unlock(&mutex);
	return ret;
}

static int attack_mmap(struct file *file, struct vm_area_struct *vma)
{
	return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, vma->vm_end - vma->vm_start,
			       vma->vm_page_prot);
}

static const struct file_operations attack_fops = {
	.owner = THIS_MODULE,
	.write = attack_write,
	.read = attack_read,
	.mmap = attack_mmap,
	.llseek = default_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "up_attack",
	.fops = &attack_fops,
	.mode = 0600,
};

static int __init up_attack_init(void)
{
	int err;

	answer = kzalloc(MAX_ANSWER, GFP_KERNEL);
	if (!answer)
		return -ENOMEM;
	err = misc_register(&device);
	if (err)
		kfree(answer);
	return err;
}

static void __exit up_attack_exit(void)
{
	misc_deregister(&device);
	kfree(answer);
}

module_init(up_attack_init);
module_exit(up_attack_exit);
MODULE_DESCRIPTION("Underpin selftest: the hostile ring 0");
MODULE_LICENSE("GPL");
