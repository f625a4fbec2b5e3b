// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * Lending (docs/abi.md): pages of Linux's that a PAL sees in its window for one call.
 * They come back at every way of leaving, not before every CPU has flushed, and as the
 * PAL left them; nothing but Linux's own frames can be lent, and to one PAL at a time.
 */
#include "test_pal_machine.h"

#define THREAD 0x7f0000001000ull
#define RSP (STACK_TOP - 0x808)
#define WINDOW (PAL_BASE + 0x300000)
#define WINDOW_PAGES 40
#define LENT 0x1400ull		/* frames of the owner's buffer */

static struct test_pal p, q;

static void with_window(struct test_pal *t, u64 base)
{
	describe(t, base);
	t->desc.section[t->desc.nr_sections++] =
		(struct pal_section_desc){ PAL_SECTION_WINDOW, WINDOW_PAGES, base + 0x300000 };
}

static void new_pal(void)
{
	if (p.id > 0)
		pal_unregister(&p);
	with_window(&p, PAL_BASE);
	check(pal_register(&p, 0x1000, 0x1800) == 0);
}

/* Frames first to first + nr - 1, in one list. */
static s64 lend(s64 id, u64 first, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		pal_list()[i] = first + i;
	return pal_hc_lend(id, LIST_GPA, nr);
}

static s64 take_back_all(s64 id)
{
	s64 ret;
	u32 n;

	for (n = 0; n < 100; n++) {
		ret = pal_hc_take_back(id);
		if (!again(ret))
			return ret;
		fake_all_cpus_visit();
	}
	return -EAGAIN;
}

/* What the PAL reaches at page i of its window: the frame, or 0. */
static u64 window_frame(u32 i)
{
	u64 flags, pfn = virt_to_phys(pal_at(&p, WINDOW + i * 4096ull, &flags)).v >> 12;

	if (!(flags & 0x700))
		return 0;
	check(flags == (BIT(63) | 3 << 8 | 7), "read and write, no more: %llx", flags);
	return pfn;
}

static u32 window_pages(void)
{
	u32 i, n = 0;

	for (i = 0; i < WINDOW_PAGES; i++)
		n += window_frame(i) != 0;
	return n;
}

static bool all_are(enum frame_owner owner, u64 first, u32 nr, s64 id)
{
	u32 i, of;

	for (i = 0; i < nr; i++)
		if (frame_owner(first + i, &of) != owner || of != id)
			return false;
	return true;
}

static bool linux_sees(u64 pfn)
{
	int level;
	u64 *entry = frame_entry(pfn, &level);

	return (*entry & EPT_RWX) == EPT_RWX && (level > 1 || (*entry & EPT_ADDRESS) >> 12 == pfn);
}

static struct cpu *owner_calls(u32 slot, u64 thread)
{
	struct cpu *cpu = run_owner(slot, PAL_ENTRY, RSP, thread);

	memset(&cpu->regs, 0, sizeof(cpu->regs));
	*(u64 *)((u8 *)frame(STACK_PFN) + (RSP & 4095)) = 0x400123;
	return cpu;
}

static bool fetch(struct cpu *cpu)
{
	return fetches(&p, cpu);
}

static struct cpu *enter(u32 slot)
{
	struct cpu *cpu = owner_calls(slot, THREAD);

	check(fetch(cpu) && cpu->mode == MODE_PAL);
	return cpu;
}

static u64 interrupt(struct cpu *cpu)
{
	pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
	check(cpu->mode == MODE_LINUX && cpu->regs.rax == STUB_RESUME);
	return cpu->regs.rdi;
}

static void test_one_call(void)
{
	struct cpu *cpu;
	u64 token;
	u32 i;

	new_pal();
	ok(!window_pages() && pal_hc_take_back(p.id) == 0, "a window begins empty, and there is nothing to take back");
	ok(lend(p.id, LENT, 32) == 32 && lend(p.id, LENT + 32, 3) == 3, "pages are lent, in as many lists as it takes");
	for (i = 0; i < 35; i++)
		check(window_frame(i) == LENT + i && linux_sees(LENT + i));
	ok(window_pages() == 35 && all_are(FRAME_LENT, LENT, 35, p.id),
	   "the PAL reads and writes them, one after the other, and Linux sees them as before");
	ok(lend(p.id, LENT + 35, 6) == -EINVAL && lend(p.id, LENT + 35, 0) == -EINVAL &&
	   lend(p.id, LENT + 35, ~0u & 0xff) == -EINVAL && window_pages() == 35, "more than the window has room for: EINVAL");
	ok(pal_hc_lend(p.id, FAKE_RAM_END + 8, 1) == -EFAULT, "a list that cannot be read: EFAULT");

	cpu = enter(1);
	memset(pal_at(&p, WINDOW + 5 * 4096, NULL), 0xda, 4096);
	fake_cpu = 0;
	ok(lend(p.id, LENT + 35, 1) == -EBUSY && pal_hc_take_back(p.id) == -EBUSY,
	   "while the PAL runs nothing is lent or taken back: EBUSY");
	fake_cpu = 1;
	token = interrupt(cpu);
	ok(lend(p.id, LENT + 35, 1) == -EBUSY && pal_hc_take_back(p.id) == -EBUSY && window_pages() == 35,
	   "nor while it is interrupted");
	check(resume(cpu, token) == 0 && cpu->mode == MODE_PAL);
	ok(window_pages() == 35, "an interrupted call goes on with them");
	exit_return(cpu, 0);
	fake_cpu = 0;
	ok(!window_pages(), "when the call returns, the PAL has none of them");
	ok(all_are(FRAME_LENT, LENT, 35, p.id) && pal_hc_take_back(p.id) == -EINPROGRESS &&
	   lend(p.id, LENT + 60, 1) == -EBUSY,
	   "but they stay tagged until every CPU has flushed, and nothing else is lent before");
	fake_cpu_visits_core(0);
	ok(pal_hc_take_back(p.id) == -EINPROGRESS && all_are(FRAME_LENT, LENT, 35, p.id), "one of two CPUs is not enough");
	fake_all_cpus_visit();
	ok(pal_hc_take_back(p.id) == -EAGAIN && all_are(FRAME_LENT, LENT, 29, p.id) &&
	   all_are(FRAME_LINUX, LENT + 29, 6, 0), "then they go back, a few in each stay in root");
	ok(lend(p.id, LENT + 60, 1) == -EBUSY, "and nothing is lent between");
	ok(take_back_all(p.id) == 0 && all_are(FRAME_LINUX, LENT, 35, 0), "until all are Linux's");
	ok(((u8 *)frame(LENT + 5))[77] == 0xda && !((u8 *)frame(LENT + 4))[77], "as the PAL left them");

	cpu = enter(0);
	ok(!window_pages(), "the next call has none");
	pal_exit(cpu, REASON_EPT_VIOLATION);
	ok(cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == STUB_AT && cpu->regs.rax == EFAULT,
	   "a PAL that touches its empty window: EFAULT for the owner");
	check(lend(p.id, LENT, 2) == 2);
	ok(take_back_all(p.id) == 0 && !window_pages() && all_are(FRAME_LINUX, LENT, 2, 0),
	   "what was lent can be taken back before any call");
}

enum way { RETURN, EXIT, FAULT, UNKNOWN, ABORT, JUMPED_AWAY, INTERRUPTED_AND_FAULT, RESULTS_WAIT, NR_WAYS };
static const char *const ways[] = {
	"returns", "ends with pal_exit()", "faults", "does what it may not", "is dropped after a bug of the core",
	"is left by a jump of its thread", "faults after an interrupt", "returns, with results for a page that is missing",
};

/* A PAL with an OUT parameter whose page goes away meanwhile. */
static void leave_by(struct cpu *cpu, enum way way)
{
	switch (way) {
	case RETURN:
		exit_return(cpu, 1);
		break;
	case EXIT:
		exit_vmcall(cpu, HC_SVC_EXIT, 5, 0);
		break;
	case FAULT:
		exit_exception(cpu, VECTOR_UD, 0, PAL_ENTRY);
		break;
	case UNKNOWN:
		pal_exit(cpu, REASON_RDMSR);
		break;
	case ABORT:
		pal_abort(cpu);
		break;
	case JUMPED_AWAY:
		interrupt(cpu);
		cpu = owner_calls(cpu->slot, THREAD);
		check(fetch(cpu) && cpu->mode == MODE_PAL);
		check(!window_pages(), "the call after it has what was lent for it");
		exit_return(cpu, 1);
		break;
	case INTERRUPTED_AND_FAULT:
		check(resume(cpu, interrupt(cpu)) == 0);
		exit_exception(cpu, VECTOR_GP, 0, PAL_ENTRY);
		break;
	case RESULTS_WAIT:
		mm_unmap(0x20000000);
		exit_return(cpu, 1);
		check(context_of(p.id)->state == CONTEXT_RESULTS);
		mm_map(0x20000000, 0x14f0);
		resume(cpu, cpu->regs.rdi);
		break;
	default:
		break;
	}
}

static void test_every_way(void)
{
	struct cpu *cpu;
	u32 i;

	if (p.id > 0)
		pal_unregister(&p);
	with_window(&p, PAL_BASE);
	p.desc.entry[0].nr_params = 1;
	p.desc.entry[0].param[0] = (struct pal_param_desc){ PAL_PARAM_POINTER, PAL_PARAM_OUT, 0, 0, 8 };
	check(pal_register(&p, 0x1000, 0x1800) == 0);
	for (i = 0; i < NR_WAYS; i++) {
		mm_map(0x20000000, 0x14f0);
		check(lend(p.id, LENT, 8) == 8);
		cpu = owner_calls(0, THREAD);
		cpu->regs.rdi = 0x20000000;
		check(fetch(cpu) && cpu->mode == MODE_PAL && window_pages() == 8);
		leave_by(cpu, i);
		check(cpu->mode == MODE_LINUX && context_of(p.id)->state == CONTEXT_IDLE);
		ok(!window_pages() && take_back_all(p.id) == 0 && all_are(FRAME_LINUX, LENT, 8, 0),
		   "they come back when the call %s", ways[i]);
	}
}

/* With pages lent in whatever state: the PAL ends, nothing of them is wiped or lost. */
static void end_with(const char *when, bool call, bool over, bool partly)
{
	struct cpu *cpu;
	u32 i, free_before;

	while (main_view_reclaim_step() == -EAGAIN)
		fake_all_cpus_visit();
	free_before = core_pool.nr_free;
	with_window(&p, PAL_BASE);
	check(pal_register(&p, 0x1000, 0x1800) == 0 && lend(p.id, LENT, 20) == 20);
	for (i = 0; i < 20; i++)
		memset(frame(LENT + i), 0x60 + i, 4096);
	if (call) {
		cpu = enter(0);
		interrupt(cpu);
	}
	if (over) {
		exit_return(enter(0), 0);
		if (partly) {
			fake_all_cpus_visit();
			check(pal_hc_take_back(p.id) == -EAGAIN && all_are(FRAME_LENT, LENT, 14, p.id));
		}
	}
	pal_unregister(&p);
	p.id = 0;
	for (i = 0; i < 20; i++)
		check(((u8 *)frame(LENT + i))[9] == 0x60 + i);
	while (main_view_reclaim_step() == -EAGAIN)
		fake_all_cpus_visit();
	ok(all_are(FRAME_LINUX, LENT, 20, 0) && core_pool.nr_free == free_before,
	   "a PAL that ends %s gives them back as they are", when);
}

static void test_hostile(void)
{
	static const char *const names[] = { "the core's", "another PAL's", "lent to another PAL", "lent already",
					     "the PAL's own", "the PAL's own SHARED", "a donated page" };
	u64 frames[7];
	u32 i;

	new_pal();
	with_window(&q, PAL_BASE + 0x10000000);
	check(pal_register(&q, 0x1100, 0x1900) == 0);
	check(lend(q.id, LENT + 50, 1) == 1 && lend(p.id, LENT, 1) == 1);
	frames[0] = fake_pool_extent[0].pfn;
	frames[1] = q.frame[S_DATA];
	frames[2] = LENT + 50;
	frames[3] = LENT;
	frames[4] = p.frame[S_DATA];
	frames[5] = p.frame[S_SHARED];
	frames[6] = p.donated[0];
	for (i = 0; i < 7; i++) {
		u32 of, of_after;
		enum frame_owner owner = frame_owner(frames[i], &of);

		check(owner != FRAME_LINUX);
		ok(lend(p.id, frames[i], 1) == -EBUSY && frame_owner(frames[i], &of_after) == owner && of == of_after &&
		   window_pages() == 1, "a frame that is %s cannot be lent: EBUSY", names[i]);
	}
	ok(lend(p.id, FAKE_NR_FRAMES + 5, 1) == -EFAULT && lend(p.id, 0x80000, 1) == -EFAULT && lend(p.id, ~0ull, 1) == -EFAULT,
	   "nor what is no RAM: EFAULT");
	check(frame_hold(LENT + 60) == 0);
	ok(lend(p.id, LENT + 60, 1) == -EBUSY, "nor what the core holds for something else");
	frame_drop(LENT + 60);
	pal_list()[0] = LENT + 1;
	pal_list()[1] = frames[1];
	pal_list()[2] = LENT + 2;
	ok(pal_hc_lend(p.id, LIST_GPA, 3) == 1 && window_pages() == 2 && all_are(FRAME_LINUX, LENT + 2, 1, 0),
	   "a list ends where it is bad");
	ok(frame_take(LENT, FRAME_CORE, 0) == -EBUSY && frame_take(LENT, FRAME_PAL, q.id) == -EBUSY,
	   "what is lent becomes neither the core's nor another PAL's");
	ok(pal_hc_lend(0, LIST_GPA, 1) == -ENOENT && pal_hc_lend(PAL_MAX_IDS, LIST_GPA, 1) == -ENOENT &&
	   pal_hc_take_back(1ull << 32 | p.id) == -ENOENT, "an id that does not exist: ENOENT");
	check(pal_hc_destroy(q.id) == 0);
	ok(lend(q.id, LENT + 51, 1) == -EINVAL && pal_hc_take_back(q.id) == -EINVAL, "a PAL that ends gets nothing: EINVAL");
	pal_unregister(&q);
	ok(all_are(FRAME_LINUX, LENT + 50, 1, 0), "and gives back what it had");
	check(slot_claim(slot_of(p.id)));
	ok(lend(p.id, LENT + 51, 1) == -EAGAIN && pal_hc_take_back(p.id) == -EAGAIN, "claimed for a moment: EAGAIN");
	slot_release(slot_of(p.id));
	check(take_back_all(p.id) == 0);

	pal_unregister(&p);
	describe(&p, PAL_BASE);
	check(pal_register(&p, 0x1000, 0x1800) == 0);
	ok(lend(p.id, LENT, 1) == -EINVAL, "a PAL without a window: EINVAL");
}

/* Services read and write a PAL's buffers by the core's own hand. */
static void test_services(void)
{
	struct cpu *cpu;

	new_pal();
	check(lend(p.id, LENT, 2) == 2);
	memset(frame(LENT), 0, 8192);
	cpu = enter(0);
	exit_vmcall(cpu, HC_SVC_RANDOM, WINDOW + 4090, 12);
	ok(cpu->regs.rax == 0 && ((u8 *)frame(LENT))[4095] && ((u8 *)frame(LENT + 1))[5] && !((u8 *)frame(LENT + 1))[6],
	   "a service writes into what is lent");
	exit_vmcall(cpu, HC_SVC_RANDOM, WINDOW + 8190, 4);
	ok(cpu->regs.rax == (u64)-EFAULT, "not behind it: EFAULT");
	exit_return(cpu, 0);
	memset(frame(LENT), 0, 8192);
	cpu = enter(0);
	exit_vmcall(cpu, HC_SVC_RANDOM, WINDOW, 4);
	ok(cpu->regs.rax == (u64)-EFAULT && !((u8 *)frame(LENT))[0], "nor in the next call");
	exit_vmcall(cpu, HC_SVC_PCR_EXTEND, 2, WINDOW);
	ok(cpu->regs.rax == (u64)-EFAULT, "and none reads from there");
	exit_return(cpu, 0);
}

static void test_many(void)
{
	u32 i, n, free_before;
	s64 ret;

	new_pal();
	while (main_view_reclaim_step() == -EAGAIN)
		fake_all_cpus_visit();
	free_before = core_pool.nr_free + pal_of(p.id)->pool.nr_free;
	for (i = 0; i < 2000; i++) {
		n = 1 + fake_below(32);
		/* Tables that merges freed come back when every CPU has flushed. */
		while ((ret = lend(p.id, LENT + fake_below(20), n)) == -EAGAIN)
			fake_all_cpus_visit();
		check(ret == n, "lending %u: %lld", i, ret);
		if (fake_chance(80))
			exit_return(enter(fake_below(2)), 0);
		fake_cpu = 0;
		check(!fake_chance(50) || pal_hc_take_back(p.id) != 0);
		check(take_back_all(p.id) == 0 && !window_pages() && all_are(FRAME_LINUX, LENT, 64, 0));
	}
	while (main_view_reclaim_step() == -EAGAIN)
		fake_all_cpus_visit();
	/* The first lending took tables for the view, which stay; the main view's have been merged away. */
	n = free_before - core_pool.nr_free - pal_of(p.id)->pool.nr_free;
	ok(n <= 2, "lent 2,000 times, and no page is lost (%u)", n);
}

int main(void)
{
	pal_machine_start(2);
	test_one_call();
	test_every_way();
	pal_unregister(&p);
	p.id = 0;
	end_with("before any call", false, false, false);
	end_with("in the middle of the call", true, false, false);
	end_with("after the call", false, true, false);
	end_with("when some are back", false, true, true);
	test_hostile();
	test_services();
	test_many();
	return tap_finish();
}
