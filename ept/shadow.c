// SPDX-License-Identifier: GPL-2.0
/*
 * EPT02s (see shadow.h): a tree only grows, or is given up as a whole. An entry
 * comes from nothing or gains rights; any other change of EPT12 that shows up ends
 * the tree, and the next begins with another root, so no CPU uses what it has cached
 * of the old one (SDM vol. 3, 29.4.2: EP4TA). While there is no root, one empty table
 * serves all.
 *
 * Its tables are used again when each CPU that ran in it has made an INVEPT (RULES
 * 5): the CPUs see to it before their next entry; those that run no L2 now are
 * waited for only when the pool is empty. Next: ept/shadow_walk.c.
 */
#include "shadow.h"

#include "../vmx/cpu.h"
#include "../vmx/kick.h"
#include "../vmx/nested/caps.h"
#include "internal.h"
#include "shadow_walk.h"

#define CAP_ADVANCED_INFO BIT(22)	/* of violations: qualification bits 11:9 */
#define QUALIFICATION_RIGHTS_SHIFT 3
/* Access, linear address (7, 8), NMI unblocking: as the CPU says. */
#define QUALIFICATION_KEPT (EPT_RWX | BIT(7) | BIT(8) | BIT(12))
#define QUALIFICATION_ADVANCED (BIT(9) | BIT(10) | BIT(11))
/* Pages that go from spare to the pool with each one that is taken out. */
#define RECLAIM_STEP 4

struct cpu_set {
	u64 word[CORE_MAX_CPUS / 64];
};

/* Tables that share a fate, known by pages that list them: all change hands at once. */
struct tables {
	hpa_t first, last;	/* struct list */
	struct cpu_set cpus;	/* may walk them */
};

struct list {
	hpa_t next;
	u64 nr;
	hpa_t page[510];
};
_Static_assert(sizeof(struct list) == PAGE_SIZE, "a list fills its page");

struct shadow {
	u64 eptp12;	/* 0: never used */
	hpa_t root;	/* 0: nothing is mapped */
	struct tables tables;
	u64 generation;	/* moves when it is emptied, even of nothing */
	u64 used;	/* when, in uses */
	u32 users;	/* CPUs that run in it */
};

struct page_pool nested_pool;
static struct shadow shadows[SHADOW_MAX];
static u32 nr_shadows;		/* that were ever used */
static u32 nr_filled;		/* that have a root */
static u64 uses;
static hpa_t empty_root;
/* No longer in a tree: nobody walks them; wait for CPUs; will wait after those. */
static struct tables spare, waiting, next;
static u64 waiting_ticket;	/* 0: no flush was asked for */

static bool has_this_cpu(const struct cpu_set *set)
{
	u32 slot = this_cpu()->slot;

	return READ_ONCE(set->word[slot / 64]) >> slot % 64 & 1;
}

static void set_this_cpu(struct cpu_set *set, bool on)
{
	u32 slot = this_cpu()->slot;
	u64 bit = BIT(slot % 64);

	set->word[slot / 64] = (set->word[slot / 64] & ~bit) | (on ? bit : 0);
}

static bool is_empty(const struct cpu_set *set)
{
	u64 any = 0;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(set->word); i++)
		any |= set->word[i];
	return !any;
}

static struct list *list_at(hpa_t page)
{
	return page_address(page);
}

static void move_tables(struct tables *to, struct tables *from)
{
	u32 i;

	if (from->first.v) {
		list_at(from->last)->next = to->first;
		if (!to->first.v)
			to->last = from->last;
		to->first = from->first;
	}
	for (i = 0; i < ARRAY_SIZE(to->cpus.word); i++)
		to->cpus.word[i] |= from->cpus.word[i];
	*from = (struct tables){ 0 };
}

static hpa_t pop(struct tables *from)
{
	struct list *list = list_at(from->first);
	hpa_t page = from->first;

	if (list->nr)
		return list->page[--list->nr];
	from->first = list->next;
	return page;
}

static hpa_t new_table(struct tables *tables)
{
	struct list *list = tables->first.v ? list_at(tables->first) : NULL;
	hpa_t page;
	u32 i;

	for (i = 0; i < RECLAIM_STEP && spare.first.v; i++)
		page_free(&nested_pool, pop(&spare));
	if (!list || list->nr == ARRAY_SIZE(list->page)) {
		page = page_alloc(&nested_pool);
		if (!page.v)
			return page;
		list = list_at(page);
		list->next = tables->first;
		if (!tables->first.v)
			tables->last = page;
		tables->first = page;
	}
	page = page_alloc(&nested_pool);
	if (page.v)
		list->page[list->nr++] = page;
	return page;
}

/* Whom nobody walks any more. */
static void settle(void)
{
	while (is_empty(&waiting.cpus)) {
		move_tables(&spare, &waiting);
		spare.cpus = (struct cpu_set){ 0 };
		if (!next.first.v)
			break;
		waiting_ticket = 0;
		move_tables(&waiting, &next);
	}
}

static u64 eptp_of(const struct shadow *s, hpa_t root)
{
	return root.v | MEMTYPE_WB | (EPT_LEVELS - 1) << 3 | (s->eptp12 & EPTP_ACCESSED_DIRTY);
}

static void empty(struct shadow *s)
{
	hpa_t root = s->root;

	WRITE_ONCE(s->generation, s->generation + 1);
	if (!root.v)
		return;
	WRITE_ONCE(s->root.v, 0);
	nr_filled--;
	if (has_this_cpu(&s->tables.cpus)) {
		invept(INVEPT_SINGLE_CONTEXT, eptp_of(s, root));
		set_this_cpu(&s->tables.cpus, false);
	}
	move_tables(is_empty(&s->tables.cpus) ? &spare : &next, &s->tables);
	settle();
}

void shadow_empty_all_locked(void)
{
	u32 i;

	for (i = 0; nr_filled && i < nr_shadows; i++)
		empty(&shadows[i]);
}

/* The pool is empty. Not those that other CPUs run in, while there is any else. */
static void make_room(struct shadow *self)
{
	struct shadow *victim = NULL;
	u64 rank, best = ~0ull;
	u32 i;

	if (waiting.first.v && !waiting_ticket)
		waiting_ticket = tlb_flush_begin();
	if (waiting.first.v && tlb_flush_done(waiting_ticket) == 1) {
		waiting.cpus = (struct cpu_set){ 0 };
		settle();
		return;
	}
	for (i = 0; i < nr_shadows; i++) {
		struct shadow *s = &shadows[i];

		rank = s->used + (!s->users ? 0 : s == self ? BIT(61) : BIT(62));
		if (s->root.v && rank < best) {
			best = rank;
			victim = s;
		}
	}
	if (victim)
		empty(victim);
}

void shadow_init(void)
{
	memset(shadows, 0, sizeof(shadows));
	nr_shadows = nr_filled = 0;
	spare = waiting = next = (struct tables){ 0 };
	waiting_ticket = 0;
	empty_root = page_alloc(&nested_pool);
}

/* For eptp12, or the one to be used for it: nothing mapped, never used, used longest ago. */
static struct shadow *find(u64 eptp12)
{
	struct shadow *empty_one = NULL, *oldest = NULL;
	u32 i;

	for (i = 0; i < nr_shadows; i++) {
		struct shadow *s = &shadows[i];

		if (s->eptp12 == eptp12)
			return s;
		if (s->users)
			continue;
		if (!s->root.v)
			empty_one = s;
		if (!oldest || s->used < oldest->used)
			oldest = s;
	}
	if (empty_one)
		return empty_one;
	return nr_shadows < SHADOW_MAX ? &shadows[nr_shadows++] : oldest;
}

struct shadow *shadow_get(u64 eptp12)
{
	struct shadow *s = NULL;

	spin_lock(&frame_lock);
	if (empty_root.v)
		s = find(eptp12);
	if (s) {
		if (s->eptp12 != eptp12) {
			empty(s);
			s->eptp12 = eptp12;
		}
		s->users++;
		s->used = ++uses;
	}
	spin_unlock(&frame_lock);
	return s;
}

void shadow_put(struct shadow *s)
{
	spin_lock(&frame_lock);
	s->users--;
	spin_unlock(&frame_lock);
}

/* This CPU may have cached some of what waits. */
static bool concerns_this_cpu(void)
{
	return has_this_cpu(&waiting.cpus) || has_this_cpu(&next.cpus);
}

u64 shadow_eptp(struct shadow *s)
{
	hpa_t root = { READ_ONCE(s->root.v) };

	/*
	 * In this order: a root that is given up meanwhile takes this CPU's bit along
	 * to waiting or next, and only this CPU sets its bit.
	 */
	if (likely(!concerns_this_cpu() && has_this_cpu(&s->tables.cpus) && root.v))
		return eptp_of(s, root);
	spin_lock(&frame_lock);
	if (concerns_this_cpu()) {
		invept(INVEPT_ALL_CONTEXTS, 0);
		set_this_cpu(&waiting.cpus, false);
		set_this_cpu(&next.cpus, false);
		settle();
	}
	root = s->root;
	if (root.v)
		set_this_cpu(&s->tables.cpus, true);
	spin_unlock(&frame_lock);
	return eptp_of(s, root.v ? root : empty_root);
}

static u64 *entry_of(hpa_t table, l2pa_t address, int level)
{
	return (u64 *)page_address(table) + (address.v / view_level_size(level)) % 512;
}

/*
 * The entry of that level, or of a lower one where there are tables below it. NULL:
 * no page is left, or a larger leaf stands there; the tree may be gone.
 */
static u64 *entry_to_fill(struct shadow *s, l2pa_t address, int *level)
{
	u64 *entry;
	hpa_t page;
	int l;

	if (!s->root.v) {
		page = new_table(&s->tables);
		if (!page.v) {
			move_tables(&spare, &s->tables);
			make_room(s);
			return NULL;
		}
		nr_filled++;
		WRITE_ONCE(s->root.v, page.v);
	}
	entry = entry_of(s->root, address, EPT_LEVELS);
	for (l = EPT_LEVELS; l > *level || ept_table(*entry, l); l--) {
		if (ept_present(*entry) && ept_leaf(*entry, l)) {
			empty(s);
			return NULL;
		}
		if (!ept_present(*entry)) {
			page = new_table(&s->tables);
			if (!page.v) {
				make_room(s);
				return NULL;
			}
			barrier();
			WRITE_ONCE(*entry, page.v | EPT_RWX);
		}
		entry = entry_of(HPA(*entry & EPT_ADDRESS), address, l - 1);
	}
	*level = l;
	return entry;
}

static void insert(struct shadow *s, l2pa_t address, u64 hpa, int level, u64 flags)
{
	u64 *entry = entry_to_fill(s, address, &level), old, new;

	if (!entry)
		return;
	old = *entry & ~(EPT_ACCESSED | EPT_DIRTY);	/* the CPU's own */
	new = ALIGN_DOWN(hpa & PAGE_MASK, view_level_size(level)) | flags |
	      (level > 1 ? EPT_LARGE : 0);
	if (ept_present(old) && (((old ^ new) & ~EPT_RWX) || (old & ~new)))
		empty(s);
	else if (old != new)
		WRITE_ONCE(*entry, new);
}

/* frame_lock is held: what the main view grants cannot change meanwhile. */
static enum shadow_answer fill(struct shadow *s, l2pa_t address, const struct ept12_walk *w,
			       u64 access)
{
	u64 rights = w->rights, type = w->entry[w->level] & (EPT_TYPE | EPT_IPAT);
	u64 hpa = w->address, *entry;
	int level;

	entry = frame_entry(hpa >> PAGE_SHIFT, &level);
	if (!entry)
		return SHADOW_HIDDEN_FETCH;
	if (ept_present(*entry) && (access & ~*entry)) {
		enum view_answer answer = main_view_violation_locked(GPA(hpa), access);

		if (answer == VIEW_RETRY_LOGGED)
			log_event(LOG_WARNING, "L2 address %lx: write to hidden memory at %lx",
				  (unsigned long)address.v, (unsigned long)hpa);
		if (answer != VIEW_RETRY)
			return answer == VIEW_RETRY_LOGGED ? SHADOW_RETRY : SHADOW_HIDDEN_FETCH;
	}
	if ((s->eptp12 & EPTP_ACCESSED_DIRTY) && !(w->entry[w->level] & EPT_DIRTY))
		rights &= ~EPT_WRITE;
	/* Not present: not RAM, and Linux's, all that the entry decides about. */
	if (ept_present(*entry))
		rights &= *entry;
	if (entry_hidden(*entry)) {
		hpa = *entry & EPT_ADDRESS;
		type = *entry & EPT_TYPE;
	}
	if (rights)
		insert(s, address, hpa, level < w->level ? level : w->level, rights | type);
	return SHADOW_RETRY;
}

/* What exit 48 of a CPU that has EPT12 alone would say (SDM table 28-7). */
static u64 qualification_for_l1(u64 qualification, u64 rights)
{
	u64 kept = QUALIFICATION_KEPT;

	if (nested_caps.ept_vpid & CAP_ADVANCED_INFO)
		kept |= QUALIFICATION_ADVANCED;
	return (qualification & kept) | rights << QUALIFICATION_RIGHTS_SHIFT;
}

enum shadow_answer shadow_fault(struct shadow *s, struct shadow_fault *fault)
{
	u64 access = fault->qualification & EPT_RWX;
	u64 generation = READ_ONCE(s->generation);
	struct ept12_walk w;
	enum shadow_answer answer;
	bool changed = false;

	barrier();
	answer = ept12_walk(s->eptp12, fault->address, &w);
	if (answer == SHADOW_RETRY && (access & ~w.rights))
		answer = SHADOW_VIOLATION;
	if (answer == SHADOW_VIOLATION) {
		fault->qualification = qualification_for_l1(fault->qualification, w.rights);
		fault->suppress_ve = w.entry[w.level] & EPT_SUPPRESS_VE;
	}
	if (answer == SHADOW_RETRY && fault->misconfiguration) {
		log_event(LOG_ERROR, "EPT02 is misconfigured at %lx: EPT12 has %lx",
			  (unsigned long)fault->address.v, (unsigned long)w.entry[w.level]);
		answer = SHADOW_MISCONFIGURATION;
	}
	if (answer == SHADOW_RETRY && (s->eptp12 & EPTP_ACCESSED_DIRTY))
		answer = ept12_mark(&w, fault, access & EPT_WRITE, &changed);
	if (answer != SHADOW_RETRY || changed)
		return answer;
	spin_lock(&frame_lock);
	/* An INVEPT since the walk: what the walk found may be older. */
	if (s->generation == generation)
		answer = fill(s, fault->address, &w, access);
	spin_unlock(&frame_lock);
	return answer;
}

void shadow_invept_single(u64 eptp12)
{
	u32 i;

	spin_lock(&frame_lock);
	for (i = 0; i < nr_shadows; i++)
		if (!((shadows[i].eptp12 ^ eptp12) & EPT_ADDRESS))
			empty(&shadows[i]);
	spin_unlock(&frame_lock);
}

void shadow_invept_all(void)
{
	u32 i;

	spin_lock(&frame_lock);
	for (i = 0; i < nr_shadows; i++)
		empty(&shadows[i]);
	spin_unlock(&frame_lock);
}
