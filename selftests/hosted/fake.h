/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fake machine under the hosted tests: the hosted side of
 * include/platform.h, RAM, a pool, CPUs, and a TLB that keeps what the SDM lets
 * it keep (fake_tlb.h). Every function is a weak symbol: a test that links the
 * real thing (vmx/kick.c, ...) gets that.
 */
#ifndef HOSTED_FAKE_H
#define HOSTED_FAKE_H

#include "../../include/handover.h"
#include "../../include/platform.h"
#include "../../include/types.h"

/* ---- random numbers: the same for the same seed; SEED=n in the environment ---- */
u64 fake_random(void);
u64 fake_below(u64 n);		/* 0..n-1 */
bool fake_chance(u32 percent);
void fake_seed(u64 seed);

/* ---- memory ---- */
#define FAKE_RAM_END 0x150000000ull	/* 5.25 GiB */
#define FAKE_NR_FRAMES (FAKE_RAM_END >> PAGE_SHIFT)
/*
 * Three extents as on a PC: 640 KiB, up to 128 MiB, and 1.25 GiB from 4 GiB on.
 * Backed on first touch, so a test pays for what it uses.
 */
extern const struct core_extent fake_ram[3];
/* A 2 MiB block and 704 single frames, spread: what the core owns from load on. */
#define FAKE_NR_POOL_EXTENTS 12
extern const struct core_extent fake_pool_extent[FAKE_NR_POOL_EXTENTS];
/* What a freed page is filled with, as EPT entries: who walks it gets here. */
#define FAKE_CANARY_PFN 0x6000ull
bool fake_is_ram(u64 pfn);
/* All RAM zero; core_pool is what fake_pool_extent says, but at most this many pages. */
void fake_memory_reset(u32 nr_pool);
/* A pool of a test's own, of the frames [pfn, pfn + count). */
void fake_pool_init(struct page_pool *pool, u64 pfn, u32 count);
bool fake_page_is_free(hpa_t page);

/* ---- MSRs (shared by all CPUs) and CPUID ---- */
void fake_msr_set(u32 msr, u64 value);	/* it exists, with this value */
void fake_msr_remove(u32 msr);		/* #GP from now on; all are absent at first */
u64 fake_msr_get(u32 msr);		/* 0 if absent */
void fake_cpuid_set(u32 leaf, u32 subleaf, u32 eax, u32 ebx, u32 ecx, u32 edx);
extern u64 fake_cr4, fake_tsc;
extern u32 fake_nr_logged;		/* log_event() calls; LOG=1 in the environment shows them */
extern char fake_last_log[256];

/* ---- CPUs ---- */
#define FAKE_MAX_CPUS 4
extern u32 fake_nr_cpus;
extern u32 fake_cpu;			/* who is running */
void fake_cpu_reset(u32 nr_cpus);	/* VMCSs, TLBs, kicks */
/* The VMCS of the CPU, as an array by field. */
u64 *fake_vmcs_field(u32 cpu, u32 field);
/* CPU comes to the core and goes back: does what kicks asked for (weak kick.h). */
void fake_cpu_visits_core(u32 cpu);
void fake_all_cpus_visit(void);

#endif
