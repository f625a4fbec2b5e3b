// SPDX-License-Identifier: GPL-2.0
/*
 * Copying between VMCS12 and VMCS02, by the classes of vmx/vmcs_fields.h. Rarely
 * used guest state stays in VMCS02 until L1 asks for it. Next: enter.c, reflect.c.
 */
#include "../../include/platform.h"
#include "caps.h"
#include "nested.h"

/* Fields that exist on this machine and for L1, by class; encodings beside for the loops. */
struct field_list {
	u32 nr;
	struct { u16 encoding, index; } at[VMCS12_NR_FIELDS];
};
static struct field_list rare, controls;
static u8 hot[64];	/* by bit of newer_than_vmcs02 */
static u64 hot_bits;

/* Controls whose value is L1's own; the others are made in enter.c. */
static const u16 copied_controls[] = {
	EXCEPTION_BITMAP, PAGE_FAULT_ERROR_CODE_MASK, PAGE_FAULT_ERROR_CODE_MATCH,
	CR3_TARGET_COUNT, CR3_TARGET_VALUE0, CR3_TARGET_VALUE1, CR3_TARGET_VALUE2,
	CR3_TARGET_VALUE3, TPR_THRESHOLD, PLE_GAP, PLE_WINDOW, TSC_OFFSET, TSC_MULTIPLIER,
	EOI_EXIT_BITMAP0, EOI_EXIT_BITMAP1, EOI_EXIT_BITMAP2, EOI_EXIT_BITMAP3,
	XSS_EXITING_BITMAP, CR0_GUEST_HOST_MASK, CR0_READ_SHADOW, CR4_READ_SHADOW,
};

static void add(struct field_list *list, u32 index)
{
	list->at[list->nr].encoding = vmcs12_fields[index].encoding;
	list->at[list->nr++].index = index;
}

void sync_init(void)
{
	u32 i, nr_hot = 0;
	bool high;

	rare.nr = controls.nr = 0;
	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		const struct vmcs12_field *f = &vmcs12_fields[i];

		if (vmcs12_find(f->encoding, &high) < 0)
			continue;
		if (f->class == VMCS12_G) {
			hot[nr_hot] = i;
			vmcs12_copies[i].vmcs02 = BIT(nr_hot++);
			hot_bits |= vmcs12_copies[i].vmcs02;
		} else if (f->class == VMCS12_R) {
			add(&rare, i);
		}
	}
	for (i = 0; i < ARRAY_SIZE(copied_controls); i++) {
		int index = vmcs12_find(copied_controls[i], &high);
		u32 target = (copied_controls[i] - CR3_TARGET_VALUE0) / 2;

		/* Of the CR3-target values only as many exist as MISC says (SDM A.6). */
		if (index >= 0 && (target > 3 || target < (nested_caps.misc >> 16 & 0x1ff)))
			add(&controls, index);
	}
}

static void to_vmcs02(const struct field_list *list, const struct vmcs12 *v)
{
	u32 i;

	for (i = 0; i < list->nr; i++)
		vmwrite(list->at[i].encoding, v->field[list->at[i].index]);
}

static void from_vmcs02(const struct field_list *list, struct vmcs12 *v)
{
	u32 i;

	for (i = 0; i < list->nr; i++)
		v->field[list->at[i].index] = vmread(list->at[i].encoding);
}

void sync_rare_from_vmcs02(struct cpu *cpu, struct nested *n)
{
	if (!n->rare_in_vmcs02)
		return;
	vmptrld(n->vmcs02);
	from_vmcs02(&rare, &n->vmcs12);
	vmptrld(cpu->vmcs01);
	n->rare_in_vmcs02 = false;
}

void sync_rare_to_vmcs02(const struct vmcs12 *v)
{
	to_vmcs02(&rare, v);
}

void sync_hot_to_vmcs02(struct nested *n)
{
	u64 newer = n->newer_than_vmcs02 & hot_bits;

	for (; newer; newer &= newer - 1) {
		u32 index = hot[__builtin_ctzll(newer)];

		vmwrite(vmcs12_fields[index].encoding, n->vmcs12.field[index]);
	}
	n->newer_than_vmcs02 = 0;
}

/* Four instructions for each field, all of it constant: this is much of what an exit of L2 costs. */
static inline __attribute__((always_inline)) void from_vmcs02_if(struct nested *n, bool is_hot, bool exists, u32 index, u32 encoding)
{
	if (is_hot && (exists || vmcs12_copies[index].vmcs02))
		vmcs12_update(n, index, vmread(encoding));
}

#define FROM_VMCS02(member, NAME, code, when, kind, how) \
	from_vmcs02_if(n, VMCS12_##kind == VMCS12_G, VMCS12_EXISTS_##when == VMCS12_EXISTS_ALWAYS, VMCS12_INDEX(NAME), code);

void sync_hot_from_vmcs02(struct nested *n)
{
	VMCS_FIELDS(FROM_VMCS02)
}

void sync_controls_to_vmcs02(const struct vmcs12 *v)
{
	to_vmcs02(&controls, v);
}
