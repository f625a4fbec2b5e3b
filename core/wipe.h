/* SPDX-License-Identifier: GPL-2.0 */
/*
 * BearSSL leaves keys and answers on the stack below us (br_hmac_out() has a copy),
 * where whoever leaves VMX or starts another kernel could find them. After each
 * use: 2 KiB, twice what it goes down at most.
 */
#ifndef UNDERPIN_CORE_WIPE_H
#define UNDERPIN_CORE_WIPE_H

#include "../include/platform.h"

static __attribute__((noinline, unused)) void wipe_dead_stack(void)
{
	u8 dead[2048];

	memset(dead, 0, sizeof(dead));
	__asm__ volatile("" : : "r"(dead) : "memory");
}

#endif
