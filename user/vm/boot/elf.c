// SPDX-License-Identifier: GPL-2.0
/* A vmlinux by libelf: PT_LOAD segments at p_paddr, and the PVH entry of the note Xen 18. */
#include <gelf.h>
#include <string.h>

#include "../vm.h"

#define XEN_ELFNOTE_PHYS32_ENTRY 18

static void find_pvh(Elf *elf, const GElf_Phdr *ph, struct image *image)
{
	Elf_Data *data = elf_getdata_rawchunk(elf, (int64_t)ph->p_offset, ph->p_filesz,
					      ph->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	size_t at = 0, name, desc;
	GElf_Nhdr note;

	while (data && (at = gelf_getnote(data, at, &note, &name, &desc)) > 0)
		if (note.n_type == XEN_ELFNOTE_PHYS32_ENTRY && note.n_namesz == 4 && note.n_descsz >= 4 &&
		    !memcmp((char *)data->d_buf + name, "Xen", 4))
			memcpy(&image->pvh_entry, (char *)data->d_buf + desc, 4);
}

static bool add_segment(struct image *image, const GElf_Phdr *ph, struct problem *p)
{
	if (image->nr_segments == ARRAY_SIZE(image->segments))
		return problem(p, "%s: more than %zu segments; is it a kernel?", image->name, ARRAY_SIZE(image->segments));
	if (ph->p_filesz > ph->p_memsz || ph->p_offset > image->size || ph->p_filesz > image->size - ph->p_offset)
		return problem(p, "%s: truncated: a segment of 0x%llx bytes at 0x%llx is not in the file; fetch it again", image->name,
			       (unsigned long long)ph->p_filesz, (unsigned long long)ph->p_offset);
	image->segments[image->nr_segments++] = (struct segment){ ph->p_paddr, ph->p_filesz, ph->p_memsz, ph->p_offset };
	return true;
}

static bool parse(Elf *elf, struct image *image, struct problem *p)
{
	size_t n, i;
	GElf_Ehdr eh;
	GElf_Phdr ph;

	if (!elf || !gelf_getehdr(elf, &eh) || elf_getphdrnum(elf, &n))
		return problem(p, "%s: a damaged ELF file (%s); fetch it again", image->name, elf_errmsg(-1));
	if (eh.e_type != ET_EXEC || !(eh.e_machine == EM_X86_64 || eh.e_machine == EM_386))
		return problem(p, "%s: an ELF file, but no x86 kernel (type %u, machine %u)", image->name, eh.e_type, eh.e_machine);
	if (image->format == IMAGE_ELF && eh.e_machine != EM_X86_64)
		return problem(p, "%s: a 32-bit ELF file without a Multiboot header; there is no protocol to start it by", image->name);
	image->entry = eh.e_entry;
	for (i = 0; i < n; i++) {
		if (!gelf_getphdr(elf, (int)i, &ph))
			return problem(p, "%s: truncated: program header %zu is missing; fetch it again", image->name, i);
		if (ph.p_type == PT_LOAD && ph.p_memsz && !add_segment(image, &ph, p))
			return false;
		if (ph.p_type == PT_NOTE && ph.p_offset <= image->size && ph.p_filesz <= image->size - ph.p_offset)
			find_pvh(elf, &ph, image);
	}
	return image->nr_segments || problem(p, "%s: an ELF file with nothing to load", image->name);
}

bool elf_parse(struct image *image, struct problem *p)
{
	Elf *elf;
	bool ok;

	elf_version(EV_CURRENT);
	elf = elf_memory((char *)(uintptr_t)image->data, image->size);
	ok = parse(elf, image, p);
	elf_end(elf);
	return ok;
}
