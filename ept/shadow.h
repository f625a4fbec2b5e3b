/* SPDX-License-Identifier: GPL-2.0 */
/*
 * EPT02: what the CPU uses while an L2 runs whose hypervisor has given it an
 * EPT12 (SDM vol. 3, 29.3). Each leaf is EPT12's leaf, combined over all levels,
 * under what the main view grants of the frame behind it (ept/frame.h): an
 * address of L1 is an address of the machine, so a leaf of 2 MiB or 1 GiB stays one
 * where the main view has one too. Filled at EPT violations; emptied by INVEPT, by
 * any change of a frame's owner, and when memory runs out.
 *
 * A and D bits of EPT12 and page-modification logging are the core's work: a page
 * whose D is clear is mapped read-only. The EPTP has A/D on when EPTP12 has, only
 * so that the CPU takes the walks of L2's page tables for writes (29.3.5).
 *
 * One EPT02 serves all CPUs that run the same EPTP12. Tables come from
 * nested_pool (donated by the module). Locking: frame_lock, taken inside.
 */
#ifndef UNDERPIN_EPT_SHADOW_H
#define UNDERPIN_EPT_SHADOW_H

#include "../include/handover.h"
#include "../include/platform.h"
#include "../include/types.h"

/* Guest-physical of an L2: an address that EPT12 translates. */
typedef struct { u64 v; } l2pa_t;
#define L2PA(x) ((l2pa_t){ (x) })

/* EPT02s at a time; the one used longest ago makes room. Each CPU may hold one, and two for a moment. */
#define SHADOW_MAX (CORE_MAX_CPUS + 8)
/* An instruction of L2 needs its pages at the same time, each with tables of its own. */
#define SHADOW_MIN_PAGES 64

struct shadow;
extern struct page_pool nested_pool;	/* locked by frame_lock */

/* Once; nested_pool has been filled, with SHADOW_MIN_PAGES or more. */
void shadow_init(void);

/*
 * The EPT02 for EPTP12 (which has passed the entry checks), for this CPU to run
 * in until shadow_put(). NULL: every one is in use elsewhere: the caller lets L1's
 * instruction be made again.
 */
struct shadow *shadow_get(u64 eptp12);
void shadow_put(struct shadow *s);
/*
 * For VMCS02; changes when the EPT02 was emptied or first filled. To be asked before
 * each entry, and again when the flush generation (vmx/kick.h) was found to have moved:
 * this CPU then counts as one that may walk the tables, until it has forgotten them.
 */
u64 shadow_eptp(struct shadow *s);

enum shadow_answer {
	SHADOW_RETRY,		/* filled, or raced: resume L2 */
	SHADOW_VIOLATION,	/* L1's: exit 48, with the qualification that describes EPT12 */
	SHADOW_MISCONFIGURATION,	/* L1's: exit 49 */
	SHADOW_PML_FULL,	/* L1's: exit 62 */
	SHADOW_HIDDEN_FETCH,	/* L2 would execute what L1 does not own, or go beyond the main view: #GP for L2 */
};

struct shadow_fault {
	l2pa_t address;
	u64 qualification;	/* in: of the exit; out: for L1 */
	bool misconfiguration;	/* in: exit 49 instead of 48 */
	bool suppress_ve;	/* out: EPT12's entry forbids that the violation becomes a #VE */
	/* page-modification log of VMCS12, or 0; index moves */
	u64 pml_address;
	u16 *pml_index;
};
/* At most four reads and four compare-and-swaps in L1's memory; no loop beside. */
enum shadow_answer shadow_fault(struct shadow *s, struct shadow_fault *fault);

/*
 * INVEPT by L1, types 1 and 2 (SDM 31.3). What this CPU has cached is never used again,
 * as the EPTP changes. The tables are emptied, which other CPUs in them notice (docs/nested.md).
 */
void shadow_invept_single(u64 eptp12);
void shadow_invept_all(void);

/*
 * Called under frame_lock when a frame becomes hidden or visible, or an entry of
 * the main view narrows: no EPT02 maps anything after it; who had it cached
 * flushes with the tlb_flush_begin() that follows. Cheap when all are empty.
 */
void shadow_empty_all_locked(void);

#endif
