// SPDX-License-Identifier: GPL-2.0
/*
 * A PAL registered and taken apart from ring 0, as module/pal.c does it, with
 * the time of each phase apart: what user space sees as two system calls.
 * echo PAGES > /sys/module/up_bench/parameters/pal; cat it for the answer, lines
 * "name ticks". echo 1 > .../reset sets the core's statistics back (debug=1).
 */
#include <linux/gfp.h>
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/asm.h>
#include <asm/msr.h>

/* Linux has a struct core_state of its own. */
#define core_state underpin_core_state
#include "hypercall.h"
#undef core_state

#define USER_ADDRESS 0x10000000ull
#define PFNS_PER_CALL 512
#define MAX_PAGES 1024
#define MAX_DONATED 256
#define NR_STATES 16

/* enum pal_state of pal/pal.h, as struct pal_info shows it. */
static const char *const state_names[NR_STATES] = {
	[1] = "donating", [2] = "preparing", [3] = "collecting", [4] = "isolating", [5] = "building",
	[6] = "measuring", [8] = "wiping", [9] = "returning", [10] = "gone", [11] = "flushing",
};

static struct {
	u64 state[NR_STATES], create, donate, add_frames, destroy, reclaim, longest;
} t;
static char answer[1024];
static u64 *buffer;

static s64 call(u32 nr, u64 a, u64 b, u64 c, u64 *rdx, u64 *sum)
{
	register u64 r10 asm("r10") = 0;
	unsigned long flags;
	u64 rax = nr, start, took;

	local_irq_save(flags);
	start = rdtsc_ordered();
	asm volatile("1:	vmcall\n2:\n" _ASM_EXTABLE(1b, 2b)
		     : "+a" (rax), "+d" (c), "+r" (r10) : "D" (a), "S" (b) : "cc", "memory");
	took = rdtsc_ordered() - start;
	local_irq_restore(flags);
	if (sum) {
		*sum += took;
		t.longest = max(t.longest, took);
	}
	if (rdx)
		*rdx = c;
	return rax == nr ? -ENXIO : (s64)rax;
}

static u32 state_of(s64 id)
{
	const struct pal_info *info = (void *)buffer;

	if (call(HC_PAL_INFO, id, __pa(buffer), 0, NULL, NULL) < 0)
		return 0;
	return info->state % NR_STATES;
}

static s64 step(s64 id)
{
	s64 ret;

	do {
		u32 state = state_of(id);

		ret = call(HC_PAL_STEP, id, 0, 0, NULL, &t.state[state]);
		cond_resched();
	} while (ret == -EAGAIN || ret == -EINPROGRESS);
	return ret;
}

static s64 give(u32 nr, s64 id, struct page **pages, u32 count, u64 *sum)
{
	u32 done = 0, n, i;
	s64 ret;

	while (done < count) {
		n = min_t(u32, count - done, PFNS_PER_CALL);
		for (i = 0; i < n; i++)
			buffer[i] = page_to_pfn(pages[done + i]);
		ret = call(nr, id, __pa(buffer), n, NULL, sum);
		if (ret < 0 && ret != -EAGAIN)
			return ret;
		if (ret > 0)
			done += ret;
		cond_resched();
	}
	return 0;
}

static void describe(u32 nr)
{
	struct pal_desc *d = (void *)buffer;

	memset(buffer, 0, PAGE_SIZE);
	d->size = sizeof(*d);
	d->owner_cr3 = d->owner_cr3_user = __pa(current->active_mm->pgd);
	d->stub = USER_ADDRESS + ((u64)nr << PAGE_SHIFT);
	d->nr_sections = 4;
	d->nr_entries = 1;
	strscpy(d->name, "up_bench", sizeof(d->name));
	d->section[0] = (struct pal_section_desc){ PAL_SECTION_CODE, 1, USER_ADDRESS };
	d->section[1] = (struct pal_section_desc){ PAL_SECTION_STACK, 1, USER_ADDRESS + 0x1000 };
	d->section[2] = (struct pal_section_desc){ PAL_SECTION_PARAM, 1, USER_ADDRESS + 0x2000 };
	d->section[3] = (struct pal_section_desc){ PAL_SECTION_DATA, nr - 3, USER_ADDRESS + 0x3000 };
	d->entry[0].addr = USER_ADDRESS;
}

static s64 live_and_die(struct page **pages, u32 nr, struct page **donated, u32 *nr_donated)
{
	s64 id, ret, back;
	u64 wanted;

	describe(nr);
	id = call(HC_PAL_CREATE, __pa(buffer), 0, 0, &wanted, &t.create);
	if (id < 0)
		return id;
	ret = wanted > MAX_DONATED ? -ENOMEM : 0;
	for (*nr_donated = 0; !ret && *nr_donated < wanted; (*nr_donated)++) {
		donated[*nr_donated] = alloc_page(GFP_KERNEL | __GFP_ZERO);
		if (!donated[*nr_donated])
			ret = -ENOMEM;
	}
	if (!ret)
		ret = give(HC_PAL_DONATE, id, donated, wanted, &t.donate);
	if (!ret)
		ret = step(id);
	if (!ret)
		ret = give(HC_PAL_ADD_FRAMES, id, pages, nr, &t.add_frames);
	if (!ret)
		ret = step(id);
	call(HC_PAL_DESTROY, id, 0, 0, NULL, &t.destroy);
	back = step(id);
	while (!back) {
		s64 n = call(HC_PAL_RECLAIM, id, __pa(buffer), 0, NULL, &t.reclaim);

		if (n <= 0 && n != -EAGAIN && n != -EINPROGRESS)
			back = n ? n : 1;
	}
	return back < 0 ? back : ret;
}

static void tell(s64 ret, u32 nr, u32 nr_donated)
{
	size_t n = 0;
	u32 i;

	if (ret) {
		scnprintf(answer, sizeof(answer), "error %lld\n", ret);
		return;
	}
#define SAY(name, ticks) \
	(n += scnprintf(answer + n, sizeof(answer) - n, "phase_%s_%u %llu\n", name, nr, (u64)(ticks)))
	SAY("create", t.create);
	SAY("donate", t.donate);
	SAY("add_frames", t.add_frames);
	SAY("destroy", t.destroy);
	SAY("reclaim", t.reclaim);
	for (i = 0; i < NR_STATES; i++)
		if (state_names[i])
			SAY(state_names[i], t.state[i]);
	SAY("longest", t.longest);
	SAY("donated_pages", nr_donated);
}

/* Pages that cannot be given back to Linux safely stay lost: this is a test's machine. */
static s64 run(u32 nr)
{
	struct page **pages = kvcalloc(nr + MAX_DONATED, sizeof(*pages), GFP_KERNEL);
	u32 i, nr_donated = 0;
	s64 ret = -ENOMEM;

	if (!pages)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		if (!pages[i])
			return -ENOMEM;
		memset(page_address(pages[i]), 0x5a, PAGE_SIZE);
	}
	memset(&t, 0, sizeof(t));
	ret = live_and_die(pages, nr, pages + nr, &nr_donated);
	if (!ret)
		for (i = 0; i < nr + nr_donated; i++)
			__free_page(pages[i]);
	tell(ret, nr, nr_donated);
	kvfree(pages);
	return ret;
}

static int pal_set(const char *text, const struct kernel_param *kp)
{
	u32 nr;
	int err = kstrtou32(text, 0, &nr);

	if (err || nr < 4 || nr > MAX_PAGES)
		return err ? err : -EINVAL;
	return run(nr) ? -EIO : 0;
}

static int pal_get(char *to, const struct kernel_param *kp)
{
	return scnprintf(to, PAGE_SIZE, "%s", answer);
}

static int reset_set(const char *text, const struct kernel_param *kp)
{
	return call(HC_DEBUG, DEBUG_RESET_STATS, 0, 0, NULL, NULL) ? -EPERM : 0;
}

static const struct kernel_param_ops pal_ops = { .set = pal_set, .get = pal_get };
static const struct kernel_param_ops reset_ops = { .set = reset_set };
module_param_cb(pal, &pal_ops, NULL, 0600);
module_param_cb(reset, &reset_ops, NULL, 0200);

static int __init up_bench_init(void)
{
	buffer = (u64 *)get_zeroed_page(GFP_KERNEL);
	return buffer ? 0 : -ENOMEM;
}

static void __exit up_bench_exit(void)
{
	free_page((unsigned long)buffer);
}

module_init(up_bench_init);
module_exit(up_bench_exit);
MODULE_DESCRIPTION("Underpin benchmark: the phases of a PAL's life");
MODULE_LICENSE("GPL");
