/* SPDX-License-Identifier: GPL-2.0 */
/* Linux's cpuid_*(), whose header has moved. */
#ifndef UNDERPIN_MODULE_CPUID_H
#define UNDERPIN_MODULE_CPUID_H

#if __has_include(<asm/cpuid/api.h>)
#include <asm/cpuid/api.h>
#else
#include <asm/cpuid.h>
#endif

#endif
