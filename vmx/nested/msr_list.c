// SPDX-License-Identifier: GPL-2.0
/*
 * The MSR areas of a VMCS12, walked in software (RULES 8: the CPU never sees
 * them): SDM vol. 3, 27.4 (loading at entry), 28.4 (storing at exit), 28.6
 * (loading at exit). What a VMCS holds goes into the current one, all else is
 * written as Linux' own WRMSR would be (vmx/msr.c).
 */
#include "../../ept/guest_memory.h"
#include "../../include/platform.h"
#include "../controls.h"
#include "../msr.h"
#include "../msr_index.h"
#include "check.h"
#include "nested.h"

struct msr_entry {
	u32 index, reserved;
	u64 value;
};

/* 512 is what IA32_VMX_MISC[27:25] = 0 recommends; so many are one stay in root (RULES 11). */
#define LIST_MAX 48

static bool is_x2apic(u32 msr)
{
	return msr >> 8 == 8;
}

/* SDM 27.4: what may never be loaded by a list. */
static bool loadable(const struct msr_entry *e)
{
	return !e->reserved && e->index != MSR_FS_BASE && e->index != MSR_GS_BASE &&
	       !is_x2apic(e->index) && msr_is_plain(e->index);
}

/*
 * PAT and PERF_GLOBAL_CTRL go by their value alone: tried in root they would be the core's own
 * memory types, or have counters (and PEBS) run in it, for as long as that takes.
 */
static bool load_value(struct cpu *cpu, u32 msr, u64 value)
{
	if (msr == MSR_PAT) {
		if (!check_pat(value))
			return false;
		vmwrite(GUEST_IA32_PAT, value);
		return true;
	}
	if (msr == MSR_PERF_GLOBAL_CTRL && vmx_caps.perf_global_ctrl) {
		if (value & ~check_allowed.perf_global_ctrl)
			return false;
		vmwrite(GUEST_IA32_PERF_GLOBAL_CTRL, value);
		return true;
	}
	return !msr_write(cpu, msr, value);
}

static bool load_one(struct cpu *cpu, u64 gpa)
{
	struct msr_entry e;

	if (guest_read(GPA(gpa), &e, sizeof(e)) || !loadable(&e))
		return false;
	return load_value(cpu, e.index, e.value);
}

u32 msr_list_load(struct cpu *cpu, u64 gpa, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (i >= LIST_MAX || !load_one(cpu, gpa + i * sizeof(struct msr_entry)))
			return i + 1;
	return 0;
}

static bool store_one(u64 gpa)
{
	struct msr_entry e;

	if (guest_read(GPA(gpa), &e, sizeof(e)) || e.reserved || is_x2apic(e.index) ||
	    msr_read(e.index, &e.value))
		return false;
	return !guest_write(GPA(gpa), &e, sizeof(e));
}

bool msr_list_store(struct cpu *cpu, u64 gpa, u32 count)
{
	u32 i;

	for (i = 0; i < count; i++)
		if (i >= LIST_MAX || !store_one(gpa + i * sizeof(struct msr_entry)))
			return false;
	return true;
}
