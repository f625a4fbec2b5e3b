// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/vmcs12.c ept */
/*
 * The table of VMCS12's fields and its page: every encoding there can be, every
 * width, and pages that are hostile, hidden or not there (SDM vol. 3, 25.11.2,
 * appendix B).
 */
#include "../../vmx/nested/caps.h"
#include "../../vmx/nested/vmcs12.h"
#include "../../ept/guest_memory.h"
#include "ept_machine.h"

struct nested_caps nested_caps;
static struct vmcs12 v, w;

static void offer(u64 may)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(nested_caps.control); i++)
		nested_caps.control[i] = may << 32;
}

/* Slow, from the words of appendix B. */
static int expected(u64 encoding, bool *high)
{
	u32 i;

	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		u64 known = vmcs12_fields[i].encoding;

		*high = encoding != known;
		if (encoding == known || (known >> 13 == 1 && encoding == known + 1))
			return i;
	}
	return -1;
}

static u64 random_encoding(void)
{
	u64 encoding = vmcs12_fields[fake_below(VMCS12_NR_FIELDS)].encoding;

	switch (fake_below(4)) {
	case 0: return fake_random();
	case 1: return encoding | fake_random() << 32;
	case 2: return encoding ^ 1ull << fake_below(64);
	default: return encoding ^ (1ull << fake_below(64) | 1ull << fake_below(64));
	}
}

static void encodings(void)
{
	bool high, expected_high;
	u32 i, found = 0;
	u64 e;

	offer(0xffffffff);
	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		high = true;
		check(vmcs12_find(vmcs12_fields[i].encoding, &high) == (int)i && !high, "field %u", i);
	}
	ok(1, "each field is found by its encoding");
	for (e = 0; e < 0x10000; e++) {
		int index = expected(e, &expected_high);

		check(vmcs12_find(e, &high) == index, "%llx", e);
		check(index < 0 || high == expected_high, "%llx", e);
		found += index >= 0;
	}
	ok(found > VMCS12_NR_FIELDS, "of 65536 encodings just those of the table, and upper halves of 64-bit fields");
	for (i = 0; i < 200000; i++) {
		e = random_encoding();
		check(vmcs12_find(e, &high) == expected(e, &expected_high), "%llx", e);
	}
	ok(1, "200,000 random 64-bit values");
	ok(vmcs12_find(GUEST_RIP | BIT(63), &high) < 0 && vmcs12_find(GUEST_RIP | BIT(15), &high) < 0 &&
	   vmcs12_find(GUEST_RIP | BIT(12), &high) < 0 && vmcs12_find(~0ull, &high) < 0,
	   "bits that an encoding has not");
	ok(vmcs12_find(GUEST_RIP | 1, &high) < 0 && vmcs12_find(VPID | 1, &high) < 0 &&
	   vmcs12_find(VM_EXIT_REASON | 1, &high) < 0, "there is no upper half but of 64-bit fields");
}

/* Which fields a control brings: said again here, from appendix B. */
static const struct { u32 kind, bit, nr; u16 some[4]; } brought[] = {
	{ 0, 6, 1, { VMX_PREEMPTION_TIMER_VALUE } },
	{ 0, 7, 2, { POSTED_INTERRUPT_VECTOR, POSTED_INTERRUPT_DESCRIPTOR } },
	{ 1, 21, 2, { VIRTUAL_APIC_ADDRESS, TPR_THRESHOLD } },
	{ 1, 28, 1, { MSR_BITMAP } },
	{ 1, 31, 1, { SECONDARY_CONTROLS } },
	{ 2, 12, 1, { HOST_IA32_PERF_GLOBAL_CTRL } },
	{ 2, 19, 1, { HOST_IA32_PAT } },
	{ 2, 21, 1, { HOST_IA32_EFER } },
	{ 3, 13, 1, { GUEST_IA32_PERF_GLOBAL_CTRL } },
	{ 3, 14, 1, { GUEST_IA32_PAT } },
	{ 3, 15, 1, { GUEST_IA32_EFER } },
	{ 4, 0, 1, { APIC_ACCESS_ADDRESS } },
	{ 4, 1, 6, { EPT_POINTER, GUEST_PHYSICAL_ADDRESS, GUEST_PDPTE0, GUEST_PDPTE3 } },
	{ 4, 5, 1, { VPID } },
	{ 4, 9, 5, { EOI_EXIT_BITMAP0, EOI_EXIT_BITMAP3, GUEST_INTERRUPT_STATUS } },
	{ 4, 10, 2, { PLE_GAP, PLE_WINDOW } },
	{ 4, 13, 2, { VM_FUNCTION_CONTROLS, EPTP_LIST_ADDRESS } },
	{ 4, 14, 2, { VMREAD_BITMAP, VMWRITE_BITMAP } },
	{ 4, 15, 1, { ENCLS_EXITING_BITMAP } },
	{ 4, 17, 2, { PML_ADDRESS, PML_INDEX } },
	{ 4, 18, 2, { VIRTUALIZATION_EXCEPTION_ADDRESS, EPTP_INDEX } },
	{ 4, 20, 1, { XSS_EXITING_BITMAP } },
	{ 4, 25, 1, { TSC_MULTIPLIER } },
};

static u32 nr_existing(void)
{
	u32 i, nr = 0;
	bool high;

	for (i = 0; i < VMCS12_NR_FIELDS; i++)
		nr += vmcs12_find(vmcs12_fields[i].encoding, &high) >= 0;
	return nr;
}

static void existence(void)
{
	u32 kind, bit, i, j, always, total = 0;
	bool high;

	offer(0);
	always = nr_existing();
	ok(vmcs12_find(GUEST_RIP, &high) >= 0 && vmcs12_find(EPT_POINTER, &high) < 0,
	   "nothing offered: only what every VMCS has");
	for (kind = 0; kind < 5; kind++)
		for (bit = 0; bit < 32; bit++) {
			u32 nr = 0;

			offer(0);
			nested_caps.control[kind] = BIT(32 + bit);
			for (i = 0; i < ARRAY_SIZE(brought); i++) {
				if (brought[i].kind != kind || brought[i].bit != bit)
					continue;
				nr = brought[i].nr;
				for (j = 0; j < 4 && (brought[i].some[j] || !j); j++)
					check(vmcs12_find(brought[i].some[j], &high) >= 0);
			}
			check(nr_existing() == always + nr, "control %u.%u: %u", kind, bit,
			      nr_existing() - always);
			total += nr;
		}
	ok(always + total == VMCS12_NR_FIELDS, "each control that may be 1 brings its fields and no others");
	for (kind = 0; kind < 5; kind++)
		nested_caps.control[kind] = 0xffffffff;
	ok(nr_existing() == always, "a control that must be 1 and may not: no");
	offer(0xffffffff);
}

static u64 mask_of(u32 index)
{
	static const u64 mask[4] = { 0xffff, ~0ull, 0xffffffff, ~0ull };

	return mask[vmcs12_fields[index].encoding >> 13];
}

/* Sets one field; all others stay as they are. */
static void set_alone(u32 i, bool high, u64 value, u64 result)
{
	w = v;
	w.field[i] = result;
	vmcs12_set(&v, i, high, value);
	check(!memcmp(&v, &w, sizeof(v)), "field %u", i);
}

static void widths(void)
{
	u32 i;

	memset(&v, 0xa5, sizeof(v));
	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		u64 value = fake_random() | BIT(63) | BIT(31) | BIT(15), half = fake_random();
		u64 whole = half << 32 | (u32)value;

		set_alone(i, false, value, value & mask_of(i));
		check(vmcs12_get(&v, i, false) == (value & mask_of(i)));
		if (vmcs12_fields[i].encoding >> 13 != 1)
			continue;
		set_alone(i, true, half, whole);
		check(vmcs12_get(&v, i, true) == (u32)half && vmcs12_get(&v, i, false) == whole);
		set_alone(i, false, 7, 7);
		check(vmcs12_get(&v, i, true) == 0);
	}
	ok(1, "VMWRITE cuts to the width; an upper half is bits 63:32 and leaves the lower");
}

static void fill_random(struct vmcs12 *to)
{
	u32 i;

	to->launched = fake_chance(50);
	to->reserved = 0;
	for (i = 0; i < VMCS12_NR_FIELDS; i++)
		vmcs12_set(to, i, false, fake_random());
}

#define PAGE GPA(0x180000)
#define HIDDEN GPA(fake_pool_extent[0].pfn << PAGE_SHIFT)
#define HOLE GPA(0xa0000)
#define NOWHERE GPA(BIT(45))

static void pages(void)
{
	u32 *words = phys_to_virt(HPA(PAGE.v)), i, clear = 0;
	u8 before[PAGE_SIZE];

	for (i = 0; i < 1000; i++) {
		fill_random(&v);
		words[0] = VMCS12_REVISION;
		words[1] = 5;
		check(!vmcs12_store(&v, PAGE) && words[0] == VMCS12_REVISION && words[1] == 5);
		memset(&w, 0xee, sizeof(w));
		check(!vmcs12_load(&w, PAGE) && !memcmp(&v, &w, sizeof(v)));
	}
	ok(1, "load(store(x)) = x, beside the two words of the header");
	v.launched = 1;
	vmcs12_store(&v, PAGE);
	guest_write(GPA(PAGE.v + VMCS12_LAUNCH_STATE_AT), &clear, sizeof(clear));
	vmcs12_load(&w, PAGE);
	v.launched = 0;
	ok(!memcmp(&v, &w, sizeof(v)), "VMCLEAR in memory changes the launch state alone");

	memcpy(before, words, sizeof(before));
	vmcs12_abort(PAGE, 0x1234);
	before[4] = 0x34;
	before[5] = 0x12;
	before[6] = 0;
	before[7] = 0;
	ok(!memcmp(before, words, sizeof(before)), "the abort indicator is the second word, and no more");
	ok(vmcs12_revision_of(PAGE) == VMCS12_REVISION && !(VMCS12_REVISION >> 31), "the revision is the first");

	memset(words, 0xff, PAGE_SIZE);
	check(!vmcs12_load(&v, PAGE));
	for (i = 0; i < VMCS12_NR_FIELDS; i++)
		check(v.field[i] == mask_of(i), "field %u", i);
	ok(v.launched == 1, "whatever a page holds, no field is wider than it can be");
}

static void other_pages(void)
{
	ok(vmcs12_load(&v, HOLE) == -EFAULT && vmcs12_store(&v, HOLE) == -EFAULT &&
	   vmcs12_load(&v, NOWHERE) == -EFAULT && vmcs12_store(&v, NOWHERE) == -EFAULT &&
	   vmcs12_load(&v, GPA(~0xfffull)) == -EFAULT, "what is not RAM: -EFAULT");
	ok(vmcs12_revision_of(HOLE) == 0xffffffff && vmcs12_revision_of(NOWHERE) == 0xffffffff &&
	   vmcs12_revision_of(GPA(~0xfffull)) == 0xffffffff, "and it reads as ones");
	vmcs12_abort(HOLE, 1);
	ok(vmcs12_load(&v, GPA(PAGE.v + PAGE_SIZE - 64)) == -EFAULT, "nothing crosses into the next page");

	memset(phys_to_virt(HPA(HIDDEN.v)), 0x5a, PAGE_SIZE);
	memset(&v, 0xff, sizeof(v));
	memset(&w, 0, sizeof(w));
	ok(vmcs12_revision_of(HIDDEN) == 0 && !vmcs12_load(&v, HIDDEN) && !memcmp(&v, &w, sizeof(v)),
	   "a page of the core's reads as zeros");
	memset(&v, 0xff, sizeof(v));
	ok(!vmcs12_store(&v, HIDDEN) && (vmcs12_abort(HIDDEN, ~0u), true) &&
	   *(u8 *)phys_to_virt(HPA(HIDDEN.v + 4)) == 0x5a && *(u8 *)phys_to_virt(HPA(HIDDEN.v + 99)) == 0x5a,
	   "and takes no writes");
}

int main(void)
{
	check(!machine_start(1, 600, NULL));
	encodings();
	existence();
	widths();
	pages();
	other_pages();
	return tap_finish();
}
