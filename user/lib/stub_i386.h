/* SPDX-License-Identifier: MIT */
/*
 * stub.S for 32-bit code: the same, with the token in EDX:ECX, where it
 * displaces nothing that the caller keeps (EBX, EBP, ESI, EDI are its own here),
 * and the argument of underpin_call_failed() on the stack (cdecl).
 */
	.text
	.globl	underpin_resume_stub
	.type	underpin_resume_stub, @function
	.balign	64
	int3
	.type	underpin_call_return, @function
underpin_call_return:
	ret
	.size	underpin_call_return, . - underpin_call_return
underpin_resume_stub:
	.cfi_startproc
	testl	%eax, %eax
	jnz	1f
	movl	$UNDERPIN_HC_PAL_RESUME, %eax
	vmcall
	negl	%eax
	jle	2f
1:	subl	$8, %esp		/* a multiple of 16 at the call */
	.cfi_adjust_cfa_offset 8
	pushl	%eax
	.cfi_adjust_cfa_offset 4
	call	underpin_call_failed
	addl	$12, %esp
	.cfi_adjust_cfa_offset -12
	ret
2:	ud2
	.cfi_endproc
	.size	underpin_resume_stub, . - underpin_resume_stub
