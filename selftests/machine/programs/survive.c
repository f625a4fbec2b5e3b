// SPDX-License-Identifier: GPL-2.0
/*
 * up-survive: what Linux does with memory and processes while a PAL lives: vfork,
 * mremap, madvise, userfaultfd, KSM, huge pages, swap, cgroups that freeze and kill.
 * A PAL's frames are pinned, so what Linux may do to their mapping never reaches
 * them: the PAL goes on and Linux's copy is Linux's affair. Prints TAP.
 */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "pal.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

static unsigned char complement[16];

/* Words into a file of the kernel's: 0, or errno. */
static int tell(const char *path, const char *words)
{
	int fd = open(path, O_WRONLY), err = 0;

	if (fd < 0)
		return errno;
	if (write(fd, words, strlen(words)) < 0)
		err = errno;
	close(fd);
	return err;
}

static long number_in(const char *path, const char *name)
{
	char text[4096] = "", *at;
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return -1;
	close(fd);
	at = name ? strstr(text, name) : text;
	return at ? atol(at + (name ? strlen(name) : 0)) : -1;
}

static char *data_of_pal(size_t *size)
{
	char *from = section(UNDERPIN_SECTION_DATA);
	unsigned int i;

	for (i = 0; i < underpin_pal.nr_ranges; i++)
		if (underpin_pal.ranges[i].start == from)
			*size = (char *)underpin_pal.ranges[i].end - from;
	return from;
}

/* Is what only the PAL knows anywhere in there? */
static bool has_secret(const char *p, size_t n)
{
	unsigned char secret[16];
	size_t i;

	for (i = 0; i < 16; i++)
		secret[i] = ~complement[i];
	return memmem(p, n, secret, 16) != NULL;
}

static int pal_with_secret(void)
{
	int pal = start();

	if (pal >= 0 && pal_secret(complement))
		return -1;
	return pal;
}

static bool intact(void)
{
	return pal_intact(complement) == 1;
}

static void test_vfork(void)
{
	int pal = pal_with_secret(), status;
	volatile long inside = -1;
	pid_t child = vfork();

	if (!child) {
		inside = pal_intact(complement);
		execl("/bin/true", "true", NULL);
		_exit(9);
	}
	waitpid(child, &status, 0);
	check(inside == 1, "a vforked child, which is in the same memory, may call");
	check(WIFEXITED(status) && !WEXITSTATUS(status) && intact(), "its exec leaves the PAL to the parent");
	underpin_pal_stop(pal);
}

static void test_mremap(void)
{
	int pal = pal_with_secret();
	size_t size;
	char *from = data_of_pal(&size), *to;

	to = mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)0x600000000000);
	check(to == (char *)0x600000000000 && all_zero(to, size), "moved data of a PAL reads as zeros at the new place");
	check(intact(), "and the PAL has its own at the old one");
	memset(to, 0x77, size);
	check(intact(), "writing there changes nothing inside");
	underpin_pal_stop(pal);
	check(all_zero(to, size), "after the end it is memory of zeros, none of the PAL's");
	to[0] = 1;
	check(to[0] == 1, "that can be written");
	munmap(to, size);
}

static void test_madvise(void)
{
	static const struct { int advice; const char *name; } advices[] = {
		{ MADV_DONTNEED, "DONTNEED" }, { MADV_FREE, "FREE" }, { MADV_COLD, "COLD" }, { MADV_PAGEOUT, "PAGEOUT" },
		{ MADV_HUGEPAGE, "HUGEPAGE" }, { MADV_COLLAPSE, "COLLAPSE" }, { MADV_DONTFORK, "DONTFORK" },
		{ MADV_WIPEONFORK, "WIPEONFORK" }, { MADV_DONTDUMP, "DONTDUMP" }, { MADV_MERGEABLE, "MERGEABLE" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
		int pal = pal_with_secret(), ret;
		size_t size;
		char *data = data_of_pal(&size);

		errno = 0;
		ret = madvise(data, size, advices[i].advice);
		check(intact() && pal_add10(1, 0, 0, 0, 0, 0, 0, 0, 0, 0) == 1,
		      "MADV_%s on a PAL's data does nothing to the PAL (%s)", advices[i].name,
		      ret ? strerrorname_np(errno) : "taken");
		check(!has_secret(data, size), "and nothing of it is seen");
		underpin_pal_stop(pal);
		check(!has_secret(data, size), "nor after its end");
	}
}

static void test_ksm(void)
{
	int pal = pal_with_secret();
	size_t size;
	char *data = data_of_pal(&size), *twins = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int tries;

	/* All zeros, as the PAL's pages are for Linux. */
	memset(twins, 1, 1 << 20);
	memset(twins, 0, 1 << 20);
	if (madvise(data, size, MADV_MERGEABLE) || madvise(twins, 1 << 20, MADV_MERGEABLE) ||
	    tell("/sys/kernel/mm/ksm/pages_to_scan", "2000") || tell("/sys/kernel/mm/ksm/sleep_millisecs", "10") ||
	    tell("/sys/kernel/mm/ksm/run", "1")) {
		check(false, "KSM is there");
		return;
	}
	for (tries = 0; tries < 200 && number_in("/sys/kernel/mm/ksm/full_scans", NULL) < 4; tries++)
		usleep(20000);
	check(number_in("/sys/kernel/mm/ksm/pages_sharing", NULL) > 100, "KSM merges pages of zeros (%ld)",
	      number_in("/sys/kernel/mm/ksm/pages_sharing", NULL));
	check(intact(), "the PAL's, which look the same, are not merged away");
	memset(twins, 0x33, 1 << 20);
	check(intact(), "nor written to when the others change");
	tell("/sys/kernel/mm/ksm/run", "2");
	underpin_pal_stop(pal);
	check(all_zero(data, size), "nothing of it is seen afterwards");
}

static long sum_of(const unsigned char *buffer)
{
	long sum = 0, i;

	for (i = 0; i < 8192; i++)
		sum += buffer[i];
	return sum;
}

/* The owner's buffer, not the PAL's: the call meets a page that is in swap. */
static void test_swap(void)
{
	static unsigned char buffer[3 * 4096] __attribute__((aligned(4096)));
	int pal, i;
	long sum;

	if (swapon("/dev/zram0", 0)) {
		check(false, "a swap device is there (%s)", strerrorname_np(errno));
		return;
	}
	pal = pal_with_secret();
	for (i = 0; i < 8192; i++)
		buffer[i] = i * 7;
	sum = sum_of(buffer);
	check(!madvise(buffer, sizeof(buffer), MADV_PAGEOUT), "the owner's buffer is sent to swap");
	check(number_in("/proc/self/status", "VmSwap:") > 0, "and is there (%ld KiB)", number_in("/proc/self/status", "VmSwap:"));
	check_is(pal_sum(buffer, 8192), sum, "a call brings it back");
	for (i = 0; i < 20; i++) {
		madvise(buffer, sizeof(buffer), MADV_PAGEOUT);
		if (pal_sum(buffer, 8192) != sum)
			break;
		madvise(buffer, sizeof(buffer), MADV_PAGEOUT);
		if (pal_fill(buffer, 8192, i) != 0 || buffer[8191] != (unsigned char)(i + 8191))
			break;
		sum = sum_of(buffer);
	}
	check_is(i, 20, "each time, for results as well");
	check(intact(), "the PAL's own pages never go there");
	check(!swapoff("/dev/zram0"), "swapoff with a PAL registered");
	check(intact(), "and it goes on");
	underpin_pal_stop(pal);
}

/* A page of the owner's that another thread gives, when it is asked for. */
static void test_userfaultfd(void)
{
	char *area = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = { { (uintptr_t)area, 8192 }, UFFDIO_REGISTER_MODE_MISSING, 0 };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC), status, pal;
	static char page[4096] __attribute__((aligned(4096)));
	pid_t child;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg)) {
		check(false, "userfaultfd is there (%s)", strerrorname_np(errno));
		return;
	}
	memset(page, 5, sizeof(page));
	pal = pal_with_secret();
	child = fork();
	if (!child) {
		int served = 0;

		alarm(20);
		while (served < 2) {
			struct uffd_msg msg;
			struct uffdio_copy copy;

			if (read(fd, &msg, sizeof(msg)) != sizeof(msg))
				_exit(1);
			copy = (struct uffdio_copy){ msg.arg.pagefault.address & ~4095ull, (uintptr_t)page, 4096, 0, 0 };
			if (ioctl(fd, UFFDIO_COPY, &copy))
				_exit(2);
			served++;
		}
		_exit(served == 2 ? 0 : 3);
	}
	check_is(pal_sum((unsigned char *)area, 8192), 5 * 8192, "parameters in pages that a userfaultfd fills");
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && !WEXITSTATUS(status), "each was asked for once (%#x)", status);
	check(intact(), "the PAL goes on");
	underpin_pal_stop(pal);
	close(fd);
}

#define GROUP "/tmp/cgroup/pal"

static void test_freeze(void)
{
	char words[32];
	int status, i;
	pid_t child = fork();

	if (!child) {
		if (start() < 0)
			_exit(9);
		_exit(pal_spin(1500) == 1 ? 40 : 41);
	}
	usleep(300000);
	snprintf(words, sizeof(words), "%d", child);
	check(!tell(GROUP "/cgroup.procs", words) && !tell(GROUP "/cgroup.freeze", "1"), "a cgroup freezes the owner in a call");
	for (i = 0; i < 100 && number_in(GROUP "/cgroup.events", "frozen ") != 1; i++)
		usleep(20000);
	check_is(number_in(GROUP "/cgroup.events", "frozen "), 1, "it is frozen");
	usleep(200000);
	check(waitpid(child, &status, WNOHANG) == 0, "and stays so");
	tell(GROUP "/cgroup.freeze", "0");
	waitpid(child, &status, 0);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 40, "thawed, the call ends as it should (%#x)", status);
	check_is(nr_pals_settles_at(0), 0, "and its PAL is gone");
}

static void test_oom(void)
{
	int status, channel[2];
	char words[32], byte;
	pid_t child;

	if (pipe(channel))
		return;
	child = fork();
	if (!child) {
		size_t i;
		char *much;

		read(channel[0], &byte, 1);
		if (start() < 0 || pal_secret(complement))
			_exit(9);
		much = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		for (i = 0; i < 64 << 20; i += 4096)
			much[i] = 1;
		_exit(10);
	}
	snprintf(words, sizeof(words), "%d", child);
	check(!tell(GROUP "/cgroup.procs", words) && !tell(GROUP "/memory.max", "20M"), "a cgroup of 20 MiB");
	write(channel[1], "x", 1);
	waitpid(child, &status, 0);
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "the OOM killer ends an owner (%#x)", status);
	check_is(nr_pals_settles_at(0), 0, "and its PAL with it");
	tell(GROUP "/memory.max", "max");
}

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

/* `up-survive oom` alone, since the kernel prints a trace for it. */
int main(int argc, char **argv)
{
	bool oom = argc > 1 && !strcmp(argv[1], "oom");

	after_check = note_longest;
	mkdir("/tmp/cgroup", 0755);
	if (mount("cgroup", "/tmp/cgroup", "cgroup2", 0, NULL) || tell("/tmp/cgroup/cgroup.subtree_control", "+memory") ||
	    mkdir(GROUP, 0755))
		check(false, "a cgroup can be made (%s)", strerrorname_np(errno));
	if (oom) {
		in_child(test_oom, "the OOM killer");
	} else {
		in_child(test_vfork, "vfork");
		in_child(test_mremap, "mremap");
		in_child(test_madvise, "madvise");
		in_child(test_ksm, "KSM");
		in_child(test_swap, "swap");
		in_child(test_userfaultfd, "userfaultfd");
		in_child(test_freeze, "freezing");
	}
	check_is(nr_pals_settles_at(0), 0, "no PAL is left");
	rmdir(GROUP);
	umount("/tmp/cgroup");
	return finish();
}
