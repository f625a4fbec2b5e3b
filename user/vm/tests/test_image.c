// SPDX-License-Identifier: MIT
/*
 * Loaders: hand-made kernels, good and broken, real ones (arguments: bzImages), and
 * random damage under the sanitizers. BOOT.md 1.1, 1.5, 1.7; D2, L4, L14, L17.
 */
#include <asm/bootparam.h>
#include <elf.h>

#include "../vm.h"
#include "tap.h"

#define SIZE 0x10000
static uint8_t file[SIZE];

static struct setup_header *make_bzimage(void)
{
	struct setup_header *h = (void *)(file + 0x1f1);

	memset(file, 0, SIZE);
	file[0x201] = 0x6a;
	h->boot_flag = 0xaa55;
	h->header = 0x53726448;
	h->version = 0x20f;
	h->setup_sects = 3;
	h->syssize = (SIZE - 2048) / 16;
	h->loadflags = LOADED_HIGH;
	h->cmdline_size = 2047;
	h->initrd_addr_max = 0x7fffffff;
	h->kernel_alignment = 0x200000;
	h->relocatable_kernel = 1;
	h->xloadflags = XLF_KERNEL_64;
	h->pref_address = 0x1000000;
	h->init_size = 0x2000000;
	return h;
}

static const char *parse(size_t size)
{
	static struct problem p;
	struct image image;

	p.text[0] = 0;
	return image_parse(&image, "f", file, size, &p) ? "" : p.text;
}

static void bzimages(void)
{
	struct image image;
	struct problem p = { "" };

	make_bzimage();
	ok(image_parse(&image, "f", file, SIZE, &p) && image.entry64 && image.setup_size == 2048 && image.load == 0x100000, "a good bzImage");
	make_bzimage()->setup_sects = 0;
	ok(image_parse(&image, "f", file, SIZE, &p) == false && strstr(p.text, "truncated"), "setup_sects 0 means 4");
	make_bzimage();
	says(parse(SIZE - 16), "truncated", "16 bytes are missing");
	says(parse(0x260), "truncated", "shorter than the header");
	make_bzimage()->version = 0x205;
	says(parse(SIZE), "2.05", "an old protocol is refused by number");
	make_bzimage()->loadflags = 0;
	says(parse(SIZE), "zImage", "a zImage");
	make_bzimage()->kernel_alignment = 0x300000;
	says(parse(SIZE), "power of two", "a strange alignment");
	make_bzimage()->init_size = 16;
	says(parse(SIZE), "init_size", "init_size below the file's");
	memset(file, 7, SIZE);
	says(parse(SIZE), "not a bzImage, vmlinux (ELF), Multiboot kernel or ISO", "D2: a data file is named as such");
	memcpy(file + 0x8001, "CD001", 5);
	says(parse(SIZE), "an ISO image", "D2: an ISO is not run as code");
}

/* A payload whose only LZ4 chunk says that it goes on behind the file. */
static void payloads(void)
{
	struct setup_header *h = make_bzimage();
	uint32_t chunk = 18 + 4096, unpacked = 4096;
	uint8_t *vmlinux = NULL, *exact = malloc(0x1000);
	struct problem p = { "" };
	struct image image;
	size_t size;

	h->setup_sects = 1;
	h->syssize = (0x1000 - 1024) / 16;
	h->payload_length = 0x1000 - 1024;
	memcpy(file + 1024, "\2\41\114\30", 4);
	memcpy(file + 1028, &chunk, 4);
	/* 15 + 16 * 255 + 1 literals */
	file[1032] = 0xf0;
	memset(file + 1033, 0xff, 16);
	file[1049] = 1;
	memcpy(file + 0x1000 - 4, &unpacked, 4);
	memcpy(exact, file, 0x1000);
	ok(image_parse(&image, "f", exact, 0x1000, &p), "a bzImage with a damaged payload");
	ok(!payload_extract(&image, &vmlinux, &size, &p) && strstr(p.text, "LZ4"), "its LZ4 chunk is not read past the end");
	free(exact);
}

static void make_elf(bool note, uint64_t filesz)
{
	Elf64_Ehdr *e = (void *)file;
	Elf64_Phdr *ph = (void *)(file + 64);
	uint32_t xen[] = { 4, 8, 18, 0x006e6558, 0x01000040, 0 };

	memset(file, 0, SIZE);
	memcpy(e->e_ident, ELFMAG "\2\1\1", 7);
	e->e_type = ET_EXEC;
	e->e_machine = EM_X86_64;
	e->e_version = 1;
	e->e_entry = 0x1000000;
	e->e_phoff = 64;
	e->e_ehsize = 64;
	e->e_phentsize = 56;
	e->e_phnum = note ? 2 : 1;
	ph[0] = (Elf64_Phdr){ PT_LOAD, 7, 0x1000, 0, 0x1000000, filesz, 0x8000, 4096 };
	ph[1] = (Elf64_Phdr){ PT_NOTE, 4, 0x800, 0, 0, sizeof(xen), sizeof(xen), 4 };
	memcpy(file + 0x800, xen, sizeof(xen));
}

static void elves(void)
{
	struct image image;
	struct problem p = { "" };

	make_elf(true, 0x2000);
	ok(image_parse(&image, "f", file, SIZE, &p) && image.pvh_entry == 0x1000040 && image.segments[0].memsz == 0x8000, "a vmlinux with a PVH note");
	make_elf(false, 0x2000);
	ok(image_parse(&image, "f", file, SIZE, &p) && !image.pvh_entry && image.entry == 0x1000000, "a vmlinux without");
	make_elf(true, 0x9000);
	says(parse(SIZE), "truncated", "more in the file than in memory");
	make_elf(true, 0x8000);
	says(parse(0x4000), "truncated", "a segment beyond the file's end");
	((Elf64_Ehdr *)file)->e_machine = EM_AARCH64;
	says(parse(SIZE), "no x86 kernel", "another CPU's kernel");
}

static void multiboots(void)
{
	uint32_t *h = (void *)(file + 0x100);
	struct image image;
	struct problem p = { "" };
	uint32_t kludge[8] = { 0x1badb002, 1 << 16, -(0x1badb002u + (1 << 16)), 0x100100, 0x100000, 0x104000, 0x108000, 0x100200 };

	memset(file, 0, SIZE);
	memcpy(h, kludge, sizeof(kludge));
	ok(image_parse(&image, "f", file, SIZE, &p) && image.entry == 0x100200 && image.segments[0].paddr == 0x100000 &&
	   image.segments[0].filesz == 0x4000 && image.segments[0].memsz == 0x8000 && !image.segments[0].offset, "Multiboot by addresses");
	h[5] = 0x200000;
	says(parse(SIZE), "truncated", "Multiboot: more than the file has");
	h[5] = 0x104000;
	h[4] = 0x100200;
	says(parse(SIZE), "do not fit", "Multiboot: addresses before the file");
	memcpy(h, kludge, sizeof(kludge));
	h[1] |= 4;
	h[2] -= 4;
	says(parse(SIZE), "0x4", "Multiboot: a video mode is refused");
	h[2] += 1;
	says(parse(SIZE), "not a bzImage", "Multiboot: a wrong checksum is none");
	memset(file, 0, SIZE);
	memcpy(h, (uint32_t[]){ 0xe85250d6, 0, 64, -(0xe85250d6u + 64), 2, 24, 0x100100, 0x100000, 0x104000, 0, 3, 12, 0x100300, 0, 0, 8 }, 64);
	ok(image_parse(&image, "f", file, SIZE, &p) && image.entry == 0x100300 && image.segments[0].filesz == 0x4000, "Multiboot2 by tags");
	h[5] = 0xfffffff0;
	says(parse(SIZE), "damaged", "Multiboot2: a tag without end");
	h[5] = 24;
	h[4] = 9 | 0 << 16;
	says(parse(SIZE), "feature 9", "Multiboot2: an unknown tag that is not optional");
}

/* Parsing what is damaged, and planning it, answers; the sanitizers watch how. */
static unsigned int fuzz(const uint8_t *good, size_t size, unsigned int rounds)
{
	struct request request = { .ram = 256 * MIB, .cpus = 2, .initrd_size = 5 * MIB, .cmdline = "x" };
	unsigned int i, n, refused = 0;

	for (i = 0; i < rounds; i++) {
		size_t length = i % 4 ? size : (size_t)rand() % size + 1;
		uint8_t *bad = malloc(length), *vmlinux = NULL;
		struct problem p = { "" };
		struct image image;
		struct plan plan;
		struct ram ram;

		memcpy(bad, good, length);
		for (n = (unsigned int)rand() % 8 + 1; n; n--)
			bad[(size_t)rand() % (length < 0x400 ? length : n & 1 ? 0x400 : length)] = (uint8_t)rand();
		request.mode = (enum boot_mode)(rand() % 6);
		if (!image_parse(&image, "fuzzed", bad, length, &p) || !plan_make(&plan, &image, &request, &p)) {
			refused++;
		} else if (ram_create(&ram, &plan, &p)) {
			static uint8_t initrd[5 * MIB];

			if (!boot_load(&ram, &plan, &image, initrd, &p))
				refused++;
			ram_destroy(&ram);
		}
		p.text[0] = 0;
		if (image_identify(bad, length) == IMAGE_BZIMAGE && size < 0x20000 && image_parse(&image, "f", bad, length, &p))
			payload_extract(&image, &vmlinux, &length, &p);
		free(vmlinux);
		free(bad);
	}
	return refused;
}

static void real(const char *name)
{
	size_t size = 0, inner = 0;
	uint8_t *data = slurp(name, &size), *vmlinux = NULL;
	struct problem p = { "" };
	struct image image, elf;

	printf("# %s\n", name);
	if (!ok(data && image_parse(&image, name, data, size, &p) && image.entry64 && image.relocatable, "a real kernel is understood")) {
		printf("# %s\n", p.text);
		return;
	}
	ok(payload_extract(&image, &vmlinux, &inner, &p) && image_parse(&elf, name, vmlinux, inner, &p) && elf.pvh_entry &&
	   elf.format == IMAGE_ELF, "its payload is a vmlinux with a PVH entry");
	p.text[0] = 0;
	ok(!image_parse(&elf, name, data, size / 2, &p) && strstr(p.text, "truncated"), "half of it is truncated");
	ok(fuzz(data, size, 60) > 0, "damage is refused or harmless");
	free(vmlinux);
	free(data);
}

int main(int argc, char **argv)
{
	int i;

	srand(1);
	bzimages();
	payloads();
	elves();
	multiboots();
	make_bzimage();
	((struct setup_header *)(file + 0x1f1))->payload_offset = 0x100;
	((struct setup_header *)(file + 0x1f1))->payload_length = 0x1000;
	memcpy(file + 2048 + 0x100, "\2\41\114\30", 4);
	ok(fuzz(file, SIZE, 3000) > 100, "damaged bzImages");
	make_elf(true, 0x8000);
	ok(fuzz(file, SIZE, 3000) > 100, "damaged ELF files");
	memset(file, 0, SIZE);
	memcpy(file, (uint32_t[]){ 0xe85250d6, 0, 64, -(0xe85250d6u + 64), 2, 24, 0x100000, 0x100000, 0x104000, 0, 3, 12, 0x100300, 0, 0, 8 }, 64);
	ok(fuzz(file, 0x200, 3000) > 100, "damaged Multiboot2 kernels");
	if (argc < 2)
		skip("real kernels", "none is in the cache of selftests/vm/kernel");
	for (i = 1; i < argc; i++)
		real(argv[i]);
	return tap_done();
}
