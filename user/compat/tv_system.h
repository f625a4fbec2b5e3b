/* SPDX-License-Identifier: MIT */
/* What tv.c needs of the system: tv_linux.c, tv_windows.c. */
#ifndef UNDERPIN_TV_SYSTEM_H
#define UNDERPIN_TV_SYSTEM_H

#include <stdint.h>

/* Pages of the process' own, zeros; NULL: none. */
void *tv_pages(uint64_t nr);
/* A file descriptor of libunderpin's; errno stays. */
void tv_close(int fd);

#endif
