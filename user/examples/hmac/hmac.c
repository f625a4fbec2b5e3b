// SPDX-License-Identifier: MIT
/*
 * hmac FILE...: for each file its HMAC-SHA-256 under a key that a PAL made and
 * keeps; the MAC is printed, then checked by the PAL over the file read anew.
 * --verify: also shows that a changed MAC is refused. --hold: says where the
 * PAL lies and waits for Enter, for whoever wants to look for the key or change
 * it, then signs the last file again and compares. The key lives as long as the
 * PAL: another run prints another MAC.
 */
#include "hmac.h"

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <underpin.h>
#include <unistd.h>

static int complain(const char *what)
{
	fprintf(stderr, "hmac: %s: %s\n", what, underpin_call_error(errno));
	return -1;
}

/* The whole file into the PAL, chunk by chunk. */
static int feed(const char *name)
{
	/* Not on the edge of a page on purpose: any address will do. */
	unsigned char chunk[HMAC_CHUNK];
	FILE *file = fopen(name, "rb");
	size_t got;
	int ret = 0;

	if (!file) {
		fprintf(stderr, "hmac: cannot open %s: %s\n", name, strerror(errno));
		return -1;
	}
	if (hmac_begin())
		ret = complain("the PAL has no key");
	while (!ret && (got = fread(chunk, 1, sizeof(chunk), file)) > 0)
		if (hmac_add(chunk, (long)got))
			ret = complain("the PAL did not take the data");
	if (!ret && ferror(file)) {
		fprintf(stderr, "hmac: cannot read %s: %s\n", name, strerror(errno));
		ret = -1;
	}
	fclose(file);
	return ret;
}

static int verified(const char *name, const unsigned char *mac)
{
	long answer;

	if (feed(name))
		return -1;
	answer = hmac_verify(mac);
	if (answer < 0)
		return complain("the PAL did not verify");
	return (int)answer;
}

static int sign(const char *name, bool verify, unsigned char mac[HMAC_SIZE])
{
	int i;

	if (feed(name))
		return -1;
	if (hmac_end(mac))
		return complain("the PAL did not answer");
	for (i = 0; i < HMAC_SIZE; i++)
		printf("%02x", mac[i]);
	printf("  %s\n", name);
	if (verified(name, mac) != 1) {
		fprintf(stderr, "hmac: %s: the PAL does not know its own MAC\n", name);
		return -1;
	}
	if (!verify)
		return 0;
	mac[0] ^= 1;
	i = verified(name, mac);
	mac[0] ^= 1;
	if (i != 0) {
		fprintf(stderr, "hmac: %s: a changed MAC was not refused\n", name);
		return -1;
	}
	printf("verified: the MAC is accepted, one with a changed bit is refused\n");
	return 0;
}

/* Whoever wants to attack the PAL may: the answer stays the same. */
static int hold(const char *name, const unsigned char *before)
{
	unsigned char after[HMAC_SIZE];
	unsigned int i;

	printf("pid %d holds the PAL\n", (int)getpid());
	for (i = 0; i < underpin_pal.nr_ranges; i++) {
		const struct underpin_pal_range *r = &underpin_pal.ranges[i];

		if (r->start != r->end)
			printf("section of type %u at %p, %ld bytes\n", r->type, (void *)r->start,
			       (long)(r->end - r->start));
	}
	printf("press Enter to sign %s again\n", name);
	fflush(stdout);
	getchar();
	if (sign(name, false, after))
		return -1;
	if (memcmp(before, after, HMAC_SIZE)) {
		fprintf(stderr, "hmac: the MAC has changed: the key or the code is not what it was\n");
		return -1;
	}
	printf("the MAC is the same as before\n");
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "verify", no_argument, NULL, 'v' },
		{ "hold", no_argument, NULL, 'w' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL },
	};
	bool verify = false, wait = false;
	unsigned char mac[HMAC_SIZE];
	int pal, option, ret = 0;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (option) {
		case 'v':
			verify = true;
			break;
		case 'w':
			wait = true;
			break;
		default:
			fprintf(option == 'h' ? stdout : stderr,
				"usage: hmac [--verify] [--hold] FILE...\n");
			return option == 'h' ? 0 : 2;
		}
	if (optind == argc) {
		fprintf(stderr, "usage: hmac [--verify] [--hold] FILE...\n");
		return 2;
	}
	pal = underpin_pal_start(&underpin_pal);
	if (pal < 0) {
		fprintf(stderr, "hmac: %s\n", underpin_last_error());
		return 1;
	}
	for (; optind < argc; optind++)
		if (sign(argv[optind], verify, mac))
			ret = 1;
	if (wait && !ret && hold(argv[argc - 1], mac))
		ret = 1;
	underpin_pal_stop(pal);
	return ret;
}
