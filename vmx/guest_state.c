// SPDX-License-Identifier: GPL-2.0
/*
 * Filling the guest-state area of VMCS01. Descriptors are read from Linux's own
 * tables by the one accessor. Read launch.c for the controls.
 */
#include "guest_state.h"

#include "../ept/guest_memory.h"
#include "../include/platform.h"
#include "controls.h"
#include "cr.h"
#include "msr_index.h"
#include "vmcs.h"

#define SEGMENT_UNUSABLE 0x10000u
#define AR_REAL_CODE 0x9b	/* present, S, execute/read, accessed */
#define AR_REAL_DATA 0x93
#define AR_LDT 0x82
#define AR_TSS32_BUSY 0x8b

struct segment {
	u64 base;
	u32 limit, access_rights;
};

static int read_linear(const struct linux_state *state, u64 address, void *to, size_t size)
{
	struct guest_paging paging = {
		.cr0 = read_cr0(), .cr3 = state->cr3, .cr4 = state->cr4,
		.efer = rdmsr(MSR_EFER), .user = false, .ac = true,
	};
	size_t done;
	gva_t fault;
	u32 error;

	return guest_copy_in(&paging, GVA(address), to, size, &done, &fault, &error);
}

/* SDM figure 3-8; system descriptors have 16 bytes in IA-32e mode. */
static int read_segment(const struct linux_state *state, u16 selector, bool system,
			struct segment *segment)
{
	u64 d[2] = { 0, 0 };
	int err;

	*segment = (struct segment){ 0, 0, SEGMENT_UNUSABLE };
	if ((selector & ~3) == 0)
		return 0;
	if (selector & 4)	/* in an LDT: kernel threads have none */
		return -EFAULT;
	err = read_linear(state, state->gdt_base + (selector & ~7), d, system ? 16 : 8);
	if (err)
		return -EFAULT;
	segment->base = ((d[0] >> 16) & 0xffffff) | (d[0] >> 56) << 24;
	if (system)
		segment->base |= d[1] << 32;
	segment->limit = (d[0] & 0xffff) | ((d[0] >> 48) & 0xf) << 16;
	if (d[0] & BIT(55))
		segment->limit = segment->limit << 12 | 0xfff;
	segment->access_rights = (d[0] >> 40) & 0xf0ff;
	return 0;
}

/* index: ES 0, CS 1, SS 2, DS 3, FS 4, GS 5, LDTR 6, TR 7, the order of the encodings. */
static void write_segment(int index, u16 selector, const struct segment *segment)
{
	vmwrite(GUEST_ES_SELECTOR + 2 * index, selector);
	vmwrite(GUEST_ES_BASE + 2 * index, segment->base);
	vmwrite(GUEST_ES_LIMIT + 2 * index, segment->limit);
	vmwrite(GUEST_ES_ACCESS_RIGHTS + 2 * index, segment->access_rights);
}

static int capture_segments(const struct linux_state *state)
{
	const u16 selectors[8] = { read_es(), read_cs(), read_ss(), read_ds(), read_fs(),
				   read_gs(), store_ldtr(), state->tr };
	struct segment segment;
	int i, err;

	for (i = 0; i < 8; i++) {
		err = read_segment(state, selectors[i], i >= 6, &segment);
		if (err)
			return err;
		write_segment(i, selectors[i], &segment);
	}
	vmwrite(GUEST_GDTR_BASE, state->gdt_base);
	vmwrite(GUEST_GDTR_LIMIT, state->gdt_limit);
	vmwrite(GUEST_IDTR_BASE, state->idt_base);
	vmwrite(GUEST_IDTR_LIMIT, state->idt_limit);
	return 0;
}

const struct guest_msr guest_msrs[MAX_GUEST_MSRS] = {
	{ GUEST_IA32_EFER, MSR_EFER }, { GUEST_IA32_PAT, MSR_PAT },
	{ GUEST_IA32_SYSENTER_CS, MSR_SYSENTER_CS }, { GUEST_IA32_SYSENTER_ESP, MSR_SYSENTER_ESP },
	{ GUEST_IA32_SYSENTER_EIP, MSR_SYSENTER_EIP }, { GUEST_IA32_DEBUGCTL, MSR_DEBUGCTL },
	{ GUEST_GS_BASE, MSR_GS_BASE }, { GUEST_FS_BASE, MSR_FS_BASE },
	{ GUEST_IA32_PERF_GLOBAL_CTRL, MSR_PERF_GLOBAL_CTRL },
};

u32 nr_guest_msrs(void)
{
	return vmx_caps.perf_global_ctrl ? MAX_GUEST_MSRS : MAX_GUEST_MSRS - 1;
}

static void capture_msrs(const struct linux_state *state)
{
	u64 value;
	u32 i;

	for (i = 0; i < nr_guest_msrs(); i++)
		vmwrite(guest_msrs[i].field, rdmsr_safe(guest_msrs[i].msr, &value) ? 0 : value);
	vmwrite(GUEST_FS_BASE, state->fs_base);	/* the MSR has the core's */
}

static void write_no_events(void)
{
	vmwrite(GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, 0);
	vmwrite(GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
}

int guest_state_capture(const struct linux_state *state, u64 rip)
{
	int err = capture_segments(state);

	if (err)
		return err;
	cr_init(read_cr0(), state->cr4);
	vmwrite(GUEST_CR3, state->cr3);
	vmwrite(GUEST_DR7, read_dr7());
	vmwrite(GUEST_RSP, state->rsp);
	vmwrite(GUEST_RIP, rip);
	vmwrite(GUEST_RFLAGS, RFLAGS_FIXED);
	vmwrite(VMCS_LINK_POINTER, ~0ull);
	capture_msrs(state);
	write_no_events();
	return 0;
}

void guest_state_after_sipi(struct cpu *cpu, u8 vector)
{
	static const struct segment data = { 0, 0xffff, AR_REAL_DATA };
	const struct segment code = { (u64)vector << 12, 0xffff, AR_REAL_CODE };
	static const struct segment ldt = { 0, 0xffff, AR_LDT };
	static const struct segment tss = { 0, 0xffff, AR_TSS32_BUSY };
	int i;

	for (i = 0; i < 6; i++)
		write_segment(i, 0, &data);
	write_segment(1, (u16)(vector << 8), &code);
	write_segment(6, 0, &ldt);
	write_segment(7, 0, &tss);
	vmwrite(GUEST_GDTR_BASE, 0);
	vmwrite(GUEST_GDTR_LIMIT, 0xffff);
	vmwrite(GUEST_IDTR_BASE, 0);
	vmwrite(GUEST_IDTR_LIMIT, 0xffff);

	/* CD and NW are not changed by a VM entry; INIT keeps them (SDM 9.1.1). */
	cr_init(CR0_ET | CR0_NW | CR0_CD, 0);
	vmwrite(GUEST_CR3, 0);
	write_cr2(0);
	reset_debug_status();
	vmwrite(GUEST_DR7, 0x400);
	vmwrite(GUEST_RSP, 0);
	vmwrite(GUEST_RIP, 0);
	vmwrite(GUEST_RFLAGS, RFLAGS_FIXED);
	vmwrite(GUEST_IA32_EFER, 0);
	vmwrite(GUEST_IA32_DEBUGCTL, 0);
	vmwrite(VM_ENTRY_CONTROLS, vmread(VM_ENTRY_CONTROLS) & ~ENTRY_IA32E_MODE_GUEST);
	write_no_events();

	memset(&cpu->regs, 0, sizeof(cpu->regs));
	cpu->regs.rdx = cpu->init_edx;
	if (vmx_caps.vpid)
		invvpid(INVVPID_SINGLE_CONTEXT, VPID_LINUX, 0);
}
