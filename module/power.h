/* SPDX-License-Identifier: GPL-2.0 */
/* Suspend is refused; reboot, poweroff and kexec leave the core first (RULES 24). */
#ifndef UNDERPIN_MODULE_POWER_H
#define UNDERPIN_MODULE_POWER_H

int power_init(void);
void power_exit(void);

#endif
