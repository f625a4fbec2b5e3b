// SPDX-License-Identifier: GPL-2.0
/* See symbols.h. The core is linked at a fixed address, so no bias is added. */
#include "symbols.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct symbols {
	Dwfl *dwfl;
	Dwfl_Module *module;
};

static int no_separate_debug_file(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
				  const char *file, const char *link, GElf_Word crc, char **found)
{
	(void)module, (void)data, (void)name, (void)base, (void)file, (void)link, (void)crc, (void)found;
	return -1;
}

static const Dwfl_Callbacks callbacks = {
	.find_elf = dwfl_build_id_find_elf,
	.find_debuginfo = no_separate_debug_file,
	.section_address = dwfl_offline_section_address,
};

struct symbols *symbols_open(const char *path, const char **why)
{
	struct symbols *s = calloc(1, sizeof(*s));

	*why = "out of memory";
	if (!s)
		return NULL;
	s->dwfl = dwfl_begin(&callbacks);
	if (s->dwfl)
		s->module = dwfl_report_elf(s->dwfl, "core", path, -1, 0, true);
	if (!s->module || dwfl_report_end(s->dwfl, NULL, NULL) || dwfl_module_getsymtab(s->module) <= 0) {
		*why = dwfl_errmsg(0);
		if (!*why)
			*why = "it has no symbols";
		symbols_close(s);
		return NULL;
	}
	return s;
}

void symbols_close(struct symbols *s)
{
	if (!s)
		return;
	if (s->dwfl)
		dwfl_end(s->dwfl);
	free(s);
}

bool symbols_read(const struct symbols *s, uint64_t address, void *to, size_t size)
{
	GElf_Addr bias;
	Elf *elf = dwfl_module_getelf(s->module, &bias);
	size_t nr = 0, i, bytes;
	GElf_Phdr segment;
	const char *data;

	if (!elf || elf_getphdrnum(elf, &nr))
		return false;
	data = elf_rawfile(elf, &bytes);
	for (i = 0; data && i < nr; i++) {
		if (!gelf_getphdr(elf, (int)i, &segment) || segment.p_type != PT_LOAD ||
		    address < segment.p_vaddr || address - segment.p_vaddr >= segment.p_filesz ||
		    segment.p_filesz - (address - segment.p_vaddr) < size)
			continue;
		if (segment.p_offset + (address - segment.p_vaddr) + size > bytes)
			return false;
		memcpy(to, data + segment.p_offset + (address - segment.p_vaddr), size);
		return true;
	}
	return false;
}

bool symbols_name(const struct symbols *s, uint64_t address, char *text, size_t size)
{
	GElf_Off offset;
	GElf_Sym symbol;
	const char *name = dwfl_module_addrinfo(s->module, address, &offset, &symbol, NULL, NULL, NULL);

	/* Without a size the nearest label before could be anything. */
	if (!name || offset > 0x10000)
		return false;
	snprintf(text, size, "%s+0x%llx", name, (unsigned long long)offset);
	return true;
}

/* The core is compiled in core/: its other folders begin with "../". */
static const char *from_top(const char *file)
{
	while (!strncmp(file, "./", 2) || !strncmp(file, "../", 3))
		file = strchr(file, '/') + 1;
	return file;
}

bool symbols_line(const struct symbols *s, uint64_t address, char *text, size_t size)
{
	Dwfl_Line *line = dwfl_module_getsrc(s->module, address);
	const char *file;
	int number;

	file = line ? dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL) : NULL;
	if (!file)
		return false;
	snprintf(text, size, "%s:%d", from_top(file), number);
	return true;
}

void symbols_inlined(const struct symbols *s, uint64_t address,
		     void (*visit)(void *data, const char *function, const char *file, int line), void *data)
{
	Dwarf_Addr bias;
	Dwarf_Die *unit = dwfl_module_addrdie(s->module, address, &bias), *scopes = NULL;
	Dwarf_Attribute attribute;
	Dwarf_Files *files;
	Dwarf_Word file, line;
	int nr, i;

	if (!unit)
		return;
	nr = dwarf_getscopes(unit, address - bias, &scopes);
	for (i = 0; i < nr; i++) {
		const char *name = dwarf_diename(&scopes[i]), *path = NULL;

		if (dwarf_tag(&scopes[i]) != DW_TAG_inlined_subroutine || !name)
			continue;
		if (dwarf_formudata(dwarf_attr(&scopes[i], DW_AT_call_line, &attribute), &line))
			line = 0;
		if (!dwarf_formudata(dwarf_attr(&scopes[i], DW_AT_call_file, &attribute), &file) &&
		    !dwarf_getsrcfiles(unit, &files, NULL))
			path = dwarf_filesrc(files, file, NULL, NULL);
		visit(data, name, path ? from_top(path) : "?", (int)line);
	}
	free(scopes);
}

/* ---- unwinding: libdwfl asks for registers and memory, the record answers ---- */

struct unwind {
	const struct symbols *symbols;
	const struct core_fatal *record;
	uint64_t *trace;
	size_t nr, room;
};

static pid_t next_thread(Dwfl *dwfl, void *argument, void **thread_argument)
{
	(void)dwfl;
	if (*thread_argument)
		return 0;
	*thread_argument = argument;
	return 1;
}

static bool memory_read(Dwfl *dwfl, Dwarf_Addr address, Dwarf_Word *result, void *argument)
{
	const struct unwind *u = argument;
	const struct core_fatal *r = u->record;
	uint64_t offset = address - r->rsp;

	(void)dwfl;
	if (address >= r->rsp && offset % 8 == 0 && offset / 8 < r->stack_words) {
		*result = r->stack[offset / 8];
		return true;
	}
	return symbols_read(u->symbols, address, result, sizeof(*result));
}

static bool set_registers(Dwfl_Thread *thread, void *argument)
{
	const struct core_fatal *r = ((struct unwind *)argument)->record;
	/* DWARF's order (x86-64 psABI, figure 3.36) from the SDM's. */
	static const int from[16] = { 0, 2, 1, 3, 6, 7, 5, 4, 8, 9, 10, 11, 12, 13, 14, 15 };
	Dwarf_Word registers[17];
	int i;

	for (i = 0; i < 16; i++)
		registers[i] = r->gpr[from[i]];
	registers[7] = r->rsp;
	registers[16] = r->rip;
	dwfl_thread_state_register_pc(thread, r->rip);
	return dwfl_thread_state_registers(thread, 0, 17, registers);
}

static int take_frame(Dwfl_Frame *frame, void *argument)
{
	struct unwind *u = argument;
	Dwarf_Addr pc;

	if (u->nr == u->room || !dwfl_frame_pc(frame, &pc, NULL) || !pc)
		return DWARF_CB_ABORT;
	u->trace[u->nr++] = pc;
	return DWARF_CB_OK;
}

size_t symbols_unwind(const struct symbols *s, const struct core_fatal *record, uint64_t *trace, size_t room)
{
	static const Dwfl_Thread_Callbacks thread_callbacks = {
		.next_thread = next_thread,
		.memory_read = memory_read,
		.set_initial_registers = set_registers,
	};
	struct unwind u = { .symbols = s, .record = record, .trace = trace, .room = room };
	GElf_Addr bias;

	if (dwfl_attach_state(s->dwfl, dwfl_module_getelf(s->module, &bias), 1, &thread_callbacks, &u))
		dwfl_getthread_frames(s->dwfl, 1, take_frame, &u);
	if (!u.nr && room)
		trace[u.nr++] = record->rip;
	return u.nr;
}
