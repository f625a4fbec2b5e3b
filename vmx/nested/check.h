/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checks of a VM entry on a VMCS12, in the SDM's order (vol. 3, 27.2, 27.3):
 * pure functions of the VMCS12, nested_caps, and of what L1's memory holds where
 * the SDM looks into it. Everything that our own VMLAUNCH of VMCS02 could refuse
 * is refused here first (RULES 10), and named in the log at debug level.
 */
#ifndef UNDERPIN_VMX_NESTED_CHECK_H
#define UNDERPIN_VMX_NESTED_CHECK_H

#include "vmcs12.h"

/* VM-instruction errors (SDM table 31-1). */
enum vm_instruction_error {
	VMERR_VMCALL_IN_ROOT = 1,
	VMERR_VMCLEAR_INVALID_ADDRESS = 2,
	VMERR_VMCLEAR_VMXON_POINTER = 3,
	VMERR_VMLAUNCH_NOT_CLEAR = 4,
	VMERR_VMRESUME_NOT_LAUNCHED = 5,
	VMERR_ENTRY_INVALID_CONTROL = 7,
	VMERR_ENTRY_INVALID_HOST_STATE = 8,
	VMERR_VMPTRLD_INVALID_ADDRESS = 9,
	VMERR_VMPTRLD_VMXON_POINTER = 10,
	VMERR_VMPTRLD_WRONG_REVISION = 11,
	VMERR_UNSUPPORTED_FIELD = 12,
	VMERR_VMWRITE_READ_ONLY = 13,
	VMERR_VMXON_IN_ROOT = 15,
	VMERR_ENTRY_MOV_SS = 26,
	VMERR_INVALID_OPERAND = 28,	/* to INVEPT or INVVPID */
};

/* The L1 that enters: its mode decides about the host-state area (27.2.4). */
struct check_l1 {
	bool long_mode;	/* IA32_EFER.LMA */
};

/* 27.2.1 and 27.2.2-4: 0, VMERR_ENTRY_INVALID_CONTROL or VMERR_ENTRY_INVALID_HOST_STATE. */
u32 check_controls(const struct vmcs12 *v);
u32 check_host_state(const struct vmcs12 *v, const struct check_l1 *l1);
/*
 * 27.3.1: false: exit 33 with this qualification (0, 2 PDPTE, 3 NMI, 4 link pointer; table
 * in 27.8). PDPTEs of a PAE guest without EPT12 are read from L1's memory into pdpte[].
 */
bool check_guest_state(const struct vmcs12 *v, gpa_t current, u64 pdpte[4], u64 *qualification);

#endif
