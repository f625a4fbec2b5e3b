/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Operands of the VMX instructions of an L1 (SDM vol. 3, 28.2.5, tables 28-13,
 * 28-14): registers, and memory through L1's segments and page tables. VMCS01
 * is current. What faults is injected, and the answer is false: the instruction
 * has had no effect.
 */
#ifndef UNDERPIN_VMX_NESTED_OPERAND_H
#define UNDERPIN_VMX_NESTED_OPERAND_H

#include "../cpu.h"

u64 operand_register(const struct cpu *cpu, u32 index);	/* 0-15; RSP is in the VMCS */
void operand_set_register(struct cpu *cpu, u32 index, u64 value);
/* Width of register operands and of VMREAD, VMWRITE: 64-bit mode or not. */
bool operand_is_64bit(void);
/* The memory operand of the instruction that exited; size is 4, 8 or 16. */
bool operand_read(struct cpu *cpu, void *to, size_t size);
bool operand_write(struct cpu *cpu, const void *from, size_t size);

#endif
