/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Intel PT may not run while a CPU enters VMX operation on older CPUs (SDM vol.
 * 3, 33.5.1): Linux stops it for us while we are there, as it does for KVM.
 * Kernels that keep the call for KVM alone (Kbuild looks) leave it to the core,
 * which refuses a CPU that traces.
 */
#ifndef UNDERPIN_MODULE_PT_H
#define UNDERPIN_MODULE_PT_H

#ifdef HAVE_INTEL_PT_HANDLE_VMX
#include <asm/perf_event.h>

static inline void pt_hold(void)
{
	intel_pt_handle_vmx(1);
}

static inline void pt_release(void)
{
	intel_pt_handle_vmx(0);
}
#else
static inline void pt_hold(void)
{
}

static inline void pt_release(void)
{
}
#endif
#endif
