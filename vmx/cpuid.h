/* SPDX-License-Identifier: GPL-2.0 */
/* CPUID, the one exit that is frequent. */
#ifndef UNDERPIN_VMX_CPUID_H
#define UNDERPIN_VMX_CPUID_H

#include "../include/platform.h"
#include "cpu.h"
#include "msr_index.h"
#include "vmcs.h"

#define UNDERPIN_CPUID_SIGNATURE "UnderpinCore"

/* Once: find the block of leaves for our identity (DESIGN.md 4). 0. */
int cpuid_init(void);
/* KVM's signature was there at launch: its hypercalls may be made. */
extern bool cpuid_kvm_visible;
/* Depth of Underpins below this one: 0 on the machine itself. */
extern u32 cpuid_nesting_depth;
/* First of our leaves; set by cpuid_init(). */
extern u32 cpuid_identity_leaf;
#define CPUID_IDENTITY_LEAVES 2
/* "TrVz" with ECX = 0, answered "TRVZ": what TrustVisor's programs ask (docs/callers.md 2). */
#define CPUID_TRUSTVISOR 0x7a567254u
#define CPUID_TRUSTVISOR_ANSWER 0x7a767274u
/* pal: the id of the PAL that asks, ~0: who asks is outside of any. */
static inline void cpuid_trustvisor(struct guest_regs *regs, u32 pal, bool code_64bit)
{
	regs->rax = CPUID_TRUSTVISOR_ANSWER;
	regs->rbx = pal;
	regs->rcx = code_64bit;
	regs->rdx = 0;
}

/* Leaves whose answer mirrors the guest's CR4, or is ours. */
void cpuid_adjust(struct guest_regs *regs, u32 leaf, u32 subleaf);

/* EAX, ECX in; EAX..EDX out. VMCS of the guest is current. */
static inline void emulate_cpuid(struct guest_regs *regs)
{
	u32 leaf = regs->rax, subleaf = regs->rcx;
	u64 a = leaf, b, c = subleaf, d;	/* CPUID clears the upper halves */

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	regs->rax = a;
	regs->rbx = b;
	regs->rcx = c;
	regs->rdx = d;
	if (unlikely(leaf == 1 || leaf == 7 || leaf == CPUID_TRUSTVISOR ||
		     leaf - cpuid_identity_leaf < CPUID_IDENTITY_LEAVES))
		cpuid_adjust(regs, leaf, subleaf);
}

#endif
