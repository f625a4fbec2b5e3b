/* SPDX-License-Identifier: MIT */
/* What pal.c does to its pages, in a Windows program: see ../../linux.h. */
#ifndef UNDERPIN_WINDOWS_SYS_MMAN_H
#define UNDERPIN_WINDOWS_SYS_MMAN_H

#include <stddef.h>

#define PROT_READ 1
#define PROT_WRITE 2
#define PROT_EXEC 4
#define MADV_DONTFORK 10
#define MADV_DOFORK 11
#define MADV_NOHUGEPAGE 15

/* By VirtualProtect(), so that Wine's own books are right. */
int underpin_linux_mprotect(void *start, size_t size, int rights);
int underpin_linux_madvise(void *start, size_t size, int advice);
#define mprotect underpin_linux_mprotect
#define madvise underpin_linux_madvise

#endif
