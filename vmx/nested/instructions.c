// SPDX-License-Identifier: GPL-2.0
/*
 * L1's VMX instructions (SDM vol. 3, chapter 31), each with the checks of its page
 * in their order. A pointer names any page of L1's memory: what is not RAM reads
 * as ones, what is hidden as zeros, so neither has the revision identifier.
 * VMLAUNCH and VMRESUME go on in enter.c.
 */
#include "../../ept/guest_memory.h"
#include "../../ept/shadow.h"
#include "../../include/platform.h"
#include "../controls.h"
#include "../cr.h"
#include "../event.h"
#include "../init_sipi.h"
#include "../msr_index.h"
#include "caps.h"
#include "check.h"
#include "nested.h"
#include "operand.h"

#define RFLAGS_CF BIT(0)
#define RFLAGS_ZF BIT(6)
#define RFLAGS_OSZAPC (RFLAGS_CF | BIT(2) | BIT(4) | RFLAGS_ZF | BIT(7) | BIT(11))

/* VM-exit instruction information (tables 28-12, 28-14) */
#define INFO_REGISTER BIT(10)	/* the first operand is one */
#define INFO_REG1(info) ((info) >> 3 & 0xf)
#define INFO_REG2(info) ((info) >> 28 & 0xf)

#define MISC_VMWRITE_ANY BIT(29)	/* IA32_VMX_MISC */
/* IA32_VMX_EPT_VPID_CAP (appendix A.10) */
#define CAP_INVEPT BIT(20)
#define CAP_INVEPT_TYPE(type) BIT(24 + (type))	/* 1, 2 */
#define CAP_INVVPID BIT(32)
#define CAP_INVVPID_TYPE(type) BIT(40 + (type))	/* 0-3 */

/* ---- how an instruction ends (31.2) ---- */

static void end_with(u64 flags)
{
	vmwrite(GUEST_RFLAGS, (vmread(GUEST_RFLAGS) & ~RFLAGS_OSZAPC) | flags);
	skip_instruction();
}

void vmsucceed(void)
{
	end_with(0);
}

static void vmfail_invalid(void)
{
	end_with(RFLAGS_CF);
}

void vmfail(struct cpu *cpu, u32 error)
{
	struct nested *n = nested_state(cpu);

	if (n->current == NO_VMCS12) {
		vmfail_invalid();
		return;
	}
	vmcs_shadow_from(cpu, n);
	vmcs12_update(n, VMCS12_INDEX(VM_INSTRUCTION_ERROR), error);
	vmcs_shadow_to(cpu, n);
	end_with(RFLAGS_ZF);
}

/* ---- what all have in common ---- */

/* A control register as L1 reads it. */
static u64 seen_by_l1(u32 field, u32 mask_field, u32 shadow_field)
{
	u64 mask = vmread(mask_field);

	return (vmread(field) & ~mask) | (vmread(shadow_field) & mask);
}

static u64 cr0_of_l1(void)
{
	return seen_by_l1(GUEST_CR0, CR0_GUEST_HOST_MASK, CR0_READ_SHADOW);
}

static u64 cr4_of_l1(void)
{
	return seen_by_l1(GUEST_CR4, CR4_GUEST_HOST_MASK, CR4_READ_SHADOW);
}

static bool exists(const struct nested *n, u32 reason)
{
	switch (reason) {
	case REASON_VMXON:
		return cr4_of_l1() & CR4_VMXE;
	case REASON_INVEPT:
		return n->vmxon && (nested_caps.proc2 >> 32 & PROC2_EPT) &&
		       (nested_caps.ept_vpid & CAP_INVEPT);
	case REASON_INVVPID:
		return n->vmxon && (nested_caps.proc2 >> 32 & PROC2_VPID) &&
		       (nested_caps.ept_vpid & CAP_INVVPID);
	default:
		return n->vmxon;
	}
}

/* False: #UD or #GP(0) is injected. */
static bool may_execute(const struct nested *n, u32 reason)
{
	if (!n || !(cr0_of_l1() & CR0_PE) || (vmread(GUEST_RFLAGS) & RFLAGS_VM) ||
	    ((vmread(GUEST_IA32_EFER) & EFER_LMA) && !operand_is_64bit()) || !exists(n, reason)) {
		inject_ud();
		return false;
	}
	if (guest_cpl()) {
		inject_gp();
		return false;
	}
	return true;
}

/* Register operand of the width that the mode gives it. */
static u64 operand_2(const struct cpu *cpu, u64 info)
{
	u64 value = operand_register(cpu, INFO_REG2(info));

	return operand_is_64bit() ? value : (u32)value;
}

/* ---- VMXON, VMXOFF; which VMCS12 is current ---- */

/* The current VMCS12 goes back to L1's page; where that is RAM no more, it is lost. */
static void leave_current(struct cpu *cpu, struct nested *n)
{
	if (n->current == NO_VMCS12)
		return;
	vmcs_shadow_from(cpu, n);
	vmcs_shadow_use(cpu, n, false);
	sync_rare_from_vmcs02(cpu, n);
	vmcs12_store(&n->vmcs12, GPA(n->current));
	n->current = NO_VMCS12;
	n->current_is_shadow = false;
	nested_forget_vmcs02(cpu, n);
}

/* IA32_FEATURE_CONTROL reads as locked and enabled (vmx/msr.c), so it refuses nothing. */
static void emulate_vmxon(struct cpu *cpu, struct nested *n)
{
	u64 pointer;

	if (n->vmxon) {
		vmfail(cpu, VMERR_VMXON_IN_ROOT);
		return;
	}
	if (!check_cr0(cr0_of_l1(), 0) || !check_cr4(cr4_of_l1())) {
		inject_gp();
		return;
	}
	if (!operand_read(cpu, &pointer, sizeof(pointer)))
		return;
	if (!check_page(pointer) || vmcs12_revision_of(GPA(pointer)) != VMCS12_REVISION) {
		vmfail_invalid();
		return;
	}
	n->vmxon = true;
	cr_hold();
	n->vmxon_region = pointer;
	vmsucceed();
}

void nested_vmxoff(struct cpu *cpu)
{
	struct nested *n = nested_state(cpu);

	leave_current(cpu, n);
	n->vmxon = false;
	cr_hold();
	if (unlikely(n->init_latched)) {
		n->init_latched = false;
		handle_init(cpu);
	}
}

/* Only the launch state of a VMCS12 that is not current (its words: vmcs12.h). */
static void clear_in_memory(gpa_t page)
{
	u32 clear = 0;

	guest_write(GPA(page.v + VMCS12_LAUNCH_STATE_AT), &clear, sizeof(clear));
}

static void emulate_vmclear(struct cpu *cpu, struct nested *n)
{
	u64 pointer;

	if (!operand_read(cpu, &pointer, sizeof(pointer)))
		return;
	if (!check_page(pointer)) {
		vmfail(cpu, VMERR_VMCLEAR_INVALID_ADDRESS);
		return;
	}
	if (pointer == n->vmxon_region) {
		vmfail(cpu, VMERR_VMCLEAR_VMXON_POINTER);
		return;
	}
	if (pointer == n->current) {
		n->vmcs12.launched = 0;
		leave_current(cpu, n);
	} else {
		clear_in_memory(GPA(pointer));
	}
	vmsucceed();
}

/* 0, or the error. Bit 31 of the revision makes a shadow VMCS, where shadowing is offered. */
static u32 vmptrld_error(const struct nested *n, u64 pointer, bool *is_shadow)
{
	u32 revision;

	if (!check_page(pointer))
		return VMERR_VMPTRLD_INVALID_ADDRESS;
	if (pointer == n->vmxon_region)
		return VMERR_VMPTRLD_VMXON_POINTER;
	revision = vmcs12_revision_of(GPA(pointer));
	*is_shadow = (revision & VMCS12_SHADOW_INDICATOR) && (nested_caps.proc2 >> 32 & PROC2_VMCS_SHADOWING);
	if (revision != (VMCS12_REVISION | (*is_shadow ? VMCS12_SHADOW_INDICATOR : 0)))
		return VMERR_VMPTRLD_WRONG_REVISION;
	return 0;
}

static void emulate_vmptrld(struct cpu *cpu, struct nested *n)
{
	bool is_shadow;
	u64 pointer;
	u32 error;

	if (!operand_read(cpu, &pointer, sizeof(pointer)))
		return;
	error = vmptrld_error(n, pointer, &is_shadow);
	if (error) {
		vmfail(cpu, error);
		return;
	}
	if (pointer != n->current) {
		leave_current(cpu, n);
		nested_all_dirty(n);
		if (vmcs12_load(&n->vmcs12, GPA(pointer))) {
			vmfail_invalid();	/* taken from L1 by another CPU just now */
			return;
		}
		n->current = pointer;
		n->current_is_shadow = is_shadow;
		vmcs_shadow_use(cpu, n, true);
	}
	vmsucceed();
}

static void emulate_vmptrst(struct cpu *cpu, struct nested *n)
{
	if (operand_write(cpu, &n->current, sizeof(n->current)))
		vmsucceed();
}

/* ---- VMREAD, VMWRITE ---- */

/* Index of the field, with class R up to date; -1: VMfail. */
static int find_field(struct cpu *cpu, struct nested *n, u64 info, bool *high)
{
	int index = vmcs12_find(operand_2(cpu, info), high);

	if (index < 0) {
		vmfail(cpu, VMERR_UNSUPPORTED_FIELD);
		return index;
	}
	if (vmcs12_fields[index].class == VMCS12_R)
		sync_rare_from_vmcs02(cpu, n);
	/* Its upper half; or where nothing is shadowed now. */
	if (vmcs12_fields[index].shadow)
		vmcs_shadow_from(cpu, n);
	return index;
}

static void emulate_vmread(struct cpu *cpu, struct nested *n)
{
	u64 info = vmread(VM_EXIT_INSTRUCTION_INFO), value;
	bool wide = operand_is_64bit(), high;
	int index;

	if (n->current == NO_VMCS12) {
		vmfail_invalid();
		return;
	}
	index = find_field(cpu, n, info, &high);
	if (index < 0)
		return;
	value = vmcs12_get(&n->vmcs12, index, high);
	if (info & INFO_REGISTER)
		operand_set_register(cpu, INFO_REG1(info), wide ? value : (u32)value);
	else if (!operand_write(cpu, &value, wide ? 8 : 4))
		return;
	vmsucceed();
}

static bool is_read_only(int index)
{
	return vmcs12_fields[index].class == VMCS12_I && !(nested_caps.misc & MISC_VMWRITE_ANY);
}

static void emulate_vmwrite(struct cpu *cpu, struct nested *n)
{
	u64 info = vmread(VM_EXIT_INSTRUCTION_INFO), value = 0;
	bool wide = operand_is_64bit(), high;
	int index;

	if (n->current == NO_VMCS12) {
		vmfail_invalid();
		return;
	}
	if (info & INFO_REGISTER)
		value = operand_register(cpu, INFO_REG1(info));
	else if (!operand_read(cpu, &value, wide ? 8 : 4))
		return;
	index = find_field(cpu, n, info, &high);
	if (index < 0)
		return;
	if (is_read_only(index)) {
		vmfail(cpu, VMERR_VMWRITE_READ_ONLY);
		return;
	}
	vmcs12_set(&n->vmcs12, index, high, wide ? value : (u32)value);
	nested_field_written(n, index);
	if (vmcs12_fields[index].shadow)
		vmcs_shadow_to(cpu, n);
	vmsucceed();
}

/* May L2 have this field of the shadow VMCS without an exit to L1 (25.6.15)? */
static bool l1_lets(const struct vmcs12 *v, u64 encoding, bool write)
{
	u8 byte;

	return (secondary12(v) & PROC2_VMCS_SHADOWING) && !(encoding >> 15) &&
	       !guest_read(GPA((write ? v->vmwrite_bitmap : v->vmread_bitmap) + encoding / 8), &byte, 1) &&
	       !(byte >> encoding % 8 & 1);
}

/*
 * L1's bitmaps are looked at in software (RULES 8), so each access exits, to the core. L1
 * is left what needs its own view of L2: memory operands, CPL > 0, errors.
 */
bool nested_shadow_access(struct cpu *cpu, bool write)
{
	const struct vmcs12 *v = &nested_state(cpu)->vmcs12;
	u64 info = vmread(VM_EXIT_INSTRUCTION_INFO), encoding = operand_2(cpu, info), value;
	bool wide = operand_is_64bit(), high;
	gpa_t page = GPA(v->vmcs_link_pointer);
	int index = vmcs12_find(encoding, &high);

	if (!(info & INFO_REGISTER) || index < 0 || page.v == ~0ull || guest_cpl() ||
	    (write && is_read_only(index)) || !l1_lets(v, encoding, write) || vmcs12_read_field(page, index, &value))
		return false;
	if (write) {
		u64 given = operand_register(cpu, INFO_REG1(info));

		vmcs12_write_field(page, index, vmcs12_merge(index, high, value, wide ? given : (u32)given));
	} else {
		value = high ? value >> 32 : value;
		operand_set_register(cpu, INFO_REG1(info), wide ? value : (u32)value);
	}
	vmsucceed();
	return true;
}

/* ---- VMLAUNCH, VMRESUME ---- */

static void emulate_entry(struct cpu *cpu, struct nested *n, bool launch)
{
	if (n->current == NO_VMCS12 || n->current_is_shadow)
		vmfail_invalid();
	else if (vmread(GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_MOV_SS)
		vmfail(cpu, VMERR_ENTRY_MOV_SS);
	else if (launch && n->vmcs12.launched)
		vmfail(cpu, VMERR_VMLAUNCH_NOT_CLEAR);
	else if (!launch && !n->vmcs12.launched)
		vmfail(cpu, VMERR_VMRESUME_NOT_LAUNCHED);
	else
		nested_enter(cpu, launch);
}

/* ---- INVEPT, INVVPID ---- */

static void emulate_invept(struct cpu *cpu)
{
	u64 type = operand_2(cpu, vmread(VM_EXIT_INSTRUCTION_INFO));
	u64 descriptor[2];

	if ((type != 1 && type != 2) || !(nested_caps.ept_vpid & CAP_INVEPT_TYPE(type))) {
		vmfail(cpu, VMERR_INVALID_OPERAND);
		return;
	}
	if (!operand_read(cpu, descriptor, sizeof(descriptor)))
		return;
	if (type == 1 && !check_eptp(descriptor[0])) {
		vmfail(cpu, VMERR_INVALID_OPERAND);
		return;
	}
	if (type == 1)
		shadow_invept_single(descriptor[0]);
	else
		shadow_invept_all();
	vmsucceed();
}

static bool invvpid_is_legal(u64 type, const u64 descriptor[2])
{
	if (descriptor[0] >> 16)
		return false;
	if (type == 2)
		return true;
	return descriptor[0] && (type != 0 || check_base(descriptor[1]));
}

/* Every VPID12 runs under the one tag VPID_L2, which is emptied whole. */
static void emulate_invvpid(struct cpu *cpu)
{
	u64 type = operand_2(cpu, vmread(VM_EXIT_INSTRUCTION_INFO));
	u64 descriptor[2];

	if (type > 3 || !(nested_caps.ept_vpid & CAP_INVVPID_TYPE(type))) {
		vmfail(cpu, VMERR_INVALID_OPERAND);
		return;
	}
	if (!operand_read(cpu, descriptor, sizeof(descriptor)))
		return;
	if (!invvpid_is_legal(type, descriptor)) {
		vmfail(cpu, VMERR_INVALID_OPERAND);
		return;
	}
	if (vmx_caps.vpid)
		invvpid(INVVPID_SINGLE_CONTEXT, VPID_L2, 0);
	vmsucceed();
}

/* ---- */

bool nested_vmcall(struct cpu *cpu)
{
	struct nested *n = nested_state(cpu);

	if (!n || !n->vmxon)
		return false;
	if (may_execute(n, REASON_VMCALL))
		vmfail(cpu, VMERR_VMCALL_IN_ROOT);
	return true;
}

void emulate_vmx_instruction(struct cpu *cpu, u32 reason)
{
	struct nested *n = nested_state(cpu);

	if (!may_execute(n, reason))
		return;
	switch (reason) {
	case REASON_VMREAD:
		return emulate_vmread(cpu, n);
	case REASON_VMWRITE:
		return emulate_vmwrite(cpu, n);
	case REASON_VMRESUME:
	case REASON_VMLAUNCH:
		return emulate_entry(cpu, n, reason == REASON_VMLAUNCH);
	case REASON_VMPTRLD:
		return emulate_vmptrld(cpu, n);
	case REASON_VMPTRST:
		return emulate_vmptrst(cpu, n);
	case REASON_VMCLEAR:
		return emulate_vmclear(cpu, n);
	case REASON_INVEPT:
		return emulate_invept(cpu);
	case REASON_INVVPID:
		return emulate_invvpid(cpu);
	case REASON_VMXON:
		return emulate_vmxon(cpu, n);
	case REASON_VMXOFF:
		vmsucceed();
		return nested_vmxoff(cpu);	/* last: a latched INIT ends here */
	default:	/* VMFUNC in root (31.3) */
		return inject_ud();
	}
}
