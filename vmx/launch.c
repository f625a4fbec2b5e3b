// SPDX-License-Identifier: GPL-2.0
/*
 * VMXON, VMCS01, VMLAUNCH, and VMXOFF (SDM vol. 3, 24.7, 32.5). Each function
 * is one step of bringing a CPU up or down.
 */
#include "io.h"
#include "launch.h"

#include "../core/tables.h"
#include "../ept/main_view.h"
#include "../include/platform.h"
#include "../pal/pal.h"
#include "controls.h"
#include "cpuid.h"
#include "event.h"
#include "guest_state.h"
#include "kick_internal.h"
#include "msr.h"
#include "msr_index.h"
#include "pal_vmcs.h"
#include "nested/nested.h"
#include "vector.h"
#include "vmcs.h"

static hpa_t msr_bitmap_page;

hpa_t msr_bitmap(void)
{
	return msr_bitmap_page;
}

/* exit.S: VMLAUNCH; returns only where that failed: -EIO. */
s64 vmx_first_entry(struct cpu *cpu);

/* Offsets at the start of the switch page (module/switch.S). */
struct switch_page {
	u64 back, leave;
};

static const struct switch_page *switch_page(void)
{
	return (const struct switch_page *)handover.switch_va;
}

hpa_t vmcs_alloc(void)
{
	hpa_t page = page_alloc(&core_pool);

	if (page.v)
		*(u32 *)phys_to_virt(page) = vmx_caps.basic & 0x7fffffff;
	return page;
}

static int init_cpu(struct cpu *cpu)
{
	cpu->vmxon_region = vmcs_alloc();
	cpu->vmcs01 = vmcs_alloc();
	cpu->vmcs_pal = vmcs_alloc();
	if (!cpu->vmxon_region.v || !cpu->vmcs01.v || !cpu->vmcs_pal.v)
		return -ENOMEM;
	return vector_init_cpu(cpu);
}

int launch_init_step(void)
{
	static u32 next_slot;

	if (!msr_bitmap_page.v) {
		msr_bitmap_page = msr_bitmap_alloc();
		return msr_bitmap_page.v && !io_init() ? -EAGAIN : -ENOMEM;
	}
	if (next_slot < handover.nr_cpus) {
		int err = init_cpu(cpu_of_slot(next_slot));

		if (err)
			return err;
		next_slot++;
		return -EAGAIN;
	}
	return nested_init_step();
}

/* PT and PEBS write past EPT, or through the core's CR3: neither may be on (RULES 7). */
static bool is_traced(void)
{
	u64 value;

	return (!rdmsr_safe(MSR_RTIT_CTL, &value) && (value & RTIT_CTL_TRACE_EN)) ||
	       (!rdmsr_safe(MSR_PEBS_ENABLE, &value) && value);
}

/* SDM 24.7: fixed bits, the feature-control MSR, VMXON. */
static int enable_vmx_operation(struct cpu *cpu)
{
	u64 feature_control, cr0 = read_cr0(), cr4 = read_cr4();

	if ((cr4 & CR4_VMXE) || is_traced())
		return -EBUSY;
	if (rdmsr_safe(MSR_FEATURE_CONTROL, &feature_control))
		return -ENODEV;
	if (!(feature_control & FEATURE_CONTROL_LOCK))
		wrmsr_safe(MSR_FEATURE_CONTROL, feature_control | FEATURE_CONTROL_LOCK |
							FEATURE_CONTROL_VMX_OUTSIDE_SMX);
	else if (!(feature_control & FEATURE_CONTROL_VMX_OUTSIDE_SMX))
		return -ENODEV;
	if ((cr0 & vmx_caps.cr0_fixed0) != vmx_caps.cr0_fixed0 || (cr0 & ~vmx_caps.cr0_fixed1))
		return -ENODEV;
	write_cr4(cr4 | vmx_caps.cr4_fixed0 | CR4_VMXE);
	if (vmxon_pa(cpu->vmxon_region)) {
		write_cr4(cr4);
		return -EIO;
	}
	WRITE_ONCE(cpu->in_vmx, true);
	/* Entries of an earlier load may have survived (RULES 5). */
	invept(INVEPT_ALL_CONTEXTS, 0);
	if (vmx_caps.vpid)
		invvpid(INVVPID_ALL_CONTEXTS, 0, 0);
	cpu->flush_done = READ_ONCE(flush_generation);
	return 0;
}

static void leave_vmx_operation(struct cpu *cpu)
{
	vmclear(cpu->vmcs01);
	vmclear(cpu->vmcs_pal);
	nested_leave(cpu);
	vmxoff();
	WRITE_ONCE(cpu->in_vmx, false);
}

static void disable_vmx_operation(struct cpu *cpu, u64 linux_cr4)
{
	leave_vmx_operation(cpu);
	write_cr4(linux_cr4 & ~CR4_VMXE & ~CR4_PGE);
}

static void write_controls(void)
{
	vmwrite(PIN_BASED_CONTROLS, controls_linux.pin);
	vmwrite(PROCESSOR_BASED_CONTROLS, controls_linux.proc);
	vmwrite(SECONDARY_CONTROLS, controls_linux.proc2);
	vmwrite(VM_EXIT_CONTROLS, controls_linux.exit);
	vmwrite(VM_ENTRY_CONTROLS, controls_linux.entry);
	vmwrite(EXCEPTION_BITMAP, 0);
	vmwrite(PAGE_FAULT_ERROR_CODE_MASK, 0);
	vmwrite(PAGE_FAULT_ERROR_CODE_MATCH, 0);
	vmwrite(CR3_TARGET_COUNT, 0);
	vmwrite(VM_EXIT_MSR_STORE_COUNT, 0);
	vmwrite(VM_EXIT_MSR_LOAD_COUNT, 0);
	vmwrite(VM_ENTRY_MSR_LOAD_COUNT, 0);
	vmwrite(MSR_BITMAP, msr_bitmap_page.v);
	vmwrite(IO_BITMAP_A, io_bitmap(0).v);
	vmwrite(IO_BITMAP_B, io_bitmap(1).v);
	kick_arm();
	vmwrite(EPT_POINTER, main_view_eptp());
	if (vmx_caps.vpid)
		vmwrite(VPID, VPID_LINUX);
	if (vmx_caps.xsaves)
		vmwrite(XSS_EXITING_BITMAP, 0);
}

static int fill_vmcs01(struct cpu *cpu, const struct linux_state *state)
{
	vmclear(cpu->vmcs01);
	vmptrld(cpu->vmcs01);
	write_controls();
	vmcs_write_host_state(cpu);
	return guest_state_capture(state, handover.switch_va + switch_page()->back);
}

static bool fails_at(const struct cpu *cpu, enum core_fail_stage stage)
{
	return handover.fail_stage == stage && handover.fail_cpu == cpu->slot;
}

int vmx_launch(struct cpu *cpu, const struct linux_state *state)
{
	u32 regs[4];
	int err;

	if (fails_at(cpu, CORE_FAIL_BEFORE_VMXON))
		return -EIO;
	err = controls_compare();
	if (err)
		return err;
	cpuid_native(1, 0, regs);
	cpu->init_edx = regs[0];
	msr_hold_told(cpu);
	cpu->mode = MODE_LINUX;
	err = enable_vmx_operation(cpu);
	if (err)
		return err;
	if (fails_at(cpu, CORE_FAIL_AFTER_VMXON))
		err = -EIO;
	if (!err)
		err = pal_vmcs_init(cpu);
	nested_launch(cpu);
	if (!err)
		err = fill_vmcs01(cpu, state);
	if (!err) {
		if (fails_at(cpu, CORE_FAIL_VMCS))
			vmwrite(GUEST_RFLAGS, 0);	/* bit 1 must be 1 */
		err = vmx_first_entry(cpu);	/* returns only on failure */
		log_event(LOG_ERROR, "cpu %u: VM entry failed: reason %lx, qualification %lx, error %lx",
			  cpu->slot, (unsigned long)vmread(VM_EXIT_REASON),
			  (unsigned long)vmread(EXIT_QUALIFICATION),
			  (unsigned long)vmread(VM_INSTRUCTION_ERROR));
	}
	disable_vmx_operation(cpu, state->cr4);
	return err;
}

/* Everything that VMX loaded with the core's values, back to the guest's. */
struct native_state {
	u64 cr3, cr4, rsp, rip, rflags;
	struct linux_state tables;
	u64 tr_base;
	u32 tr_limit;
	u64 msr[MAX_GUEST_MSRS];
	u64 dr7, cr0;
};

static void read_native_state(struct native_state *n)
{
	u32 i;

	n->cr0 = vmread(GUEST_CR0);
	n->cr3 = vmread(GUEST_CR3);
	n->cr4 = vmread(GUEST_CR4) & ~CR4_VMXE;
	n->rsp = vmread(GUEST_RSP);
	n->rip = vmread(GUEST_RIP);
	n->rflags = vmread(GUEST_RFLAGS);
	n->tables.gdt_base = vmread(GUEST_GDTR_BASE);
	n->tables.gdt_limit = vmread(GUEST_GDTR_LIMIT);
	n->tables.idt_base = vmread(GUEST_IDTR_BASE);
	n->tables.idt_limit = vmread(GUEST_IDTR_LIMIT);
	n->tables.tr = vmread(GUEST_TR_SELECTOR);
	n->tr_base = vmread(GUEST_TR_BASE);
	n->tr_limit = vmread(GUEST_TR_LIMIT);
	n->dr7 = vmread(GUEST_DR7);
	for (i = 0; i < nr_guest_msrs(); i++)
		n->msr[i] = vmread(guest_msrs[i].field);
}

static void load_native_state(struct cpu *cpu, const struct native_state *n)
{
	u32 i;

	for (i = 0; i < nr_guest_msrs(); i++)
		wrmsr_safe(guest_msrs[i].msr, n->msr[i]);
	write_dr7(n->dr7);
	write_cr0(n->cr0);
	tables_restore_tr(cpu, n->tables.tr, n->tr_base, n->tr_limit);
}

void vmx_leave(struct cpu *cpu)
{
	struct native_state n;

	read_native_state(&n);
	leave_vmx_operation(cpu);
	load_native_state(cpu, &n);
	tables_leave(&n.tables);
	/* From here on only general registers: the rest is the switch page's. */
	__asm__ volatile("jmp *%0"
			 :
			 : "r"(handover.switch_va + switch_page()->leave), "a"(n.cr3), "b"(n.cr4),
			   "c"(n.rsp), "d"(n.rip), "S"(n.rflags)
			 : "memory");
	__builtin_unreachable();
}

void vmx_park(struct cpu *cpu)
{
	WRITE_ONCE(cpu->parked, true);	/* before in_vmx falls: leave_park() looks at both */
	leave_vmx_operation(cpu);
	for (;;)
		__asm__ volatile("cli; hlt" ::: "memory");
}
