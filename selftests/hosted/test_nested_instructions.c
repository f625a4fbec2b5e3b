// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/instructions.c vmx/nested/operand.c vmx/nested/vmcs12.c vmx/event.c ept/frame.c ept/guest_memory.c ept/guest_walk.c ept/hidden.c ept/hold.c ept/main_view.c ept/mtrr.c ept/on_demand.c ept/view.c */
/*
 * L1's VMX instructions: each error of each page of SDM vol. 3, chapter 31, alone;
 * what lies in hidden memory or in no memory; and random sequences against a
 * model of what VMCS12s hold. Operands: test_nested_operand.c.
 * VMCS shadowing by L1: test_nested_vmcs_shadow.c.
 */
#include "nested_execute.h"

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
	ok(dirty_after(GUEST_RSP, &dirty) == SUCCEED && dirty == 0,
	   "of hot guest state: none (the field alone)");
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
	protected_mode();
	invalidations();
	straddling();
	sequences();
	return tap_finish();
}
