// SPDX-License-Identifier: GPL-2.0
/* What `underpin status` and `underpin stats` show. */
#include "calls.h"

#include "../ept/guest_memory.h"
#include "../ept/main_view.h"
#include "../include/platform.h"
#include "../include/version.h"
#include "../pal/pal.h"
#include "../vmx/cpuid.h"
#include "../vmx/leave.h"
#include "../vmx/nested/nested.h"
#include "crypto.h"
#include "fatal.h"
#include "header.h"
#include "pool.h"

#define STATS_BATCH 64

static u32 pool_pages(void)
{
	u64 n = donated_pool.nr_total;
	u32 i;

	for (i = 0; i < handover.nr_pool; i++)
		n += handover.pool[i].count;
	return n;
}

/* Bounded by the number of CPUs: each knows its own (vmx/exit.c). */
static void find_longest(const struct cpu *cpu, struct core_status *s)
{
	u32 max = cpu->stat[cpu->longest_reason].max;

	if (max > s->longest_root) {
		s->longest_root = max;
		s->longest_reason = cpu->longest_reason;
	}
}

s64 status_get(u64 gpa)
{
	struct core_status s = {
		.version = UNDERPIN_VERSION_CODE,
		.nr_cpus = handover.nr_cpus,
		.flags = handover.flags,
		.state = core_state,
		.nesting_depth = cpuid_nesting_depth,
		.pool_pages = pool_pages(),
		.pool_free = core_pool_free(),
		.fatal = fatal_seen(),
		.root_kind = core_statement.root_kind,
	};
	struct main_view_stats view;
	u32 slot;

	if (gpa & ~PAGE_MASK)
		return -EINVAL;
	memcpy(s.build_id, image_header.build_id, sizeof(s.build_id));
	pal_counts(&s.nr_pals, &s.nr_pal_frames);
	main_view_stats(&view);
	s.ept_pages = view.table_pages;
	s.hidden_frames = view.hidden_frames;
	s.hidden_writes = view.hidden_writes;
	s.scratch_used = view.scratch_used;
	for (slot = 0; slot < handover.nr_cpus; slot++) {
		const struct cpu *cpu = cpu_of_slot(slot);

		if (READ_ONCE(cpu->in_vmx))
			s.cpu_under_core[slot / 64] |= BIT(slot % 64);
		if (READ_ONCE(cpu->wait_sipi))
			s.cpu_wait_sipi[slot / 64] |= BIT(slot % 64);
		if (nested_state(cpu) && READ_ONCE(nested_state(cpu)->vmxon))
			s.cpu_vmxon[slot / 64] |= BIT(slot % 64);
		find_longest(cpu, &s);
	}
	return guest_write(GPA(gpa), &s, sizeof(s));
}

s64 stats_get(u64 slot, u64 gpa, u64 first)
{
	u64 n;

	if (slot >= handover.nr_cpus || first >= CORE_NR_EXIT_REASONS || (gpa & ~PAGE_MASK))
		return -EINVAL;
	n = CORE_NR_EXIT_REASONS - first;
	if (n > STATS_BATCH)
		n = STATS_BATCH;
	_Static_assert(sizeof(struct exit_stat) == sizeof(struct core_exit_stat), "the same layout");
	return guest_write(GPA(gpa), &cpu_of_slot(slot)->stat[first], n * sizeof(struct exit_stat));
}
