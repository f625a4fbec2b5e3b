/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Multiboot's header and entry (32-bit protected mode, no paging, interrupts off), and the
 * jump to the 64-bit half, which finds CR3 and the number of tests so far in EDI and ESI.
 * Next: mode32.c.
 */
#define MAGIC 0x1badb002
#define FLAGS 3			/* pages aligned, memory map */

	.section .multiboot, "a"
	.balign 4
	.long	MAGIC, FLAGS, -(MAGIC + FLAGS)

	.text
	.globl	start
start:
	cli
	cld
	mov	$stack_end, %esp
	lgdt	gdt_pointer
	ljmp	$0x08, $1f
1:	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %fs
	mov	%eax, %gs
	mov	%eax, %ss
	push	%ebx
	call	main32

/* void enter64(u32 cr3, u32 number): paging is off. SDM vol. 3, 9.8.5 */
	.globl	enter64
enter64:
	mov	4(%esp), %edi
	mov	8(%esp), %esi
	mov	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	%edi, %cr3
	mov	$0xc0000080, %ecx	/* IA32_EFER */
	rdmsr
	or	$0x100, %eax		/* LME */
	wrmsr
	mov	%cr0, %eax
	or	$0x80010001, %eax	/* PG, WP, PE */
	mov	%eax, %cr0
	ljmp	$0x18, $0x400000

	.data
	.balign	8
	.globl	gdt, gdt_pointer
gdt:	.quad	0
	.quad	0x00cf9b000000ffff	/* 08: code, 32-bit */
	.quad	0x00cf93000000ffff	/* 10: data */
	.quad	0x00af9b000000ffff	/* 18: code, 64-bit */
	.quad	0, 0			/* 20: TSS */
	.quad	0, 0			/* 30, 38: for experiments */
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	gdt

	.bss
	.balign	16
	.skip	16384
stack_end:

	.section .half64, "a"
	.incbin	"half64.bin"
