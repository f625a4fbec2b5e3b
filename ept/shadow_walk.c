// SPDX-License-Identifier: GPL-2.0
/*
 * EPT12 as L1 keeps it in its memory: hostile, and changing at any time. Each entry
 * is read once. What makes an entry a misconfiguration: SDM vol. 3, 29.3.3.1; A and
 * D: 29.3.5; page-modification log: 29.3.6. Next: ept/shadow.c.
 */
#include "shadow_walk.h"

#include "../vmx/nested/caps.h"
#include "guest_memory.h"
#include "internal.h"

#define CAP_EXECUTE_ONLY BIT(0)
#define CAP_2M BIT(16)
#define CAP_1G BIT(17)
#define PML_ENTRIES 512

/* Memory types that a leaf may have: UC, WC, WT, WP, WB. */
#define TYPES_ALLOWED (BIT(MEMTYPE_UC) | BIT(MEMTYPE_WC) | BIT(MEMTYPE_WT) | BIT(MEMTYPE_WP) | \
		       BIT(MEMTYPE_WB))

/* Must be 0 in an entry that points to a table. */
static const u64 table_reserved[EPT_LEVELS + 1] = { 0, 0, 0x78, 0x78, 0xf8 };

static bool leaf_is_offered(int level)
{
	return level == 1 || (level == 2 && (nested_caps.ept_vpid & CAP_2M)) ||
	       (level == 3 && (nested_caps.ept_vpid & CAP_1G));
}

static bool misconfigured(u64 entry, int level)
{
	u64 rights = entry & EPT_RWX;

	if ((rights & (EPT_READ | EPT_WRITE)) == EPT_WRITE)
		return true;
	if (rights == EPT_EXEC && !(nested_caps.ept_vpid & CAP_EXECUTE_ONLY))
		return true;
	if ((entry & EPT_ADDRESS) >> main_view.maxphyaddr)
		return true;
	if (level == EPT_LEVELS || !ept_leaf(entry, level))
		return entry & table_reserved[level];
	if (!leaf_is_offered(level) || (entry & EPT_ADDRESS & (view_level_size(level) - 1)))
		return true;
	return !(TYPES_ALLOWED >> ((entry & EPT_TYPE) >> EPT_TYPE_SHIFT) & 1);
}

enum shadow_answer ept12_walk(u64 eptp12, l2pa_t address, struct ept12_walk *w)
{
	u64 table = eptp12 & EPT_ADDRESS, entry, offset;

	w->rights = 0;
	w->level = EPT_LEVELS;
	/* No entry is looked at where the address has more bits than the walk: L1 decides. */
	w->entry[w->level] = EPT_SUPPRESS_VE;
	if (address.v >> EPT_ADDRESS_BITS)
		return SHADOW_VIOLATION;
	w->rights = EPT_RWX;
	for (; ; w->level--) {
		offset = address.v & (view_level_size(w->level) - 1);
		w->at[w->level] = table + (address.v / view_level_size(w->level)) % 512 * 8;
		/* Where there is no RAM the bus may answer anything: nothing is mapped there. */
		if (guest_read(GPA(w->at[w->level]), &entry, sizeof(entry)))
			entry = 0;
		w->entry[w->level] = entry;
		w->rights &= entry;
		if (!ept_present(entry)) {
			w->rights = 0;
			return SHADOW_VIOLATION;
		}
		if (misconfigured(entry, w->level))
			return SHADOW_MISCONFIGURATION;
		if (ept_leaf(entry, w->level))
			break;
		table = entry & EPT_ADDRESS;
	}
	w->address = (entry & EPT_ADDRESS) + offset;
	return SHADOW_RETRY;
}

/* What is missing in the entry of that level. */
static u64 missing(const struct ept12_walk *w, int level, bool write)
{
	u64 wanted = EPT_ACCESSED | (write && level == w->level ? EPT_DIRTY : 0);

	return wanted & ~w->entry[level];
}

enum shadow_answer ept12_mark(struct ept12_walk *w, const struct shadow_fault *fault, bool write,
			      bool *changed)
{
	u64 page = fault->address.v & PAGE_MASK, any = 0, bits;
	int level;

	*changed = false;
	for (level = w->level; level <= EPT_LEVELS; level++)
		any |= missing(w, level, write);
	if (any && fault->pml_address && *fault->pml_index >= PML_ENTRIES)
		return SHADOW_PML_FULL;
	for (level = EPT_LEVELS; any && level >= w->level; level--) {
		bits = missing(w, level, write);
		if (bits && guest_cmpxchg64(GPA(w->at[level]), w->entry[level],
					    w->entry[level] | bits)) {
			*changed = true;
			return SHADOW_RETRY;
		}
		w->entry[level] |= bits;
	}
	if ((any & EPT_DIRTY) && fault->pml_address) {
		guest_write(GPA(fault->pml_address + *fault->pml_index * 8ull), &page, sizeof(page));
		--*fault->pml_index;
	}
	return SHADOW_RETRY;
}
