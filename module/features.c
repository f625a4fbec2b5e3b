// SPDX-License-Identifier: GPL-2.0
/*
 * Collects the facts about each CPU that module/requirements.h asks for (SDM vol.
 * 3, appendix A says which MSR exists when), and lets that table judge.
 */
#include "state.h"
#include "features.h"

#include <linux/cpu.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/smp.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/msr.h>
#include <asm/processor.h>
#include <asm/special_insns.h>

#include "requirements.h"
#include "cpuid.h"
#include "hypercall.h"

#define FEATURE_CONTROL 0x3a
#define FEATURE_CONTROL_LOCKED 0x1
#define FEATURE_CONTROL_VMX 0x4	/* outside SMX */
#define BASIC_TRUE_CTLS BIT_ULL(55)
#define PROC_SECONDARY BIT_ULL(31)
#define PROC2_EPT BIT_ULL(1)
#define PROC2_VPID BIT_ULL(5)
#define PROC2_UNRESTRICTED BIT_ULL(7)

/* The value, or 0 where the MSR does not exist. */
static u64 read_msr(u32 msr)
{
	u32 lo = 0, hi = 0;

	if (rdmsr_safe(msr, &lo, &hi))
		return 0;
	return (u64)hi << 32 | lo;
}

static void collect_vmx(struct cpu_facts *f)
{
	u32 true_offset;

	f->basic = read_msr(0x480);
	true_offset = f->basic & BASIC_TRUE_CTLS ? 0x48d - 0x481 : 0;
	f->pin = read_msr(0x481 + true_offset);
	f->proc = read_msr(0x482 + true_offset);
	f->exit = read_msr(0x483 + true_offset);
	f->entry = read_msr(0x484 + true_offset);
	f->cr4_fixed1 = read_msr(0x489);
	if (!((f->proc >> 32) & PROC_SECONDARY))
		return;
	f->proc2 = read_msr(0x48b);
	if ((f->proc2 >> 32) & (PROC2_EPT | PROC2_VPID))
		f->ept_vpid_cap = read_msr(0x48c);
}

/* On the CPU in question, with interrupts off. */
static void collect(void *data)
{
	struct cpu_facts *f = data;

	memset(f, 0, sizeof(*f));
	f->vmx = cpuid_ecx(1) & BIT(5);
	f->rdtscp = cpuid_edx(0x80000001) & BIT(27);
	if (cpuid_eax(0) >= 7) {
		u32 eax, ebx, ecx, edx;

		cpuid_count(7, 0, &eax, &ebx, &ecx, &edx);
		f->invpcid = ebx & BIT(10);
		f->waitpkg = ecx & BIT(5);
	}
	if (cpuid_eax(0) >= 0xd) {
		u32 eax, ebx, ecx, edx;

		cpuid_count(0xd, 1, &eax, &ebx, &ecx, &edx);
		f->xsaves = eax & BIT(3);
	}
	f->physical_bits = cpuid_eax(0x80000000) >= 0x80000008 ?
			   cpuid_eax(0x80000008) & 0xff : 36;
	f->cr4 = native_read_cr4();
	if (!f->vmx)
		return;
	f->feature_control = read_msr(FEATURE_CONTROL);
	collect_vmx(f);
}

/* As the core itself reckons it (vmx/cpuid.c). */
static u32 __init find_depth(void)
{
	u32 block, depth = 0, eax, name[3];

	for (block = 0; block < 16; block++) {
		u32 leaf = 0x40000000 + block * 0x100;

		cpuid(leaf, &eax, &name[0], &name[1], &name[2]);
		if (!memcmp(name, "UnderpinCore", 12))
			depth = max(depth, cpuid_ebx(leaf + 1) + 1);
		else if (!boot_cpu_has(X86_FEATURE_HYPERVISOR) || eax < leaf || eax > leaf + 0xff)
			break;
	}
	return depth;
}

int __init features_check(void)
{
	const struct requirement *missing;
	struct cpu_facts facts;
	unsigned int i;
	int err;

	core_depth = find_depth();
	cpus_unrestricted = true;
	for (i = 0; i < nr_cpu_slots; i++) {
		err = smp_call_function_single(cpu_slots[i].cpu, collect, &facts, true);
		if (err) {
			pr_err("CPU %u went offline: keep all CPUs online and load again\n",
			       cpu_slots[i].cpu);
			return -EBUSY;
		}
		missing = requirement_missing(&facts);
		if (missing) {
			pr_err("CPU %u: %s: %s\n", cpu_slots[i].cpu, missing->name,
			       missing->remedy);
			return -missing->error;
		}
		if (!((facts.proc2 >> 32) & PROC2_UNRESTRICTED))
			cpus_unrestricted = false;
	}
	return 0;
}

int features_unlock_vmx(void)
{
	u64 value = read_msr(FEATURE_CONTROL);

	if (value & FEATURE_CONTROL_LOCKED)
		return value & FEATURE_CONTROL_VMX ? 0 : -ENODEV;
	value |= FEATURE_CONTROL_LOCKED | FEATURE_CONTROL_VMX;
	return wrmsr_safe(FEATURE_CONTROL, (u32)value, (u32)(value >> 32)) ? -ENODEV : 0;
}
