// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/vm_functions.c vmx/nested/vmcs12.c vmx/event.c ept */
/*
 * VMFUNC of an L2 and violations of EPT12 that become #VE (SDM vol. 3, 26.5.6, 26.5.7): on real
 * EPT02s, with the TLB that keeps what it may.
 */
#include "../../ept/shadow_walk.h"
#include "../../vmx/controls.h"
#include "../../vmx/event.h"
#include "../../vmx/nested/check.h"
#include "../../vmx/nested/nested.h"
#include "shadow_machine.h"

struct vmx_caps vmx_caps;
static struct nested the_nested;
static struct vmcs12 *v = &the_nested.vmcs12;
static struct cpu *cpu;
static u32 reflected;
static u64 reflected_info;

void write_cr2(u64 value)
{
	check(0, "CR2 is written");
}

void reflect_made_up(struct cpu *c, u64 reason, u64 interruption_info)
{
	check(reason == REASON_EXCEPTION_OR_NMI);
	reflected++;
	reflected_info = interruption_info;
}

/* EPT12 number i is at L1_TABLES + 4 * i, and maps L2_PAGE to L1_PAGES + i. */
#define L2_PAGE 0x40201000ull	/* indices 0, 1, 1, 1 */
#define NR_EPT12 8
#define LIST 0x140060ull	/* pfn */
#define INFORMATION 0x140070ull
#define ABSENT_PFN 0x80000ull
#define HIDDEN_PFN 0x4000ull	/* the core's */
#define EPTP(i) EPTP12(L1_TABLES + 4 * (i), 0)

static u64 *leaf_of(u32 i)
{
	return &l1_table(L1_TABLES + 4 * i + 3)[1];
}

static void fresh(void)
{
	u64 table, i, level;

	shadow_machine_start(3, 400);
	cpu = cpu_of_slot(0);
	fake_cpu = 0;
	vmx_caps = (struct vmx_caps){ .maxphyaddr = MACHINE_MAXPHYADDR };
	/* execute-only, 4 levels, UC, WB, large pages; not A/D */
	nested_caps = (struct nested_caps){ .ept_vpid = BIT(0) | BIT(6) | BIT(8) | BIT(14) | BIT(16) | BIT(17),
					    .proc2 = ~0ull << 32, .vmfunc = 1 };
	for (i = 0; i < NR_EPT12; i++) {
		table = L1_TABLES + 4 * i;
		for (level = 0; level < 3; level++)
			l1_table(table + level)[!!level] = (table + level + 1) << 12 | 7;
		*leaf_of(i) = (L1_PAGES + i) << 12 | 0x37;
		l1_table(LIST)[i] = EPTP(i);
	}
	memset(&the_nested, 0, sizeof(the_nested));
	v->ept_pointer = EPTP(0);
	v->processor_based_controls = PROC_SECONDARY_CONTROLS;
	v->secondary_controls = PROC2_EPT | PROC2_VM_FUNCTIONS | PROC2_EPT_VIOLATION_VE;
	v->vm_function_controls = VMFUNC_EPTP_SWITCHING;
	v->eptp_list_address = LIST << 12;
	v->virtualization_exception_address = INFORMATION << 12;
	the_nested.shadow = shadow_get(EPTP(0));
	vmwrite(GUEST_CR0, CR0_PE | CR0_PG);
	vmwrite(EPTP_INDEX, 0x77);
	vmwrite(IDT_VECTORING_INFO, 0);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, 0);
	reflected = 0;
}

/* ---- VMFUNC ---- */

enum outcome { DONE, AGAIN, EXITS };

static enum outcome vmfunc(u64 rax, u64 rcx)
{
	struct shadow *before = the_nested.shadow;
	u64 eptp = v->ept_pointer, index = vmread(EPTP_INDEX);
	bool done;

	cpu->regs.rax = rax;
	cpu->regs.rcx = rcx;
	vmwrite(GUEST_RIP, 0x1000);
	vmwrite(GUEST_RFLAGS, 0xad7);
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 3);
	done = emulate_vmfunc(cpu, &the_nested);
	check(vmread(GUEST_RFLAGS) == 0xad7 && cpu->regs.rax == rax && cpu->regs.rcx == rcx, "registers stay");
	check(!vmread(VM_ENTRY_INTERRUPTION_INFO) && !reflected);
	if (vmread(GUEST_RIP) == 0x1003) {
		check(done);
		return DONE;
	}
	check(vmread(GUEST_RIP) == 0x1000 && the_nested.shadow == before && v->ept_pointer == eptp);
	check(vmread(EPTP_INDEX) == index);
	return done ? AGAIN : EXITS;
}

/* The frame that L2 gets to by its page. */
static u64 page_of_l2(void)
{
	struct shadow_fault f = { 0 };
	hpa_t hpa;

	if (l2_access(0, the_nested.shadow, L2_PAGE, 1, &hpa, &f) != SHADOW_RETRY)
		return 0;
	return hpa.v >> 12;
}

static void switches(void)
{
	bool good = true;
	u32 i, n;

	fresh();
	check(page_of_l2() == L1_PAGES);
	ok(vmfunc(0, 3) == DONE && v->ept_pointer == EPTP(3) && vmread(EPTP_INDEX) == 3 && page_of_l2() == L1_PAGES + 3,
	   "L2 is in the EPT12 that it has chosen, and VMCS12 says so");
	for (n = 0; n < 400; n++) {
		i = fake_below(NR_EPT12);
		good &= vmfunc(0, i) == DONE && page_of_l2() == L1_PAGES + i;
	}
	ok(good, "to and fro: never a translation of another one's");
	ok(vmfunc(0xabcd00000000, 0x1234500000002) == DONE && page_of_l2() == L1_PAGES + 2, "upper halves of RAX and RCX are not looked at");
	ok(vmfunc(0, 2) == DONE && page_of_l2() == L1_PAGES + 2, "to where it is already");
	/* Were one not given back, none would be left. */
	for (i = 0; i < 512; i++)
		l1_table(LIST)[i] = EPTP12(0x20000ull + i, 0);
	for (n = 0, good = true; n < 2 * SHADOW_MAX; n++)
		good &= vmfunc(0, n % 512) == DONE;
	ok(good && vmread(EPTP_INDEX) == (n - 1) % 512, "512 of them, all in turn");
	nested_caps.proc2 &= ~(PROC2_EPT_VIOLATION_VE << 32);
	vmwrite(EPTP_INDEX, 0x77);
	ok(vmfunc(0, 511) == DONE && vmread(EPTP_INDEX) == 0x77, "without #VE there is no EPTP index");
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, BLOCKING_BY_STI);
	check(vmfunc(0, 1) == DONE);
	ok(!vmread(GUEST_INTERRUPTIBILITY_STATE), "it ends the shadow of a STI");
}

static void refused(void)
{
	static const struct { u64 eptp; const char *what; } bad[] = {
		{ 0, "zeros" }, { ~0ull, "ones" }, { EPTP(1) ^ 7, "memory type 1" }, { EPTP(1) ^ 2, "memory type 4" },
		{ EPTP(1) ^ 8, "a walk of 3" }, { EPTP(1) ^ 0x38, "a walk of 5" }, { EPTP(1) | BIT(6), "A/D, which is not offered" },
		{ EPTP(1) | BIT(7), "bit 7" }, { EPTP(1) | BIT(11), "bit 11" }, { EPTP(1) | BIT(MACHINE_MAXPHYADDR), "an address too high" },
	};
	u32 i;

	fresh();
	ok(vmfunc(1, 0) == EXITS && vmfunc(63, 1) == EXITS && vmfunc(64, 1) == EXITS && vmfunc(~0u, 1) == EXITS,
	   "functions other than 0: exit 59 of L1");
	l1_table(LIST + 1)[0] = EPTP(1);
	ok(vmfunc(0, 512) == EXITS && vmfunc(0, ~0u) == EXITS && vmfunc(0, BIT(31) | 1) == EXITS, "indices above 511");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		l1_table(LIST)[5] = bad[i].eptp;
		ok(vmfunc(0, 5) == EXITS, "an entry of %s", bad[i].what);
	}
	nested_caps.ept_vpid |= BIT(21);
	l1_table(LIST)[5] = EPTP(1) | BIT(6);
	ok(vmfunc(0, 5) == DONE && v->ept_pointer == (EPTP(1) | BIT(6)), "A/D where it is offered");
	v->vm_function_controls = 0;
	ok(vmfunc(0, 1) == EXITS, "the function is not enabled");
	v->vm_function_controls = VMFUNC_EPTP_SWITCHING;
	v->eptp_list_address = ABSENT_PFN << 12;
	ok(vmfunc(0, 1) == EXITS, "a list that is no RAM");
	v->eptp_list_address = HIDDEN_PFN << 12;
	*(u64 *)phys_to_virt(HPA((HIDDEN_PFN << 12) + 8)) = EPTP(1);
	ok(vmfunc(0, 1) == EXITS, "a list in memory of the core reads as zeros");
	v->eptp_list_address = LIST << 12;
	l1_table(LIST)[511] = EPTP(2);
	ok(vmfunc(0, 511) == DONE && page_of_l2() == L1_PAGES + 2, "the last entry");
	l1_table(LIST)[1] = EPTP12(ABSENT_PFN, 0);
	ok(vmfunc(0, 1) == DONE && !page_of_l2(), "an EPT12 that is no RAM has nothing");
}

static void none_left(void)
{
	struct shadow *elsewhere = NULL;
	u64 i;

	fresh();
	for (i = 0; i < SHADOW_MAX - 1; i++) {
		elsewhere = shadow_get(EPTP12(0x20000ull + i, 0));
		check(elsewhere);
	}
	ok(vmfunc(0, 1) == AGAIN && page_of_l2() == L1_PAGES, "all EPT02s are in use elsewhere: L2 executes it again");
	ok(vmfunc(0, 0) == DONE, "its own is had even so");
	shadow_put(elsewhere);
	ok(vmfunc(0, 1) == DONE && page_of_l2() == L1_PAGES + 1, "and it goes on when one is given back");
}

/* ---- #VE ---- */
#define HARDWARE_EXCEPTION_20 0x80000314u
struct information {
	u32 reason, busy;
	u64 qualification, linear, physical;
	u16 eptp_index;
	u8 rest[4096 - 34];
} __attribute__((packed));

static struct information *information(void)
{
	return phys_to_virt(HPA(INFORMATION << 12));
}

enum { VE, VE_EXITS, VIOLATION };

/* A write by L2, and what becomes of it. */
static int violation_at(u64 l2, u64 more)
{
	struct shadow_fault f = { .address = L2PA(l2), .qualification = 0x182 | more };
	struct information before = *information();
	bool done;

	vmwrite(GUEST_PHYSICAL_ADDRESS, l2);
	vmwrite(GUEST_LINEAR_ADDRESS, 0xffff888012345678);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	reflected = 0;
	check(shadow_fault(the_nested.shadow, &f) == SHADOW_VIOLATION);
	done = convert_ept_violation(cpu, &the_nested, &f);
	check(done == (reflected + (vmread(VM_ENTRY_INTERRUPTION_INFO) != 0) == 1));
	if (!done)
		check(!memcmp(information(), &before, sizeof(before)));
	check(!vmread(VM_ENTRY_INTERRUPTION_INFO) || vmread(VM_ENTRY_INTERRUPTION_INFO) == HARDWARE_EXCEPTION_20);
	return !done ? VIOLATION : reflected ? VE_EXITS : VE;
}

static int violation(void)
{
	return violation_at(L2_PAGE, 0);
}

static void read_only_page(void)
{
	fresh();
	*leaf_of(0) &= ~2ull;
}

static void conversion(void)
{
	const struct information *info;
	struct ept12_walk w = { .level = 0 };

	read_only_page();
	info = information();
	memset(information(), 0xa5, 4096);
	information()->busy = 0;
	ok(violation() == VE, "a violation of EPT12 becomes exception 20, without error code");
	ok(info->reason == 48 && info->busy == 0xffffffff && info->qualification == (0x182 | 5 << 3) &&
	   info->linear == 0xffff888012345678 && info->physical == L2_PAGE && info->eptp_index == 0x77,
	   "with reason, qualification by EPT12, addresses and EPTP index");
	ok(info->rest[0] == 0xa5 && !memcmp(info->rest, info->rest + 1, sizeof(info->rest) - 1), "and no byte more");
	ok(violation() == VIOLATION, "a second one before the guest is done with it: exit 48");
	information()->busy = BIT(31);
	ok(violation() == VIOLATION, "whatever it has put there");
	information()->busy = 0;
	ok(violation() == VE, "done with: again");
	information()->busy = 0;
	*leaf_of(0) |= BIT(63);
	ok(violation() == VIOLATION, "bit 63 of the leaf suppresses it");
	*leaf_of(0) = BIT(63);
	ok(violation() == VIOLATION, "that of an entry that is not present, too");
	*leaf_of(0) = 0;
	ok(violation() == VE && info->qualification == 0x182, "not present, bit 63 clear: converted");
	information()->busy = 0;
	check(ept12_walk(EPTP(0), L2PA(BIT(48) | L2_PAGE), &w) == SHADOW_VIOLATION);
	ok((w.entry[w.level] & EPT_SUPPRESS_VE) && violation_at(BIT(48) | L2_PAGE, 0) == VIOLATION,
	   "an address of more bits than the walk: exit 48");
	*leaf_of(0) = L1_PAGES << 12 | 0x35;
	l1_table(L1_TABLES + 2)[1] |= BIT(63);
	l1_table(L1_TABLES)[0] |= BIT(63);
	ok(violation() == VE, "that of an entry with a table below it is ignored");
}

static bool untouched(u64 pfn, u8 byte)
{
	const u8 *page = phys_to_virt(HPA(pfn << 12));

	return page[0] == byte && !memcmp(page, page + 1, PAGE_SIZE - 1);
}

static void when_not(void)
{
	read_only_page();
	v->secondary_controls &= ~PROC2_EPT_VIOLATION_VE;
	ok(violation() == VIOLATION, "without the control");
	v->secondary_controls |= PROC2_EPT_VIOLATION_VE;
	v->processor_based_controls = 0;
	ok(violation() == VIOLATION, "or without secondary controls");
	v->processor_based_controls = PROC_SECONDARY_CONTROLS;
	vmwrite(GUEST_CR0, 0);
	ok(violation() == VIOLATION, "in real mode");
	vmwrite(GUEST_CR0, CR0_PE | CR0_PG);
	vmwrite(IDT_VECTORING_INFO, 0x80000306);
	ok(violation() == VIOLATION, "in the delivery of an event");
	vmwrite(IDT_VECTORING_INFO, 0x306);
	ok(violation() == VE, "of none: converted");
	information()->busy = 0;
	v->virtualization_exception_address = ABSENT_PFN << 12;
	ok(violation() == VIOLATION, "no RAM for its information: exit 48");
	v->virtualization_exception_address = HIDDEN_PFN << 12;
	memset(phys_to_virt(HPA(HIDDEN_PFN << 12)), 0x5a, 4096);
	ok(violation() == VE && untouched(HIDDEN_PFN, 0x5a), "memory of the core: reads as zeros, and nothing is written");
}

static void exits(void)
{
	read_only_page();
	v->exception_bitmap = ~BIT(VECTOR_VE);
	ok(violation() == VE, "an exception bitmap without bit 20");
	information()->busy = 0;
	v->exception_bitmap = BIT(VECTOR_VE);
	ok(violation() == VE_EXITS && reflected_info == HARDWARE_EXCEPTION_20 && information()->busy == 0xffffffff,
	   "with bit 20: exit 0 of L1, the information in place");
	information()->busy = 0;
	ok(violation_at(L2_PAGE, BIT(12)) == VE_EXITS && reflected_info == (HARDWARE_EXCEPTION_20 | BIT(12)) &&
	   (information()->qualification & BIT(12)), "in an IRET that had unblocked NMIs: it says so");
}

int main(void)
{
	switches();
	refused();
	none_left();
	conversion();
	when_not();
	exits();
	return tap_finish();
}
