// SPDX-License-Identifier: GPL-2.0
/*
 * The VMX-preemption timer (SDM vol. 3, 26.5.1) while L2 runs: VMCS02's is set to
 * whatever comes first, the end of L1's or the core's own period (vmx/kick.h). It
 * counts one for 2^rate ticks of the TSC.
 */
#include "../../include/platform.h"
#include "../controls.h"
#include "../kick_internal.h"
#include "nested.h"

static u64 ticks_now(void)
{
	return rdtsc() >> (vmx_caps.misc & 0x1f);
}

static bool l1_uses_timer(const struct nested *n)
{
	return n->vmcs12.pin_based_controls & PIN_PREEMPTION_TIMER;
}

void nested_timer_start(struct nested *n)
{
	if (l1_uses_timer(n))
		n->timer_end = ticks_now() + (u32)n->vmcs12.vmx_preemption_timer_value;
}

u32 nested_timer_rest(const struct nested *n)
{
	u64 now = ticks_now();

	if (!l1_uses_timer(n))
		return 0xffffffff;
	return now >= n->timer_end ? 0 : n->timer_end - now;
}

void nested_timer_arm(struct nested *n)
{
	u64 period = kick_period(), rest = nested_timer_rest(n);

	if (vmx_caps.preemption_timer)
		vmwrite(VMX_PREEMPTION_TIMER_VALUE, rest < period ? rest : period);
}
