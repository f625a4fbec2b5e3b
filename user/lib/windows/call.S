/* SPDX-License-Identifier: MIT */
/*
 * Calls of PALs from Windows' code, and the resume stub (../stub.S, which tells what
 * it promises; here in the words of PE files).
 */
#include "../stub.h"

	.text
	.balign	128			/* the stub and the RET before it in one page */
	int3
	ret				/* a call that is over ends here: docs/abi.md */
	.globl	underpin_resume_stub
underpin_resume_stub:
	testq	%rax, %rax
	jnz	1f
	movl	$UNDERPIN_HC_PAL_RESUME, %eax
	vmcall
	negq	%rax
	jle	2f
1:	testl	$UNDERPIN_STUB_OCALL, %eax
	jnz	3f
	movl	%eax, %edi
	jmp	underpin_call_failed
2:	ud2
3:	pushq	%rdi
	movq	%rdx, %rcx
	movq	%rsi, %rdx
	movzwl	%ax, %esi
	call	underpin_ocall
	movq	%rax, %rsi
	popq	%rdi
	movl	$UNDERPIN_HC_PAL_RESUME, %eax
	vmcall
	negq	%rax
	jle	2b
	jmp	1b

/*
 * From Windows' convention to System V's. RAX: the entry point. Windows has its first four
 * parameters in RCX, RDX, R8 and R9, the others above 32 bytes of shadow space; whoever is called keeps RDI,
 * RSI and XMM6 to 15, which System V's callee may use. Ten parameters are handed on, however
 * many there are: those that are not there are whatever lies on the caller's stack.
 */
	.balign	16
	.globl	underpin_call_from_windows
	.seh_proc underpin_call_from_windows
underpin_call_from_windows:
	pushq	%rbp
	.seh_pushreg %rbp
	pushq	%rdi
	.seh_pushreg %rdi
	pushq	%rsi
	.seh_pushreg %rsi
	subq	$192, %rsp		/* 32 for parameters 7 to 10, 160 for ten vectors */
	.seh_stackalloc 192
	leaq	192(%rsp), %rbp
	.seh_setframe %rbp, 192
	.irp	n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movaps	%xmm\n, (32 + 16 * (\n - 6))(%rsp)
	.seh_savexmm %xmm\n, 32 + 16 * (\n - 6)
	.endr
	.seh_endprologue
	/* RBP: RSI, RDI, RBP, the return address, 32 bytes of shadow, the fifth parameter. */
	movq	80(%rbp), %r10
	movq	%r10, (%rsp)
	movq	88(%rbp), %r10
	movq	%r10, 8(%rsp)
	movq	96(%rbp), %r10
	movq	%r10, 16(%rsp)
	movq	104(%rbp), %r10
	movq	%r10, 24(%rsp)
	movq	%rcx, %rdi
	movq	%rdx, %rsi
	movq	%r8, %rdx
	movq	%r9, %rcx
	movq	64(%rbp), %r8
	movq	72(%rbp), %r9
	call	*%rax
	.irp	n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	movaps	(32 + 16 * (\n - 6))(%rsp), %xmm\n
	.endr
	addq	$192, %rsp
	popq	%rsi
	popq	%rdi
	popq	%rbp
	ret
	.seh_endproc
