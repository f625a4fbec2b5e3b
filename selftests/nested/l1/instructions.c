// SPDX-License-Identifier: GPL-2.0
/*
 * VMX instructions and each of their errors (SDM vol. 3, chapter 31), and the
 * capability MSRs as far as all of them are offered by the core. Next: checks.c.
 */
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "l1.h"

/* What docs/nested.md says is left off, or is the core's own to choose. */
static const struct { u32 msr; u64 same; } capabilities[] = {
	{ 0x480, BIT(48) | 0xfull << 50 | BIT(54) | BIT(55) },
	{ 0x481, ~(BIT(39)) }, { 0x482, ~(BIT(49)) }, { 0x483, ~0ull & ~(BIT(63) | 0xffull << 55) },
	{ 0x484, ~(BIT(42) | BIT(43) | 0xffffull << 48) }, { 0x485, 0x1ff00e0 & ~BIT(8) },
	{ 0x486, ~0ull }, { 0x487, ~0ull }, { 0x488, ~0ull }, { 0x489, 0x3727ff }, { 0x48a, 0 },
	{ 0x48b, ~((BIT(14) | BIT(15) | BIT(19) | BIT(22)) << 32) },
	{ 0x48c, ~(BIT(7) | BIT(22) | BIT(23)) }, { 0x48d, ~(BIT(39)) }, { 0x48e, ~(BIT(49)) },
	{ 0x48f, ~0ull & ~(BIT(63) | 0xffull << 55) }, { 0x490, ~(BIT(42) | BIT(43) | 0xffffull << 48) },
	{ 0x491, ~0ull }, { 0x492, 0 }, { 0x493, 0 },
};

void do_capabilities(void)
{
	char name[24];
	u64 value;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(capabilities); i++) {
		int fault = try_rdmsr(capabilities[i].msr, &value);

		snprintf(name, sizeof(name), "MSR %x", capabilities[i].msr);
		if (fault != NO_FAULT || !capabilities[i].same)
			line(name, "fault %d | fault %d", fault, capabilities[i].msr < 0x492 ? NO_FAULT : 13);
		else
			line(name, "%llx", value & capabilities[i].same);
		snprintf(name, sizeof(name), "WRMSR %x", capabilities[i].msr);
		line(name, "fault %d | fault 13", try_wrmsr(capabilities[i].msr, value));
	}
}

#define UNALIGNED 8
#define TOO_HIGH BIT(50)
#define NOT_CANONICAL ((const void *)0x8000000000000000ull)

static int try_cr(int which, u64 value)
{
	u64 rax = value;
	int fault;

	if (which)
		asm volatile(TRY("mov %%rax, %%cr4") : [fault] "=&r" (fault), "+a" (rax) : : "memory");
	else
		asm volatile(TRY("mov %%rax, %%cr0") : [fault] "=&r" (fault), "+a" (rax) : : "memory");
	return fault;
}

static void each_instruction(const char *when)
{
	u64 value = 0, descriptor[2] = {};
	const struct { const char *name; struct outcome o; } each[] = {
		{ "VMCLEAR", with_pointer(op_vmclear, UNALIGNED) }, { "VMPTRLD", with_pointer(op_vmptrld, UNALIGNED) },
		{ "VMPTRST", op_vmptrst(&value) }, { "VMREAD", op_vmread(GUEST_RIP, &value) },
		{ "VMWRITE", op_vmwrite(GUEST_RIP, &value) }, { "VMLAUNCH", op_vmlaunch() },
		{ "VMRESUME", op_vmresume() }, { "INVEPT", op_invept(0, descriptor) },
		{ "INVVPID", op_invvpid(7, descriptor) },
	};
	char name[64];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(each); i++) {
		snprintf(name, sizeof(name), "%s, %s", each[i].name, when);
		show_outcome(name, each[i].o);
	}
}

static void vmxon_errors(void)
{
	u64 cr4 = native_read_cr4();

	show_outcome("VMXON without CR4.VMXE", with_pointer(op_vmxon, __pa(l1.vmxon)));
	try_cr(4, cr4 | X86_CR4_VMXE);
	each_instruction("with CR4.VMXE, outside of VMX operation");
	show_outcome("VMXON of an unaligned pointer", with_pointer(op_vmxon, __pa(l1.vmxon) + UNALIGNED));
	show_outcome("VMXON of a pointer beyond the physical addresses", with_pointer(op_vmxon, TOO_HIGH));
	*(u32 *)l1.vmxon = l1.revision ^ 1;
	show_outcome("VMXON of another revision", with_pointer(op_vmxon, __pa(l1.vmxon)));
	*(u32 *)l1.vmxon = l1.revision | BIT(31);
	show_outcome("VMXON of a shadow's revision", with_pointer(op_vmxon, __pa(l1.vmxon)));
	*(u32 *)l1.vmxon = l1.revision;
	show_outcome("VMXON with an operand that is not canonical", op_vmxon(NOT_CANONICAL));
	show_outcome("VMXON", with_pointer(op_vmxon, __pa(l1.vmxon)));
	show_outcome("VMXON again, no current VMCS", with_pointer(op_vmxon, __pa(l1.vmxon)));
	line("CR4.VMXE off in VMX operation", "fault %d | fault 13", try_cr(4, cr4 & ~X86_CR4_VMXE));
	line("CR0.NE off in VMX operation", "fault %d | fault 13", try_cr(0, read_cr0() & ~X86_CR0_NE));
	line("CR0.PG off in VMX operation", "fault %d | fault 13", try_cr(0, read_cr0() & ~X86_CR0_PG));
}

static void pointer_errors(const char *when)
{
	static const struct {
		const char *name;
		struct outcome (*op)(const void *);
		u64 *const *page;
		u64 plus;
	} tries[] = {
		{ "VMCLEAR unaligned", op_vmclear, &l1.vmcs[1], UNALIGNED },
		{ "VMCLEAR beyond the physical addresses", op_vmclear, &l1.vmcs[1], TOO_HIGH },
		{ "VMCLEAR of the VMXON pointer", op_vmclear, &l1.vmxon, 0 },
		{ "VMPTRLD unaligned", op_vmptrld, &l1.vmcs[1], UNALIGNED },
		{ "VMPTRLD beyond the physical addresses", op_vmptrld, &l1.vmcs[1], TOO_HIGH },
		{ "VMPTRLD of the VMXON pointer", op_vmptrld, &l1.vmxon, 0 },
		{ "VMPTRLD of another revision", op_vmptrld, &l1.page, 0 },
	};
	char name[80];
	u32 i;

	memset(l1.page, 0, PAGE_SIZE);
	*(u32 *)l1.page = l1.revision ^ 1;
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		snprintf(name, sizeof(name), "%s, %s", tries[i].name, when);
		show_outcome(name, with_pointer(tries[i].op, __pa(*tries[i].page) + tries[i].plus));
	}
	show_outcome("VMPTRLD with an operand that is not canonical", op_vmptrld(NOT_CANONICAL));
	show_outcome("VMCLEAR with an operand that is not canonical", op_vmclear(NOT_CANONICAL));
}

/* VMREAD and VMWRITE of every encoding that could be one of these. */
static void fields(void)
{
	static const u32 encodings[] = {
		0x0000, 0x0002, 0x0800, 0x0810, 0x0c00, 0x0801, 0x2000, 0x2001, 0x2400, 0x2401, 0x2800, 0x2801, 0x2c00,
		0x4000, 0x4001, 0x4400, 0x4401, 0x4402, 0x4826, 0x4827, 0x4c00, 0x6000, 0x6001, 0x6400, 0x6402, 0x640a,
		0x6800, 0x6c16, 0x6c18, 0x0006, 0x3000, 0x482c, 0x4830, 0x6826, 0x7ffe, 0x8000, 0x10000,
	};
	struct outcome r, w;
	char name[48];
	u64 value;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(encodings); i++) {
		value = 0x123456789abcdef0;
		w = op_vmwrite(encodings[i], &value);
		snprintf(name, sizeof(name), "VMWRITE %x", encodings[i]);
		show_outcome(name, w);
		value = 0;
		r = op_vmread(encodings[i], &value);
		snprintf(name, sizeof(name), "VMREAD %x", encodings[i]);
		show_outcome(name, r);
		/* VM_INSTRUCTION_ERROR is what the last failure left. */
		snprintf(name, sizeof(name), "value of %x", encodings[i]);
		line(name, "%llx", encodings[i] == VM_INSTRUCTION_ERROR ? 0 : value);
	}
	show_outcome("VMREAD of an encoding of 64 bits", op_vmread(BIT(32) | GUEST_RIP, &value));
	show_outcome("VMREAD to where there is no canonical address", op_vmread(GUEST_RIP, (void *)NOT_CANONICAL));
	show_outcome("VMWRITE from where there is no canonical address", op_vmwrite(GUEST_RIP, NOT_CANONICAL));
}

static void several(void)
{
	u64 where;
	u32 i;

	for (i = 0; i < NR_VMCS; i++) {
		vmcs_fresh(l1.vmcs[i]);
		set(GUEST_RIP, 0x1000 + i);
		set(GUEST_ES_SELECTOR, 0x10 + i);
		set(HOST_FS_BASE, 0x100 + i);
	}
	for (i = 0; i < NR_VMCS; i++) {
		char name[32];

		with_pointer(op_vmptrld, __pa(l1.vmcs[i]));
		op_vmptrst(&where);
		snprintf(name, sizeof(name), "VMCS %u of several", i);
		line(name, "%d %llx %llx %llx", where == __pa(l1.vmcs[i]), get(GUEST_RIP), get(GUEST_ES_SELECTOR), get(HOST_FS_BASE));
	}
	with_pointer(op_vmclear, __pa(l1.vmcs[0]));
	op_vmptrst(&where);
	line("VMCLEAR of another leaves the current one", "%d | 1", where == __pa(l1.vmcs[NR_VMCS - 1]));
	with_pointer(op_vmclear, __pa(l1.vmcs[NR_VMCS - 1]));
	op_vmptrst(&where);
	line("VMCLEAR of the current one leaves none", "%llx | ffffffffffffffff", where);
	show_outcome("VMWRITE after it", op_vmwrite(GUEST_RIP, &where));
	with_pointer(op_vmptrld, __pa(l1.vmcs[0]));
	line("fields survive VMCLEAR and VMPTRLD", "%llx %llx | 1000 10", get(GUEST_RIP), get(GUEST_ES_SELECTOR));
}

static struct outcome launch_after_mov_ss(void)
{
	struct outcome o = {};
	u64 rax = 0;

	asm volatile("mov %%ss, %%ax; mov %%ax, %%ss\n" VMX_TRY("vmlaunch") : OUTPUTS : : "cc", "memory");
	return o;
}

static void launch_state(void)
{
	struct outcome o;

	vmcs_begin(l2_vmcall);
	line("VMRESUME of a clear VMCS", "%s | VMfail 5", enter_and_say(false));
	show_outcome("VMLAUNCH behind MOV SS", launch_after_mov_ss());
	line("VMLAUNCH", "%s | exit 18 q 0", enter_and_say(true));
	line("VMLAUNCH of a launched VMCS", "%s | VMfail 4", enter_and_say(true));
	line("VMRESUME", "%s | exit 18 q 0", enter_and_say(false));
	vmcs_clear_launch_state();
	line("VMRESUME after VMCLEAR", "%s | VMfail 5", enter_and_say(false));
	line("VMLAUNCH after VMCLEAR", "%s | exit 18 q 0", enter_and_say(true));
	o = op_vmcall();
	line("VMCALL in root operation", "%d%d %llu | 01 1", o.cf, o.zf, get(VM_INSTRUCTION_ERROR));
	show_outcome("VMXON with a current VMCS", with_pointer(op_vmxon, __pa(l1.vmxon)));
}

static void invalidations(void)
{
	static const u64 bases[] = { 0, 0x1000, 0xffff888000000000, 0xffffffff81000000, 0x800000000000, ~0ull };
	u64 d[2] = { EPTP_OF(l1.pml4), 0 };
	char name[64];
	struct outcome o;
	u32 type, vpid, i;

	for (type = 0; type < 4; type++) {
		snprintf(name, sizeof(name), "INVEPT type %u", type);
		show_outcome(name, op_invept(type, d));
	}
	d[0] |= 0x80;
	show_outcome("INVEPT of an EPTP with a reserved bit", op_invept(1, d));
	d[0] = __pa(l1.pml4) | 3 << 3 | 2;
	show_outcome("INVEPT of an EPTP with a reserved memory type", op_invept(1, d));
	show_outcome("INVEPT with an operand that is not canonical", op_invept(1, NOT_CANONICAL));
	for (type = 0; type < 5; type++)
		for (vpid = 0; vpid < 2; vpid++)
			for (i = 0; i < (type ? 1 : ARRAY_SIZE(bases)); i++) {
				d[0] = vpid;
				d[1] = bases[i];
				snprintf(name, sizeof(name), "INVVPID type %u VPID %u address %llx", type, vpid, d[1]);
				show_outcome(name, op_invvpid(type, d));
			}
	d[0] = 0x10001;
	show_outcome("INVVPID with a reserved bit", op_invvpid(1, d));
	d[0] = 1;
	o = op_invvpid(BIT(40) | 1, d);
	line("INVVPID of a type of 64 bits", "%d | 1", o.zf);
}

void do_instructions(void)
{
	u64 cr4 = native_read_cr4(), value;

	memset(l1.vmxon, 0, PAGE_SIZE);
	vmxon_errors();
	each_instruction("no current VMCS");
	op_vmptrst(&value);
	line("VMPTRST, no current VMCS", "%llx | ffffffffffffffff", value);
	pointer_errors("no current VMCS");
	vmcs_fresh(l1.vmcs[0]);
	pointer_errors("with a current VMCS");
	fields();
	several();
	launch_state();
	invalidations();
	with_pointer(op_vmclear, __pa(l1.vmcs[0]));
	show_outcome("VMXOFF", op_vmxoff());
	show_outcome("VMXOFF again", op_vmxoff());
	show_outcome("VMWRITE after VMXOFF", op_vmwrite(GUEST_RIP, &value));
	vmx_begin();
	with_pointer(op_vmptrld, __pa(l1.vmcs[0]));
	line("fields survive VMCLEAR, VMXOFF and VMXON", "%llx", get(GUEST_RFLAGS));
	vmx_end();
	try_cr(4, cr4);
}
