/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is not C in the 64-bit half: its entry, exceptions, the way into a guest and back,
 * what the guest executes, and a piece of code in compatibility mode. entry32.S is the other half's.
 */
	.section .entry, "ax"
	.globl	start64
start64:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	%eax, %ss
	mov	$stack_end, %rsp
	call	main64

	.text
	.balign	16
	.globl	vectors
vectors:
	.irp	number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
	.balign	16
	.ifnc	\number, 8
	.if	\number < 10 || \number == 15 || \number == 16 || \number > 17	/* no error code */
	push	$0
	.endif
	.endif
	push	$\number
	jmp	fault_common
	.endr

/* Stack: vector, error code, RIP, CS, RFLAGS, RSP, SS. It goes on at fault_resume, in 64-bit mode. */
fault_common:
	push	%rax
	mov	8(%rsp), %rax
	mov	%rax, fault_vector
	mov	16(%rsp), %rax
	mov	%rax, fault_error
	mov	%cr2, %rax
	mov	%rax, fault_address
	mov	fault_resume, %rax
	mov	%rax, 24(%rsp)
	movq	$0x18, 32(%rsp)
	pop	%rax
	add	$16, %rsp
	iretq

/* void run_compatibility(u32 address): code there in 32-bit mode; ends with an exception. */
	.globl	run_compatibility
run_compatibility:
	push	%rbx
	push	%rbp
	lea	1f, %rax
	mov	%rax, fault_resume
	mov	%rsp, saved_sp
	mov	%rsp, %rcx
	push	$0x10			/* SS */
	push	%rcx
	push	$2
	push	$0x08			/* CS */
	push	%rdi
	iretq
1:	mov	saved_sp, %rsp
	pop	%rbp
	pop	%rbx
	ret

	.globl	vmptrld_by_rbp
vmptrld_by_rbp:
	push	%rbp
	mov	%rdi, %rbp
	lea	1f, %rax
	mov	%rax, fault_resume
	movq	$99, fault_vector	/* NO_FAULT */
	vmptrld	(%rbp)
1:	pushf
	pop	%rax
	pop	%rbp
	ret

/* u64 vm_enter(u64 resume): 0 an exit, else the flags of the VMfail. */
	.globl	vm_enter
vm_enter:
	.irp	reg, rbx, rbp, r12, r13, r14, r15
	push	%\reg
	.endr
	mov	$0x6c14, %eax		/* HOST_RSP */
	vmwrite	%rsp, %rax
	mov	$0x6c16, %eax		/* HOST_RIP */
	lea	3f, %rdx
	vmwrite	%rdx, %rax
	test	%rdi, %rdi
	mov	guest_register, %rbx
	jnz	1f
	vmlaunch
	jmp	2f
1:	vmresume
2:	pushf
	pop	%rax
	jmp	4f
3:	mov	%rbx, guest_register
	xor	%eax, %eax
4:	.irp	reg, r15, r14, r13, r12, rbp, rbx
	pop	%\reg
	.endr
	ret

	.globl	guest_begin, guest_stack_end
guest_begin:
	cpuid
	mov	0x40000000, %ebx	/* GUEST_WINDOW */
	hlt
	inc	%ebx
	vmcall
	ud2
	.globl	guest_fault
guest_fault:
	mov	0x4000ffff, %eax	/* not there: the word lies in two pages */
	.globl	guest_out
guest_out:
	out	%al, $0x80
	rdmsr
	vmxoff

	.bss
	.globl	tss
	.balign	128
tss:	.skip	104
saved_sp:
	.skip	8
	.balign	16
	.skip	1024
guest_stack_end:
	.skip	16384
stack_end:
