// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * Several calls at once in one PAL: as many as it has STACK sections. Each has its own
 * stack, parameters, registers, token and owner thread; one more is EBUSY; a PAL that ends
 * waits for all of them. Last, a storm of threads on three CPUs against a model.
 */
#include "test_pal_machine.h"

#define THREAD(n) (0x7f0000001000ull + (n) * 0x1000ull)
#define RSP (STACK_TOP - 0x808)
#define BUFFER 0x20000000ull
#define BUFFER_PFN 0x1400ull
#define MORE (PAL_BASE + 0x200000)
#define WINDOW (PAL_BASE + 0x300000)

static struct test_pal p;

/* With nr STACKs of two pages and nr PARAMs, apart from each other, and a window. */
static void describe_contexts(u32 nr)
{
	struct pal_desc *d = &p.desc;
	u32 i;

	describe(&p, PAL_BASE);
	for (i = 1; i < nr; i++) {
		d->section[d->nr_sections++] = (struct pal_section_desc){ PAL_SECTION_PARAM, 2, MORE + i * 0x10000 };
		d->section[d->nr_sections++] = (struct pal_section_desc){ PAL_SECTION_STACK, 2, MORE + i * 0x10000 + 0x8000 };
	}
	d->section[d->nr_sections++] = (struct pal_section_desc){ PAL_SECTION_WINDOW, 8, WINDOW };
	d->entry[0].nr_params = 2;
	d->entry[0].param[0] = (struct pal_param_desc){ PAL_PARAM_POINTER, PAL_PARAM_IN | PAL_PARAM_OUT, 0, 0, 64 };
	d->entry[0].param[1].type = PAL_PARAM_INTEGER;
}

static void new_pal(u32 nr)
{
	if (p.id > 0)
		pal_unregister(&p);
	describe_contexts(nr);
	check(pal_register(&p, 0x1000, 0x1800) == 0);
}

static u64 stack_of(u32 i)
{
	return i ? MORE + i * 0x10000 + 0x8000 + 2 * PAGE_SIZE : p.desc.section[S_STACK].addr + PAGE_SIZE;
}

static u64 param_of(u32 i)
{
	return i ? MORE + i * 0x10000 : p.desc.section[S_PARAM].addr;
}

static u8 *buffer_of(u32 thread)
{
	return (u8 *)frame(BUFFER_PFN) + thread * 64;
}

static bool fetch(struct cpu *cpu)
{
	return fetches(&p, cpu);
}

static struct cpu *calls(u32 slot, u32 thread)
{
	struct cpu *cpu = run_owner(slot, PAL_ENTRY, RSP - thread * 32, THREAD(thread));
	u32 i;

	for (i = 0; i < 16; i++)
		(&cpu->regs.rax)[i] = 0x100000 * (thread + 1) + i;
	memset(buffer_of(thread), 0x10 + thread, 64);
	cpu->regs.rdi = BUFFER + thread * 64;
	cpu->regs.rsi = thread;
	vector[slot] = 0xb0b00 + thread;
	*(u64 *)((u8 *)frame(STACK_PFN) + ((RSP - thread * 32) & 4095)) = 0x400100 + thread;
	check(fetch(cpu));
	return cpu;
}

static struct cpu *enters(u32 slot, u32 thread)
{
	struct cpu *cpu = calls(slot, thread);

	check(cpu->mode == MODE_PAL, "thread %u: %llx", thread, cpu->regs.rax);
	return cpu;
}

static bool at_stub(const struct cpu *cpu, u32 thread, u64 rax)
{
	return cpu->mode == MODE_LINUX && cpu->regs.rax == rax && vmread(GUEST_RIP) == STUB_AT &&
	       vmread(GUEST_RSP) == RSP - thread * 32;
}

static u64 interrupted(struct cpu *cpu, u32 thread)
{
	fake_cpu = cpu->slot;
	pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
	check(at_stub(cpu, thread, STUB_RESUME) && vector[cpu->slot] == 0xb0b00 + thread);
	return cpu->regs.rdi;
}

static u64 resumes(u32 slot, u32 thread, u64 token)
{
	struct cpu *cpu = run_owner(slot, STUB_AT + 8, RSP - thread * 32, THREAD(thread));

	cpu->regs.rax = HC_PAL_RESUME;
	cpu->regs.rdi = token;
	vector[slot] = 0xb0b00 + thread;
	check(pal_resume(cpu));
	return cpu->regs.rax;
}

/* The PAL fills what is its own with the thread's number. */
static void works(struct cpu *cpu, u32 thread)
{
	u64 param = cpu->regs.rdi;
	u32 i;

	fake_cpu = cpu->slot;
	check(cpu->regs.rsi == thread && *(u8 *)pal_at(&p, param, NULL) == 0x10 + thread);
	for (i = 0; i < 16; i++)
		(&cpu->regs.rax)[i] = 0x5ec000 + thread * 16 + i;
	cpu->regs.rdi = param;
	memset(pal_at(&p, param, NULL), 0x50 + thread, 64);
	memset(pal_at(&p, vmread(GUEST_RSP) - 256, NULL), 0x50 + thread, 256);
	vector[cpu->slot] = 0x5ec00 + thread;
}

static bool has_worked(struct cpu *cpu, u32 thread)
{
	u32 i;

	fake_cpu = cpu->slot;
	for (i = 0; i < 16; i++)
		if (&(&cpu->regs.rax)[i] != &cpu->regs.rdi && (&cpu->regs.rax)[i] != 0x5ec000 + thread * 16 + i)
			return false;
	for (i = 0; i < 64; i++)
		if (((u8 *)pal_at(&p, cpu->regs.rdi, NULL))[i] != 0x50 + thread ||
		    ((u8 *)pal_at(&p, vmread(GUEST_RSP) - 256, NULL))[i] != 0x50 + thread)
			return false;
	return vector[cpu->slot] == 0x5ec00 + thread;
}

static bool returned(struct cpu *cpu, u32 thread)
{
	return cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == 0x400100 + thread && vmread(GUEST_RSP) == RSP - thread * 32 + 8 &&
	       vector[cpu->slot] == 0xb0b00 + thread && buffer_of(thread)[5] == 0x50 + thread && buffer_of(thread)[63] == 0x50 + thread;
}

static void returns(struct cpu *cpu, u32 thread)
{
	fake_cpu = cpu->slot;
	exit_return(cpu, 0);
	check(returned(cpu, thread));
}

static void test_descriptor(void)
{
	u64 extra;

#define REFUSED(name, change) do {                                                       \
	describe_contexts(4);                                                            \
	change;                                                                          \
	memcpy(phys_to_virt(HPA(DESC_GPA)), &p.desc, sizeof(p.desc));                    \
	ok(pal_hc_create(DESC_GPA, &extra) == -EINVAL, "refused: " name);                \
} while (0)
	describe_contexts(4);
	memcpy(phys_to_virt(HPA(DESC_GPA)), &p.desc, sizeof(p.desc));
	p.id = pal_hc_create(DESC_GPA, &extra);
	ok(p.id > 0, "four STACKs and four PARAMs are accepted");
	p.nr_donated = 0;
	pal_unregister(&p);
	p.id = 0;
	REFUSED("four STACKs, three PARAMs", p.desc.section[S_PARAM].type = PAL_SECTION_DATA);
	REFUSED("three STACKs, four PARAMs", p.desc.section[S_STACK].type = PAL_SECTION_DATA);
	REFUSED("no STACK", p.desc.section[S_STACK].type = p.desc.section[7].type = p.desc.section[9].type =
		p.desc.section[11].type = PAL_SECTION_DATA);
	REFUSED("five STACKs and PARAMs", p.desc.section[S_DATA].type = PAL_SECTION_STACK;
		p.desc.section[S_RODATA].type = PAL_SECTION_PARAM);
	REFUSED("a PARAM that is too small for the pointers", p.desc.section[S_PARAM].nr_pages = 1;
		p.desc.entry[0].param[0].size = 4097);
	describe_contexts(4);
	p.desc.entry[0].nr_params = 0;
	p.desc.section[S_PARAM].type = p.desc.section[6].type = p.desc.section[8].type = p.desc.section[10].type = PAL_SECTION_DATA;
	ok(pal_register(&p, 0x1000, 0x1800) == 0 && pal_of(p.id)->nr_contexts == 4, "without pointers no PARAM is needed");
	pal_unregister(&p);
	p.id = 0;
}

static void test_two(void)
{
	struct cpu *a, *b, *c;
	u64 token_a, token_b;

	new_pal(2);
	a = enters(0, 0);
	ok(vmread(GUEST_RSP) == stack_of(0) - 8 && a->regs.rdi == param_of(0), "the first call has the first STACK and PARAM");
	works(a, 0);
	b = enters(1, 1);
	ok(vmread(GUEST_RSP) == stack_of(1) - 8 && b->regs.rdi == param_of(1), "a second one at the same time the second");
	works(b, 1);
	ok(has_worked(a, 0) && has_worked(b, 1), "neither touches what is the other's");
	c = calls(2, 2);
	ok(at_stub(c, 2, EBUSY) && c->regs.rbx == 0x300000 + 3, "a third: EBUSY, with all its registers");
	token_a = interrupted(a, 0);
	token_b = interrupted(b, 1);
	c = calls(2, 2);
	ok(at_stub(c, 2, EBUSY), "interrupted ones count too");
	ok(resumes(2, 2, token_a) == (u64)-EACCES && resumes(2, 1, token_a) == (u64)-EACCES && resumes(2, 0, token_b) == (u64)-EACCES,
	   "each token is its own thread's");
	ok((s64)resumes(2, 0, token_a ^ 1 << 12) < 0 && cpu_of_slot(2)->mode == MODE_LINUX && resumes(2, 0, token_a | 2 << 12) == (u64)-ECANCELED &&
	   resumes(2, 0, token_a | 0xf << 12) == (u64)-ECANCELED && resumes(2, 0, token_a + 0x10000) == (u64)-ECANCELED,
	   "one with another context's number is none");
	resumes(2, 0, token_a);
	resumes(0, 1, token_b);
	ok(has_worked(cpu_of_slot(2), 0) && has_worked(cpu_of_slot(0), 1), "both go on, on other CPUs");
	ok(resumes(1, 0, token_a) == HC_PAL_RESUME, "who resumes one twice waits until it is over");
	returns(cpu_of_slot(2), 0);
	ok(resumes(1, 0, token_a) == (u64)-ECANCELED, "and is refused then");
	c = enters(2, 2);
	works(c, 2);
	ok(true, "when one has returned, the third finds room");
	returns(c, 2);
	returns(cpu_of_slot(0), 1);
	ok(slot_of(p.id)->info.calls == 3 && slot_of(p.id)->info.interrupts == 2 && slot_of(p.id)->claim == CLAIM_FREE,
	   "calls and interrupts are counted");

	a = enters(0, 0);
	b = enters(1, 1);
	token_b = interrupted(b, 1);
	token_a = interrupted(a, 0);
	b = calls(1, 1);
	ok(at_stub(b, 1, EBUSY), "a thread that left its call by a jump and calls again: who mends waits until all others are out");
	ok(resumes(2, 1, token_b) != 0 && cpu_of_slot(2)->regs.rax == (u64)-ECANCELED, "only its own call is dropped");
	resumes(0, 0, token_a);
	ok(cpu_of_slot(0)->mode == MODE_PAL, "the other's goes on");
	works(cpu_of_slot(0), 0);
	returns(cpu_of_slot(0), 0);
	b = enters(1, 1);
	a = calls(0, 0);
	ok(at_stub(a, 0, EBUSY), "then one alone may mend");
	works(b, 1);
	returns(b, 1);
	a = enters(0, 0);
	b = enters(1, 1);
	fake_cpu = 0;
	exit_exception(cpu_of_slot(0), VECTOR_UD, 0, PAL_BASE);
	ok(at_stub(cpu_of_slot(0), 0, EFAULT) && cpu_of_slot(1)->mode == MODE_PAL, "a fault in one call leaves the other alone");
	works(b, 1);
	returns(b, 1);
	a = enters(0, 0);
	works(a, 0);
	returns(a, 0);
	ok(slot_of(p.id)->info.faults == 1, "and the PAL can be called again");
}

/* What lies between the looks of two CPUs: claims that others hold for a moment. */
static void test_moments(void)
{
	struct cpu *cpu;
	u64 token;

	new_pal(2);
	check(slot_claim(slot_of(p.id)));
	cpu = calls(1, 1);
	ok(cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == PAL_ENTRY && cpu->regs.rbx == 0x200003,
	   "the PAL is claimed alone for a moment: the fetch is made again");
	slot_release(slot_of(p.id));
	pal_context_at(pal_of(p.id), 0)->claim = pal_context_at(pal_of(p.id), 1)->claim = 1;
	cpu = calls(1, 1);
	ok(cpu->mode == MODE_LINUX && vmread(GUEST_RIP) == PAL_ENTRY && slot_of(p.id)->claim == CLAIM_FREE,
	   "all contexts are being looked at: the same, and nothing stays claimed");
	pal_context_at(pal_of(p.id), 1)->claim = 0;
	cpu = enters(1, 1);
	ok(vmread(GUEST_RSP) == stack_of(1) - 8, "one of them is: the next is taken");
	token = interrupted(cpu, 1);
	pal_context_at(pal_of(p.id), 0)->claim = 0;
	pal_context_at(pal_of(p.id), 1)->claim = 1;
	ok(resumes(1, 1, token) == HC_PAL_RESUME && slot_of(p.id)->claim == CLAIM_FREE,
	   "its own context is being looked at: the VMCALL is made again");
	pal_context_at(pal_of(p.id), 1)->claim = 0;
	resumes(1, 1, token);
	ok(cpu->mode == MODE_PAL, "then it goes on");
	check(!slot_claim(slot_of(p.id)));
	exit_return(cpu, 0);
	check(slot_claim(slot_of(p.id)));
	ok(!slot_join(slot_of(p.id)), "who makes or ends a PAL is alone with it");
	slot_release(slot_of(p.id));
}

static void test_destroy(void)
{
	struct cpu *a, *b;
	u64 token;
	u32 i;

	new_pal(3);
	a = enters(0, 0);
	works(a, 0);
	b = enters(1, 1);
	works(b, 1);
	works(enters(2, 2), 2);
	token = interrupted(cpu_of_slot(2), 2);
	fake_cpu = 2;
	check(pal_hc_destroy(p.id) == 0);
	for (i = 0; i < 5; i++) {
		check(again(pal_hc_step(p.id)));
		fake_all_cpus_visit();
	}
	ok(state_of(p.id) == PAL_READY, "a PAL with two calls running is not touched");
	fake_cpu = 0;
	pal_exit(a, REASON_CPUID);
	ok(at_stub(a, 0, ECANCELED), "one of them ends: ECANCELED");
	fake_cpu = 2;
	check(again(pal_hc_step(p.id)));
	ok(state_of(p.id) == PAL_READY, "it still waits for the other");
	fake_cpu = 1;
	pal_exit(b, REASON_EXTERNAL_INTERRUPT);
	ok(at_stub(b, 1, ECANCELED), "which ends too");
	fake_cpu = 2;
	ok(resumes(2, 2, token) == (u64)-ECANCELED, "the interrupted one cannot be resumed");
	check(step_all(p.id) == 0);
	for (i = 0; i < 3; i++) {
		const u8 *page = (const u8 *)pal_context_at(pal_of(p.id), i);
		u32 k, sum = 0;

		for (k = 0; k < 4096; k++)
			sum |= page[k];
		check(!sum, "context %u is not wiped", i);
	}
	ok(true, "all contexts are wiped, registers and vector state");
	pal_unregister(&p);
	p.id = 0;
}

static void test_lent(void)
{
	struct cpu *a, *b;
	u64 flags;
	u32 i;

	new_pal(3);
	for (i = 0; i < 4; i++)
		pal_list()[i] = 0x1480 + i;
	a = enters(0, 0);
	ok(pal_hc_lend(p.id, LIST_GPA, 4) == 4, "pages are lent while a call is under way");
	b = enters(1, 1);
	works(b, 1);
	ok(pal_of(p.id)->lent_to == 2, "they are the next call's");
	fake_cpu = 2;
	works(enters(2, 2), 2);
	returns(cpu_of_slot(2), 2);
	fake_cpu = 0;
	works(a, 0);
	returns(a, 0);
	pal_at(&p, WINDOW, &flags);
	ok((flags & 0x700) == 0x300, "the end of others does not take them away");
	ok(pal_hc_take_back(p.id) == -EBUSY && pal_hc_lend(p.id, LIST_GPA, 1) == -EBUSY, "nor does anybody: EBUSY");
	returns(b, 1);
	pal_at(&p, WINDOW, &flags);
	ok(!(flags & 0x700), "its own end does");
	a = enters(0, 0);
	ok(pal_hc_take_back(p.id) == -EINPROGRESS, "taking back waits for every CPU");
	fake_all_cpus_visit();
	ok(pal_hc_take_back(p.id) == 0 && frame_owner(0x1480, NULL) == FRAME_LINUX, "and goes on while another call runs");
	works(a, 0);
	returns(a, 0);
	check(pal_hc_lend(p.id, LIST_GPA, 1) == 1);
	pal_of(p.id)->lend_lock = 1;
	a = calls(0, 0);
	ok(a->mode == MODE_LINUX && vmread(GUEST_RIP) == PAL_ENTRY && pal_hc_lend(p.id, LIST_GPA + 8, 1) == -EAGAIN &&
	   pal_hc_take_back(p.id) == -EAGAIN && slot_of(p.id)->claim == CLAIM_FREE,
	   "something is being lent at this moment: all others come again");
	pal_of(p.id)->lend_lock = 0;
}

/* ---- threads at random ---- */
#define NR_THREADS 7
#define NR_CPUS 3
static struct {
	enum { OUT, INSIDE, WAITS } state;
	u32 cpu, cuts;
	u64 token;
} thread[NR_THREADS];
static u32 cuts, mended;	/* of the PAL: calls cut off; up to which one of them it is in order */

static bool cpu_is_free(u32 slot)
{
	return cpu_of_slot(slot)->mode == MODE_LINUX;
}

static u32 nr_in(void)
{
	u32 i, n = 0;

	for (i = 0; i < NR_THREADS; i++)
		n += thread[i].state != OUT;
	return n;
}

static void one_step(u32 t, u32 nr_contexts, u32 *busy)
{
	u32 slot = fake_below(NR_CPUS), other;
	struct cpu *cpu;

	if (thread[t].state == OUT && cpu_is_free(slot)) {
		cpu = calls(slot, t);
		if (nr_in() == nr_contexts || (cuts != mended && nr_in())) {
			check(at_stub(cpu, t, EBUSY));
			(*busy)++;
			return;
		}
		check(cpu->mode == MODE_PAL);
		works(cpu, t);
		thread[t].state = INSIDE;
		thread[t].cpu = slot;
		thread[t].cuts = cuts;
	} else if (thread[t].state == INSIDE) {
		cpu = cpu_of_slot(thread[t].cpu);
		check(has_worked(cpu, t), "thread %u is not itself", t);
		switch (fake_below(4)) {
		case 0:
			returns(cpu, t);
			thread[t].state = OUT;
			mended = thread[t].cuts;
			break;
		case 1:
			fake_cpu = cpu->slot;
			exit_exception(cpu, VECTOR_GP, 0, PAL_BASE);
			check(at_stub(cpu, t, EFAULT));
			thread[t].state = OUT;
			cuts++;
			break;
		default:
			thread[t].token = interrupted(cpu, t);
			thread[t].state = WAITS;
		}
	} else if (thread[t].state == WAITS && cpu_is_free(slot)) {
		if (fake_chance(10)) {	/* it jumps away and calls again */
			thread[t].state = OUT;
			cpu = calls(slot, t);
			cuts++;
			if (nr_in()) {
				check(at_stub(cpu, t, EBUSY));
				return;
			}
			check(cpu->mode == MODE_PAL);
			thread[t].cuts = cuts;
			works(cpu, t);
			other = (slot + 1) % NR_CPUS;
			check(!cpu_is_free(other) || resumes(other, t, thread[t].token) == (u64)-ECANCELED);
		} else {
			resumes(slot, t, thread[t].token);
			check(cpu_of_slot(slot)->mode == MODE_PAL);
		}
		thread[t].state = INSIDE;
		thread[t].cpu = slot;
	}
}

static void test_storm(u32 nr_contexts)
{
	u32 i, t, busy = 0;

	new_pal(nr_contexts);
	cuts = mended = 0;
	for (i = 0; i < 60000; i++) {
		t = fake_below(NR_THREADS);
		one_step(t, nr_contexts, &busy);
	}
	for (t = 0; t < NR_THREADS; t++) {
		if (thread[t].state == INSIDE)
			returns(cpu_of_slot(thread[t].cpu), t);
		thread[t].state = OUT;
	}
	ok(busy > 1000, "%u contexts, %u threads, %u CPUs: each call has what is its own; EBUSY only when all are taken (%u)",
	   nr_contexts, NR_THREADS, NR_CPUS, busy);
	fake_cpu = 0;
}

int main(void)
{
	u32 i;

	pal_machine_start(NR_CPUS);
	for (i = 0; i < 2; i++)
		mm_map(BUFFER + i * 4096, BUFFER_PFN + i);
	test_descriptor();
	test_two();
	test_moments();
	test_destroy();
	test_lent();
	for (i = 1; i <= PAL_MAX_CONTEXTS; i++)
		test_storm(i);
	return tap_finish();
}
