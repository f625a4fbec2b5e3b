// SPDX-License-Identifier: GPL-2.0
/*
 * Operands of L1's VMX instructions (SDM vol. 3, 28.2.1, 28.2.5, tables 28-12 to
 * 28-14), checked as the CPU checks any access to memory: segments (5.3-5.5),
 * canonical addresses, page tables with the rights of CPL 0. Next: instructions.c.
 */
#include "operand.h"

#include "../../ept/guest_memory.h"
#include "../../include/platform.h"
#include "../event.h"
#include "../msr_index.h"
#include "../vmcs.h"

#define REGISTER_RSP 4

/* VM-exit instruction information */
#define INFO_SCALE 3
#define INFO_ADDRESS_SIZE(info) ((info) >> 7 & 7)	/* 0: 16 bits, 1: 32, 2: 64 */
#define INFO_SEGMENT(info) ((info) >> 15 & 7)	/* ES, CS, SS, DS, FS, GS */
#define INFO_INDEX(info) ((info) >> 18 & 0xf)
#define INFO_NO_INDEX BIT(22)
#define INFO_BASE(info) ((info) >> 23 & 0xf)
#define INFO_NO_BASE BIT(27)
#define SEGMENT_SS 2
#define SEGMENT_FS 4

/* Access rights of a segment (25.4.1); code and data of the type field (3.4.5.1) */
#define RIGHTS_CODE BIT(3)
#define RIGHTS_EXPAND_DOWN BIT(2)	/* of data */
#define RIGHTS_ACCESSIBLE BIT(1)	/* data: writable; code: readable */
#define RIGHTS_BIG BIT(14)
#define RIGHTS_UNUSABLE BIT(16)

#define VECTOR_SS 12
#define RFLAGS_AC BIT(18)

u64 operand_register(const struct cpu *cpu, u32 index)
{
	return index == REGISTER_RSP ? vmread(GUEST_RSP) : (&cpu->regs.rax)[index & 0xf];
}

void operand_set_register(struct cpu *cpu, u32 index, u64 value)
{
	if (index == REGISTER_RSP)
		vmwrite(GUEST_RSP, value);
	else
		(&cpu->regs.rax)[index & 0xf] = value;
}

bool operand_is_64bit(void)
{
	return guest_in_64bit_code();
}

/* #SS(0) if the access was by SS, else #GP(0). The answer for the caller: false. */
static bool segment_fault(u32 segment)
{
	if (segment != SEGMENT_SS) {
		inject_gp();
		return false;
	}
	vmwrite(VM_ENTRY_EXCEPTION_ERROR_CODE, 0);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, VECTOR_SS | INTR_TYPE_HARDWARE_EXCEPTION |
					    INTR_INFO_ERROR_CODE | INTR_INFO_VALID);
	return false;
}

/* Displacement (with RIP, where it is relative to that) + base + scaled index. */
static u64 effective_address(const struct cpu *cpu, u64 info)
{
	u64 address = vmread(EXIT_QUALIFICATION);

	if (!(info & INFO_NO_BASE))
		address += operand_register(cpu, INFO_BASE(info));
	if (!(info & INFO_NO_INDEX))
		address += operand_register(cpu, INFO_INDEX(info)) << (info & INFO_SCALE);
	switch (INFO_ADDRESS_SIZE(info)) {
	case 0:
		return (u16)address;
	case 1:
		return (u32)address;
	default:
		return address;
	}
}

/* Usable, of a fitting type, within the limit? Protected mode (SDM 5.3, 5.4.1, 5.5). */
static bool segment_allows(u32 segment, u64 offset, size_t size, bool write)
{
	u64 rights = vmread(GUEST_ES_ACCESS_RIGHTS + 2 * segment);
	u64 limit = (u32)vmread(GUEST_ES_LIMIT + 2 * segment);
	u64 last = offset + size - 1;

	if (rights & RIGHTS_UNUSABLE)
		return false;
	if (rights & RIGHTS_CODE)
		return !write && (rights & RIGHTS_ACCESSIBLE) && last <= limit;
	if (write && !(rights & RIGHTS_ACCESSIBLE))
		return false;
	if (rights & RIGHTS_EXPAND_DOWN)
		return offset > limit && last <= (rights & RIGHTS_BIG ? 0xffffffff : 0xffff);
	return last <= limit;
}

static bool canonical(u64 address, u64 cr4)
{
	int unused = cr4 & CR4_LA57 ? 64 - 57 : 64 - 48;

	return (u64)((s64)(address << unused) >> unused) == address;
}

/* The linear address of the memory operand, not yet cut to 32 bits; false: it has faulted. */
static bool linear_address(const struct cpu *cpu, size_t size, bool write, u64 *linear)
{
	u64 info = vmread(VM_EXIT_INSTRUCTION_INFO), cr4 = vmread(GUEST_CR4);
	u64 offset = effective_address(cpu, info);
	u32 segment = INFO_SEGMENT(info);

	if (operand_is_64bit()) {
		*linear = offset;
		if (segment >= SEGMENT_FS)
			*linear += vmread(GUEST_ES_BASE + 2 * segment);
		if (!canonical(*linear, cr4) || !canonical(*linear + size - 1, cr4))
			return segment_fault(segment);
		return true;
	}
	if (!segment_allows(segment, offset, size, write))
		return segment_fault(segment);
	*linear = offset + vmread(GUEST_ES_BASE + 2 * segment);
	return true;
}

/* A range of at most 16 bytes: the pages that it lies in, looked up before any is touched. */
struct range {
	gpa_t part[2];
	size_t first;	/* bytes in part[0] */
};

static bool look_up(const struct cpu *cpu, size_t size, bool write, struct range *range)
{
	struct guest_paging paging = {
		.cr0 = vmread(GUEST_CR0), .cr3 = vmread(GUEST_CR3), .cr4 = vmread(GUEST_CR4),
		.efer = vmread(GUEST_IA32_EFER), .ac = vmread(GUEST_RFLAGS) & RFLAGS_AC,
	};
	int access = write ? WALK_WRITE : WALK_READ, err, i;
	u64 linear, room;
	u32 pf_error;

	if (!linear_address(cpu, size, write, &linear))
		return false;
	room = PAGE_SIZE - (linear & ~PAGE_MASK);
	range->first = size < room ? size : room;
	for (i = 0; i < (size > room ? 2 : 1); i++) {
		gva_t at = GVA(linear + (i ? room : 0));

		if (!operand_is_64bit())
			at.v = (u32)at.v;
		err = guest_walk(&paging, at, access, &range->part[i], &pf_error);
		if (err == -EFAULT)
			inject_page_fault(at, pf_error);
		else if (err == -ERANGE)
			inject_gp();
		if (err)
			return false;	/* -EAGAIN: the instruction is made again */
	}
	return true;
}

/* What is mapped, but no RAM, answers as a bus does: all ones, and writes are lost. */
bool operand_read(struct cpu *cpu, void *to, size_t size)
{
	struct range range;
	size_t rest;

	if (!look_up(cpu, size, false, &range))
		return false;
	rest = size - range.first;
	if (guest_read(range.part[0], to, range.first))
		memset(to, 0xff, range.first);
	if (rest && guest_read(range.part[1], (u8 *)to + range.first, rest))
		memset((u8 *)to + range.first, 0xff, rest);
	return true;
}

bool operand_write(struct cpu *cpu, const void *from, size_t size)
{
	struct range range;

	if (!look_up(cpu, size, true, &range))
		return false;
	guest_write(range.part[0], from, range.first);
	if (size > range.first)
		guest_write(range.part[1], (const u8 *)from + range.first, size - range.first);
	return true;
}
