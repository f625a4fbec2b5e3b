/*
 * A core for decode.t: three functions with known frames, linked where the core
 * lives, behind an image header (include/handover.h).
 */
	.section .header, "a"
	.quad 0x4e495052444e5543
	.long 1, 0, 0, 0, 0, 0, 0, 0
	.fill 20, 1, 0x5a		/* build id */
	.long 0

	.text
	.macro function name
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	.endm
	.macro end_function name
	.cfi_endproc
	.size	\name, . - \name
	.endm

function handle_exit
	subq	$24, %rsp
	.cfi_adjust_cfa_offset 24
	call	emulate_cpuid
	.globl	ret_in_handle_exit
ret_in_handle_exit:
	addq	$24, %rsp
	.cfi_adjust_cfa_offset -24
	ret
end_function handle_exit

function emulate_cpuid
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	call	look_up
	.globl	ret_in_emulate_cpuid
ret_in_emulate_cpuid:
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	ret
end_function emulate_cpuid

function look_up
	subq	$8, %rsp
	.cfi_adjust_cfa_offset 8
	.globl	fault_in_look_up
fault_in_look_up:
	movq	0, %rax
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
end_function look_up

function left_over
	call	handle_exit
	.globl	ret_in_left_over
ret_in_left_over:
	ret
end_function left_over
	.section .note.GNU-stack, "", @progbits
