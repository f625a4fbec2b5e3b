// SPDX-License-Identifier: GPL-2.0
/*
 * Facts about each CPU, for the table in module/requirements.c: CPUID on the CPU
 * itself, MSRs through /dev/cpu/N/msr. CR4 cannot be read in user space.
 */
#include <cpuid.h>
#include <ctype.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "facts.h"
#include "vmx/msr_index.h"
#include "vmx/vmcs.h"

static bool read_msr(int fd, uint32_t index, uint64_t *value)
{
	return pread(fd, value, sizeof(*value), index) == sizeof(*value);
}

/* May-be-1 settings (SDM A.3.1). */
static bool allowed(uint64_t controls, uint64_t bit)
{
	return (controls >> 32) & bit;
}

static void gather_msrs(unsigned int cpu, struct cpu_report *report)
{
	struct cpu_facts *f = &report->facts;
	bool true_controls;
	uint64_t value;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/dev/cpu/%u/msr", cpu);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	report->msrs_known = read_msr(fd, MSR_FEATURE_CONTROL, &value);
	if (report->msrs_known)
		f->feature_control = value;
	/* The capability MSRs exist if CPUID shows VMX; absent ones stay 0. */
	if (f->vmx && read_msr(fd, MSR_VMX_BASIC, &value)) {
		f->basic = value;
		report->msrs_known = true;
		true_controls = value >> 55 & 1;
		read_msr(fd, true_controls ? MSR_VMX_TRUE_PINBASED_CTLS : MSR_VMX_PINBASED_CTLS, (uint64_t *)&f->pin);
		read_msr(fd, true_controls ? MSR_VMX_TRUE_PROCBASED_CTLS : MSR_VMX_PROCBASED_CTLS, (uint64_t *)&f->proc);
		read_msr(fd, true_controls ? MSR_VMX_TRUE_EXIT_CTLS : MSR_VMX_EXIT_CTLS, (uint64_t *)&f->exit);
		read_msr(fd, true_controls ? MSR_VMX_TRUE_ENTRY_CTLS : MSR_VMX_ENTRY_CTLS, (uint64_t *)&f->entry);
		read_msr(fd, MSR_VMX_CR4_FIXED1, (uint64_t *)&f->cr4_fixed1);
		if (allowed(f->proc, PROC_SECONDARY_CONTROLS))
			read_msr(fd, MSR_VMX_PROCBASED_CTLS2, (uint64_t *)&f->proc2);
		if (allowed(f->proc2, PROC2_EPT) || allowed(f->proc2, PROC2_VPID))
			read_msr(fd, MSR_VMX_EPT_VPID_CAP, (uint64_t *)&f->ept_vpid_cap);
	}
	close(fd);
}

void gather_cpu(unsigned int cpu, struct cpu_report *report)
{
	struct cpu_facts *f = &report->facts;
	unsigned int a, b, c, d;
	cpu_set_t before, one;

	memset(report, 0, sizeof(*report));
	if (facts_from_file(cpu, report))
		return;
	if (cpu >= CPU_SETSIZE || sched_getaffinity(0, sizeof(before), &before))
		return;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		return;
	report->bound = true;
	if (__get_cpuid(1, &a, &b, &c, &d))
		f->vmx = c >> 5 & 1;
	if (__get_cpuid(0x80000001, &a, &b, &c, &d))
		f->rdtscp = d >> 27 & 1;
	if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
		f->invpcid = b >> 10 & 1;
		f->waitpkg = c >> 5 & 1;
	}
	if (__get_cpuid_count(0xd, 1, &a, &b, &c, &d))
		f->xsaves = a >> 3 & 1;
	if (__get_cpuid(0x80000008, &a, &b, &c, &d))
		f->physical_bits = a & 0xff;
	sched_setaffinity(0, sizeof(before), &before);
	gather_msrs(cpu, report);
}

bool hypervisor_visible(char signature[13])
{
	unsigned int a, b, c, d;
	int i;

	memset(signature, 0, 13);
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c >> 31))
		return false;
	__cpuid(0x40000000, a, b, c, d);
	memcpy(signature, &b, 4);
	memcpy(signature + 4, &c, 4);
	memcpy(signature + 8, &d, 4);
	for (i = 0; i < 12; i++)
		if (signature[i] && !isprint((unsigned char)signature[i]))
			signature[i] = '?';
	return true;
}
