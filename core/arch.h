/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The privileged instructions that the core uses, one function each. An
 * instruction that may fault on a guest's value has an entry in the fix-up
 * table (core/trap.c): the fault ends it with -EFAULT.
 */
#ifndef UNDERPIN_CORE_ARCH_H
#define UNDERPIN_CORE_ARCH_H

#include "../include/errors.h"
#include "../include/handover.h"
#include "../include/types.h"

static inline void *page_address(hpa_t page)
{
	return (void *)(CORE_DIRECT_BASE + page.v);
}

/* A fault at label from continues at label to. */
#define FIXUP(from, to)                                                        \
	".pushsection .fixup_table, \"a\"\n\t"                                 \
	".quad " from ", " to "\n\t"                                           \
	".popsection\n\t"

/* No asm goto here: with outputs the compilers of Debian 12 get it wrong (GCC PR 113921). */
static inline int rdmsr_safe(u32 msr, u64 *value)
{
	u32 lo, hi;
	int err = 0;

	__asm__ volatile("1: rdmsr\n\t"
			 "2:\n\t" FIXUP("1b", "3f")
			 ".pushsection .text.fixup, \"ax\"\n\t"
			 "3: mov %3, %2\n\t"
			 "xor %%eax, %%eax\n\t"
			 "xor %%edx, %%edx\n\t"
			 "jmp 2b\n\t"
			 ".popsection"
			 : "=a"(lo), "=d"(hi), "+r"(err)
			 : "i"(-EFAULT), "c"(msr));
	*value = (u64)hi << 32 | lo;
	return err;
}

static inline int wrmsr_safe(u32 msr, u64 value)
{
	__asm__ goto("1: wrmsr\n\t" FIXUP("1b", "%l[fault]")
		     : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory" : fault);
	return 0;
fault:
	return -EFAULT;
}

/* For MSRs that every CPU with VMX has. */
static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 value)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)value), "d"((u32)(value >> 32)) : "memory");
}

static inline int xsetbv_safe(u32 index, u64 value)
{
	__asm__ goto("1: xsetbv\n\t" FIXUP("1b", "%l[fault]")
		     : : "c"(index), "a"((u32)value), "d"((u32)(value >> 32)) : "memory" : fault);
	return 0;
fault:
	return -EFAULT;
}

static inline u32 port_in(u16 port, u32 size)
{
	u32 value = 0;

	if (size == 1)
		__asm__ volatile("inb %1, %b0" : "+a"(value) : "Nd"(port));
	else if (size == 2)
		__asm__ volatile("inw %1, %w0" : "+a"(value) : "Nd"(port));
	else
		__asm__ volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void port_out(u16 port, u32 size, u32 value)
{
	if (size == 1)
		__asm__ volatile("outb %b0, %1" : : "a"(value), "Nd"(port) : "memory");
	else if (size == 2)
		__asm__ volatile("outw %w0, %1" : : "a"(value), "Nd"(port) : "memory");
	else
		__asm__ volatile("outl %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline u64 xgetbv(u32 index)
{
	u32 lo, hi;

	__asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(index));
	return (u64)hi << 32 | lo;
}

/*
 * VMREAD of a field that exists never fails with a current VMCS, so no flags
 * are looked at; vmwrite() the same. Fields that may be absent are written
 * only under their condition.
 */
static inline u64 vmread(u32 field)
{
	u64 value;

	__asm__ volatile("vmread %1, %0" : "=rm"(value) : "r"((u64)field) : "cc");
	return value;
}

static inline void vmwrite(u32 field, u64 value)
{
	__asm__ volatile("vmwrite %0, %1" : : "rm"(value), "r"((u64)field) : "cc", "memory");
}

/* 0, or -EIO where the instruction failed (VMfail). */
static inline int vmxon_pa(hpa_t region)
{
	u8 fail;

	__asm__ volatile("vmxon %1; setna %0" : "=qm"(fail) : "m"(region.v) : "cc", "memory");
	return fail ? -EIO : 0;
}

static inline void vmxoff(void)
{
	__asm__ volatile("vmxoff" ::: "cc", "memory");
}

static inline void vmptrld(hpa_t vmcs)
{
	__asm__ volatile("vmptrld %0" : : "m"(vmcs.v) : "cc", "memory");
}

static inline void vmclear(hpa_t vmcs)
{
	__asm__ volatile("vmclear %0" : : "m"(vmcs.v) : "cc", "memory");
}

static inline void invept(u64 type, u64 eptp)
{
	struct { u64 eptp, zero; } descriptor = { eptp, 0 };

	__asm__ volatile("invept %0, %1" : : "m"(descriptor), "r"(type) : "cc", "memory");
}

static inline void invvpid(u64 type, u16 vpid, u64 linear)
{
	struct { u64 vpid, linear; } descriptor = { vpid, linear };

	__asm__ volatile("invvpid %0, %1" : : "m"(descriptor), "r"(type) : "cc", "memory");
}

static inline u64 rdtsc(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (u64)hi << 32 | lo;
}

/* For short times: the low half, without the shifting. */
static inline u32 rdtsc_low(void)
{
	u32 lo, hi;

	__asm__ volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return lo;
}

static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

static inline void cpuid_native(u32 leaf, u32 subleaf, u32 regs[4])
{
	__asm__ volatile("cpuid"
			 : "=a"(regs[0]), "=b"(regs[1]), "=c"(regs[2]), "=d"(regs[3])
			 : "a"(leaf), "c"(subleaf));
}

#define DEFINE_CR(n)                                                           \
	static inline u64 read_cr##n(void)                                     \
	{                                                                      \
		u64 v;                                                         \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v));              \
		return v;                                                      \
	}                                                                      \
	static inline void write_cr##n(u64 v)                                  \
	{                                                                      \
		__asm__ volatile("mov %0, %%cr" #n : : "r"(v) : "memory");     \
	}
DEFINE_CR(0)
DEFINE_CR(2)
DEFINE_CR(3)
DEFINE_CR(4)
#undef DEFINE_CR

static inline u64 read_dr7(void)
{
	u64 v;

	__asm__ volatile("mov %%dr7, %0" : "=r"(v));
	return v;
}

static inline void write_dr7(u64 v)
{
	__asm__ volatile("mov %0, %%dr7" : : "r"(v));
}

static inline void reset_debug_status(void)
{
	__asm__ volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3; mov %1, %%dr6"
			 : : "r"(0ul), "r"(0xffff0ff0ul));
}

struct __attribute__((packed)) descriptor_table {
	u16 limit;
	u64 base;
};

static inline void sgdt(struct descriptor_table *t)
{
	__asm__ volatile("sgdt %0" : "=m"(*t));
}

static inline void lgdt(const struct descriptor_table *t)
{
	__asm__ volatile("lgdt %0" : : "m"(*t));
}

static inline void sidt(struct descriptor_table *t)
{
	__asm__ volatile("sidt %0" : "=m"(*t));
}

static inline void lidt(const struct descriptor_table *t)
{
	__asm__ volatile("lidt %0" : : "m"(*t));
}

static inline void ltr(u16 selector)
{
	__asm__ volatile("ltr %0" : : "r"(selector));
}

static inline void lldt(u16 selector)
{
	__asm__ volatile("lldt %0" : : "r"(selector));
}

#define DEFINE_SELECTOR(name, insn)                                            \
	static inline u16 name(void)                                           \
	{                                                                      \
		u16 v;                                                         \
		__asm__ volatile(insn " %0" : "=rm"(v));                       \
		return v;                                                      \
	}
DEFINE_SELECTOR(store_tr, "str")
DEFINE_SELECTOR(store_ldtr, "sldt")
DEFINE_SELECTOR(read_cs, "mov %%cs,")
DEFINE_SELECTOR(read_ss, "mov %%ss,")
DEFINE_SELECTOR(read_ds, "mov %%ds,")
DEFINE_SELECTOR(read_es, "mov %%es,")
DEFINE_SELECTOR(read_fs, "mov %%fs,")
DEFINE_SELECTOR(read_gs, "mov %%gs,")
#undef DEFINE_SELECTOR

static inline void wbinvd(void)
{
	__asm__ volatile("wbinvd" ::: "memory");
}

static inline bool cmpxchg64(u64 *p, u64 expected, u64 desired)
{
	return __atomic_compare_exchange_n(p, &expected, desired, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

static inline u64 atomic_fetch_add64(u64 *p, u64 v)
{
	return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST);
}

#endif
