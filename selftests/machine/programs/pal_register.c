// SPDX-License-Identifier: GPL-2.0
/*
 * up-pal-register: each malformed registration gets its errno, each kind of
 * memory that cannot be private is refused, and large PALs cost no long stay in
 * root. Raw ioctl, code written by hand. Prints TAP.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <underpin.h>
#include <unistd.h>

#include "test.h"

#define PAGE 4096ul

static int device;
static char *area;	/* code, data, param, stack: 4 pages */
static struct underpin_section sections[12];
static struct underpin_entry entries[20];
static struct underpin_pal_register reg;

static void fresh(void)
{
	/* mov $42, %eax; ret */
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 };
	static const unsigned int types[] = { UNDERPIN_SECTION_CODE, UNDERPIN_SECTION_DATA, UNDERPIN_SECTION_PARAM, UNDERPIN_SECTION_STACK };
	unsigned int i;

	if (area)
		munmap(area, 4 * PAGE);
	area = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset(area, 0, 4 * PAGE);
	memcpy(area, code, sizeof(code));
	memset(sections, 0, sizeof(sections));
	memset(entries, 0, sizeof(entries));
	for (i = 0; i < 4; i++)
		sections[i] = (struct underpin_section){ types[i], 0, (uintptr_t)area + i * PAGE, PAGE };
	entries[0].addr = (uintptr_t)area;
	reg = (struct underpin_pal_register){
		.size = sizeof(reg), .nr_sections = 4, .nr_entries = 1, .sections = (uintptr_t)sections,
		.entries = (uintptr_t)entries, .stub = (uintptr_t)underpin_resume_stub, .name = "raw",
	};
}

static int try(void)
{
	return ioctl(device, UNDERPIN_PAL_REGISTER, &reg);
}

static void refused(int error, const char *what)
{
	int fd = try();

	if (!check(fd < 0 && errno == error, "%s: %s", what, strerrorname_np(error)))
		diag("answer %d errno %s", fd, fd < 0 ? strerrorname_np(errno) : "0");
	if (fd >= 0)
		close(fd);
	fresh();
}

static void test_table(void)
{
	unsigned int i;
	int fd;

	fresh();
	fd = try();
	if (!check(fd >= 0, "a well-formed one is taken"))
		diag("errno %s", strerrorname_np(errno));
	check_is(((long (*)(void))area)(), 42, "and answers");
	close(fd);
	fresh();
	reg.size = offsetof(struct underpin_pal_register, id) - 1; refused(EINVAL, "a size that leaves out what must be said");
	reg.size = 0; refused(EINVAL, "no size");
	reg.flags = 1; refused(EINVAL, "an unknown flag");
	reg.nr_sections = 0; refused(EINVAL, "no section");
	reg.nr_sections = UNDERPIN_MAX_SECTIONS + 1; refused(E2BIG, "too many sections");
	reg.nr_entries = 0; refused(EINVAL, "no entry point");
	reg.nr_entries = 17; refused(E2BIG, "too many entry points");
	reg.sections = 8; refused(EFAULT, "sections at an address that is not there");
	reg.entries = ~0ull; refused(EFAULT, "entry points in the kernel");
	reg.stub = 0; refused(EINVAL, "no stub");
	reg.stub = 0x800000000000ull; refused(EINVAL, "a stub that is not canonical");
	reg.stub = 0xffffffff81000000ull; refused(EINVAL, "a stub in the kernel");
	memset(reg.name, 'x', sizeof(reg.name)); refused(EINVAL, "a name without an end");
	sections[0].type = 0; refused(EINVAL, "a section of type 0");
	sections[0].type = 8; refused(EINVAL, "a section of an unknown type");
	sections[0].type = UNDERPIN_SECTION_WINDOW; refused(EINVAL, "a window that is not the last");
	sections[0].reserved = 1; refused(EINVAL, "a reserved field of a section");
	sections[0].addr++; refused(EINVAL, "a section that does not begin at a page");
	sections[0].size = 100; refused(EINVAL, "a section that does not end at a page");
	sections[0].size = 0; refused(EINVAL, "an empty section");
	sections[1].size = 4097 * PAGE; refused(E2BIG, "a section that is too large");
	sections[1].size = ~0ull & ~4095ull; refused(E2BIG, "a section that wraps");
	sections[1].addr = 0; refused(EINVAL, "a section at 0");
	sections[1].addr = 0xffff888000000000ull; refused(EINVAL, "a section in the kernel");
	sections[1].addr = 0x7fffffffe000ull; sections[1].size = 2 * PAGE; refused(EINVAL, "a section that ends behind user memory");
	sections[1].addr = sections[0].addr; refused(EINVAL, "two sections that overlap");
	sections[0].type = UNDERPIN_SECTION_DATA; refused(EINVAL, "no code");
	reg.nr_sections = 3; refused(EINVAL, "no stack");
	entries[0].addr = (uintptr_t)area + PAGE; refused(EINVAL, "an entry point outside of the code");
	entries[0].flags = 2; refused(EINVAL, "an unknown flag of an entry point");
	entries[0].nr_params = 11; refused(EINVAL, "too many parameters");
	entries[0].nr_params = 1; refused(EINVAL, "a parameter of type 0");
	entries[0].nr_params = 1; entries[0].param[0].type = UNDERPIN_PARAM_INTEGER; entries[0].param[0].flags = 1;
	refused(EINVAL, "an integer with a direction");
	entries[0].nr_params = 1; entries[0].param[0] = (struct underpin_param){ UNDERPIN_PARAM_POINTER, 0, 0, 0, 8 };
	refused(EINVAL, "a pointer without a direction");
	entries[0].nr_params = 1; entries[0].param[0] = (struct underpin_param){ UNDERPIN_PARAM_POINTER, 4, 0, 0, 8 };
	refused(EINVAL, "a pointer with an unknown direction");
	entries[0].nr_params = 1; entries[0].param[0] = (struct underpin_param){ UNDERPIN_PARAM_POINTER, 1, 0, 0, 0 };
	refused(EINVAL, "a pointer to nothing");
	entries[0].nr_params = 1; entries[0].param[0] = (struct underpin_param){ UNDERPIN_PARAM_POINTER, 1, 2, 0, 8 };
	refused(EINVAL, "a size in a parameter that is not there");
	entries[0].nr_params = 1; entries[0].param[0] = (struct underpin_param){ UNDERPIN_PARAM_POINTER, 1, 1, 0, 8 };
	refused(EINVAL, "a size in a pointer");
	entries[0].nr_params = 1; entries[0].param[0] = (struct underpin_param){ UNDERPIN_PARAM_POINTER, 1, 0, 1, 8 };
	refused(EINVAL, "a reserved field of a parameter");
	entries[0].nr_params = 2;
	for (i = 0; i < 2; i++)
		entries[0].param[i] = (struct underpin_param){ UNDERPIN_PARAM_POINTER, 1, 0, 0, 4096 };
	refused(EINVAL, "parameters that do not fit into their section");
	check(ioctl(device, _IOWR(UNDERPIN_IOC, 99, int), &reg) < 0 && errno == ENOTTY, "an unknown request: ENOTTY");
	check(ioctl(device, UNDERPIN_PAL_REGISTER, 8) < 0 && errno == EFAULT, "a request at an address that is not there: EFAULT");
}

/*
 * Programs of other versions (docs/abi.md): a caller's structure at the end of a
 * page, behind which nothing is mapped, so that the module can neither read nor
 * write more than it was told.
 */
static char *room;	/* a page, then a hole */

static void *structure(unsigned int size, unsigned int filled, const void *from)
{
	char *at = room + PAGE - size;

	memset(room, 0xcc, PAGE);
	memset(at, 0, size);
	memcpy(at, from, filled);
	*(unsigned int *)at = size;
	return at;
}

/* Asked with so many bytes of the structure: 0 or errno. */
static int ask_with(int fd, unsigned long request, unsigned int size, unsigned int filled, const void *from)
{
	return ioctl(fd, request, structure(size, filled, from)) < 0 ? errno : 0;
}

static bool nothing_before(unsigned int size)
{
	unsigned int i;

	for (i = 0; i < PAGE - size; i++)
		if ((unsigned char)room[i] != 0xcc)
			return false;
	return true;
}

static void test_register_sizes(void)
{
	const unsigned int least = offsetof(struct underpin_pal_register, id);
	struct underpin_pal_register *r;
	unsigned char whole[32];
	int fd;

	fresh();
	fd = try();
	memcpy(whole, reg.measurement, sizeof(whole));
	check(fd >= 0 && reg.size == sizeof(reg), "the module says how much it answered");
	close(fd);
	fresh();
	r = structure(least, least, &reg);
	r->size = least;
	fd = ioctl(device, UNDERPIN_PAL_REGISTER, r);
	check(fd >= 0 && r->size == least && nothing_before(least), "an older program, which knows no answers, is served");
	check_is(((long (*)(void))area)(), 42, "and its PAL answers");
	close(fd);
	fresh();
	r = structure(least + 8 + 5, least, &reg);
	fd = ioctl(device, UNDERPIN_PAL_REGISTER, r);
	check(fd >= 0 && r->id && !memcmp(r->measurement, whole, 5), "one that knows half of them gets half of them");
	close(fd);
	fresh();
	r = structure(sizeof(reg) + 40, sizeof(reg), &reg);
	fd = ioctl(device, UNDERPIN_PAL_REGISTER, r);
	check(fd >= 0 && r->size == sizeof(reg) && !memcmp(r->measurement, whole, 32),
	      "a newer one that says nothing new is served, and told what was answered");
	close(fd);
	fresh();
	r = structure(sizeof(reg) + 40, sizeof(reg), &reg);
	room[PAGE - 1] = 1;
	check(ioctl(device, UNDERPIN_PAL_REGISTER, r) < 0 && errno == E2BIG, "one that does: E2BIG");
	r = structure(sizeof(reg), sizeof(reg), &reg);
	r->size = sizeof(reg) + 1;
	check(ioctl(device, UNDERPIN_PAL_REGISTER, r) < 0 && errno == EFAULT, "one that is shorter than it says: EFAULT");
	r->size = 65537;
	check(ioctl(device, UNDERPIN_PAL_REGISTER, r) < 0 && errno == E2BIG, "one that nobody can mean: E2BIG");
	check(ioctl(device, UNDERPIN_PAL_REGISTER, room + PAGE - 2) < 0 && errno == EFAULT, "half a size: EFAULT");
}

/* A query with its own structure in *whole: shorter, longer, longer and not zero. */
static void test_query_sizes(int fd, unsigned long request, unsigned int size, unsigned int least, void *whole,
			     const char *name)
{
	const unsigned int *at;

	check(ask_with(fd, request, least - 1, 4, whole) == EINVAL, "%s, shorter than it may be: EINVAL", name);
	at = structure(least, least, whole);
	check(!ioctl(fd, request, at) && *at == least && nothing_before(least), "%s, as short as it may be", name);
	at = structure(size + 24, size, whole);
	check(!ioctl(fd, request, at) && *at == size, "%s, longer than the module knows", name);
	at = structure(size + 24, size, whole);
	room[PAGE - 24] = 1;
	check(ioctl(fd, request, at) < 0 && errno == E2BIG, "%s, longer and with something in it: E2BIG", name);
}

static void test_sizes(void)
{
	struct underpin_status status = { 0 };
	struct underpin_pal_get_info info = { 0 };
	struct underpin_stats stats = { 0 };
	struct underpin_pal_list *list;
	struct underpin_log *log;
	unsigned int size, id, n;
	char *first_area;
	int fd, fd2;

	room = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(room + PAGE, PAGE);
	test_register_sizes();
	test_query_sizes(device, UNDERPIN_GET_STATUS, sizeof(status), 8, &status, "status");
	test_query_sizes(device, UNDERPIN_GET_STATS, sizeof(stats), 8, &stats, "stats");
	stats.cpu = 9999;
	check(ask_with(device, UNDERPIN_GET_STATS, 8, 8, &stats) == EINVAL, "stats of no CPU: EINVAL");
	stats.cpu = 0;

	size = offsetof(struct underpin_log, record[2]);
	log = structure(size, 0, &stats);
	check(!ioctl(device, UNDERPIN_GET_LOG, log) && log->nr == 2 && nothing_before(size), "log, with room for two records");
	check(log->first == log->record[1].seq + 1, "the next one is the one behind them");
	check(ask_with(device, UNDERPIN_GET_LOG, offsetof(struct underpin_log, record[1]) - 1, 0, &stats) == EINVAL,
	      "log, with room for none: EINVAL");

	fresh();
	fd = try();
	first_area = area;
	area = NULL;
	fresh();
	fd2 = try();
	size = offsetof(struct underpin_pal_list, pal[1]);
	list = structure(size, 0, &stats);
	check(!ioctl(device, UNDERPIN_GET_PALS, list) && list->nr == 1 && nothing_before(size), "two PALs, with room for one");
	id = list->pal[0].id;
	n = ioctl(device, UNDERPIN_GET_PALS, list);
	check(!n && list->nr == 1 && list->pal[0].id > id, "then the other");
	n = ioctl(device, UNDERPIN_GET_PALS, list);
	check(!n && list->nr == 0, "then none");
	list->reserved = 1;
	check(ioctl(device, UNDERPIN_GET_PALS, list) < 0 && errno == EINVAL, "a reserved field: EINVAL");
	test_query_sizes(fd, UNDERPIN_PAL_GET_INFO, sizeof(info), 12, &info, "info of a PAL");
	check(!ask_with(fd2, UNDERPIN_PAL_GET_INFO, 12, 12, &info) && ((unsigned int *)(room + PAGE))[-1] == reg.id,
	      "the id alone");
	info.reserved = 1;
	check(ask_with(fd, UNDERPIN_PAL_GET_INFO, sizeof(info), sizeof(info), &info) == EINVAL, "a reserved field: EINVAL");
	close(fd);
	close(fd2);
	munmap(first_area, 4 * PAGE);
	munmap(room, PAGE);
	fresh();
}

/* Section 1 (data) somewhere else. */
static void data_refused(void *at, int error, const char *what)
{
	fresh();
	sections[1].addr = (uintptr_t)at;
	refused(error, what);
}

static void test_memory(void)
{
	char *p;
	int fd, fd2;

	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(p, 1, PAGE);
	data_refused(p, EOPNOTSUPP, "shared memory");
	munmap(p, PAGE);
	fd = open("/tmp/up-file", O_RDWR | O_CREAT | O_TRUNC, 0600);
	ftruncate(fd, PAGE);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	data_refused(p, EOPNOTSUPP, "a shared file");
	munmap(p, PAGE);
	/* A private mapping becomes anonymous by the pin's own write; the file stays what it is. */
	p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	fresh();
	sections[1].addr = (uintptr_t)p;
	fd2 = try();
	check(fd2 >= 0 || errno == EOPNOTSUPP || errno == EFAULT, "a private file mapping is copied, or refused");
	{
		char byte = 1;

		pread(fd, &byte, 1, 0);
		check(byte == 0, "the file itself stays what it is");
	}
	if (fd2 >= 0)
		close(fd2);
	munmap(p, PAGE);
	close(fd);
	unlink("/tmp/up-file");
	fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);
	write(fd, "2", 1);
	close(fd);
	p = mmap(NULL, 2 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (p != MAP_FAILED) {
		memset(p, 1, 2 << 20);
		data_refused(p, EOPNOTSUPP, "a huge page of hugetlbfs");
		munmap(p, 2 << 20);
	} else {
		printf("ok %d - a huge page of hugetlbfs: EOPNOTSUPP # SKIP no huge pages\n", ++tests_run);
	}
	fd = open("/proc/sys/vm/nr_hugepages", O_WRONLY);
	write(fd, "0", 1);
	close(fd);
	p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(p + PAGE, PAGE);
	data_refused(p + PAGE, EFAULT, "memory that is not mapped");
	fresh();
	sections[1].addr = (uintptr_t)p;
	{
		/* Only read so far: the zero page, which all share, must not be hidden. */
		volatile char c = *p;

		(void)c;
	}
	fd = try();
	check(fd >= 0, "a page that was only read is replaced by one of its own");
	fresh();
	sections[1].addr = (uintptr_t)p;
	fd2 = try();
	check(fd2 < 0 && (errno == EBUSY || errno == EEXIST), "a page of another PAL: EBUSY");
	if (fd2 >= 0)
		close(fd2);
	else
		diag("errno %s", strerrorname_np(errno));
	if (fd >= 0)
		close(fd);
	munmap(p, PAGE);
	fresh();
}

static void as_nobody(void (*run)(void))
{
	int status;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		run();
		_exit(0);
	}
	waitpid(child, &status, 0);
}

static void test_memlock(void)
{
	struct rlimit limit = { 3 * PAGE, 3 * PAGE };
	int fd;

	setrlimit(RLIMIT_MEMLOCK, &limit);
	setgid(65534);
	setuid(65534);
	fd = try();
	check(fd < 0 && errno == ENOMEM, "more than RLIMIT_MEMLOCK: ENOMEM");
	if (fd < 0 && errno != ENOMEM)
		diag("errno %s", strerrorname_np(errno));
	limit.rlim_cur = limit.rlim_max;
	fd = open(UNDERPIN_DEVICE, O_RDWR);
	check(fd < 0 && (errno == EACCES || errno == EPERM), "/dev/underpin without the right: EACCES");
}

static void test_large(void)
{
	struct underpin_status status;
	static const unsigned int pages[] = { 4, 64, 1024 };
	unsigned int i;
	char *p;
	int fd;

	for (i = 0; i < 3; i++) {
		fresh();
		p = mmap(NULL, pages[i] * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		madvise(p, pages[i] * PAGE, MADV_NOHUGEPAGE);
		memset(p, 0x77, pages[i] * PAGE);
		sections[1].addr = (uintptr_t)p;
		sections[1].size = pages[i] * PAGE;
		fd = try();
		if (!check(fd >= 0, "%u pages are registered", pages[i]))
			diag("errno %s", strerrorname_np(errno));
		else
			diag("%u pages beyond its own", reg.nr_donated);
		check_is(((long (*)(void))area)(), 42, "and the PAL answers");
		if (fd >= 0)
			close(fd);
		check(p[0] == 0 && p[pages[i] * PAGE - 1] == 0, "after the close they are zeros");
		p[0] = 5;
		check(p[0] == 5, "and memory again");
		munmap(p, pages[i] * PAGE);
	}
	underpin_get_status(device, &status);
	check(status.longest_root < 50000, "the longest stay in root was %llu ticks, below 50,000 (exit reason %u)",
	      (unsigned long long)status.longest_root, status.longest_reason);
	check_is(status.nr_pals, 0, "no PAL is left");
}

#define MOST 256

static void test_many(void)
{
	static int fds[MOST + 1];
	int n;

	for (n = 0; n <= MOST; n++) {
		area = NULL;
		fresh();
		fds[n] = try();
		if (fds[n] < 0)
			break;
		if (((long (*)(void))(uintptr_t)entries[0].addr)() != 42) {
			check(false, "PAL %d answers", n);
			break;
		}
	}
	check_is(n, MOST, "256 PALs live at once");
	check_is(errno, ENOSPC, "one more is refused: ENOSPC");
	while (n--)
		close(fds[n]);
	fresh();
	fds[0] = try();
	check(fds[0] >= 0, "after their end there is room again");
	close(fds[0]);
}

/* One after the other, each called. */
static void test_churn(long times)
{
	struct underpin_status before, after;
	long i;
	int fd;

	for (i = 0; i < times; i++) {
		fresh();
		fd = try();
		if (fd < 0 || ((long (*)(void))(uintptr_t)entries[0].addr)() != 42)
			break;
		close(fd);
		if (i == 0)
			underpin_get_status(device, &before);
	}
	check_is(i, times, "a PAL is registered, called and unregistered, again and again");
	diag("%ld times", times);
	underpin_get_status(device, &after);
	check_is((long)after.pool_free - (long)before.pool_free, 0, "the core has as many free pages as before");
}

int main(int argc, char **argv)
{
	device = underpin_open();
	if (device < 0) {
		check(false, "the device opens");
		diag("%s", underpin_last_error());
		return finish();
	}
	test_table();
	test_sizes();
	test_memory();
	test_large();
	test_many();
	test_churn(argc > 1 ? atol(argv[1]) : 1000);
	/* A child's checks are counted as two here. */
	as_nobody(test_memlock);
	tests_run += 2;
	return finish();
}
