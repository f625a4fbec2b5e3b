/* SPDX-License-Identifier: GPL-2.0 */
/* The frame that trap.S makes, for trap.c and fatal.c. */
#ifndef UNDERPIN_CORE_TRAP_H
#define UNDERPIN_CORE_TRAP_H

#include "../include/types.h"

struct trap_frame {
	u64 rax, rcx, rdx, rbx, rbp, rsi, rdi;
	u64 r8, r9, r10, r11, r12, r13, r14, r15;
	u64 vector, error_code;
	u64 rip, cs, rflags, rsp, ss;
};

void trap_handler(struct trap_frame *frame);

#endif
