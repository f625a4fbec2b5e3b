// SPDX-License-Identifier: GPL-2.0
/*
 * See kick.h. Read init_sipi.c for how a kick by INIT is told from Linux's own.
 */
#include "kick.h"

#include "../include/platform.h"
#include "apic.h"
#include "controls.h"
#include "cpu.h"
#include "init_sipi.h"
#include "kick_internal.h"
#include "vmcs.h"

u64 flush_generation;

/* When the newest generation was asked for: TSC. */
static u64 flush_begun;

/* TSC ticks since then; TSCs of two CPUs may differ a little, so never "long ago" by underflow. */
static u64 ticks_since(u64 then)
{
	s64 ticks = rdtsc() - then;

	return ticks < 0 ? 0 : ticks;
}

static bool has_flushed(const struct cpu *cpu, u64 ticket)
{
	/* Offline CPUs flush before they run again (exit 4). */
	return !READ_ONCE(cpu->in_vmx) || READ_ONCE(cpu->wait_sipi) ||
	       READ_ONCE(cpu->flush_done) >= ticket;
}

/* Only where the preemption timer does not bring them by itself. */
static void kick_all_behind(u64 ticket, const struct cpu *self)
{
	u32 slot;

	if (vmx_caps.preemption_timer)
		return;

	for (slot = 0; slot < handover.nr_cpus; slot++) {
		struct cpu *cpu = cpu_of_slot(slot);

		if (cpu == self || has_flushed(cpu, ticket))
			continue;
		/* Give the last one time to arrive. */
		if (cpu->kick_sent && ticks_since(READ_ONCE(cpu->kick_sent)) < KICK_RESEND_TICKS)
			continue;
		WRITE_ONCE(cpu->kick_sent, rdtsc());
		apic_send_init(cpu->apic_id);
	}
}

void flush_this_cpu(struct cpu *cpu)
{
	u64 generation = READ_ONCE(flush_generation);

	barrier();
	invept(INVEPT_ALL_CONTEXTS, 0);
	barrier();
	WRITE_ONCE(cpu->flush_done, generation);
}

u64 tlb_flush_begin(void)
{
	struct cpu *self = this_cpu();
	u64 ticket = atomic_fetch_add64(&flush_generation, 1) + 1;

	WRITE_ONCE(flush_begun, rdtsc());
	if (self->in_vmx)
		flush_this_cpu(self);
	kick_all_behind(ticket, self);
	return ticket;
}

int tlb_flush_done(u64 ticket)
{
	struct cpu *self = this_cpu();
	u32 slot;

	if (self->in_vmx && self->flush_done < ticket)
		flush_this_cpu(self);
	for (slot = 0; slot < handover.nr_cpus; slot++)
		if (!has_flushed(cpu_of_slot(slot), ticket) && cpu_of_slot(slot) != self)
			break;
	if (slot == handover.nr_cpus)
		return 1;
	if (ticks_since(READ_ONCE(flush_begun)) > (u64)handover.tsc_khz * 3 * KICK_PERIOD_MS)
		return -ETIMEDOUT;
	kick_all_behind(ticket, self);
	return 0;
}

u32 kick_period(void)
{
	/* The timer counts down once every 2^rate ticks of the TSC (SDM A.6, 26.5.1). */
	u64 value = ((u64)handover.tsc_khz * KICK_PERIOD_MS) >> (vmx_caps.misc & 0x1f);

	return value < 0xffffffff ? value : 0xffffffff;
}

void kick_arm(void)
{
	if (vmx_caps.preemption_timer)
		vmwrite(VMX_PREEMPTION_TIMER_VALUE, kick_period());
}

bool kick_outstanding(const struct cpu *cpu)
{
	u64 sent = READ_ONCE(cpu->kick_sent);

	return sent && ticks_since(sent) < (u64)handover.tsc_khz * KICK_WINDOW_MS;
}
