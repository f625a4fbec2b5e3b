// SPDX-License-Identifier: GPL-2.0
/* Headers of Multiboot 0.6.96 and Multiboot2 1.6/2.0 kernels; load.c writes what they are given. */
#include <string.h>

#include "../vm.h"

#define MB1_MAGIC 0x1badb002u
#define MB1_KLUDGE (1u << 16)
#define MB1_KNOWN 0x3u		/* page alignment, memory information; video is refused with the rest */

static uint32_t get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, 4);
	return v;
}

/* The a.out kludge: the header says itself where the file goes. */
static bool parse_kludge(struct image *image, size_t at, const uint32_t h[5], struct problem *p)
{
	uint32_t header = h[0], load = h[1], load_end = h[2], bss_end = h[3];
	uint64_t offset = at - (uint64_t)(header - load), filesz, memsz;

	if (load > header || header - load > at)
		return problem(p, "%s: its Multiboot header gives load addresses that do not fit the file", image->name);
	filesz = load_end ? (uint64_t)load_end - load : image->size - offset;
	memsz = bss_end ? (uint64_t)bss_end - load : filesz;
	if ((load_end && load_end < load) || filesz > image->size - offset || memsz < filesz)
		return problem(p, "%s: truncated: its Multiboot header wants more than the file has; fetch it again", image->name);
	image->segments[0] = (struct segment){ load, filesz, memsz, offset };
	image->nr_segments = 1;
	image->entry = h[4];
	return true;
}

static bool parse1(struct image *image, struct problem *p)
{
	const uint8_t *d = image->data;
	uint32_t words[5];
	size_t at = 0;

	while (get32(d + at) != MB1_MAGIC || get32(d + at) + get32(d + at + 4) + get32(d + at + 8))
		at += 4;
	image->multiboot_flags = get32(d + at + 4);
	if (image->multiboot_flags & 0xffff & ~MB1_KNOWN)
		return problem(p, "%s: asks for Multiboot features 0x%x that are not given here (a video mode is 4)", image->name,
			       image->multiboot_flags & 0xffff & ~MB1_KNOWN);
	if (!(image->multiboot_flags & MB1_KLUDGE))
		return elf_parse(image, p);
	if (at + 32 > image->size)
		return problem(p, "%s: truncated in its Multiboot header; fetch it again", image->name);
	memcpy(words, d + at + 12, sizeof(words));
	return parse_kludge(image, at, words, p);
}

static bool parse2(struct image *image, struct problem *p)
{
	const uint8_t *d = image->data;
	size_t at = 0, end, size;
	uint32_t address[4] = { 0 }, entry = 0;
	bool have_address = false, have_entry = false;
	size_t header;

	while (get32(d + at) != 0xe85250d6 || get32(d + at) + get32(d + at + 4) + get32(d + at + 8) + get32(d + at + 12))
		at += 8;
	header = at;
	if (get32(d + at + 4))
		return problem(p, "%s: a Multiboot2 kernel for another CPU than x86", image->name);
	end = at + get32(d + at + 8);
	if (end > image->size)
		end = image->size;
	for (at += 16; at + 8 <= end && d[at]; at += (size + 7) & ~7ull) {
		unsigned int type = d[at] | d[at + 1] << 8, optional = d[at + 2] & 1;

		size = get32(d + at + 4);
		if (size < 8 || size > end - at)
			return problem(p, "%s: its Multiboot2 header is damaged: a tag of %zu bytes", image->name, size);
		if (type == 2 && size >= 24) {
			memcpy(address, d + at + 8, sizeof(address));
			have_address = true;
		} else if (type == 3 && size >= 12) {
			entry = get32(d + at + 8);
			have_entry = true;
		} else if (type != 1 && type != 6 && type != 10 && !optional) {
			return problem(p, "%s: asks for Multiboot2 feature %u, which is not given here", image->name, type);
		}
	}
	if (have_address && have_entry)
		return parse_kludge(image, header, (uint32_t[5]){ address[0], address[1], address[2], address[3], entry }, p);
	if (!elf_parse(image, p))
		return false;
	if (have_entry)
		image->entry = entry;
	return true;
}

bool multiboot_parse(struct image *image, struct problem *p)
{
	return image->format == IMAGE_MULTIBOOT ? parse1(image, p) : parse2(image, p);
}
