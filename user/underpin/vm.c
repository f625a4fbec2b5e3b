// SPDX-License-Identifier: GPL-2.0
/* `underpin vm`: starts underpin-vm, a program of its own (user/vm), which needs more libraries than this one. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

#define PROGRAM "underpin-vm"

/* Beside this program as built or as installed. Answers only if none could be started. */
static void try_beside(char **argv)
{
	static const char *const places[] = { PROGRAM, "../" PROGRAM, "../vm/" PROGRAM, "../lib/underpin/" PROGRAM };
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (n <= 0)
		return;
	self[n] = 0;
	*strrchr(self, '/') = 0;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", self, places[i]);
		execv(path, argv);
	}
}

int cmd_vm(int argc, char **argv)
{
	(void)argc;
	try_beside(argv);
	return complain("vm: %s is not installed: build it with make -C user/vm (user/vm/packages lists what it needs)", PROGRAM);
}
