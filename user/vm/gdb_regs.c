// SPDX-License-Identifier: GPL-2.0
/* Registers for gdb: one table, from which target.xml (GDB manual, appendix G) and all accesses come. Next: gdb.c. */
#include <stdio.h>
#include <string.h>

#include "gdb.h"

#define CORE "org.gnu.gdb.i386.core"
#define SEGMENTS "org.gnu.gdb.i386.segments"
#define CONTROL "org.underpin.control"
#define AT(field) offsetof(struct gdb_regs, field)

static const struct row {
	const char *feature, *name, *type;
	unsigned int size, offset;
} rows[] = {
	{ CORE, "rax", "int64", 8, AT(gpr[0]) }, { CORE, "rbx", "int64", 8, AT(gpr[1]) }, { CORE, "rcx", "int64", 8, AT(gpr[2]) },
	{ CORE, "rdx", "int64", 8, AT(gpr[3]) }, { CORE, "rsi", "int64", 8, AT(gpr[4]) }, { CORE, "rdi", "int64", 8, AT(gpr[5]) },
	{ CORE, "rbp", "data_ptr", 8, AT(gpr[6]) }, { CORE, "rsp", "data_ptr", 8, AT(gpr[7]) },
	{ CORE, "r8", "int64", 8, AT(gpr[8]) }, { CORE, "r9", "int64", 8, AT(gpr[9]) }, { CORE, "r10", "int64", 8, AT(gpr[10]) },
	{ CORE, "r11", "int64", 8, AT(gpr[11]) }, { CORE, "r12", "int64", 8, AT(gpr[12]) }, { CORE, "r13", "int64", 8, AT(gpr[13]) },
	{ CORE, "r14", "int64", 8, AT(gpr[14]) }, { CORE, "r15", "int64", 8, AT(gpr[15]) },
	{ CORE, "rip", "code_ptr", 8, AT(rip) }, { CORE, "eflags", "int32", 4, AT(eflags) },
	{ CORE, "cs", "int32", 4, AT(selectors[0]) }, { CORE, "ss", "int32", 4, AT(selectors[1]) },
	{ CORE, "ds", "int32", 4, AT(selectors[2]) }, { CORE, "es", "int32", 4, AT(selectors[3]) },
	{ CORE, "fs", "int32", 4, AT(selectors[4]) }, { CORE, "gs", "int32", 4, AT(selectors[5]) },
	{ CORE, "st0", "i387_ext", 10, AT(st[0]) }, { CORE, "st1", "i387_ext", 10, AT(st[1]) }, { CORE, "st2", "i387_ext", 10, AT(st[2]) },
	{ CORE, "st3", "i387_ext", 10, AT(st[3]) }, { CORE, "st4", "i387_ext", 10, AT(st[4]) }, { CORE, "st5", "i387_ext", 10, AT(st[5]) },
	{ CORE, "st6", "i387_ext", 10, AT(st[6]) }, { CORE, "st7", "i387_ext", 10, AT(st[7]) },
	{ CORE, "fctrl", "int", 4, AT(x87[0]) }, { CORE, "fstat", "int", 4, AT(x87[1]) }, { CORE, "ftag", "int", 4, AT(x87[2]) },
	{ CORE, "fiseg", "int", 4, AT(x87[3]) }, { CORE, "fioff", "int", 4, AT(x87[4]) }, { CORE, "foseg", "int", 4, AT(x87[5]) },
	{ CORE, "fooff", "int", 4, AT(x87[6]) }, { CORE, "fop", "int", 4, AT(x87[7]) },
	{ SEGMENTS, "fs_base", "int64", 8, AT(fs_base) }, { SEGMENTS, "gs_base", "int64", 8, AT(gs_base) },
	{ CONTROL, "cr0", "int64", 8, AT(cr0) }, { CONTROL, "cr2", "int64", 8, AT(cr2) }, { CONTROL, "cr3", "int64", 8, AT(cr3) },
	{ CONTROL, "cr4", "int64", 8, AT(cr4) }, { CONTROL, "cr8", "int64", 8, AT(cr8) }, { CONTROL, "efer", "int64", 8, AT(efer) },
	{ CONTROL, "gdt_base", "int64", 8, AT(gdt_base) }, { CONTROL, "idt_base", "int64", 8, AT(idt_base) },
	{ CONTROL, "tr_base", "int64", 8, AT(tr_base) },
};

unsigned int gdb_nr_regs(void)
{
	return ARRAY_SIZE(rows);
}

void *gdb_reg(struct gdb_regs *regs, unsigned int n, unsigned int *size)
{
	if (n >= ARRAY_SIZE(rows))
		return NULL;
	*size = rows[n].size;
	return (uint8_t *)regs + rows[n].offset;
}

const char *gdb_target_xml(size_t *size)
{
	static char xml[5120];
	static size_t used;
	unsigned int i;

	if (!used) {
		used = (size_t)sprintf(xml, "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
				       "<architecture>i386:x86-64</architecture>");
		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			const struct row *r = &rows[i];

			if (!i || strcmp(rows[i - 1].feature, r->feature))
				used += (size_t)snprintf(xml + used, sizeof(xml) - used, "%s<feature name=\"%s\">", i ? "</feature>" : "", r->feature);
			used += (size_t)snprintf(xml + used, sizeof(xml) - used, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"/>",
						 r->name, r->size * 8, r->type, i);
		}
		used += (size_t)snprintf(xml + used, sizeof(xml) - used, "</feature></target>");
	}
	*size = used;
	return xml;
}
