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

	.macro SAVE_FAST
	mov	%rax, REGS_RAX(%rsp)
	mov	%rcx, REGS_RCX(%rsp)
	mov	%rdx, REGS_RDX(%rsp)
	mov	%rbx, REGS_RBX(%rsp)
	mov	%rsi, REGS_RSI(%rsp)
	mov	%rdi, REGS_RDI(%rsp)
	mov	%r8, REGS_R8(%rsp)
	mov	%r9, REGS_R9(%rsp)
	mov	%r10, REGS_R10(%rsp)
	mov	%r11, REGS_R11(%rsp)
	.endm

	.macro RESTORE_FAST
	mov	REGS_RAX(%rsp), %rax
	mov	REGS_RCX(%rsp), %rcx
	mov	REGS_RDX(%rsp), %rdx
	mov	REGS_RBX(%rsp), %rbx
	mov	REGS_RSI(%rsp), %rsi
	mov	REGS_RDI(%rsp), %rdi
	mov	REGS_R8(%rsp), %r8
	mov	REGS_R9(%rsp), %r9
	mov	REGS_R10(%rsp), %r10
	mov	REGS_R11(%rsp), %r11
	.endm

	.section .text.exit, "ax"
	.globl vmx_exit_entry
	.balign 64
vmx_exit_entry:
	SAVE_FAST
	mov	%rsp, %rdi
	call	exit_fast
	test	%eax, %eax
	jnz	exit_to_slow

entry_resume:
	.globl entry_window_begin
entry_window_begin:
	mov	CPU_FLUSH_DONE(%rsp), %rax
	cmp	flush_generation(%rip), %rax
	jne	entry_again
	mov	CPU_EVENTS(%rsp), %eax
	cmp	CPU_EVENTS_SEEN(%rsp), %eax
	jne	entry_again
	RESTORE_FAST
	vmresume
	.globl entry_window_end
entry_window_end:
	mov	%rsp, %rdi
	call	entry_failed
	jmp	other_mode

/* Somebody asks for something. The callee-saved registers are the guest's; C keeps them. */
	.globl entry_again
entry_again:
	mov	%rsp, %rdi
	call	before_entry
	test	%al, %al
	jz	entry_window_begin
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
	SAVE_FAST

exit_to_slow:
	mov	%rbp, REGS_RBP(%rsp)
	mov	%r12, REGS_R12(%rsp)
	mov	%r13, REGS_R13(%rsp)
	mov	%r14, REGS_R14(%rsp)
	mov	%r15, REGS_R15(%rsp)
	mov	%rsp, %rdi
	call	exit_slow
exit_from_slow:
	mov	REGS_RBP(%rsp), %rbp
	mov	REGS_R12(%rsp), %r12
	mov	REGS_R13(%rsp), %r13
	mov	REGS_R14(%rsp), %r14
	mov	REGS_R15(%rsp), %r15
	test	%eax, %eax
	jz	entry_resume

/* VMLAUNCH of a fresh VMCS (a PAL's first entry on this CPU). */
	.globl launch_window_begin
launch_window_begin:
	mov	CPU_FLUSH_DONE(%rsp), %rax
	cmp	flush_generation(%rip), %rax
	jne	launch_again
	mov	CPU_EVENTS(%rsp), %eax
	cmp	CPU_EVENTS_SEEN(%rsp), %eax
	jne	launch_again
	RESTORE_FAST
	vmlaunch
	.globl launch_window_end
launch_window_end:
	mov	%rsp, %rdi
	call	entry_failed
	jmp	other_mode

	.globl launch_again
launch_again:
	mov	%rsp, %rdi
	call	before_entry
	test	%al, %al
	jnz	other_mode
	jmp	launch_window_begin

/*
 * s64 vmx_first_entry(struct cpu *cpu): VMLAUNCH of VMCS01 with the general
 * registers zero but for what the switch page needs (RAX, RDX = 0). Returns
 * -EIO if the entry fails, whether by VMfail or by an exit with the failure
 * bit: entry_failed() sees that the CPU has not been launched and comes back
 * through launch_failed with the registers of this call.
 */
	.globl vmx_first_entry
vmx_first_entry:
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, CPU_LAUNCH_RSP(%rdi)
	xor	%eax, %eax
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%ebx, %ebx
	xor	%ebp, %ebp
	xor	%esi, %esi
	xor	%edi, %edi
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	xor	%r11d, %r11d
	xor	%r12d, %r12d
	xor	%r13d, %r13d
	xor	%r14d, %r14d
	xor	%r15d, %r15d
	vmlaunch
	jmp	1f
/* launch_failed(struct cpu *cpu) */
	.globl launch_failed
launch_failed:
	mov	CPU_LAUNCH_RSP(%rdi), %rsp
1:	mov	$-5, %rax
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret

	.section .note.GNU-stack, "", @progbits
