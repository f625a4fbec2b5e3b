// SPDX-License-Identifier: GPL-2.0
/* up-unrestricted: succeeds where the CPU has unrestricted guest, as /proc/cpuinfo's "vmx flags" say. */
#include <stdio.h>
#include <string.h>

int main(void)
{
	char line[4096];
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, "vmx flags", 9))
			return strstr(line, "unrestricted_guest") ? 0 : 1;
	return 1;
}
