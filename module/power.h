/* SPDX-License-Identifier: GPL-2.0 */
/* Suspend is refused; reboot, poweroff and kexec leave the core first (RULES 24). */
#ifndef UNDERPIN_MODULE_POWER_H
#define UNDERPIN_MODULE_POWER_H

/* The ports by which this machine sleeps or is reset, for the core. */
void power_ports(struct handover *h);
int power_init(void);
void power_exit(void);

#endif
