// SPDX-License-Identifier: GPL-2.0
/*
 * bench WHAT [ARGUMENT]: one measurement, as lines "name number", in TSC ticks
 * (in the emulator: instructions). A figure is the least of several batches, so
 * that a timer interrupt in one of them does not count. The script beside it,
 * inside, calls this; run prints the table.
 *   cpuid              1000 CPUIDs, per call, for leaves that Linux uses
 *   hypercall          1000 null hypercalls from ring 3, without the loop
 *   load FILE PARAMS   finit_module(2), once
 *   call               PAL calls and returns
 *   interrupted        what an interrupt costs more in a PAL than elsewhere
 *   register PAGES     the two system calls, and of it what was spent in root
 *   cpu, syscall       a run of a fixed length
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <underpin.h>
#include <unistd.h>

#define BATCHES 20
#define TIMES 1000
#define HC_NULL 0x55500000
#define REASON_VMCALL 18

long call_none(void);
long call_four(long a, long b, long c, long d);
long call_page(unsigned char *data);
long call_spin(long times);

static uint64_t ticks(void)
{
	uint32_t low, high;

	__asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
	return (uint64_t)high << 32 | low;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Hundredths, so that a batch of 1000 is not rounded away. */
static void say_each(const char *name, uint64_t batch)
{
	printf("%s %llu.%02llu\n", name, (unsigned long long)(batch / TIMES),
	       (unsigned long long)(batch % TIMES * 100 / TIMES));
}

static uint64_t cpuid_batch(uint32_t leaf, uint32_t subleaf)
{
	uint64_t start = ticks();
	long n = TIMES;

	__asm__ volatile("1: mov %[leaf], %%eax\n mov %[sub], %%ecx\n cpuid\n dec %[n]\n jnz 1b"
			 : [n] "+r"(n) : [leaf] "r"(leaf), [sub] "r"(subleaf)
			 : "rax", "rbx", "rcx", "rdx", "cc");
	return ticks() - start;
}

static int bench_cpuid(void)
{
	static const struct {
		uint32_t leaf, subleaf;
		const char *name;
	} leaves[] = {
		{ 0, 0, "cpuid_0" }, { 1, 0, "cpuid_1" }, { 7, 0, "cpuid_7" }, { 0xd, 1, "cpuid_d_1" },
		{ 0x80000008, 0, "cpuid_80000008" },
	};
	unsigned int i, k;

	for (i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		uint64_t best = UINT64_MAX;

		for (k = 0; k < BATCHES; k++)
			best = least(best, cpuid_batch(leaves[i].leaf, leaves[i].subleaf));
		say_each(leaves[i].name, best);
	}
	return 0;
}

static int bench_hypercall(void)
{
	uint64_t best = UINT64_MAX, empty = UINT64_MAX, start;
	unsigned int k;
	long n;

	for (k = 0; k < BATCHES; k++) {
		start = ticks();
		n = TIMES;
		__asm__ volatile("1: mov %[nr], %%eax\n vmcall\n dec %[n]\n jnz 1b"
				 : [n] "+r"(n) : [nr] "i"(HC_NULL) : "rax", "memory", "cc");
		best = least(best, ticks() - start);
		start = ticks();
		n = TIMES;
		__asm__ volatile("1: mov %[nr], %%eax\n dec %[n]\n jnz 1b"
				 : [n] "+r"(n) : [nr] "i"(HC_NULL) : "rax", "memory", "cc");
		empty = least(empty, ticks() - start);
	}
	say_each("hypercall", best - empty);
	return 0;
}

static int bench_load(const char *file, const char *params)
{
	int fd = open(file, O_RDONLY);
	uint64_t start = ticks();

	if (syscall(SYS_finit_module, fd, params, 0)) {
		perror("bench: finit_module");
		return 1;
	}
	printf("load %llu\n", (unsigned long long)(ticks() - start));
	return 0;
}

static int bench_call(void)
{
	static unsigned char page[4096] __attribute__((aligned(4096)));
	uint64_t none = UINT64_MAX, four = UINT64_MAX, inout = UINT64_MAX, start;
	int pal = underpin_pal_start(&underpin_pal);
	unsigned int k, i;
	long wrong = 0;

	if (pal < 0) {
		fprintf(stderr, "bench: %s\n", underpin_last_error());
		return 1;
	}
	for (k = 0; k < BATCHES; k++) {
		start = ticks();
		for (i = 0; i < TIMES; i++)
			wrong += call_none() != 0;
		none = least(none, ticks() - start);
		start = ticks();
		for (i = 0; i < TIMES; i++)
			wrong += call_four(1, 2, 3, 4) != 10;
		four = least(four, ticks() - start);
		/* Smaller batches: 1000 of these meet a timer interrupt for sure. */
		start = ticks();
		for (i = 0; i < TIMES / 50; i++)
			wrong += call_page(page) < 0;
		inout = least(inout, (ticks() - start) * 50);
	}
	for (k = 0; k < BATCHES; k++) {
		start = ticks();
		for (i = 0; i < TIMES / 50; i++)
			wrong += call_none() != 0;
		none = least(none, (ticks() - start) * 50);
		start = ticks();
		for (i = 0; i < TIMES / 50; i++)
			wrong += call_four(1, 2, 3, 4) != 10;
		four = least(four, (ticks() - start) * 50);
	}
	if (wrong) {
		fprintf(stderr, "bench: %ld calls answered wrongly\n", wrong);
		return 1;
	}
	say_each("call_none", none);
	say_each("call_four", four);
	say_each("call_page", inout);
	underpin_pal_stop(pal);
	return 0;
}

/* The same loop in a PAL and outside: interrupts come at the same rate, and Linux handles them alike. */
static int bench_interrupted(void)
{
	const long loops = 20000000;
	struct underpin_pal_info info;
	uint64_t inside, outside, start;
	int pal = underpin_pal_start(&underpin_pal);
	long n = loops;

	if (pal < 0) {
		fprintf(stderr, "bench: %s\n", underpin_last_error());
		return 1;
	}
	start = ticks();
	__asm__ volatile("1: dec %0\n jnz 1b" : "+r"(n) : : "cc");
	outside = ticks() - start;
	start = ticks();
	n = call_spin(loops);
	inside = ticks() - start;
	if (n || underpin_pal_get_info(pal, &info) || !info.interrupts) {
		fprintf(stderr, "bench: the call was not interrupted\n");
		return 1;
	}
	printf("interrupts %llu\ninterrupted %lld\n", (unsigned long long)info.interrupts,
	       (long long)(inside - outside) / (long long)info.interrupts);
	underpin_pal_stop(pal);
	return 0;
}

/* Ticks in root by hypercalls, the least costly way to ask included once. */
static uint64_t root_ticks(int device)
{
	static struct underpin_stats stats;

	if (underpin_get_stats(device, 0, &stats))
		perror("bench: stats");
	return stats.reason[REASON_VMCALL].total;
}

static int bench_register(unsigned int pages)
{
	int device = underpin_open(), pal;
	unsigned char *at = mmap(NULL, pages * 4096ul, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct underpin_section sections[] = {
		{ UNDERPIN_SECTION_CODE, 0, (uintptr_t)at, 4096 },
		{ UNDERPIN_SECTION_STACK, 0, (uintptr_t)at + 4096, 4096 },
		{ UNDERPIN_SECTION_PARAM, 0, (uintptr_t)at + 8192, 4096 },
		{ UNDERPIN_SECTION_DATA, 0, (uintptr_t)at + 12288, (pages - 3) * 4096ul },
	};
	struct underpin_entry entry = { .addr = (uintptr_t)at };
	struct underpin_pal_register reg;
	uint64_t up = UINT64_MAX, down = UINT64_MAX, root_up = UINT64_MAX, root_down = UINT64_MAX, ask, start, root;
	unsigned int k;

	if (device < 0 || at == MAP_FAILED || pages < 4) {
		fprintf(stderr, "bench: %s\n", underpin_last_error());
		return 1;
	}
	madvise(at, pages * 4096ul, MADV_NOHUGEPAGE);
	for (k = 0; k < 5; k++) {
		memset(at, 0x5a, pages * 4096ul);
		at[0] = 0xc3;
		reg = (struct underpin_pal_register){
			.size = sizeof(reg), .nr_sections = 4, .nr_entries = 1,
			.sections = (uintptr_t)sections, .entries = (uintptr_t)&entry,
			.stub = (uintptr_t)underpin_resume_stub, .name = "bench",
		};
		root = root_ticks(device);
		ask = root_ticks(device) - root;
		root = root_ticks(device);
		start = ticks();
		pal = ioctl(device, UNDERPIN_PAL_REGISTER, &reg);
		up = least(up, ticks() - start);
		if (pal < 0) {
			perror("bench: UNDERPIN_PAL_REGISTER");
			return 1;
		}
		root_up = least(root_up, root_ticks(device) - root - ask);
		root = root_ticks(device);
		start = ticks();
		close(pal);
		down = least(down, ticks() - start);
		root_down = least(root_down, root_ticks(device) - root - ask);
	}
	printf("register_%u %llu\nunregister_%u %llu\n", pages, (unsigned long long)up, pages, (unsigned long long)down);
	printf("register_root_%u %llu\nunregister_root_%u %llu\n", pages, (unsigned long long)root_up, pages,
	       (unsigned long long)root_down);
	printf("donated_%u %u\n", pages, reg.nr_donated);
	return 0;
}

static int bench_cpu(void)
{
	uint64_t best = UINT64_MAX, start, x = 88172645463325252ull;
	static uint64_t memory[4096];
	unsigned int k, i;

	for (k = 0; k < 5; k++) {
		start = ticks();
		for (i = 0; i < 8000000; i++) {
			x ^= x << 13;
			x ^= x >> 7;
			x ^= x << 17;
			memory[x % 4096] += x;
		}
		best = least(best, ticks() - start);
	}
	printf("run_cpu %llu\nrun_cpu_sum %llu\n", (unsigned long long)best, (unsigned long long)(memory[7] & 0xffff));
	return 0;
}

static int bench_syscall(void)
{
	int fd = open("/proc/self/status", O_RDONLY), zero = open("/dev/zero", O_RDONLY);
	uint64_t best = UINT64_MAX, start;
	char buffer[256];
	unsigned int k, i;

	for (k = 0; k < 5; k++) {
		start = ticks();
		for (i = 0; i < 40000; i++) {
			syscall(SYS_getppid);
			if (read(zero, buffer, sizeof(buffer)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
				return 1;
			if (i % 200 == 0 && munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096))
				return 1;
		}
		best = least(best, ticks() - start);
	}
	printf("run_syscall %llu\n", (unsigned long long)best);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "cpuid"))
		return bench_cpuid();
	if (!strcmp(what, "hypercall"))
		return bench_hypercall();
	if (!strcmp(what, "load") && argc == 4)
		return bench_load(argv[2], argv[3]);
	if (!strcmp(what, "call"))
		return bench_call();
	if (!strcmp(what, "interrupted"))
		return bench_interrupted();
	if (!strcmp(what, "register") && argc == 3)
		return bench_register((unsigned int)strtoul(argv[2], NULL, 0));
	if (!strcmp(what, "cpu"))
		return bench_cpu();
	if (!strcmp(what, "syscall"))
		return bench_syscall();
	fprintf(stderr, "usage: bench cpuid|hypercall|load FILE PARAMS|call|interrupted|register PAGES|cpu|syscall\n");
	return 2;
}
