// SPDX-License-Identifier: GPL-2.0
/*
 * Exits of L2: which are the core's alone, and which are L1's. Most are there only
 * because L1 asked for them, or because every guest has them. SDM vol. 3, 26 (who
 * exits when), appendix C.
 */
#include "../../core/fatal.h"
#include "../../ept/guest_memory.h"
#include "../../ept/main_view.h"
#include "../../ept/shadow.h"
#include "../../include/platform.h"
#include "../controls.h"
#include "../event.h"
#include "../exit.h"
#include "../io.h"
#include "../kick_internal.h"
#include "../launch.h"
#include "../msr.h"
#include "../msr_index.h"
#include "../nmi.h"
#include "nested.h"

/* L1's bitmap as it is now (SDM 25.6.9); no bitmap, or a MSR that it does not cover: L1's. */
static bool l1_wants_msr(const struct vmcs12 *v, u32 msr, bool write)
{
	u32 offset = (msr >= 0xc0000000u ? 1024 : 0) + (write ? 2048 : 0) + (msr & 0x1fff) / 8;
	u8 byte;

	if (!(v->processor_based_controls & PROC_MSR_BITMAPS) ||
	    (msr >= 0x2000 && msr - 0xc0000000u >= 0x2000))
		return true;
	return guest_read(GPA(v->msr_bitmap + offset), &byte, 1) || (byte >> msr % 8 & 1);
}

static void handle_msr(struct cpu *cpu, const struct vmcs12 *v, bool write)
{
	if (l1_wants_msr(v, cpu->regs.rcx, write))
		reflect_exit(cpu, write ? REASON_WRMSR : REASON_RDMSR);
	else if (write)
		handle_wrmsr(cpu);
	else
		handle_rdmsr(cpu);
}

/* Any of the ports of this access by L1's bitmaps as they are now, or an access across the end (25.1.3). */
static bool l1_wants_io(const struct vmcs12 *v, u64 qualification)
{
	u32 port = qualification >> 16 & 0xffff, last = port + (qualification & 7);
	u8 byte;

	if (!(v->processor_based_controls & PROC_IO_BITMAPS))
		return v->processor_based_controls & PROC_UNCONDITIONAL_IO_EXITING;
	if (last > 0xffff)
		return true;
	for (; port <= last; port++)
		if (guest_read(GPA((port >> 15 ? v->io_bitmap_b : v->io_bitmap_a) + (port & 0x7fff) / 8), &byte, 1) ||
		    (byte >> port % 8 & 1))
			return true;
	return false;
}

/* A MOV to CR4 that L1 does not ask for: a bit that the core does not know. */
static bool sets_unknown_cr4(const struct cpu *cpu, const struct vmcs12 *v)
{
	u64 q = vmread(EXIT_QUALIFICATION), value;
	u32 number = q >> 8 & 0xf;

	if ((q & 0x3f) != 4)
		return false;
	value = number == 4 ? vmread(GUEST_RSP) : ((const u64 *)&cpu->regs)[number];
	return (value & (~CR4_KNOWN | CR4_SMXE)) && !((value ^ v->cr4_read_shadow) & v->cr4_guest_host_mask);
}

static void handle_ept02_fault(struct cpu *cpu, struct nested *n, bool misconfiguration)
{
	struct vmcs12 *v = &n->vmcs12;
	u16 pml_index = v->pml_index;
	u64 qualification = misconfiguration ? 0 : vmread(EXIT_QUALIFICATION);
	struct shadow_fault fault = {
		.address = L2PA(vmread(GUEST_PHYSICAL_ADDRESS)),
		.qualification = qualification,
		.misconfiguration = misconfiguration,
		.pml_address = secondary12(v) & PROC2_PML ? v->pml_address : 0,
		.pml_index = &pml_index,
	};
	enum shadow_answer answer = shadow_fault(n->shadow, &fault);

	vmcs12_update(n, VMCS12_INDEX(PML_INDEX), pml_index);
	switch (answer) {
	case SHADOW_RETRY:
		reinject_vectoring_event();
		block_nmi_again(qualification);
		break;
	case SHADOW_HIDDEN_FETCH:
		inject_gp();
		block_nmi_again(qualification);
		break;
	case SHADOW_VIOLATION:
		if (!convert_ept_violation(cpu, n, &fault))
			reflect_qualified(cpu, REASON_EPT_VIOLATION, fault.qualification);
		break;
	case SHADOW_MISCONFIGURATION:
		reflect_qualified(cpu, REASON_EPT_MISCONFIGURATION, 0);
		break;
	case SHADOW_PML_FULL:
		reflect_qualified(cpu, REASON_PML_FULL, qualification & BIT(12));
		break;
	}
}

static void handle_timer(struct cpu *cpu, struct nested *n)
{
	if (nested_timer_rest(n))
		reinject_vectoring_event();	/* the core's own period */
	else
		reflect_exit(cpu, REASON_PREEMPTION_TIMER);
}

/* Exits 0 and 8 that the core's window mode caused (vmx/nmi.c), not L1. */
static bool is_our_nmi_window(const struct cpu *cpu, u64 reason)
{
	return cpu->nmi_window &&
	       (reason == REASON_NMI_WINDOW ||
		(reason == REASON_EXCEPTION_OR_NMI &&
		 (vmread(VM_EXIT_INTERRUPTION_INFO) & INTR_INFO_TYPE) == INTR_TYPE_NMI));
}

static void handle_l2_exit(struct cpu *cpu, struct nested *n, u64 reason)
{
	switch (reason) {
	case REASON_EPT_VIOLATION:
	case REASON_EPT_MISCONFIGURATION:
		if (n->shadow)
			handle_ept02_fault(cpu, n, reason == REASON_EPT_MISCONFIGURATION);
		else
			/* L1 gave no EPT12: what L2 calls physical is L1's. */
			handle_ept_violation(cpu);
		return;
	case REASON_RDMSR:
		handle_msr(cpu, &n->vmcs12, false);
		return;
	case REASON_WRMSR:
		handle_msr(cpu, &n->vmcs12, true);
		return;
	case REASON_IO_INSTRUCTION:
		if (!l1_wants_io(&n->vmcs12, vmread(EXIT_QUALIFICATION))) {
			handle_io(cpu);
			return;
		}
		break;
	case REASON_PREEMPTION_TIMER:
		handle_timer(cpu, n);
		return;
	case REASON_VMREAD:
	case REASON_VMWRITE:
		if (nested_shadow_access(cpu, reason == REASON_VMWRITE))
			return;
		break;
	case REASON_VMFUNC:
		if (emulate_vmfunc(cpu, n))
			return;
		break;
	case REASON_CR_ACCESS:
		if (sets_unknown_cr4(cpu, &n->vmcs12)) {
			inject_gp();
			return;
		}
		break;
	case REASON_INIT:
		if (cpu->park)
			vmx_park(cpu);
		if (kick_outstanding(cpu)) {
			reinject_vectoring_event();
			return;
		}
		break;
	default:
		if (is_our_nmi_window(cpu, reason)) {
			handle_nmi_exit(cpu);
			return;
		}
	}
	reflect_exit(cpu, reason);
}

/* Everything that the CPU could refuse was refused before: a gap in check.c. */
static void entry_failure(struct cpu *cpu, struct nested *n, u64 reason)
{
	u64 qualification = vmread(EXIT_QUALIFICATION);

	log_event(LOG_ERROR, "cpu %u: the CPU refused VMCS02: reason %lx, qualification %lx",
		  cpu->slot, (unsigned long)reason, (unsigned long)qualification);
	nested_all_dirty(n);
	leave_vmcs02(cpu, n);
	reflect_entry_failure(cpu, reason & EXIT_REASON_BASIC, qualification);
}

void nested_exit(struct cpu *cpu, u64 reason)
{
	struct nested *n = nested_state(cpu);

	if (unlikely(reason & EXIT_REASON_ENTRY_FAILURE)) {
		entry_failure(cpu, n, reason);
		return;
	}
	n->launched02 = true;
	handle_l2_exit(cpu, n, reason & EXIT_REASON_BASIC);
	if (cpu->mode == MODE_L2) {
		nested_timer_arm(n);
		if (n->shadow)
			vmwrite(EPT_POINTER, shadow_eptp(n->shadow));
	}
}

void nested_entry_refused(struct cpu *cpu)
{
	struct nested *n = nested_state(cpu);
	u32 error = vmread(VM_INSTRUCTION_ERROR);

	log_event(LOG_ERROR, "cpu %u: the CPU refused VMCS02: error %u", cpu->slot, error);
	nested_all_dirty(n);
	leave_vmcs02(cpu, n);
	vmfail(cpu, error);
}

static bool l1_takes_exception(const struct vmcs12 *v, u32 vector)
{
	return v->exception_bitmap & BIT(vector);
}

bool nested_before_entry(struct cpu *cpu)
{
	struct nested *n = nested_state(cpu);
	const struct vmcs12 *v = &n->vmcs12;

	if (n->shadow)
		vmwrite(EPT_POINTER, shadow_eptp(n->shadow));
	if (cpu->events.mc && l1_takes_exception(v, VECTOR_MC)) {
		cpu->events.mc = 0;
		reflect_made_up(cpu, REASON_EXCEPTION_OR_NMI,
				VECTOR_MC | INTR_TYPE_HARDWARE_EXCEPTION | INTR_INFO_VALID);
		return true;
	}
	if (cpu->events.nmi && (v->pin_based_controls & PIN_NMI_EXITING)) {
		nmi_take(cpu);
		reflect_made_up(cpu, REASON_EXCEPTION_OR_NMI,
				VECTOR_NMI | INTR_TYPE_NMI | INTR_INFO_VALID);
		return true;
	}
	return false;
}
