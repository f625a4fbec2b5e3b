// SPDX-License-Identifier: GPL-2.0
/*
 * VMFUNC by which L2 chooses among EPT12s of L1's list (SDM vol. 3, 26.5.6), and violations of EPT12
 * that L2 meets as #VE (26.5.7). The second EPT12 has l1.hidden in the place of l1.page.
 */
#include <asm/desc_defs.h>
#include <asm/segment.h>

#include "l1.h"

#define VE_GATE 20

/* ---- VMFUNC ---- */

static void begin(const char *rip, u64 function, u64 index)
{
	guest_begin(rip, true);
	set(SECONDARY_CONTROLS, get(SECONDARY_CONTROLS) | PROC2_VM_FUNCTIONS);
	set(VM_FUNCTION_CONTROLS, 1);
	set(EPTP_LIST_ADDRESS, __pa(l1.eptp_list));
	set(EPTP_INDEX, 0x1234);
	l1.page[0] = MARK;
	l1.hidden[0] = OTHER;
	l1.regs[RAX] = function;
	l1.regs[RCX] = index;
	l1.regs[RBX] = 0x5555;
}

/* How it ended, what L2 has read, where it is. */
static void show(const char *name, const char *sdm)
{
	const char *how = enter_and_say(true);
	u64 eptp = get(EPT_POINTER);

	line(name, "%s len %llx rip+%llx rax %llx rbx %llx rcx %llx eptp %s index %llx | %s", how, get(VM_EXIT_INSTRUCTION_LENGTH),
	     get(GUEST_RIP) & 0xfff, l1.regs[RAX], l1.regs[RBX], l1.regs[RCX],
	     eptp == EPTP_OF(l1.pml4) ? "first" : eptp == EPTP_OF(l1.other_pml4) ? "second" : "other", get(EPTP_INDEX), sdm);
}

static void functions(void)
{
	static const struct { const char *name; u64 function, index, entry; const char *sdm; } tries[] = {
		{ "VMFUNC 1", 1, 1, 0, "exit 59 q 0*" }, { "VMFUNC 63", 63, 1, 0, "exit 59 q 0*" },
		{ "VMFUNC 64", 64, 1, 0, "exit 0 q 0*" }, { "VMFUNC ffffffff", ~0u, 1, 0, "exit 0 q 0*" },
		{ "VMFUNC 0, index 512", 0, 512, 0, "exit 59 q 0*" }, { "VMFUNC 0, index ffffffff", 0, ~0u, 0, "exit 59 q 0*" },
		{ "VMFUNC 0, an entry of 0", 0, 2, 0, "exit 59 q 0*" }, { "VMFUNC 0, an EPTP of type 1", 0, 2, 3 << 3 | 1, "exit 59 q 0*" },
		{ "VMFUNC 0, an EPTP of 3 levels", 0, 2, 2 << 3 | 6, "exit 59 q 0*" },
		{ "VMFUNC 0, an EPTP with bit 11", 0, 2, BIT(11) | 3 << 3 | 6, "exit 59 q 0*" },
		{ "VMFUNC 0, an EPTP too high", 0, 2, BIT(50) | 3 << 3 | 6, "exit 59 q 0*" },
	};
	u32 i;

	begin(l2_vmfunc, 0, 1);
	set(SECONDARY_CONTROLS, get(SECONDARY_CONTROLS) & ~PROC2_VM_FUNCTIONS);
	show("VMFUNC without the control", "exit 0 q 0*");
	begin(l2_vmfunc, 0, 1);
	set(VM_FUNCTION_CONTROLS, 0);
	show("VMFUNC, no function enabled", "exit 59 q 0*");
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		begin(l2_vmfunc, tries[i].function, tries[i].index);
		l1.eptp_list[2] = tries[i].entry;
		show(tries[i].name, tries[i].sdm);
	}
}

static void switches(void)
{
	u32 i;

	begin(l2_vmfunc, 0, 1);
	show("VMFUNC to the second EPT12", "exit 18 q 0*");
	vmcs_clear_launch_state();
	set(GUEST_RIP, (u64)l2_read);
	show("it stays there", "exit 18 q 0*");
	begin(l2_vmfunc, 0x100000000, 0x700000001);
	show("VMFUNC, upper halves of RAX and RCX", "exit 18 q 0*");
	begin(l2_vmfunc, 0, 511);
	show("VMFUNC, the last entry", "exit 18 q 0*");
	for (i = 0; i < 3; i++) {
		begin(l2_vmfunc_and_back, 0, 1);
		show("VMFUNC to and fro", "exit 18 q 0*");
	}
	/* What is mapped in the second changes, with INVEPT. */
	l1.other_pt[__pa(l1.page) >> 12 & 511] = __pa(l1.stack) | 6 << 3 | 7;
	*(u64 *)l1.stack = 0x77;
	flush_ept();
	begin(l2_vmfunc_and_back, 0, 1);
	show("VMFUNC to an EPT12 that has changed", "exit 18 q 0*");
	l1.other_pt[__pa(l1.page) >> 12 & 511] = __pa(l1.hidden) | 6 << 3;
	flush_ept();
	begin(l2_vmfunc, 0, 1);
	show("VMFUNC, then a violation of the second", "exit 48 q 181*");
	l1.other_pt[__pa(l1.page) >> 12 & 511] = __pa(l1.hidden) | 6 << 3 | 7;
	flush_ept();
	/* The next instruction is fetched by the second, which has no code. */
	begin(l2_vmfunc, 0, 3);
	l1.eptp_list[3] = EPTP_OF(l1.virtual_apic);
	memset(l1.virtual_apic, 0, PAGE_SIZE);
	/* What is walked first for it, L2's page tables or its code, is the CPU's choice. */
	line("VMFUNC to an EPT12 that maps nothing", "%.7s rip+%llx eptp %d index %llx | exit 48*", enter_and_say(true), get(GUEST_RIP) & 0xfff,
	     get(EPT_POINTER) == EPTP_OF(l1.virtual_apic), get(EPTP_INDEX));
	begin(l2_vmfunc, 0, 1);
	set(GUEST_RFLAGS, 0x102);
	line("VMFUNC with RFLAGS.TF", "%s rip+%llx rax %llx | exit 0 q 4000*", enter_and_say(true), get(GUEST_RIP) & 0xfff, l1.regs[RAX]);
}

/* The page of the first is the root of L2's page tables, that of the second another: what VMFUNC gates between processes rest on. */
static void other_page_tables(void)
{
	const u64 *root = __va(__read_cr3() & 0x000ffffffffff000ull);
	u64 *pdpt = (u64 *)l1.io_bitmap, at = __pa(l1.stack);
	u32 i;

	*(u64 *)l1.stack = 0x77;
	pdpt[0] = (at >> 30 << 30) | BIT(7) | 3;
	for (i = 0; i < 3; i++) {
		begin(i == 1 ? l2_read : l2_vmfunc, 0, !i);
		memcpy(l1.page, root, PAGE_SIZE);
		memcpy(l1.hidden, root, PAGE_SIZE);
		l1.page[100] = 0;
		l1.hidden[100] = __pa(pdpt) | 3;
		set(GUEST_CR3, __pa(l1.page));
		l1.regs[RDI] = (100ull << 39) + (at & (BIT(30) - 1));
		show(i == 0 ? "VMFUNC to page tables that map an address" : i == 1 ? "page tables that do not" : "VMFUNC to those that do not",
		     i ? "exit 0*" : "exit 18 q 0*");
	}
	memset(l1.io_bitmap, 0, PAGE_SIZE);
}

/* ---- #VE ---- */

static void begin_ve(const char *rip, u32 exceptions)
{
	begin(rip, OTHER, 0);
	set(SECONDARY_CONTROLS, get(SECONDARY_CONTROLS) | PROC2_EPT_VIOLATION_VE);
	set(VIRTUALIZATION_EXCEPTION_ADDRESS, __pa(l1.ve_information));
	set(EXCEPTION_BITMAP, exceptions);
	set(GUEST_IDTR_BASE, (u64)l1.idt);
	set(GUEST_IDTR_LIMIT, 0xfff);
	memset(l1.ve_information, 0, PAGE_SIZE);
}

/* information: what the SDM says of L1's page (Bochs 2.7 takes the EPTP index from the last VMFUNC). */
#define NOTHING "0 q 0 gla+0 gpa+0 index 0 rest 1"
#define INFORMATION(q, index) "ffffffff00000030 q " q " gla+0 gpa+0 index " index " rest 1"

static void show_ve(const char *name, const char *sdm, const char *information)
{
	char longer[64];
	const u64 *i = l1.ve_information;
	const char *how = enter_and_say(true);

	line(name, "%s intr %llx vect %llx at %s | %s", how, get(VM_EXIT_INTERRUPTION_INFO), get(IDT_VECTORING_INFO),
	     get(GUEST_RIP) == (u64)l2_vmcall ? "handler" : "elsewhere", sdm);
	snprintf(longer, sizeof(longer), "%s, its information", name);
	line(longer, "%llx q %llx gla+%llx gpa+%llx index %llx rest %d | %s", i[0], i[1], i[2] ? i[2] - (u64)l1.page : 0,
	     i[3] ? i[3] - __pa(l1.page) : 0, i[4], !memchr_inv(i + 5, 0, PAGE_SIZE - 40), information);
}

static void with_entry(const char *name, u64 set_bits, u64 clear, const char *sdm, const char *information)
{
	u64 *entry = PT_OF_PAGE, old = *entry;

	WRITE_ONCE(*entry, (old & ~clear) | set_bits);
	flush_ept();
	begin_ve(l2_write, ~BIT(VE_GATE));
	show_ve(name, sdm, information);
	WRITE_ONCE(*entry, old);
	flush_ept();
}

static void virtualization_exceptions(void)
{
	u64 at = (u64)l2_vmcall, *entry = PT_OF_PAGE, old = *entry, *pd = PD_OF_PAGE, old_pd = *pd;

	((gate_desc *)l1.idt)[VE_GATE] = (gate_desc){
		.offset_low = at, .offset_middle = at >> 16, .offset_high = at >> 32,
		.segment = __KERNEL_CS, .bits = { .type = GATE_INTERRUPT, .p = 1 },
	};
	with_entry("#VE, a write to what is read-only", 0, 2, "exit 18 q 0*", INFORMATION("1aa", "1234"));
	with_entry("#VE, not present", 0, 7, "exit 18 q 0*", INFORMATION("182", "1234"));
	with_entry("#VE, suppressed", BIT(63), 2, "exit 48 q 1aa*", NOTHING);
	with_entry("#VE, suppressed, not present", BIT(63), 7, "exit 48 q 182*", NOTHING);
	with_entry("#VE, a misconfiguration", 0, 1, "exit 49*", NOTHING);
	with_entry("#VE, nothing wrong", 0, 0, "exit 18 q 0*", NOTHING);
	*pd |= BIT(63);
	with_entry("#VE, bit 63 above a table", 0, 2, "exit 18 q 0*", INFORMATION("1aa", "1234"));
	*pd = old_pd;
	*entry &= ~2ull;
	flush_ept();
	begin_ve(l2_write, ~0u);
	show_ve("#VE in the exception bitmap", "exit 0 q 0 intr 80000314*", INFORMATION("1aa", "1234"));
	begin_ve(l2_write, ~BIT(VE_GATE));
	l1.ve_information[0] = BIT(63);
	show_ve("#VE, its page in use", "exit 48 q 1aa*", "800000000000000" NOTHING);
	begin_ve(l2_write, ~BIT(VE_GATE));
	set(SECONDARY_CONTROLS, get(SECONDARY_CONTROLS) & ~PROC2_EPT_VIOLATION_VE);
	show_ve("#VE without the control", "exit 48 q 1aa*", NOTHING);
	/* The IDT is in the page, which cannot be read. */
	*entry &= ~7ull;
	flush_ept();
	begin_ve(l2_two_nops, 0);
	set(GUEST_IDTR_BASE, (u64)l1.page);
	set(VM_ENTRY_INTERRUPTION_INFO, 0x80000306);
	show_ve("#VE, the delivery of an event", "exit 48*", NOTHING);
	begin_ve(l2_two_nops, 0);
	set(GUEST_IDTR_BASE, (u64)l1.page);
	set(GUEST_RFLAGS, 0x202);
	set(VM_ENTRY_INTERRUPTION_INFO, 0x80000030);
	show_ve("#VE, the delivery of an interrupt", "exit 48 q 181 intr 0 vect 80000030*", NOTHING);
	WRITE_ONCE(*entry, old);
	l1.other_pt[__pa(l1.page) >> 12 & 511] &= ~2ull;
	flush_ept();
	begin_ve(l2_vmfunc_write, ~BIT(VE_GATE));
	l1.regs[RAX] = 0;
	l1.regs[RCX] = 1;
	show_ve("#VE behind VMFUNC", "exit 18 q 0*", INFORMATION("1aa", "1"));
	l1.other_pt[__pa(l1.page) >> 12 & 511] |= 2;
	flush_ept();
}

/* On the core only: TSC ticks, in the emulator instructions, of one switch. */
void do_vm_functions_cost(void)
{
	u64 cost;

	begin(l2_vmfunc_often, 0, 0);
	enter_and_say(true);
	cost = (u32)(l1.regs[RAX] - l1.regs[RBX]) / 200;
	line("VMFUNC by way of the core in 1,000 instructions or less", "%d | 1", cost && cost <= 1000);
	line("VMFUNC costs", "%llu instructions", cost);
}

void do_vm_functions(void)
{
	l1.eptp_list[0] = EPTP_OF(l1.pml4);
	l1.eptp_list[1] = l1.eptp_list[511] = EPTP_OF(l1.other_pml4);
	functions();
	switches();
	other_page_tables();
	virtualization_exceptions();
}
