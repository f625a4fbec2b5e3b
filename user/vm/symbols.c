// SPDX-License-Identifier: GPL-2.0
/*
 * Names for addresses of the guest's kernel, from a vmlinux by libelf; read before the guest runs, when files may
 * still be opened. A kernel that moved itself (KASLR) is met by the slide of one symbol. Next: dump.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "symbols.h"

struct symbol {
	uint64_t address, size;
	const char *name;
};

struct symbols {
	struct symbol *list;
	size_t n;
	Elf *elf;		/* owns the names */
	int fd;
	uint64_t slide;
};

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

/* Code with a name: functions, and the labels of assembly in executable sections. */
static bool is_code(const struct symbols *s, const GElf_Sym *sym)
{
	unsigned int type = GELF_ST_TYPE(sym->st_info);
	Elf_Scn *section = elf_getscn(s->elf, sym->st_shndx);
	GElf_Shdr sh;

	return sym->st_value && sym->st_shndx != SHN_UNDEF && (type == STT_FUNC || type == STT_NOTYPE) && section &&
	       gelf_getshdr(section, &sh) && sh.sh_flags & SHF_EXECINSTR;
}

static void read_table(struct symbols *s, Elf_Scn *section, const GElf_Shdr *sh)
{
	Elf_Data *data = elf_getdata(section, NULL);
	size_t i, count = data && sh->sh_entsize ? data->d_size / sh->sh_entsize : 0;
	GElf_Sym sym;

	free(s->list);
	s->list = calloc(count ? count : 1, sizeof(*s->list));
	for (i = 0; s->list && i < count && i < INT32_MAX; i++) {
		const char *name;

		if (!gelf_getsym(data, (int)i, &sym) || !is_code(s, &sym))
			continue;
		name = elf_strptr(s->elf, sh->sh_link, sym.st_name);
		if (name && *name)
			s->list[s->n++] = (struct symbol){ sym.st_value, sym.st_size, name };
	}
	if (s->n)
		qsort(s->list, s->n, sizeof(*s->list), by_address);
}

struct symbols *symbols_open(const char *file, struct problem *p)
{
	struct symbols *s = calloc(1, sizeof(*s));
	Elf_Scn *section = NULL;
	GElf_Shdr sh;

	if (!s) {
		problem(p, "--symbols: no memory");
		return NULL;
	}
	elf_version(EV_CURRENT);
	s->fd = open(file, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		problem(p, "--symbols: %s: %s", file, strerror(errno));
	else
		s->elf = elf_begin(s->fd, ELF_C_READ, NULL);
	if (s->elf && elf_kind(s->elf) == ELF_K_ELF)
		while (!s->n && (section = elf_nextscn(s->elf, section)))
			if (gelf_getshdr(section, &sh) && sh.sh_type == SHT_SYMTAB)
				read_table(s, section, &sh);
	if (!s->n) {
		problem(p, "--symbols: %s: no ELF file with a symbol table (a vmlinux that is not stripped, as linux-image-*-dbg has)", file);
		symbols_close(s);
		return NULL;
	}
	return s;
}

void symbols_close(struct symbols *s)
{
	if (!s)
		return;
	free(s->list);
	elf_end(s->elf);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

void symbols_slide(struct symbols *s, const char *name, uint64_t address)
{
	size_t i;

	for (i = 0; s && i < s->n; i++)
		if (!strcmp(s->list[i].name, name)) {
			s->slide = address - s->list[i].address;
			if (s->slide & 0xfff)	/* no kernel moves by parts of a page */
				s->slide = 0;
			return;
		}
}

const char *symbols_find(const struct symbols *s, uint64_t address, uint64_t *offset)
{
	size_t low = 0, high = s ? s->n : 0, middle;

	if (s)
		address -= s->slide;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (s->list[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	*offset = address - s->list[low - 1].address;
	/* Without a size it may reach to the next one, but the last not for ever. */
	if (s->list[low - 1].size ? *offset >= s->list[low - 1].size : low == s->n && *offset >= 4096)
		return NULL;
	return s->list[low - 1].name;
}
