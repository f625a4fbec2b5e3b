/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The checks of a VM entry on a VMCS12, in the SDM's order (vol. 3, 27.2, 27.3):
 * pure functions of the VMCS12, nested_caps, and of what L1's memory holds where
 * the SDM looks into it. Everything that our own VMLAUNCH of VMCS02 could refuse
 * is refused here first (RULES 10), and named in the log at debug level.
 */
#ifndef UNDERPIN_VMX_NESTED_CHECK_H
#define UNDERPIN_VMX_NESTED_CHECK_H

#include "../controls.h"
#include "../msr_index.h"
#include "caps.h"
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

/* Once, after nested_caps_init(): what CPUID makes reserved. Before it next to nothing passes. */
void check_init(void);

/*
 * Parts of the three above, for an L1 that has written little since its last good entry.
 * check_controls_again(): nothing of classes C and S, and nothing is injected: what remains is what
 * lies in L1's memory (TPR threshold).
 */
u32 check_controls_again(const struct vmcs12 *v);
/*
 * Nothing of C, S and R, of class G at most RIP and RSP; all else is what the entry had or
 * what the CPU saved at L2's exit. True: check_guest_state() has no objection; false: ask it.
 */
bool check_guest_again(const struct vmcs12 *v);
/*
 * check_guest_state() is both of these. check_guest_rare() reads class R; its answer stays
 * as long as class R is what L1 (or the CPU, in VMCS02) made it and check_guest_shape() is
 * the same. CHECK_SHAPE_ALWAYS: it has to be asked, with class R current in VMCS12.
 */
bool check_guest_hot(const struct vmcs12 *v, gpa_t current, u64 pdpte[4], u64 *qualification);
bool check_guest_rare(const struct vmcs12 *v, u64 *qualification);
u64 check_guest_shape(const struct vmcs12 *v);
#define CHECK_SHAPE_ALWAYS (~0ull)

/* ---- between check.c and check_guest.c ---- */
/* Bits that may be 1, by CPUID. */
struct check_allowed {
	u64 efer, debugctl, perf_global_ctrl, cr3, interruptibility, pending_debug;
};
extern struct check_allowed check_allowed;

static inline bool check_canonical(u64 address, u32 width)
{
	return (u64)((s64)(address << (64 - width)) >> (64 - width)) == address;
}

/*
 * Bases and pointers in MSRs may have all bits that the CPU has, whatever CR4.LA57 is, as
 * WRMSR, LGDT and the like let them; only RIP goes by CR4.LA57.
 */
static inline bool check_base(u64 address)
{
	return check_canonical(address, nested_caps.cr4_fixed1 & CR4_LA57 ? 57 : 48);
}

static inline bool check_page(u64 address)
{
	return !(address & (PAGE_SIZE - 1)) && !(address >> vmx_caps.maxphyaddr);
}

#define VMFUNC_EPTP_SWITCHING BIT(0)
/* IA32_VMX_EPT_VPID_CAP (appendix A.10) */
#define EPT_CAP_WALK_4 BIT(6)
#define EPT_CAP_UC BIT(8)
#define EPT_CAP_WB BIT(14)
#define EPT_CAP_AD BIT(21)
#define EPTP_AD BIT(6)

/* 25.6.11, 27.2.1.1, also for INVEPT and VMFUNC; the table that it points to need not be RAM. */
static inline bool check_eptp(u64 eptp)
{
	u64 cap = nested_caps.ept_vpid, type = eptp & 7;

	if (!(type == 0 && (cap & EPT_CAP_UC)) && !(type == 6 && (cap & EPT_CAP_WB)))
		return false;
	if ((eptp >> 3 & 7) != 3 || !(cap & EPT_CAP_WALK_4))
		return false;
	if ((eptp & EPTP_AD) && !(cap & EPT_CAP_AD))
		return false;
	return !(eptp & 0xf80) && !(eptp >> vmx_caps.maxphyaddr);
}

/* Memory types 0, 1, 4-7 in each byte. */
static inline bool check_pat(u64 pat)
{
	return !(pat & 0xf8f8f8f8f8f8f8f8ull) && !(pat & ~(pat >> 1) & 0x0202020202020202ull);
}

/* NW and CD are never looked at; free: other bits that may be 0 too (27.2.2, 27.3.1.1). */
static inline bool check_cr0(u64 cr0, u64 free)
{
	free |= CR0_NW | CR0_CD;
	return !(nested_caps.cr0_fixed0 & ~cr0 & ~free) && !(cr0 & ~nested_caps.cr0_fixed1 & ~free);
}

static inline bool check_cr4(u64 cr4)
{
	return !(nested_caps.cr4_fixed0 & ~cr4) && !(cr4 & ~nested_caps.cr4_fixed1);
}

#endif
