// SPDX-License-Identifier: GPL-2.0
/* See fatal.h. `underpin decode` reads what is written here. */
#include "fatal.h"

#include "../ept/guest_memory.h"
#include "../include/platform.h"
#include "../pal/pal.h"
#include "../vmx/event.h"
#include "../vmx/exit.h"
#include "../vmx/nested/check.h"
#include "../vmx/nested/nested.h"
#include "../vmx/vector.h"
#include "../vmx/vmcs.h"
#include "header.h"
#include "pool.h"
#include "sign.h"

static struct core_fatal record;
static struct spinlock fatal_lock;

/* exit.S */
__attribute__((noreturn)) void launch_failed(struct cpu *cpu);
extern char recover_entry[];
u64 fatal_recover(struct cpu *cpu);

bool fatal_seen(void)
{
	return READ_ONCE(record.magic) == CORE_IMAGE_MAGIC;
}

s64 fatal_get(u64 gpa)
{
	int err;

	if (!fatal_seen())
		return 0;
	_Static_assert(sizeof(record) <= 4096, "one page");
	if (gpa & ~PAGE_MASK)
		return -EINVAL;
	err = guest_write(GPA(gpa), &record, sizeof(record));
	return err ? err : 1;
}

static void record_vmcs(struct core_fatal *r, const struct cpu *cpu)
{
	r->exit_reason = vmread(VM_EXIT_REASON);
	r->vm_instruction_error = vmread(VM_INSTRUCTION_ERROR);
	/* Where a PAL was, and what it wanted there, is the PAL's. */
	if (cpu->mode == MODE_PAL)
		return;
	r->exit_qualification = vmread(EXIT_QUALIFICATION);
	r->guest_rip = vmread(GUEST_RIP);
	r->guest_rsp = vmread(GUEST_RSP);
	r->guest_cr0 = vmread(GUEST_CR0);
	r->guest_cr3 = vmread(GUEST_CR3);
	r->guest_cr4 = vmread(GUEST_CR4);
	r->guest_efer = vmread(GUEST_IA32_EFER);
	r->guest_physical = vmread(GUEST_PHYSICAL_ADDRESS);
	r->idt_vectoring = vmread(IDT_VECTORING_INFO);
}

static void record_frame(struct core_fatal *r, const struct cpu *cpu, const struct trap_frame *f)
{
	u64 slot_end = (u64)cpu;
	u32 i;

	r->rip = f->rip;
	r->rsp = f->rsp;
	r->rflags = f->rflags;
	r->vector = f->vector;
	r->error_code = f->error_code;
	r->cr2 = read_cr2();
	/* Registers and stack may hold what is the PAL's: of its exit, or while pal/ works on it. */
	if (cpu->mode == MODE_PAL || cpu->pal_claim)
		return;
	memcpy(r->gpr, (u64[]){ f->rax, f->rcx, f->rdx, f->rbx, f->rsp, f->rbp, f->rsi, f->rdi,
				f->r8, f->r9, f->r10, f->r11, f->r12, f->r13, f->r14, f->r15 },
	       sizeof(r->gpr));
	for (i = 0; i < CORE_FATAL_STACK && f->rsp + 8 * i + 8 <= slot_end &&
		    f->rsp >= slot_end - 3 * PAGE_SIZE; i++)
		r->stack[i] = ((const u64 *)f->rsp)[i];
	r->stack_words = i;
}

/* The first is kept: what follows is often its consequence. */
static bool begin_record(void)
{
	bool first;

	spin_lock(&fatal_lock);
	first = record.magic == 0;
	if (first)
		record.magic = 1;
	spin_unlock(&fatal_lock);
	return first;
}

static void write_record(struct cpu *cpu, const struct trap_frame *frame, const char *text)
{
	if (!begin_record())
		return;
	record.cpu = cpu->slot;
	if (frame)
		record_frame(&record, cpu, frame);
	else
		record.vector = 256;
	if (cpu->in_vmx)
		record_vmcs(&record, cpu);
	memcpy(record.build_id, image_header.build_id, sizeof(record.build_id));
	memcpy(record.text, text, strlen(text) + 1);
	record.recovered = cpu->in_vmx && cpu->fatal_depth == 0;
	barrier();
	record.magic = CORE_IMAGE_MAGIC;
}

static __attribute__((noreturn)) void halt_cpu(void)
{
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}

/*
 * While the core works for L1, VMCS02 or the shadow VMCS may be current, and VMCS01 in MODE_L2: the mode's
 * own is made current. The shadow VMCS is left clear, as always (vmx/nested/vmcs_shadow.c).
 */
static void make_vmcs_of_mode_current(struct cpu *cpu)
{
	struct nested *n = nested_state(cpu);

	if (!n || !cpu->launched || cpu->mode == MODE_PAL)
		return;
	if (n->shadow_vmcs.v)
		vmclear(n->shadow_vmcs);
	vmptrld(cpu->mode == MODE_L2 ? n->vmcs02 : cpu->vmcs01);
	/* How far VMCS02 was written nobody knows. */
	n->dirty = DIRTY_ALL;
}

void fatal_trap(struct cpu *cpu, struct trap_frame *frame)
{
	/* Else the log below could wait for itself. */
	locks_release_all(cpu);
	sign_crashed(cpu);
	vector_recover(cpu);
	if (cpu->in_vmx)
		make_vmcs_of_mode_current(cpu);
	write_record(cpu, frame, "exception in VMX root operation");
	log_event(LOG_ERROR, "cpu %u: BUG: exception %u in root at %lx", cpu->slot,
		  (u32)frame->vector, (unsigned long)frame->rip);
	if (!cpu->in_vmx || !cpu->launched || cpu->fatal_depth++)
		halt_cpu();
	frame->rip = (u64)recover_entry;
	frame->rsp = (u64)cpu;
}

static u64 recovered(struct cpu *cpu)
{
	cpu->fatal_depth = 0;
	return ENTRY_RESUME;
}

/* On a fresh stack, VMCS of the guest current: give Linux an answer and go on. */
u64 fatal_recover(struct cpu *cpu)
{
	pal_doom_all();
	if (cpu->mode == MODE_PAL) {
		pal_abort(cpu);
		return recovered(cpu);
	}
	pal_release_claim(cpu);
	if (cpu->mode == MODE_L2) {
		/* VMCS02 may be half written: L1's entry fails, and only that L2 is lost. */
		leave_vmcs02(cpu, nested_state(cpu));
		vmfail(cpu, VMERR_ENTRY_INVALID_CONTROL);
		return recovered(cpu);
	}
	if ((vmread(VM_EXIT_REASON) & EXIT_REASON_BASIC) == REASON_VMCALL &&
	    !(vmread(VM_ENTRY_INTERRUPTION_INFO) & INTR_INFO_VALID)) {
		/* hypercall.c moves RIP first. */
		cpu->regs.rax = -EIO;
	} else {
		inject_gp();
	}
	return recovered(cpu);
}

void entry_failed(struct cpu *cpu)
{
	if (!cpu->launched)
		launch_failed(cpu);
	if (cpu->mode == MODE_L2) {
		nested_entry_refused(cpu);
		return;
	}
	locks_release_all(cpu);
	write_record(cpu, NULL, "VM entry refused by the CPU");
	log_event(LOG_ERROR, "cpu %u: BUG: VM entry failed, error %u, reason %lx", cpu->slot,
		  (u32)vmread(VM_INSTRUCTION_ERROR), (unsigned long)vmread(VM_EXIT_REASON));
	pal_doom_all();
	if (cpu->mode == MODE_PAL) {
		pal_abort(cpu);
		return;
	}
	pal_release_claim(cpu);
	/* A guest state that no entry accepts: a bare CPU would have shut down on such a one. */
	if (cpu->mode == MODE_LINUX)
		shutdown_machine(cpu);
	halt_cpu();
}
