/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The local APIC, as far as the core needs it: sending INIT and SIPI to another
 * CPU (SDM vol. 3, 11.6). The mode is read afresh at each call, since Linux
 * may change it; the xAPIC's page is mapped in the direct map.
 */
#ifndef UNDERPIN_VMX_APIC_H
#define UNDERPIN_VMX_APIC_H

#include "../include/types.h"

/* False: this CPU's APIC is off or did not become idle. ICR2 is preserved. */
bool apic_send_init(u32 apic_id);
bool apic_send_sipi(u32 apic_id, u8 vector);

/* Is this write to IA32_APIC_BASE legal and harmless to the core (RULES 7)? */
bool apic_base_write_allowed(u64 old, u64 new, u32 maxphyaddr);

#endif
