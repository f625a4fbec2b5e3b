// SPDX-License-Identifier: GPL-2.0
/*
 * demo-signer: holds the PAL while the demo attacks it. First prints, one to a
 * line: "plain A B" and "key A B", the complements of 16 bytes in this
 * process' own memory and of 16 bytes of the PAL's key; "frame TYPE PFN ADDRESS"
 * of each section. Then reads commands, one to a line: "mac FILE" prints its
 * HMAC-SHA-256. The end of its input ends it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <underpin.h>
#include <unistd.h>

#include "../../../user/examples/hmac/hmac.h"

long signer_tell(unsigned char complement[16]);

static uint64_t plain[512] __attribute__((aligned(4096)));

static unsigned long long pfn_of(const void *address)
{
	uint64_t entry = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY);

	if (fd < 0 || pread(fd, &entry, 8, (off_t)((uintptr_t)address / 4096 * 8)) != 8)
		perror("demo-signer: pagemap");
	close(fd);
	return entry & ((1ull << 55) - 1);
}

static int mac_of(const char *name)
{
	unsigned char chunk[HMAC_CHUNK], mac[HMAC_SIZE];
	FILE *file = fopen(name, "rb");
	size_t got;
	int i;

	if (!file || hmac_begin())
		return -1;
	while ((got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		if (hmac_add(chunk, (long)got))
			return -1;
	fclose(file);
	if (hmac_end(mac))
		return -1;
	for (i = 0; i < HMAC_SIZE; i++)
		printf("%02x", mac[i]);
	putchar('\n');
	return 0;
}

static void say_words(const char *name, const uint64_t *words)
{
	printf("%s %#llx %#llx\n", name, (unsigned long long)words[0], (unsigned long long)words[1]);
}

static int begin(void)
{
	uint64_t complement[2];
	unsigned int i;

	if (getrandom(plain, 16, 0) != 16 || underpin_pal_start(&underpin_pal) < 0 || hmac_begin() ||
	    signer_tell((unsigned char *)complement))
		return -1;
	say_words("key", complement);
	complement[0] = ~plain[0];
	complement[1] = ~plain[1];
	say_words("plain", complement);
	for (i = 0; i < underpin_pal.nr_ranges; i++) {
		const struct underpin_pal_range *r = &underpin_pal.ranges[i];

		if (r->end > r->start)
			printf("frame %u %llu %llu\n", r->type, pfn_of(r->start),
			       (unsigned long long)(uintptr_t)r->start);
	}
	puts("ready");
	return 0;
}

int main(void)
{
	char line[256];

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (begin()) {
		printf("error %s\n", underpin_last_error());
		return 1;
	}
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!strncmp(line, "mac ", 4) && mac_of(line + 4))
			printf("error %s\n", underpin_call_error(errno));
	}
	return 0;
}
