// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/msr_list.c */
/*
 * MSR areas of a VMCS12 (SDM vol. 3, 27.4, 28.4): what may be in them, what is
 * loaded by value into the VMCS without being tried on the CPU, and where a list ends.
 */
#include "../../ept/guest_memory.h"
#include "../../vmx/controls.h"
#include "../../vmx/msr.h"
#include "../../vmx/nested/check.h"
#include "../../vmx/nested/nested.h"
#include "fake.h"
#include "tap.h"

#define AREA 0x10000ull
#define GOOD_PAT 0x0007040600070406ull
#define REFUSED 0x1234	/* an MSR whose WRMSR faults */
#define WATCHED 0x20a	/* one that msr_is_plain() refuses: an MTRR */

struct vmx_caps vmx_caps = { .perf_global_ctrl = true };
struct nested_caps nested_caps;
struct check_allowed check_allowed = { .perf_global_ctrl = 0x70000000full };

static struct { u32 index, reserved; u64 value; } list[128];
static u32 nr_written, last_msr;
static u64 last_value;

int guest_read(gpa_t from, void *to, size_t size)
{
	check(size == 16 && from.v >= AREA && from.v + size <= AREA + sizeof(list));
	memcpy(to, (u8 *)list + (from.v - AREA), size);
	return 0;
}

int guest_write(gpa_t to, const void *from, size_t size)
{
	memcpy((u8 *)list + (to.v - AREA), from, size);
	return 0;
}

bool msr_is_plain(u32 msr)
{
	return msr != WATCHED;
}

int msr_write(struct cpu *cpu, u32 msr, u64 value)
{
	nr_written++;
	last_msr = msr;
	last_value = value;
	return msr == REFUSED ? -EFAULT : 0;
}

int msr_read(u32 msr, u64 *value)
{
	*value = 0x5000 + msr;
	return msr == REFUSED ? -EFAULT : 0;
}

/* One entry alone; how the load ends. */
static u32 load(u32 index, u32 reserved, u64 value)
{
	nr_written = 0;
	list[0].index = index;
	list[0].reserved = reserved;
	list[0].value = value;
	return msr_list_load(cpu_of_slot(0), AREA, 1);
}

static void by_value(void)
{
	u32 bit;

	vmwrite(GUEST_IA32_PAT, 1);
	ok(!load(MSR_PAT, 0, GOOD_PAT) && vmread(GUEST_IA32_PAT) == GOOD_PAT && !nr_written,
	   "PAT goes into the VMCS and not through the CPU");
	for (bit = 0; bit < 64; bit++) {
		u64 pat = GOOD_PAT ^ BIT(bit);
		/* 2 and 3 are reserved, and so are bits 7:3 of each byte. */
		u32 type = pat >> (bit & ~7) & 0xff;
		bool good = type <= 1 || (type >= 4 && type <= 7);

		vmwrite(GUEST_IA32_PAT, 1);
		check(load(MSR_PAT, 0, pat) == !good && !nr_written);
		check(vmread(GUEST_IA32_PAT) == (good ? pat : 1));
	}
	ok(1, "a reserved type in any byte of it fails the entry");
	for (bit = 0; bit < 64; bit++) {
		bool good = check_allowed.perf_global_ctrl & BIT(bit);

		vmwrite(GUEST_IA32_PERF_GLOBAL_CTRL, 0);
		check(load(MSR_PERF_GLOBAL_CTRL, 0, BIT(bit)) == !good && !nr_written);
		check(vmread(GUEST_IA32_PERF_GLOBAL_CTRL) == (good ? BIT(bit) : 0));
	}
	ok(1, "so does a counter in PERF_GLOBAL_CTRL that is not there; the others never run in root");
	vmx_caps.perf_global_ctrl = false;
	ok(!load(MSR_PERF_GLOBAL_CTRL, 0, 1) && nr_written == 1, "where entries do not switch it, it is written");
	vmx_caps.perf_global_ctrl = true;
}

static void refused(void)
{
	static const u32 never[] = { MSR_FS_BASE, MSR_GS_BASE, 0x800, 0x8ff, WATCHED };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(never); i++)
		check(load(never[i], 0, 0) == 1 && !nr_written, "%x", never[i]);
	ok(1, "FS and GS base, x2APIC and watched MSRs are refused unwritten");
	ok(load(MSR_EFER, 1, 0) == 1 && !nr_written, "so is an entry with reserved bits");
	ok(load(REFUSED, 0, 0) == 1 && nr_written == 1, "what the CPU refuses is refused");
	ok(!load(0xc0000081, 0, 77) && last_msr == 0xc0000081 && last_value == 77, "others are written");
}

static void whole_lists(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(list); i++) {
		list[i].index = 0xc0000081;
		list[i].reserved = 0;
	}
	ok(!msr_list_load(cpu_of_slot(0), AREA, 0) && !msr_list_load(cpu_of_slot(0), AREA, 48),
	   "none and 48 are loaded");
	ok(msr_list_load(cpu_of_slot(0), AREA, 49) == 49, "the 49th is named");
	list[9].index = REFUSED;
	ok(msr_list_load(cpu_of_slot(0), AREA, 48) == 10, "the first bad one is named");
	ok(!msr_list_store(cpu_of_slot(0), AREA, 48) && list[8].value == 0x5000 + 0xc0000081ull, "a store ends at it");
	ok(msr_list_store(cpu_of_slot(0), AREA, 9), "one without it does not fail");
	list[0].index = 0x802;
	ok(!msr_list_store(cpu_of_slot(0), AREA, 1), "x2APIC MSRs are not stored");
}

int main(void)
{
	by_value();
	refused();
	whole_lists();
	return tap_finish();
}
