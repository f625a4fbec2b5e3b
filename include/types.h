/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Integer and address types of the core. An address says in its type which
 * space it lives in, so that mixing two does not compile; the structs cost
 * nothing (one register each). Stands alone; see platform.h next.
 */
#ifndef UNDERPIN_TYPES_H
#define UNDERPIN_TYPES_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int32_t s32;
typedef long long s64;
#endif

#ifndef __KERNEL__
/* Host-physical: what the memory bus sees. */
typedef struct { u64 v; } hpa_t;
/* Guest-physical of host Linux (equal to host-physical, but not yet checked). */
typedef struct { u64 v; } gpa_t;
/* Guest-linear. */
typedef struct { u64 v; } gva_t;

#define HPA(x) ((hpa_t){ (x) })
#define GPA(x) ((gpa_t){ (x) })
#define GVA(x) ((gva_t){ (x) })

#define PAGE_SHIFT 12
#define PAGE_SIZE 4096ull
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define BIT(n) (1ull << (n))
#define ALIGN_UP(x, a) (((x) + (a) - 1) & ~((u64)(a) - 1))
#define ALIGN_DOWN(x, a) ((x) & ~((u64)(a) - 1))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define barrier() __asm__ volatile("" ::: "memory")
#endif

#endif
