/* SPDX-License-Identifier: GPL-2.0 */
/*
 * CPUs that go offline and come back. They stay under the core, which emulates
 * INIT and SIPI. While one is offline the module cannot be unloaded (-EBUSY,
 * by a reference to it).
 */
#ifndef UNDERPIN_MODULE_HOTPLUG_H
#define UNDERPIN_MODULE_HOTPLUG_H

int hotplug_init(void);
void hotplug_exit(void);

#endif
