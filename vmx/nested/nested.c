// SPDX-License-Identifier: GPL-2.0
/*
 * What nesting needs for each CPU, and the ways in and out of it. Read nested.h
 * first; instructions.c has what L1 does.
 */
#include "nested.h"

#include "../../ept/frame.h"
#include "../../ept/shadow.h"
#include "../../include/platform.h"
#include "../controls.h"
#include "../launch.h"
#include "caps.h"
#include "check.h"

/* exit.S: exits of L2 go straight to exit_slow(). */
extern char vmx_exit_entry_slow[];

/* Pages that one step of the start puts into nested_pool: each is wiped, 512. */
#define POOL_PAGES_A_STEP 32

struct nested *nested_of_cpu[CORE_MAX_CPUS];

bool nested_offered(void)
{
	return nested_of_cpu[0];
}

static int init_cpu(u32 slot)
{
	hpa_t state = page_alloc(&core_pool);
	struct nested *n;
	u32 i;

	if (!state.v)
		return -ENOMEM;
	n = phys_to_virt(state);
	n->vmcs02 = vmcs_alloc();
	n->scratch = page_alloc(&core_pool);
	if (!n->vmcs02.v || !n->scratch.v)
		return -ENOMEM;
	for (i = 0; i < NR_BITMAPS; i++) {
		n->bitmap[i].page = page_alloc(&core_pool);
		if (!n->bitmap[i].page.v)
			return -ENOMEM;
	}
	if (vmcs_shadow_init_cpu(n))
		return -ENOMEM;
	n->current = NO_VMCS12;
	nested_of_cpu[slot] = n;
	return 0;
}

static int fill_pool(void)
{
	u32 n;

	for (n = 0; nested_pool.nr_total < handover.nested_pages; n++) {
		hpa_t page;

		if (n == POOL_PAGES_A_STEP)
			return -EAGAIN;
		page = page_alloc(&core_pool);
		if (!page.v)
			return -ENOMEM;
		page_free(&nested_pool, page);
		nested_pool.nr_total++;
	}
	return 0;
}

int nested_init_step(void)
{
	static u32 next_slot;
	int err;

	if (!handover.nested_pages)
		return 0;
	if (!next_slot) {
		nested_caps_init();
		err = vmcs_shadow_init();
		if (err)
			return err;
	}
	if (next_slot < handover.nr_cpus) {
		err = init_cpu(next_slot++);
		return err ? err : -EAGAIN;
	}
	err = fill_pool();
	if (err)
		return err;
	check_init();
	shadow_init();
	sync_init();
	return 0;
}

void nested_launch(struct cpu *cpu)
{
	struct nested *n = nested_state(cpu);

	if (!n)
		return;
	vmclear(n->vmcs02);
	n->launched02 = false;
	vmptrld(n->vmcs02);
	vmcs_write_host_state(cpu);
	vmwrite(HOST_RIP, (u64)vmx_exit_entry_slow);
	vmwrite(VM_EXIT_MSR_STORE_COUNT, 0);
	vmwrite(VM_EXIT_MSR_LOAD_COUNT, 0);
	vmwrite(VM_ENTRY_MSR_LOAD_COUNT, 0);
	vmwrite(MSR_BITMAP, n->bitmap[BITMAP_MSR].page.v);
	vmwrite(VMCS_LINK_POINTER, ~0ull);
	if (nested_control_offered(VMCS12_EXISTS_PROC2(13)))
		vmwrite(VM_FUNCTION_CONTROLS, 0);
	if (vmx_caps.vpid)
		vmwrite(VPID, VPID_L2);
}

void nested_leave(struct cpu *cpu)
{
	struct nested *n = nested_state(cpu);

	if (n)
		vmclear(n->vmcs02);
}

void nested_forget_vmcs02(struct cpu *cpu, struct nested *n)
{
	u32 i;

	for (i = 0; i < NR_HELD; i++) {
		if (n->held[i])
			frame_drop(n->held[i] - 1);
		n->held[i] = 0;
	}
	if (n->shadow)
		shadow_put(n->shadow);
	n->shadow = NULL;
	nested_all_dirty(n);
	n->rare_in_vmcs02 = false;
}
