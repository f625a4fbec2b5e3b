// SPDX-License-Identifier: GPL-2.0
/*
 * The host-state area (SDM vol. 3, 25.5): where every exit of this CPU goes.
 * All of it is the core's own, nothing is Linux's (PITFALLS 3).
 */
#include "../core/tables.h"
#include "controls.h"
#include "launch.h"
#include "msr_index.h"
#include "vmcs.h"

/* exit.S */
extern char vmx_exit_entry[];

void vmcs_write_host_state(struct cpu *cpu)
{
	vmwrite(HOST_CR0, core_cr0());
	vmwrite(HOST_CR3, handover.core_cr3);
	vmwrite(HOST_CR4, core_cr4());
	vmwrite(HOST_CS_SELECTOR, CORE_CS);
	vmwrite(HOST_SS_SELECTOR, CORE_SS);
	vmwrite(HOST_DS_SELECTOR, 0);
	vmwrite(HOST_ES_SELECTOR, 0);
	vmwrite(HOST_FS_SELECTOR, 0);
	vmwrite(HOST_GS_SELECTOR, 0);
	vmwrite(HOST_TR_SELECTOR, CORE_TR);
	vmwrite(HOST_FS_BASE, (u64)cpu->canary);
	vmwrite(HOST_GS_BASE, 0);
	vmwrite(HOST_TR_BASE, (u64)&cpu_tables(cpu)->tss);
	vmwrite(HOST_GDTR_BASE, (u64)cpu_tables(cpu)->gdt);
	vmwrite(HOST_IDTR_BASE, (u64)core_idt);
	vmwrite(HOST_IA32_SYSENTER_CS, 0);
	vmwrite(HOST_IA32_SYSENTER_ESP, 0);
	vmwrite(HOST_IA32_SYSENTER_EIP, 0);
	vmwrite(HOST_IA32_EFER, EFER_LME | EFER_LMA | EFER_NXE);
	vmwrite(HOST_IA32_PAT, CORE_PAT);
	if (vmx_caps.perf_global_ctrl)
		vmwrite(HOST_IA32_PERF_GLOBAL_CTRL, 0);
	vmwrite(HOST_RSP, (u64)cpu);
	vmwrite(HOST_RIP, (u64)vmx_exit_entry);
}
