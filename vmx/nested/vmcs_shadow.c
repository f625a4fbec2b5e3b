// SPDX-License-Identifier: GPL-2.0
/*
 * VMCS shadowing for L1 (SDM vol. 3, 25.10): where the CPU has it, VMREAD and
 * VMWRITE of the fields that a hypervisor touches at every exit (column "shadow" of
 * vmx/vmcs_fields.h) go to a shadow VMCS without an exit. Between an exit of L2 and
 * L1's next entry the shadow VMCS has the newer values of the W fields.
 */
#include "../../include/platform.h"
#include "../controls.h"
#include "../launch.h"
#include "../msr_index.h"
#include "nested.h"

#define MISC_VMWRITE_ANY BIT(29)

static hpa_t vmread_bitmap, vmwrite_bitmap;	/* HPA(0): the CPU has no shadowing */
static u8 fields[64];	/* by bit of newer_than_shadow */
static u64 all_fields;

static void add_fields(void)
{
	u64 *read = phys_to_virt(vmread_bitmap), *write = phys_to_virt(vmwrite_bitmap);
	u32 i, nr = 0;
	bool high;

	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		const struct vmcs12_field *f = &vmcs12_fields[i];

		if (!f->shadow || vmcs12_find(f->encoding, &high) < 0)
			continue;
		fields[nr] = i;
		vmcs12_copies[i].shadow = BIT(nr++);
		all_fields |= vmcs12_copies[i].shadow;
		read[f->encoding / 64] &= ~BIT(f->encoding % 64);
		if (f->shadow == VMCS12_SHADOW_W)
			write[f->encoding / 64] &= ~BIT(f->encoding % 64);
	}
}

#define IS_SHADOWED(member, NAME, encoding, exists, class, shadow) + (VMCS12_SHADOW_##shadow != VMCS12_SHADOW_NONE)
_Static_assert((0 VMCS_FIELDS(IS_SHADOWED)) <= 64, "newer_than_shadow has too few bits");

int vmcs_shadow_init(void)
{
	u64 proc2;

	if (rdmsr_safe(MSR_VMX_PROCBASED_CTLS2, &proc2) || !(proc2 >> 32 & PROC2_VMCS_SHADOWING) ||
	    !(vmx_caps.misc & MISC_VMWRITE_ANY))
		return 0;
	vmread_bitmap = page_alloc(&core_pool);
	vmwrite_bitmap = page_alloc(&core_pool);
	if (!vmread_bitmap.v || !vmwrite_bitmap.v)
		return -ENOMEM;
	memset(phys_to_virt(vmread_bitmap), 0xff, PAGE_SIZE);
	memset(phys_to_virt(vmwrite_bitmap), 0xff, PAGE_SIZE);
	add_fields();
	return 0;
}

int vmcs_shadow_init_cpu(struct nested *n)
{
	if (!vmread_bitmap.v)
		return 0;
	n->shadow_vmcs = vmcs_alloc();
	if (!n->shadow_vmcs.v)
		return -ENOMEM;
	*(u32 *)phys_to_virt(n->shadow_vmcs) |= VMCS12_SHADOW_INDICATOR;
	return 0;
}

void vmcs_shadow_use(struct cpu *cpu, struct nested *n, bool on)
{
	if (!n->shadow_vmcs.v)
		return;
	n->shadowing = on;
	vmwrite(SECONDARY_CONTROLS, controls_linux.proc2 | (on ? PROC2_VMCS_SHADOWING : 0));
	vmwrite(VMCS_LINK_POINTER, on ? n->shadow_vmcs.v : ~0ull);
	if (!on)
		return;
	vmwrite(VMREAD_BITMAP, vmread_bitmap.v);
	vmwrite(VMWRITE_BITMAP, vmwrite_bitmap.v);
	n->newer_than_shadow = all_fields;
	vmcs_shadow_to(cpu, n);
}

/* Cleared after each use: the CPU may find it by the link pointer only so (SDM 25.11.1). */
static void done_with_shadow(struct cpu *cpu, struct nested *n)
{
	vmclear(n->shadow_vmcs);
	vmptrld(cpu->vmcs01);
}

void vmcs_shadow_to(struct cpu *cpu, struct nested *n)
{
	u64 newer = n->newer_than_shadow;

	if (!n->shadowing || !newer)
		return;
	vmptrld(n->shadow_vmcs);
	for (; newer; newer &= newer - 1) {
		u32 index = fields[__builtin_ctzll(newer)];

		vmwrite(vmcs12_fields[index].encoding, n->vmcs12.field[index]);
	}
	n->newer_than_shadow = 0;
	done_with_shadow(cpu, n);
}

/* What L1 has written, with VMREAD's eyes; in a line of code for each field, as in sync.c. */
static void update(struct nested *n, u32 index, u64 value)
{
	if (likely(n->vmcs12.field[index] == value))
		return;
	n->vmcs12.field[index] = value;
	nested_field_written(n, index);
	/* The shadow VMCS has it already. */
	n->newer_than_shadow &= ~vmcs12_copies[index].shadow;
}

static inline __attribute__((always_inline)) void from_shadow_if(struct nested *n, bool writable, bool exists, u32 index, u32 encoding)
{
	if (writable && (exists || vmcs12_copies[index].shadow))
		update(n, index, vmread(encoding));
}

#define FROM_SHADOW(member, NAME, code, when, kind, how) \
	from_shadow_if(n, VMCS12_SHADOW_##how == VMCS12_SHADOW_W, VMCS12_EXISTS_##when == VMCS12_EXISTS_ALWAYS, VMCS12_INDEX(NAME), code);

void vmcs_shadow_from(struct cpu *cpu, struct nested *n)
{
	if (!n->shadowing)
		return;
	if (unlikely(n->newer_than_shadow))
		vmcs_shadow_to(cpu, n);
	vmptrld(n->shadow_vmcs);
	VMCS_FIELDS(FROM_SHADOW)
	done_with_shadow(cpu, n);
}
