/* SPDX-License-Identifier: GPL-2.0 */
/* Offsets in struct cpu for exit.S; vmx/cpu.h checks each at compile time. */
#ifndef UNDERPIN_VMX_ASM_OFFSETS_H
#define UNDERPIN_VMX_ASM_OFFSETS_H

#define REGS_RAX 0
#define REGS_RCX 8
#define REGS_RDX 16
#define REGS_RBX 24
#define REGS_RBP 40
#define REGS_RSI 48
#define REGS_RDI 56
#define REGS_R8 64
#define REGS_R9 72
#define REGS_R10 80
#define REGS_R11 88
#define REGS_R12 96
#define REGS_R13 104
#define REGS_R14 112
#define REGS_R15 120
#define CPU_FLUSH_DONE 176
#define CPU_EVENTS 184
#define CPU_EVENTS_SEEN 188
#define CPU_MODE 192
#define CPU_LAUNCH_RSP 208

#endif
