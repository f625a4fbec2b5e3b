/* SPDX-License-Identifier: MIT */
/* The first user process of a test's guest: says so on the console and asks for a power-off. */
	.globl	_start
_start:
	mov	$1, %eax		/* write */
	mov	$1, %edi
	lea	text(%rip), %rsi
	mov	$text_end - text, %edx
	syscall
	mov	$169, %eax		/* reboot: LINUX_REBOOT_CMD_POWER_OFF */
	mov	$0xfee1dead, %edi
	mov	$672274793, %esi
	mov	$0x4321fedc, %edx
	xor	%r10d, %r10d
	syscall
	ud2
text:	.ascii	"guest-init: first user process\n"
text_end:
	.section .note.GNU-stack, "", @progbits
