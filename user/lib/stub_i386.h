/* SPDX-License-Identifier: MIT */
/*
 * stub.S for 32-bit code: the same, with the token in EDX:ECX, where it
 * displaces nothing that the caller keeps (EBX, EBP, ESI, EDI are its own here),
 * and the argument of underpin_call_failed() on the stack (cdecl). What the PAL asks is its
 * number alone; the answer is in ESI, which is the caller's again if it is refused.
 */
	.text
	.globl	underpin_resume_stub
	.type	underpin_resume_stub, @function
	.balign	128
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
1:	testl	$UNDERPIN_STUB_OCALL, %eax
	jnz	3f
4:	subl	$8, %esp		/* a multiple of 16 at the call */
	.cfi_adjust_cfa_offset 8
	pushl	%eax
	.cfi_adjust_cfa_offset 4
	call	underpin_call_failed
	addl	$12, %esp
	.cfi_adjust_cfa_offset -12
	ret
2:	ud2
3:	pushl	%esi
	.cfi_adjust_cfa_offset 4
	pushl	%edx
	.cfi_adjust_cfa_offset 4
	pushl	%ecx
	.cfi_adjust_cfa_offset 4
	movzwl	%ax, %eax
	pushl	$0			/* b, a: a multiple of 16 at the call */
	.cfi_adjust_cfa_offset 4
	pushl	$0
	.cfi_adjust_cfa_offset 4
	pushl	%eax
	.cfi_adjust_cfa_offset 4
	pushl	%ecx
	.cfi_adjust_cfa_offset 4
	call	underpin_ocall
	movl	%eax, %esi
	addl	$16, %esp
	.cfi_adjust_cfa_offset -16
	popl	%ecx
	.cfi_adjust_cfa_offset -4
	popl	%edx
	.cfi_adjust_cfa_offset -4
	movl	$UNDERPIN_HC_PAL_RESUME, %eax
	vmcall
	popl	%esi			/* refused: the caller's own again */
	.cfi_adjust_cfa_offset -4
	negl	%eax
	jle	2b
	jmp	4b
	.cfi_endproc
	.size	underpin_resume_stub, . - underpin_resume_stub
