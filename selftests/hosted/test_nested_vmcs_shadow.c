// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/instructions.c vmx/nested/operand.c vmx/nested/vmcs12.c vmx/event.c ept/frame.c ept/guest_memory.c ept/guest_walk.c ept/hidden.c ept/hold.c ept/main_view.c ept/mtrr.c ept/on_demand.c ept/view.c */
/* VMCS shadowing by L1 (SDM vol. 3, 25.10), which the core does in software (RULES 8). */
#include "nested_execute.h"

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

int main(void)
{
	check(!machine_start(1, 4096, NULL));
	cpu = cpu_of_slot(0);
	shadow_vmcs();
	return tap_finish();
}
