/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The entry of L2 and the code that it runs: each l2_NAME is one thing to do and
 * then VMCALL, which always exits. Registers: l1.regs. See vmcs.c.
 */
#include <linux/linkage.h>

	.text
/* enum entry l1_enter(u64 regs[16], bool launch) */
	.globl l1_enter
l1_enter:
	.irp	reg, rbp, rbx, r12, r13, r14, r15, rdi
	push	%\reg
	.endr
	mov	$0x6c14, %eax		/* HOST_RSP */
	vmwrite	%rsp, %rax
	mov	$0x6c16, %eax		/* HOST_RIP */
	lea	1f(%rip), %rdx
	vmwrite	%rdx, %rax
	test	%sil, %sil
	mov	0(%rdi), %rax
	mov	8(%rdi), %rcx
	mov	16(%rdi), %rdx
	mov	24(%rdi), %rbx
	mov	40(%rdi), %rbp
	mov	48(%rdi), %rsi
	mov	64(%rdi), %r8
	mov	56(%rdi), %rdi
	jz	2f
	vmlaunch
	jmp	3f
2:	vmresume
3:	mov	$1, %eax
	jc	4f
	mov	$2, %eax
4:	pop	%rdi
	jmp	5f
1:	push	%rdi
	mov	8(%rsp), %rdi
	mov	%rax, 0(%rdi)
	mov	%rcx, 8(%rdi)
	mov	%rdx, 16(%rdi)
	mov	%rbx, 24(%rdi)
	mov	%rbp, 40(%rdi)
	mov	%rsi, 48(%rdi)
	mov	%r8, 64(%rdi)
	pop	56(%rdi)
	pop	%rdi
	xor	%eax, %eax
5:	.irp	reg, r15, r14, r13, r12, rbx, rbp
	pop	%\reg
	.endr
	jmp	__x86_return_thunk

	.macro L2 name, code
	.globl l2_\name
l2_\name:
	\code
	vmcall
	jmp	l2_vmcall
	.endm

	.globl l2_vmcall
l2_vmcall:
	vmcall
	jmp	l2_vmcall
	L2 cpuid, "cpuid"
	L2 read, "mov (%rdi), %rax"
	L2 write, "mov %rax, (%rdi)"
	L2 rdmsr, "rdmsr"
	L2 wrmsr, "wrmsr"
	L2 hlt, "hlt"
	L2 pause, "pause"
	L2 ud, "ud2"
	L2 cr3, "mov %cr3, %rax; mov %rax, %cr3"
	L2 cr0, "mov %rax, %cr0"
	L2 cr8, "mov %rax, %cr8"
	L2 in, "in %dx, %al"
	L2 out, "out %al, %dx"
	L2 dr, "mov %dr7, %rax"
	L2 rdtsc, "rdtsc"
	L2 rdtscp, "rdtscp"
	L2 invlpg, "invlpg (%rdi)"
	L2 xsetbv, "xsetbv"
	L2 vmxon, "vmxon (%rdi)"
	L2 invd, "invd"
	L2 wbinvd, "wbinvd"
	L2 int3, "int3"
	L2 sgdt, "sgdt (%rdi)"
	L2 two_nops, "nop; nop"
	/* VMFUNC, and what is in the page then */
	L2 vmfunc, ".byte 0x0f, 0x01, 0xd4; mov (%rdi), %rax"
	L2 vmfunc_and_back, ".byte 0x0f, 0x01, 0xd4; mov (%rdi), %rbx; xor %ecx, %ecx; .byte 0x0f, 0x01, 0xd4; mov (%rdi), %rax"
	L2 vmfunc_write, ".byte 0x0f, 0x01, 0xd4; mov %rbx, (%rdi)"
	L2 sti_nop, "sti; nop; nop; cli"
	L2 triple, "lidt (%rdi); ud2"
/* 200 times; RBX and RAX: TSC before and after, low halves. */
	.globl l2_vmfunc_often
l2_vmfunc_often:
	mov	$200, %esi
	xor	%ecx, %ecx
	rdtsc
	mov	%eax, %ebx
1:	xor	$1, %ecx
	xor	%eax, %eax
	.byte	0x0f, 0x01, 0xd4
	dec	%esi
	jnz	1b
	rdtsc
	vmcall
	jmp	l2_vmcall

	.globl l2_loop
l2_loop:
	pause
	jmp	l2_loop
/* A frame as of an interrupt, then IRETQ, a NOP, VMCALL. */
	.globl l2_iret
l2_iret:
	mov	%rsp, %rax
	mov	%ss, %ecx
	push	%rcx
	push	%rax
	pushf
	mov	%cs, %ecx
	push	%rcx
	lea	1f(%rip), %rcx
	push	%rcx
	iretq
1:	nop
	vmcall
	jmp	l2_vmcall
/* L2's handler of NMIs: they stay blocked till its IRET. */
	.globl l2_nmi
l2_nmi:
	vmcall
	iretq

	.section .note.GNU-stack, "", @progbits
