// SPDX-License-Identifier: MIT
/*
 * PALs in files: the .pal ELF of pal.mk, or a program with a PAL, whose
 * sections are called the same. The file is hostile input: libelf bounds what it
 * reads, and all that is used later is checked here, once, after it was copied.
 * PALs hold distances only (RULES 20), so they are put wherever mmap() has room.
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "include/underpin.h"
#include "internal.h"

#define PAGE 4096ull
#define MAX_SPAN (4 * UNDERPIN_MAX_PAGES * PAGE)	/* first to last section, gaps and all */
#define MAX_BUFFER 65536	/* bytes of a parameter: docs/abi.md */

/* In the order of table.c: it is measured. */
static const struct {
	const char *name;
	__u32 type;
} kinds[] = {
	{ ".pal.text", UNDERPIN_SECTION_CODE },
	{ ".pal.rodata", UNDERPIN_SECTION_RODATA },
	{ ".pal.data", UNDERPIN_SECTION_DATA },
	{ ".pal.bss", UNDERPIN_SECTION_DATA },
	{ ".pal.param", UNDERPIN_SECTION_PARAM },
	{ ".pal.stack", UNDERPIN_SECTION_STACK },
	{ ".pal.param2", UNDERPIN_SECTION_PARAM },
	{ ".pal.stack2", UNDERPIN_SECTION_STACK },
	{ ".pal.param3", UNDERPIN_SECTION_PARAM },
	{ ".pal.stack3", UNDERPIN_SECTION_STACK },
	{ ".pal.param4", UNDERPIN_SECTION_PARAM },
	{ ".pal.stack4", UNDERPIN_SECTION_STACK },
	{ ".pal.shared", UNDERPIN_SECTION_SHARED },
	{ ".pal.window", UNDERPIN_SECTION_WINDOW },
};

static int bad(const struct underpin_pal_image *image, const char *what)
{
	return underpin_fail(ENOEXEC, "%s: %s (build it with pal.mk)", image->path, what);
}

/* The section of that name, if there is exactly one; *again where there are more. */
static Elf_Scn *find_section(Elf *elf, const char *name, GElf_Shdr *header, bool *again)
{
	Elf_Scn *s = NULL, *found = NULL;
	GElf_Shdr h;
	const char *n;
	size_t names;

	*again = false;
	if (elf_getshdrstrndx(elf, &names))
		return NULL;
	while ((s = elf_nextscn(elf, s))) {
		if (!gelf_getshdr(s, &h))
			continue;
		n = elf_strptr(elf, names, h.sh_name);
		if (!n || strcmp(n, name))
			continue;
		*again |= found != NULL;
		found = s;
		*header = h;
	}
	return found;
}

/* Copies size bytes of contents; zeros where the file has none. */
static void *copy_contents(Elf_Scn *s, const GElf_Shdr *h)
{
	Elf_Data *data = h->sh_type == SHT_NOBITS ? NULL : elf_rawdata(s, NULL);
	void *copy;

	if (h->sh_type != SHT_NOBITS && (!data || !data->d_buf || data->d_size != h->sh_size))
		return NULL;
	copy = calloc(1, h->sh_size);
	if (copy && data)
		memcpy(copy, data->d_buf, h->sh_size);
	return copy;
}

static int read_section(Elf *elf, struct underpin_pal_image *image, unsigned int kind, __u64 *pages)
{
	struct underpin_section *to = &image->sections[image->nr_sections];
	GElf_Shdr h;
	bool again;
	Elf_Scn *s = find_section(elf, kinds[kind].name, &h, &again);

	if (!s || (!again && !h.sh_size))
		return 0;
	if (again)
		return bad(image, "it has two sections of one name");
	if (h.sh_addr % PAGE || h.sh_size % PAGE || h.sh_addr + h.sh_size < h.sh_addr ||
	    (h.sh_type != SHT_PROGBITS && h.sh_type != SHT_NOBITS))
		return bad(image, "a section of the PAL does not begin and end at a page");
	if (h.sh_size / PAGE > UNDERPIN_MAX_PAGES - *pages)
		return bad(image, "the PAL has more than 4096 pages");
	*pages += h.sh_size / PAGE;
	*to = (struct underpin_section){ .type = kinds[kind].type, .addr = h.sh_addr, .size = h.sh_size };
	image->contents[image->nr_sections] = copy_contents(s, &h);
	if (!image->contents[image->nr_sections])
		return bad(image, "a section of the PAL is cut off");
	image->nr_sections++;
	return 0;
}

static int check_places(struct underpin_pal_image *image)
{
	const struct underpin_section *s = image->sections;
	__u64 low = UINT64_MAX, high = 0;
	unsigned int i, j;

	for (i = 0; i < image->nr_sections; i++) {
		low = s[i].addr < low ? s[i].addr : low;
		high = s[i].addr + s[i].size > high ? s[i].addr + s[i].size : high;
		for (j = 0; j < i; j++)
			if (s[i].addr < s[j].addr + s[j].size && s[j].addr < s[i].addr + s[i].size)
				return bad(image, "sections of the PAL overlap");
	}
	if (!image->nr_sections || s[0].type != UNDERPIN_SECTION_CODE)
		return bad(image, "there is no PAL in it");
	if (high - low > MAX_SPAN)
		return bad(image, "the sections of the PAL are too far from each other");
	image->low = low;
	image->span = high - low;
	return 0;
}

/* In a 64-bit position-independent program the addresses of entry points are relocations; in a 32-bit one they stand there already. */
static void relocate_entries(Elf *elf, struct underpin_pal_image *image, __u64 at, __u64 size)
{
	GElf_Shdr h;
	bool again;
	Elf_Scn *s = find_section(elf, ".rela.dyn", &h, &again);
	Elf_Data *data = s && h.sh_type == SHT_RELA ? elf_getdata(s, NULL) : NULL;
	GElf_Rela r;
	int i;

	for (i = 0; data && gelf_getrela(data, i, &r); i++)
		if (GELF_R_TYPE(r.r_info) == R_X86_64_RELATIVE && r.r_offset >= at && r.r_offset - at < size &&
		    (r.r_offset - at) % sizeof(struct underpin_entry) == 0)
			image->entries[(r.r_offset - at) / sizeof(struct underpin_entry)].addr = (__u64)r.r_addend;
}

static bool entry_is_sound(const struct underpin_pal_image *image, const struct underpin_entry *e)
{
	const struct underpin_param *p = e->param;
	unsigned int i;

	if (e->nr_params > UNDERPIN_MAX_PARAMS || e->addr < image->sections[0].addr ||
	    e->addr - image->sections[0].addr >= image->sections[0].size)
		return false;
	for (i = 0; i < e->nr_params; i++) {
		if (p[i].type == UNDERPIN_PARAM_INTEGER && !p[i].flags && !p[i].size_param && !p[i].size)
			continue;
		if (p[i].type != UNDERPIN_PARAM_POINTER || !p[i].flags || p[i].flags & ~UNDERPIN_PARAM_INOUT ||
		    !p[i].size || p[i].size > MAX_BUFFER || p[i].size_param > e->nr_params ||
		    (p[i].size_param && p[p[i].size_param - 1].type != UNDERPIN_PARAM_INTEGER))
			return false;
	}
	return true;
}

static int by_address(const void *a, const void *b)
{
	const struct underpin_entry *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int read_entries(Elf *elf, struct underpin_pal_image *image)
{
	GElf_Shdr h;
	bool again;
	Elf_Scn *s = find_section(elf, "underpin_entries", &h, &again);
	void *contents;
	unsigned int i;

	if (!s || again || !h.sh_size || h.sh_size % sizeof(image->entries[0]) ||
	    h.sh_size > sizeof(image->entries) || h.sh_type == SHT_NOBITS)
		return bad(image, "it has no table of 1 to 16 entry points");
	contents = copy_contents(s, &h);
	if (!contents)
		return bad(image, "its table of entry points is cut off");
	memcpy(image->entries, contents, h.sh_size);
	free(contents);
	image->nr_entries = h.sh_size / sizeof(image->entries[0]);
	relocate_entries(elf, image, h.sh_addr, h.sh_size);
	for (i = 0; i < image->nr_entries; i++)
		if (!entry_is_sound(image, &image->entries[i]))
			return bad(image, "an entry point is malformed");
	qsort(image->entries, image->nr_entries, sizeof(image->entries[0]), by_address);
	return 0;
}

static void set_name(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; i < size - 1 && (isalnum((unsigned char)from[i]) || (from[i] && strchr("_.-", from[i]))); i++)
		to[i] = from[i];
	to[i] = '\0';
}

/* A stripped file has none: then an entry point is called by its number. */
static void name_entries(Elf *elf, struct underpin_pal_image *image)
{
	GElf_Shdr h;
	bool again;
	Elf_Scn *s = find_section(elf, ".symtab", &h, &again);
	Elf_Data *data = s ? elf_getdata(s, NULL) : NULL;
	const char *name;
	unsigned int e;
	GElf_Sym sym;
	int i;

	for (i = 0; data && gelf_getsym(data, i, &sym); i++) {
		/* In a program they are hidden, so they became local. */
		if (GELF_ST_TYPE(sym.st_info) != STT_FUNC)
			continue;
		name = elf_strptr(elf, h.sh_link, sym.st_name);
		for (e = 0; name && e < image->nr_entries; e++)
			if (image->entries[e].addr == sym.st_value && !image->entry_name[e][0])
				set_name(image->entry_name[e], sizeof(image->entry_name[e]), name);
	}
}

static int parse(Elf *elf, struct underpin_pal_image *image)
{
	__u64 pages = 0;
	GElf_Ehdr h;
	unsigned int i;

	if (!elf || elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &h) ||
	    (h.e_type != ET_EXEC && h.e_type != ET_DYN))
		return bad(image, "this is not a linked ELF file");
	if (h.e_machine == EM_X86_64 && h.e_ident[EI_CLASS] == ELFCLASS64)
		image->bits = 64;
	else if (h.e_machine == EM_386 && h.e_ident[EI_CLASS] == ELFCLASS32)
		image->bits = 32;
	else
		return bad(image, "this is not a 64-bit or 32-bit ELF file for x86");
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (read_section(elf, image, i, &pages))
			return -1;
	if (check_places(image) || read_entries(elf, image))
		return -1;
	name_entries(elf, image);
	return 0;
}

int underpin_pal_read(const char *path, struct underpin_pal_image *image)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), ret;
	size_t length;
	struct stat st;
	Elf *elf;

	memset(image, 0, sizeof(*image));
	image->path = path;
	image->pal = -1;
	set_name(image->name, sizeof(image->name), name);
	length = strlen(image->name);
	if (length > 4 && !strcmp(image->name + length - 4, ".pal"))
		image->name[length - 4] = '\0';
	if (fd < 0)
		return underpin_fail(errno, "cannot read %s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return bad(image, "this is not a regular file");
	}
	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	ret = parse(elf, image);
	elf_end(elf);
	close(fd);
	if (ret)
		underpin_pal_unload(image);
	return ret;
}

int underpin_pal_load(int device, struct underpin_pal_image *image, struct underpin_pal_register *result)
{
	struct underpin_section sections[UNDERPIN_MAX_SECTIONS];
	struct underpin_entry entries[UNDERPIN_MAX_ENTRIES];
	const struct underpin_pal_spec spec = {
		.name = image->name, .sections = sections, .nr_sections = image->nr_sections,
		.entries = entries, .nr_entries = image->nr_entries,
	};
	unsigned int i;
	char *memory;

	if (image->memory)
		return underpin_fail(EBUSY, "PAL '%s' is loaded already", image->name);
	if (image->bits != 8 * sizeof(void *))
		return underpin_fail(ENOEXEC, "%s: this is a %u-bit PAL, which only a %u-bit program can load and call",
				     image->path, image->bits, image->bits);
	memory = mmap(NULL, image->span, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return underpin_fail(errno, "no memory for PAL '%s': %s", image->name, strerror(errno));
	image->memory = memory;
	memcpy(entries, image->entries, sizeof(entries));
	for (i = 0; i < image->nr_entries; i++)
		entries[i].addr += (uintptr_t)memory - image->low;
	for (i = 0; i < image->nr_sections; i++) {
		sections[i] = image->sections[i];
		sections[i].addr += (uintptr_t)memory - image->low;
		if (sections[i].type == UNDERPIN_SECTION_WINDOW)
			continue;
		if (mprotect((void *)(uintptr_t)sections[i].addr, sections[i].size, PROT_READ | PROT_WRITE)) {
			underpin_fail(errno, "no memory for PAL '%s': %s", image->name, strerror(errno));
			goto out;
		}
		memcpy((void *)(uintptr_t)sections[i].addr, image->contents[i], sections[i].size);
	}
	image->pal = underpin_pal_register(device, &spec, result);
	if (image->pal >= 0)
		return image->pal;
out:
	munmap(memory, image->span);
	image->memory = NULL;
	return -1;
}

void *underpin_pal_entry(const struct underpin_pal_image *image, unsigned int entry)
{
	return image->memory && entry < image->nr_entries ?
		image->memory + (image->entries[entry].addr - image->low) : NULL;
}

void underpin_pal_unload(struct underpin_pal_image *image)
{
	unsigned int i;

	if (image->pal >= 0)
		underpin_pal_stop(image->pal);
	if (image->memory)
		munmap(image->memory, image->span);
	for (i = 0; i < image->nr_sections; i++)
		free(image->contents[i]);
	image->pal = -1;
	image->memory = NULL;
	image->nr_sections = 0;
}
