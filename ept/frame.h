/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Page ownership: for every 4 KiB frame of the machine, who may see it. The
 * one place where the security argument lives (RULES 1, 3, 5). The answer sits
 * in the main view (EPT01) itself: a frame whose entry carries no owner bits
 * is Linux's. Every map of every view asks here.
 *
 * Locking: each call takes and releases frame_lock by itself. No call sends a
 * kick or waits: whoever takes a permission away calls tlb_flush_begin() after
 * it (vmx/kick.h) and relies on nothing until tlb_flush_done().
 */
#ifndef UNDERPIN_EPT_FRAME_H
#define UNDERPIN_EPT_FRAME_H

#include "../include/types.h"

enum frame_owner {
	FRAME_LINUX,	/* RAM or MMIO of host Linux; the default */
	FRAME_CORE,
	FRAME_PAL,	/* id says which */
	FRAME_LENT,	/* Linux's, and mapped by PAL id as well: cannot change owner */
};

#define FRAME_MAX_ID 256	/* of FRAME_PAL and FRAME_LENT; from 1 */

/*
 * Linux -> owner. But for FRAME_LENT the frame then reads as zeros in the main
 * view. -EBUSY: held or not Linux's. -EFAULT: not RAM that was there at load.
 * -ENOMEM: no page in core_pool to split a large page (at most two are needed).
 * -EAGAIN: the same, but pages come free when every CPU has flushed: ask again.
 * -EINVAL: no such owner. The contents stay as they are; other CPUs may see
 * them until tlb_flush_done().
 */
int frame_take(u64 pfn, enum frame_owner owner, u32 id);
/*
 * The first of nr frames, in their order: how many, at least one where nr is not 0, or what
 * frame_take() answers for the first. nr is at most FRAMES_A_LIST: one stay in root (RULES 11).
 */
int frame_take_list(const u64 *pfn, u32 nr, enum frame_owner owner, u32 id);
#define FRAMES_A_LIST 32
/* With so many more pages in core_pool nr frames can be taken, wherever they lie; 0: with none. */
u32 frame_pages_missing(u32 nr);

/*
 * owner -> Linux, with the memory type that the MTRRs give. The caller has
 * wiped it. -EACCES: (owner, id) does not own it. Merges tables back if it can.
 * Linux sees zeros or scratch contents until tlb_flush_done(), but for a lent
 * frame, of which nothing changes in the main view.
 */
int frame_return(u64 pfn, enum frame_owner owner, u32 id);

/* id: 0 unless FRAME_PAL or FRAME_LENT. May be NULL. */
enum frame_owner frame_owner(u64 pfn, u32 *id);

/*
 * Hold a frame of Linux's in place, so that it cannot change owner: a copy or a
 * walk in progress, an address inside a VMCS02 (RULES 1). -EACCES: hidden;
 * -EFAULT: not RAM. Holds nest; the count is bounded (-EBUSY).
 */
int frame_hold(u64 pfn);
void frame_drop(u64 pfn);

/*
 * Watch a frame of Linux's RAM for writes, by Linux, an L2 or the core (not by devices):
 * it becomes read-only in the main view. 0: whatever is read from it after this call
 * stays true until frame_watch_fired() moves; read that first. -EAGAIN: not so yet, as
 * CPUs may hold older entries, or because it was written lately: read it again each
 * time, and call this each time. -EACCES: not Linux's RAM, or lent. May begin a flush.
 */
int frame_watch(u64 pfn);
/* Moves when any watched frame is written, changes its owner, or is watched no more. */
u64 frame_watch_fired(void);

#endif
