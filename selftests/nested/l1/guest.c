// SPDX-License-Identifier: GPL-2.0
/*
 * L2 runs: what exits and with what information, EPT12 of every kind, MSR lists
 * and bitmaps, VPIDs, modes, timers (rows of SHV's flags, and XMHF64's halts;
 * README.md). do_hostile(): an L1 that aims at memory that is the core's. Next: nmi.c.
 */
#include <asm/msr.h>
#include <asm/special_insns.h>

#include "selftests/machine/modules/core.h"
#include "l1.h"

#define PROC2 SECONDARY_CONTROLS
#define PROC PROCESSOR_BASED_CONTROLS
#define REASON_SGDT 46

/* One run of L2: controls are or-ed, other fields are set. */
static const struct scene {
	const char *name, *rip, *sdm;	/* sdm: the begin of it */
	struct { u32 field; u64 value; } set[3];
	u64 rax, rcx, rdx;
	bool ept;
} scenes[] = {
	{ "CPUID", l2_cpuid, "exit 10 q 0" }, { "VMCALL", l2_vmcall, "exit 18 q 0" },
	{ "HLT exiting", l2_hlt, "exit 12 q 0", { { PROC, PROC_HLT_EXITING } } },
	{ "PAUSE exiting", l2_pause, "exit 40 q 0", { { PROC, PROC_PAUSE_EXITING } } },
	{ "PAUSE", l2_pause, "exit 18 q 0" },
	{ "RDTSC exiting", l2_rdtsc, "exit 16 q 0", { { PROC, PROC_RDTSC_EXITING } } },
	{ "CR3 store exiting", l2_cr3, "exit 28 q 13", { { PROC, PROC_CR3_STORE_EXITING } } },
	{ "CR3 load exiting", l2_cr3, "exit 28 q 3", { { PROC, PROC_CR3_LOAD_EXITING } } },
	{ "CR3 without exiting", l2_cr3, "exit 18 q 0" },
	{ "CR8 load exiting", l2_cr8, "exit 28 q 8", { { PROC, PROC_CR8_LOAD_EXITING } } },
	{ "CR0 of a masked bit", l2_cr0, "exit 28 q 0", { { CR0_GUEST_HOST_MASK, BIT(3) }, { CR0_READ_SHADOW, BIT(3) } }, 0x80050033 },
	{ "MOV DR exiting", l2_dr, "exit 29 q 17", { { PROC, PROC_MOV_DR_EXITING } } },
	{ "OUT exiting", l2_out, "exit 30 q 800000", { { PROC, PROC_UNCONDITIONAL_IO_EXITING } }, 0, 0, 0x80 },
	{ "IN exiting", l2_in, "exit 30 q 800008", { { PROC, PROC_UNCONDITIONAL_IO_EXITING } }, 0, 0, 0x80 },
	{ "OUT in no bitmap", l2_out, "exit 18 q 0", { { PROC, PROC_IO_BITMAPS } }, 0, 0, 0x81 },
	{ "OUT in the bitmap", l2_out, "exit 30 q 800000", { { PROC, PROC_IO_BITMAPS } }, 0, 0, 0x80 },
	{ "RDMSR without bitmap", l2_rdmsr, "exit 31 q 0", { { EXCEPTION_BITMAP, 0 } }, 0, 0xc0000082 },
	{ "WRMSR without bitmap", l2_wrmsr, "exit 32 q 0", { { EXCEPTION_BITMAP, 0 } }, 0, 0xc0000082 },
	{ "RDMSR in no bitmap", l2_rdmsr, "exit 18 q 0", { { PROC, PROC_MSR_BITMAPS } }, 0, 0xc0000084 },
	{ "RDMSR in the bitmap", l2_rdmsr, "exit 31 q 0", { { PROC, PROC_MSR_BITMAPS } }, 0, 0xc0000082 },
	{ "WRMSR in the bitmap", l2_wrmsr, "exit 32 q 0", { { PROC, PROC_MSR_BITMAPS } }, 0, 0xc0000083 },
	{ "RDMSR of TSC_ADJUST in no bitmap", l2_rdmsr, "exit 18 q 0", { { PROC, PROC_MSR_BITMAPS } }, 0, 0x3b },
	{ "RDMSR of 1fff, absent", l2_rdmsr, "exit", { { PROC, PROC_MSR_BITMAPS } }, 0, 0x1fff },
	{ "RDMSR of c0001fff in the bitmap", l2_rdmsr, "exit 31 q 0", { { PROC, PROC_MSR_BITMAPS } }, 0, 0xc0001fff },
	{ "RDMSR beyond the bitmaps", l2_rdmsr, "exit 31 q 0", { { PROC, PROC_MSR_BITMAPS } }, 0, 0x40000000 },
	{ "RDMSR of FS base in no bitmap", l2_rdmsr, "exit 18 q 0", { { PROC, PROC_MSR_BITMAPS } }, 0, 0xc0000100 },
	{ "RDMSR of a VMX capability in no bitmap", l2_rdmsr, "exit 18 q 0", { { PROC, PROC_MSR_BITMAPS } }, 0, 0x486 },
	{ "#UD", l2_ud, "exit 0 q 0" }, { "#BP", l2_int3, "exit 0 q 0" },
	{ "INVLPG exiting", l2_invlpg, "exit 14", { { PROC, PROC_INVLPG_EXITING } } },
	{ "INVLPG", l2_invlpg, "exit 18 q 0" }, { "VMXON in L2", l2_vmxon, "exit 27" },
	{ "XSETBV", l2_xsetbv, "exit" }, { "INVD", l2_invd, "exit 13 q 0" },
	{ "WBINVD exiting", l2_wbinvd, "exit 54 q 0", { { PROC, PROC_SECONDARY_CONTROLS }, { PROC2, PROC2_WBINVD_EXITING } } },
	{ "WBINVD", l2_wbinvd, "exit 18 q 0" },
	{ "SGDT exiting", l2_sgdt, "exit 46", { { PROC, PROC_SECONDARY_CONTROLS }, { PROC2, PROC2_DESCRIPTOR_TABLE_EXITING } } },
	{ "RDTSCP without the control", l2_rdtscp, "exit 0 q 0" },
	{ "RDTSCP", l2_rdtscp, "exit 18 q 0", { { PROC, PROC_SECONDARY_CONTROLS }, { PROC2, PROC2_RDTSCP } } },
	{ "triple fault", l2_triple, "exit 2 q 0", { { EXCEPTION_BITMAP, 0 } } },
	{ "MTF", l2_two_nops, "VMfail 7", { { PROC, PROC_MONITOR_TRAP_FLAG } } },	/* this model has none */
	{ "interrupt window", l2_two_nops, "exit 7 q 0", { { PROC, PROC_INTERRUPT_WINDOW_EXITING }, { GUEST_RFLAGS, 0x202 } } },
	{ "interrupt window behind STI", l2_sti_nop, "exit 7 q 0", { { PROC, PROC_INTERRUPT_WINDOW_EXITING } } },
	{ "NMI window", l2_two_nops, "exit 8 q 0", { { PROC, PROC_NMI_WINDOW_EXITING }, { PIN_BASED_CONTROLS, PIN_NMI_EXITING | PIN_VIRTUAL_NMIS } } },
	{ "NMI window in the shadow of MOV SS", l2_two_nops, "exit 8 q 0", { { PROC, PROC_NMI_WINDOW_EXITING },
		{ PIN_BASED_CONTROLS, PIN_NMI_EXITING | PIN_VIRTUAL_NMIS }, { GUEST_INTERRUPTIBILITY_STATE, 2 } } },
	{ "preemption timer of 0", l2_two_nops, "exit 52 q 0", { { PIN_BASED_CONTROLS, PIN_PREEMPTION_TIMER }, { VMX_PREEMPTION_TIMER_VALUE, 0 } } },
	{ "preemption timer", l2_loop, "exit 52 q 0", { { PIN_BASED_CONTROLS, PIN_PREEMPTION_TIMER }, { VMX_PREEMPTION_TIMER_VALUE, 2000 } } },
	{ "preemption timer in HLT", l2_two_nops, "exit 52 q 0", { { PIN_BASED_CONTROLS, PIN_PREEMPTION_TIMER },
		{ VMX_PREEMPTION_TIMER_VALUE, 2000 }, { GUEST_ACTIVITY_STATE, 1 } } },
	{ "preemption timer in shutdown", l2_two_nops, "exit 52 q 0", { { PIN_BASED_CONTROLS, PIN_PREEMPTION_TIMER },
		{ VMX_PREEMPTION_TIMER_VALUE, 2000 }, { GUEST_ACTIVITY_STATE, 2 } } },
	{ "exception injected", l2_two_nops, "exit 0 q 0", { { VM_ENTRY_INTERRUPTION_INFO, 0x80000306 }, { GUEST_IDTR_LIMIT, 0 } } },
	{ "interrupt injected, no descriptor", l2_two_nops, "exit 0 q 0", { { VM_ENTRY_INTERRUPTION_INFO, 0x80000030 }, { GUEST_IDTR_LIMIT, 0 },
		{ GUEST_RFLAGS, 0x202 } } },
	{ "VPID 1", l2_cr3, "exit 18 q 0", { { PROC, PROC_SECONDARY_CONTROLS }, { PROC2, PROC2_VPID } } },
	{ "TPR shadow, CR8", l2_cr8, "exit 18 q 0", { { PROC, PROC_TPR_SHADOW } }, 5 },
	{ "TPR below threshold", l2_cr8, "exit 43 q 0", { { PROC, PROC_TPR_SHADOW }, { TPR_THRESHOLD, 3 } }, 2 },
	{ "APIC access read", l2_read, "exit 44 q 0", { { PROC, PROC_TPR_SHADOW | PROC_SECONDARY_CONTROLS }, { PROC2, PROC2_VIRTUALIZE_APIC_ACCESSES } }, .ept = true },
	{ "APIC access write", l2_write, "exit 44 q 1000", { { PROC, PROC_TPR_SHADOW | PROC_SECONDARY_CONTROLS }, { PROC2, PROC2_VIRTUALIZE_APIC_ACCESSES } }, .ept = true },
	{ "EPT, CPUID", l2_cpuid, "exit 10 q 0", .ept = true }, { "EPT, read", l2_read, "exit 18 q 0", .ept = true },
};

static bool is_control(u32 field)
{
	return field == PROC || field == PROC2 || field == PIN_BASED_CONTROLS;
}

void guest_begin(const void *rip, bool ept)
{
	vmcs_begin(rip);
	if (ept)
		vmcs_use_ept(0);
	else
		set(PROC2, l1.proc2);
	set(VPID, 1);
	set(IO_BITMAP_A, __pa(l1.io_bitmap));
	set(IO_BITMAP_B, __pa(l1.io_bitmap));
	set(MSR_BITMAP, __pa(l1.msr_bitmap));
	set(VIRTUAL_APIC_ADDRESS, __pa(l1.virtual_apic));
	set(APIC_ACCESS_ADDRESS, __pa(l1.page));
	l1.regs[RDI] = (u64)l1.page;
}

void say_all(const char *name, bool launch, const char *sdm)
{
	u64 rip = get(GUEST_RIP);
	const char *how = enter_and_say(launch);
	u64 reason = get(VM_EXIT_REASON);
	/* Undefined but for instructions with an operand in memory. */
	u64 info = reason == REASON_VMXON || reason == REASON_SGDT ? get(VM_EXIT_INSTRUCTION_INFO) : 0;

	line(name, "%s intr %llx err %llx vect %llx len %llx info %llx rip+%lld state %llx %llx cs %llx dr7 %llx | %s*", how,
	     get(VM_EXIT_INTERRUPTION_INFO), get(VM_EXIT_INTERRUPTION_INFO) & BIT(11) ? get(VM_EXIT_INTERRUPTION_ERROR_CODE) : 0,
	     get(IDT_VECTORING_INFO), get(VM_EXIT_INSTRUCTION_LENGTH), info,
	     reason == REASON_PREEMPTION_TIMER ? 0 : get(GUEST_RIP) - rip, get(GUEST_ACTIVITY_STATE), get(GUEST_INTERRUPTIBILITY_STATE),
	     get(GUEST_CS_ACCESS_RIGHTS), get(GUEST_DR7), sdm);
}

static void play(const struct scene *s)
{
	u32 i;

	guest_begin(s->rip, s->ept);
	for (i = 0; i < ARRAY_SIZE(s->set) && s->set[i].field; i++)
		set(s->set[i].field, (is_control(s->set[i].field) ? get(s->set[i].field) : 0) | s->set[i].value);
	l1.regs[RAX] = s->rax;
	l1.regs[RCX] = s->rcx;
	l1.regs[RDX] = s->rdx;
	say_all(s->name, true, s->sdm);
}

static void prepare_bitmaps(void)
{
	u8 *bitmap = (u8 *)l1.msr_bitmap;

	((u8 *)l1.io_bitmap)[0x80 / 8] = 1;
	bitmap[1024 + 0x82 / 8] |= 1 << 2;
	bitmap[1024 + 0x1fff / 8] |= 1 << 7;
	bitmap[3072 + 0x83 / 8] |= 1 << 3;
}

/* ---- EPT12: an entry of the data page, or of what is above it, as it may be and may not ---- */

bool flush_ept(void)
{
	u64 d[2] = { EPTP_OF(l1.pml4), 0 }, other[2] = { EPTP_OF(l1.other_pml4), 0 };
	struct outcome o = op_invept(1, d), p = op_invept(1, other);

	return o.fault == NO_FAULT && !o.cf && !o.zf && p.fault == NO_FAULT && !p.cf && !p.zf;
}

/* From a fresh VMCS: where L2 was stopped, and what it has read. */
static const char *sdm_says = "";	/* " | " and the begin of it */

static void ept_access(const char *name, const char *rip, u64 eptp_flags)
{
	const char *how;
	u64 at;

	guest_begin(rip, true);
	set(EPT_POINTER, EPTP_OF(l1.pml4) | eptp_flags);
	l1.page[0] = MARK;
	l1.regs[RAX] = OTHER;
	how = enter_and_say(true);
	/* Where not the page itself, it is L2's page tables, which are those of whoever reads the file. */
	at = get(GUEST_PHYSICAL_ADDRESS) - __pa(l1.page);
	if ((get(VM_EXIT_REASON) & ~1ull) == 48)
		line(name, "%s gpa+%llx gla+%llx rip+%lld%s", get(VM_EXIT_REASON) == 48 ? how : "exit 49",
		     at < PAGE_SIZE ? at : PAGE_SIZE,
		     get(VM_EXIT_REASON) == 48 ? get(GUEST_LINEAR_ADDRESS) - (u64)l1.page : 0, get(GUEST_RIP) - (u64)rip, sdm_says);
	else
		line(name, "%s rax %llx page %llx%s", how, l1.regs[RAX], l1.page[0], sdm_says);
}

static void with_entry(const char *what, u64 *entry, u64 value)
{
	char name[80];
	u64 old = *entry;

	WRITE_ONCE(*entry, value);
	flush_ept();
	snprintf(name, sizeof(name), "%s, read", what);
	ept_access(name, l2_read, 0);
	snprintf(name, sizeof(name), "%s, write", what);
	ept_access(name, l2_write, 0);
	WRITE_ONCE(*entry, old);
	flush_ept();
}

static void permissions_and_types(void)
{
	static const char *const levels[] = { "PTE", "PDE", "PDPTE" };
	u64 *const entry[] = { PT_OF_PAGE, PD_OF_PAGE, PDPT_OF_PAGE };
	u64 leaf_of_pd = (__pa(l1.page) >> 21 << 21) | BIT(7) | 6 << 3 | 7;
	u64 leaf_of_pdpt = (__pa(l1.page) >> 30 << 30) | BIT(7) | 6 << 3 | 7;
	char name[64];
	u32 i, level;

	for (level = 0; level < 3; level++)
		for (i = 0; i < 8; i++) {
			/* Above the last level L2's own page tables and code may be beside the page. */
			if (level && (i & 5) != 5)
				continue;
			snprintf(name, sizeof(name), "EPT %s permissions %u", levels[level], i);
			with_entry(name, entry[level], (*entry[level] & ~7ull) | i);
		}
	/* XMHF in XMHF halted where a type was neither UC nor WB. */
	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "EPT memory type %u%s", i & 7, i & 8 ? " IPAT" : "");
		with_entry(name, PT_OF_PAGE, (*PT_OF_PAGE & ~0x78ull) | i << 3);
		snprintf(name, sizeof(name), "EPT memory type %u%s of 2 MiB", i & 7, i & 8 ? " IPAT" : "");
		with_entry(name, PD_OF_PAGE, (leaf_of_pd & ~0x78ull) | i << 3);
	}
	with_entry("EPT page of 2 MiB", PD_OF_PAGE, leaf_of_pd);
	with_entry("EPT page of 1 GiB", PDPT_OF_PAGE, leaf_of_pdpt);
	sdm_says = " | exit 49*";
	with_entry("EPT page of 2 MiB, reserved address bit", PD_OF_PAGE, leaf_of_pd | BIT(12));
	with_entry("EPT page of 1 GiB, reserved address bit", PDPT_OF_PAGE, leaf_of_pdpt | BIT(13));
	with_entry("EPT PDE reserved bit 3", PD_OF_PAGE, *PD_OF_PAGE | BIT(3));
	with_entry("EPT PTE too high", PT_OF_PAGE, *PT_OF_PAGE | BIT(50));
	sdm_says = "";
	with_entry("EPT PTE ignored bits", PT_OF_PAGE, *PT_OF_PAGE | BIT(52) | BIT(11));
}

/* What is mapped changes, with INVEPT, and back. */
static void switched(void)
{
	u64 *entry = PT_OF_PAGE, old = *entry;
	u32 i;

	l1.hidden[0] = OTHER;
	for (i = 0; i < 4; i++) {
		char name[40];

		snprintf(name, sizeof(name), "EPT entry switched, round %u", i);
		WRITE_ONCE(*entry, i & 1 ? __pa(l1.hidden) | 6 << 3 | 7 : old);
		flush_ept();
		ept_access(name, l2_read, 0);
	}
	WRITE_ONCE(*entry, old);
	flush_ept();
}

static void accessed_and_dirty(void)
{
	u64 *entry = PT_OF_PAGE;

	*entry &= ~0x300ull;
	flush_ept();
	ept_access("EPT with A/D, read", l2_read, BIT(6));
	line("EPT A/D after a read", "%llx | 1", *entry >> 8 & 3);
	ept_access("EPT with A/D, write", l2_write, BIT(6));
	line("EPT A/D after a write", "%llx | 3", *entry >> 8 & 3);
	*entry &= ~0x300ull;
	flush_ept();
	guest_begin(l2_write, true);
	set(EPT_POINTER, EPTP_OF(l1.pml4) | BIT(6));
	set(PROC2, get(PROC2) | PROC2_PML);
	set(PML_ADDRESS, __pa(l1.msr_list));
	set(PML_INDEX, 0);
	say_all("PML, one entry left", true, "exit");
	line("PML index after it", "%llx", get(PML_INDEX));
	vmcs_clear_launch_state();
	*entry &= ~0x300ull;
	flush_ept();
	set(GUEST_RIP, (u64)l2_write);
	set(PML_INDEX, 0xffff);
	line("PML, full", "%s", enter_and_say(true));
	*entry &= ~0x300ull;
	flush_ept();
}

static void modes(void)
{
	static const u8 code[] = { 0x90, 0x0f, 0x01, 0xc1 };	/* NOP, VMCALL */
	static const struct { const char *name; u64 cr0_clear; u32 cs; } modes[] = {
		{ "unrestricted guest, paging off", BIT(31), 0xc09b }, { "unrestricted guest, real mode", BIT(31) | BIT(0), 0x9b },
	};
	u32 i, s;

	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		guest_begin(l2_vmcall, true);
		memcpy(l1.page, code, sizeof(code));
		set(PROC2, get(PROC2) | PROC2_UNRESTRICTED_GUEST);
		set(VM_ENTRY_CONTROLS, l1.entry);
		set(GUEST_CR0, get(GUEST_CR0) & ~modes[i].cr0_clear);
		set(GUEST_CR4, get(GUEST_CR4) & ~(BIT(17) | BIT(5)));
		for (s = 0; s < 6; s++) {
			set(GUEST_ES_LIMIT + 2 * s, i ? 0xffff : 0xffffffff);
			set(GUEST_ES_ACCESS_RIGHTS + 2 * s, s == 1 ? modes[i].cs : i ? 0x93 : 0xc093);
		}
		set(GUEST_CS_BASE, __pa(l1.page));
		set(GUEST_RIP, 0);
		say_all(modes[i].name, true, "exit 18 q 0");
	}
}

static void lists(void)
{
	static const u32 msrs[] = { 0x20a, 0x20b, 0xc0000080, 0xc0000081, 0x277, 0xc0000082 };
	struct { u32 index, reserved; u64 value; } *list = (void *)l1.msr_list;
	u64 value;
	u32 i;

	memset(list, 0, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		list[i].index = msrs[i];
	guest_begin(l2_vmcall, false);
	set(VM_EXIT_MSR_STORE_ADDRESS, __pa(list));
	set(VM_EXIT_MSR_STORE_COUNT, ARRAY_SIZE(msrs));
	line("exit-store list", "%s | exit 18 q 0", enter_and_say(true));
	for (i = 0; i < ARRAY_SIZE(msrs); i++) {
		char name[40];

		try_rdmsr(msrs[i], &value);
		snprintf(name, sizeof(name), "MSR %x stored", msrs[i]);
		line(name, "%d | 1", list[i].value == value);
	}
	try_rdmsr(0xc0000081, &value);
	list[0].index = 0xc0000081;
	list[0].value = 0x55;
	guest_begin(l2_vmcall, false);
	set(VM_EXIT_MSR_LOAD_ADDRESS, __pa(list));
	set(VM_EXIT_MSR_LOAD_COUNT, 1);
	line("exit-load list", "%s | exit 18 q 0", enter_and_say(true));
	try_rdmsr(0xc0000081, &list[1].value);
	line("MSR c0000081 loaded", "%llx | 55", list[1].value);
	try_wrmsr(0xc0000081, value);
}

void do_guests(void)
{
	u32 i;

	prepare_bitmaps();
	for (i = 0; i < ARRAY_SIZE(scenes); i++)
		play(&scenes[i]);
	memset(l1.virtual_apic, 0, PAGE_SIZE);
	permissions_and_types();
	switched();
	accessed_and_dirty();
	modes();
	lists();
}

/* ---- an L1 that aims at what is not Linux's: l1.hidden is given to the core, as a PAL's frame is ---- */

static s64 debug_call(u64 op)
{
	struct call_result r;
	u32 n = 0;

	do {
		r = try_vmcall(HC_DEBUG, op, __pa(l1.hidden) >> PAGE_SHIFT, 0, 0);
	} while (r.fault == NO_FAULT && (r.rax == -EAGAIN || r.rax == -EINPROGRESS) && n++ < 1000000);
	return r.fault == NO_FAULT ? r.rax : -ENXIO;
}

static const struct { const char *name; u32 field, control; u64 bit; const char *rip; } aims[] = {
	{ "I/O bitmaps", IO_BITMAP_A, PROC, PROC_IO_BITMAPS, l2_out }, { "MSR bitmap", MSR_BITMAP, PROC, PROC_MSR_BITMAPS, l2_rdmsr },
	{ "virtual-APIC page", VIRTUAL_APIC_ADDRESS, PROC, PROC_TPR_SHADOW, l2_cr8 },
	{ "exit-store list", VM_EXIT_MSR_STORE_ADDRESS, 0, 0, l2_vmcall }, { "PML page", PML_ADDRESS, PROC2, PROC2_PML, l2_write },
	{ "entry-load list", VM_ENTRY_MSR_LOAD_ADDRESS, 0, 0, l2_vmcall }, { "EPT12 root", EPT_POINTER, 0, 0, l2_read },
	{ "APIC-access page", APIC_ACCESS_ADDRESS, PROC2, PROC2_VIRTUALIZE_APIC_ACCESSES, l2_vmcall },
	{ "EPTP list", EPTP_LIST_ADDRESS, PROC2, PROC2_VM_FUNCTIONS, l2_vmfunc },
	{ "#VE information", VIRTUALIZATION_EXCEPTION_ADDRESS, PROC2, PROC2_EPT_VIOLATION_VE, l2_write },
};

static void aim(u32 i)
{
	u64 at = __pa(l1.hidden);
	char name[64];

	guest_begin(aims[i].rip, true);
	if (aims[i].control)
		set(aims[i].control, get(aims[i].control) | aims[i].bit);
	if (aims[i].field == PML_ADDRESS || aims[i].field == EPT_POINTER)
		set(EPT_POINTER, EPTP_OF(l1.pml4) | BIT(6));
	*PT_OF_PAGE &= ~0x300ull;
	if (aims[i].field == VIRTUALIZATION_EXCEPTION_ADDRESS)
		*PT_OF_PAGE &= ~2ull;
	flush_ept();
	set(VM_FUNCTION_CONTROLS, aims[i].field == EPTP_LIST_ADDRESS);
	set(aims[i].field, aims[i].field == EPT_POINTER ? at | 3 << 3 | 6 : at);
	set(VM_ENTRY_MSR_LOAD_COUNT, aims[i].field == VM_ENTRY_MSR_LOAD_ADDRESS);
	set(VM_EXIT_MSR_STORE_COUNT, aims[i].field == VM_EXIT_MSR_STORE_ADDRESS);
	set(PML_INDEX, 3);
	l1.regs[RAX] = aims[i].field == EPTP_LIST_ADDRESS ? 0 : 5;
	l1.regs[RCX] = 0x1b;
	l1.regs[RDX] = 0x80;
	/* Any answer of the CPU's will do; the core's frame is looked at below. */
	snprintf(name, sizeof(name), "aimed at the core's frame, %s", aims[i].name);
	line(name, "%s", enter_and_say(true));
	*PT_OF_PAGE |= 2;
}

void do_hostile(void)
{
	u64 *entry = PT_OF_PAGE, old = *entry;
	u32 i, changed = 0;

	for (i = 0; i < 512; i++)
		l1.hidden[i] = MARK;
	line("a frame becomes the core's", "%d | 1", debug_call(DEBUG_HIDE_FRAME) >= 0);
	line("VMPTRLD of it", "%d | 1", with_pointer(op_vmptrld, __pa(l1.hidden)).zf | with_pointer(op_vmptrld, __pa(l1.hidden)).cf);
	with_pointer(op_vmclear, __pa(l1.hidden));
	WRITE_ONCE(*entry, __pa(l1.hidden) | 6 << 3 | 7);
	flush_ept();
	l1.regs[RAX] = 1;
	guest_begin(l2_read, true);
	line("L2 reads it through EPT12", "%s | exit 18 q 0", enter_and_say(true));
	line("what L2 has read", "%llx | 0", l1.regs[RAX]);
	guest_begin(l2_write, true);
	l1.regs[RAX] = OTHER;
	line("L2 writes it through EPT12", "%s | exit 18 q 0", enter_and_say(true));
	WRITE_ONCE(*entry, old);
	flush_ept();
	for (i = 0; i < ARRAY_SIZE(aims); i++)
		aim(i);
	/* A bare CPU would enter, and take nothing but a SIPI: the core could not kick it any more. */
	guest_begin(l2_vmcall, false);
	set(GUEST_ACTIVITY_STATE, ACTIVITY_WAIT_FOR_SIPI);
	line("wait-for-SIPI", "%s | entry failure 33 q 0", enter_and_say(true));
	vmcs_clear_launch_state();
	line("it comes back", "%d | 1", debug_call(DEBUG_SHOW_FRAME) >= 0);
	for (i = 0; i < 512; i++)
		changed += l1.hidden[i] != MARK;
	line("words of it that changed", "%u | 0", changed);
	do_vm_functions_cost();
}
