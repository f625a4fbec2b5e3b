/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TLB per fake CPU that keeps stale EPT translations for as long as the SDM
 * lets a CPU keep them (vol. 3, 29.4; RULES 5): guest-physical mappings and
 * paging-structure caches by EP4TA, combined mappings by EP4TA, VPID and PCID.
 * Nothing is dropped but by INVEPT, INVVPID, and by a violation for the address
 * that caused it (29.4.3.1). Where a CPU may choose (an old translation, a
 * table pointer from a cache, a fresh walk), fake_access() chooses at random,
 * and fake_can_reach() tries all.
 */
#ifndef HOSTED_FAKE_TLB_H
#define HOSTED_FAKE_TLB_H

#include "../../include/types.h"

/* Access bits are EPT's: 1 read, 2 write, 4 fetch; the exit qualification's as well. */
enum fake_outcome { FAKE_DONE, FAKE_VIOLATION, FAKE_MISCONFIGURATION };

/* Beside the access: it is made by the walk of the guest's page tables (a write, if EPTP bit 6 is set). */
#define FAKE_PAGE_WALK 0x10

/*
 * CPU accesses gpa through the real EPT tables (all in fake RAM). FAKE_DONE:
 * *hpa is where it went, else *qualification is the exit's.
 */
enum fake_outcome fake_access(u32 cpu, u64 eptp, gpa_t gpa, u64 access, hpa_t *hpa,
			      u64 *qualification);
/* The same for an access by a linear address that the guest translates to gpa. */
enum fake_outcome fake_access_linear(u32 cpu, u64 eptp, u16 vpid, u16 pcid, gva_t gva, gpa_t gpa,
				     u64 access, hpa_t *hpa, u64 *qualification);
/* Could any allowed choice of the CPU bring this access to the frame of hpa? */
bool fake_can_reach(u32 cpu, u64 eptp, gpa_t gpa, u64 access, hpa_t hpa);
/* The same, but to any frame but these two (0: none). The frame in *where. */
bool fake_can_reach_other(u32 cpu, u64 eptp, gpa_t gpa, u64 access, hpa_t a, hpa_t b, hpa_t *where);
/*
 * The table pointers that the CPU has cached, against the newest mapping: would
 * one of them, at the same place in its table, now lead to another frame than
 * the address's own or one of allowed[]? Finds a table that was used again, or
 * given back (a canary then), too early.
 */
bool fake_table_used_again(u32 cpu, u64 eptp, gpa_t newest, const u64 *allowed, u32 nr_allowed,
			   gpa_t *at, hpa_t *where);
/* Every place that any allowed choice of the CPU could bring this access to; how many. */
u32 fake_reachable(u32 cpu, u64 eptp, gpa_t gpa, u64 access, u64 *where, u32 max);
/* Could any cached combined mapping of the CPU bring an access to the frame? */
bool fake_combined_reaches(u32 cpu, u64 access, hpa_t hpa);
/* The CPU walks on its own accord and caches what it finds. */
void fake_speculate(u32 cpu, u64 eptp, gpa_t gpa);
/* The memory type of a fresh walk; -1: not mapped. */
int fake_memory_type(u64 eptp, gpa_t gpa);

void fake_tlb_invept(u32 cpu, u64 type, u64 eptp);
void fake_tlb_invvpid(u32 cpu, u64 type, u16 vpid, u64 linear);
u32 fake_tlb_size(u32 cpu);

#endif
