/* SPDX-License-Identifier: MIT */
/* Three functions at known places for test_symbols.c, and data that is none. */
	.globl	startup
	.type	startup, @function
startup:
	.fill	0x20, 1, 0x90
	.size	startup, . - startup
	.org	0x40
label:	.fill	0x10, 1, 0x90
	.org	0x100
	.globl	entry_SYSCALL_64
	.type	entry_SYSCALL_64, @function
entry_SYSCALL_64:
	.fill	8, 1, 0x90
	.size	entry_SYSCALL_64, . - entry_SYSCALL_64
	.data
	.globl	data
data:	.quad	1
	.section .note.GNU-stack, "", @progbits
