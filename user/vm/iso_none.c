// SPDX-License-Identifier: GPL-2.0
/* In place of iso_archive.c where libarchive was not there at build time. */
#include "iso.h"

bool iso_find(const char *name, struct iso_boot *boot, struct problem *p)
{
	(void)boot;
	return problem(p, "%s: ISO images cannot be read: build with libarchive-dev, or extract the kernel and give --kernel", name);
}
