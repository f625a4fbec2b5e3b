/* SPDX-License-Identifier: GPL-2.0 */
/*
 * For test_nested_check.c and fuzz_nested_check.c: capabilities that offer every
 * control of which a VMCS12 has fields, a little memory of L1's, and VMCS12s that
 * pass, one of each kind of guest.
 */
#ifndef HOSTED_NESTED_CHECK_MACHINE_H
#define HOSTED_NESTED_CHECK_MACHINE_H

#include <stdarg.h>

#include "../../ept/guest_memory.h"
#include "../../vmx/nested/check.h"
#include "../../vmx/nested/nested.h"
#include "fake.h"

struct nested_caps nested_caps;
struct vmx_caps vmx_caps;

#define WIDTH 39
#define CURRENT GPA(0x7000)
/* Pages of L1's that hold something; all else below RAM_END reads as 0. */
#define VIRTUAL_APIC 0x10000ull
#define PDPT 0x11000ull
#define SHADOW_VMCS 0x12000ull
#define PLAIN_VMCS 0x13000ull
#define RAM_END 0x1000000ull
static u32 vtpr;
static u64 memory_pdpte[4];

int guest_read(gpa_t from, void *to, size_t size)
{
	memset(to, 0, size);
	if (from.v >= RAM_END || (from.v & 0xfff) + size > 0x1000)
		return -EFAULT;
	if (from.v == VIRTUAL_APIC + 0x80)
		memcpy(to, &vtpr, 4);
	if (from.v >> 12 == PDPT >> 12)
		memcpy(to, memory_pdpte, size < 32 ? size : 32);
	return 0;
}

u32 vmcs12_revision_of(gpa_t page)
{
	return page.v == SHADOW_VMCS ? VMCS12_REVISION | 0x80000000u :
	       page.v == PLAIN_VMCS  ? VMCS12_REVISION :
	       page.v < RAM_END	     ? 0 : 0xffffffff;
}

#define ALL_PIN 0xe9ull
#define ALL_PROC 0xfbf99e8cull
#define ALL_PROC2 (0x7fffull | PROC2_PML | PROC2_EPT_VIOLATION_VE | PROC2_XSAVES | \
		   PROC2_MODE_BASED_EXECUTE | PROC2_TSC_SCALING | PROC2_USER_WAIT_PAUSE | \
		   PROC2_ENCLS_EXITING | PROC2_RDSEED_EXITING)
#define ALL_EXIT 0x7c9204ull
#define ALL_ENTRY 0xe204ull

__attribute__((unused))
static void caps_reset(void)
{
	vmx_caps = (struct vmx_caps){ .maxphyaddr = WIDTH, .unrestricted_guest = true };
	nested_caps = (struct nested_caps){
		.basic = VMCS12_REVISION | BIT(55),
		.misc = 7 << 6 | 4 << 16 | BIT(30),
		.cr0_fixed0 = CR0_PE | CR0_NE | CR0_PG, .cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = CR4_VMXE, .cr4_fixed1 = CR4_KNOWN & ~CR4_LA57,
		.true_pin = ALL_PIN << 32 | 0x16 | 0x16ull << 32,
		.true_proc = ALL_PROC << 32 | 0x04006172 | 0x04006172ull << 32,
		.true_exit = ALL_EXIT << 32 | 0x36dfb | 0x36dfbull << 32,
		.true_entry = ALL_ENTRY << 32 | 0x11fb | 0x11fbull << 32,
		.proc2 = ALL_PROC2 << 32,
		.ept_vpid = BIT(0) | BIT(6) | BIT(8) | BIT(14) | BIT(21),
		.vmfunc = 1,
	};
	/* PMU version 2, 4 general and 3 fixed counters; NX; leaf 7: neither SGX nor RTM */
	fake_cpuid_set(0, 0, 0x16, 0, 0, 0);
	fake_cpuid_set(7, 0, 0, 0, 0, 0);
	fake_cpuid_set(0xa, 0, 0x07300402, 0, 0, 3);
	fake_cpuid_set(0x80000001, 0, 0, 0, 0, BIT(20) | BIT(29));
	check_init();
	vtpr = 0;
	memset(memory_pdpte, 0, sizeof(memory_pdpte));
}

/* LONG: all controls; PLAIN: few, no EPT; DATA: DS to GS usable. */
enum good { LONG, PLAIN, DATA, COMPAT, PAE, PAE_NO_EPT, PROT32, REAL, V8086, NR_GOOD };

static void good_controls(struct vmcs12 *v)
{
	v->pin_based_controls = 0x16 | PIN_EXTERNAL_INTERRUPT_EXITING | PIN_NMI_EXITING;
	v->processor_based_controls = 0x04006172;
	v->vm_exit_controls = 0x36dfb | EXIT_HOST_ADDRESS_SPACE_SIZE;
	v->vm_entry_controls = 0x11fb;
	v->vmcs_link_pointer = ~0ull;
}

/* Nearly all that is offered, at once. */
static void full_controls(struct vmcs12 *v)
{
	v->pin_based_controls = 0x16 | ALL_PIN;
	v->processor_based_controls |= ALL_PROC;
	v->secondary_controls = ALL_PROC2 & ~PROC2_VIRTUALIZE_X2APIC_MODE;
	v->vm_exit_controls |= ALL_EXIT;
	v->vm_entry_controls |= ALL_ENTRY & ~ENTRY_IA32E_MODE_GUEST;
	v->cr3_target_count = 4;
	v->io_bitmap_a = 0x1000;
	v->io_bitmap_b = 0x2000;
	v->msr_bitmap = 0x3000;
	v->vmread_bitmap = 0x4000;
	v->vmwrite_bitmap = 0x5000;
	v->virtualization_exception_address = 0x6000;
	v->virtual_apic_address = VIRTUAL_APIC;
	v->apic_access_address = 0x7ffffff000;	/* need not be RAM */
	v->posted_interrupt_descriptor = 0x8040;
	v->posted_interrupt_vector = 0xff;
	v->vpid = 0xffff;
	v->ept_pointer = 0x7ffffff05e;
	v->pml_address = 0x9000;
	v->vm_function_controls = 1;
	v->eptp_list_address = 0xa000;
	v->tsc_multiplier = 1;
	v->vm_exit_msr_store_address = 0xb000;
	v->vm_exit_msr_store_count = 2;
	v->vm_exit_msr_load_address = 0x7ffffff000;
	v->vm_exit_msr_load_count = 256;
	v->vm_entry_msr_load_address = 0xc010;
	v->vm_entry_msr_load_count = 3;
	v->guest_ia32_pat = 0x0007040600070106ull;
	v->guest_ia32_perf_global_ctrl = 0x70000000full;
	v->guest_ia32_debugctl = 0x7fc3;
	v->guest_dr7 = 0xffffffff;
}

static void good_host(struct vmcs12 *v)
{
	v->host_cr0 = 0x80050033;
	v->host_cr3 = 0x7ffffff018;
	v->host_cr4 = CR4_PAE | CR4_VMXE | CR4_PCIDE;
	v->host_cs_selector = 0x10;
	v->host_tr_selector = 0x40;
	v->host_gs_base = 0xffff888000000000ull;
	v->host_tr_base = 0xfffffe0000003000ull;
	v->host_gdtr_base = 0xfffffe0000001000ull;
	v->host_idtr_base = 0xfffffe0000000000ull;
	v->host_ia32_sysenter_esp = 0x7fffffffffff;
	v->host_ia32_sysenter_eip = 0xffff800000000000ull;
	v->host_rip = 0xffffffff81000000ull;
	v->host_ia32_pat = 0x0407050600070106ull;
	v->host_ia32_efer = 0xd01;
	v->host_ia32_perf_global_ctrl = 0xf;
}

#define SEGMENT(NAME, sel, b, l, a) do { \
	v->field[VMCS12_INDEX(GUEST_##NAME##_SELECTOR)] = (sel); \
	v->field[VMCS12_INDEX(GUEST_##NAME##_BASE)] = (b); \
	v->field[VMCS12_INDEX(GUEST_##NAME##_LIMIT)] = (l); \
	v->field[VMCS12_INDEX(GUEST_##NAME##_ACCESS_RIGHTS)] = (a); } while (0)

/* Flat; the last ones are not usable, in ways that would be wrong if they were. */
static void flat_segments(struct vmcs12 *v, u32 cs, u32 dpl)
{
	SEGMENT(CS, 0x10 | dpl, 0, 0xffffffff, cs | dpl << 5);
	SEGMENT(SS, 0x18 | dpl, 0, 0xffffffff, 0xc093 | dpl << 5);
	SEGMENT(DS, 0x1b, 0, 0xffffffff, 0xc0f3);
	SEGMENT(ES, 0x1b, 0, 0xffffffff, 0xc0fb);
	SEGMENT(FS, 3, 0xffff800000000000ull, 0xfffff, 0x10000);
	SEGMENT(GS, 0x23, 0x7fff00000000ull, 0xfffff, 0x40f3);
	SEGMENT(LDTR, 0xffff, 1ull << 63, 1, 0x1ffff);
	SEGMENT(TR, 0x40, 0xfffffe0000003000ull, 0x67, 0x8b);
	v->guest_gdtr_base = 0xfffffe0000001000ull;
	v->guest_gdtr_limit = 0xffff;
	v->guest_idtr_limit = 0xfff;
}

static void v8086_segments(struct vmcs12 *v, u32 ar)
{
	SEGMENT(CS, 0x1003, 0x10030, 0xffff, ar);
	SEGMENT(SS, 0x2000, 0x20000, 0xffff, ar);
	SEGMENT(DS, 0x3000, 0x30000, 0xffff, ar);
	SEGMENT(ES, 0xffff, 0xffff0, 0xffff, ar);
	SEGMENT(FS, 0, 0, 0xffff, ar);
	SEGMENT(GS, 0x1234, 0x12340, 0xffff, ar);
	SEGMENT(LDTR, 8, 0, 0xffff, 0x82);
	SEGMENT(TR, 0, 0, 0xffff, 0x83);
}

__attribute__((unused))
static void good_vmcs12(struct vmcs12 *v, enum good kind)
{
	memset(v, 0, sizeof(*v));
	good_controls(v);
	good_host(v);
	v->guest_cr0 = 0xe0050031;	/* with NW and CD */
	v->guest_cr3 = PDPT;
	v->guest_cr4 = CR4_VMXE;
	v->guest_rflags = 0x202;
	v->guest_rip = 0x1000;
	v->guest_ia32_sysenter_esp = 0xffff800000000000ull;
	if (kind != PLAIN && kind != PAE_NO_EPT)
		full_controls(v);
	switch (kind) {
	case LONG:
	case PLAIN:
	case DATA:
	case COMPAT:
		v->vm_entry_controls |= ENTRY_IA32E_MODE_GUEST;
		v->guest_cr4 |= CR4_PAE | CR4_PCIDE;
		v->guest_ia32_efer = 0xd01;
		flat_segments(v, kind == COMPAT ? 0xc09b : 0xa09b, kind == COMPAT ? 3 : 0);
		if (kind == DATA) {
			SEGMENT(FS, 0x23, 0, 0xffffffff, 0xc0f3);
			SEGMENT(GS, 0x23, 0, 0xffffffff, 0xc0f7);
		}
		if (kind != COMPAT)
			v->guest_rip = 0x800000000000ull;	/* one too far: may be */
		break;
	case PAE:
	case PAE_NO_EPT:
		v->guest_cr4 |= CR4_PAE;
		v->guest_pdpte0 = v->guest_pdpte3 = 0x7ffffffe19;
		v->guest_pdpte1 = ~1ull;
		flat_segments(v, 0xc09b, 0);
		SEGMENT(TR, 0x40, 0, 0x67, 0x83);
		break;
	case PROT32:
		flat_segments(v, 0xc09f, 0);	/* conforming */
		v->guest_cr0 &= ~CR0_PG;
		v->guest_ia32_efer = EFER_LME;	/* is paging off, these need not be alike */
		break;
	case REAL:
		v->guest_cr0 &= ~(CR0_PE | CR0_PG);
		v8086_segments(v, 0x93);
		break;
	default:
		v->guest_rflags |= BIT(17);
		v8086_segments(v, 0xf3);
	}
}

#endif
