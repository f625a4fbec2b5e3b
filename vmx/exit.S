/* SPDX-License-Identifier: GPL-2.0 */
/*
 * VM exits and entries. On exit RSP = struct cpu of this CPU, whose first
 * member is the register frame; the C stack grows down from there.
 *
 * Between entry_window_begin and entry_window_end nothing is looked at any
 * more: an NMI that arrives there makes its handler continue at entry_again
 * instead (core/trap.c), so that it is not left lying until the next exit.
 */
#include "asm_offsets.h"

	/* REGS_rax and so on: offsets in struct guest_regs (vmx/cpu.h). */
	.set	offset, 0
	.irp	reg, rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	.set	REGS_\reg, offset
	.set	offset, offset + 8
	.endr

	.macro SAVE regs:vararg
	.irp	reg, \regs
	mov	%\reg, REGS_\reg(%rsp)
	.endr
	.endm

	.macro RESTORE regs:vararg
	.irp	reg, \regs
	mov	REGS_\reg(%rsp), %\reg
	.endr
	.endm

/* What C may change, and what it keeps for its caller. */
#define FAST_REGS rax, rcx, rdx, rbx, rsi, rdi, r8, r9, r10, r11
#define SLOW_REGS rbp, r12, r13, r14, r15

	/*
	 * The last look, the guest's registers, and the entry; before_entry() and another look
	 * if somebody asks for something. The callee-saved registers are the guest's; C keeps them.
	 */
	.macro ENTER name, instruction
	.globl \name\()_window_begin, \name\()_window_end, \name\()_again
\name\()_window_begin:
	mov	CPU_FLUSH_DONE(%rsp), %rax
	cmp	flush_generation(%rip), %rax
	jne	\name\()_again
	mov	CPU_EVENTS(%rsp), %eax
	cmp	CPU_EVENTS_SEEN(%rsp), %eax
	jne	\name\()_again
	RESTORE	FAST_REGS
	\instruction
\name\()_window_end:
	mov	%rsp, %rdi
	call	entry_failed
	jmp	other_mode
\name\()_again:
	mov	%rsp, %rdi
	call	before_entry
	test	%al, %al
	jz	\name\()_window_begin
	.endm

	.section .text.exit, "ax"
	.globl vmx_exit_entry
	.balign 64
vmx_exit_entry:
	SAVE	FAST_REGS
	mov	%rsp, %rdi
	call	exit_fast
	test	%eax, %eax
	jnz	exit_to_slow

entry_resume:
	ENTER	entry, vmresume
/* VMCS01 is current now: callee-saved registers may still be a PAL's, all of Linux's are in the frame. */
other_mode:
	xor	%eax, %eax
	jmp	exit_from_slow

/* After a bug of ours (core/fatal.c), on a fresh stack. */
	.globl recover_entry
recover_entry:
	mov	%rsp, %rdi
	call	fatal_recover
	jmp	exit_from_slow

/* HOST_RIP of PAL VMCSs and VMCS02s: nothing of theirs is handled by exit_fast(). */
	.globl vmx_exit_entry_slow
vmx_exit_entry_slow:
	SAVE	FAST_REGS

exit_to_slow:
	SAVE	SLOW_REGS
	mov	%rsp, %rdi
	call	exit_slow
exit_from_slow:
	RESTORE	SLOW_REGS
	test	%eax, %eax
	jz	entry_resume
/* VMLAUNCH of a fresh VMCS (a PAL's first entry on this CPU). */
	ENTER	launch, vmlaunch
	jmp	other_mode

/*
 * s64 vmx_first_entry(struct cpu *cpu): VMLAUNCH of VMCS01 with the general
 * registers zero but for what the switch page needs (RAX, RDX = 0). Returns
 * -EIO if the entry fails, whether by VMfail or by an exit with the failure
 * bit: entry_failed() sees that the CPU has not been launched and comes back
 * through launch_failed with the registers of this call.
 */
	.globl vmx_first_entry
vmx_first_entry:
	.irp	reg, rbx, rbp, r12, r13, r14, r15
	push	%\reg
	.endr
	mov	%rsp, CPU_LAUNCH_RSP(%rdi)
	.irp	reg, eax, ecx, edx, ebx, ebp, esi, edi, r8d, r9d, r10d, r11d, r12d, r13d, r14d, r15d
	xor	%\reg, %\reg
	.endr
	vmlaunch
	jmp	1f
/* launch_failed(struct cpu *cpu) */
	.globl launch_failed
launch_failed:
	mov	CPU_LAUNCH_RSP(%rdi), %rsp
1:	mov	$-5, %rax
	.irp	reg, r15, r14, r13, r12, rbp, rbx
	pop	%\reg
	.endr
	ret

	.section .note.GNU-stack, "", @progbits
