// SPDX-License-Identifier: GPL-2.0
/* GDT, TSS, IDT and the control registers of root mode. Read trap.S next. */
#include "tables.h"

#include "../include/platform.h"
#include "../vmx/controls.h"
#include "../vmx/msr_index.h"

#define DESCRIPTOR_CODE64 0x00af9b000000ffffull	/* present, DPL 0, accessed, L */
#define DESCRIPTOR_DATA 0x00cf93000000ffffull
#define TSS_AVAILABLE 0x9ull
#define TSS_BUSY BIT(41)

struct idt_gate core_idt[CORE_NR_VECTORS] __attribute__((aligned(16)));

/* trap.S: stubs of 16 bytes each, in the order of the vectors. */
extern char trap_stubs[];
#define TRAP_STUB_SIZE 16

void idt_init(void)
{
	int vector;

	for (vector = 0; vector < CORE_NR_VECTORS; vector++) {
		u64 stub = (u64)trap_stubs + vector * TRAP_STUB_SIZE;

		core_idt[vector] = (struct idt_gate){
			.offset_0 = stub & 0xffff,
			.selector = CORE_CS,
			.ist = vector == 8 ? IST_DF : vector == 2 ? IST_NMI : vector == 18 ? IST_MC : 0,
			.type = 0x8e,	/* present, DPL 0, 64-bit interrupt gate */
			.offset_16 = (stub >> 16) & 0xffff,
			.offset_32 = stub >> 32,
		};
	}
}

/* 16 bytes: SDM figure 8-4. */
static void write_tss_descriptor(u64 *gdt, u16 selector, u64 base, u32 limit)
{
	u64 *entry = &gdt[selector / 8];

	entry[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | TSS_AVAILABLE << 40 | BIT(47) |
		   (u64)((limit >> 16) & 0xf) << 48 | ((base >> 24) & 0xff) << 56;
	entry[1] = base >> 32;
}

void cpu_tables_init(struct cpu *cpu)
{
	struct cpu_tables *t = cpu_tables(cpu);
	u64 slot = CORE_CPU_BASE + cpu->slot * CORE_CPU_STRIDE;

	if (t->gdt[CORE_CS / 8])
		return;		/* in use: an NMI may come at any time */
	t->gdt[CORE_CS / 8] = DESCRIPTOR_CODE64;
	t->gdt[CORE_SS / 8] = DESCRIPTOR_DATA;
	t->tss.ist[IST_DF - 1] = slot + CORE_CPU_DF_STACK_END;
	t->tss.ist[IST_NMI - 1] = slot + CORE_CPU_NMI_STACK_END;
	t->tss.ist[IST_MC - 1] = slot + CORE_CPU_MC_STACK_END;
	t->tss.io_map = sizeof(t->tss);
	write_tss_descriptor(t->gdt, CORE_TR, (u64)&t->tss, sizeof(t->tss) - 1);
}

void tables_enter(struct cpu *cpu, struct linux_state *state)
{
	struct cpu_tables *t = cpu_tables(cpu);
	struct descriptor_table gdt, idt;

	sgdt(&gdt);
	sidt(&idt);
	state->gdt_base = gdt.base;
	state->gdt_limit = gdt.limit;
	state->idt_base = idt.base;
	state->idt_limit = idt.limit;
	state->tr = store_tr();

	gdt = (struct descriptor_table){ sizeof(t->gdt) - 1, (u64)t->gdt };
	idt = (struct descriptor_table){ sizeof(core_idt) - 1, (u64)core_idt };
	lgdt(&gdt);
	/* An NMI may not push into the red zone of BearSSL's code. The switch page puts TR back. */
	t->gdt[CORE_TR / 8] &= ~TSS_BUSY;
	ltr(CORE_TR);
	lidt(&idt);
}

void tables_leave(const struct linux_state *state)
{
	struct descriptor_table gdt = { state->gdt_limit, state->gdt_base };
	struct descriptor_table idt = { state->idt_limit, state->idt_base };

	lgdt(&gdt);
	lidt(&idt);
}

bool tables_restore_tr(struct cpu *cpu, u16 selector, u64 base, u32 limit)
{
	struct cpu_tables *t = cpu_tables(cpu);

	if (selector / 8 <= CORE_TR / 8 + 1 || selector / 8 + 1 >= CORE_GDT_ENTRIES)
		return false;
	write_tss_descriptor(t->gdt, selector, base, limit);
	ltr(selector & ~7);
	return true;
}

u64 core_cr0(void)
{
	return CR0_PE | CR0_MP | CR0_ET | CR0_NE | CR0_WP | CR0_PG;
}

u64 core_cr4(void)
{
	return CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | CR4_VMXE |
	       (vmx_caps.xsave ? CR4_OSXSAVE : 0) |
	       (handover.flags & HANDOVER_LA57 ? CR4_LA57 : 0) | vmx_caps.cr4_fixed0;
}
