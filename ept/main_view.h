/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The main view, EPT01: host Linux's memory, an identity map up to MAXPHYADDR
 * in pages as large as the MTRRs and the owners allow (DESIGN.md 5). RAM is
 * mapped at load, the rest when it is touched.
 *
 * Locking: as ept/frame.h. Pages come from core_pool.
 */
#ifndef UNDERPIN_EPT_MAIN_VIEW_H
#define UNDERPIN_EPT_MAIN_VIEW_H

#include "../include/handover.h"
#include "../include/types.h"

/*
 * IA32_VMX_EPT_VPID_CAP and CPUID.80000008H:EAX[7:0], read by the caller. The
 * extents are whole and do not overlap; they stay where they are (hand-over).
 */
struct main_view_config {
	u64 ept_vpid_cap;
	u32 maxphyaddr;
	const struct core_extent *ram;	/* sorted by pfn */
	u32 nr_ram;
	const struct core_extent *hidden; /* the pool: owned by the core from the start */
	u32 nr_hidden;
};

/*
 * One bounded step (RULES 11) of building it; -EAGAIN: again; 0: done. -ENOMEM:
 * core_pool is too small. -EFAULT: RAM beyond 2^48 or MAXPHYADDR, or a hidden
 * extent that is not RAM. -EBUSY: hidden extents overlap.
 */
int main_view_init_step(const struct main_view_config *config);

/* EPTP for the VMCS (SDM 25.6.11): walk length 4, WB, A/D off. */
u64 main_view_eptp(void);

enum view_answer {
	VIEW_RETRY,		/* mapped, or was stale: resume the guest (this CPU needs INVEPT: already done) */
	VIEW_RETRY_LOGGED,	/* first write to a hidden frame: now scratch; the caller logs it */
	VIEW_FETCH,		/* fetch from a hidden frame: a PAL entry, or #GP */
	VIEW_NONE,		/* beyond MAXPHYADDR or 2^48: the caller injects #GP */
};
/*
 * EPT violation (qualification: SDM table 28-7) or misconfiguration (then 0).
 * VIEW_NONE never for RAM, unless an entry of ours is broken (logged).
 */
#define QUALIFICATION_FETCH BIT(2)
enum view_answer main_view_violation(gpa_t gpa, u64 qualification);

/*
 * The MTRRs of this CPU may have changed (SDM 12.11): read them and, if they
 * differ from those that the view was made by, retype it and begin a flush.
 * Bounded steps; -EAGAIN: again; 0: done, and each CPU uses the new types from
 * its next exit on (Linux writes the MTRRs on all of them, and each write exits).
 * To be called after a write that leaves IA32_MTRR_DEF_TYPE.E set (while it is
 * clear the guest runs with CR0.CD = 1, which makes all uncached under EPT too,
 * 29.3.7.2): a CPU with the same values costs the reads alone.
 */
int main_view_retype_step(void);

/*
 * Table pages that merges freed go back to core_pool once every CPU has flushed;
 * this sees to it. 0: none is waiting; -EAGAIN: again. It flushes by itself, so
 * after frame_return() it stands for tlb_flush_begin() and tlb_flush_done()
 * only if some table was freed: do not rely on it for that.
 */
int main_view_reclaim_step(void);

struct main_view_stats {
	u32 table_pages, hidden_frames, hidden_writes, scratch_used;
};
void main_view_stats(struct main_view_stats *stats);

#endif
