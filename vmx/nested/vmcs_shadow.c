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
static struct { u16 encoding; u8 index, dirty; } fields[VMCS12_NR_FIELDS];
static u32 nr_fields, nr_writable;	/* the writable ones come first */

static void add_fields(u32 shadow)
{
	u64 *read = phys_to_virt(vmread_bitmap), *write = phys_to_virt(vmwrite_bitmap);
	bool high;
	u32 i;

	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		const struct vmcs12_field *f = &vmcs12_fields[i];

		if (f->shadow != shadow || vmcs12_find(f->encoding, &high) < 0)
			continue;
		fields[nr_fields].encoding = f->encoding;
		fields[nr_fields].index = i;
		fields[nr_fields++].dirty = vmcs12_dirty(i);
		read[f->encoding / 64] &= ~BIT(f->encoding % 64);
		if (shadow == VMCS12_SHADOW_W)
			write[f->encoding / 64] &= ~BIT(f->encoding % 64);
	}
}

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
	nr_fields = 0;
	add_fields(VMCS12_SHADOW_W);
	nr_writable = nr_fields;
	add_fields(VMCS12_SHADOW_R);
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
	u32 i;

	if (!n->shadowing)
		return;
	vmptrld(n->shadow_vmcs);
	for (i = 0; i < nr_fields; i++)
		vmwrite(fields[i].encoding, n->vmcs12.field[fields[i].index]);
	done_with_shadow(cpu, n);
}

void vmcs_shadow_from(struct cpu *cpu, struct nested *n)
{
	u32 i;

	if (!n->shadowing)
		return;
	vmptrld(n->shadow_vmcs);
	for (i = 0; i < nr_writable; i++) {
		u64 *value = &n->vmcs12.field[fields[i].index], now = vmread(fields[i].encoding);

		if (*value == now)
			continue;
		*value = now;
		n->dirty |= fields[i].dirty;
	}
	done_with_shadow(cpu, n);
}
