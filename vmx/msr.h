/* SPDX-License-Identifier: GPL-2.0 */
/*
 * MSRs of host Linux. The bitmap lets all pass but those in the table of msr.c,
 * which also says why each other MSR that survives an exit is safe (RULES 7).
 */
#ifndef UNDERPIN_VMX_MSR_H
#define UNDERPIN_VMX_MSR_H

#include "cpu.h"

/* Once: build the bitmap page (SDM 25.6.9). HPA(0): out of pages. */
hpa_t msr_bitmap_alloc(void);

/*
 * As the guest of the current VMCS would read and write it by an exit. 0; -EFAULT: #GP;
 * -EAGAIN: a bounded step is done, the same write has to be made again.
 */
int msr_read(u32 msr, u64 *value);
int msr_write(struct cpu *cpu, u32 msr, u64 value);
/* Writing it is short and has no effect on what the core maps (for lists of them). */
bool msr_is_plain(u32 msr);

/* At launch, before Linux runs under the core: the frames that it had told before. */
void msr_hold_told(struct cpu *cpu);

void handle_rdmsr(struct cpu *cpu);
void handle_wrmsr(struct cpu *cpu);

#endif
