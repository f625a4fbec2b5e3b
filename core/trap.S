/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Exceptions and NMIs in root (SDM vol. 3, 6.14). The way back is not IRET: that
 * would unblock NMIs, and the core wants at most one until the next VM entry
 * (vmx/nmi.h). RFLAGS and RIP go onto the interrupted stack (below its red zone,
 * which BearSSL's code has, if that is not where the frame is), then POPFQ and
 * RET take them.
 */
	.macro TRAP vector
	.balign 16
	/* These have an error code (SDM table 6-1); the others get a zero. */
	.if \vector != 8 && (\vector < 10 || \vector > 14) && \vector != 17 && \vector != 21
	pushq	$0
	.endif
	pushq	$\vector
	jmp	trap_common
	.endm

	/* RFLAGS in RAX and RIP in RDX go to RCX, registers back, then RSP = RCX + 16 + skip. */
	.macro RETURN skip
	mov	%rax, (%rcx)
	mov	%rdx, 8(%rcx)
	mov	%rcx, 120(%rsp)		/* in place of the vector */
	.irp	reg, rax, rcx, rdx, rbx, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15
	pop	%\reg
	.endr
	.set	word, 1
	.rept	15
	movq	$0, -8 * word(%rsp)	/* and they do not stay here */
	.set	word, word + 1
	.endr
	mov	(%rsp), %rsp
	popfq
	ret	$\skip
	.endm

	.section .text.trap, "ax"
	.globl trap_stubs
	.balign 16
trap_stubs:
	.irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	TRAP \vector
	.endr

	.balign 16
trap_common:
	.irp	reg, r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax
	push	%\reg
	.endr
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbx
	/* What C would spill to this stack may be a PAL's (TRUSTVISOR.md 1.7, V6). */
	.irp	reg, ebp, r12d, r13d, r14d, r15d
	xor	%\reg, %\reg
	.endr
	and	$-16, %rsp
	call	trap_handler
	mov	%rbx, %rsp

	/* Frame from RSP: 15 registers, vector, error code, RIP, CS, RFLAGS, RSP, SS */
	mov	160(%rsp), %rcx		/* interrupted RSP */
	mov	152(%rsp), %rax		/* RFLAGS */
	mov	136(%rsp), %rdx		/* RIP */
	mov	%rcx, %rsi
	sub	%rsp, %rsi
	cmp	$320, %rsi
	jb	1f
	/* A stack of its own (IST): below the red zone of the interrupted one. */
	sub	$144, %rcx
	RETURN	128
	/*
	 * On the interrupted stack itself: what is below 144 bytes of it is this very
	 * frame. Its last two words have been read, and the red zone is lost anyway.
	 */
1:	sub	$16, %rcx
	RETURN	0

	.section .note.GNU-stack, "", @progbits
