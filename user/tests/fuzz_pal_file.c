// SPDX-License-Identifier: MIT
/*
 * fuzz_pal_file FILE SCRATCH ROUNDS: damages a PAL's file, by bytes and by its end, and
 * reads it. What is accepted must be sound: sections of whole pages with contents,
 * entry points in the code. Build with sanitizers.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "underpin.h"

/* The library's other half, not needed to read. */
int underpin_pal_register(int device, const struct underpin_pal_spec *spec, struct underpin_pal_register *result);
int underpin_pal_register(int device, const struct underpin_pal_spec *spec, struct underpin_pal_register *result)
{
	(void)device, (void)spec, (void)result;
	return -1;
}

int underpin_pal_stop(int pal)
{
	return pal;
}

static unsigned int sum_of(const struct underpin_pal_image *image)
{
	unsigned int sum = 0, i;
	unsigned long k;

	assert(image->nr_sections && image->nr_sections <= UNDERPIN_MAX_SECTIONS && image->nr_entries <= UNDERPIN_MAX_ENTRIES);
	assert(image->sections[0].type == UNDERPIN_SECTION_CODE);
	for (i = 0; i < image->nr_sections; i++) {
		assert(!(image->sections[i].addr % 4096) && image->sections[i].size && !(image->sections[i].size % 4096));
		assert(image->sections[i].addr - image->low + image->sections[i].size <= image->span);
		for (k = 0; k < image->sections[i].size; k++)
			sum += ((unsigned char *)image->contents[i])[k];
	}
	for (i = 0; i < image->nr_entries; i++) {
		assert(image->entries[i].addr - image->sections[0].addr < image->sections[0].size);
		assert(image->entries[i].nr_params <= UNDERPIN_MAX_PARAMS && strlen(image->entry_name[i]) < 64);
	}
	return sum;
}

int main(int argc, char **argv)
{
	int rounds = argc > 3 ? atoi(argv[3]) : 100, round, accepted = 0;
	FILE *file = fopen(argv[1], "rb");
	static unsigned char good[4 << 20], bad[4 << 20];
	size_t size = fread(good, 1, sizeof(good), file), n, headers;

	fclose(file);
	/* Half of the damage goes where the headers are: at both ends. */
	headers = size < 4096 ? size : 4096;
	srandom(7);
	for (round = 0; round < rounds; round++) {
		struct underpin_pal_image image;
		int changes = (int)(random() % 6);

		memcpy(bad, good, size);
		n = random() % 8 ? size : (size_t)random() % size;
		while (changes--) {
			size_t at = (size_t)random() % (random() % 2 ? size : headers);

			bad[random() % 2 ? at : size - 1 - at] = (unsigned char)(random() % 4 ? random() : 0xff);
		}
		file = fopen(argv[2], "wb");
		fwrite(bad, 1, n, file);
		fclose(file);
		if (underpin_pal_read(argv[2], &image))
			continue;
		accepted += sum_of(&image) != 1;
		underpin_pal_unload(&image);
	}
	printf("%d of %d accepted\n", accepted, rounds);
	return accepted == 0;
}
