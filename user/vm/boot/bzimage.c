// SPDX-License-Identifier: GPL-2.0
/*
 * What a kernel's file is, and the checks of a bzImage: Linux's
 * Documentation/arch/x86/boot.rst, 6.1. Next: elf.c, multiboot.c; layout.c places it.
 */
#include <asm/bootparam.h>
#include <string.h>

#include "../vm.h"

#define MB1_MAGIC 0x1badb002u
#define MB2_MAGIC 0xe85250d6u

static uint32_t get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, 4);
	return v;
}

enum image_format image_identify(const uint8_t *data, size_t size)
{
	size_t at;

	if (size >= 0x208 && get32(data + 0x202) == 0x53726448 && data[0x1fe] == 0x55 && data[0x1ff] == 0xaa)
		return IMAGE_BZIMAGE;
	if (size >= 0x8006 && !memcmp(data + 0x8001, "CD001", 5))
		return IMAGE_ISO;
	for (at = 0; at + 24 <= size && at < 32768; at += 8)
		if (get32(data + at) == MB2_MAGIC && !(get32(data + at) + get32(data + at + 4) +
						       get32(data + at + 8) + get32(data + at + 12)))
			return IMAGE_MULTIBOOT2;
	for (at = 0; at + 12 <= size && at < 8192; at += 4)
		if (get32(data + at) == MB1_MAGIC && !(get32(data + at) + get32(data + at + 4) + get32(data + at + 8)))
			return IMAGE_MULTIBOOT;
	if (size >= 64 && !memcmp(data, "\177ELF", 4))
		return IMAGE_ELF;
	return IMAGE_UNKNOWN;
}

bool bzimage_parse(struct image *image, struct problem *p)
{
	struct setup_header h = { 0 };
	const char *name = image->name;
	uint64_t end;

	if (image->size < 0x26c)
		return problem(p, "%s: truncated: %zu bytes are less than a bzImage's header; fetch it again", name, image->size);
	image->header_size = 0x202 + image->data[0x201] - 0x1f1;
	memcpy(&h, image->data + 0x1f1, image->header_size < sizeof(h) ? image->header_size : sizeof(h));
	image->protocol = h.version;
	if (h.version < 0x0206)
		return problem(p, "%s: boot protocol %u.%02u is older than 2.06 (Linux 2.6.22); use a newer kernel",
			       name, h.version >> 8, h.version & 0xff);
	if (!(h.loadflags & LOADED_HIGH))
		return problem(p, "%s: a zImage, which loads below 1 MiB; build a bzImage", name);
	image->setup_size = ((h.setup_sects ? h.setup_sects : 4) + 1) * 512u;
	end = image->setup_size + (uint64_t)h.syssize * 16;
	if (!h.syssize || image->size < end)
		return problem(p, "%s: truncated: its header says %llu bytes, the file has %zu; fetch it again", name,
			       (unsigned long long)end, image->size);
	image->load = AT_KERNEL;
	image->cmdline_max = h.cmdline_size;
	image->initrd_max = h.initrd_addr_max;
	image->relocatable = h.relocatable_kernel;
	image->alignment = h.kernel_alignment ? h.kernel_alignment : 0x200000;
	if (image->alignment & (image->alignment - 1) || image->alignment > GIB)
		return problem(p, "%s: kernel_alignment 0x%llx is no power of two up to 1 GiB; the file is damaged", name,
			       (unsigned long long)image->alignment);
	image->pref_address = h.version >= 0x020a ? h.pref_address : AT_KERNEL;
	image->init_size = h.version >= 0x020a ? h.init_size : (image->size - image->setup_size) * 4;
	if (image->init_size < image->size - image->setup_size && image->init_size < (uint64_t)h.syssize * 16)
		return problem(p, "%s: init_size 0x%llx is less than the kernel itself; the file is damaged", name,
			       (unsigned long long)image->init_size);
	image->entry64 = h.version >= 0x020c && h.xloadflags & XLF_KERNEL_64;
	image->above_4g = h.version >= 0x020c && h.xloadflags & XLF_CAN_BE_LOADED_ABOVE_4G;
	image->payload_offset = h.version >= 0x0208 ? h.payload_offset : 0;
	image->payload_size = h.version >= 0x0208 ? h.payload_length : 0;
	image->segments[0] = (struct segment){
		.paddr = image->load, .offset = image->setup_size,
		.filesz = image->size - image->setup_size, .memsz = image->size - image->setup_size,
	};
	image->nr_segments = 1;
	return true;
}

bool image_parse(struct image *image, const char *name, const uint8_t *data, size_t size, struct problem *p)
{
	memset(image, 0, sizeof(*image));
	image->name = name;
	image->data = data;
	image->size = size;
	image->format = image_identify(data, size);
	switch (image->format) {
	case IMAGE_BZIMAGE: return bzimage_parse(image, p);
	case IMAGE_ELF: return elf_parse(image, p);
	case IMAGE_MULTIBOOT:
	case IMAGE_MULTIBOOT2: return multiboot_parse(image, p);
	case IMAGE_ISO: return problem(p, "%s: an ISO image, not a kernel: underpin vm run %s boots it", name, name);
	default: return problem(p, "%s: not a bzImage, vmlinux (ELF), Multiboot kernel or ISO image; is it the right file?", name);
	}
}
