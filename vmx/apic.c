// SPDX-License-Identifier: GPL-2.0
/* See apic.h. */
#include "apic.h"

#include "../include/platform.h"
#include "msr_index.h"

#define APIC_ICR_LOW 0x300
#define APIC_ICR_HIGH 0x310
#define ICR_INIT 0x500u
#define ICR_STARTUP 0x600u
#define ICR_PENDING 0x1000u
#define ICR_ASSERT 0x4000u
#define IDLE_SPINS 2000

static bool wait_idle(volatile u32 *icr)
{
	int i;

	for (i = 0; i < IDLE_SPINS; i++) {
		if (!(*icr & ICR_PENDING))
			return true;
		cpu_relax();
	}
	return false;
}

static bool send(u32 apic_id, u32 command)
{
	volatile u32 *icr, *icr2;
	u64 base;
	u32 saved;
	char *page;
	bool sent;

	if (rdmsr_safe(MSR_APIC_BASE, &base) || !(base & APIC_BASE_ENABLE))
		return false;
	if (base & APIC_BASE_X2APIC)
		return !wrmsr_safe(MSR_X2APIC_ICR, (u64)apic_id << 32 | command);

	page = phys_to_virt(HPA(APIC_BASE_DEFAULT));
	if (!page || apic_id > 0xff)
		return false;
	icr = (volatile u32 *)(page + APIC_ICR_LOW);
	icr2 = (volatile u32 *)(page + APIC_ICR_HIGH);
	/* Linux may be between its writes of ICR2 and ICR: put ICR2 back. */
	if (!wait_idle(icr))
		return false;
	saved = *icr2;
	*icr2 = apic_id << 24;
	*icr = command;
	sent = wait_idle(icr);
	*icr2 = saved;
	return sent;
}

bool apic_send_init(u32 apic_id)
{
	return send(apic_id, ICR_INIT | ICR_ASSERT);
}

bool apic_send_sipi(u32 apic_id, u8 vector)
{
	return send(apic_id, ICR_STARTUP | ICR_ASSERT | vector);
}

bool apic_base_write_allowed(u64 old, u64 new, u32 maxphyaddr)
{
	u64 mode_old = old & (APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	u64 mode_new = new & (APIC_BASE_ENABLE | APIC_BASE_X2APIC);
	u64 reserved = 0x2ffull | ~(BIT(maxphyaddr) - 1);

	if (new & reserved)
		return false;
	/* Anywhere else the registers would shadow RAM, the core's included. */
	if ((new & PAGE_MASK) != APIC_BASE_DEFAULT)
		return false;
	if ((new ^ old) & APIC_BASE_BSP)
		return false;
	/* SDM figure 11-27: no x2APIC without enable, no way back but by off. */
	if (mode_new == APIC_BASE_X2APIC)
		return false;
	if (mode_old == (APIC_BASE_ENABLE | APIC_BASE_X2APIC) && mode_new == APIC_BASE_ENABLE)
		return false;
	if (mode_old == 0 && mode_new == (APIC_BASE_ENABLE | APIC_BASE_X2APIC))
		return false;
	return true;
}
