/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The platform under the common core (vmx/, ept/, pal/): everything that those
 * folders need and cannot do in plain C. Two implementations: core/ (the real
 * CPU; the privileged instructions are inline in core/arch.h) and
 * selftests/hosted/ (a fake CPU, for unit tests, sanitizers and fuzzers).
 */
#ifndef UNDERPIN_PLATFORM_H
#define UNDERPIN_PLATFORM_H

#include "errors.h"
#include "types.h"

#ifdef UNDERPIN_HOSTED
#include <string.h>
#else
void *memcpy(void *dst, const void *src, size_t n);
void *memmove(void *dst, const void *src, size_t n);
void *memset(void *dst, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
#endif

/* ---- memory ---- */

/*
 * The core's own view of a host-physical range within one page. NULL when the
 * page is not RAM that the core has mapped. Says nothing about who owns it:
 * for an address that a guest named use ept/guest_memory.h, nothing else.
 */
void *phys_to_virt(hpa_t pa);
/* The same for a page that is known to be the core's or a PAL's, on hot paths (core/arch.h). */
#ifdef UNDERPIN_HOSTED
#define page_address phys_to_virt
#endif
/* Reverse, for pages that phys_to_virt() answered. */
hpa_t virt_to_phys(const void *va);

/*
 * A stack of free 4 KiB pages, linked through their first bytes. The core's
 * own pool is core_pool; a PAL brings pages of its own. Locking: the caller's.
 */
struct page_pool {
	hpa_t head;	/* 0: empty */
	u32 nr_free;
	u32 nr_total;
};
extern struct page_pool core_pool;	/* locked by core_pool_lock in the calls below */
/* A zeroed page, or HPA(0). For core_pool takes its lock by itself. */
hpa_t page_alloc(struct page_pool *pool);
void page_free(struct page_pool *pool, hpa_t page);
/* How many page_alloc(&core_pool) can still give. */
u32 core_pool_free(void);

/* ---- locks: spinning, no fairness, interrupts are off in root ---- */
struct spinlock {
	u32 locked;
};
void spin_lock(struct spinlock *lock);
/* For what is held long: nobody waits for it in root (RULES 11). */
bool spin_trylock(struct spinlock *lock);
void spin_unlock(struct spinlock *lock);

/* ---- log ring; 104 bytes a record, cut beyond. Knows %s %d %u %x %lx %lu %c, no widths ---- */
#define LOG_ERROR 3
#define LOG_WARNING 4
#define LOG_INFO 6
#define LOG_DEBUG 7
void log_event(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* ---- the CPU ---- */

/* Types of invept() and invvpid() (SDM vol. 3, 31.3). */
#define INVEPT_SINGLE_CONTEXT 1
#define INVEPT_ALL_CONTEXTS 2
#define INVVPID_SINGLE_CONTEXT 1
#define INVVPID_ALL_CONTEXTS 2

#ifdef UNDERPIN_HOSTED
/* Faked: selftests/hosted/fake_cpu.c. 0, or -EFAULT where the CPU gives #GP. */
int rdmsr_safe(u32 msr, u64 *value);
int wrmsr_safe(u32 msr, u64 value);
int xsetbv_safe(u32 index, u64 value);
u64 vmread(u32 field);
void vmwrite(u32 field, u64 value);
void vmptrld(hpa_t vmcs);
void vmclear(hpa_t vmcs);
void invept(u64 type, u64 eptp);
void invvpid(u64 type, u16 vpid, u64 linear);
u64 rdtsc(void);
u32 rdtsc_low(void);
void cpu_relax(void);
void cpuid_native(u32 leaf, u32 subleaf, u32 regs[4]);
u64 read_cr4(void);
void write_cr2(u64 value);
u32 port_in(u16 port, u32 size);	/* size in bytes: 1, 2, 4 */
void port_out(u16 port, u32 size, u32 value);
void reset_debug_status(void);	/* DR0 to DR3 and DR6 as INIT leaves them (SDM vol. 3, table 9-1) */
bool cmpxchg64(u64 *p, u64 expected, u64 desired);
u64 atomic_fetch_add64(u64 *p, u64 v);
#else
#include "../core/arch.h"
#endif

#endif
