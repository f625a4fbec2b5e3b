// SPDX-License-Identifier: GPL-2.0
/* MSRs, CPUID, VMCSs, kicks, log, random numbers of the fake machine. See fake.h. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../vmx/cpu.h"
#include "../../vmx/kick.h"
#include "../../vmx/nested/caps.h"
#include "../../vmx/nested/check.h"
#include "fake.h"
#include "fake_tlb.h"

#define WEAK __attribute__((weak))

/* ---- random: xorshift64* ---- */
static u64 state;

void fake_seed(u64 seed)
{
	state = seed * 0x9e3779b97f4a7c15ull + 1;
}

u64 fake_random(void)
{
	if (!state)
		fake_seed(getenv("SEED") ? strtoull(getenv("SEED"), NULL, 0) : 1);
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

u64 fake_below(u64 n)
{
	return (fake_random() >> 8) % n;
}

bool fake_chance(u32 percent)
{
	return fake_below(100) < percent;
}

/* ---- no nesting, unless the test links or defines it ---- */
WEAK struct nested *nested_of_cpu[CORE_MAX_CPUS];
WEAK struct check_allowed check_allowed;

/* ---- MSRs ---- */
#define NR_MSRS 1024
static struct { u32 msr; bool present; u64 value; } msrs[NR_MSRS];

static u32 msr_slot(u32 msr)
{
	u32 i = msr * 2654435761u % NR_MSRS;

	while (msrs[i].msr && msrs[i].msr != msr + 1)
		i = (i + 1) % NR_MSRS;
	msrs[i].msr = msr + 1;
	return i;
}

void fake_msr_set(u32 msr, u64 value)
{
	u32 i = msr_slot(msr);

	msrs[i].present = true;
	msrs[i].value = value;
}

void fake_msr_remove(u32 msr)
{
	msrs[msr_slot(msr)].present = false;
}

u64 fake_msr_get(u32 msr)
{
	u32 i = msr_slot(msr);

	return msrs[i].present ? msrs[i].value : 0;
}

WEAK int rdmsr_safe(u32 msr, u64 *value)
{
	u32 i = msr_slot(msr);

	*value = msrs[i].present ? msrs[i].value : 0;
	return msrs[i].present ? 0 : -EFAULT;
}

WEAK int wrmsr_safe(u32 msr, u64 value)
{
	u32 i = msr_slot(msr);

	if (!msrs[i].present)
		return -EFAULT;
	msrs[i].value = value;
	return 0;
}

WEAK int xsetbv_safe(u32 index, u64 value)
{
	return index == 0 && (value & 1) ? 0 : -EFAULT;
}

/* ---- CPUID ---- */
#define NR_CPUID 256
static struct { u32 leaf, subleaf, regs[4]; } cpuid[NR_CPUID];
static u32 nr_cpuid;

void fake_cpuid_set(u32 leaf, u32 subleaf, u32 eax, u32 ebx, u32 ecx, u32 edx)
{
	u32 i;

	for (i = 0; i < nr_cpuid && (cpuid[i].leaf != leaf || cpuid[i].subleaf != subleaf); i++)
		;
	if (i == NR_CPUID)
		abort();
	if (i == nr_cpuid)
		nr_cpuid++;
	cpuid[i].leaf = leaf;
	cpuid[i].subleaf = subleaf;
	cpuid[i].regs[0] = eax;
	cpuid[i].regs[1] = ebx;
	cpuid[i].regs[2] = ecx;
	cpuid[i].regs[3] = edx;
}

WEAK void cpuid_native(u32 leaf, u32 subleaf, u32 regs[4])
{
	u32 i;

	memset(regs, 0, 16);
	for (i = 0; i < nr_cpuid; i++)
		if (cpuid[i].leaf == leaf && cpuid[i].subleaf == subleaf)
			memcpy(regs, cpuid[i].regs, 16);
}

u64 fake_cr4, fake_tsc;

WEAK u64 read_cr4(void)
{
	return fake_cr4;
}

WEAK u64 rdtsc(void)
{
	return fake_tsc += 100;
}

WEAK void cpu_relax(void)
{
	fake_tsc += 100;
}

WEAK bool cmpxchg64(u64 *p, u64 expected, u64 desired)
{
	return __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

WEAK u64 atomic_fetch_add64(u64 *p, u64 v)
{
	return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
}

/* ---- CPUs and their VMCSs: two a CPU (VMCS01 and another), found by address ---- */
#define NR_FIELDS 0x7000
#define NR_VMCS (3 * FAKE_MAX_CPUS)	/* a nameless one for each CPU, and two with names */
u32 fake_nr_cpus = 1, fake_cpu;
static struct cpu cpus[FAKE_MAX_CPUS];
static struct { hpa_t at; u64 field[NR_FIELDS]; } vmcs[NR_VMCS];
static u32 current[FAKE_MAX_CPUS];
WEAK struct handover handover;
WEAK bool power_wiped;	/* vmx/io.c */

WEAK struct cpu *cpu_of_slot(u32 slot)
{
	return &cpus[slot];
}

u64 *fake_vmcs_field(u32 cpu, u32 field)
{
	if (field >= NR_FIELDS)
		abort();
	return &vmcs[current[cpu]].field[field];
}

WEAK u64 vmread(u32 field)
{
	return *fake_vmcs_field(fake_cpu, field);
}

WEAK void vmwrite(u32 field, u64 value)
{
	*fake_vmcs_field(fake_cpu, field) = value;
}

WEAK void vmptrld(hpa_t at)
{
	u32 i;

	for (i = 0; i < NR_VMCS && vmcs[i].at.v != at.v; i++)
		;
	for (; i == NR_VMCS; i = NR_VMCS + 1) {
		u32 j;

		for (j = FAKE_MAX_CPUS; j < NR_VMCS && vmcs[j].at.v; j++)
			;
		if (j == NR_VMCS)
			abort();
		vmcs[j].at = at;
		current[fake_cpu] = j;
		return;
	}
	current[fake_cpu] = i;
}

WEAK void vmclear(hpa_t at)
{
	u32 i;

	for (i = 0; i < NR_VMCS; i++)
		if (vmcs[i].at.v == at.v)
			vmcs[i].at = HPA(0);
}

WEAK void invept(u64 type, u64 eptp)
{
	fake_tlb_invept(fake_cpu, type, eptp);
}

WEAK void invvpid(u64 type, u16 vpid, u64 linear)
{
	fake_tlb_invvpid(fake_cpu, type, vpid, linear);
}

/* ---- kicks: a CPU flushes when the test lets it come to the core ---- */
static u64 generation;
static u64 reached[FAKE_MAX_CPUS];

WEAK u64 tlb_flush_begin(void)
{
	return ++generation;
}

WEAK int tlb_flush_done(u64 ticket)
{
	u32 i;

	for (i = 0; i < fake_nr_cpus; i++)
		if (reached[i] < ticket)
			return 0;
	return 1;
}

void fake_cpu_visits_core(u32 cpu)
{
	if (reached[cpu] != generation)
		fake_tlb_invept(cpu, 2, 0);
	reached[cpu] = generation;
}

void fake_all_cpus_visit(void)
{
	u32 i;

	for (i = 0; i < fake_nr_cpus; i++)
		fake_cpu_visits_core(i);
}

void fake_cpu_reset(u32 nr_cpus)
{
	u32 i;

	fake_nr_cpus = nr_cpus;
	fake_cpu = 0;
	generation = 0;
	memset(cpus, 0, sizeof(cpus));
	memset(vmcs, 0, sizeof(vmcs));
	memset(reached, 0, sizeof(reached));
	for (i = 0; i < FAKE_MAX_CPUS; i++) {
		current[i] = i;
		cpus[i].slot = i;
		fake_tlb_invept(i, 2, 0);
		fake_tlb_invvpid(i, 2, 0, 0);
	}
}

/* ---- log ---- */
u32 fake_nr_logged;
char fake_last_log[256];

WEAK void log_event(int level, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(fake_last_log, sizeof(fake_last_log), fmt, args);
	va_end(args);
	fake_nr_logged++;
	if (getenv("LOG"))
		printf("# log %d: %s\n", level, fake_last_log);
}
