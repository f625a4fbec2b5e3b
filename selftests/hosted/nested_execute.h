/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An L1 that executes VMX instructions (vmx/nested/instructions.c): what they lean
 * on, faked and counted, and a way to execute each and to tell its outcome.
 */
#ifndef HOSTED_NESTED_EXECUTE_H
#define HOSTED_NESTED_EXECUTE_H

#include "../../vmx/controls.h"
#include "../../vmx/cr.h"
#include "../../vmx/init_sipi.h"
#include "../../vmx/nested/caps.h"
#include "../../vmx/nested/check.h"
#include "nested_l1.h"

/* ---- what instructions.c leans on ---- */
struct nested_caps nested_caps;
struct vmx_caps vmx_caps;
struct nested *nested_of_cpu[CORE_MAX_CPUS];
static struct nested the_nested;
static struct cpu *cpu;
static u64 in_vmcs02;	/* the one field of class R that L2 changes */
static u32 nr_forgotten, nr_invept_all, nr_invvpid;
static u64 invept_of, flushed_vpid;

static bool racing;	/* L1 changes its page tables at every look */

bool cmpxchg64(u64 *p, u64 expected, u64 desired)
{
	return !racing && __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_SEQ_CST,
						      __ATOMIC_SEQ_CST);
}

void nested_enter(struct cpu *c, bool launch)
{
	c->regs.rax = launch;
	the_nested.vmcs12.launched = 1;
	the_nested.rare_in_vmcs02 = true;
	vmsucceed();
}

void sync_rare_from_vmcs02(struct cpu *c, struct nested *n)
{
	if (n->rare_in_vmcs02)
		n->vmcs12.guest_es_base = in_vmcs02;
	n->rare_in_vmcs02 = false;
}

void nested_forget_vmcs02(struct cpu *c, struct nested *n)
{
	check(n->current == NO_VMCS12 && !n->rare_in_vmcs02);
	nr_forgotten++;
}

/* The shadow VMCS: RIP as L1 wrote it there. */
static u64 shadowed_rip;
static bool shadowing;
static u32 nr_held, nr_init;

void vmcs_shadow_use(struct cpu *c, struct nested *n, bool on)
{
	shadowing = on;
	if (on)
		vmcs_shadow_to(c, n);
}

void vmcs_shadow_to(struct cpu *c, struct nested *n)
{
	shadowed_rip = n->vmcs12.guest_rip;
}

void vmcs_shadow_from(struct cpu *c, struct nested *n)
{
	if (shadowing)
		n->vmcs12.guest_rip = shadowed_rip;
}

void cr_hold(void)
{
	nr_held++;
}

void handle_init(struct cpu *c)
{
	check(!the_nested.vmxon);
	nr_init++;
}

void shadow_invept_single(u64 eptp12)
{
	invept_of = eptp12;
}

void shadow_invept_all(void)
{
	nr_invept_all++;
}

void invvpid(u64 type, u16 vpid, u64 linear)
{
	check(type == INVVPID_SINGLE_CONTEXT);
	nr_invvpid++;
	flushed_vpid = vpid;
}

/* ---- instructions ---- */
#define REGION 0x400ull		/* pfn of the VMXON region; VMCS12s from the next on */
#define VMCS12_AT(i) ((REGION + 1 + (i)) << PAGE_SHIFT)
#define OPERAND (BOUNDARY + 0x100)	/* linear; in the frame DATA + 1 */
#define MEMORY_AT_RDI 0x03c18100u	/* [rdi], DS, 64-bit address, no index */
#define NARROW_AT_RDI 0x03c18080u	/* [edi] */

static inline u64 *operand(void)
{
	return (u64 *)((u8 *)frame(DATA + 1) + 0x100);
}

static inline void fresh(enum paging mode)
{
	u32 i;

	set_mode(mode);
	map((struct page){ BOUNDARY - 0x1000, DATA, true, true, false });
	map((struct page){ BOUNDARY, DATA + 1, true, true, false });
	memset(&the_nested, 0, sizeof(the_nested));
	the_nested.current = NO_VMCS12;
	nested_of_cpu[0] = &the_nested;
	vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc093);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, 0);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, 0);
	for (i = 0; i < 102; i++) {
		memset(frame(REGION + i), 0, PAGE_SIZE);
		*(u32 *)frame(REGION + i) = VMCS12_REVISION;
	}
	vmx_caps = (struct vmx_caps){ .maxphyaddr = MACHINE_MAXPHYADDR, .vpid = true };
	nested_caps = (struct nested_caps){
		.basic = VMCS12_REVISION, .cr0_fixed0 = CR0_PE | CR0_NE | CR0_PG,
		.cr0_fixed1 = 0xffffffff, .cr4_fixed0 = CR4_VMXE, .cr4_fixed1 = 0x3767ff,
		/* EPT: 4 levels, UC, WB, INVEPT both; INVVPID all four */
		.proc2 = ~0ull << 32, .ept_vpid = 0x00000f0106104140ull,
		.proc = ~0ull << 32, .pin = ~0ull << 32, .entry = ~0ull << 32, .exit = ~0ull << 32,
		.true_proc = ~0ull << 32, .true_pin = ~0ull << 32, .true_entry = ~0ull << 32,
		.true_exit = ~0ull << 32,
	};
}

#define STATUS_FLAGS 0x8d5ull

/* Made once, as set up; whatever else the answer says is checked here. */
static inline enum outcome execute(u32 reason)
{
	struct nested *n = nested_of_cpu[0];
	u64 flags;
	enum outcome e;

	vmwrite(GUEST_RIP, 0x1000);
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 4);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	vmwrite(GUEST_RFLAGS, (vmread(GUEST_RFLAGS) & (BIT(17) | BIT(18))) | 0x202 | STATUS_FLAGS);
	if (reason == REASON_VMCALL)
		check(nested_vmcall(cpu));
	else
		emulate_vmx_instruction(cpu, reason);
	flags = vmread(GUEST_RFLAGS) & STATUS_FLAGS;
	e = injected();
	if (e == SUCCEED && vmread(GUEST_RIP) == 0x1000)
		e = NOTHING;
	if (e != SUCCEED) {
		check(vmread(GUEST_RIP) == 0x1000 && flags == STATUS_FLAGS);
		return e;
	}
	check(vmread(GUEST_RIP) == 0x1004 && (vmread(GUEST_RFLAGS) & 0x202) == 0x202);
	check(flags == 0 || flags == 1 || flags == 0x40);
	check(flags != 1 || n->current == NO_VMCS12);
	check(flags != 0x40 || n->current != NO_VMCS12);
	return flags == 0 ? SUCCEED : flags == 1 ? FAIL_INVALID : FAIL_VALID;
}

static inline enum outcome with_pointer(u32 reason, u64 pointer)
{
	cpu->regs.rdi = OPERAND;
	vmwrite(EXIT_QUALIFICATION, 0);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, paging == PAGING_LONG ? MEMORY_AT_RDI : NARROW_AT_RDI);
	*operand() = pointer;
	return execute(reason);
}

static inline bool fails_with(enum outcome e, u32 error)
{
	return e == FAIL_VALID && the_nested.vmcs12.vm_instruction_error == error;
}

/* Registers: field number in RCX, value in RAX. */
#define RAX_RCX (BIT(10) | 0u << 3 | 1u << 28)

static inline enum outcome read_field(u64 field, u64 *value)
{
	enum outcome e;

	vmwrite(VM_EXIT_INSTRUCTION_INFO, RAX_RCX);
	cpu->regs.rcx = field;
	e = execute(REASON_VMREAD);
	*value = cpu->regs.rax;
	return e;
}

static inline enum outcome write_field(u64 field, u64 value)
{
	vmwrite(VM_EXIT_INSTRUCTION_INFO, RAX_RCX);
	cpu->regs.rcx = field;
	cpu->regs.rax = value;
	return execute(REASON_VMWRITE);
}

static inline bool reads_as(u64 field, u64 value)
{
	u64 v;

	return read_field(field, &v) == SUCCEED && v == value;
}

/* INVEPT, INVVPID: type in RDX. */
static inline enum outcome invalidate(u32 reason, u64 type, u64 low, u64 high)
{
	cpu->regs.rdi = OPERAND;
	cpu->regs.rdx = type;
	vmwrite(EXIT_QUALIFICATION, 0);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, MEMORY_AT_RDI | 2u << 28);
	operand()[0] = low;
	operand()[1] = high;
	return execute(reason);
}

static inline void in_root(enum paging mode)
{
	fresh(mode);
	check(with_pointer(REASON_VMXON, REGION << 12) == SUCCEED);
}

static inline void with_current(void)
{
	in_root(PAGING_LONG);
	check(with_pointer(REASON_VMCLEAR, VMCS12_AT(0)) == SUCCEED);
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED);
}

#endif
