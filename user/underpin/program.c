// SPDX-License-Identifier: GPL-2.0
/*
 * Subcommands that are programs of their own, because they need more libraries than this one: `underpin vm`
 * (user/vm), and `seal`, `unseal`, `quote`, `verify` (user/trust, which also has a PAL), `tpm` (there too).
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* Beside this program as built or as installed. Answers only if none could be started. */
static void try_beside(const char *program, const char *folder, char **argv)
{
	static const char *const places[] = { "", "../", "../lib/underpin/" };
	char self[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	size_t i;

	if (n <= 0)
		return;
	self[n] = 0;
	*strrchr(self, '/') = 0;
	snprintf(path, sizeof(path), "%s/../%s/%s", self, folder, program);
	execv(path, argv);
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s%s", self, places[i], program);
		execv(path, argv);
	}
}

int cmd_vm(int argc, char **argv)
{
	(void)argc;
	try_beside("underpin-vm", "vm", argv);
	return complain("vm: underpin-vm is not installed: build it with make -C user/vm (user/vm/packages lists what it needs)");
}

int cmd_tpm(int argc, char **argv)
{
	(void)argc;
	try_beside("underpin-tpm", "trust", argv);
	return complain("tpm: underpin-tpm is not installed: make -C user install");
}

int cmd_trust(int argc, char **argv)
{
	(void)argc;
	try_beside("underpin-trust", "trust", argv);
	return complain("%s: underpin-trust is not installed: build it with make -C user trust (user/trust/packages lists what it needs)", argv[0]);
}
