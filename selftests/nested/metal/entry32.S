/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is not C in the 32-bit half: exceptions, the way into a guest and back, what the
 * guest executes, and a piece of code in virtual-8086 mode. entry64.S is the other half's.
 */
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

/* Stack: vector, error code, EIP, CS, EFLAGS. It goes on at fault_resume. */
fault_common:
	push	%eax
	testb	$2, 22(%esp)		/* EFLAGS.VM: the segments are null then */
	jz	1f
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
1:	mov	4(%esp), %eax
	mov	%eax, fault_vector
	mov	8(%esp), %eax
	mov	%eax, fault_error
	mov	%cr2, %eax
	mov	%eax, fault_address
	testb	$2, 22(%esp)
	jnz	2f
	mov	fault_resume, %eax
	mov	%eax, 12(%esp)
	pop	%eax
	add	$8, %esp
	iret
2:	mov	saved_sp, %esp		/* of run_v8086() */
	popa
	ret

/* void run_v8086(u32 address): real-mode code at address; ends with an exception. */
	.globl	run_v8086
run_v8086:
	mov	4(%esp), %eax
	pusha
	mov	%esp, saved_sp
	mov	%esp, tss + 4
	pushl	$0			/* GS, FS, DS, ES */
	pushl	$0
	pushl	$0
	pushl	$0
	pushl	$0			/* SS, ESP */
	pushl	$0x7000
	pushl	$0x20002		/* VM */
	mov	%eax, %ecx
	shr	$4, %ecx
	push	%ecx
	and	$15, %eax
	push	%eax
	iret

/* u32 vm_enter(u32 resume): 0 an exit, else the flags of the VMfail. */
	.globl	vm_enter
vm_enter:
	mov	4(%esp), %ecx
	pusha
	mov	$0x6c14, %eax		/* HOST_RSP */
	vmwrite	%esp, %eax
	mov	$0x6c16, %eax		/* HOST_RIP */
	mov	$3f, %edx
	vmwrite	%edx, %eax
	test	%ecx, %ecx
	mov	guest_register, %ebx
	jnz	1f
	vmlaunch
	jmp	2f
1:	vmresume
2:	pushf
	pop	%eax
	mov	%eax, 28(%esp)
	popa
	ret
3:	mov	%ebx, guest_register
	popa
	xor	%eax, %eax
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
	.skip	4
	.balign	16
	.skip	1024
guest_stack_end:
