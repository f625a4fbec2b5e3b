/* SPDX-License-Identifier: GPL-2.0 */
/* What each CPU can do, compared with module/requirements.c before anything is changed. */
#ifndef UNDERPIN_MODULE_FEATURES_H
#define UNDERPIN_MODULE_FEATURES_H

/*
 * Check every CPU in cpu_slots[]. 0, or the -errno of the first requirement
 * that is not met, with a line in the log that names CPU and remedy. Sets
 * cpus_unrestricted. May sleep.
 */
int features_check(void);

/* On the CPU itself, before its launch: IA32_FEATURE_CONTROL, if the firmware left it open. */
int features_unlock_vmx(void);

#endif
