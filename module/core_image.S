/* SPDX-License-Identifier: GPL-2.0 */
/* The core image, as core/Makefile links it. Init data: gone once it is copied. */
	.section .init.rodata, "a"
	.balign	4096
	.globl	core_image_start
core_image_start:
	.incbin	"core.bin"
	.globl	core_image_end
core_image_end:
	.balign	8

	.section .note.GNU-stack, "", @progbits
