/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both halves share. Each experiment has a name, what was seen, and what the SDM says;
 * report.c prints them as TAP. mode32.c and mode64.c have the order of things.
 */
#ifndef METAL_H
#define METAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned long word;	/* as wide as a register */

#define IS_64 (sizeof(word) == 8)
#define PAGE 4096

/* ---- report.c ---- */
extern u32 number;		/* of experiments so far */
extern const char *mode;	/* before each name */
void port_init(void);
void put(const char *text);
void seen(const char *name, const char *saw, const char *sdm);
/* Text from %s, %x (word), %d (u32); in one of four buffers, in turn. */
const char *text(const char *format, ...);
void end(void) __attribute__((noreturn));

/* ---- exceptions (entry32.S, entry64.S) ---- */
#define NO_FAULT 99
extern volatile word fault_vector, fault_error, fault_address, fault_resume;
extern char vectors[];
void fault_init(void);
/* How it ended, by RFLAGS and by fault_vector: "succeeds", "#GP(0)", "VMfail 7", ... */
const char *ended(word flags);

/*
 * One instruction, which may fault; "%[x]" are its operands. All of VMX's leave their result in
 * RFLAGS (SDM vol. 3, 31.2).
 */
#define TRY(instruction, ...) ({							\
	word flags_;									\
	fault_vector = NO_FAULT;							\
	asm volatile("lea 1f, %[f]\n\tmov %[f], %[resume]\n\t" instruction		\
		     "\n1:\tpushf\n\tpop %[f]"						\
		     : [f] "=&r" (flags_), [resume] "=m" (fault_resume)			\
		     : __VA_ARGS__ : "memory", "cc");					\
	ended(flags_); })

/* ---- paging: mode32.c, mode64.c ---- */

/* 32 pages that can be mapped as one likes. In a guest's tables, page 0 is another one. */
#define WINDOW 0x40000000
#define WINDOW_PAGES 32
#define FAR_PAGE 0x2000000	/* physical; not in the EPT of guests.c */
#define PTE_P 1
#define PTE_W 2
#define PTE_U 4
#define PTE_A 0x20
#define PTE_D 0x40
extern u8 window_memory[WINDOW_PAGES][PAGE];
void window_map(u32 page, u32 flags);
void window_map_far(u32 page);	/* to FAR_PAGE */
u32 window_flags(u32 page);	/* of the entry: PTE_* */
extern bool has_wide_entries;	/* of eight bytes: PAE and 64-bit mode */
void window_reserve(u32 page);	/* sets a reserved bit, where there are any */
extern word guest_cr3;
extern u64 *guest_pdptes;	/* of guest_cr3; NULL: not PAE paging */

/* ---- vmx.c ---- */
extern u64 vmxon_region[], vmcs_region[];
u32 vmx_revision(void);
bool vmread(u32 field, word *value);
word field(u32 field);		/* 0 where it fails */
void set(u32 field, word value);
void set64(u32 field, u64 value);	/* in two halves, where it takes two */
const char *vmclear(u64 address);
const char *vmptrld(u64 address);
const char *vmxon(u64 address);
/* A VMCS with which a guest of this mode runs from guest_begin. */
void vmcs_fill(void);
u64 vmx_control(u32 msr, u32 wanted);
/* VMLAUNCH or VMRESUME: "exit 10", or as TRY(). */
const char *enter(bool resume);

/* ---- the experiments ---- */
void before_vmxon(void);
void operand_experiments(void);
void guest_experiments(void);
void after_vmxoff(void);

/* ---- instructions ---- */
static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
	return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c" (msr), "a" ((u32)value), "d" ((u32)(value >> 32)) : "memory");
}

#define CR_FUNCTIONS(n)								\
static inline word read_cr##n(void)						\
{										\
	word value;								\
	asm volatile("mov %%cr" #n ", %0" : "=r" (value) : : "memory");		\
	return value;								\
}										\
static inline void write_cr##n(word value)					\
{										\
	asm volatile("mov %0, %%cr" #n : : "r" (value) : "memory");		\
}
CR_FUNCTIONS(0)
CR_FUNCTIONS(3)
CR_FUNCTIONS(4)

#define CR0_WP 0x10000
#define CR0_PG 0x80000000
#define CR4_PSE 0x10
#define CR4_PAE 0x20
#define CR4_VMXE 0x2000
#define CR4_SMAP 0x200000

/* ---- VMCS fields (SDM vol. 3, appendix B) ---- */
#define GUEST_CS 0x802
#define HOST_CS 0xc02
#define TSC_OFFSET 0x2010
#define LINK_POINTER 0x2800
#define GUEST_EFER 0x2806
#define GUEST_PDPTE0 0x280a
#define HOST_EFER 0x2c02
#define EPT_POINTER 0x201a
#define GUEST_PHYSICAL 0x2400
#define PROC2_CONTROLS 0x401e
#define GUEST_LINEAR 0x640a
#define PIN_CONTROLS 0x4000
#define PROC_CONTROLS 0x4002
#define EXCEPTION_BITMAP 0x4004
#define EXIT_CONTROLS 0x400c
#define ENTRY_CONTROLS 0x4012
#define INSTRUCTION_ERROR 0x4400
#define EXIT_REASON 0x4402
#define EXIT_INTERRUPTION_INFO 0x4404
#define EXIT_ERROR_CODE 0x4406
#define INSTRUCTION_LENGTH 0x440c
#define GUEST_RIP 0x681e
#define GUEST_RSP 0x681c
#define GUEST_RFLAGS 0x6820
#define EXIT_QUALIFICATION 0x6400
#define HOST_CR0 0x6c00
#define NO_FIELD 0x7e7e

#endif
