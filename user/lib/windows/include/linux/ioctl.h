/* SPDX-License-Identifier: MIT */
/* As above: a request without a size (asm-generic/ioctl.h: type in bits 15:8, number in 7:0). */
#ifndef UNDERPIN_WINDOWS_LINUX_IOCTL_H
#define UNDERPIN_WINDOWS_LINUX_IOCTL_H

#define _IO(type, nr) ((unsigned long)((type) << 8 | (nr)))

#endif
