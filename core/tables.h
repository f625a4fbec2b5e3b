/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The core's own descriptor tables (SDM vol. 3, 3.4.5, 6.10, 8.7): one GDT and
 * TSS per CPU, one IDT for all. Code and stack selectors have the values that
 * Linux uses, so a CPU that goes back to Linux need not reload them.
 */
#ifndef UNDERPIN_CORE_TABLES_H
#define UNDERPIN_CORE_TABLES_H

#include "../include/types.h"
#include "../vmx/cpu.h"
#include "../vmx/launch.h"

#define CORE_CS 0x10
#define CORE_SS 0x18
#define CORE_TR 0x20
#define CORE_GDT_ENTRIES 18	/* Linux's TR (0x40) is put back through this table */

/* WB, WT, UC-, UC twice: the power-on value (SDM 12.12.4); the direct map's APIC page uses UC. */
#define CORE_PAT 0x0007040600070406ull

struct __attribute__((packed)) tss64 {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, io_map;
};

struct cpu_tables {
	u64 gdt[CORE_GDT_ENTRIES];
	struct tss64 tss;
};

/* Lies behind struct cpu in the CPU's slot. */
static inline struct cpu_tables *cpu_tables(struct cpu *cpu)
{
	return (struct cpu_tables *)((char *)cpu + CORE_CPU_STRUCT_SIZE -
				     ALIGN_UP(sizeof(struct cpu_tables), 16));
}
_Static_assert(sizeof(struct cpu) + sizeof(struct cpu_tables) + 16 <= CORE_CPU_STRUCT_SIZE,
	       "struct cpu and the tables outgrew their pages");

#define IST_DF 1
#define IST_NMI 2
#define IST_MC 3

struct __attribute__((packed)) idt_gate {
	u16 offset_0;
	u16 selector;
	u8 ist;
	u8 type;
	u16 offset_16;
	u32 offset_32;
	u32 reserved;
};
#define CORE_NR_VECTORS 32
extern struct idt_gate core_idt[CORE_NR_VECTORS];

/* Once, at start. */
void idt_init(void);
/* Each CPU's GDT and TSS. */
void cpu_tables_init(struct cpu *cpu);

/* Take what Linux has in GDTR, IDTR and TR, then load the core's GDT and IDT (not TR). */
void tables_enter(struct cpu *cpu, struct linux_state *state);
/* Give GDTR and IDTR back. */
void tables_leave(const struct linux_state *state);

/*
 * Make TR Linux's again after VMX. LTR reads the descriptor from the current
 * GDT and marks it busy there; Linux's GDT cannot be reached from here and is
 * busy already, so the core's own table lends the place: selector and hidden
 * part become Linux's. False: no such place in the core's table.
 */
bool tables_restore_tr(struct cpu *cpu, u16 selector, u64 base, u32 limit);

/* CR0 and CR4 in root. */
u64 core_cr0(void);
u64 core_cr4(void);

#endif
