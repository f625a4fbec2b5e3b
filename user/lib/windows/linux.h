/* SPDX-License-Identifier: MIT */
/*
 * Compiled into every source of libunderpin's Windows build (-include): Linux'
 * open() and close() in place of those of Windows' C library, whose file
 * descriptors are others. linux.c makes the system calls.
 */
#ifndef UNDERPIN_WINDOWS_LINUX_H
#define UNDERPIN_WINDOWS_LINUX_H

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <stdlib.h>
#include <unistd.h>

#define O_CLOEXEC 0x80000	/* Linux' number; O_RDWR is the same in both */
#define secure_getenv getenv

/* The path is Linux', "/dev/underpin". -1 with errno (Windows' numbers), as in Linux. ENOSYS: not under Wine, or a Wine that cannot do it. */
int underpin_linux_open(const char *path, int flags);
int underpin_linux_close(int fd);	/* underpin.h has it too */
/* Windows' number of an errno of Linux'. */
int underpin_errno_of_linux(int error);
#define open underpin_linux_open
#define close underpin_linux_close

#endif
