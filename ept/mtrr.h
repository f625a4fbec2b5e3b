/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The memory type range registers (SDM vol. 3, 12.11): what type the platform
 * gives to a physical range. EPT leaves carry it, since under EPT the MTRRs
 * themselves are not asked (29.3.7.2).
 */
#ifndef UNDERPIN_EPT_MTRR_H
#define UNDERPIN_EPT_MTRR_H

#include "../include/types.h"
#include "view.h"

#define MTRR_MAX_VARIABLE 40	/* MSRs 200H to 24FH */
#define MTRR_FIXED_PAGES 256	/* the first MiB */

/* Compared by memcmp(): padding is zero. */
struct mtrr_state {
	u8 enabled;		/* MTRRs exist and IA32_MTRR_DEF_TYPE.E */
	u8 fixed_enabled;
	u8 default_type;	/* WB where the CPU has no MTRRs */
	u8 nr_variable;		/* valid ones only */
	u32 repeats;		/* some mask is not a plain run of leading ones */
	u8 fixed[MTRR_FIXED_PAGES];	/* by 4 KiB page */
	struct {
		u64 base, mask;	/* address bits; base is masked already */
		u32 type;
		u32 repeats;
	} variable[MTRR_MAX_VARIABLE];
};

/* Reads this CPU's registers. */
void mtrr_read(struct mtrr_state *state, u32 maxphyaddr);
/*
 * The type at address, and *end <= limit with all of [address, *end) of that
 * type: as far as possible, but for masks with holes, where it may be less.
 */
enum memory_type mtrr_type(const struct mtrr_state *state, u64 address, u64 limit, u64 *end);

#endif
