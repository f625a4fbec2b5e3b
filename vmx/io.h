/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ports by which the machine sleeps or is reset (handover.ports): RAM would keep what PALs and keys are, and whoever wakes
 * is not under the core. They exit (I/O bitmaps, SDM vol. 3, 25.6.4); before a write that does it all PALs and keys are wiped.
 */
#ifndef UNDERPIN_VMX_IO_H
#define UNDERPIN_VMX_IO_H

#include "cpu.h"

/* Such a write has come: PALs stay closed. */
extern bool power_wiped;
/* Once: the pages. 0, -ENOMEM. */
int io_init(void);
/* Page of ports 0 to 7FFFH (0) or from there on (1): a set bit exits. */
hpa_t io_bitmap(u32 half);
/* Exit 30 of Linux or of an L2 (its VMCS is current) by such a port: the access is made. */
void handle_io(struct cpu *cpu);

#endif
