// SPDX-License-Identifier: GPL-2.0
/*
 * The walker of Linux's page tables (SDM vol. 3, 4.3 to 4.8), all modes, and
 * the copy to and from linear addresses. The tables are hostile: each entry is
 * read once, and A and D are set only if it is still the same (4.8). All is
 * checked before the first of them is set, so a fault leaves no trace.
 */
#include "../vmx/msr_index.h"
#include "guest_memory.h"
#include "internal.h"

#define PTE_P BIT(0)
#define PTE_W BIT(1)
#define PTE_U BIT(2)
#define PTE_A BIT(5)
#define PTE_D BIT(6)
#define PTE_PS BIT(7)
#define PTE_NX BIT(63)

#define PF_PRESENT BIT(0)
#define PF_WRITE BIT(1)
#define PF_USER BIT(2)
#define PF_RESERVED BIT(3)
#define PF_FETCH BIT(4)

#define WALK_TRIES 8
#define MAX_LEVELS 5

/* The two shapes of 32-bit and 64-bit entries, and how many levels there are. */
struct mode {
	int levels;
	u32 entry_size, index_bits;
	bool long_mode, pae;
};

struct step {
	gpa_t at;
	u64 entry;
};

static struct mode mode_of(const struct guest_paging *paging)
{
	if (paging->efer & EFER_LMA)
		return (struct mode){ paging->cr4 & CR4_LA57 ? 5 : 4, 8, 9, true, false };
	if (paging->cr4 & CR4_PAE)
		return (struct mode){ 3, 8, 9, false, true };
	return (struct mode){ 2, 4, 10, false, false };
}

/* Bits lo..hi, none if hi < lo. */
static u64 bits(int hi, int lo)
{
	return hi < lo ? 0 : (BIT(hi - lo + 1) - 1) << lo;
}

static bool may_be_leaf(const struct guest_paging *paging, const struct mode *mode, int level)
{
	if (level == 3)
		return mode->long_mode && main_view.gigabyte_pages;
	return level == 2 && (mode->entry_size == 8 || (paging->cr4 & CR4_PSE));
}

/* Reserved bits of a present entry (tables 4-4 to 4-20). */
static u64 reserved_bits(const struct guest_paging *paging, const struct mode *mode, int level,
			 bool leaf)
{
	u64 reserved;

	if (mode->entry_size == 4) {
		/* PSE-36: bits 20:13 are address bits 39:32. */
		if (leaf && level == 2)
			return BIT(21) | bits(20, main_view.maxphyaddr < 40 ?
						  (int)main_view.maxphyaddr - 19 : 21);
		return 0;
	}
	reserved = bits(51, main_view.maxphyaddr);
	if (mode->pae) {
		reserved |= bits(62, 52);
		if (level == 3)
			return reserved | PTE_NX | bits(8, 5) | bits(2, 1);
	}
	if (!(paging->efer & EFER_NXE))
		reserved |= PTE_NX;
	if (leaf && level > 1)
		reserved |= bits(12 + 9 * (level - 1) - 1, 13);
	else if (mode->long_mode && level > 2 && !may_be_leaf(paging, mode, level))
		reserved |= PTE_PS;
	return reserved;
}

/* Do the rights that the walk collected allow it? (4.6.1) */
static bool allowed(const struct guest_paging *paging, int access, bool user_page, bool writable,
		    bool nx)
{
	if (access == WALK_FETCH && nx)
		return false;
	if (paging->user)
		return user_page && (access != WALK_WRITE || writable);
	if (user_page && access == WALK_FETCH)
		return !(paging->cr4 & CR4_SMEP);
	if (user_page && (paging->cr4 & CR4_SMAP) && !paging->ac)
		return false;
	return access != WALK_WRITE || writable || !(paging->cr0 & CR0_WP);
}

static int set_flags(const struct mode *mode, const struct step *step, u64 flags)
{
	if ((step->entry & flags) == flags)
		return 0;
	if (mode->entry_size == 4)
		return guest_cmpxchg32(step->at, step->entry, step->entry | flags);
	return guest_cmpxchg64(step->at, step->entry, step->entry | flags);
}

static u64 leaf_address(const struct mode *mode, u64 entry, int level, u64 gva)
{
	u64 size = PAGE_SIZE << (mode->index_bits * (level - 1));
	u64 address = entry & bits(51, 12) & ~(size - 1);

	if (mode->entry_size == 4 && level == 2)
		address = (entry & bits(31, 22)) | (entry & bits(20, 13)) << 19;
	return address | (gva & (size - 1));
}

static u64 first_table(const struct guest_paging *paging, const struct mode *mode)
{
	if (mode->long_mode)
		return paging->cr3 & bits(main_view.maxphyaddr - 1, 12);
	return paging->cr3 & (mode->pae ? bits(31, 5) : bits(31, 12));
}

static int read_entry(const struct mode *mode, struct step *step)
{
	u32 narrow;
	int err;

	if (mode->entry_size == 8)
		return guest_read(step->at, &step->entry, 8);
	err = guest_read(step->at, &narrow, 4);
	step->entry = narrow;
	return err;
}

/* One try. Positive: #PF bits P and RSVD, plus 256. */
static int walk_once(const struct guest_paging *paging, u64 gva, int access, gpa_t *gpa)
{
	struct mode mode = mode_of(paging);
	struct step step[MAX_LEVELS + 1];
	u64 table = first_table(paging, &mode);
	bool user_page = true, writable = true, nx = false, leaf;
	int level = mode.levels, i, err;

	for (;; level--) {
		u32 shift = PAGE_SHIFT + mode.index_bits * (level - 1);
		u64 entry;

		step[level].at = GPA(table + (gva >> shift & (BIT(mode.index_bits) - 1)) *
						     mode.entry_size);
		if (read_entry(&mode, &step[level]))
			return 256 | PF_PRESENT | PF_RESERVED;
		entry = step[level].entry;
		if (!(entry & PTE_P))
			return 256;
		leaf = level == 1 || ((entry & PTE_PS) && may_be_leaf(paging, &mode, level));
		if (entry & reserved_bits(paging, &mode, level, leaf))
			return 256 | PF_PRESENT | PF_RESERVED;
		if (!mode.pae || level < 3) {
			user_page &= !!(entry & PTE_U);
			writable &= !!(entry & PTE_W);
			nx |= mode.entry_size == 8 && (entry & PTE_NX);
		}
		if (leaf)
			break;
		table = entry & bits(51, 12);
	}
	if (!allowed(paging, access, user_page, writable, nx))
		return 256 | PF_PRESENT;
	for (i = mode.levels; i >= level; i--) {
		if (mode.pae && i == 3)
			continue;	/* no A in a PDPTE */
		err = set_flags(&mode, &step[i],
				PTE_A | (i == level && access == WALK_WRITE ? PTE_D : 0));
		if (err)
			return -EAGAIN;
	}
	*gpa = GPA(leaf_address(&mode, step[level].entry, level, gva));
	return 0;
}

static bool canonical(const struct guest_paging *paging, u64 gva)
{
	int shift = paging->cr4 & CR4_LA57 ? 64 - 57 : 64 - 48;

	return (u64)((s64)(gva << shift) >> shift) == gva;
}

int guest_walk(const struct guest_paging *paging, gva_t gva, int access, gpa_t *gpa, u32 *pf_error)
{
	bool long_mode = paging->efer & EFER_LMA;
	int result, tries = WALK_TRIES;

	*pf_error = 0;
	if (!long_mode)
		gva.v = (u32)gva.v;
	if (!(paging->cr0 & CR0_PG)) {
		*gpa = GPA(gva.v);
		return 0;
	}
	if (long_mode && !canonical(paging, gva.v))
		return -ERANGE;
	do {
		result = walk_once(paging, gva.v, access, gpa);
	} while (result == -EAGAIN && --tries);
	if (result <= 0)
		return result;
	*pf_error = result & 0xff;
	if (access == WALK_WRITE)
		*pf_error |= PF_WRITE;
	if (paging->user)
		*pf_error |= PF_USER;
	/* 4.7: I/D only where a fetch can be told apart */
	if (access == WALK_FETCH && ((paging->cr4 & CR4_SMEP) ||
				     ((long_mode || (paging->cr4 & CR4_PAE)) &&
				      (paging->efer & EFER_NXE))))
		*pf_error |= PF_FETCH;
	return -EFAULT;
}

static int guest_copy(const struct guest_paging *paging, gva_t gva, void *in, const void *out,
		      size_t size, size_t *done, gva_t *fault, u32 *pf_error)
{
	*done = 0;
	while (*done < size) {
		gva_t at = GVA(gva.v + *done);
		size_t chunk = PAGE_SIZE - (at.v & ~PAGE_MASK);
		gpa_t gpa;
		int err;

		if (chunk > size - *done)
			chunk = size - *done;
		err = guest_walk(paging, at, in ? WALK_READ : WALK_WRITE, &gpa, pf_error);
		if (!err && (in ? guest_read(gpa, (u8 *)in + *done, chunk) :
				  guest_write(gpa, (const u8 *)out + *done, chunk)))
			err = -EACCES;
		if (err) {
			*fault = at;
			return err;
		}
		*done += chunk;
	}
	return 0;
}

int guest_copy_in(const struct guest_paging *paging, gva_t from, void *to, size_t size,
		  size_t *done, gva_t *fault, u32 *pf_error)
{
	return guest_copy(paging, from, to, NULL, size, done, fault, pf_error);
}

int guest_copy_out(const struct guest_paging *paging, gva_t to, const void *from, size_t size,
		   size_t *done, gva_t *fault, u32 *pf_error)
{
	return guest_copy(paging, to, NULL, from, size, done, fault, pf_error);
}
