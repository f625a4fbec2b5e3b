/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The switch page: from Linux into the core and back. One page, position-
 * independent, mapped at the same linear address in both address spaces (the
 * core has a copy of its own, so that a later change here changes nothing
 * there). CR3 must not change while the IDT, GDT or stack in use would vanish,
 * hence the bridge (bridge.h). No thunks: a return here is a plain RET, because
 * Linux's return thunks are not mapped in the core's address space.
 *
 * Contract with the core. The first four u64 of the page are offsets in it:
 *
 *  [0] back: a CPU comes here in VMX non-root after a VMLAUNCH, with RIP = page
 *	+ back, RSP = linux_rsp, CR3 = linux_cr3, CR4 = linux_cr4, RAX = 0, RDX =
 *	0, IF = 0, and with the GDTR, IDTR and segments that core_entry() found.
 *	A plain return of core_entry() reaches the same place.
 *  [1] leave: a CPU comes here natively after VMXOFF, still on the core's page
 *	tables and a stack of the core, with RAX = Linux's CR3, RBX = Linux's CR4
 *	(VMXE clear), RCX = Linux's RSP, RDX = the RIP to go on at, RSI = RFLAGS,
 *	GDTR, IDTR and TR as the guest had them at HC_LEAVE (GDTR and IDTR are
 *	then the bridge's), CS = 0x10, SS = 0x18, CR0 as Linux had it.
 *  [2], [3] the bridge's NMI and #MC handlers: no business of the core's.
 *
 * core_entry() finds GDTR and IDTR pointing to the bridge, whose GDT is a copy
 * of Linux's with the TSS marked busy, mapped at the same address in both
 * worlds; it puts GDTR and IDTR back before it returns. What a failed VM entry
 * spoils (SAVE_NATIVE) the stub restores. CR4.PGE and CR4.CET are clear while
 * the core runs natively; r8 has Linux's CR4 with them.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm.h>
#include <asm/msr-index.h>
#include <asm/nospec-branch.h>
#include <asm/processor-flags.h>

#include "bridge.h"
#include "switch.h"

/* ENDBR64, also where the kernel is built without CET: older CPUs see a NOP. */
.macro LANDING
	.byte	0xf3, 0x0f, 0x1e, 0xfa
.endm

/* RET without a thunk (see above); nothing may run on behind it. */
.macro PLAIN_RET
	ANNOTATE_UNRET_SAFE
	ret
	int3
.endm

/* What underpin_switch and underpin_switch_hc_leave keep on Linux's stack. */
.macro SAVE_CALLER
	push	%rbp
	push	%rbx
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	pushfq
.endm

.macro RESTORE_CALLER
	popfq
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbx
	pop	%rbp
.endm

/* Linux's GDTR and IDTR to the stack, the bridge's into the CPU. */
.macro ENTER_BRIDGE bridge:req
	sub	$32, %rsp
	sgdt	(%rsp)
	sidt	16(%rsp)
	lgdt	BRIDGE_GDTR(\bridge)
	lidt	BRIDGE_IDTR(\bridge)
.endm

.macro LEAVE_BRIDGE
	lgdt	(%rsp)
	lidt	16(%rsp)
	add	$32, %rsp
.endm

/*
 * Linux's CR3 and CR4, in a way that is legal whether or not PCIDs are on now,
 * and that flushes every TLB entry, global ones too (SDM vol. 3, 4.10.4.1):
 * CR4.PCIDE can be set only while CR3[11:0] is 0. Clobbers R10.
 */
.macro LOAD_LINUX_CR3_CR4 cr3:req, cr4:req
	mov	\cr3, %r10
	and	$~0xfff, %r10
	mov	%r10, %cr3
	mov	\cr4, %r10
	btr	$X86_CR4_PGE_BIT, %r10
	btr	$X86_CR4_CET_BIT, %r10
	mov	%r10, %cr4
	mov	\cr3, %cr3
.endm

.macro SAVE_MSR msr:req
	mov	$\msr, %ecx
	rdmsr
	shl	$32, %rdx
	or	%rdx, %rax
	push	%rax
.endm

.macro RESTORE_MSR msr:req
	mov	$\msr, %ecx
	pop	%rax
	mov	%rax, %rdx
	shr	$32, %rdx
	wrmsr
.endm

/* DS, ES, FS, GS, LDTR and TR. */
#define SELECTORS_SIZE 32
#define SELECTOR_TR 20
.macro SAVE_SELECTORS
	sub	$SELECTORS_SIZE, %rsp
	mov	%ds, (%rsp)
	mov	%es, 4(%rsp)
	mov	%fs, 8(%rsp)
	mov	%gs, 12(%rsp)
	sldt	16(%rsp)
	str	SELECTOR_TR(%rsp)
.endm

/* All but TR. Zeroes the bases of FS and GS. */
.macro RESTORE_SELECTORS
	mov	(%rsp), %ds
	mov	4(%rsp), %es
	mov	8(%rsp), %fs
	mov	12(%rsp), %gs
	lldt	16(%rsp)
	add	$SELECTORS_SIZE, %rsp
.endm

.macro NOTE_EVENT event:req
	LANDING
	push	%rax
	sub	$16, %rsp
	sidt	(%rsp)
	mov	2(%rsp), %rax
	orl	$\event, BRIDGE_EVENTS(%rax)
	add	$16, %rsp
	pop	%rax
	iretq
	int3
.endm

	.section .text.underpin_switch, "ax"
	.balign	SWITCH_PAGE_SIZE

/*
 * Data, but in a code section: called a function so that objtool skips it. Not
 * SYM_FUNC_START, which may begin with an ENDBR; the functions here need none,
 * as they are called directly.
 */
SYM_START(underpin_switch_page, SYM_L_GLOBAL, SYM_A_NONE)
	ANNOTATE_NOENDBR
	.quad	.Lback - underpin_switch_page
	.quad	.Lleave - underpin_switch_page
	.quad	.Lnmi - underpin_switch_page
	.quad	.Lmc - underpin_switch_page
	.skip	32, 0xcc	/* a decoder is in step again after this */
SYM_FUNC_END(underpin_switch_page)
STACK_FRAME_NON_STANDARD underpin_switch_page

/*
 * A VM entry that fails has loaded the core's host state (SDM vol. 3, 27.8): all
 * of this is then not Linux's any more. PAT before the last write of CR4, which
 * flushes the TLB. The pops are in the opposite order.
 */
.macro SAVE_NATIVE
	SAVE_MSR MSR_FS_BASE
	SAVE_MSR MSR_GS_BASE
	SAVE_MSR MSR_KERNEL_GS_BASE
	SAVE_MSR MSR_IA32_SYSENTER_CS
	SAVE_MSR MSR_IA32_SYSENTER_ESP
	SAVE_MSR MSR_IA32_SYSENTER_EIP
	SAVE_MSR MSR_IA32_CR_PAT
	SAVE_MSR MSR_EFER
	mov	%cr0, %rax
	push	%rax
	SAVE_SELECTORS
.endm

.macro RESTORE_NATIVE bridge:req
	movzwl	SELECTOR_TR(%rsp), %eax
	RESTORE_SELECTORS
	and	$~7, %eax
	andb	$~2, BRIDGE_GDT + 5(\bridge, %rax)	/* busy: LTR wants it clear */
	ltr	%ax
	pop	%rax
	mov	%rax, %cr0
	RESTORE_MSR MSR_EFER
	RESTORE_MSR MSR_IA32_CR_PAT
	RESTORE_MSR MSR_IA32_SYSENTER_EIP
	RESTORE_MSR MSR_IA32_SYSENTER_ESP
	RESTORE_MSR MSR_IA32_SYSENTER_CS
	RESTORE_MSR MSR_KERNEL_GS_BASE
	RESTORE_MSR MSR_GS_BASE
	RESTORE_MSR MSR_FS_BASE
.endm
#define NATIVE_SIZE (SELECTORS_SIZE + 9 * 8)

/* rdi op, rsi slot, rdx arg, rcx core_cr3, r8 core_stack, r9 entry, 8(%rsp) bridge */
SYM_START(underpin_switch, SYM_L_GLOBAL, SYM_A_NONE)
	mov	8(%rsp), %rax
	SAVE_CALLER
	push	%rax
	mov	%rax, %r15
	ENTER_BRIDGE %r15
	mov	%rcx, %rbx
	mov	%rdx, %rbp
	SAVE_NATIVE

	mov	%rsp, %r12
	mov	%cr3, %r13
	mov	%cr4, %r14
	mov	%r14, %r10
	btr	$X86_CR4_PGE_BIT, %r10
	btr	$X86_CR4_CET_BIT, %r10	/* the core has no ENDBR */
	lea	BRIDGE_STACK_END(%r15), %rsp
	mov	%r10, %cr4		/* PGE changes: all TLB entries go */
	mov	%rbx, %cr3
	mov	%r8, %rsp

	mov	%r9, %rax
	mov	%rbp, %r9
	mov	%r12, %rdx
	mov	%r13, %rcx
	mov	%r14, %r8
	ANNOTATE_RETPOLINE_SAFE
	call	*%rax			/* rdi op, rsi slot, rdx rsp, rcx cr3, r8 cr4, r9 arg */

	lea	BRIDGE_STACK_END(%r15), %rsp
	LOAD_LINUX_CR3_CR4 %r13, %r14
	mov	%r12, %rsp
	mov	%rax, %rbx
	mov	%edx, %ebp
	RESTORE_NATIVE %r15
	mov	%r14, %cr4
	mov	%rbx, %rax
	mov	%ebp, %edx
	jmp	.Lout

.Lback:
	LANDING
	add	$NATIVE_SIZE, %rsp
.Lout:
	mov	32(%rsp), %rcx		/* the bridge */
	or	%edx, BRIDGE_EVENTS(%rcx)
	LEAVE_BRIDGE
	add	$8, %rsp
	RESTORE_CALLER
	PLAIN_RET

/*
 * From here on, no function begins: objtool would list an ENDBR at the start of
 * a function that no one calls, and the kernel then overwrites it at load.
 *
 * Entered by the core, see the contract: rax cr3, rbx cr4, rcx rsp, rdx rip, rsi rflags
 */
.Lleave:
	LANDING
	sub	$16, %rsp
	sidt	(%rsp)
	mov	2(%rsp), %rdi		/* the IDT is the bridge's start */
	lea	BRIDGE_STACK_END(%rdi), %rsp
	LOAD_LINUX_CR3_CR4 %rax, %rbx
	mov	%rcx, %rsp
	mov	%rbx, %cr4		/* PGE changes: all TLB entries go */
	push	%rdx
	push	%rsi
	xor	%eax, %eax
	popfq
	PLAIN_RET			/* a return, because a jump would need ENDBR there */

	/* While crossing, in either address space. IRET ends the blocking of NMIs. */
.Lnmi:
	NOTE_EVENT BRIDGE_EVENT_NMI
.Lmc:
	NOTE_EVENT BRIDGE_EVENT_MC
SYM_FUNC_END(underpin_switch)
STACK_FRAME_NON_STANDARD underpin_switch

/*
 * rdi bridge, rsi number. VMXOFF is over when the VMCALL returns 0, but nothing that lives
 * in a segment register can be trusted: no C until it is all loaded again.
 */
SYM_START(underpin_switch_hc_leave, SYM_L_GLOBAL, SYM_A_NONE)
	SAVE_CALLER
	ENTER_BRIDGE %rdi
	SAVE_MSR MSR_FS_BASE
	SAVE_MSR MSR_GS_BASE
	SAVE_MSR MSR_KERNEL_GS_BASE
	SAVE_SELECTORS

	mov	%esi, %eax
	vmcall
	mov	%rax, %rbx

	RESTORE_SELECTORS
	RESTORE_MSR MSR_KERNEL_GS_BASE
	RESTORE_MSR MSR_GS_BASE
	RESTORE_MSR MSR_FS_BASE
	mov	%rbx, %rax
	LEAVE_BRIDGE
	RESTORE_CALLER
	PLAIN_RET
SYM_FUNC_END(underpin_switch_hc_leave)
STACK_FRAME_NON_STANDARD underpin_switch_hc_leave

	/* Fails to assemble when the page overflows. */
	.org	underpin_switch_page + SWITCH_PAGE_SIZE, 0xcc

_ASM_NOKPROBE(underpin_switch)
_ASM_NOKPROBE(underpin_switch_hc_leave)
