/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core's quote key, ECDSA P-256 with SHA-256 (FIPS 186-4, RFC 6979), derived
 * from the root secret. One signature costs 12.4 million instructions, so each
 * call here is one bounded step of whatever work is under way, the caller's own
 * or another's, and answers -EAGAIN until the caller's is done (RULES 11). Any
 * number of CPUs may call; no one waits.
 */
#ifndef UNDERPIN_CORE_SIGN_H
#define UNDERPIN_CORE_SIGN_H

#include "../include/types.h"

/*
 * id: of the PAL that asks, 1 to FRAME_MAX_ID; one signature at a time for each.
 * signature: r, s (big-endian). 0; -EAGAIN; -ECANCELED: wiped; -EIO: BearSSL's known answer was wrong.
 */
int sign_hash(u32 id, const u8 hash[32], u8 signature[64]);
int sign_public(u8 x[32], u8 y[32]);
/* Before a leave. */
void sign_wipe(void);

/* Does an address lie on the stack that the work runs on? And which CPU runs it. */
bool sign_owns(u64 rsp);
struct cpu;
struct cpu *sign_cpu(void);
/* The PAL gives up what it asked for, or is gone. */
void sign_forget(u32 id);
/* A bug on this CPU: if it was in the middle of a step here, sign_wipe(). */
void sign_crashed(struct cpu *cpu);
/* For tests (DEBUG_CRASH_SIGNING): the next step meets a bug. */
extern bool sign_crashes;

#endif
