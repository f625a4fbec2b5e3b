/* SPDX-License-Identifier: MIT */
/* Linux' ioctl() in a Windows program: see ../../linux.h. */
#ifndef UNDERPIN_WINDOWS_SYS_IOCTL_H
#define UNDERPIN_WINDOWS_SYS_IOCTL_H

int underpin_linux_ioctl(int fd, unsigned long request, void *argument);
#define ioctl underpin_linux_ioctl

#endif
