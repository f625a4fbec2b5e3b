// SPDX-License-Identifier: GPL-2.0
/*
 * up-owner: what Linux and its owner can do to a PAL: ptrace, /proc, core dumps,
 * fork, threads, munmap, exit, kill -9. Prints TAP.
 */
#include <fcntl.h>
#include <elf.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "pal.h"

static pid_t child_with_pal(int channel[2], void (*then)(void))
{
	unsigned char complement[16];
	pid_t child;

	if (pipe(channel))
		return -1;
	child = fork();
	if (child)
		return child;
	if (start() < 0 || pal_secret(complement))
		_exit(9);
	write(channel[1], complement, 16);
	if (then)
		then();
	for (;;)
		pause();
}

static bool has_bytes(const char *p, size_t n, const unsigned char *complement)
{
	unsigned char want[16];
	size_t i;

	for (i = 0; i < 16; i++)
		want[i] = ~complement[i];
	for (i = 0; i + 16 <= n; i++)
		if (!memcmp(p + i, want, 16))
			return true;
	return false;
}

/* One page by /proc/kcore, which names physical addresses in its headers. */
static int kcore_page(uint64_t pa, char page[4096])
{
	int fd = open("/proc/kcore", O_RDONLY), i, ret = -1;
	Elf64_Ehdr header;
	Elf64_Phdr part;

	if (fd < 0 || read(fd, &header, sizeof(header)) != sizeof(header))
		return -1;
	for (i = 0; i < header.e_phnum; i++)
		if (pread(fd, &part, sizeof(part), header.e_phoff + i * sizeof(part)) == sizeof(part) &&
		    part.p_type == PT_LOAD && pa >= part.p_paddr && pa < part.p_paddr + part.p_memsz &&
		    part.p_paddr != ~0ull && part.p_vaddr < 0xffffffff80000000ull)
			ret = pread(fd, page, 4096, part.p_offset + pa - part.p_paddr) == 4096 ? 0 : -2;
	close(fd);
	return ret;
}

static uint64_t physical(pid_t pid, const void *address)
{
	uint64_t entry = 0;
	char name[64];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/pagemap", pid);
	fd = open(name, O_RDONLY);
	pread(fd, &entry, 8, (uintptr_t)address / 4096 * 8);
	close(fd);
	return (entry & ((1ull << 55) - 1)) << 12;
}

static unsigned char told[16];

static void answer_intact(void)
{
	raise(SIGSTOP);
	_exit(pal_intact(told) == 1 ? 21 : 22);
}

/* A process that looks at another's PAL with everything that Linux has. */
static void test_looking(void)
{
	static char page[4096], kcore[4096];
	struct iovec here = { page, 4096 }, there;
	int channel[2], status, fd;
	char name[64], *data = section(UNDERPIN_SECTION_DATA), *code = section(UNDERPIN_SECTION_CODE);
	pid_t child;
	long word;

	pipe(channel);
	child = fork();
	if (!child) {
		if (start() < 0 || pal_secret(told))
			_exit(9);
		write(channel[1], told, 16);
		answer_intact();
	}
	read(channel[0], told, 16);
	ptrace(PTRACE_SEIZE, child, 0, 0);
	waitpid(child, &status, 0);
	there = (struct iovec){ data, 4096 };
	memset(page, 0xaa, sizeof(page));
	check_is(process_vm_readv(child, &here, 1, &there, 1, 0), 4096, "process_vm_readv of a PAL's data works");
	check(all_zero(page, 4096), "and reads zeros");
	there.iov_base = code;
	process_vm_readv(child, &here, 1, &there, 1, 0);
	check(all_zero(page, 4096), "its code reads as zeros too");
	errno = 0;
	word = ptrace(PTRACE_PEEKDATA, child, data, 0);
	check(word == 0 && !errno, "ptrace PEEK reads zeros");
	snprintf(name, sizeof(name), "/proc/%d/mem", child);
	fd = open(name, O_RDWR);
	memset(page, 0xaa, sizeof(page));
	check(pread(fd, page, 4096, (off_t)(uintptr_t)data) == 4096 && all_zero(page, 4096), "/proc/pid/mem reads zeros");
	if (!kcore_page(physical(child, data), kcore))
		check(physical(child, data) && all_zero(kcore, 4096), "/proc/kcore reads zeros");
	else
		check(false, "/proc/kcore can be read");
	check_is(ptrace(PTRACE_POKEDATA, child, code, 0xccccccccccccccccul), 0, "ptrace POKE into the code is taken");
	check_is(ptrace(PTRACE_POKEDATA, child, data, 0x4141414141414141ul), 0, "and into the data");
	memset(page, 0x42, sizeof(page));
	check_is(pwrite(fd, page, 4096, (off_t)(uintptr_t)data), 4096, "and a whole page by /proc/pid/mem");
	close(fd);
	ptrace(PTRACE_DETACH, child, 0, 0);
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 21, "the PAL has not seen any of it");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 21)
		diag("status %#x", status);
	check_is(nr_pals_settles_at(0), 0, "exit without unregistering unregisters");
}

static void test_core_dump(void)
{
	static char *dump;
	unsigned char complement[16];
	int channel[2], status, fd;
	char name[64];
	off_t size;
	pid_t child;

	fd = open("/proc/sys/kernel/core_pattern", O_WRONLY);
	write(fd, "/tmp/up-core.%p", 15);
	close(fd);
	pipe(channel);
	child = fork();
	if (!child) {
		struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
		static unsigned char plain[16];

		setrlimit(RLIMIT_CORE, &limit);
		if (start() < 0 || pal_secret(complement))
			_exit(9);
		memcpy(plain, complement, 16);
		write(channel[1], complement, 16);
		signal(SIGABRT, SIG_DFL);
		abort();
	}
	read(channel[0], complement, 16);
	waitpid(child, &status, 0);
	snprintf(name, sizeof(name), "/tmp/up-core.%d", child);
	fd = open(name, O_RDONLY);
	size = lseek(fd, 0, SEEK_END);
	check(fd >= 0 && size > 10000 && WCOREDUMP(status), "the owner of a PAL dumps core");
	dump = fd >= 0 ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
	if (dump != MAP_FAILED) {
		unsigned char inverse[16];
		int i;

		for (i = 0; i < 16; i++)
			inverse[i] = ~complement[i];
		check(has_bytes(dump, size, inverse), "its ordinary memory is in the dump");
		check(!has_bytes(dump, size, complement), "the PAL's secret is not");
		munmap(dump, size);
	}
	close(fd);
	unlink(name);
	check_is(nr_pals_settles_at(0), 0, "and the PAL is gone");
}

static void spin_forever(void)
{
	pal_forever();
}

static void test_kill(void)
{
	unsigned char byte[16];
	int channel[2], status;
	pid_t child = child_with_pal(channel, spin_forever);
	long begin;

	read(channel[0], byte, 16);
	usleep(300000);
	begin = now_ms();
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "kill -9 ends the owner of an endless PAL");
	check(now_ms() - begin < 3000, "at once");
	check_is(nr_pals_settles_at(0), 0, "and the PAL with it");
}

static void test_long(void)
{
	long ticks = 0, begin, before, worst = 0, spent;
	unsigned char byte[16];
	int channel[2], second[2], status;
	pid_t child, other;

	pin_to(0);
	child = child_with_pal(channel, NULL);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	pipe(channel);
	child = fork();
	if (!child) {
		long ret;

		pin_to(0);
		if (start() < 0)
			_exit(9);
		write(channel[1], "x", 1);
		ret = pal_spin(10000);
		_exit(ret == 1 ? 33 : 34);
	}
	pipe(second);
	other = fork();
	if (!other) {
		pin_to(sysconf(_SC_NPROCESSORS_ONLN) > 1 ? 1 : 0);
		if (start() < 0)
			_exit(9);
		write(second[1], "x", 1);
		_exit(pal_spin(5000) == 1 ? 33 : 34);
	}
	read(channel[0], byte, 1);
	read(second[0], byte, 1);
	begin = now_ms();
	do {
		before = now_ms();
		usleep(20000);
		spent = now_ms() - before;
		if (spent > worst)
			worst = spent;
		ticks++;
	} while (!waitpid(child, &status, WNOHANG) && ticks < 2000);
	spent = now_ms() - begin;
	check(WIFEXITED(status) && WEXITSTATUS(status) == 33, "a PAL that runs for ten seconds ends as it should");
	check(spent > 8000, "it did run that long (%ld ms)", spent);
	check(ticks > spent / 100, "a timer on its CPU went on meanwhile (%ld sleeps of 20 ms, the longest %ld ms)", ticks, worst);
	check(worst < 1000, "no sleep was late by a second");
	waitpid(other, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 33, "a second PAL ran on another CPU at the same time");
	check_is(nr_pals_settles_at(0), 0, "both are gone");
	{
		cpu_set_t all;

		memset(&all, 0xff, sizeof(all));
		sched_setaffinity(0, sizeof(all), &all);
	}
}

static volatile long thread_answer;
static volatile int thread_errno;

static void *call_meanwhile(void *unused)
{
	(void)unused;
	usleep(200000);
	errno = 0;
	thread_answer = pal_add10(1, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	thread_errno = errno;
	return NULL;
}

static void test_threads(void)
{
	pthread_t thread;
	int pal = start();

	pthread_create(&thread, NULL, call_meanwhile, NULL);
	check_is(pal_spin(800), 1, "one thread is inside");
	pthread_join(thread, NULL);
	check(thread_answer == -1 && thread_errno == EBUSY, "a second one gets EBUSY");
	if (thread_errno != EBUSY)
		diag("answer %ld errno %d", thread_answer, thread_errno);
	check_is(pal_add10(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1, "afterwards it is free");
	underpin_pal_stop(pal);
}

static pid_t moved;
static volatile int moves, stay;

static void *move_about(void *unused)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	(void)unused;
	while (!stay) {
		CPU_ZERO(&set);
		CPU_SET(moves++ % cpus, &set);
		sched_setaffinity(moved, sizeof(set), &set);
		usleep(20000);
	}
	return NULL;
}

/*
 * In Bochs Linux switches XSAVE off (the model's sizes do not add up), and leaves XCR0 at 0xe7 on the
 * first CPU and at 1 on the second: a call must not mind.
 */
static void test_moves(void)
{
	int pal = start(), before;
	pthread_t thread;

	moved = getpid();
	pthread_create(&thread, NULL, move_about, NULL);
	usleep(50000);
	before = moves;
	check_is(pal_patterns(300000), 0, "a call keeps its registers while its thread moves between CPUs");
	check(moves - before > 10, "which it did %d times", moves - before);
	stay = 1;
	pthread_join(thread, NULL);
	underpin_pal_stop(pal);
}

static void test_jump_away(void)
{
	struct itimerval once = { { 0, 0 }, { 0, 100000 } };
	int pal = start(), i, left = 0;

	signal(SIGALRM, jump_away);
	for (i = 0; i < 3; i++) {
		if (!sigsetjmp(away, 1)) {
			setitimer(ITIMER_REAL, &once, NULL);
			pal_forever();
		} else {
			left++;
		}
	}
	check_is(left, 3, "a signal handler jumps away from an endless call");
	check_is(pal_add10(1, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1, "the next call begins anew");
	underpin_pal_stop(pal);
}

static void test_fork(void)
{
	unsigned char complement[16];
	int pal = start(), status;
	pid_t child;

	pal_secret(complement);
	child = fork();
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		_exit(pal_intact(complement) == 1 ? 1 : 2);
	}
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a forked child that calls gets SIGSEGV");
	check_is(pal_intact(complement), 1, "the parent's PAL goes on");
	child = fork();
	if (!child) {
		underpin_pal_stop(pal);	/* a copy of the descriptor */
		_exit(0);
	}
	waitpid(child, &status, 0);
	check_is(pal_intact(complement), 1, "a child that closes its copy does not end it");
	underpin_pal_stop(pal);
	check_is(nr_pals_settles_at(0), 0, "the last close does");
}

static void test_owner_ends(void)
{
	int status;
	pid_t child;

	/* The owner ends, and a child still has the descriptor. */
	child = fork();
	if (!child) {
		pid_t grandchild;

		if (start() < 0)
			_exit(9);
		grandchild = fork();
		if (!grandchild) {
			sleep(3);
			_exit(0);
		}
		_exit(7);
	}
	waitpid(child, &status, 0);
	check_is(WEXITSTATUS(status), 7, "an owner ends while a child holds the descriptor");
	check_is(nr_pals_settles_at(0), 0, "the PAL ends with its owner's memory");
}

static void test_unmap(void)
{
	char *code = section(UNDERPIN_SECTION_CODE);
	int status, channel[2];
	unsigned char byte[16];
	pid_t child = fork();

	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		if (start() < 0)
			_exit(9);
		munmap(code, 4096);
		pal_add10(1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
		_exit(8);
	}
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "a call after munmap of the code is SIGSEGV");
	check_is(nr_pals_settles_at(0), 0, "and the PAL is gone");
	child = fork();
	if (!child) {
		if (start() < 0)
			_exit(9);
		/* Writable code in Linux's view: what is written never reaches the PAL. */
		mprotect(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
		memset(code, 0xc3, 4096);
		_exit(pal_add10(0, 0, 0, 0, 0, 0, 0, 0, 0, 1) == 10 && (unsigned char)code[0] == 0xc3 ? 11 : 12);
	}
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 11, "an owner that overwrites the code changes nothing inside");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 11)
		diag("status %#x", status);
	child = child_with_pal(channel, NULL);
	read(channel[0], byte, 16);
	{
		int fd = open("/proc/sys/vm/compact_memory", O_WRONLY);

		write(fd, "1", 1);
		close(fd);
	}
	kill(child, SIGTERM);
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "compaction with a PAL registered, then SIGTERM");
	check_is(nr_pals_settles_at(0), 0, "nothing is left");
	child = fork();
	if (!child) {
		char *const argv[] = { "true", NULL };

		if (start() < 0)
			_exit(9);
		execv("/bin/true", argv);
		_exit(9);
	}
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && !WEXITSTATUS(status), "an owner may exec");
	check_is(nr_pals_settles_at(0), 0, "which ends the PAL");
}

/*
 * In a process of its own: pages of a PAL are not there for children that are
 * forked later, so this process itself never has one.
 */
static void in_child(void (*test)(void), const char *name)
{
	int *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), status;
	pid_t child = fork();

	if (!child) {
		test();
		counts[0] = tests_run;
		counts[1] = tests_failed;
		_exit(55);
	}
	waitpid(child, &status, 0);
	if (counts[0]) {
		tests_run = counts[0];
		tests_failed = counts[1];
	}
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 55) {
		check(false, "%s reaches its end", name);
		diag("status %#x", status);
	}
	munmap(counts, 4096);
}

int main(void)
{
	after_check = note_longest;
	in_child(test_looking, "looking");
	in_child(test_core_dump, "core dump");
	in_child(test_threads, "threads");
	in_child(test_moves, "moving");
	in_child(test_jump_away, "jumping away");
	in_child(test_fork, "fork");
	in_child(test_owner_ends, "the owner's end");
	in_child(test_unmap, "unmapping");
	in_child(test_kill, "kill");
	in_child(test_long, "ten seconds");
	return finish();
}
