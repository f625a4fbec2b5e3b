// SPDX-License-Identifier: GPL-2.0
/*
 * The fixed fields are tables, to be read beside RULES 18 and the SDM's checks
 * on guest state (vol. 3, 27.3.1). No descriptor table has an entry, no vector
 * a gate, every exception exits. See pal/call.c for who enters.
 */
#include "pal_vmcs.h"

#include "../include/platform.h"
#include "controls.h"
#include "kick_internal.h"
#include "launch.h"
#include "msr_index.h"
#include "vmcs.h"

/* exit.S: exits of a PAL go straight to exit_slow(). */
extern char vmx_exit_entry_slow[];

#define SEGMENT_UNUSABLE BIT(16)
#define SEGMENT_CODE64_USER 0xa0fbu	/* present, DPL 3, accessed, L, G */
#define SEGMENT_CODE32_USER 0xc0fbu	/* the same, D for L */
#define SEGMENT_DATA_USER 0xc0f3u
#define SEGMENT_BUSY_TSS 0x8bu
#define DR7_OFF 0x400
#define PAT_DEFAULT 0x0007040600070406ull

/* Zero is written to every field that is not here but in zero_fields. */
static const struct { u32 field; u32 value; } fixed_fields[] = {
	{ EXCEPTION_BITMAP, 0xffffffff },	/* with mask = match = 0: all #PFs too */
	{ GUEST_CS_SELECTOR, 0x33 }, { GUEST_CS_LIMIT, 0xffffffff },
	{ GUEST_CS_ACCESS_RIGHTS, SEGMENT_CODE64_USER },
	{ GUEST_SS_SELECTOR, 0x2b }, { GUEST_SS_LIMIT, 0xffffffff },
	{ GUEST_SS_ACCESS_RIGHTS, SEGMENT_DATA_USER },
	{ GUEST_DS_ACCESS_RIGHTS, SEGMENT_UNUSABLE }, { GUEST_ES_ACCESS_RIGHTS, SEGMENT_UNUSABLE },
	{ GUEST_FS_ACCESS_RIGHTS, SEGMENT_UNUSABLE }, { GUEST_GS_ACCESS_RIGHTS, SEGMENT_UNUSABLE },
	{ GUEST_LDTR_ACCESS_RIGHTS, SEGMENT_UNUSABLE },
	{ GUEST_TR_SELECTOR, 0x40 }, { GUEST_TR_LIMIT, 0x67 },
	{ GUEST_TR_ACCESS_RIGHTS, SEGMENT_BUSY_TSS },
	{ GUEST_DR7, DR7_OFF },
	{ GUEST_IA32_EFER, EFER_LME | EFER_LMA | EFER_NXE },	/* no SCE: SYSCALL is #UD */
};

static const u32 zero_fields[] = {
	PAGE_FAULT_ERROR_CODE_MASK, PAGE_FAULT_ERROR_CODE_MATCH, CR3_TARGET_COUNT,
	VM_EXIT_MSR_STORE_COUNT, VM_EXIT_MSR_LOAD_COUNT, VM_ENTRY_MSR_LOAD_COUNT,
	VM_ENTRY_INTERRUPTION_INFO, CR0_GUEST_HOST_MASK, CR4_GUEST_HOST_MASK,
	CR0_READ_SHADOW, CR4_READ_SHADOW,
	GUEST_DS_SELECTOR, GUEST_ES_SELECTOR, GUEST_FS_SELECTOR, GUEST_GS_SELECTOR,
	GUEST_LDTR_SELECTOR, GUEST_DS_LIMIT, GUEST_ES_LIMIT, GUEST_FS_LIMIT, GUEST_GS_LIMIT,
	GUEST_LDTR_LIMIT, GUEST_GDTR_LIMIT, GUEST_IDTR_LIMIT,
	GUEST_CS_BASE, GUEST_SS_BASE, GUEST_DS_BASE, GUEST_ES_BASE, GUEST_FS_BASE, GUEST_GS_BASE,
	GUEST_LDTR_BASE, GUEST_TR_BASE, GUEST_GDTR_BASE, GUEST_IDTR_BASE,
	GUEST_IA32_DEBUGCTL, GUEST_IA32_SYSENTER_CS, GUEST_IA32_SYSENTER_ESP,
	GUEST_IA32_SYSENTER_EIP,	/* SYSENTER with CS 0 is #GP */
	GUEST_INTERRUPTIBILITY_STATE, GUEST_ACTIVITY_STATE, GUEST_PENDING_DEBUG_EXCEPTIONS,
};

/* Tracers that no VMCS field switches off: set to 0 while a PAL runs, where CPUID.7.0 has them. */
static const struct { u32 msr; u8 reg, bit; } tracers[] = {
	{ MSR_RTIT_CTL, 1, 25 },
	{ 0x14ce, 3, 19 },	/* IA32_LBR_CTL */
};

static struct {
	u64 eptp, cr3;		/* what the fields hold */
	bool compat;
	u64 tracer[ARRAY_SIZE(tracers)];
} per_cpu[CORE_MAX_CPUS];
static u32 tracers_present;	/* bit mask */

static int write_controls(void)
{
	u64 pin, proc, proc2, exit, entry;
	u64 perf_exit = vmx_caps.perf_global_ctrl ? EXIT_LOAD_PERF_GLOBAL_CTRL : 0;
	u64 perf_entry = vmx_caps.perf_global_ctrl ? ENTRY_LOAD_PERF_GLOBAL_CTRL : 0;

	/* What ring 3 cannot do anyway exits where it may: wanted, not required. */
	if (!control_set(MSR_VMX_PINBASED_CTLS, PIN_PREEMPTION_TIMER, PIN_EXTERNAL_INTERRUPT_EXITING | PIN_NMI_EXITING,
			 &pin) ||
	    !control_set(MSR_VMX_PROCBASED_CTLS,
			 PROC_HLT_EXITING | PROC_MWAIT_EXITING | PROC_MONITOR_EXITING |
				 PROC_RDPMC_EXITING | PROC_MOV_DR_EXITING,
			 PROC_SECONDARY_CONTROLS | PROC_UNCONDITIONAL_IO_EXITING, &proc) ||
	    !control_set(MSR_VMX_PROCBASED_CTLS2, vmx_caps.vpid ? PROC2_VPID : 0, PROC2_EPT,
			 &proc2) ||
	    !control_set(MSR_VMX_EXIT_CTLS, 0,
			 EXIT_HOST_ADDRESS_SPACE_SIZE | EXIT_SAVE_DEBUG_CONTROLS | EXIT_LOAD_EFER |
				 EXIT_SAVE_EFER | EXIT_LOAD_PAT | EXIT_SAVE_PAT | perf_exit, &exit) ||
	    !control_set(MSR_VMX_ENTRY_CTLS, 0,
			 ENTRY_IA32E_MODE_GUEST | ENTRY_LOAD_DEBUG_CONTROLS | ENTRY_LOAD_EFER |
				 ENTRY_LOAD_PAT | perf_entry, &entry))
		return -ENODEV;
	vmwrite(PIN_BASED_CONTROLS, pin);
	vmwrite(PROCESSOR_BASED_CONTROLS, proc);
	vmwrite(SECONDARY_CONTROLS, proc2);
	vmwrite(VM_EXIT_CONTROLS, exit);
	vmwrite(VM_ENTRY_CONTROLS, entry);
	return 0;
}

static void find_tracers(void)
{
	u32 regs[4], i;

	cpuid_native(0, 0, regs);
	if (regs[0] < 7)
		return;
	cpuid_native(7, 0, regs);
	for (i = 0; i < ARRAY_SIZE(tracers); i++)
		if (regs[tracers[i].reg] & BIT(tracers[i].bit))
			tracers_present |= BIT(i);
}

int pal_vmcs_init(struct cpu *cpu)
{
	u32 i;

	cpu->pal_vmcs_launched = false;
	vmclear(cpu->vmcs_pal);
	vmptrld(cpu->vmcs_pal);
	if (write_controls())
		return -ENODEV;
	vmcs_write_host_state(cpu);
	vmwrite(HOST_RIP, (u64)vmx_exit_entry_slow);
	kick_arm();
	for (i = 0; i < ARRAY_SIZE(fixed_fields); i++)
		vmwrite(fixed_fields[i].field, fixed_fields[i].value);
	for (i = 0; i < ARRAY_SIZE(zero_fields); i++)
		vmwrite(zero_fields[i], 0);
	vmwrite(GUEST_IA32_PAT, PAT_DEFAULT);
	vmwrite(VMCS_LINK_POINTER, ~0ull);
	if (vmx_caps.vpid)
		vmwrite(VPID, VPID_PAL);
	if (vmx_caps.perf_global_ctrl)
		vmwrite(GUEST_IA32_PERF_GLOBAL_CTRL, 0);
	/* No AM: RFLAGS.AC means nothing. No PKE, CET, FSGSBASE, PCE, UINTR, SMAP. */
	vmwrite(GUEST_CR0, CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG | vmx_caps.cr0_fixed0);
	vmwrite(GUEST_CR4, CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT |
			   (vmx_caps.xsave ? CR4_OSXSAVE : 0) | vmx_caps.cr4_fixed0);
	per_cpu[cpu->slot].eptp = 0;
	per_cpu[cpu->slot].cr3 = 0;
	per_cpu[cpu->slot].compat = false;
	vmwrite(GUEST_CR3, 0);
	find_tracers();
	return 0;
}

static void tracers_off(struct cpu *cpu)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tracers); i++) {
		u64 *value = &per_cpu[cpu->slot].tracer[i];

		if ((tracers_present & BIT(i)) && !rdmsr_safe(tracers[i].msr, value) && *value)
			wrmsr_safe(tracers[i].msr, 0);
	}
}

static void tracers_back(struct cpu *cpu)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(tracers); i++)
		if ((tracers_present & BIT(i)) && per_cpu[cpu->slot].tracer[i])
			wrmsr_safe(tracers[i].msr, per_cpu[cpu->slot].tracer[i]);
}

/* Another PAL than the last here: its view and page tables. */
static void change_view(struct cpu *cpu, const struct pal_vmcs_state *state)
{
	per_cpu[cpu->slot].eptp = state->eptp;
	vmwrite(EPT_POINTER, state->eptp);
	if (vmx_caps.vpid)
		invvpid(INVVPID_SINGLE_CONTEXT, VPID_PAL, 0);
}

/* The other kind of code than the last here. No PAL gets from one to the other: the GDT is empty. */
static void change_mode(struct cpu *cpu, bool compat)
{
	per_cpu[cpu->slot].compat = compat;
	vmwrite(GUEST_CS_SELECTOR, compat ? 0x23 : 0x33);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, compat ? SEGMENT_CODE32_USER : SEGMENT_CODE64_USER);
	vmwrite(GUEST_DS_ACCESS_RIGHTS, SEGMENT_UNUSABLE);
	vmwrite(GUEST_ES_ACCESS_RIGHTS, SEGMENT_UNUSABLE);
}

/* Flat DS and ES, each time: a null selector, which ring 3 can load, makes them unusable. */
static void data_segments(bool compat)
{
	vmwrite(GUEST_DS_SELECTOR, compat ? 0x2b : 0);
	vmwrite(GUEST_ES_SELECTOR, compat ? 0x2b : 0);
	if (likely(!compat))
		return;
	vmwrite(GUEST_DS_LIMIT, 0xffffffff);
	vmwrite(GUEST_ES_LIMIT, 0xffffffff);
	vmwrite(GUEST_DS_ACCESS_RIGHTS, SEGMENT_DATA_USER);
	vmwrite(GUEST_ES_ACCESS_RIGHTS, SEGMENT_DATA_USER);
}

void pal_vmcs_enter(struct cpu *cpu, const struct pal_vmcs_state *state)
{
	/* NMIs that Linux has blocked stay blocked; no other shadow goes along (RULES 12). */
	u64 blocking = vmread(GUEST_INTERRUPTIBILITY_STATE) & BLOCKING_BY_NMI;

	if (unlikely(tracers_present))
		tracers_off(cpu);
	vmptrld(cpu->vmcs_pal);
	cpu->mode = MODE_PAL;
	if (per_cpu[cpu->slot].eptp != state->eptp)
		change_view(cpu, state);
	if (per_cpu[cpu->slot].cr3 != state->cr3) {
		per_cpu[cpu->slot].cr3 = state->cr3;
		vmwrite(GUEST_CR3, state->cr3);
	}
	if (unlikely(per_cpu[cpu->slot].compat != state->compat))
		change_mode(cpu, state->compat);
	/* Ring 3 can load the null selectors 0 to 3: eight bits from one PAL to the next. */
	data_segments(state->compat);
	vmwrite(GUEST_FS_SELECTOR, 0);
	vmwrite(GUEST_GS_SELECTOR, 0);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, blocking);
	vmwrite(GUEST_PENDING_DEBUG_EXCEPTIONS, 0);
	vmwrite(GUEST_RIP, state->rip);
	vmwrite(GUEST_RSP, state->rsp);
	vmwrite(GUEST_RFLAGS, state->rflags);
}

void pal_vmcs_read(struct pal_vmcs_state *state)
{
	state->rip = vmread(GUEST_RIP);
	state->rsp = vmread(GUEST_RSP);
	state->rflags = vmread(GUEST_RFLAGS);
}

void pal_vmcs_leave(struct cpu *cpu)
{
	vmptrld(cpu->vmcs01);
	cpu->mode = MODE_LINUX;
	if (unlikely(tracers_present))
		tracers_back(cpu);
}
