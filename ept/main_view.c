// SPDX-License-Identifier: GPL-2.0
/*
 * EPT01 (DESIGN.md 5): made in steps at load, completed at EPT violations (SDM
 * vol. 3, 29.3.3.2; exit qualification: table 28-7), retyped when the MTRRs
 * change. Next: ept/frame.c for who owns a frame.
 */
#include "../vmx/kick.h"
#include "internal.h"
#include "shadow.h"

#define CAP_2M BIT(16)
#define CAP_1G BIT(17)
#define QUALIFICATION_WRITE BIT(1)
#define QUALIFICATION_ACCESS 7

/* About how many instructions a step may take, and what its parts cost. */
#define STEP_COST 30000
#define COST_ENTRY 200
#define COST_TABLE 3000
#define RAM_LEAVES 32
#define RECLAIM_STEP 128

struct main_view main_view;

/* How far main_view_init_step() has come. */
static u32 init_extent;
static u64 init_done;	/* pages of that extent */
static bool init_ram_done;

/* How far main_view_retype_step() has come. */
static u64 retype_at;
static bool retyping;

/* Tables that merges freed and that wait for this ticket: only its list is used. */
static struct view releasing;
static u64 release_ticket;

static int init_begin(const struct main_view_config *config)
{
	u32 regs[4];
	int err, level = config->ept_vpid_cap & CAP_1G ? 3 : config->ept_vpid_cap & CAP_2M ? 2 : 1;

	main_view = (struct main_view){
		.maxphyaddr = config->maxphyaddr,
		.end = BIT(config->maxphyaddr < EPT_ADDRESS_BITS ? config->maxphyaddr :
			   EPT_ADDRESS_BITS),
	};
	init_extent = init_done = 0;
	init_ram_done = false;
	retyping = false;
	releasing = (struct view){ .pool = &core_pool };
	cpuid_native(0x80000001, 0, regs);
	main_view.gigabyte_pages = regs[3] & BIT(26);
	mtrr_read(&main_view.mtrr, config->maxphyaddr);
	err = hidden_init();
	if (!err)
		err = on_demand_init();
	if (!err)
		err = view_init(&main_view.view, &core_pool, level);
	return err ? err : -EAGAIN;
}

static s32 mtrr_cost(void)
{
	return COST_ENTRY + main_view.mtrr.nr_variable * (main_view.mtrr.repeats ? 160 : 20);
}

/* Up to RAM_LEAVES leaves of RAM; their number of pages, or an error. */
static s64 map_ram(u64 pfn, u64 count)
{
	u64 at = pfn * PAGE_SIZE, end = (pfn + count) * PAGE_SIZE, most;
	enum memory_type type;
	int level = main_view.view.max_level, err;

	if (end > main_view.end || end <= at)
		return -EFAULT;
	type = mtrr_type(&main_view.mtrr, at, end, &end);
	while (level > 1 && ((at & (view_level_size(level) - 1)) ||
			     end - at < view_level_size(level)))
		level--;
	most = RAM_LEAVES * view_level_size(level);
	if (end - at > most)
		end = at + most;
	err = view_map(&main_view.view, GPA(at), HPA(at), (end - at) / PAGE_SIZE, EPT_RWX, type,
		       tag_bits(TAG_LINUX));
	return err ? err : (s64)((end - at) / PAGE_SIZE);
}

int main_view_init_step(const struct main_view_config *config)
{
	const struct core_extent *extents = config->ram;
	u32 nr = config->nr_ram;
	s64 cost = 0, done;

	if (!main_view.view.root.v)
		return init_begin(config);
	if (init_ram_done) {
		extents = config->hidden;
		nr = config->nr_hidden;
	}
	for (; init_extent < nr && cost < STEP_COST; init_done += done) {
		u32 tables = main_view.view.nr_tables;
		const struct core_extent *extent = &extents[init_extent];

		if (init_done == extent->count) {
			init_extent++;
			init_done = done = 0;
			continue;
		}
		if (!init_ram_done) {
			done = map_ram(extent->pfn + init_done, extent->count - init_done);
			cost += RAM_LEAVES * COST_ENTRY + mtrr_cost();
		} else {
			done = frame_take_locked(extent->pfn + init_done, tag_bits(TAG_CORE));
			done = done ? done : 1;
			cost += COST_ENTRY;
		}
		if (done < 0)
			return done;
		cost += (main_view.view.nr_tables - tables) * COST_TABLE;
	}
	if (init_extent < nr)
		return -EAGAIN;
	if (init_ram_done)
		return 0;
	init_ram_done = true;
	init_extent = 0;
	return -EAGAIN;
}

u64 main_view_eptp(void)
{
	return main_view.view.root.v | MEMTYPE_WB | (EPT_LEVELS - 1) << 3;
}

enum view_answer main_view_violation_locked(gpa_t gpa, u64 qualification)
{
	int level;
	u64 *entry = frame_entry(gpa.v >> PAGE_SHIFT, &level);

	if (!entry)
		return VIEW_NONE;
	if (!ept_present(*entry)) {
		on_demand_map(gpa, entry, level);
		return VIEW_RETRY;
	}
	/* A misconfiguration, but nothing is missing: a bug, not to be repeated for ever. */
	if (!(qualification & QUALIFICATION_ACCESS)) {
		log_event(LOG_ERROR, "EPT01 entry %lx for %lx is misconfigured",
			  (unsigned long)*entry, (unsigned long)gpa.v);
		return VIEW_NONE;
	}
	if (entry_watched(*entry) && (qualification & QUALIFICATION_WRITE))
		watch_fire(gpa.v >> PAGE_SHIFT, entry);
	if (!entry_hidden(*entry))
		return VIEW_RETRY;
	if (qualification & QUALIFICATION_FETCH)
		return VIEW_FETCH;
	if (!(qualification & QUALIFICATION_WRITE) || (*entry & EPT_WRITE))
		return VIEW_RETRY;
	hidden_make_writable(entry);
	shadow_empty_all_locked();
	return VIEW_RETRY_LOGGED;
}

enum view_answer main_view_violation(gpa_t gpa, u64 qualification)
{
	enum view_answer answer;

	spin_lock(&frame_lock);
	answer = main_view_violation_locked(gpa, qualification);
	spin_unlock(&frame_lock);
	/* This CPU may hold the entry as it was: an older, narrower one. */
	if (answer == VIEW_RETRY || answer == VIEW_RETRY_LOGGED)
		invept(INVEPT_SINGLE_CONTEXT, main_view_eptp());
	return answer;
}

/*
 * One leaf, or one entry that is empty: what follows it. A leaf of several
 * types is split; where no page is left for that it becomes UC as a whole,
 * which is slow but never incoherent.
 */
static u64 retype_one(u64 at, s64 *cost)
{
	int level;
	u64 *entry = frame_entry(at >> PAGE_SHIFT, &level);
	u64 size = view_level_size(level), start = ALIGN_DOWN(at, size), end;
	enum memory_type type;

	*cost += COST_ENTRY;
	if (ept_present(*entry) && entry_not_ram(*entry)) {
		WRITE_ONCE(*entry, 0);
	} else if (ept_present(*entry) && !entry_hidden(*entry)) {
		type = mtrr_type(&main_view.mtrr, start, start + size, &end);
		*cost += mtrr_cost();
		if (end < start + size) {
			*cost += COST_TABLE;
			if (!view_split(&main_view.view, entry, level))
				return start;
			log_event(LOG_WARNING, "no page to split %lx by memory type: uncached",
				  (unsigned long)start);
			type = MEMTYPE_UC;
		}
		WRITE_ONCE(*entry, (*entry & ~EPT_TYPE) | (u64)type << EPT_TYPE_SHIFT);
	}
	/* The end of a table of RAM, which may have become uniform. */
	if (ept_present(*entry) && !((start + size) & (view_level_size(level + 1) - 1))) {
		*cost += COST_TABLE;
		view_merge(&main_view.view, GPA(start));
	}
	return start + size;
}

static void retype_walk(void)
{
	s64 cost = 0;

	while (retype_at < main_view.end && cost < STEP_COST)
		retype_at = retype_one(retype_at, &cost);
	if (retype_at >= main_view.end) {
		tlb_flush_begin();
		retyping = false;
	}
}

int main_view_retype_step(void)
{
	struct mtrr_state now;
	int result;

	mtrr_read(&now, main_view.maxphyaddr);
	/* All CPUs come at once, and a step is long: who does not get it makes its WRMSR again. */
	if (!spin_trylock(&frame_lock))
		return -EAGAIN;
	if (memcmp(&now, &main_view.mtrr, sizeof(now))) {
		main_view.mtrr = now;
		retyping = true;
		retype_at = 0;
	}
	if (retyping)
		retype_walk();
	result = retyping ? -EAGAIN : 0;
	spin_unlock(&frame_lock);
	return result;
}

bool main_view_reclaim_locked(void)
{
	int flushed = releasing.nr_retired ? tlb_flush_done(release_ticket) : 0;

	if (flushed > 0)
		view_release_retired(&releasing, RECLAIM_STEP);
	else if (flushed < 0)	/* a CPU did not come in time: ask once more */
		release_ticket = tlb_flush_begin();
	if (!releasing.nr_retired && main_view.view.nr_retired) {
		releasing.retired = main_view.view.retired;
		releasing.nr_retired = main_view.view.nr_retired;
		main_view.view.retired = HPA(0);
		main_view.view.nr_retired = 0;
		release_ticket = tlb_flush_begin();
	}
	return releasing.nr_retired;
}

int main_view_reclaim_step(void)
{
	bool more;

	spin_lock(&frame_lock);
	more = main_view_reclaim_locked();
	spin_unlock(&frame_lock);
	return more ? -EAGAIN : 0;
}

void main_view_stats(struct main_view_stats *stats)
{
	spin_lock(&frame_lock);
	hidden_stats(stats);
	stats->table_pages = main_view.view.nr_tables + main_view.view.nr_retired +
			     releasing.nr_retired + on_demand_tables();
	stats->hidden_frames = main_view.hidden_frames;
	spin_unlock(&frame_lock);
}
