/* SPDX-License-Identifier: GPL-2.0 */
/* The walk of EPT12, as the CPU would make it (SDM vol. 3, 29.3.2-29.3.6). For ept/shadow.c. */
#ifndef UNDERPIN_EPT_SHADOW_WALK_H
#define UNDERPIN_EPT_SHADOW_WALK_H

#include "shadow.h"
#include "view.h"

#define EPT_IPAT BIT(6)
#define EPT_ACCESSED BIT(8)
#define EPT_DIRTY BIT(9)
#define EPT_SUPPRESS_VE BIT(63)	/* decides in a leaf, or in what is not present (26.5.7.1) */
#define EPTP_ACCESSED_DIRTY BIT(6)

struct ept12_walk {
	u64 entry[EPT_LEVELS + 1];	/* by level, each as read once */
	u64 at[EPT_LEVELS + 1];		/* where it was read: guest-physical */
	int level;	/* of the leaf, or of where the walk ended */
	u64 rights;	/* of all levels together; 0: an entry is not present */
	u64 address;	/* of L1, what the L2 address translates to */
};

/*
 * SHADOW_RETRY: w has the translation, whatever its rights. SHADOW_VIOLATION: there is
 * none. SHADOW_MISCONFIGURATION.
 */
enum shadow_answer ept12_walk(u64 eptp12, l2pa_t address, struct ept12_walk *w);
/*
 * The access is allowed: set A, for a write D, and log the page. SHADOW_RETRY: done,
 * or EPT12 has just changed (*changed: walk again). SHADOW_PML_FULL: nothing is set.
 */
enum shadow_answer ept12_mark(struct ept12_walk *w, const struct shadow_fault *fault, bool write,
			      bool *changed);

#endif
