// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/caps.c vmx/nested/vmcs12.c */
/*
 * The capability MSRs that L1 reads, on the CPU models of the emulator, on made-up
 * CPUs, and against what Linux's KVM asks for (SDM vol. 3, appendix A, 27.2.1).
 */
#include "../../ept/guest_memory.h"
#include "../../vmx/controls.h"
#include "../../vmx/msr_index.h"
#include "../../vmx/nested/caps.h"
#include "../../vmx/nested/vmcs12.h"
#include "fake.h"
#include "tap.h"

struct vmx_caps vmx_caps;

int guest_read(gpa_t from, void *to, size_t size)
{
	return -EFAULT;
}

int guest_write(gpa_t to, const void *from, size_t size)
{
	return -EFAULT;
}

/* ---- a CPU: 480H to 493H, which of them are there, which have been read ---- */
#define NR (MSR_VMX_EXIT_CTLS2 - MSR_VMX_BASIC + 1)
#define MSR(name) msr[MSR_VMX_##name - MSR_VMX_BASIC]
struct machine {
	const char *name;
	bool perf_global_ctrl;
	u64 msr[NR];
	u32 absent;	/* bit n: 480H + n gives #GP */
};
static struct machine cpu;
static u32 was_read;

int rdmsr_safe(u32 index, u64 *value)
{
	u32 n = index - MSR_VMX_BASIC;

	*value = 0;
	if (n >= NR)
		return -EFAULT;
	was_read |= 1u << n;
	if (cpu.absent & 1u << n)
		return -EFAULT;
	*value = cpu.msr[n];
	return 0;
}

static void start(const struct machine *m)
{
	if (m != &cpu)
		cpu = *m;
	vmx_caps.perf_global_ctrl = cpu.perf_global_ctrl;
	was_read = 0;
	nested_caps_init();
}

#define BIT_OF(name) (1u << (MSR_VMX_##name - MSR_VMX_BASIC))
#define TRUE_BITS (BIT_OF(TRUE_PINBASED_CTLS) | BIT_OF(TRUE_PROCBASED_CTLS) | \
		   BIT_OF(TRUE_EXIT_CTLS) | BIT_OF(TRUE_ENTRY_CTLS))
#define NEWEST (BIT_OF(PROCBASED_CTLS3) | BIT_OF(EXIT_CTLS2))

/* In the order of their numbers; the TRUE ones are Bochs'. */
static const struct machine models[] = {
	{ "arrandale", true, {
		0x00d810000000002b, 0x0000007f00000016, 0xf7f9fffe0401e172, 0x007fffff00036dff,
		0x0000ffff000011ff, 0x401e0, 0x80000021, 0xffffffff, 0x2000, 0x67ff, 0x2a,
		0x000000ff00000000, 0x00000f0106114141, 0x0000007f00000016, 0xf7f9fffe04006172,
		0x007fffff00036dfb, 0x0000ffff000011fb },
	  NEWEST | BIT_OF(VMFUNC) },
	{ "skylake_x", true, {
		0x00d810000000002b, 0x0000007f00000016, 0xf7f9fffe0401e172, 0x007fffff00036dff,
		0x0000ffff000011ff, 0x600401e0, 0x80000021, 0xffffffff, 0x2000, 0x3727ff, 0x2e,
		0x02177fff00000000, 0x00000f0106334141, 0x0000007f00000016, 0xf7f9fffe04006172,
		0x007fffff00036dfb, 0x0000ffff000011fb, 1 },
	  NEWEST },
	{ "tigerlake", false, {
		0x01d8100000000004, 0x0000007f00000016, 0xfff9fffe0401e172, 0x107fffff00036dff,
		0x0010ffff000011ff, 0x600401e0, 0x80000021, 0xffffffff, 0x2000, 0x100f777ff, 0x2e,
		0x02977fff00000000, 0x00000f0106b34141, 0x0000007f00000016, 0xfff9fffe04006172,
		0x107fffff00036dfb, 0x0010ffff000011fb, 1 },
	  NEWEST },
};

/* What is offered on each, all of it. Without PERF_GLOBAL_CTRL: exit bit 12, entry bit 13. */
static const u64 expected[3][NR] = {
	{ 0x00d81000554e4401, 0x0000007f00000016, 0xf7f9fffe0401e172, 0x007fffff00036dff,
	  0x0000f3ff000011ff, 0x400e0, 0x80000021, 0xffffffff, 0x2000, 0x27ff, 23 << 1,
	  0x000000ff00000000, 0x00000f0106114141, 0x0000007f00000016, 0xf7f9fffe04006172,
	  0x007fffff00036dfb, 0x0000f3ff000011fb },
	{ 0x00d81000554e4401, 0x0000007f00000016, 0xf7f9fffe0401e172, 0x007fffff00036dff,
	  0x0000f3ff000011ff, 0x600400e0, 0x80000021, 0xffffffff, 0x2000, 0x3727ff, 25 << 1,
	  0x02177fff00000000, 0x00000f0106334141, 0x0000007f00000016,
	  0xf7f9fffe04006172, 0x007fffff00036dfb, 0x0000f3ff000011fb, 1 },
	{ 0x01d81000554e4401, 0x0000007f00000016, 0xfff9fffe0401e172, 0x007fefff00036dff,
	  0x0000d3ff000011ff, 0x600400e0, 0x80000021, 0xffffffff, 0x2000, 0xf737ff, 25 << 1,
	  0x02177fff00000000, 0x00000f0106334141, 0x0000007f00000016,
	  0xfff9fffe04006172, 0x007fefff00036dfb, 0x0000d3ff000011fb, 1 },
};

static void exactly(u32 model)
{
	u64 value;
	u32 i;

	start(&models[model]);
	for (i = 0; i <= MSR_VMX_VMFUNC - MSR_VMX_BASIC - !expected[model][MSR_VMX_VMFUNC - MSR_VMX_BASIC]; i++) {
		check(!nested_caps_read(MSR_VMX_BASIC + i, &value), "%s: %x", cpu.name, 0x480 + i);
		check(value == expected[model][i], "%s: %x is %llx", cpu.name, 0x480 + i, value);
	}
	ok(1, "%s: what is offered, bit by bit", cpu.name);
	value = 77;
	for (; i < NR; i++)
		check(nested_caps_read(MSR_VMX_BASIC + i, &value) == -EFAULT && value == 77);
	ok(nested_caps_read(MSR_VMX_BASIC - 1, &value) == -EFAULT &&
	   nested_caps_read(MSR_VMX_EXIT_CTLS2 + 1, &value) == -EFAULT &&
	   nested_caps_read(~0u, &value) == -EFAULT, "%s: others are absent", cpu.name);
	ok(!(was_read & cpu.absent), "%s: no MSR is read that is not there", cpu.name);
}

/* ---- KVM 6.1's setup_vmcs_config() and hardware_setup() (NESTED.md 5) ---- */

static bool offers(u64 capability, u64 bits)
{
	return (capability >> 32 & bits) == bits;
}

static bool pair(u64 entry, u64 exit)
{
	return offers(nested_caps.entry, entry) == offers(nested_caps.exit, exit);
}

static void kvm_starts(u32 model)
{
	const struct nested_caps *c = &nested_caps;

	start(&models[model]);
	ok((c->basic >> 32 & 0x1fff) <= 4096 && !(c->basic & BIT(48)) && (c->basic >> 50 & 15) == 6,
	   "KVM on %s: the VMCS is plain", cpu.name);
	ok(offers(c->pin, PIN_EXTERNAL_INTERRUPT_EXITING | PIN_NMI_EXITING) &&
	   offers(c->proc, PROC_HLT_EXITING | PROC_CR3_LOAD_EXITING | PROC_CR3_STORE_EXITING |
			   PROC_UNCONDITIONAL_IO_EXITING | PROC_MOV_DR_EXITING |
			   PROC_TSC_OFFSETTING | PROC_MWAIT_EXITING | PROC_MONITOR_EXITING |
			   PROC_INVLPG_EXITING | PROC_RDPMC_EXITING | PROC_INTERRUPT_WINDOW_EXITING |
			   PROC_CR8_LOAD_EXITING | PROC_CR8_STORE_EXITING) &&
	   offers(c->exit, EXIT_SAVE_DEBUG_CONTROLS | EXIT_ACKNOWLEDGE_INTERRUPT |
			   EXIT_HOST_ADDRESS_SPACE_SIZE) &&
	   offers(c->entry, ENTRY_LOAD_DEBUG_CONTROLS | ENTRY_IA32E_MODE_GUEST),
	   "KVM on %s: all required controls", cpu.name);
	/* It sets what 482H says must be 1, and with EPT clears these again. */
	ok((c->basic & BIT(55)) && ((u32)c->proc & BIT(15)) && !((u32)c->true_proc & BIT(15)) &&
	   control_allowed(c->true_proc, (u32)c->proc & ~(PROC_CR3_LOAD_EXITING |
			   PROC_CR3_STORE_EXITING | PROC_INVLPG_EXITING)),
	   "KVM on %s: default1 is 1 in 482H, and CR3 exiting may be 0", cpu.name);
	ok(pair(ENTRY_LOAD_PERF_GLOBAL_CTRL, EXIT_LOAD_PERF_GLOBAL_CTRL) &&
	   pair(ENTRY_LOAD_PAT, EXIT_LOAD_PAT) && pair(ENTRY_LOAD_EFER, EXIT_LOAD_EFER),
	   "KVM on %s: entry and exit controls in pairs", cpu.name);
	ok(offers(c->proc, PROC_TPR_SHADOW | PROC_MSR_BITMAPS | PROC_IO_BITMAPS |
			   PROC_NMI_WINDOW_EXITING | PROC_PAUSE_EXITING | PROC_SECONDARY_CONTROLS) &&
	   offers(c->pin, PIN_VIRTUAL_NMIS | PIN_PREEMPTION_TIMER) &&
	   offers(c->proc2, PROC2_EPT | PROC2_VPID | PROC2_UNRESTRICTED_GUEST |
			    PROC2_VIRTUALIZE_APIC_ACCESSES | PROC2_VIRTUALIZE_X2APIC_MODE |
			    PROC2_RDTSCP | PROC2_DESCRIPTOR_TABLE_EXITING | PROC2_WBINVD_EXITING),
	   "KVM on %s: flexpriority, vnmi, MSR bitmaps, preemption timer, UMIP", cpu.name);
	ok((c->ept_vpid & BIT(6)) && (c->ept_vpid & BIT(14)) && (c->ept_vpid & BIT(26)) &&
	   (c->ept_vpid & BIT(32)) && (c->ept_vpid & (BIT(41) | BIT(42))),
	   "KVM on %s: ept=1, vpid=1", cpu.name);
	ok((c->misc & BIT(6)) && !(c->misc & BIT(8)) && (c->misc & BIT(5)),
	   "KVM on %s: HLT, EFER.LMA, and never wait-for-SIPI", cpu.name);
}

/* ---- made-up CPUs ---- */

/* Says yes to everything there is and ever will be. */
static struct machine all_ones(void)
{
	struct machine m = models[1];
	u32 i;

	m.name = "all ones";
	m.absent = 0;
	for (i = 0; i < NR; i++)
		m.msr[i] = ~0ull;
	m.MSR(BASIC) = models[1].MSR(BASIC) | ~0ull << 48;
	for (i = 1; i < 5; i++)
		m.msr[i] = models[1].msr[i] | ~0ull << 32;
	m.MSR(PROCBASED_CTLS2) = ~0ull << 32;
	for (i = 13; i < 17; i++)
		m.msr[i] = models[1].msr[i] | ~0ull << 32;
	return m;
}

static void nothing_unknown(void)
{
	const struct nested_caps *c = &nested_caps;
	struct machine m = all_ones();

	start(&m);
	ok(c->pin == 0x0000007f00000016 && c->proc == 0xfff9fffe0401e172 &&
	   c->exit == 0x007fffff00036dff && c->entry == 0x0000f3ff000011ff &&
	   c->proc2 == 0x06177fff00000000,
	   "a CPU with everything: no control that the core does not implement");
	ok(c->basic == 0x01d81000554e4401 && c->misc == 0x600400ff &&
	   c->ept_vpid == 0x00000f0106334141 && c->vmfunc == 1 && c->cr4_fixed1 == (CR4_KNOWN & ~CR4_SMXE),
	   "nor any other of its bits");
	ok(!(was_read & NEWEST), "MSRs of controls that are not offered are not read");
}

static void without_true(void)
{
	u64 value;
	u32 i;

	cpu = models[0];
	cpu.MSR(BASIC) &= ~BIT(55);
	cpu.absent |= TRUE_BITS;
	start(&cpu);
	for (i = 0; i < 4; i++)
		check(nested_caps_read(MSR_VMX_TRUE_PINBASED_CTLS + i, &value) == -EFAULT);
	ok(!(nested_caps.basic & BIT(55)) && !(was_read & TRUE_BITS), "no TRUE MSRs: neither read nor offered");
	ok(!memcmp(nested_caps.true_control, nested_caps.control, sizeof(nested_caps.true_control)) &&
	   (nested_caps.true_proc & BIT(15)), "and the checks demand the default1 class");

	start(&models[1]);
	cpu.MSR(TRUE_PROCBASED_CTLS) &= ~0x4002ull;	/* bits 1 and 14 have a meaning now */
	start(&cpu);
	ok(((u32)nested_caps.true_proc & 0x4002) == 0x4002 && offers(nested_caps.proc, 0x4002),
	   "a freed bit of the default1 class that the core does not know stays 1");
}

static void absent_msrs(void)
{
	u64 value;

	cpu = models[1];
	cpu.MSR(PROCBASED_CTLS) &= ~(BIT(31) << 32);
	cpu.absent |= BIT_OF(PROCBASED_CTLS2) | BIT_OF(EPT_VPID_CAP) | BIT_OF(VMFUNC);
	start(&cpu);
	ok(!(was_read & cpu.absent) && nested_caps_read(MSR_VMX_PROCBASED_CTLS2, &value) == -EFAULT &&
	   nested_caps_read(MSR_VMX_EPT_VPID_CAP, &value) == -EFAULT && !nested_caps.proc2,
	   "no secondary controls: no 48BH, no 48CH");
	start(&models[1]);
	cpu.MSR(PROCBASED_CTLS2) &= ~((PROC2_EPT | PROC2_VPID) << 32);
	cpu.absent |= BIT_OF(EPT_VPID_CAP);
	start(&cpu);
	ok(!(was_read & cpu.absent) && nested_caps_read(MSR_VMX_EPT_VPID_CAP, &value) == -EFAULT &&
	   !nested_caps_read(MSR_VMX_PROCBASED_CTLS2, &value), "neither EPT nor VPID: no 48CH");
	ok(!offers(nested_caps.proc2, PROC2_UNRESTRICTED_GUEST) && !offers(nested_caps.proc2, PROC2_PML),
	   "no EPT: no unrestricted guest, no PML");
	start(&models[1]);
	cpu.MSR(PROCBASED_CTLS2) &= ~(PROC2_EPT << 32);
	start(&cpu);
	ok(nested_caps.ept_vpid == 0xf0100000000ull, "VPID without EPT: no EPT capabilities");
	start(&models[1]);
	cpu.MSR(PROCBASED_CTLS2) &= ~(PROC2_VPID << 32);
	start(&cpu);
	ok(nested_caps.ept_vpid == 0x06334141, "EPT without VPID: no INVVPID");
	start(&models[1]);
	cpu.MSR(PROCBASED_CTLS2) = PROC2_ENCLS_EXITING << 32;
	start(&cpu);
	ok(!offers(nested_caps.proc, PROC_SECONDARY_CONTROLS) &&
	   nested_caps_read(MSR_VMX_PROCBASED_CTLS2, &value) == -EFAULT,
	   "no secondary control to offer: not the primary one either");
	start(&models[1]);
	cpu.MSR(MISC) = 0x600201e5;
	start(&cpu);
	ok(nested_caps.misc == 0x600200e5, "fewer CR3-target values, another timer rate");
}

/* By the CPU's own number: 1-4 481H-484H, 11 48BH. Taken away one by one, on skylake_x. */
static const struct { u32 msr, bit, of, gone; } dependent[] = {
	{ 1, 3, 1, 5 }, { 1, 5, 2, 22 }, { 1, 3, 2, 22 }, { 1, 0, 11, 9 }, { 1, 6, 3, 22 },
	{ 2, 21, 11, 4 }, { 2, 21, 11, 8 }, { 2, 21, 11, 9 }, { 11, 1, 11, 7 }, { 11, 1, 11, 17 }, { 11, 1, 11, 13 }, { 11, 1, 11, 18 },
	{ 3, 12, 4, 13 }, { 4, 13, 3, 12 }, { 3, 19, 4, 14 }, { 4, 14, 3, 19 }, { 4, 14, 3, 18 },
	{ 3, 19, 3, 18 }, { 3, 21, 4, 15 }, { 4, 15, 3, 21 }, { 4, 15, 3, 20 }, { 3, 21, 3, 20 },
};

static u64 offered_in(u32 msr)
{
	return nested_caps.control[msr == 11 ? 4 : msr - 1] >> 32;
}

static void dependencies(void)
{
	u32 i, j, k;

	for (i = 0; i < ARRAY_SIZE(dependent); i++) {
		start(&models[1]);
		check(offered_in(dependent[i].of) & BIT(dependent[i].gone));
		cpu.msr[dependent[i].msr] &= ~BIT(32 + dependent[i].bit);
		start(&cpu);
		check(!(offered_in(dependent[i].msr) & BIT(dependent[i].bit)));
		check(!(offered_in(dependent[i].of) & BIT(dependent[i].gone)), "line %u", i);
		/* and nothing else goes */
		for (j = 1; j < 12; j = j == 4 ? 11 : j + 1) {
			u64 gone = (expected[1][j] >> 32) & ~offered_in(j);

			for (k = 0; k < ARRAY_SIZE(dependent); k++)
				if (dependent[k].msr == dependent[i].msr &&
				    dependent[k].bit == dependent[i].bit && dependent[k].of == j)
					gone &= ~BIT(dependent[k].gone);
			if (dependent[i].msr == j)
				gone &= ~BIT(dependent[i].bit);
			check(!gone, "line %u: %u: %llx", i, j, gone);
		}
	}
	ok(1, "a control whose need is missing is not offered, and only that");
	start(&models[1]);
	cpu.MSR(EPT_VPID_CAP) &= ~BIT(21);
	start(&cpu);
	ok(!offers(nested_caps.proc2, PROC2_PML) && offers(nested_caps.proc2, PROC2_EPT),
	   "no A/D bits: no PML");
	start(&models[1]);
	cpu.MSR(VMFUNC) &= ~BIT(0);
	start(&cpu);
	ok(!offers(nested_caps.proc2, PROC2_VM_FUNCTIONS) && offers(nested_caps.proc2, PROC2_EPT_VIOLATION_VE),
	   "no EPTP switching: no VM functions");
	start(&models[1]);
	cpu.perf_global_ctrl = false;
	start(&cpu);
	ok(!offers(nested_caps.exit, BIT(12)) && !offers(nested_caps.entry, BIT(13)) &&
	   !offers(nested_caps.true_exit, BIT(12)), "no IA32_PERF_GLOBAL_CTRL: no control for it");
}

/* A CPU that keeps to appendix A, else at random. */
static void random_cpu(void)
{
	u32 i;

	cpu = models[fake_below(3)];
	cpu.perf_global_ctrl = fake_chance(50);
	for (i = 0; i < NR; i++) {
		u64 noise = fake_chance(50) ? fake_random() : fake_random() & fake_random() & fake_random();

		if ((i >= 1 && i <= 4) || i == 11)
			noise = (noise & ~0xffffffffull) & ~(cpu.msr[i] << 32);
		cpu.msr[i] ^= noise;
	}
	for (i = 1; i <= 4; i++)	/* TRUE: some of the default1 class free */
		cpu.msr[i + 12] = cpu.msr[i] & (~0xffffffffull | fake_random() | fake_random());
	cpu.absent = 0;
	if (!(cpu.MSR(PROCBASED_CTLS) >> 63))
		cpu.absent |= BIT_OF(PROCBASED_CTLS2) | BIT_OF(EPT_VPID_CAP) | BIT_OF(VMFUNC);
	if (!(cpu.MSR(PROCBASED_CTLS2) >> 32 & (PROC2_EPT | PROC2_VPID)))
		cpu.absent |= BIT_OF(EPT_VPID_CAP);
	if (!(cpu.MSR(PROCBASED_CTLS2) >> 32 & PROC2_VM_FUNCTIONS))
		cpu.absent |= BIT_OF(VMFUNC);
	if (!(cpu.MSR(BASIC) & BIT(55)))
		cpu.absent |= TRUE_BITS;
	if (!(cpu.MSR(PROCBASED_CTLS) & BIT(49)))
		cpu.absent |= BIT_OF(PROCBASED_CTLS3);
	if (!(cpu.MSR(EXIT_CTLS) & BIT(63)))
		cpu.absent |= BIT_OF(EXIT_CTLS2);
}

static void check_subset(u64 offer, u64 of_cpu)
{
	check((u32)offer == (u32)of_cpu && !(offer >> 32 & ~(of_cpu >> 32)));
	check(!((u32)offer & ~(offer >> 32)));
}

static void random_cpus(void)
{
	const struct nested_caps *c = &nested_caps;
	u32 n, i, absent;
	u64 value;

	for (n = 0; n < 50000; n++) {
		random_cpu();
		start(&cpu);
		check(!(was_read & cpu.absent), "%x read, %x absent", was_read, cpu.absent);
		for (i = 0; i < 4; i++) {
			u64 of_cpu = cpu.msr[i + (c->basic & BIT(55) ? 13 : 1)];

			check_subset(c->control[i], cpu.msr[i + 1]);
			check(c->true_control[i] >> 32 == c->control[i] >> 32);
			/* what L1 may set or leave, the CPU lets us set or leave */
			check(!((u32)of_cpu & ~(u32)c->true_control[i]));
			check(!(c->true_control[i] >> 32 & ~(of_cpu >> 32)));
		}
		check(!c->proc2 || !((c->proc2 >> 32) & ~(cpu.msr[11] >> 32)));
		check(!(c->ept_vpid & ~cpu.MSR(EPT_VPID_CAP)));
		for (i = 0; i < ARRAY_SIZE(dependent); i++)
			check((offered_in(dependent[i].msr) & BIT(dependent[i].bit)) ||
			      !(offered_in(dependent[i].of) & BIT(dependent[i].gone)));
		absent = NEWEST | (c->basic & BIT(55) ? 0 : TRUE_BITS);
		if (!(c->proc >> 63))
			absent |= BIT_OF(PROCBASED_CTLS2);
		if (!(c->proc2 >> 32 & (PROC2_EPT | PROC2_VPID)))
			absent |= BIT_OF(EPT_VPID_CAP);
		if (!(c->proc2 >> 32 & PROC2_VM_FUNCTIONS))
			absent |= BIT_OF(VMFUNC);
		check((c->proc2 >> 32 & PROC2_VM_FUNCTIONS) ? c->vmfunc == 1 && (cpu.MSR(VMFUNC) & 1) :
		      (absent & BIT_OF(VMFUNC)));
		for (i = 0; i < NR; i++)
			check(!nested_caps_read(MSR_VMX_BASIC + i, &value) == !(absent & 1u << i), "%x", i);
	}
	ok(1, "50,000 random CPUs: nothing that the CPU has not, no MSR read or shown that is not there");
}

int main(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(models); i++)
		exactly(i);
	for (i = 0; i < ARRAY_SIZE(models); i++)
		kvm_starts(i);
	nothing_unknown();
	without_true();
	absent_msrs();
	dependencies();
	random_cpus();
	return tap_finish();
}
