// SPDX-License-Identifier: GPL-2.0
/*
 * up-kvm-guest: small guests of KVM, each a few bytes of real-mode or 64-bit code, with
 * a virtual CPU that can reach 64 MiB. The same on the bare machine and on the core:
 *   up-kvm-guest			TAP: what each guest has to do
 *   up-kvm-guest cpuid N		N CPUIDs in a guest, in TSC ticks each
 *   up-kvm-guest touch MIB small|huge	a write to each 4 KiB of MIB that the host has already, in pages of 4 KiB
 *					or 2 MiB: in TSC ticks each
 */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>
#include "test.h"

#define MEMORY (64ul << 20)
#define HUGE (2ul << 20)
#define CODE 0x1000
#define TABLES 0x10000

struct guest {
	int kvm, vm, cpu;
	uint8_t *mapping, *memory;
	struct kvm_run *run;
};

static int failed(const char *what)
{
	fprintf(stderr, "up-kvm-guest: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void setup_long_mode(struct guest *g, struct kvm_sregs *s)
{
	uint64_t *pml4 = (uint64_t *)(g->memory + TABLES), *pdpt = pml4 + 512, *pd = pdpt + 512;
	struct kvm_segment code = { .limit = 0xffffffff, .selector = 8, .type = 11, .present = 1,
				    .s = 1, .l = 1, .g = 1 };
	struct kvm_segment data = code;
	int i;

	pml4[0] = (TABLES + 0x1000) | 3;
	pdpt[0] = (TABLES + 0x2000) | 3;
	for (i = 0; i < 512; i++)
		pd[i] = (uint64_t)i << 21 | 0x83;
	data.selector = 16;
	data.type = 3;
	data.l = 0;
	data.db = 1;
	s->cs = code;
	s->ds = s->es = s->ss = s->fs = s->gs = data;
	s->cr3 = TABLES;
	s->cr4 = 0x20;
	s->cr0 = 0x80050033;
	s->efer = 0x500;
}

/* A guest whose code is at CODE. */
static void create(struct guest *g, const void *code, size_t size, int long_mode)
{
	struct kvm_userspace_memory_region region = { .memory_size = MEMORY };
	struct kvm_regs regs = { .rip = CODE, .rsp = 0x8000, .rflags = 2 };
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + 128 * sizeof(cpuid->entries[0]));
	struct kvm_sregs sregs;

	g->kvm = open("/dev/kvm", O_RDWR);
	if (g->kvm < 0)
		failed("/dev/kvm");
	g->vm = ioctl(g->kvm, KVM_CREATE_VM, 0);
	if (g->vm < 0)
		failed("KVM_CREATE_VM");
	ioctl(g->vm, KVM_SET_TSS_ADDR, 0xfffbd000);
	g->mapping = mmap(NULL, MEMORY + HUGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	g->memory = (uint8_t *)(((uintptr_t)g->mapping + HUGE - 1) & -HUGE);
	region.userspace_addr = (uintptr_t)g->memory;
	if (ioctl(g->vm, KVM_SET_USER_MEMORY_REGION, &region))
		failed("KVM_SET_USER_MEMORY_REGION");
	g->cpu = ioctl(g->vm, KVM_CREATE_VCPU, 0);
	if (g->cpu < 0)
		failed("KVM_CREATE_VCPU");
	g->run = mmap(NULL, ioctl(g->kvm, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		      MAP_SHARED, g->cpu, 0);
	cpuid->nent = 128;
	if (ioctl(g->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) || ioctl(g->cpu, KVM_SET_CPUID2, cpuid))
		failed("CPUID");
	free(cpuid);
	memcpy(g->memory + CODE, code, size);
	if (ioctl(g->cpu, KVM_GET_SREGS, &sregs))
		failed("KVM_GET_SREGS");
	if (long_mode)
		setup_long_mode(g, &sregs);
	else
		sregs.cs.base = sregs.cs.selector = 0;
	if (ioctl(g->cpu, KVM_SET_SREGS, &sregs) || ioctl(g->cpu, KVM_SET_REGS, &regs))
		failed("registers");
}

static void destroy(struct guest *g)
{
	munmap(g->mapping, MEMORY + HUGE);
	close(g->cpu);
	close(g->vm);
	close(g->kvm);
}

/* Runs until an exit to us; its reason. */
static int run(struct guest *g)
{
	while (ioctl(g->cpu, KVM_RUN, 0))
		if (errno != EINTR && errno != EAGAIN)
			failed("KVM_RUN");
	return g->run->exit_reason;
}

static void set_register(struct guest *g, int which, uint64_t value)
{
	struct kvm_regs regs;

	ioctl(g->cpu, KVM_GET_REGS, &regs);
	((uint64_t *)&regs)[which] = value;
	ioctl(g->cpu, KVM_SET_REGS, &regs);
}

/* mov $'U', %al; out %al, $0x10; hlt */
static const uint8_t real_out[] = { 0xb0, 'U', 0xe6, 0x10, 0xf4 };
/* 1: cpuid; dec %rbp; jnz 1b; hlt */
static const uint8_t cpuid_loop[] = { 0x31, 0xc0, 0x0f, 0xa2, 0x48, 0xff, 0xcd, 0x75, 0xf7, 0xf4 };
/* 1: mov %rcx, (%rsi); add $4096, %rsi; dec %rcx; jnz 1b; hlt */
static const uint8_t touch_loop[] = { 0x48, 0x89, 0x0e, 0x48, 0x81, 0xc6, 0x00, 0x10, 0x00, 0x00,
				      0x48, 0xff, 0xc9, 0x75, 0xf1, 0xf4 };
/* ud2 without an IDT: triple fault */
static const uint8_t triple[] = { 0x0f, 0x0b };

#define RCX 2
#define RSI 4
#define RBP 7

static uint64_t timed_run(struct guest *g, int *reason)
{
	uint64_t begun = __rdtsc();

	*reason = run(g);
	return __rdtsc() - begun;
}

static int measure_cpuid(unsigned long n)
{
	struct guest g;
	int reason;
	uint64_t ticks;

	create(&g, cpuid_loop, sizeof(cpuid_loop), 1);
	set_register(&g, RBP, 16);
	run(&g);
	set_register(&g, 16, CODE);	/* RIP */
	set_register(&g, RBP, n);
	ticks = timed_run(&g, &reason);
	printf("cpuid %lu %.1f\n", n, (double)ticks / n);
	destroy(&g);
	return reason != KVM_EXIT_HLT;
}

static int measure_touch(unsigned long mib, int advice)
{
	struct guest g;
	int reason;
	uint64_t ticks;

	create(&g, touch_loop, sizeof(touch_loop), 1);
	if (mib < 1 || (mib << 20) + HUGE > MEMORY || madvise(g.memory + HUGE, mib << 20, advice))
		failed("touch");
	memset(g.memory + HUGE, 1, mib << 20);
	set_register(&g, RSI, HUGE);
	set_register(&g, RCX, mib << 8);
	ticks = timed_run(&g, &reason);
	printf("touch %lu %.1f\n", mib << 8, (double)ticks / (mib << 8));
	destroy(&g);
	return reason != KVM_EXIT_HLT;
}

int main(int argc, char **argv)
{
	struct guest g;
	int i, good;

	if (argc == 3 && !strcmp(argv[1], "cpuid"))
		return measure_cpuid(strtoul(argv[2], NULL, 0));
	if (argc == 4 && !strcmp(argv[1], "touch"))
		return measure_touch(strtoul(argv[2], NULL, 0),
				     strcmp(argv[3], "huge") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);

	create(&g, real_out, sizeof(real_out), 0);
	check_is(run(&g), KVM_EXIT_IO, "a guest in real mode reaches its OUT");
	check_is(*((uint8_t *)g.run + g.run->io.data_offset), 'U', "with its byte");
	check_is(run(&g), KVM_EXIT_HLT, "and its HLT");
	destroy(&g);

	create(&g, cpuid_loop, sizeof(cpuid_loop), 1);
	set_register(&g, RBP, 1000);
	check_is(run(&g), KVM_EXIT_HLT, "a 64-bit guest makes a thousand CPUIDs");
	destroy(&g);

	create(&g, touch_loop, sizeof(touch_loop), 1);
	set_register(&g, RSI, 0x200000);
	set_register(&g, RCX, 40 << 8);
	check_is(run(&g), KVM_EXIT_HLT, "a guest writes to 40 MiB");
	for (i = 0, good = 1; i < 40 << 8; i++)
		good &= *(uint64_t *)(g.memory + 0x200000 + i * 4096ul) == (uint64_t)(40 << 8) - i;
	check(good, "and each page has what it wrote");
	check(!madvise(g.memory + 0x200000, 2 << 20, MADV_DONTNEED), "two of them are taken away");
	set_register(&g, 16, CODE);
	set_register(&g, RSI, 0x200000);
	set_register(&g, RCX, 512);
	check_is(run(&g), KVM_EXIT_HLT, "the guest writes there again");
	check(*(uint64_t *)(g.memory + 0x200000) == 512 && *(uint64_t *)(g.memory + 0x3ff000) == 1,
	      "and the new pages have it");
	destroy(&g);

	create(&g, triple, sizeof(triple), 1);
	check_is(run(&g), KVM_EXIT_SHUTDOWN, "a triple fault is the guest's alone");
	destroy(&g);
	return finish();
}
