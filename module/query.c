// SPDX-License-Identifier: GPL-2.0
/* Status, statistics and log of the core (query.h), by hypercalls with a page as buffer. */
#include "state.h"
#include "query.h"

#include <linux/bitmap.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <asm/tsc.h>

#include "fatal.h"
#include "hypercall.h"

#define STATS_BATCH 64	/* of HC_STATS */

static_assert(sizeof(struct core_exit_stat) == sizeof(struct underpin_exit_stat));
static_assert(sizeof(struct core_log_record) == sizeof(struct underpin_log_record));
static_assert(CORE_NR_EXIT_REASONS == UNDERPIN_NR_REASONS);

/* A hypercall whose second (or only) argument is the buffer's address. */
static s64 ask(u32 nr, void *buffer)
{
	s64 ret;

	if (!core_get())
		return -ENODEV;
	ret = hypercall(nr, __pa(buffer), 0, 0);
	fatal_report_if(ret);
	core_put();
	return ret;
}

static unsigned int count_slots(const u64 *words)
{
	unsigned int i, n = 0;

	for (i = 0; i < CORE_STATUS_CPU_WORDS; i++)
		n += hweight64(words[i]);
	return n;
}

int query_cpus_in_vmx(void)
{
	struct core_status *s = (void *)get_zeroed_page(GFP_KERNEL);
	s64 ret;

	if (!s)
		return -ENOMEM;
	ret = ask(HC_STATUS, s);
	if (!ret)
		ret = count_slots(s->cpu_vmxon);
	free_page((unsigned long)s);
	return ret;
}

int query_status(struct underpin_status *status)
{
	struct core_status *s = (void *)get_zeroed_page(GFP_KERNEL);
	s64 ret;

	if (!s)
		return -ENOMEM;
	ret = ask(HC_STATUS, s);
	*status = (struct underpin_status){
		.size = status->size,
		.version = s->version,
		.nr_cpus = s->nr_cpus,
		.nr_under_core = count_slots(s->cpu_under_core),
		.nr_online = num_online_cpus(),
		.nr_wait_sipi = count_slots(s->cpu_wait_sipi),
		.nesting_depth = s->nesting_depth,
		.nr_pals = s->nr_pals,
		.nr_pal_pages = s->nr_pal_frames,
		.pool_pages = s->pool_pages,
		.pool_free = s->pool_free,
		.ept_pages = s->ept_pages,
		.hidden_pages = s->hidden_frames,
		.hidden_writes = s->hidden_writes,
		.scratch_used = s->scratch_used,
		.longest_reason = s->longest_reason,
		.longest_root = s->longest_root,
		.fatal = s->fatal,
		.lock = params.lock,
		.debug = params.debug,
		.tsc_khz = tsc_khz,
		.root_kind = s->root_kind,
	};
	memcpy(status->build_id, s->build_id, sizeof(status->build_id));
	free_page((unsigned long)s);
	return ret < 0 ? ret : 0;
}

int query_stats(struct underpin_stats *stats)
{
	struct core_exit_stat *s;
	unsigned int first;
	s64 ret = 0;

	if (stats->cpu >= nr_cpu_slots)
		return -EINVAL;
	s = (void *)get_zeroed_page(GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	for (first = 0; first < UNDERPIN_NR_REASONS && ret >= 0; first += STATS_BATCH) {
		if (!core_get()) {
			ret = -ENODEV;
			break;
		}
		ret = hypercall(HC_STATS, stats->cpu, __pa(s), first);
		core_put();
		memcpy(&stats->reason[first], s, sizeof(*s) *
		       min_t(unsigned int, STATS_BATCH, UNDERPIN_NR_REASONS - first));
	}
	free_page((unsigned long)s);
	return ret < 0 ? ret : 0;
}

int query_log(struct underpin_log *log)
{
	u32 room = (log->size - offsetof(struct underpin_log, record)) / sizeof(log->record[0]);
	struct core_log_record *r = (void *)get_zeroed_page(GFP_KERNEL);
	s64 ret = -ENODEV;

	if (!r)
		return -ENOMEM;
	if (core_get()) {
		ret = hypercall(HC_LOG, log->first, __pa(r), 0);
		core_put();
	}
	log->nr = clamp_t(s64, ret, 0, min_t(u32, room, UNDERPIN_LOG_BATCH));
	memcpy(log->record, r, log->nr * sizeof(*r));
	if (log->nr)
		log->first = r[log->nr - 1].seq + 1;
	free_page((unsigned long)r);
	return ret < 0 ? ret : 0;
}
