// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/sync.c vmx/nested/vmcs_shadow.c vmx/nested/vmcs12.c */
/*
 * The copies of a VMCS12's fields in VMCS02 and in the shadow VMCS (vmx/nested/sync.c,
 * vmcs_shadow.c): whatever L1, L2 and the core write in whatever order, L2 runs with what
 * L1 wrote last, and L1 reads what L2 left. Against a model that has no copies.
 */
#include "../../ept/guest_memory.h"
#include "../../vmx/controls.h"
#include "../../vmx/launch.h"
#include "../../vmx/nested/caps.h"
#include "../../vmx/nested/nested.h"
#include "fake.h"
#include "tap.h"

struct nested_caps nested_caps;
struct vmx_caps vmx_caps = { .misc = BIT(29) };
struct vmx_controls controls_linux;
static struct nested n;
static struct cpu cpu_;
static u64 model[VMCS12_NR_FIELDS];

#define VMCS01 HPA(0x1000)
#define VMCS02 HPA(0x2000)
#define SHADOW HPA(0x3000)

int guest_read(gpa_t from, void *to, size_t size) { return -EFAULT; }
int guest_write(gpa_t to, const void *from, size_t size) { return -EFAULT; }

int rdmsr_safe(u32 msr, u64 *value)
{
	*value = ~0ull;
	return 0;
}

static u8 pages[4][PAGE_SIZE] __attribute__((aligned(4096)));
static u32 nr_pages;

hpa_t page_alloc(struct page_pool *pool)
{
	return HPA((u64)pages[nr_pages++]);
}

void *phys_to_virt(hpa_t at)
{
	return (void *)at.v;
}

hpa_t vmcs_alloc(void)
{
	return HPA((u64)pages[3]);
}

/* ---- three VMCSs, by encoding; fields as wide as they are ---- */
static u64 vmcs[3][0x7000];
static u32 at;
static u32 nr_writes;
static bool cleared[3];

static u32 which(hpa_t v)
{
	return v.v == VMCS01.v ? 0 : v.v == VMCS02.v ? 1 : 2;
}

void vmptrld(hpa_t v) { at = which(v); cleared[at] = false; }
void vmclear(hpa_t v) { check(which(v) == 2); cleared[2] = true; }

static u64 cut(u32 encoding, u64 value)
{
	u32 width = encoding >> 13 & 3;

	return width == 0 ? (u16)value : width == 2 ? (u32)value : value;
}

u64 vmread(u32 field)
{
	check(!cleared[at] || at != 2);
	return vmcs[at][field];
}

void vmwrite(u32 field, u64 value)
{
	nr_writes++;
	vmcs[at][field] = cut(field, value);
}

/* ---- what may happen ---- */
static bool exists(u32 i)
{
	bool high;

	return vmcs12_find(vmcs12_fields[i].encoding, &high) >= 0;
}

static u32 some(enum vmcs12_class class)
{
	u32 i;

	do
		i = fake_random() % VMCS12_NR_FIELDS;
	while (!exists(i) || vmcs12_fields[i].class != class);
	return i;
}

/* Few values, so that many writes change nothing. */
static u64 some_value(u32 i)
{
	static const u64 value[] = { 0, 1, 0x80000000ull, 0xffffffff12345678ull, ~0ull };

	return cut(vmcs12_fields[i].encoding, value[fake_random() % 5]);
}

static bool l1_sees_the_model(void)
{
	u32 i;

	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		const struct vmcs12_field *f = &vmcs12_fields[i];

		if (f->shadow && exists(i) && n.shadowing && vmcs[2][f->encoding] != model[i])
			return false;
		/* What is not in the shadow VMCS, or cannot be written there. */
		if ((f->shadow != VMCS12_SHADOW_W || !n.shadowing) && f->class != VMCS12_R && n.vmcs12.field[i] != model[i])
			return false;
	}
	return at == 0 && (!n.shadowing || cleared[2]);
}

static void l1_writes(void)
{
	u32 i = fake_random() % VMCS12_NR_FIELDS;

	if (!exists(i) || vmcs12_fields[i].class == VMCS12_R || vmcs12_fields[i].class == VMCS12_S)
		return;
	model[i] = some_value(i);
	if (n.shadowing && vmcs12_fields[i].shadow == VMCS12_SHADOW_W && fake_random() % 4) {
		vmcs[2][vmcs12_fields[i].encoding] = model[i];	/* no exit */
		return;
	}
	/* As instructions.c does it. */
	vmcs_shadow_from(&cpu_, &n);
	vmcs12_set(&n.vmcs12, i, false, model[i]);
	nested_field_written(&n, i);
	vmcs_shadow_to(&cpu_, &n);
}

/* Another VMCS12, or the same again: VMCS02 may be of any other. */
static void another_vmcs12(bool shadowing)
{
	u32 i;

	vmcs_shadow_from(&cpu_, &n);
	vmcs_shadow_use(&cpu_, &n, false);
	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		model[i] = some_value(i);
		n.vmcs12.field[i] = model[i];
		vmcs[1][vmcs12_fields[i].encoding] = some_value(i);
	}
	nested_all_dirty(&n);
	if (shadowing)
		vmcs_shadow_use(&cpu_, &n, true);
}

static bool run_l2(void)
{
	bool good = true;
	u32 i, k;

	vmcs_shadow_from(&cpu_, &n);
	for (i = 0; i < VMCS12_NR_FIELDS; i++)
		good &= n.vmcs12.field[i] == model[i] || vmcs12_fields[i].class == VMCS12_R;
	if (!(fake_random() % 8))	/* a check failed */
		goto failed;
	vmptrld(VMCS02);
	sync_hot_to_vmcs02(&n);
	n.dirty = 0;
	for (i = 0; i < VMCS12_NR_FIELDS; i++)
		if (vmcs12_fields[i].class == VMCS12_G && exists(i))
			good &= vmcs[1][vmcs12_fields[i].encoding] == model[i];
	for (k = fake_random() % 4; k; k--) {
		i = some(VMCS12_G);
		model[i] = some_value(i);
		vmcs[1][vmcs12_fields[i].encoding] = model[i];
	}
	if (fake_random() % 2 && exists(VMCS12_INDEX(PML_INDEX))) {
		model[VMCS12_INDEX(PML_INDEX)] = some_value(VMCS12_INDEX(PML_INDEX));
		vmcs12_update(&n, VMCS12_INDEX(PML_INDEX), model[VMCS12_INDEX(PML_INDEX)]);
	}
	sync_hot_from_vmcs02(&n);
	vmptrld(VMCS01);
failed:
	for (k = fake_random() % 4; k; k--) {
		i = some(VMCS12_I);
		model[i] = some_value(i);
		vmcs12_update(&n, i, model[i]);
	}
	vmcs_shadow_to(&cpu_, &n);
	return good;
}

static bool stories(bool shadowing)
{
	u32 step;

	another_vmcs12(shadowing);
	for (step = 0; step < 20000; step++) {
		u32 what = fake_random() % 64;

		if (what == 0)
			another_vmcs12(shadowing);
		else if (what < 24)
			l1_writes();
		else if (!run_l2())
			return false;
		if (!l1_sees_the_model())
			return false;
	}
	return true;
}

/* An exit that changes RIP alone copies RIP alone. */
static void writes(void)
{
	another_vmcs12(true);
	check(run_l2());
	vmcs_shadow_from(&cpu_, &n);
	vmptrld(VMCS02);
	sync_hot_to_vmcs02(&n);
	nr_writes = 0;
	vmcs[1][GUEST_RIP] = model[VMCS12_INDEX(GUEST_RIP)] + 2;
	sync_hot_from_vmcs02(&n);
	vmptrld(VMCS01);
	vmcs_shadow_to(&cpu_, &n);
	vmcs_shadow_from(&cpu_, &n);
	vmptrld(VMCS02);
	sync_hot_to_vmcs02(&n);
	vmptrld(VMCS01);
	ok(nr_writes == 1 && vmcs[2][GUEST_RIP] == vmcs[1][GUEST_RIP], "an exit that changes RIP alone writes one field");
}

int main(void)
{
	u32 i;

	/* Half of what may be offered is. */
	for (i = 0; i < ARRAY_SIZE(nested_caps.control); i++)
		nested_caps.control[i] = fake_random() << 32;
	check(!vmcs_shadow_init() && !vmcs_shadow_init_cpu(&n));
	n.shadow_vmcs = SHADOW;
	n.vmcs02 = VMCS02;
	cpu_.vmcs01 = VMCS01;
	cleared[2] = true;
	sync_init();
	ok(stories(true), "with VMCS shadowing: no copy is ever old");
	ok(stories(false), "without: neither");
	writes();
	return tap_finish();
}
