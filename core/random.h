/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random numbers: HMAC-DRBG with SHA-256 (SP 800-90A, by BearSSL), seeded at
 * load with 48 bytes of Linux's and with RDSEED or RDRAND where the CPU has
 * them (RULES 26).
 */
#ifndef UNDERPIN_CORE_RANDOM_H
#define UNDERPIN_CORE_RANDOM_H

#include "../include/types.h"

/* Once; wipes handover.entropy. Vector state of this CPU is set up. 0. */
int random_init(void);

#define RANDOM_MAX 64
/*
 * len <= RANDOM_MAX (a call costs 40,000 instructions for 32 bytes, 48,000 for 64); -EINVAL, -ECANCELED after random_wipe(),
 * or -EAGAIN: another CPU is at it, which nobody waits for in root (RULES 11).
 */
int core_random(void *buf, size_t len);

/* Before a leave. */
void random_wipe(void);

#endif
