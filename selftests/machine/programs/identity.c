// SPDX-License-Identifier: GPL-2.0
/* up-identity: for each CPU, the hypervisor's signature at CPUID 40000000H (or "none"). */
#include <cpuid.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(void)
{
	int cpu, n = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned int a, b, c, d, block;
	char text[13];
	cpu_set_t set;

	for (cpu = 0; cpu < n; cpu++) {
		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			return 1;
		strcpy(text, "none");
		for (block = 0; block < 16; block++) {
			__cpuid(0x40000000 + block * 0x100, a, b, c, d);
			if (b == 0x65646e55 /* "Unde" */) {
				memcpy(text, &b, 4);
				memcpy(text + 4, &c, 4);
				memcpy(text + 8, &d, 4);
				text[12] = '\0';
				break;
			}
		}
		printf("%s\n", text);
	}
	return 0;
}
