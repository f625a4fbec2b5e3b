// SPDX-License-Identifier: GPL-2.0
/*
 * The checks of a VM entry (SDM vol. 3, 27.2-27.4): from a VMCS that enters, one
 * thing is made wrong (or unusual, and right), and the answer noted. Next: guest.c.
 */
#include "l1.h"

/* What the VMCS has besides, so that the row is the only violation. */
enum with { PLAIN, EPT, UNRESTRICTED, TPR, VNMI, V8086, PAE, VM_FUNCTIONS };

#define C "VMfail 7"
#define H "VMfail 8"
#define G "entry failure 33 q 0"
#define L "entry failure 33 q 4"
#define RUNS "exit 18 q 0"

static const struct check {
	const char *name, *sdm;
	u8 with;
	u32 field;
	u64 clear, set;	/* the field, without and with these */
	u32 field2;	/* 0: none; set to value2 */
	u64 value2;
} checks[] = {
#define ALL (~0ull)
#define NOT_CANONICAL 0x800000000000ull
	{ "nothing wrong", RUNS, PLAIN, GUEST_RSP },
	{ "nothing wrong with EPT", RUNS, EPT, GUEST_RSP },
	{ "nothing wrong with unrestricted guest", RUNS, UNRESTRICTED, GUEST_RSP },
	/* 27.2.1.1 */
	{ "pin default1 bit clear", C, PLAIN, PIN_BASED_CONTROLS, BIT(1) },
	{ "pin reserved bit set", C, PLAIN, PIN_BASED_CONTROLS, 0, BIT(31) },
	{ "primary default1 bit clear", C, PLAIN, PROCESSOR_BASED_CONTROLS, BIT(1) },
	{ "primary reserved bit set", C, PLAIN, PROCESSOR_BASED_CONTROLS, 0, BIT(0) },
	{ "secondary reserved bit set", C, EPT, SECONDARY_CONTROLS, 0, BIT(31) },
	{ "secondary ignored without activation", RUNS, PLAIN, SECONDARY_CONTROLS, 0, BIT(31) },
	{ "CR3-target count 4", RUNS, PLAIN, CR3_TARGET_COUNT, ALL, 4 },
	{ "CR3-target count 5", C, PLAIN, CR3_TARGET_COUNT, ALL, 5 },
	{ "I/O bitmap A unaligned", C, PLAIN, IO_BITMAP_A, ALL, 1, PROCESSOR_BASED_CONTROLS, PROC_IO_BITMAPS },
	{ "I/O bitmap B too high", C, PLAIN, IO_BITMAP_B, ALL, BIT(50), PROCESSOR_BASED_CONTROLS, PROC_IO_BITMAPS },
	{ "I/O bitmaps good", RUNS, PLAIN, IO_BITMAP_B, ALL, 0, PROCESSOR_BASED_CONTROLS, PROC_IO_BITMAPS },
	{ "MSR bitmap unaligned", C, PLAIN, MSR_BITMAP, ALL, 8, PROCESSOR_BASED_CONTROLS, PROC_MSR_BITMAPS },
	{ "MSR bitmap too high", C, PLAIN, MSR_BITMAP, ALL, BIT(50), PROCESSOR_BASED_CONTROLS, PROC_MSR_BITMAPS },
	{ "virtual-APIC unaligned", C, TPR, VIRTUAL_APIC_ADDRESS, ALL, 16 },
	{ "virtual-APIC too high", C, TPR, VIRTUAL_APIC_ADDRESS, ALL, BIT(50) },
	{ "TPR shadow good", RUNS, TPR, GUEST_RSP },
	{ "TPR threshold reserved bit", C, TPR, TPR_THRESHOLD, ALL, 16 },
	{ "TPR threshold above VTPR", C, TPR, TPR_THRESHOLD, ALL, 5 },
	{ "x2APIC mode without TPR shadow", C, EPT, SECONDARY_CONTROLS, 0, PROC2_VIRTUALIZE_X2APIC_MODE },
	{ "APIC-access unaligned", C, EPT, APIC_ACCESS_ADDRESS, ALL, 1, SECONDARY_CONTROLS, PROC2_VIRTUALIZE_APIC_ACCESSES },
	{ "APIC-access too high", C, EPT, APIC_ACCESS_ADDRESS, ALL, BIT(50), SECONDARY_CONTROLS, PROC2_VIRTUALIZE_APIC_ACCESSES },
	{ "virtual NMIs without NMI exiting", C, PLAIN, PIN_BASED_CONTROLS, 0, PIN_VIRTUAL_NMIS },
	{ "NMI window without virtual NMIs", C, PLAIN, PROCESSOR_BASED_CONTROLS, 0, PROC_NMI_WINDOW_EXITING },
	{ "virtual NMIs good", RUNS, VNMI, GUEST_RSP },
	{ "VPID 0", C, EPT, SECONDARY_CONTROLS, 0, PROC2_VPID },
	{ "VPID 1", RUNS, EPT, VPID, ALL, 1, SECONDARY_CONTROLS, PROC2_VPID },
	{ "EPTP uncacheable", RUNS, EPT, EPT_POINTER, 7, 0 },
	{ "EPTP memory type 1", C, EPT, EPT_POINTER, 7, 1 },
	{ "EPTP memory type 4", C, EPT, EPT_POINTER, 7, 4 },
	{ "EPTP memory type 5", C, EPT, EPT_POINTER, 7, 5 },
	{ "EPTP memory type 7", C, EPT, EPT_POINTER, 7, 7 },
	{ "EPTP walk of 3", C, EPT, EPT_POINTER, 0x38, 0x10 },
	{ "EPTP walk of 5", C, EPT, EPT_POINTER, 0x38, 0x20 },
	{ "EPTP reserved bit 7", C, EPT, EPT_POINTER, 0, 0x80 },
	{ "EPTP reserved bit 11", C, EPT, EPT_POINTER, 0, 0x800 },
	{ "EPTP too high", C, EPT, EPT_POINTER, 0, BIT(50) },
	{ "EPTP with accessed and dirty", RUNS, EPT, EPT_POINTER, 0, 0x40 },
	{ "unrestricted guest without EPT", C, EPT, SECONDARY_CONTROLS, PROC2_EPT, PROC2_UNRESTRICTED_GUEST },
	{ "PML without EPT", C, EPT, SECONDARY_CONTROLS, PROC2_EPT, PROC2_PML },
	{ "PML unaligned", C, EPT, PML_ADDRESS, ALL, 1, SECONDARY_CONTROLS, PROC2_PML },
	{ "VM functions good", RUNS, VM_FUNCTIONS, GUEST_RSP },
	{ "VM functions, none enabled", RUNS, VM_FUNCTIONS, VM_FUNCTION_CONTROLS, ALL, 0, EPTP_LIST_ADDRESS, 8 },
	{ "VM functions, reserved function", C, VM_FUNCTIONS, VM_FUNCTION_CONTROLS, 0, BIT(1) },
	{ "VM functions, reserved function 63", C, VM_FUNCTIONS, VM_FUNCTION_CONTROLS, 0, BIT(63) },
	{ "EPTP list unaligned", C, VM_FUNCTIONS, EPTP_LIST_ADDRESS, ALL, 8 },
	{ "EPTP list too high", C, VM_FUNCTIONS, EPTP_LIST_ADDRESS, ALL, BIT(50) },
	{ "EPTP switching without EPT", C, VM_FUNCTIONS, SECONDARY_CONTROLS, PROC2_EPT, 0 },
	{ "#VE information good", RUNS, EPT, VIRTUALIZATION_EXCEPTION_ADDRESS, ALL, 0x1000, SECONDARY_CONTROLS, PROC2_EPT_VIOLATION_VE },
	{ "#VE information unaligned", C, EPT, VIRTUALIZATION_EXCEPTION_ADDRESS, ALL, 8, SECONDARY_CONTROLS, PROC2_EPT_VIOLATION_VE },
	{ "#VE information too high", C, EPT, VIRTUALIZATION_EXCEPTION_ADDRESS, ALL, BIT(50), SECONDARY_CONTROLS, PROC2_EPT_VIOLATION_VE },
	{ "TSC multiplier 0", C, EPT, TSC_MULTIPLIER, ALL, 0, SECONDARY_CONTROLS, PROC2_TSC_SCALING },
	/* 27.2.1.2, 27.2.1.3 */
	{ "exit default1 bit clear", C, PLAIN, VM_EXIT_CONTROLS, BIT(0) },
	{ "exit reserved bit set", C, PLAIN, VM_EXIT_CONTROLS, 0, BIT(30) },
	{ "save timer without timer", C, PLAIN, VM_EXIT_CONTROLS, 0, EXIT_SAVE_PREEMPTION_TIMER },
	{ "entry default1 bit clear", C, PLAIN, VM_ENTRY_CONTROLS, BIT(0) },
	{ "entry reserved bit set", C, PLAIN, VM_ENTRY_CONTROLS, 0, BIT(20) },
	{ "entry to SMM outside of SMM", C, PLAIN, VM_ENTRY_CONTROLS, 0, ENTRY_TO_SMM },
	{ "dual-monitor end outside of SMM", C, PLAIN, VM_ENTRY_CONTROLS, 0, ENTRY_DEACTIVATE_DUAL_MONITOR },
	{ "store list unaligned", C, PLAIN, VM_EXIT_MSR_STORE_ADDRESS, ALL, 8, VM_EXIT_MSR_STORE_COUNT, 1 },
	{ "store list too high", C, PLAIN, VM_EXIT_MSR_STORE_ADDRESS, ALL, BIT(50), VM_EXIT_MSR_STORE_COUNT, 1 },
	{ "exit-load list unaligned", C, PLAIN, VM_EXIT_MSR_LOAD_ADDRESS, ALL, 8, VM_EXIT_MSR_LOAD_COUNT, 1 },
	{ "entry-load list unaligned", C, PLAIN, VM_ENTRY_MSR_LOAD_ADDRESS, ALL, 8, VM_ENTRY_MSR_LOAD_COUNT, 1 },
	{ "entry-load list too high", C, PLAIN, VM_ENTRY_MSR_LOAD_ADDRESS, ALL, BIT(50), VM_ENTRY_MSR_LOAD_COUNT, 1 },
	{ "unaligned lists of 0", RUNS, PLAIN, VM_ENTRY_MSR_LOAD_ADDRESS, ALL, 8 },
#define INJECT(name, sdm, info) { "inject " name, sdm, PLAIN, VM_ENTRY_INTERRUPTION_INFO, ALL, 0x80000000u | (info) }
	/* Not type 7 with a vector: the emulator ends there. */
	INJECT("type 1", C, 1 << 8), INJECT("reserved bit", C, BIT(12)), INJECT("NMI with vector 3", C, 2 << 8 | 3),
	INJECT("exception 32", C, 3 << 8 | 32),
	INJECT("external interrupt with error code", C, 0x820), INJECT("#GP without error code", C, 3 << 8 | 13),
	INJECT("#UD with error code", C, 0xb06), INJECT("interrupt with IF clear", G, 0x20),
	{ "inject error code of 16 bits", C, PLAIN, VM_ENTRY_INTERRUPTION_INFO, ALL, 0x80000b0d, VM_ENTRY_EXCEPTION_ERROR_CODE, 0x10000 },
	{ "inject software interrupt of length 16", C, PLAIN, VM_ENTRY_INTERRUPTION_INFO, ALL, 0x80000480, VM_ENTRY_INSTRUCTION_LENGTH, 16 },
	/* 27.2.2 to 27.2.4 */
#define HOST(name, field, clear, set) { "host " name, H, PLAIN, field, clear, set }
	HOST("CR0.PE clear", HOST_CR0, BIT(0), 0), HOST("CR0.NE clear", HOST_CR0, BIT(5), 0), HOST("CR0.PG clear", HOST_CR0, BIT(31), 0),
	HOST("CR0 bit 32", HOST_CR0, 0, BIT(32)), HOST("CR4.VMXE clear", HOST_CR4, BIT(13), 0), HOST("CR4 bit 31", HOST_CR4, 0, BIT(31)),
	HOST("CR4.PAE clear", HOST_CR4, BIT(5), 0), HOST("CR3 too high", HOST_CR3, 0, BIT(50)),
	HOST("SYSENTER_ESP", HOST_IA32_SYSENTER_ESP, ALL, NOT_CANONICAL), HOST("SYSENTER_EIP", HOST_IA32_SYSENTER_EIP, ALL, NOT_CANONICAL),
	HOST("CS 0", HOST_CS_SELECTOR, ALL, 0), HOST("CS RPL", HOST_CS_SELECTOR, 0, 3), HOST("CS TI", HOST_CS_SELECTOR, 0, 4),
	HOST("SS RPL", HOST_SS_SELECTOR, 0, 1), HOST("DS TI", HOST_DS_SELECTOR, 0, 4), HOST("ES RPL", HOST_ES_SELECTOR, 0, 2),
	HOST("FS TI", HOST_FS_SELECTOR, 0, 4), HOST("GS RPL", HOST_GS_SELECTOR, 0, 1), HOST("TR 0", HOST_TR_SELECTOR, ALL, 0),
	HOST("TR TI", HOST_TR_SELECTOR, 0, 4), HOST("FS base", HOST_FS_BASE, ALL, NOT_CANONICAL), HOST("GS base", HOST_GS_BASE, ALL, NOT_CANONICAL),
	HOST("TR base", HOST_TR_BASE, ALL, NOT_CANONICAL), HOST("GDTR base", HOST_GDTR_BASE, ALL, NOT_CANONICAL),
	HOST("IDTR base", HOST_IDTR_BASE, ALL, NOT_CANONICAL),
	{ "host address-space size 0", H, PLAIN, VM_EXIT_CONTROLS, EXIT_HOST_ADDRESS_SPACE_SIZE, 0 },
	{ "host PAT reserved type", H, PLAIN, HOST_IA32_PAT, ALL, 2, VM_EXIT_CONTROLS, EXIT_LOAD_PAT },
	{ "host EFER reserved bit", H, PLAIN, HOST_IA32_EFER, ALL, 0xd01 | BIT(1), VM_EXIT_CONTROLS, EXIT_LOAD_EFER },
	{ "host EFER without LMA", H, PLAIN, HOST_IA32_EFER, ALL, 0x901, VM_EXIT_CONTROLS, EXIT_LOAD_EFER },
	{ "host PERF_GLOBAL_CTRL reserved", H, PLAIN, HOST_IA32_PERF_GLOBAL_CTRL, ALL, BIT(63), VM_EXIT_CONTROLS, EXIT_LOAD_PERF_GLOBAL_CTRL },
	/* 27.3.1.1 */
#define GUEST(name, field, clear, set) { "guest " name, G, PLAIN, field, clear, set }
	GUEST("CR0.PE clear", GUEST_CR0, BIT(0), 0), GUEST("CR0.NE clear", GUEST_CR0, BIT(5), 0), GUEST("CR0.PG clear", GUEST_CR0, BIT(31), 0),
	GUEST("CR4.VMXE clear", GUEST_CR4, BIT(13), 0), GUEST("CR4 bit 31", GUEST_CR4, 0, BIT(31)), GUEST("CR4.PAE clear", GUEST_CR4, BIT(5), 0),
	GUEST("CR3 too high", GUEST_CR3, 0, BIT(50)),
	{ "guest CR0.PG without PE, unrestricted", G, UNRESTRICTED, GUEST_CR0, BIT(0), 0 },
	{ "guest 64-bit without CR0.PG, unrestricted", G, UNRESTRICTED, GUEST_CR0, BIT(31), 0 },
	GUEST("SYSENTER_ESP", GUEST_IA32_SYSENTER_ESP, ALL, NOT_CANONICAL), GUEST("SYSENTER_EIP", GUEST_IA32_SYSENTER_EIP, ALL, NOT_CANONICAL),
	{ "guest DR7 high half", G, PLAIN, GUEST_DR7, 0, BIT(32), VM_ENTRY_CONTROLS, ENTRY_LOAD_DEBUG_CONTROLS },
	{ "guest DEBUGCTL reserved", G, PLAIN, GUEST_IA32_DEBUGCTL, 0, BIT(63), VM_ENTRY_CONTROLS, ENTRY_LOAD_DEBUG_CONTROLS },
	{ "guest PAT reserved type", G, PLAIN, GUEST_IA32_PAT, ALL, 0x300, VM_ENTRY_CONTROLS, ENTRY_LOAD_PAT },
	{ "guest EFER reserved bit", G, PLAIN, GUEST_IA32_EFER, ALL, 0xd01 | BIT(1), VM_ENTRY_CONTROLS, ENTRY_LOAD_EFER },
	{ "guest EFER without LMA", G, PLAIN, GUEST_IA32_EFER, ALL, 0x901, VM_ENTRY_CONTROLS, ENTRY_LOAD_EFER },
	{ "guest EFER without LME", G, PLAIN, GUEST_IA32_EFER, ALL, 0xc01, VM_ENTRY_CONTROLS, ENTRY_LOAD_EFER },
	{ "guest PERF_GLOBAL_CTRL reserved", G, PLAIN, GUEST_IA32_PERF_GLOBAL_CTRL, ALL, BIT(63), VM_ENTRY_CONTROLS, ENTRY_LOAD_PERF_GLOBAL_CTRL },
	/* 27.3.1.2 */
	GUEST("TR TI", GUEST_TR_SELECTOR, 0, 4), GUEST("TR base", GUEST_TR_BASE, ALL, NOT_CANONICAL), GUEST("TR type 11 is busy", GUEST_TR_ACCESS_RIGHTS, 2, 0),
	GUEST("TR of 16 bits", GUEST_TR_ACCESS_RIGHTS, 8, 0), GUEST("TR S", GUEST_TR_ACCESS_RIGHTS, 0, 0x10), GUEST("TR not present", GUEST_TR_ACCESS_RIGHTS, 0x80, 0),
	GUEST("TR unusable", GUEST_TR_ACCESS_RIGHTS, 0, 0x10000), GUEST("TR reserved", GUEST_TR_ACCESS_RIGHTS, 0, 0x100),
	GUEST("TR limit and G", GUEST_TR_ACCESS_RIGHTS, 0, 0x8000), GUEST("TR limit without G", GUEST_TR_LIMIT, 0, 0x100000),
	{ "guest LDTR TI", G, PLAIN, GUEST_LDTR_SELECTOR, ALL, 4, GUEST_LDTR_ACCESS_RIGHTS, 0x82 },
	{ "guest LDTR type", G, PLAIN, GUEST_LDTR_ACCESS_RIGHTS, ALL, 0x83 }, { "guest LDTR not present", G, PLAIN, GUEST_LDTR_ACCESS_RIGHTS, ALL, 0x02 },
	{ "guest LDTR good", RUNS, PLAIN, GUEST_LDTR_ACCESS_RIGHTS, ALL, 0x82 },
	{ "guest LDTR base", G, PLAIN, GUEST_LDTR_BASE, ALL, NOT_CANONICAL, GUEST_LDTR_ACCESS_RIGHTS, 0x82 },
	GUEST("CS type 0", GUEST_CS_ACCESS_RIGHTS, 0xf, 0), GUEST("CS type 3", GUEST_CS_ACCESS_RIGHTS, 0xf, 3), GUEST("CS not accessed", GUEST_CS_ACCESS_RIGHTS, 1, 0),
	{ "guest CS type 3, unrestricted", RUNS, UNRESTRICTED, GUEST_CS_ACCESS_RIGHTS, 0xf, 3 },
	GUEST("CS S clear", GUEST_CS_ACCESS_RIGHTS, 0x10, 0), GUEST("CS DPL 3", GUEST_CS_ACCESS_RIGHTS, 0, 0x60), GUEST("CS not present", GUEST_CS_ACCESS_RIGHTS, 0x80, 0),
	GUEST("CS L and D", GUEST_CS_ACCESS_RIGHTS, 0, 0x4000), GUEST("CS reserved", GUEST_CS_ACCESS_RIGHTS, 0, 0x100), GUEST("CS G and limit", GUEST_CS_LIMIT, 0xfff, 0),
	GUEST("CS base above 4 GiB", GUEST_CS_BASE, 0, BIT(32)), GUEST("CS RPL unlike SS", GUEST_CS_SELECTOR, 0, 3),
	GUEST("SS type 1", GUEST_SS_ACCESS_RIGHTS, 0xf, 1), GUEST("SS S clear", GUEST_SS_ACCESS_RIGHTS, 0x10, 0), GUEST("SS DPL 3", GUEST_SS_ACCESS_RIGHTS, 0, 0x60),
	GUEST("SS not present", GUEST_SS_ACCESS_RIGHTS, 0x80, 0), GUEST("SS reserved", GUEST_SS_ACCESS_RIGHTS, 0, 0x800), GUEST("SS RPL", GUEST_SS_SELECTOR, 0, 1),
	GUEST("SS base above 4 GiB", GUEST_SS_BASE, 0, BIT(32)),
	GUEST("DS not accessed", GUEST_DS_ACCESS_RIGHTS, 1, 0), GUEST("DS code unreadable", GUEST_DS_ACCESS_RIGHTS, 0xf, 9), GUEST("DS S clear", GUEST_DS_ACCESS_RIGHTS, 0x10, 0),
	GUEST("ES not present", GUEST_ES_ACCESS_RIGHTS, 0x80, 0), GUEST("ES reserved", GUEST_ES_ACCESS_RIGHTS, 0, 0x200), GUEST("DS RPL above DPL", GUEST_DS_SELECTOR, 0, 3),
	GUEST("DS base above 4 GiB", GUEST_DS_BASE, 0, BIT(32)), GUEST("FS base", GUEST_FS_BASE, ALL, NOT_CANONICAL), GUEST("GS base", GUEST_GS_BASE, ALL, NOT_CANONICAL),
	GUEST("FS G and limit", GUEST_FS_LIMIT, 0xfff, 0), GUEST("GS limit without G", GUEST_GS_ACCESS_RIGHTS, 0x8000, 0),
	{ "guest DS unusable may be anything", RUNS, PLAIN, GUEST_DS_ACCESS_RIGHTS, ALL, 0x10000 },
	/* 27.3.1.3, 27.3.1.4 */
	GUEST("GDTR base", GUEST_GDTR_BASE, ALL, NOT_CANONICAL), GUEST("IDTR base", GUEST_IDTR_BASE, ALL, NOT_CANONICAL),
	GUEST("GDTR limit", GUEST_GDTR_LIMIT, 0, BIT(16)), GUEST("IDTR limit", GUEST_IDTR_LIMIT, 0, BIT(16)),
	GUEST("RIP with bits 63:48 not the same", GUEST_RIP, ALL, BIT(50)), GUEST("RFLAGS bit 1 clear", GUEST_RFLAGS, 2, 0), GUEST("RFLAGS bit 3", GUEST_RFLAGS, 0, 8),
	GUEST("RFLAGS bit 22", GUEST_RFLAGS, 0, BIT(22)), GUEST("RFLAGS.VM in 64-bit mode", GUEST_RFLAGS, 0, BIT(17)),
	{ "guest RIP of 33 bits outside of 64-bit mode", G, PAE, GUEST_RIP, ALL, BIT(32) },
	/* 27.3.1.5 */
	GUEST("activity 4", GUEST_ACTIVITY_STATE, ALL, 4), GUEST("STI blocking with IF clear", GUEST_INTERRUPTIBILITY_STATE, 0, 1),
	GUEST("SMI blocking outside of SMM", GUEST_INTERRUPTIBILITY_STATE, 0, 4), GUEST("interruptibility reserved", GUEST_INTERRUPTIBILITY_STATE, 0, BIT(31)),
	{ "guest STI and MOV SS blocking", G, PLAIN, GUEST_INTERRUPTIBILITY_STATE, 0, 3, GUEST_RFLAGS, 0x202 },
	{ "guest HLT with MOV SS blocking", G, PLAIN, GUEST_INTERRUPTIBILITY_STATE, 0, 2, GUEST_ACTIVITY_STATE, 1 },
	{ "inject #UD into HLT", G, PLAIN, VM_ENTRY_INTERRUPTION_INFO, ALL, 0x80000306, GUEST_ACTIVITY_STATE, 1 },
	{ "inject NMI with MOV SS blocking", G, PLAIN, VM_ENTRY_INTERRUPTION_INFO, ALL, 0x80000202, GUEST_INTERRUPTIBILITY_STATE, 2 },
	{ "inject NMI that is virtually blocked", G, VNMI, VM_ENTRY_INTERRUPTION_INFO, ALL, 0x80000202, GUEST_INTERRUPTIBILITY_STATE, 8 },
	GUEST("pending debug exceptions reserved", GUEST_PENDING_DEBUG_EXCEPTIONS, 0, BIT(4)),
	{ "guest pending BS without TF, MOV SS blocking", G, PLAIN, GUEST_PENDING_DEBUG_EXCEPTIONS, 0, BIT(14), GUEST_INTERRUPTIBILITY_STATE, 2 },
	{ "link pointer unaligned", L, PLAIN, VMCS_LINK_POINTER, ALL, 8 }, { "link pointer too high", L, PLAIN, VMCS_LINK_POINTER, ALL, BIT(50) },
	/* An SDM of 27.3.1.6: with EPT in the fields */
	{ "PDPTE reserved bit", "entry failure 33 q 2", PAE, GUEST_PDPTE0, ALL, 3 },
};

static const u32 with_field[][2] = {
	[TPR] = { PROCESSOR_BASED_CONTROLS, PROC_TPR_SHADOW },
	[VNMI] = { PIN_BASED_CONTROLS, PIN_NMI_EXITING | PIN_VIRTUAL_NMIS },
};

static void begin(const struct check *c)
{
	vmcs_begin(l2_vmcall);
	if (c->with == EPT || c->with == UNRESTRICTED || c->with == PAE)
		vmcs_use_ept(c->with == UNRESTRICTED ? PROC2_UNRESTRICTED_GUEST : 0);
	if (c->with == VM_FUNCTIONS) {
		vmcs_use_ept(PROC2_VM_FUNCTIONS);
		set(VM_FUNCTION_CONTROLS, 1);
		set(EPTP_LIST_ADDRESS, __pa(l1.eptp_list));
	}
	if (c->with == TPR || c->with == VNMI)
		set(with_field[c->with][0], get(with_field[c->with][0]) | with_field[c->with][1]);
	set(VIRTUAL_APIC_ADDRESS, __pa(l1.virtual_apic));
	set(PML_ADDRESS, __pa(l1.virtual_apic));
	/* What is injected nevertheless must not meet Linux's handlers in L2. */
	set(GUEST_IDTR_LIMIT, 0);
	if (c->with == PAE) {
		set(VM_ENTRY_CONTROLS, l1.entry);
		set(GUEST_CR4, get(GUEST_CR4) & ~BIT(17));
		set(GUEST_CS_ACCESS_RIGHTS, 0xc09b);
		set(GUEST_RIP, 0x1000);
	}
}

static bool adds_to(u32 field)
{
	return field == PROCESSOR_BASED_CONTROLS || field == SECONDARY_CONTROLS || field == VM_EXIT_CONTROLS ||
	       field == VM_ENTRY_CONTROLS;
}

/* MSR lists: which MSR is at the third place; the first two are good. */
static const struct { const char *name, *sdm; u32 msr, reserved; u64 value; } lists[] = {
	{ "good", RUNS, 0xc0000081, 0, 0x123 }, { "FS base", "entry failure 34 q 3", 0xc0000100, 0, 0 },
	{ "GS base", "entry failure 34 q 3", 0xc0000101, 0, 0 }, { "x2APIC ID", "entry failure 34 q 3", 0x802, 0, 0 },
	{ "reserved bits", "entry failure 34 q 3", 0xc0000081, 1, 0 }, { "absent MSR", "entry failure 34 q 3", 0x1fff, 0, 0 },
	{ "PAT good", RUNS, 0x277, 0, 0x0007040600070406 }, { "PAT reserved type", "entry failure 34 q 3", 0x277, 0, 0x0007040600070402 },
	{ "EFER reserved bit", "entry failure 34 q 3", 0xc0000080, 0, 0xd01 | BIT(1) },
	{ "EFER without LME", "entry failure 34 q 3", 0xc0000080, 0, 0x801 }, { "LSTAR not canonical", "entry failure 34 q 3", 0xc0000082, 0, NOT_CANONICAL },
	{ "PERF_GLOBAL_CTRL reserved", "entry failure 34 q 3", 0x38f, 0, BIT(63) },
};

static void msr_lists(void)
{
	struct { u32 index, reserved; u64 value; } *list = (void *)l1.msr_list;
	u64 star, pat;
	char name[64];
	u32 i;

	try_rdmsr(0xc0000081, &star);
	try_rdmsr(0x277, &pat);
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		vmcs_begin(l2_vmcall);
		list[0].index = list[1].index = 0xc0000081;
		list[0].value = list[1].value = star;
		list[2].index = lists[i].msr;
		list[2].reserved = lists[i].reserved;
		list[2].value = lists[i].value;
		set(VM_ENTRY_MSR_LOAD_ADDRESS, __pa(list));
		set(VM_ENTRY_MSR_LOAD_COUNT, 3);
		snprintf(name, sizeof(name), "entry-load list, %s", lists[i].name);
		line(name, "%s | %s", enter_and_say(true), lists[i].sdm);
		try_wrmsr(0xc0000081, star);
		try_wrmsr(0x277, pat);
	}
}

void do_checks(void)
{
	u32 i;

	memset(l1.virtual_apic, 0, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(checks); i++) {
		const struct check *c = &checks[i];

		begin(c);
		set(c->field, (get(c->field) & ~c->clear) | c->set);
		if (c->field2)
			set(c->field2, (adds_to(c->field2) ? get(c->field2) : 0) | c->value2);
		line(c->name, "%s | %s", enter_and_say(true), c->sdm);
	}
	msr_lists();
}
