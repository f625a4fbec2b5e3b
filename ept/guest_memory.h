/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The one accessor (RULES 2): every access of the core to memory by an address
 * that a guest named goes through here. It asks the ownership table, holds the
 * frame while it copies, and copies once. Then the walker of host Linux's page
 * tables, built on it (SDM vol. 3, 4.5-4.7).
 */
#ifndef UNDERPIN_EPT_GUEST_MEMORY_H
#define UNDERPIN_EPT_GUEST_MEMORY_H

#include "../include/types.h"

/*
 * Copy within one page. A hidden frame reads as zeros and takes no writes, as
 * in the main view, so Linux learns nothing: 0. -EFAULT: not RAM that was there
 * at load, or crosses a page. The copy is made under frame_lock, which holds the
 * frame; an aligned access of 4 or 8 bytes is one load or store.
 */
int guest_read(gpa_t from, void *to, size_t size);
int guest_write(gpa_t to, const void *from, size_t size);
/* 0: done; -EAGAIN: *p was not expected; -EFAULT. Aligned to 8. */
int guest_cmpxchg64(gpa_t at, u64 expected, u64 desired);
int guest_cmpxchg32(gpa_t at, u32 expected, u32 desired); /* aligned to 4 */

/* How a guest's linear address is looked up. */
struct guest_paging {
	u64 cr0, cr3, cr4, efer;
	bool user;	/* access with CPL 3 rights */
	bool ac;	/* RFLAGS.AC (SMAP override for supervisor accesses) */
};

#define WALK_READ 0
#define WALK_WRITE 1
#define WALK_FETCH 2

/*
 * Walk; 4-level, 5-level, PAE, 32-bit and no paging. Sets A (and D for a write)
 * as the CPU would. 0: *gpa is the address. -EFAULT: *pf_error is the #PF error
 * code that the CPU would push (SDM 4.7); nothing was accessed. -ERANGE: not
 * canonical: #GP (#SS for a stack access), *pf_error is 0. -EAGAIN: raced too
 * often with Linux's own changes: treat as not done, retry the instruction.
 *
 * PAE reads the four PDPTEs from memory. Protection keys and linear-address
 * masking are not applied. A table outside of RAM answers as a reserved bit.
 */
int guest_walk(const struct guest_paging *paging, gva_t gva, int access, gpa_t *gpa, u32 *pf_error);

/*
 * Copy from or to a linear range; any page crossings. On an error *fault is the
 * address that failed, and *done (an output only) says how many bytes were
 * copied before it (restartable, RULES 17). -EFAULT: *pf_error is the code of
 * the #PF. -ERANGE, -EAGAIN: as guest_walk(). -EACCES: mapped, but not RAM, so
 * no #PF would help. Work grows with size: the caller bounds it.
 */
int guest_copy_in(const struct guest_paging *paging, gva_t from, void *to, size_t size,
		  size_t *done, gva_t *fault, u32 *pf_error);
int guest_copy_out(const struct guest_paging *paging, gva_t to, const void *from, size_t size,
		   size_t *done, gva_t *fault, u32 *pf_error);

#endif
