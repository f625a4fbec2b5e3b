/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A small hypervisor (L1) as a kernel module, and what it saw: see ../README.md.
 * vmcs.c sets a VMCS up and enters; the other files are the experiments. Encodings
 * and bits are the core's own (vmx/vmcs.h).
 */
#ifndef UNDERPIN_TEST_L1_H
#define UNDERPIN_TEST_L1_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/seq_file.h>

#include "selftests/machine/modules/try.h"
#undef BIT
#define BIT(n) (1ull << (n))
#include "vmx/vmcs.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, NR_REGS = 16 };

#define NR_VMCS 4
#define EPTP_OF(table) (__pa(table) | 3 << 3 | 6)

/* One at a time, on CPU 0, with interrupts off. */
struct l1 {
	struct seq_file *m;
	u64 *vmxon, *idt, *vmcs[NR_VMCS];	/* pages; vmcs[0] is set up by vmcs_begin() */
	u64 *page, *hidden;		/* data that an L2 reads; page has entries of its own in ept */
	u64 *pml4, *pdpt, *pd, *pt;	/* identity; 1 GiB, around page 2 MiB and 4 KiB */
	u64 *msr_bitmap, *msr_list, *io_bitmap, *virtual_apic;
	u64 *other_pml4, *other_pdpt, *other_pd, *other_pt;	/* the same, but page is hidden */
	u64 *eptp_list, *ve_information;
	u8 *stack;			/* of L2 */
	u32 revision;
	u32 pin, proc, proc2, exit, entry;	/* must be 1; entry and exit: 64 bits */
	u64 regs[NR_REGS];		/* of L2 */
};
extern struct l1 l1;

/* How an instruction ended: a vector, or the flags. */
struct outcome { int fault; u8 cf, zf; };

#define OUTPUTS [fault] "=&r" (o.fault), "+a" (rax), [cf] "=m" (o.cf), [zf] "=m" (o.zf)
#define VMX_TRY(insn) TRY(insn) "	setc %[cf]\n	setz %[zf]\n"
#define VMX_OPERATION(name, insn, parameters, inputs...)				\
static inline struct outcome name parameters						\
{											\
	struct outcome o = {};								\
	u64 rax = 0;									\
											\
	asm volatile(VMX_TRY(insn) : OUTPUTS : inputs : "cc", "memory");		\
	return o;									\
}
VMX_OPERATION(op_vmxon, "vmxon (%[at])", (const void *at), [at] "r" (at))
VMX_OPERATION(op_vmclear, "vmclear (%[at])", (const void *at), [at] "r" (at))
VMX_OPERATION(op_vmptrld, "vmptrld (%[at])", (const void *at), [at] "r" (at))
VMX_OPERATION(op_vmptrst, "vmptrst (%[at])", (void *at), [at] "r" (at))
VMX_OPERATION(op_vmread, "vmread %[field], (%[at])", (u64 field, void *at), [field] "r" (field), [at] "r" (at))
VMX_OPERATION(op_vmwrite, "vmwrite (%[at]), %[field]", (u64 field, const void *at), [field] "r" (field), [at] "r" (at))
VMX_OPERATION(op_invept, "invept (%[at]), %[type]", (u64 type, const void *at), [type] "r" (type), [at] "r" (at))
VMX_OPERATION(op_invvpid, "invvpid (%[at]), %[type]", (u64 type, const void *at), [type] "r" (type), [at] "r" (at))
VMX_OPERATION(op_vmxoff, "vmxoff", (void), "r" (0))
VMX_OPERATION(op_vmlaunch, "vmlaunch", (void), "r" (0))
VMX_OPERATION(op_vmresume, "vmresume", (void), "r" (0))
VMX_OPERATION(op_vmcall, "vmcall", (void), "r" (0))

static inline struct outcome with_pointer(struct outcome (*op)(const void *), u64 pointer)
{
	return op(&pointer);
}

static inline u64 get(u64 field)
{
	u64 value = 0xbad;

	op_vmread(field, &value);
	return value;
}

static inline void set(u64 field, u64 value)
{
	op_vmwrite(field, &value);
}

/* ---- main.c: a line "name: what was seen", or "name: seen | what the SDM says" ---- */
#define line(name, format, ...) seq_printf(l1.m, "%s: " format "\n", name, ##__VA_ARGS__)
void show_outcome(const char *name, struct outcome o);
/* VMXON, and off again; false: it failed. */
bool vmx_begin(void);
void vmx_end(void);

/* ---- vmcs.c ---- */
/* Page at is a clear VMCS of the revision, and current. */
void vmcs_fresh(u64 *at);
/* vmcs[0] is clear and current, L2 is 64-bit code of this module on Linux's page tables at rip. */
void vmcs_begin(const void *rip);
/* With EPT12 (identity, all write-back), and secondary controls besides. */
void vmcs_use_ept(u32 proc2);
/* After it the launch state is clear again, and the fields stay. */
void vmcs_clear_launch_state(void);
enum entry { EXITED, FAIL_INVALID, FAIL_VALID };
enum entry enter(bool launch);
/* "exit 18 q 0", "VMfail 7", "entry failure 33 q 0", into a buffer that the next call uses again. */
const char *enter_and_say(bool launch);

/* ---- entry.S ---- */
enum entry l1_enter(u64 *regs, bool launch);
extern const char l2_vmcall[], l2_cpuid[], l2_read[], l2_write[], l2_rdmsr[], l2_wrmsr[], l2_hlt[],
	l2_pause[], l2_ud[], l2_cr3[], l2_in[], l2_out[], l2_dr[], l2_rdtsc[], l2_invlpg[], l2_xsetbv[],
	l2_loop[], l2_vmxon[], l2_invd[], l2_wbinvd[], l2_int3[], l2_sgdt[], l2_rdtscp[], l2_cr8[],
	l2_triple[], l2_iret[], l2_nmi[], l2_two_nops[], l2_cr0[], l2_sti_nop[],
	l2_vmfunc[], l2_vmfunc_and_back[], l2_vmfunc_write[], l2_vmfunc_often[];

/* ---- guest.c ---- */
/* vmcs_begin() with bitmaps, VPID and pages in place; RDI: l1.page. */
void guest_begin(const void *rip, bool ept);
#define PT_OF_PAGE (&l1.pt[__pa(l1.page) >> 12 & 511])
#define PD_OF_PAGE (&l1.pd[__pa(l1.page) >> 21 & 511])
#define PDPT_OF_PAGE (&l1.pdpt[__pa(l1.page) >> 30])
#define MARK 0x4c31204c31204c31ull
#define OTHER 0x32324c32324c3232ull
/* INVEPT of both trees. */
bool flush_ept(void);
/* Enters and shows all exit information, and how far L2 came. */
void say_all(const char *name, bool launch, const char *sdm);

void do_instructions(void);
void do_capabilities(void);
void do_checks(void);
void do_guests(void);
void do_hostile(void);
void do_nmis(void);
void do_vm_functions(void);
void do_vm_functions_cost(void);

#endif
