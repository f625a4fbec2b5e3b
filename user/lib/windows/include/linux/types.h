/* SPDX-License-Identifier: MIT */
/* What <linux/underpin.h> takes from Linux' header of this name, for MinGW. */
#ifndef UNDERPIN_WINDOWS_LINUX_TYPES_H
#define UNDERPIN_WINDOWS_LINUX_TYPES_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;

#endif
