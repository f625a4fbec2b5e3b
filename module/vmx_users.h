/* SPDX-License-Identifier: GPL-2.0 */
/* Modules that use VMX on top of the core hold a reference to this one. */
#ifndef UNDERPIN_MODULE_VMX_USERS_H
#define UNDERPIN_MODULE_VMX_USERS_H

int vmx_users_init(void);
void vmx_users_exit(void);

#endif
