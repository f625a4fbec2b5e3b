// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c */
/*
 * The life of PALs (RULES 1, 4, 6): several at once, driven by a module that
 * does anything in any order (create, donate, add, step, destroy, reclaim, also
 * with frames that are taken, bad lists and wrong ids), by owners that call and
 * are interrupted on two CPUs, two calls at once, with pages lent in whatever state,
 * and by CPUs that answer kicks late or never. A
 * model says whose each frame must be. Promised:
 * nothing is written to a page of Linux's before every CPU has flushed; a frame
 * that was private is wiped before it is Linux's; one that was not is as it was;
 * no PAL that runs is touched; in the end no frame and no page is lost.
 */
#include "test_pal_machine.h"

#define NR_PALS 6
#define NR_CPUS 2
#define FIRST 0x1000ull		/* frames of sections: PAL k has FIRST + 0x40 * k and up */
#define DONATED 0x1800ull
#define LENT 0x1c00ull		/* what is lent to PAL k: LENT + 0x20 * k and up */
#define WINDOW_PAGES 20
#define STEPS 400000

struct model {
	struct test_pal p;
	u32 donated, frames;	/* taken */
	u32 reclaimed;
	bool destroyed;
	bool timed_out;
	u64 token;
	u32 lent;
	bool window;
};
static struct model model[NR_PALS];
static u64 late_until[NR_CPUS];	/* the CPU does not come to the core before this step */
static bool dead_cpu;		/* tlb_flush_done() says -ETIMEDOUT */
static u64 now;

/* Stronger than the fake's. */
static u64 generation, reached[NR_CPUS];
static bool gave_up;		/* nobody is kicked any more until the next begin */

u64 tlb_flush_begin(void)
{
	gave_up = false;
	return ++generation;
}

int tlb_flush_done(u64 ticket)
{
	u32 i;

	for (i = 0; i < NR_CPUS; i++)
		if (reached[i] < ticket) {
			gave_up |= dead_cpu;
			return gave_up ? -ETIMEDOUT : 0;
		}
	return 1;
}

static u8 pattern(u64 pfn)
{
	return 1 + pfn % 251;
}

static void fill(u64 pfn)
{
	memset(frame(pfn), pattern(pfn), 4096);
}

static bool is_filled_with(u64 pfn, u8 value)
{
	const u8 *b = frame(pfn);
	u32 i;

	for (i = 0; i < 4096; i += 8)
		if (*(u64 *)(b + i) != value * 0x0101010101010101ull)
			return false;
	return true;
}

static bool is_shared(const struct model *m, u32 index)
{
	return index == 6;	/* the last section of describe() */
}

static enum pal_state state(const struct model *m)
{
	return m->p.id > 0 ? state_of(m->p.id) : PAL_FREE;
}

static bool frames_returned(const struct model *m)
{
	return state(m) >= PAL_GONE || state(m) == PAL_FREE;
}

/* Everything that the model knows about one PAL. */
static void check_pal(const struct model *m)
{
	enum pal_state s = state(m);
	u32 i, id, wiped_to = 0;

	if (s == PAL_FREE)
		return;
	if (s == PAL_RETURNING)
		wiped_to = pal_of(m->p.id)->position;
	for (i = 0; i < m->donated; i++) {
		bool mine = i < m->p.nr_donated - m->reclaimed || s < PAL_GONE;

		if (m->destroyed && m->donated < m->p.nr_donated)
			mine = i < m->donated - m->reclaimed;
		check((frame_owner(m->p.donated[i], &id) == FRAME_PAL && id == m->p.id) == mine,
		      "donated %u of %u, state %d", i, m->donated, s);
		/* not written before it is private */
		if (s <= PAL_DONATING || (s == PAL_PREPARING && reached[0] < slot_of(m->p.id)->ticket))
			check(is_filled_with(m->p.donated[i], pattern(m->p.donated[i])));
	}
	for (i = 0; i < m->frames; i++) {
		enum frame_owner owner = frame_owner(m->p.frame[i], &id);
		bool back = s >= PAL_GONE || i < wiped_to;

		check(back ? owner == FRAME_LINUX :
			     owner == (is_shared(m, i) ? FRAME_LENT : FRAME_PAL) && id == m->p.id,
		      "frame %u state %d owner %d", i, s, owner);
		if (back && owner == FRAME_LINUX && !is_shared(m, i))
			check(is_filled_with(m->p.frame[i], 0) ||
			      is_filled_with(m->p.frame[i], pattern(m->p.frame[i])));
		if (s <= PAL_ISOLATING)
			check(is_filled_with(m->p.frame[i], pattern(m->p.frame[i])));
	}
}

static struct cpu *running(const struct model *m, u32 *slot)
{
	for (*slot = 0; *slot < NR_CPUS; (*slot)++) {
		struct cpu *cpu = cpu_of_slot(*slot);

		if (cpu->pal_context && cpu->pal_context->slot == slot_of(m->p.id))
			return cpu;
	}
	return NULL;
}

static void create(struct model *m, u32 k)
{
	u64 base = PAL_BASE + k * 0x100000;
	u32 i, slot;
	u64 extra;

	if (m->p.id > 0)
		return;
	describe(&m->p, base);
	m->p.desc.section[S_DATA].nr_pages = 1;
	m->p.desc.section[S_CODE].nr_pages = 1;
	if (fake_chance(50)) {
		m->p.desc.section[m->p.desc.nr_sections++] = (struct pal_section_desc){ PAL_SECTION_PARAM, 1, base + 0x10000 };
		m->p.desc.section[m->p.desc.nr_sections++] = (struct pal_section_desc){ PAL_SECTION_STACK, 1, base + 0x12000 };
	}
	m->window = fake_chance(60);
	if (m->window)
		m->p.desc.section[m->p.desc.nr_sections++] =
			(struct pal_section_desc){ PAL_SECTION_WINDOW, WINDOW_PAGES, base + 0x20000 };
	if (fake_chance(5)) {
		m->p.desc.nr_sections = 99;
		memcpy(phys_to_virt(HPA(DESC_GPA)), &m->p.desc, sizeof(m->p.desc));
		check(pal_hc_create(DESC_GPA, &extra) == -EINVAL);
		return;
	}
	for (slot = 0; slot < 40; slot++) {
		fill(FIRST + 0x40 * k + slot);
		fill(DONATED + 0x40 * k + slot);
	}
	check(pal_create(&m->p, FIRST + 0x40 * k, DONATED + 0x40 * k) > 0);
	for (i = 0; i < NR_PALS; i++)
		check(&model[i] == m || model[i].p.id != m->p.id, "two PALs with one id");
	m->donated = m->frames = m->reclaimed = m->lent = 0;
	m->destroyed = m->timed_out = false;
	m->token = 0;
}

/* Whose the core says they are, and that it has not touched them. */
static void check_lent(const struct model *m, bool all_back)
{
	u64 first = LENT + 0x20 * (m - model);
	u32 i, id, n = 0;

	for (i = 0; i < WINDOW_PAGES; i++) {
		enum frame_owner owner = frame_owner(first + i, &id);

		check(owner == FRAME_LINUX || (owner == FRAME_LENT && id == m->p.id));
		n += owner == FRAME_LENT;
		check(is_filled_with(first + i, pattern(first + i)));
	}
	check(!all_back || !n, "%u pages are still lent", n);
	check(n <= m->lent);
}

static void lend(struct model *m)
{
	u64 first = LENT + 0x20 * (m - model);
	u32 n = fake_below(WINDOW_PAGES + 2), i;
	s64 ret;

	if (m->p.id <= 0)
		return;
	if (fake_chance(40)) {
		ret = pal_hc_take_back(m->p.id);
		check(ret <= 0);
		for (i = 0; !ret && m->lent && i < NR_CPUS; i++)
			check(reached[i] >= slot_of(m->p.id)->ticket, "a CPU may still reach what was lent");
		if (!ret)
			m->lent = 0;
		check_lent(m, !ret);
		return;
	}
	for (i = 0; i < n; i++)
		pal_list()[i] = first + m->lent + i;
	if (n && fake_chance(20))
		pal_list()[fake_below(n)] = fake_chance(50) ? m->p.frame[0] : 0x4000;
	ret = pal_hc_lend(m->p.id, LIST_GPA, n);
	check(ret <= (s64)n);
	if (ret > 0) {
		check(state(m) == PAL_READY && m->window && !m->destroyed && m->lent + ret <= WINDOW_PAGES);
		m->lent += ret;
	}
	check_lent(m, false);
}

/* Sometimes with a frame in between that cannot be taken, or a list that cannot be read. */
static void give(struct model *m, bool frames)
{
	u64 *all = frames ? m->p.frame : m->p.donated;
	u32 *done = frames ? &m->frames : &m->donated, total = frames ? m->p.nr_frames : m->p.nr_donated;
	u32 n, bad = ~0u;
	s64 ret;

	if (m->p.id <= 0)
		return;
	n = fake_below(total - *done + 2);
	memcpy(pal_list(), all + *done, n * 8);
	if (n && fake_chance(10)) {
		bad = fake_below(n);
		pal_list()[bad] = fake_chance(50) ? 0x4000 : fake_chance(50) ? FAKE_NR_FRAMES + 5 :
				  model[fake_below(NR_PALS)].p.donated[0];
		if (fake_chance(20))
			bad = 0;
	}
	if (bad != ~0u && frame_owner(pal_list()[bad], NULL) == FRAME_LINUX &&
	    pal_list()[bad] < FAKE_NR_FRAMES)
		return;		/* it would be taken; the module is trusted to know its pages */
	ret = (frames ? pal_hc_add_frames : pal_hc_donate)(m->p.id, fake_chance(97) ? LIST_GPA :
							   FAKE_RAM_END + 8, n);
	if (ret > 0) {
		check(ret <= n && ret <= FRAMES_A_LIST && (bad == ~0u || ret <= bad || bad == 0));
		check(state(m) == (frames ? PAL_COLLECTING : PAL_DONATING));
		*done += ret;
	}
	if (ret == -ETIMEDOUT)
		m->timed_out = m->destroyed = true;
	check(*done <= total);
}

static void step(struct model *m)
{
	enum pal_state before = state(m);
	u32 slot;
	bool runs = m->p.id > 0 && running(m, &slot);
	s64 ret;

	if (m->p.id <= 0)
		return;
	ret = pal_hc_step(m->p.id);
	if (runs)
		check(again(ret) && state(m) == PAL_READY);
	if (ret == -ETIMEDOUT)
		m->timed_out = m->destroyed = true;
	if ((before == PAL_ISOLATING && state(m) == PAL_BUILDING) ||
	    (before == PAL_PREPARING && state(m) == PAL_COLLECTING))
		check(reached[0] >= slot_of(m->p.id)->ticket && reached[1] >= slot_of(m->p.id)->ticket);
	if (!m->destroyed && state(m) == PAL_READY)
		check(m->donated == m->p.nr_donated && m->frames == m->p.nr_frames);
	if (state(m) == PAL_GONE && before == PAL_RETURNING) {
		u32 i;

		for (i = 0; i < m->frames; i++) {
			bool private = pal_of(m->p.id)->isolated && !is_shared(m, i);

			check(is_filled_with(m->p.frame[i], private ? 0 : pattern(m->p.frame[i])));
		}
	}
}

static void destroy(struct model *m)
{
	if (m->p.id <= 0)
		return;
	check(pal_hc_destroy(m->p.id) == 0);
	m->destroyed = true;
}

static void reclaim(struct model *m)
{
	s64 ret;
	u32 i;

	if (m->p.id <= 0)
		return;
	ret = pal_hc_reclaim(m->p.id, LIST_GPA);
	if (ret > 0) {
		check(m->destroyed);
		for (i = 0; i < ret; i++) {
			u32 k = m->donated - 1 - m->reclaimed++;

			check(pal_list()[i] == m->p.donated[k]);
			check(m->frames == 0 && !is_filled_with(m->p.donated[k], 0) ?
			      is_filled_with(m->p.donated[k], pattern(m->p.donated[k])) :
			      is_filled_with(m->p.donated[k], 0));
		}
	}
	if (ret == 0) {
		check(m->reclaimed == m->donated && frames_returned(m));
		for (i = 0; i < m->frames; i++)
			check(frame_owner(m->p.frame[i], NULL) == FRAME_LINUX);
		for (i = 0; i < m->donated; i++)
			check(frame_owner(m->p.donated[i], NULL) == FRAME_LINUX);
		check_lent(m, true);
		for (i = 0; i < NR_CPUS; i++)
			check(reached[i] >= slot_of(m->p.id)->ticket, "a CPU has stale translations");
		m->p.id = 0;
	}
}

static void call(struct model *m, u32 k)
{
	u32 slot = fake_below(NR_CPUS);
	struct cpu *cpu = cpu_of_slot(slot);
	u64 entry = PAL_BASE + k * 0x100000 + 0x40;
	bool ready = state(m) == PAL_READY && !m->destroyed;

	if (cpu->mode != MODE_LINUX || m->p.id <= 0 || !m->frames)
		return;
	run_owner(slot, entry, STACK_TOP - 64, fake_chance(80) ? k : 99);
	((u64 *)((u8 *)frame(STACK_PFN + 1) - 64))[0] = 0x400000;
	if (pal_fetch(cpu, GPA(m->p.frame[0] << 12 | 0x40), GVA(entry)))
		check(ready, "entered in state %d", state(m));
	if (cpu->mode == MODE_PAL)
		check(cpu->pal_context->slot == slot_of(m->p.id));
	fake_cpu = 0;
}

static void pal_does(struct model *m)
{
	struct cpu *cpu;
	u32 slot;

	if (m->p.id <= 0)
		return;
	cpu = running(m, &slot);
	fake_cpu = slot;
	if (cpu) {
		switch (fake_below(5)) {
		case 0:
			exit_return(cpu, 3);
			break;
		case 1:
			pal_exit(cpu, REASON_EXTERNAL_INTERRUPT);
			if (cpu->regs.rax == STUB_RESUME)
				m->token = cpu->regs.rdi;
			break;
		case 2:
			pal_exit(cpu, REASON_CPUID);
			break;
		case 3:
			exit_exception(cpu, VECTOR_UD, 0, 5);
			break;
		case 4:
			pal_exit(cpu, REASON_INIT);
			if (cpu->regs.rax == STUB_RESUME)
				m->token = cpu->regs.rdi;
			if (!gave_up)
				reached[slot] = generation;
			break;
		}
	} else if (m->token && cpu_of_slot(fake_below(NR_CPUS))->mode == MODE_LINUX) {
		slot = fake_below(NR_CPUS);
		cpu = cpu_of_slot(slot);
		if (cpu->mode == MODE_LINUX) {
			run_owner(slot, STUB + 0x20, STACK_TOP - 64, m - model);
			cpu->regs.rdi = m->token;
			check(pal_resume(cpu));
			if (cpu->mode == MODE_PAL)
				check(state(m) == PAL_READY);
		}
	}
	fake_cpu = 0;
}

static void cpus_visit(bool all)
{
	u32 i;

	/* A CPU in a PAL comes to the core by an exit of the PAL's. */
	for (i = 0; i < NR_CPUS; i++)
		if (all || (now >= late_until[i] && fake_chance(30))) {
			fake_cpu = i;
			if (cpu_of_slot(i)->mode == MODE_PAL)
				pal_exit(cpu_of_slot(i), REASON_INIT);
			if (!gave_up)
				reached[i] = generation;
		}
	if (fake_chance(1))
		late_until[fake_below(NR_CPUS)] = now + fake_below(300);
	dead_cpu = fake_chance(2);
	fake_cpu = 0;
}

static void one(struct model *m)
{
	switch (fake_below(18)) {
	case 16 ... 17:
		lend(m);
		break;
	case 0:
		create(m, m - model);
		break;
	case 1 ... 2:
		give(m, false);
		break;
	case 3 ... 4:
		give(m, true);
		break;
	case 5 ... 8:
		step(m);
		break;
	case 9:
		if (fake_chance(state(m) == PAL_READY ? 15 : 4))
			destroy(m);
		break;
	case 10:
		reclaim(m);
		break;
	case 11:
		call(m, m - model);
		break;
	case 12 ... 13:
		pal_does(m);
		break;
	default:
		cpus_visit(false);
	}
}

static void check_wrong_ids(void)
{
	static const u64 wrong[] = { 0, ~0ull, PAL_MAX_IDS + 1, 1ull << 32 | 1, PAL_MAX_IDS };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		check(pal_hc_donate(wrong[i], LIST_GPA, 1) == -ENOENT &&
		      pal_hc_add_frames(wrong[i], LIST_GPA, 1) == -ENOENT &&
		      pal_hc_step(wrong[i]) == -ENOENT && pal_hc_destroy(wrong[i]) == -ENOENT &&
		      pal_hc_info(wrong[i], LIST_GPA) == -ENOENT &&
		      pal_hc_reclaim(wrong[i], LIST_GPA) == -ENOENT);
}

static void end_all(void)
{
	u32 k, n;

	for (k = 0; k < NR_PALS; k++) {
		destroy(&model[k]);
		for (n = 0; model[k].p.id > 0; n++) {
			check(n < 1000, "PAL %u does not end, state %d", k, state(&model[k]));
			step(&model[k]);
			now++;
			cpus_visit(fake_chance(50));
			dead_cpu = fake_chance(30);
			reclaim(&model[k]);
		}
	}
}

int main(void)
{
	u32 k, free_before, pals, frames, registered = 0;
	u64 extra;

	pal_machine_start(NR_CPUS);
	while (main_view_reclaim_step() == -EAGAIN)
		cpus_visit(true);
	free_before = core_pool.nr_free;
	for (k = 0; k < NR_PALS * 0x20; k++)
		fill(LENT + k);
	for (now = 0; now < STEPS; now++) {
		struct model *m = &model[fake_below(NR_PALS)];
		enum pal_state before = state(m);

		one(m);
		registered += before == PAL_MEASURING && state(m) == PAL_READY;
		for (k = 0; k < NR_PALS; k++)
			if (now % 16 == 0 || &model[k] == m)
				check_pal(&model[k]);
	}
	ok(registered > 300, "random lives of PALs keep to the model (%u registered in %u steps)",
	   registered, STEPS);
	end_all();
	dead_cpu = false;
	tlb_flush_begin();
	cpus_visit(true);
	dead_cpu = false;
	pal_counts(&pals, &frames);
	ok(!pals && !frames, "in the end all can be taken apart");
	for (k = 0; k < 100 && main_view_reclaim_step() == -EAGAIN; k++)
		cpus_visit(true);
	ok(core_pool.nr_free == free_before, "no page of the core is lost (%u, %u)", core_pool.nr_free,
	   free_before);
	describe(&model[0].p, PAL_BASE);
	check(pal_create(&model[0].p, FIRST, DONATED) == 1);
	slot_of(1)->claim = 1;
	slot_of(1)->ticket = 77;
	check(pal_hc_destroy(1) == 0 && pal_hc_step(1) == -EINPROGRESS);
	ok(slot_of(1)->ticket == 77, "who has no claim changes no ticket that is waited for");
	slot_of(1)->claim = CLAIM_FREE;
	check(step_all(1) == 0 && again(pal_hc_reclaim(1, LIST_GPA)));
	cpus_visit(true);
	check(pal_hc_reclaim(1, LIST_GPA) == 0);
	check_wrong_ids();
	ok(true, "ids that do not exist: ENOENT");

	for (k = 0; k < PAL_MAX_REGISTERING; k++) {
		describe(&model[0].p, PAL_BASE);
		check(pal_create(&model[0].p, FIRST, DONATED) == k + 1);
	}
	ok(pal_create(&model[0].p, FIRST, DONATED) == -EBUSY && core_pool.nr_free > 100,
	   "only so many may be in the middle of it: EBUSY");
	for (k = 0; k < PAL_MAX_REGISTERING; k++) {
		check(pal_hc_destroy(k + 1) == 0 && step_all(k + 1) == 0);
		check(again(pal_hc_reclaim(k + 1, LIST_GPA)));
		cpus_visit(true);
		check(pal_hc_reclaim(k + 1, LIST_GPA) == 0);
	}
	ok(core_pool.nr_free == free_before, "what they borrowed is back");
	ok(pal_hc_create(DESC_GPA + 8, &extra) == -EFAULT &&
	   pal_hc_create(0x4000000, &extra) == -EINVAL &&
	   pal_hc_create(FAKE_RAM_END, &extra) == -EFAULT,
	   "a descriptor that is not aligned, hidden, or not in memory is refused");
	return tap_finish();
}
