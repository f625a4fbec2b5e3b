/* SPDX-License-Identifier: GPL-2.0 */
/*
 * NMIs and machine checks that arrive while the CPU is in root (RULES 12).
 *
 * Without pin controls an NMI goes straight to Linux. One that arrives in root
 * is counted by the core's handler, which does not end in IRET: NMIs then stay
 * blocked until the next VM entry, so at most one more is latched by the CPU.
 * Before that entry the counted one is injected, with blocking-by-NMI set, as
 * the CPU itself would have done; where Linux cannot take it yet (blocked, in
 * an interrupt shadow, or another event goes first), VMCS01 is put into window
 * mode (NMI exiting, virtual NMIs, NMI-window exiting) until it can.
 *
 * The decisions are a pure function of what is below, for the hosted model.
 */
#ifndef UNDERPIN_VMX_NMI_H
#define UNDERPIN_VMX_NMI_H

#include "cpu.h"

struct nmi_inputs {
	u8 pending;		/* counted, not yet delivered: 0..2 */
	bool injecting;		/* another event goes with the next entry */
	bool blocked_by_nmi;	/* interruptibility bit 3 */
	bool shadow;		/* blocking by STI or MOV SS */
	bool active;		/* activity state is active or HLT */
};

struct nmi_outputs {
	bool inject;		/* give one NMI with the next entry */
	bool window_mode;	/* NMI exiting, virtual NMIs and NMI-window exiting on */
};

struct nmi_outputs nmi_decide(const struct nmi_inputs *in);

/* Before an entry into VMCS01: carry the decision out. */
void nmi_before_entry(struct cpu *cpu);

/*
 * Count one that arrived in root, or whose exit came in window mode. What the
 * CPU would have merged is merged: one in service and one latched.
 */
void nmi_record(struct cpu *cpu);

/* One that was counted goes another way: to an L1, as its L2's exit. */
void nmi_take(struct cpu *cpu);

/* Exit 0 with an NMI, or exit 8 (window), both in window mode of VMCS01. */
void handle_nmi_exit(struct cpu *cpu);

#endif
