/* SPDX-License-Identifier: GPL-2.0 */
/* Ways in which a PAL can go wrong, by name for both sides. */
#ifndef UNDERPIN_PAL_KINDS_H
#define UNDERPIN_PAL_KINDS_H

#define PAL_KINDS(X) \
	X(UD2, "an undefined instruction") X(READ, "a read of what it does not own") \
	X(WRITE, "a write to what it does not own") X(JUMP, "a jump out") \
	X(DIVIDE, "a division by zero") X(INT3, "a breakpoint") X(INT80, "int 0x80") \
	X(SYSCALL, "SYSCALL") X(SYSENTER, "SYSENTER") X(HLT, "HLT") X(CLI, "CLI") X(IN, "IN") X(OUT, "OUT") \
	X(RDMSR, "RDMSR") X(MOV_CR3, "MOV from CR3") X(MOV_DR, "MOV from DR0") X(LGDT, "LGDT") \
	X(SWAPGS, "SWAPGS") X(VMXOFF, "VMXOFF") X(VMLAUNCH, "VMLAUNCH") X(VMFUNC, "VMFUNC") \
	X(XSETBV, "XSETBV") X(INVD, "INVD") X(GETSEC, "GETSEC") X(TF, "a single step") \
	X(AC, "an unaligned access with AC set") X(STACK, "a stack overflow") \
	X(WRITE_CODE, "a write to its own code") X(RUN_DATA, "execution of its own data") \
	X(LDS_FAR, "a far return") X(BAD_SELECTOR, "a segment load") \
	X(CALL_PRIVILEGED, "a privileged hypercall") X(BAD_RETURN, "a return to a non-canonical address") \
	X(NO_STACK, "a push without a stack")

enum pal_kind {
#define X(name, text) KIND_##name,
	PAL_KINDS(X)
#undef X
	NR_KINDS
};

#endif
