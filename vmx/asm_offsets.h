/* SPDX-License-Identifier: GPL-2.0 */
/* Offsets in struct cpu for exit.S; vmx/cpu.h checks each at compile time. */
#ifndef UNDERPIN_VMX_ASM_OFFSETS_H
#define UNDERPIN_VMX_ASM_OFFSETS_H

#define CPU_FLUSH_DONE 176
#define CPU_EVENTS 184
#define CPU_EVENTS_SEEN 188
#define CPU_MODE 192
#define CPU_LAUNCH_RSP 208

#endif
