/* SPDX-License-Identifier: GPL-2.0 */
/* CPUID, the one exit that is frequent. */
#ifndef UNDERPIN_VMX_CPUID_H
#define UNDERPIN_VMX_CPUID_H

#include "cpu.h"

#define UNDERPIN_CPUID_SIGNATURE "UnderpinCore"

/* Once: find the block of leaves for our identity (DESIGN.md 4). */
void cpuid_init(void);
/* Depth of Underpins below this one: 0 on the machine itself. */
u32 cpuid_nesting_depth(void);
/* EAX, ECX in; EAX..EDX out. VMCS of the guest is current. */
void emulate_cpuid(struct guest_regs *regs);

#endif
