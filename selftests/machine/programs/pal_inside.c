// SPDX-License-Identifier: GPL-2.0
/* What runs inside for pal.c: parameters, registers, and every way to go wrong. */
#include <underpin/pal.h>

#include "pal_kinds.h"

static const char constant[] = "a constant inside";
static unsigned char secret[16];
static long state = 0x5ec2e7;
static unsigned long counter;

long pal_add10(long a, long b, long c, long d, long e, long f, long g, long h, long i, long j)
{
	return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h + 9 * i + 10 * j;
}
UNDERPIN_PAL_ENTRY(pal_add10, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT, PAL_INT);

long pal_sum(const unsigned char *data, long n)
{
	long sum = 0, i;

	for (i = 0; i < n; i++)
		sum += data[i];
	return sum;
}
UNDERPIN_PAL_ENTRY(pal_sum, PAL_IN_N(2, 8192), PAL_INT);

long pal_fill(unsigned char *data, long n, long seed)
{
	long i, dirty = 0;

	for (i = 0; i < n; i++) {
		dirty += data[i] != 0;
		data[i] = seed + i;
	}
	return dirty;	/* an OUT buffer begins as zeros, never as somebody's data */
}
UNDERPIN_PAL_ENTRY(pal_fill, PAL_OUT_N(2, 8192), PAL_INT, PAL_INT);

long pal_invert(unsigned char *data)
{
	int i;

	for (i = 0; i < 64; i++)
		data[i] = ~data[i];
	return 64;
}
UNDERPIN_PAL_ENTRY(pal_invert, PAL_INOUT(64));

/* The complement of a secret that is made inside: its owner can look for it. */
long pal_secret(unsigned char *complement)
{
	int i, ret = pal_random(secret, sizeof(secret));

	if (ret)
		return ret;
	for (i = 0; i < 16; i++)
		complement[i] = ~secret[i];
	return 0;
}
UNDERPIN_PAL_ENTRY(pal_secret, PAL_OUT(16));

/* Has anything in here been changed from outside? */
long pal_intact(const unsigned char *complement)
{
	int i;

	for (i = 0; i < 16; i++)
		if ((unsigned char)~complement[i] != secret[i])
			return 0;
	return state == 0x5ec2e7 && constant[0] == 'a' && constant[16] == 'e';
}
UNDERPIN_PAL_ENTRY(pal_intact, PAL_IN(16));

long pal_spin(long ms)
{
	uint64_t khz, begin = pal_time(&khz), end = begin + (uint64_t)ms * khz;

	while (pal_time(NULL) < end) {
		volatile int i;

		for (i = 0; i < 2000; i++)
			counter++;
	}
	return 1;
}
UNDERPIN_PAL_ENTRY(pal_spin, PAL_INT);

long pal_forever(void)
{
	for (;;)
		counter++;
}
UNDERPIN_PAL_ENTRY(pal_forever);

/* The registers as they were on entry; 0: none tells anything of the owner. */
__attribute__((naked)) long pal_entry_state(void)
{
	__asm__ volatile(
		"push %rbx\n"
		"xor %eax, %eax\n"
		/* callee-saved registers hold nothing of the owner's */
		"or %rbx, %rax\n or %rbp, %rax\n or %r12, %rax\n or %r13, %rax\n or %r14, %rax\n or %r15, %rax\n"
		"test %rax, %rax\n jnz 1f\n"
		"por %xmm1, %xmm0\n por %xmm2, %xmm0\n por %xmm3, %xmm0\n por %xmm7, %xmm0\n por %xmm8, %xmm0\n por %xmm15, %xmm0\n"
		"movq %xmm0, %rax\n"
		"test %rax, %rax\n jnz 2f\n"
		"sub $8, %rsp\n stmxcsr (%rsp)\n mov (%rsp), %eax\n fnstcw 4(%rsp)\n movzwl 4(%rsp), %ecx\n add $8, %rsp\n"
		"cmp $0x1f80, %eax\n jne 3f\n"
		"cmp $0x37f, %ecx\n jne 4f\n"
		"pushfq\n pop %rax\n and $0x40500, %eax\n jnz 5f\n"
		"xor %eax, %eax\n pop %rbx\n ret\n"
		"1: mov $1, %eax\n pop %rbx\n ret\n"
		"2: mov $2, %eax\n pop %rbx\n ret\n"
		"3: mov $3, %eax\n pop %rbx\n ret\n"
		"4: mov $4, %eax\n pop %rbx\n ret\n"
		"5: mov $5, %eax\n pop %rbx\n ret\n");
}
UNDERPIN_PAL_ENTRY(pal_entry_state);

/* Returns with a secret in every register that there is. */
__attribute__((naked)) long pal_dirty_return(void)
{
	__asm__ volatile(
		"movabs $0x5ec2e75ec2e75ec2, %rax\n"
		"mov %rax, %rcx\n mov %rax, %rdx\n mov %rax, %rbx\n mov %rax, %rbp\n mov %rax, %rsi\n mov %rax, %rdi\n"
		"mov %rax, %r8\n mov %rax, %r9\n mov %rax, %r10\n mov %rax, %r11\n mov %rax, %r12\n mov %rax, %r13\n"
		"mov %rax, %r14\n mov %rax, %r15\n"
		"movq %rax, %xmm0\n movq %rax, %xmm1\n movq %rax, %xmm2\n movq %rax, %xmm3\n movq %rax, %xmm4\n"
		"movq %rax, %xmm5\n movq %rax, %xmm6\n movq %rax, %xmm7\n movq %rax, %xmm8\n movq %rax, %xmm9\n"
		"movq %rax, %xmm10\n movq %rax, %xmm11\n movq %rax, %xmm12\n movq %rax, %xmm13\n movq %rax, %xmm14\n movq %rax, %xmm15\n"
		"fldpi\n fldpi\n"
		"movl $0x9fc0, -8(%rsp)\n ldmxcsr -8(%rsp)\n"
		"std\n"
		"mov $7, %eax\n ret\n");
}
UNDERPIN_PAL_ENTRY(pal_dirty_return);

/* A secret in the callee-saved registers over many exits; 0: it stayed there. Rounds in RDI. */
__attribute__((naked)) long pal_patterns(long rounds)
{
	__asm__ volatile(
		"mov %rdi, %r10\n"
		"movabs $0x5ec2e75ec2e75ec2, %r11\n"
		"mov %r11, %rbp\n mov %r11, %r12\n mov %r11, %r13\n mov %r11, %r14\n mov %r11, %r15\n"
		"movq %r11, %xmm0\n movq %r11, %xmm15\n"
		"1: xor %eax, %eax\n xor %ecx, %ecx\n cpuid\n"
		"cmp %r11, %rbp\n jne 2f\n cmp %r11, %r12\n jne 2f\n cmp %r11, %r13\n jne 2f\n"
		"cmp %r11, %r14\n jne 2f\n cmp %r11, %r15\n jne 2f\n"
		"movq %xmm0, %rax\n cmp %r11, %rax\n jne 2f\n movq %xmm15, %rax\n cmp %r11, %rax\n jne 2f\n"
		"dec %r10\n jnz 1b\n"
		"xor %eax, %eax\n ret\n"
		"2: mov $1, %eax\n ret\n");
}
UNDERPIN_PAL_ENTRY(pal_patterns, PAL_INT);

static __attribute__((noinline)) long overflow(long depth)
{
	volatile char deep[1024];

	deep[0] = depth;
	return overflow(depth + 1) + deep[0];
}

long pal_fault(long kind, long address)
{
	unsigned long a = 0;

	switch (kind) {
	case KIND_UD2: __asm__ volatile("ud2"); break;
	case KIND_READ: return *(volatile long *)address;
	case KIND_WRITE: *(volatile long *)address = 0x41; break;
	case KIND_JUMP: ((void (*)(void))address)(); break;
	case KIND_DIVIDE: __asm__ volatile("xor %%ecx, %%ecx; div %%ecx" : "+a"(a) : : "rcx", "rdx"); break;
	case KIND_INT3: __asm__ volatile("int3"); break;
	case KIND_INT80: __asm__ volatile("int $0x80" : "+a"(a)); break;
	case KIND_SYSCALL: a = 39; __asm__ volatile("syscall" : "+a"(a) : : "rcx", "r11"); break;
	case KIND_SYSENTER: __asm__ volatile("sysenter"); break;
	case KIND_HLT: __asm__ volatile("hlt"); break;
	case KIND_CLI: __asm__ volatile("cli"); break;
	case KIND_IN: __asm__ volatile("in $0x60, %%al" : "+a"(a)); break;
	case KIND_OUT: __asm__ volatile("out %%al, $0x80" : "+a"(a)); break;
	case KIND_RDMSR: __asm__ volatile("rdmsr" : "+a"(a) : "c"(0x10) : "rdx"); break;
	case KIND_MOV_CR3: __asm__ volatile("mov %%cr3, %0" : "=r"(a)); break;
	case KIND_MOV_DR: __asm__ volatile("mov %%db0, %0" : "=r"(a)); break;
	case KIND_LGDT: __asm__ volatile("lgdt (%%rsp)" : : : "memory"); break;
	case KIND_SWAPGS: __asm__ volatile("swapgs"); break;
	case KIND_VMXOFF: __asm__ volatile("vmxoff"); break;
	case KIND_VMLAUNCH: __asm__ volatile("vmlaunch"); break;
	case KIND_VMFUNC: __asm__ volatile(".byte 0x0f, 0x01, 0xd4" : : "a"(0), "c"(0)); break;
	case KIND_XSETBV: __asm__ volatile("xsetbv" : : "a"(1), "c"(0), "d"(0)); break;
	case KIND_INVD: __asm__ volatile("invd"); break;
	case KIND_GETSEC: __asm__ volatile(".byte 0x0f, 0x37" : "+a"(a)); break;
	case KIND_TF: __asm__ volatile("pushfq; orq $0x100, (%%rsp); popfq; nop; nop" : : : "cc"); break;
	case KIND_AC: __asm__ volatile("pushfq; orq $0x40000, (%%rsp); popfq; mov 1(%%rsp), %%eax" : : : "rax", "cc"); break;
	case KIND_STACK: return overflow(0);
	case KIND_WRITE_CODE: *(volatile char *)(uintptr_t)&pal_fault = 1; break;
	case KIND_RUN_DATA: ((void (*)(void))(uintptr_t)&state)(); break;
	case KIND_LDS_FAR: __asm__ volatile("push $0x33; lea 1f(%%rip), %%rax; push %%rax; lretq; 1:" : : : "rax"); break;
	case KIND_BAD_SELECTOR: __asm__ volatile("mov %0, %%fs" : : "r"(0x2b)); break;
	case KIND_CALL_PRIVILEGED: return pal_call((unsigned int)address, 0, 0, NULL);
	case KIND_BAD_RETURN: __asm__ volatile("movabs $0x800000000000, %%rax; push %%rax; ret" : : : "rax"); break;
	case KIND_NO_STACK: __asm__ volatile("xor %%esp, %%esp; push %%rax" : : : "memory"); break;
	}
	return 0x600d;
}
UNDERPIN_PAL_ENTRY(pal_fault, PAL_INT, PAL_INT);

long pal_end(long error)
{
	pal_exit((int)error);
}
UNDERPIN_PAL_ENTRY(pal_end, PAL_INT);

long pal_services(struct underpin_pal_info *info)
{
	unsigned char bytes[64];
	long zeros = 0;
	int i;

	if (pal_self(info))
		return -1;
	if (pal_random(bytes, sizeof(bytes)))
		return -2;
	for (i = 0; i < 64; i++)
		zeros += bytes[i] == 0;
	if (zeros > 8)
		return -3;
	/* Buffers that are not the PAL's are refused, not written. */
	if (pal_call(PAL_SVC_RANDOM, 0xffff800000000000ul, 16, NULL) >= 0 ||
	    pal_call(PAL_SVC_RANDOM, 0, 16, NULL) >= 0 ||
	    pal_call(PAL_SVC_RANDOM, (uintptr_t)bytes, 4097, NULL) >= 0 ||
	    pal_call(PAL_SVC_SELF, 0x7ffffffff000ul, 0, NULL) >= 0)
		return -4;
	return 0;
}
UNDERPIN_PAL_ENTRY(pal_services, PAL_OUT(sizeof(struct underpin_pal_info)));
