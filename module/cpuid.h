/* SPDX-License-Identifier: GPL-2.0 */
/* CPUID of Linux's: the header has moved (6.16). */
#ifndef UNDERPIN_MODULE_CPUID_H
#define UNDERPIN_MODULE_CPUID_H

#include <linux/version.h>

#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#include <asm/cpuid/api.h>
#else
#include <asm/cpuid.h>
#endif

#endif
