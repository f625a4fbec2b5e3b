/* SPDX-License-Identifier: MIT */
/*
 * Where the core sends the owner of a PAL when a call does not simply return
 * (include/hypercall.h, STUB_RESUME). RSP is as at the entry point of the call:
 * it points to the return address, so the stub is a function entered by the
 * caller as far as stack, alignment and unwinding go.
 *
 * RAX = 0: the PAL was interrupted. Linux takes its interrupt, signal or page
 * fault right here, before any of the instructions; each may be executed
 * again, since none changes what the next one needs. RDI is the token.
 * RAX = STUB_OCALL + number: the PAL asks. RSI and RDX are what it gave with it; the answer goes
 * back in RSI. The handler runs on the caller's stack as any function would.
 * RAX = errno: the call is over. errno is set and the caller sees -1. The same
 * where the core refuses to resume (-errno behind VMCALL: the PAL was closed
 * meanwhile, or the call was dropped): RSP has not moved.
 */
#include "stub.h"

#ifdef __i386__
#include "stub_i386.h"
#else
	.text
	.globl	underpin_resume_stub
	.type	underpin_resume_stub, @function
	.balign	128			/* all of it in one page: one walk finds it */
	int3
	.type	underpin_call_return, @function
underpin_call_return:
	/*
	 * The byte before the stub is a RET: where the core finds it, a call that
	 * is over ends by the owner's own RET here (docs/abi.md), which needs no
	 * walk to the owner's stack and keeps a shadow stack in step.
	 */
	ret
	.size	underpin_call_return, . - underpin_call_return
underpin_resume_stub:
	.cfi_startproc
	testq	%rax, %rax
	jnz	1f
	movl	$UNDERPIN_HC_PAL_RESUME, %eax
	vmcall				/* goes on in the PAL; the call returns to its caller */
	negq	%rax			/* refused: -errno */
	jle	2f
1:	testl	$UNDERPIN_STUB_OCALL, %eax
	jnz	3f
	movl	%eax, %edi
	jmp	underpin_call_failed	/* errno = edi; return -1 */
2:	ud2				/* no answer of the core's */
3:	pushq	%rdi			/* a multiple of 16 at the call */
	.cfi_adjust_cfa_offset 8
	movq	%rdx, %rcx
	movq	%rsi, %rdx
	movzwl	%ax, %esi
	call	underpin_ocall		/* (token, number, a, b) */
	movq	%rax, %rsi
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	movl	$UNDERPIN_HC_PAL_RESUME, %eax
	vmcall
	negq	%rax
	jle	2b
	jmp	1b			/* refused: its bit of STUB_OCALL is clear */
	.cfi_endproc
	.size	underpin_resume_stub, . - underpin_resume_stub
#endif

	.section .note.GNU-stack, "", @progbits
