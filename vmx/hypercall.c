// SPDX-License-Identifier: GPL-2.0
/*
 * VMCALL from host Linux (include/hypercall.h). Arguments are the guest's: each
 * handler reads a register once and checks what it read.
 */
#include "../core/calls.h"
#include "../core/fatal.h"
#include "../ept/frame.h"
#include "../include/platform.h"
#include "../pal/pal.h"
#include "apic.h"
#include "controls.h"
#include "cpuid.h"
#include "event.h"
#include "exit.h"
#include "kick_internal.h"
#include "leave.h"
#include "nested/nested.h"
#include "vmcs.h"

/* RULES 6: how many pages are missing for a list, in RDX. */
static s64 tell_missing(struct guest_regs *r, s64 ret)
{
	if (ret == -ENOMEM)
		r->rdx = frame_pages_missing(r->rdx < PAL_MAX_PAGES ? r->rdx : PAL_MAX_PAGES);
	return ret;
}

/* Some answer in RDX and R10 as well. */
static s64 privileged_call(struct cpu *cpu, u32 number)
{
	struct guest_regs *r = &cpu->regs;

	switch (number) {
	case HC_COMMIT_CPU:
		return launch_commit(cpu);
	case HC_LEAVE_PREPARE:
		r->rdx = 0;
		r->r10 = 0;
		return leave_prepare(cpu, r->rdi, &r->rdx, &r->r10);
	case HC_PARK:
		return leave_park(cpu, r->rdi);
	case HC_STATUS:
		return status_get(r->rdi);
	case HC_STATS:
		return stats_get(r->rdi, r->rsi, r->rdx);
	case HC_LOG:
		return log_get(r->rdi, r->rsi);
	case HC_FATAL:
		return fatal_get(r->rdi);
	case HC_DEBUG:
		return debug_call(cpu, r->rdi, r->rsi);
	case HC_PAL_CREATE:
		return pal_hc_create(r->rdi, &r->rdx);
	case HC_PAL_DONATE:
		return tell_missing(r, pal_hc_donate(r->rdi, r->rsi, r->rdx));
	case HC_PAL_ADD_FRAMES:
		return tell_missing(r, pal_hc_add_frames(r->rdi, r->rsi, r->rdx));
	case HC_PAL_STEP:
		return pal_hc_step(r->rdi);
	case HC_PAL_INFO:
		return pal_hc_info(r->rdi, r->rsi);
	case HC_PAL_DESTROY:
		return pal_hc_destroy(r->rdi);
	case HC_PAL_RECLAIM:
		return pal_hc_reclaim(r->rdi, r->rsi);
	case HC_PAL_LEND:
		return tell_missing(r, pal_hc_lend(r->rdi, r->rsi, r->rdx));
	case HC_PAL_TAKE_BACK:
		return pal_hc_take_back(r->rdi);
	case HC_DONATE:
		return donate_call(r->rdi, r->rsi);
	case HC_RECLAIM:
		return reclaim_call(r->rdi);
	default:
		return -ENOSYS;
	}
}

/*
 * Not ours. Under an outer KVM that Linux saw at launch a paravirtual Linux calls
 * it; from ring 3 nobody may (RULES 25).
 */
#define KVM_ENOSYS 1000

/*
 * Of KVM's hypercalls (Linux: Documentation/virt/kvm/x86/hypercalls.rst) those
 * by which a Linux lives: an address in another would let the outer hypervisor
 * write past EPT01.
 */
static bool carries_no_address(u32 number)
{
	switch (number) {
	case 1:		/* VAPIC_POLL_IRQ */
	case 5:		/* KICK_CPU */
	case 10:	/* SEND_IPI */
	case 11:	/* SCHED_YIELD */
		return true;
	default:
		return false;
	}
}

static void forward_vmcall(struct cpu *cpu)
{
	struct guest_regs *r = &cpu->regs;

	if (nested_vmcall(cpu))
		return;
	if (!vmx_caps.hypervisor_visible || guest_cpl() != 0) {
		inject_ud();
		return;
	}
	if (cpuid_kvm_visible && carries_no_address((u32)r->rax))
		__asm__ volatile("vmcall"
				 : "+a"(r->rax), "+b"(r->rbx), "+c"(r->rcx), "+d"(r->rdx),
				   "+S"(r->rsi), "+D"(r->rdi)
				 : : "memory");
	else
		r->rax = -KVM_ENOSYS;
	skip_instruction();
}

static u64 vmcall_as(struct guest_regs *r)
{
	register u64 r10 __asm__("r10") = r->r10;
	u64 rax = (u32)r->rax;

	__asm__ volatile("vmcall"
			 : "+a"(rax), "+d"(r->rdx), "+r"(r10)
			 : "D"(r->rdi), "S"(r->rsi)
			 : "memory");
	r->r10 = r10;
	return rax;
}

/*
 * For an Underpin below this one: it may be looked at. Whatever takes frames away
 * could take ours, whose owner it does not know.
 */
static s64 ask_outer(struct cpu *cpu, u32 plain)
{
	struct guest_regs *r = &cpu->regs;
	u64 gpa = plain == HC_STATS || plain == HC_LOG ? r->rsi : r->rdi;
	s64 answer;

	switch (plain) {
	case HC_LEAVE_PREPARE:
		return r->rdi == LEAVE_NORMAL ? (s64)vmcall_as(r) : -EBUSY;
	case HC_STATUS:
	case HC_STATS:
	case HC_LOG:
	case HC_FATAL:
		if (frame_hold(gpa >> PAGE_SHIFT))
			return -EFAULT;
		answer = vmcall_as(r);
		frame_drop(gpa >> PAGE_SHIFT);
		return answer;
	default:
		return -EBUSY;
	}
}

void handle_vmcall(struct cpu *cpu)
{
	u32 number = cpu->regs.rax, plain = number & ~UNDERPIN_HC_DEPTH_MASK;
	u32 depth = (number & UNDERPIN_HC_DEPTH_MASK) / UNDERPIN_HC_DEPTH(1);

	if (number == HC_NULL) {
		cpu->regs.rax = 0;
		skip_instruction();
		return;
	}
	if (number == HC_PAL_RESUME) {
		if (!pal_resume(cpu))
			inject_gp();
		return;
	}
	if (plain < HC_COMMIT_CPU || plain > HC_PAL_TAKE_BACK || depth > cpuid_nesting_depth) {
		forward_vmcall(cpu);
		return;
	}
	if (guest_cpl() != 0) {
		cpu->regs.rax = -EPERM;
		skip_instruction();
		return;
	}
	/* RIP moves on first: a leave continues behind the VMCALL. */
	skip_instruction();
	if (depth != cpuid_nesting_depth) {
		cpu->regs.rax = ask_outer(cpu, plain);
		return;
	}
	if (plain == HC_LEAVE) {
		cpu->regs.rax = leave_check(cpu);
		if (!cpu->regs.rax)
			vmx_leave(cpu);
		return;
	}
	cpu->regs.rax = privileged_call(cpu, plain);
}
