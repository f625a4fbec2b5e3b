// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/instructions.c vmx/nested/operand.c vmx/nested/vmcs12.c vmx/event.c ept/frame.c ept/guest_memory.c ept/guest_walk.c ept/hidden.c ept/hold.c ept/main_view.c ept/mtrr.c ept/on_demand.c ept/view.c */
/*
 * L1's VMX instructions: each error of each page of SDM vol. 3, chapter 31, alone;
 * what lies in hidden memory or in no memory; and random sequences against a
 * model of what VMCS12s hold. Operands: test_nested_operand.c.
 */
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

static u64 *operand(void)
{
	return (u64 *)((u8 *)frame(DATA + 1) + 0x100);
}

static void fresh(enum paging mode)
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
static enum outcome execute(u32 reason)
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

static enum outcome with_pointer(u32 reason, u64 pointer)
{
	cpu->regs.rdi = OPERAND;
	vmwrite(EXIT_QUALIFICATION, 0);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, paging == PAGING_LONG ? MEMORY_AT_RDI : NARROW_AT_RDI);
	*operand() = pointer;
	return execute(reason);
}

static bool fails_with(enum outcome e, u32 error)
{
	return e == FAIL_VALID && the_nested.vmcs12.vm_instruction_error == error;
}

/* Registers: field number in RCX, value in RAX. */
#define RAX_RCX (BIT(10) | 0u << 3 | 1u << 28)

static enum outcome read_field(u64 field, u64 *value)
{
	enum outcome e;

	vmwrite(VM_EXIT_INSTRUCTION_INFO, RAX_RCX);
	cpu->regs.rcx = field;
	e = execute(REASON_VMREAD);
	*value = cpu->regs.rax;
	return e;
}

static enum outcome write_field(u64 field, u64 value)
{
	vmwrite(VM_EXIT_INSTRUCTION_INFO, RAX_RCX);
	cpu->regs.rcx = field;
	cpu->regs.rax = value;
	return execute(REASON_VMWRITE);
}

static bool reads_as(u64 field, u64 value)
{
	u64 v;

	return read_field(field, &v) == SUCCEED && v == value;
}

/* INVEPT, INVVPID: type in RDX. */
static enum outcome invalidate(u32 reason, u64 type, u64 low, u64 high)
{
	cpu->regs.rdi = OPERAND;
	cpu->regs.rdx = type;
	vmwrite(EXIT_QUALIFICATION, 0);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, MEMORY_AT_RDI | 2u << 28);
	operand()[0] = low;
	operand()[1] = high;
	return execute(reason);
}

static void in_root(enum paging mode)
{
	fresh(mode);
	check(with_pointer(REASON_VMXON, REGION << 12) == SUCCEED);
}

static void with_current(void)
{
	in_root(PAGING_LONG);
	check(with_pointer(REASON_VMCLEAR, VMCS12_AT(0)) == SUCCEED);
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED);
}

static const u32 all_reasons[] = {
	REASON_VMXON, REASON_VMXOFF, REASON_VMCLEAR, REASON_VMPTRLD, REASON_VMPTRST, REASON_VMREAD,
	REASON_VMWRITE, REASON_VMLAUNCH, REASON_VMRESUME, REASON_INVEPT, REASON_INVVPID,
	REASON_VMFUNC,
};

static void where_they_exist(void)
{
	bool off = true, real = true, v86 = true, compatibility = true, user = true, both = true;
	bool none = true, vmxe = true;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(all_reasons); i++) {
		u32 r = all_reasons[i];

		with_current();
		vmwrite(GUEST_CR0, vmread(GUEST_CR0) & ~CR0_PE);
		vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc0f3);
		emulate_vmx_instruction(cpu, r);
		real &= vmread(VM_ENTRY_INTERRUPTION_INFO) == 0x80000306;
		with_current();
		vmwrite(GUEST_RFLAGS, vmread(GUEST_RFLAGS) | BIT(17));
		v86 &= execute(r) == IS_UD;
		vmwrite(GUEST_RFLAGS, 2);
		with_current();
		vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc09b);
		compatibility &= execute(r) == IS_UD;
		with_current();
		vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc0f3);
		user &= execute(r) == IS_GP;
		vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc09b);
		both &= execute(r) == IS_UD;
		fresh(PAGING_LONG);
		if (r == REASON_VMXON) {
			vmwrite(CR4_READ_SHADOW, 0);
			vmxe &= with_pointer(r, REGION << 12) == IS_UD;
		} else {
			off &= execute(r) == IS_UD;
		}
		fresh(PAGING_LONG);
		nested_of_cpu[0] = NULL;
		none &= execute(r) == IS_UD;
	}
	ok(off, "outside of VMX operation: #UD");
	ok(vmxe, "VMXON with the CR4.VMXE that Linux sees clear: #UD, though the real one is set");
	ok(real, "CR0.PE=0: #UD");
	ok(v86, "virtual-8086 mode: #UD");
	ok(compatibility, "compatibility mode: #UD");
	ok(user, "CPL 3: #GP(0)");
	ok(both, "#UD before #GP");
	ok(none, "VMX is not offered: #UD");
	with_current();
	ok(execute(REASON_VMFUNC) == IS_UD, "VMFUNC in VMX root: #UD");
}

static void vmxon_vmxoff(void)
{
	u64 at = REGION << 12;
	struct nested before;

	fresh(PAGING_LONG);
	vmwrite(CR0_READ_SHADOW, 0);
	ok(with_pointer(REASON_VMXON, at) == IS_GP,
	   "VMXON with CR0.NE as Linux sees it clear: #GP(0)");
	fresh(PAGING_LONG);
	nested_caps.cr0_fixed1 &= ~CR0_WP;
	ok(with_pointer(REASON_VMXON, at) == IS_GP, "a bit of CR0 that must be 0: #GP(0)");
	fresh(PAGING_LONG);
	nested_caps.cr4_fixed0 |= CR4_PGE;
	ok(with_pointer(REASON_VMXON, at) == IS_GP, "a bit of CR4 that must be 1: #GP(0)");
	fresh(PAGING_LONG);
	nested_caps.cr4_fixed1 &= ~CR4_PAE;
	ok(with_pointer(REASON_VMXON, at) == IS_GP, "a bit of CR4 that must be 0: #GP(0)");
	fresh(PAGING_LONG);
	before = the_nested;
	racing = true;
	ok(with_pointer(REASON_VMXON, at) == NOTHING, "page tables that change: it is made again");
	racing = false;
	((u32 *)frame(REGION))[2] = VMCS12_REVISION;
	ok(with_pointer(REASON_VMXON, at + 8) == FAIL_INVALID, "unaligned region: VMfailInvalid");
	ok(with_pointer(REASON_VMXON, at | BIT(MACHINE_MAXPHYADDR)) == FAIL_INVALID,
	   "region beyond MAXPHYADDR: VMfailInvalid");
	*(u32 *)frame(REGION) ^= 2;
	ok(with_pointer(REASON_VMXON, at) == FAIL_INVALID, "wrong revision: VMfailInvalid");
	*(u32 *)frame(REGION) = VMCS12_REVISION | BIT(31);
	ok(with_pointer(REASON_VMXON, at) == FAIL_INVALID, "bit 31 of the revision: VMfailInvalid");
	*(u32 *)frame(HIDDEN_PFN) = VMCS12_REVISION;
	ok(with_pointer(REASON_VMXON, HIDDEN_PFN << 12) == FAIL_INVALID &&
	   with_pointer(REASON_VMXON, MMIO_PFN << 12) == FAIL_INVALID,
	   "region in the core's memory, or in a device: VMfailInvalid");
	ok(!memcmp(&before, &the_nested, sizeof(before)), "none of them changed anything");
	*(u32 *)frame(REGION) = VMCS12_REVISION;
	ok(with_pointer(REASON_VMXON, at) == SUCCEED && the_nested.vmxon &&
	   the_nested.vmxon_region == at,
	   "VMXON");
	ok(with_pointer(REASON_VMXON, at) == FAIL_INVALID,
	   "again, no current VMCS12: VMfailInvalid");
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED);
	ok(fails_with(with_pointer(REASON_VMXON, at), 15), "again, with one: error 15");
	ok(fails_with(execute(REASON_VMCALL), 1), "VMCALL in VMX root: error 1");
	ok(write_field(GUEST_RIP, 77) == SUCCEED && execute(REASON_VMXOFF) == SUCCEED &&
	   !the_nested.vmxon && the_nested.current == NO_VMCS12, "VMXOFF");
	ok(nr_held, "VMXON and VMXOFF change which bits of CR0 and CR4 are held");
	ok(write_field(GUEST_RIP, 78) == IS_UD && !nested_vmcall(cpu), "and VMWRITE gets #UD");
	ok(with_pointer(REASON_VMXON, at) == SUCCEED &&
	   write_field(GUEST_RIP, 78) == FAIL_INVALID &&
	   with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED && reads_as(GUEST_RIP, 77),
	   "VMXON, VMPTRLD: what was current at VMXOFF had been written back");
}

static void pointers(void)
{
	u64 *stored = operand();
	u64 *page = frame(REGION + 1), v;
	u32 i, changed = 0;

	with_current();
	ok(fails_with(with_pointer(REASON_VMCLEAR, VMCS12_AT(1) | 4), 2) &&
	   fails_with(with_pointer(REASON_VMCLEAR, 1ull << MACHINE_MAXPHYADDR), 2),
	   "VMCLEAR, unaligned or too high: error 2");
	ok(fails_with(with_pointer(REASON_VMCLEAR, REGION << 12), 3),
	   "VMCLEAR of the VMXON region: error 3");
	ok(fails_with(with_pointer(REASON_VMPTRLD, VMCS12_AT(1) | 0x800), 9) &&
	   fails_with(with_pointer(REASON_VMPTRLD, 1ull << 63), 9),
	   "VMPTRLD, unaligned or too high: error 9");
	ok(fails_with(with_pointer(REASON_VMPTRLD, REGION << 12), 10),
	   "VMPTRLD of the VMXON region: error 10");
	*(u32 *)frame(REGION + 2) = VMCS12_REVISION + 1;
	ok(fails_with(with_pointer(REASON_VMPTRLD, VMCS12_AT(1)), 11),
	   "VMPTRLD, other revision: error 11");
	*(u32 *)frame(REGION + 2) = VMCS12_REVISION | BIT(31);
	nested_caps.proc2 = ~PROC2_VMCS_SHADOWING << 32;
	ok(fails_with(with_pointer(REASON_VMPTRLD, VMCS12_AT(1)), 11), "a shadow VMCS, not offered: error 11");
	nested_caps.proc2 = ~0ull << 32;
	ok(fails_with(with_pointer(REASON_VMPTRLD, HIDDEN_PFN << 12), 11) &&
	   fails_with(with_pointer(REASON_VMPTRLD, MMIO_PFN << 12), 11),
	   "a VMCS12 in the core's memory, or in a device: error 11");
	ok(the_nested.current == VMCS12_AT(0), "the current one is current through all errors");
	memset(frame(HIDDEN_PFN), 0x55, PAGE_SIZE);
	ok(with_pointer(REASON_VMCLEAR, HIDDEN_PFN << 12) == SUCCEED &&
	   with_pointer(REASON_VMCLEAR, MMIO_PFN << 12) == SUCCEED &&
	   ((u8 *)frame(HIDDEN_PFN))[VMCS12_LAUNCH_STATE_AT] == 0x55,
	   "VMCLEAR there changes nothing");
	*stored = 0;
	ok(with_pointer(REASON_VMPTRST, 0) == SUCCEED && *stored == VMCS12_AT(0),
	   "VMPTRST: the current pointer");
	the_nested.dirty = 0;
	ok(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED && !the_nested.dirty,
	   "VMPTRLD of the current one: nothing is made anew");
	check(write_field(GUEST_CR3, 0x123456789abcdef0ull) == SUCCEED);
	nr_forgotten = 0;
	ok(with_pointer(REASON_VMCLEAR, VMCS12_AT(0)) == SUCCEED && nr_forgotten == 1 &&
	   write_field(GUEST_CR3, 1) == FAIL_INVALID && read_field(GUEST_CR3, &v) == FAIL_INVALID,
	   "VMCLEAR, then VMWRITE and VMREAD: VMfailInvalid; VMCS02 is forgotten");
	ok(with_pointer(REASON_VMPTRST, 0) == SUCCEED && *stored == ~0ull,
	   "VMPTRST: none is current");
	ok(with_pointer(REASON_VMCLEAR, 1) == FAIL_INVALID,
	   "an error without a current one: VMfailInvalid");
	for (i = 0; i < 512; i++)
		if (page[i] == 0x123456789abcdef0ull && ++changed)
			page[i] = 0xfedcba9876543210ull;
	ok(changed == 1 && with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED &&
	   reads_as(GUEST_CR3, 0xfedcba9876543210ull) && the_nested.dirty == DIRTY_ALL,
	   "a field edited in memory while the VMCS12 is clear survives");
}

static void entries(void)
{
	in_root(PAGING_LONG);
	ok(execute(REASON_VMLAUNCH) == FAIL_INVALID && execute(REASON_VMRESUME) == FAIL_INVALID,
	   "VM entry, no current VMCS12: VMfailInvalid");
	with_current();
	ok(fails_with(execute(REASON_VMRESUME), 5), "VMRESUME of a clear one: error 5");
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, BLOCKING_BY_MOV_SS);
	ok(fails_with(execute(REASON_VMLAUNCH), 26), "blocking by MOV SS: error 26");
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, BLOCKING_BY_STI);
	ok(execute(REASON_VMLAUNCH) == SUCCEED && cpu->regs.rax == 1, "VMLAUNCH, even behind STI");
	ok(fails_with(execute(REASON_VMLAUNCH), 4), "VMLAUNCH of a launched one: error 4");
	ok(execute(REASON_VMRESUME) == SUCCEED && cpu->regs.rax == 0, "VMRESUME");
	in_vmcs02 = 0x1111;
	ok(reads_as(GUEST_ES_BASE, 0x1111), "VMREAD of rare guest state asks VMCS02");
	check(execute(REASON_VMRESUME) == SUCCEED);
	in_vmcs02 = 0x2222;
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(1)) == SUCCEED);
	in_vmcs02 = 0x3333;
	ok(fails_with(execute(REASON_VMRESUME), 5) &&
	   with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED &&
	   reads_as(GUEST_ES_BASE, 0x2222) &&
	   execute(REASON_VMRESUME) == SUCCEED,
	   "launch state and rare state go with their VMCS12 when another becomes current");
	check(write_field(GUEST_ES_BASE, 0x4444) == SUCCEED);
	ok(reads_as(GUEST_ES_BASE, 0x4444), "VMWRITE of rare state is not undone by VMCS02");
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(1)) == SUCCEED);
	check(with_pointer(REASON_VMCLEAR, VMCS12_AT(0)) == SUCCEED);
	ok(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED &&
	   reads_as(GUEST_ES_BASE, 0x4444) &&
	   fails_with(execute(REASON_VMRESUME), 5) && execute(REASON_VMLAUNCH) == SUCCEED,
	   "VMCLEAR of one that is not current clears its launch state and nothing else");
	ok(with_pointer(REASON_VMCLEAR, VMCS12_AT(0)) == SUCCEED &&
	   with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED &&
	   fails_with(execute(REASON_VMRESUME), 5),
	   "VMCLEAR of the current one too");
}

static enum outcome dirty_after(u64 field, u32 *dirty)
{
	enum outcome e;

	the_nested.dirty = 0;
	e = write_field(field, 0);
	*dirty = the_nested.dirty;
	return e;
}

static void fields(void)
{
	u64 v, *memory = operand();
	u32 dirty;

	with_current();
	ok(fails_with(read_field(0x6ffe, &v), 12) && fails_with(write_field(0x6ffe, 0), 12),
	   "no such field: error 12");
	ok(fails_with(read_field(GUEST_RIP | BIT(32), &v), 12) &&
	   fails_with(write_field(GUEST_RIP | BIT(63), 0), 12),
	   "upper half of the encoding's register not 0: error 12");
	ok(fails_with(write_field(VM_EXIT_REASON, 1), 13), "VMWRITE of exit information: error 13");
	nested_caps.misc = BIT(29);
	ok(write_field(VM_EXIT_REASON, 5) == SUCCEED && reads_as(VM_EXIT_REASON, 5),
	   "but not with IA32_VMX_MISC[29]");
	ok(dirty_after(EXCEPTION_BITMAP, &dirty) == SUCCEED && dirty == DIRTY_CONTROLS,
	   "VMWRITE of a control marks controls");
	ok(dirty_after(GUEST_RSP, &dirty) == SUCCEED && dirty == DIRTY_GUEST,
	   "of hot guest state: guest");
	ok(dirty_after(GUEST_TR_BASE, &dirty) == SUCCEED && dirty == DIRTY_RARE,
	   "of rare guest state: rare");
	ok(dirty_after(GUEST_DR7, &dirty) == SUCCEED && dirty == DIRTY_CONTROLS,
	   "of what a control loads: controls");
	ok(dirty_after(HOST_CR3, &dirty) == SUCCEED && dirty == DIRTY_HOST, "of host state: host");
	ok(write_field(TSC_OFFSET, 0x1122334455667788ull) == SUCCEED &&
	   reads_as(TSC_OFFSET + 1, 0x11223344) &&
	   write_field(TSC_OFFSET + 1, 0xaabbccddu) == SUCCEED &&
	   reads_as(TSC_OFFSET, 0xaabbccdd55667788ull),
	   "high halves of 64-bit fields");
	ok(write_field(GUEST_ES_SELECTOR, 0x12345678) == SUCCEED &&
	   reads_as(GUEST_ES_SELECTOR, 0x5678) &&
	   write_field(GUEST_ES_LIMIT, ~0ull) == SUCCEED && reads_as(GUEST_ES_LIMIT, 0xffffffff),
	   "narrow fields are cut and zero-extended");

	vmwrite(VM_EXIT_INSTRUCTION_INFO, BIT(10) | 4u << 3 | 1u << 28);
	vmwrite(GUEST_RSP, 0x9999);
	cpu->regs.rcx = GUEST_RIP;
	ok(execute(REASON_VMWRITE) == SUCCEED && reads_as(GUEST_RIP, 0x9999), "VMWRITE from RSP");
	check(write_field(GUEST_RIP, 0x8888) == SUCCEED);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, BIT(10) | 4u << 3 | 1u << 28);
	ok(execute(REASON_VMREAD) == SUCCEED && vmread(GUEST_RSP) == 0x8888, "VMREAD to RSP");

	cpu->regs.rdi = OPERAND;
	vmwrite(VM_EXIT_INSTRUCTION_INFO, MEMORY_AT_RDI | 1u << 28);
	*memory = 0xabcdef0123456789ull;
	ok(execute(REASON_VMWRITE) == SUCCEED && reads_as(GUEST_RIP, 0xabcdef0123456789ull),
	   "VMWRITE from memory");
	*memory = 0;
	vmwrite(VM_EXIT_INSTRUCTION_INFO, MEMORY_AT_RDI | 1u << 28);
	ok(execute(REASON_VMREAD) == SUCCEED && *memory == 0xabcdef0123456789ull,
	   "VMREAD to memory");
}

/* ---- L1 uses VMCS shadowing: a shadow VMCS, two bitmaps, and an L2 that reads and writes ---- */
#define SHADOW_AT VMCS12_AT(7)
#define BITMAPS (REGION + 60)	/* frames: VMREAD's, VMWRITE's */

static void with_shadow(void)
{
	with_current();
	nested_caps.misc = BIT(29);
	*(u32 *)frame(SHADOW_AT >> PAGE_SHIFT) = VMCS12_REVISION | BIT(31);
	check(with_pointer(REASON_VMCLEAR, SHADOW_AT) == SUCCEED);
	check(with_pointer(REASON_VMPTRLD, SHADOW_AT) == SUCCEED);
	check(write_field(GUEST_RIP, 0x1234567890ull) == SUCCEED && write_field(GUEST_ES_SELECTOR, 8) == SUCCEED);
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED);
	the_nested.vmcs12.processor_based_controls = PROC_SECONDARY_CONTROLS;
	the_nested.vmcs12.secondary_controls = PROC2_VMCS_SHADOWING;
	the_nested.vmcs12.vmread_bitmap = BITMAPS << PAGE_SHIFT;
	the_nested.vmcs12.vmwrite_bitmap = (BITMAPS + 1) << PAGE_SHIFT;
	the_nested.vmcs12.vmcs_link_pointer = SHADOW_AT;
	memset(frame(BITMAPS), 0, 2 * PAGE_SIZE);
}

/* False: it is L1's exit, and nothing has happened. */
static bool l2_does(bool write, u64 field, u64 value)
{
	bool done;

	vmwrite(VM_EXIT_INSTRUCTION_INFO, RAX_RCX);
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 4);
	vmwrite(GUEST_RIP, 0x2000);
	vmwrite(GUEST_RFLAGS, 0x202 | STATUS_FLAGS);
	cpu->regs.rcx = field;
	cpu->regs.rax = value;
	done = nested_shadow_access(cpu, write);
	check(injected() == SUCCEED && vmread(GUEST_RIP) == (done ? 0x2004 : 0x2000));
	check((vmread(GUEST_RFLAGS) & STATUS_FLAGS) == (done ? 0 : STATUS_FLAGS));
	check(done || cpu->regs.rax == value);
	return done;
}

static bool l2_reads_as(u64 field, u64 value)
{
	return l2_does(false, field, 0x5555) && cpu->regs.rax == value;
}

/* What the shadow VMCS has, by L1's eyes. */
static bool shadow_has(u64 field, u64 value)
{
	bool has;

	check(with_pointer(REASON_VMPTRLD, SHADOW_AT) == SUCCEED);
	has = reads_as(field, value);
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED);
	return has;
}

static void shadow_vmcs(void)
{
	u8 *bitmaps;

	with_shadow();
	bitmaps = frame(BITMAPS);
	ok(l2_reads_as(GUEST_RIP, 0x1234567890ull) && l2_reads_as(GUEST_ES_SELECTOR, 8), "L2 reads L1's shadow VMCS");
	ok(l2_does(true, GUEST_RIP, 0xabcdef) && l2_reads_as(GUEST_RIP, 0xabcdef) && shadow_has(GUEST_RIP, 0xabcdef),
	   "and writes it, and L1 sees that");
	ok(l2_does(true, GUEST_ES_SELECTOR, 0x12345678) && shadow_has(GUEST_ES_SELECTOR, 0x5678), "cut to the width of the field");
	ok(l2_does(true, TSC_OFFSET, 0x1122334455667788ull) && l2_does(true, TSC_OFFSET + 1, 0xaabbccdd) &&
	   l2_reads_as(TSC_OFFSET, 0xaabbccdd55667788ull) && l2_reads_as(TSC_OFFSET + 1, 0xaabbccdd), "also by halves");
	ok(reads_as(GUEST_RIP, 0) && the_nested.vmcs12.vmcs_link_pointer == SHADOW_AT, "VMCS12 itself is not what L2 reads or writes");
	bitmaps[GUEST_RIP / 8] = 1 << GUEST_RIP % 8;
	ok(!l2_does(false, GUEST_RIP, 1) && l2_does(true, GUEST_RIP, 1), "a bit in the VMREAD bitmap: L1's exit");
	bitmaps[GUEST_RIP / 8] = 0;
	bitmaps[PAGE_SIZE + GUEST_RIP / 8] = 1 << GUEST_RIP % 8;
	ok(!l2_does(true, GUEST_RIP, 1) && l2_does(false, GUEST_RIP, 1), "in the VMWRITE bitmap: too");
	bitmaps[PAGE_SIZE + GUEST_RIP / 8] = 0;
	ok(!l2_does(false, GUEST_RIP | BIT(15), 1) && !l2_does(false, GUEST_RIP | BIT(40), 1), "bits above 14 of the encoding: L1's");
	ok(!l2_does(false, 0x6ffe, 1), "no such field: L1's");
	nested_caps.misc = 0;
	ok(!l2_does(true, VM_EXIT_REASON, 1) && l2_does(false, VM_EXIT_REASON, 1), "exit information is written where L1 may, too");
	nested_caps.misc = BIT(29);
	vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc0f3);
	ok(!l2_does(false, GUEST_RIP, 1), "CPL 3: L1's");
	vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc093);
	the_nested.vmcs12.vmcs_link_pointer = ~0ull;
	ok(!l2_does(false, GUEST_RIP, 1), "no link pointer: L1's");
	the_nested.vmcs12.vmcs_link_pointer = MMIO_PFN << PAGE_SHIFT;
	ok(!l2_does(false, GUEST_RIP, 1) && !l2_does(true, GUEST_RIP, 1), "one to what is no RAM: L1's");
	the_nested.vmcs12.vmcs_link_pointer = HIDDEN_PFN << PAGE_SHIFT;
	check(l2_does(true, GUEST_RIP, 0x7777));
	ok(l2_reads_as(GUEST_RIP, 0) && !memchr(frame(HIDDEN_PFN), 0x77, PAGE_SIZE), "to hidden memory: zeros, and writes go nowhere");
	the_nested.vmcs12.vmcs_link_pointer = SHADOW_AT;
	the_nested.vmcs12.vmread_bitmap = HIDDEN_PFN << PAGE_SHIFT;
	ok(l2_does(false, GUEST_RIP, 1), "a bitmap in hidden memory is zeros");
	the_nested.vmcs12.secondary_controls = 0;
	ok(!l2_does(false, GUEST_RIP, 1), "without the control: L1's");

	with_shadow();
	check(with_pointer(REASON_VMPTRLD, SHADOW_AT) == SUCCEED);
	vmwrite(GUEST_RIP, 0x1000);
	vmwrite(GUEST_RFLAGS, 0x202 | STATUS_FLAGS);
	emulate_vmx_instruction(cpu, REASON_VMLAUNCH);
	ok((vmread(GUEST_RFLAGS) & STATUS_FLAGS) == 1 && vmread(GUEST_RIP) == 0x1004, "VMLAUNCH of a shadow VMCS: VMfailInvalid");
	nested_caps.proc2 = ~PROC2_VMCS_SHADOWING << 32;
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED);
	ok(fails_with(with_pointer(REASON_VMPTRLD, SHADOW_AT), 11), "where shadowing is not offered there are none: error 11");
}

static void protected_mode(void)
{
	u64 *memory = operand();

	in_root(PAGING_PAE);
	check(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED);
	ok(write_field(GUEST_CR3 | 0xff00000000ull, 0x1122334455667788ull) == SUCCEED &&
	   reads_as(GUEST_CR3, 0x55667788),
	   "32-bit mode: registers have 32 bits");
	*memory = ~0ull;
	vmwrite(VM_EXIT_INSTRUCTION_INFO, NARROW_AT_RDI | 1u << 28);
	cpu->regs.rcx = GUEST_CR3;
	ok(execute(REASON_VMREAD) == SUCCEED && *memory == 0xffffffff55667788ull,
	   "and VMREAD writes four bytes");
	*memory = 0xffffffff11111111ull;
	ok(execute(REASON_VMWRITE) == SUCCEED && reads_as(GUEST_CR3, 0x11111111),
	   "and VMWRITE reads four");
	/* as 64-bit code may have written it */
	the_nested.vmcs12.guest_cr3 = 0x1122334455667788ull;
	ok(reads_as(GUEST_CR3, 0x55667788), "VMREAD to a register gives 32 bits");
	set_segment(3, 0, OPERAND + 3, 0xc093);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, NARROW_AT_RDI | 1u << 28);
	ok(execute(REASON_VMWRITE) == SUCCEED, "four bytes up to the limit");
	set_segment(3, 0, 0xffffffff, 0xc091);
	ok(with_pointer(REASON_VMPTRST, 0) == IS_GP &&
	   with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == SUCCEED,
	   "a read-only segment: VMPTRST gets #GP(0), VMPTRLD does not");
	set_segment(3, 0, OPERAND + 6, 0xc093);
	ok(with_pointer(REASON_VMPTRLD, VMCS12_AT(0)) == IS_GP,
	   "one byte beyond the limit: #GP(0)");
	set_segment(2, 0, OPERAND + 6, 0xc093);
	vmwrite(VM_EXIT_INSTRUCTION_INFO, (NARROW_AT_RDI & ~0x38000u) | 2u << 15);
	ok(execute(REASON_VMPTRLD) == IS_SS, "by SS: #SS(0)");
}

static void invalidations(void)
{
	const u64 eptp = 0x5000 | 3 << 3 | 6;
	const u32 e = REASON_INVEPT, v = REASON_INVVPID;

	with_current();
	nr_invept_all = nr_invvpid = invept_of = 0;
	ok(fails_with(invalidate(e, 0, eptp, 0), 28) && fails_with(invalidate(e, 3, eptp, 0), 28) &&
	   fails_with(invalidate(e, BIT(32) | 1, eptp, 0), 28), "INVEPT, no such type: error 28");
	ok(fails_with(invalidate(e, 1, 1 | 3 << 3, 0), 28),
	   "INVEPT, memory type of the EPTP: error 28");
	ok(fails_with(invalidate(e, 1, 0x5000 | 4 << 3 | 6, 0), 28), "its walk length: error 28");
	ok(fails_with(invalidate(e, 1, eptp | BIT(6), 0), 28),
	   "A/D, which is not offered: error 28");
	ok(fails_with(invalidate(e, 1, eptp | BIT(7), 0), 28) &&
	   fails_with(invalidate(e, 1, eptp | BIT(11), 0), 28) &&
	   fails_with(invalidate(e, 1, eptp | BIT(MACHINE_MAXPHYADDR), 0), 28),
	   "reserved bits: error 28");
	ok(!nr_invept_all && !invept_of, "and nothing was invalidated");
	nested_caps.ept_vpid |= BIT(21);
	ok(invalidate(e, 1, eptp | BIT(6), ~0ull) == SUCCEED && invept_of == (eptp | BIT(6)),
	   "INVEPT single, A/D offered");
	ok(invalidate(e, 2, 7, 7) == SUCCEED && nr_invept_all == 1,
	   "INVEPT all does not look at the EPTP");
	nested_caps.ept_vpid &= ~BIT(25);
	ok(fails_with(invalidate(e, 1, eptp, 0), 28), "a type that is not offered: error 28");
	nested_caps.ept_vpid &= ~BIT(20);
	ok(invalidate(e, 2, 0, 0) == IS_UD, "no INVEPT: #UD");
	with_current();
	nested_caps.proc2 &= ~(PROC2_EPT << 32);
	ok(invalidate(e, 2, 0, 0) == IS_UD, "no EPT: #UD");

	with_current();
	ok(fails_with(invalidate(v, 4, 1, 0), 28), "INVVPID, no such type: error 28");
	ok(fails_with(invalidate(v, 0, 0, 0), 28) && fails_with(invalidate(v, 1, 0, 0), 28) &&
	   fails_with(invalidate(v, 3, 0, 0), 28), "VPID 0: error 28");
	ok(fails_with(invalidate(v, 0, BIT(16) | 1, 0), 28) &&
	   fails_with(invalidate(v, 2, BIT(63), 0), 28),
	   "descriptor bits 63:16: error 28");
	ok(fails_with(invalidate(v, 0, 1, 0x800000000000), 28) &&
	   fails_with(invalidate(v, 0, 1, 0xffff7fffffffffffull), 28),
	   "a non-canonical address: error 28");
	ok(!nr_invvpid, "and nothing was flushed");
	ok(invalidate(v, 0, 1, 0xffff800000000000ull) == SUCCEED &&
	   invalidate(v, 0, 1, 0x7fffffffffff) == SUCCEED,
	   "addresses of the upper half are canonical");
	ok(invalidate(v, 1, 0xffff, ~0ull << 60) == SUCCEED && invalidate(v, 2, 0, 0) == SUCCEED &&
	   invalidate(v, 3, 7, 0) == SUCCEED && nr_invvpid == 5 && flushed_vpid == VPID_L2,
	   "all types flush L2's tag");
	nested_caps.cr4_fixed1 |= CR4_LA57;
	ok(invalidate(v, 0, 1, 0x800000000000) == SUCCEED,
	   "57 bits where the CPU has 5-level paging");
	nested_caps.ept_vpid &= ~BIT(43);
	ok(fails_with(invalidate(v, 3, 1, 0), 28), "a type that is not offered: error 28");
	nested_caps.ept_vpid &= ~BIT(32);
	ok(invalidate(v, 2, 0, 0) == IS_UD, "no INVVPID: #UD");
	with_current();
	nested_caps.proc2 &= ~(PROC2_VPID << 32);
	ok(invalidate(v, 2, 0, 0) == IS_UD, "no VPID: #UD");
}

/* Every instruction with a memory operand, across a page boundary, the second page missing. */
static void straddling(void)
{
	static const u32 reasons[] = { REASON_VMXON, REASON_VMCLEAR, REASON_VMPTRLD, REASON_VMPTRST,
				       REASON_VMREAD, REASON_VMWRITE, REASON_INVEPT, REASON_INVVPID };
	u8 before[NR_DATA][PAGE_SIZE];
	struct nested state;
	bool good = true;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(reasons); i++) {
		bool write = reasons[i] == REASON_VMPTRST || reasons[i] == REASON_VMREAD;

		if (reasons[i] == REASON_VMXON)
			fresh(PAGING_LONG);
		else
			with_current();
		cpu->regs.rdi = BOUNDARY + 0x1000 - 3;
		cpu->regs.rcx = GUEST_RIP;
		cpu->regs.rdx = 2;
		vmwrite(EXIT_QUALIFICATION, 0);
		vmwrite(VM_EXIT_INSTRUCTION_INFO, MEMORY_AT_RDI |
						  (reasons[i] == REASON_VMREAD ||
						   reasons[i] == REASON_VMWRITE ? 1u : 2u) << 28);
		memset(frame(DATA + 1), 0x5a, PAGE_SIZE);
		memcpy(before, frame(DATA), sizeof(before));
		state = the_nested;
		nr_invept_all = nr_invvpid = 0;
		good &= execute(reasons[i]) == IS_PF && cr2 == BOUNDARY + 0x1000 &&
			vmread(VM_ENTRY_EXCEPTION_ERROR_CODE) == (write ? 2 : 0) &&
			!memcmp(before, frame(DATA), sizeof(before)) &&
			!memcmp(&state, &the_nested, sizeof(state)) && !nr_invept_all && !nr_invvpid;
		/* with the page there, it is done */
		map((struct page){ BOUNDARY + 0x1000, DATA + 2, true, true, false });
		good &= execute(reasons[i]) < IS_UD;
	}
	ok(good, "an operand whose second page is missing: #PF with its address, and no effect");
}

/* ---- random sequences over 100 VMCS12s against a model ---- */
#define NR_VMCS12 100
static const u16 some_fields[] = {
	GUEST_RIP, GUEST_ES_BASE, HOST_CR3, TSC_OFFSET, EXCEPTION_BITMAP, GUEST_TR_SELECTOR,
};
#define NR_SOME ARRAY_SIZE(some_fields)
static const u64 width[NR_SOME] = { ~0ull, ~0ull, ~0ull, ~0ull, 0xffffffff, 0xffff };

static void sequences(void)
{
	static struct { bool launched; u64 field[NR_SOME]; } m[NR_VMCS12];
	int current = -1;
	bool on = false;
	u32 step, i;
	u64 v;

	fresh(PAGING_LONG);
	memset(m, 0, sizeof(m));
	for (step = 0; step < 300000; step++) {
		int k = fake_below(NR_VMCS12), f = fake_below(NR_SOME);
		enum outcome e, want = on ? current < 0 ? FAIL_INVALID : SUCCEED : IS_UD;

		switch (fake_below(step % 64 ? 8 : 9)) {
		case 0:
			e = with_pointer(REASON_VMPTRLD, VMCS12_AT(k));
			check(e == (on ? SUCCEED : IS_UD));
			current = on ? k : -1;
			break;
		case 1:
			k = fake_chance(30) && current >= 0 ? current : k;
			e = with_pointer(REASON_VMCLEAR, VMCS12_AT(k));
			check(e == (on ? SUCCEED : IS_UD));
			m[k].launched &= !on;
			current = k == current ? -1 : current;
			break;
		case 2: case 3:
			v = fake_random();
			check(write_field(some_fields[f], v) == want);
			if (want == SUCCEED)
				m[current].field[f] = v & width[f];
			break;
		case 4: case 5:
			check(read_field(some_fields[f], &v) == want);
			check(want != SUCCEED || v == m[current].field[f], "step %u", step);
			break;
		case 6:
			k = fake_chance(50);
			if (want == SUCCEED && m[current].launched == k)
				want = FAIL_VALID;
			e = execute(k ? REASON_VMLAUNCH : REASON_VMRESUME);
			check(e == want, "step %u", step);
			if (e == SUCCEED) {
				m[current].launched = true;
				m[current].field[1] = in_vmcs02 = fake_random();
			}
			break;
		case 7:
			e = with_pointer(REASON_VMPTRST, 0);
			check(e == (on ? SUCCEED : IS_UD));
			check(!on || *operand() == (current < 0 ? ~0ull : VMCS12_AT(current)));
			break;
		case 8:
			check(execute(REASON_VMXOFF) == (on ? SUCCEED : IS_UD));
			on = false;
			current = -1;
			break;
		}
		if (!on && fake_chance(50)) {
			check(with_pointer(REASON_VMXON, REGION << 12) == SUCCEED);
			on = true;
		}
	}
	for (i = 0; on && i < NR_VMCS12; i++) {
		check(with_pointer(REASON_VMPTRLD, VMCS12_AT(i)) == SUCCEED);
		for (step = 0; step < NR_SOME; step++)
			check(reads_as(some_fields[step], m[i].field[step]));
	}
	ok(1, "300,000 random instructions on 100 VMCS12s: each keeps what was written");
}

int main(void)
{
	check(!machine_start(1, 4096, NULL));
	cpu = cpu_of_slot(0);
	where_they_exist();
	vmxon_vmxoff();
	pointers();
	entries();
	fields();
	shadow_vmcs();
	protected_mode();
	invalidations();
	straddling();
	sequences();
	return tap_finish();
}
