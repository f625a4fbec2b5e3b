// SPDX-License-Identifier: GPL-2.0
/*
 * up-secret pal|plain: makes 16 secret bytes, inside a PAL or in plain memory,
 * and prints their complement as two words, then the frames that hold the PAL
 * ("code PFN", "data PFN"). A line on stdin: says whether the PAL still knows
 * them ("intact" or "changed"). End of stdin ends it.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <underpin.h>
#include <unistd.h>

long secret_make(unsigned char *complement);
long secret_right(const unsigned char *complement);

static uint64_t plain[512] __attribute__((aligned(4096)));

static unsigned long long pfn_of(const void *address)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	pread(fd, &entry, 8, (uintptr_t)address / 4096 * 8);
	close(fd);
	return entry & ((1ull << 55) - 1);
}

int main(int argc, char **argv)
{
	uint64_t complement[2] = { 0 };
	char line[16];
	unsigned int i;

	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "plain")) {
		getrandom(plain, 16, 0);
		complement[0] = ~plain[0];
		complement[1] = ~plain[1];
	} else {
		if (underpin_pal_start(&underpin_pal) < 0 || secret_make((unsigned char *)complement)) {
			fprintf(stderr, "up-secret: %s\n", underpin_last_error());
			return 1;
		}
	}
	printf("complement %#llx %#llx\n", (unsigned long long)complement[0], (unsigned long long)complement[1]);
	for (i = 0; i < underpin_pal.nr_ranges; i++)
		if (underpin_pal.ranges[i].end > underpin_pal.ranges[i].start)
			printf("frame %u %llu\n", underpin_pal.ranges[i].type, pfn_of(underpin_pal.ranges[i].start));
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		puts(secret_right((unsigned char *)complement) == 1 ? "intact" : "changed");
		fflush(stdout);
	}
	return 0;
}
