// SPDX-License-Identifier: GPL-2.0
/*
 * up-sdk lend|ocall|threads: what the SDK has beyond plain calls, and everything that can happen to it. Prints TAP.
 *   lend    pages lent to a PAL for one call
 *   ocall   what a PAL asks its owner
 *   threads as many calls at once as the PAL has contexts (PAL_CONTEXTS in pal_program.mk)
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "pal.h"

long sdk_sum(long offset, long size);
long sdk_fill(long offset, long size, long ms, long how);
long sdk_random(long offset, long size);
long sdk_ask(long number, long a, long b, long times);
long sdk_stream(long offset, long size);
long sdk_registers(long number);
long sdk_together(unsigned char *data, long size, long ms);
long sdk_count(long what);
long sdk_seal(long value);
long sdk_kept(void);

#define PAGE 4096
#define WINDOW (64 * PAGE)	/* PAL_WINDOW in pal_program.mk */

static int pal;

static unsigned char *pages(size_t size)
{
	unsigned char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t i;

	for (i = 0; i < size; i++)
		p[i] = i * 7 + i / PAGE;
	return p;
}

static bool lend(void *buffer, size_t size, size_t *offset)
{
	if (!underpin_pal_lend(pal, buffer, size, offset))
		return true;
	diag("%s", underpin_last_error());
	return false;
}

static bool refused(void *buffer, size_t size, int error)
{
	size_t offset;

	return underpin_pal_lend(pal, buffer, size, &offset) == -1 && errno == error;
}

static bool all_are(const unsigned char *p, size_t size, unsigned char value)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (p[i] != value)
			return false;
	return true;
}

static void test_one_call(void)
{
	size_t size = 40 * PAGE, first, second, i;
	unsigned char *a = pages(size), *b = pages(PAGE);
	long sum = 0;
	bool good = true;

	for (i = 0; i < size; i++)
		sum += a[i];
	check(lend(a, size, &first) && first == 0 && lend(b, PAGE, &second) && second == size, "two buffers are lent, one behind the other");
	check_is(sdk_sum(first, size), sum, "the PAL reads what is lent");
	for (i = 0; i < size; i++)
		good &= a[i] == (unsigned char)(255 - (unsigned char)(i * 7 + i / PAGE));
	check(good && b[5] == 35, "and wrote to it, and to nothing else");
	check(sdk_sum(second, PAGE) == -1 && errno == EFAULT, "the next call has not got them: EFAULT");
	check(refused(b, PAGE, EBUSY), "nothing is lent before they are taken back: EBUSY");
	check_is(underpin_pal_take_back(pal), 0, "they are taken back");
	check_is(sdk_kept(), 0, "the PAL still answers");
	check(lend(b, PAGE, &first) && first == 0 && !underpin_pal_take_back(pal), "lent and taken back without a call");
	check(sdk_random(0, 16) == -EFAULT, "a service has no way into an empty window");
	check(lend(b, PAGE, &first) && sdk_random(PAGE - 20, 20) == 0 && sdk_random(0, 4) == -EFAULT && !underpin_pal_take_back(pal),
	      "and has one into a lent page, for that call");
	check(sdk_sum(WINDOW - 1, 2) == -1 && sdk_sum(-PAGE, PAGE) == -1, "a place outside of the window is none");
	munmap(a, size);
	munmap(b, PAGE);
}

static void test_refused(void)
{
	unsigned char *a = pages(4 * PAGE);
	int file = open("/dev/zero", O_RDWR);
	void *shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	void *read_only = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct underpin_pal_lend old = { .size = 16 };
	size_t offset;

	check(refused(a + 8, PAGE, EINVAL) && refused(a, PAGE + 1, EINVAL) && refused(a, 0, EINVAL), "not whole pages: EINVAL");
	check(refused((void *)0xffff888000000000, PAGE, EINVAL) && refused(a, -PAGE, EINVAL), "the kernel's half: EINVAL");
	check(refused(a, WINDOW + PAGE, E2BIG), "more than the window has room for: E2BIG");
	check(refused((void *)0x10000, PAGE, EFAULT), "not mapped: EFAULT");
	check(refused(shared, PAGE, EOPNOTSUPP), "shared memory: EOPNOTSUPP");
	check(refused(read_only, PAGE, EFAULT), "read-only memory: EFAULT");
	check(refused(section(UNDERPIN_SECTION_DATA), PAGE, EBUSY) || refused(section(UNDERPIN_SECTION_STACK), PAGE, EBUSY),
	      "a page of the PAL's own: EBUSY");
	check(lend(a, PAGE, &offset) && refused(a, PAGE, EBUSY), "the same page twice: EBUSY");
	check(!underpin_pal_take_back(pal), "what was lent before is not lost by it");
	check(ioctl(pal, UNDERPIN_PAL_LEND, &old) == -1 && errno == EINVAL, "a structure that is too short: EINVAL");
	munmap(a, 4 * PAGE);
	munmap(shared, PAGE);
	munmap(read_only, PAGE);
	close(file);
}

struct filler {
	size_t offset;
	long ms, result;
	int error;
};

static void *fill_in_thread(void *arg)
{
	struct filler *f = arg;

	f->result = sdk_fill(f->offset, 4 * PAGE, f->ms, 0);
	f->error = errno;
	return NULL;
}

/* The owner gives the memory away while the PAL writes to it: what others get there stays theirs. */
static void test_freed(void)
{
	struct filler f = { .ms = 400 };
	unsigned char *a, *others;
	pthread_t thread;
	bool good = true;
	int i, k;

	pin_to(0);
	a = pages(4 * PAGE);
	if (!check(lend(a, 4 * PAGE, &f.offset), "lent for a long call"))
		return;
	pthread_create(&thread, NULL, fill_in_thread, &f);
	usleep(100000);
	check(refused(pages(PAGE), PAGE, EBUSY), "during the call nothing more is lent: EBUSY");
	check(underpin_pal_take_back(pal) == -1 && errno == EBUSY, "nor taken back: EBUSY");
	munmap(a, 4 * PAGE);
	for (i = 0; i < 40; i++) {
		others = pages(16 * PAGE);
		memset(others, 0xa5, 16 * PAGE);
		usleep(2000);
		for (k = 0; k < 16; k++)
			good &= all_are(others + k * PAGE, PAGE, 0xa5);
		munmap(others, 16 * PAGE);
	}
	check(good, "freed during the call: nobody else's memory is written");
	pthread_join(thread, NULL);
	check(f.result > 0, "and the call ends well");
	check_is(underpin_pal_take_back(pal), 0, "they are taken back though nobody has them mapped");
}

static void test_remapped(void)
{
	struct filler f = { .ms = 200 };
	unsigned char *a = pages(4 * PAGE), *b, *c;
	pthread_t thread;
	pid_t child;
	int status = -1;

	if (!check(lend(a, 4 * PAGE, &f.offset), "lent once more"))
		return;
	pthread_create(&thread, NULL, fill_in_thread, &f);
	usleep(50000);
	b = mremap(a, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, pages(4 * PAGE));
	c = mmap(a, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	memset(c, 0x11, 4 * PAGE);
	child = fork();
	if (!child) {
		/* A child has a copy, and cannot lend. */
		unsigned char now = b[0];

		usleep(20000);
		_exit(all_are(b, 1, now) && refused(c, PAGE, EPERM) && underpin_pal_take_back(pal) == -1 && errno == EPERM ? 0 : 1);
	}
	waitpid(child, &status, 0);
	pthread_join(thread, NULL);
	check(f.result > 0 && all_are(b, 4 * PAGE, f.result), "moved during the call: the PAL goes on with the same pages");
	check(all_are(c, 4 * PAGE, 0x11), "not with what is mapped there now");
	check_is(status, 0, "a child has copies of its own, and may neither lend nor take back");
	check_is(underpin_pal_take_back(pal), 0, "taken back");
	munmap(b, 4 * PAGE);
	munmap(c, 4 * PAGE);
}

static void test_ways(void)
{
	static const char *const ways[] = { "returns", "ends by pal_exit()", "faults" };
	static const int errors[] = { 0, 77, EFAULT };
	unsigned char *a = pages(4 * PAGE);
	struct itimerval soon = { { 0, 0 }, { 0, 100000 } };
	size_t offset;
	int i;

	for (i = 0; i < 3; i++) {
		errno = 0;
		check(lend(a, 4 * PAGE, &offset) && (sdk_fill(offset, 4 * PAGE, 30, i) == -1) == (i > 0) && errno == errors[i] &&
		      sdk_sum(offset, PAGE) == -1 && errno == EFAULT && !underpin_pal_take_back(pal), "a call that %s gives them back", ways[i]);
	}
	signal(SIGALRM, jump_away);
	if (lend(a, 4 * PAGE, &offset) && !sigsetjmp(away, 1)) {
		setitimer(ITIMER_REAL, &soon, NULL);
		sdk_fill(offset, 4 * PAGE, 5000, 0);
		check(false, "a signal handler jumps out of a call");
	} else {
		check(underpin_pal_take_back(pal) == -1 && errno == EBUSY, "left by a jump: still lent, as the call is not over");
		check(sdk_kept() >= 0 && !underpin_pal_take_back(pal), "the thread's next call ends it, and gives them back");
	}
	munmap(a, 4 * PAGE);
}

/* RLIMIT_MEMLOCK counts them, and no longer than they are lent. */
static void test_counted(void)
{
	char line[128];
	long locked[3] = { 0 };
	unsigned char *a = pages(8 * PAGE);
	size_t offset;
	FILE *status;
	int i;

	for (i = 0; i < 3; i++) {
		if (i == 1 && !lend(a, 8 * PAGE, &offset))
			break;
		if (i == 2)
			underpin_pal_take_back(pal);
		status = fopen("/proc/self/status", "r");
		while (status && fgets(line, sizeof(line), status))
			sscanf(line, "VmPin: %ld", &locked[i]);
		if (!locked[i]) {
			rewind(status);
			while (fgets(line, sizeof(line), status))
				sscanf(line, "VmLck: %ld", &locked[i]);
		}
		fclose(status);
	}
	check(locked[1] == locked[0] + 32 && locked[2] == locked[0], "they count as locked memory while they are lent");
	diag("%ld, %ld, %ld kB", locked[0], locked[1], locked[2]);
	munmap(a, 8 * PAGE);
}

/* An owner that dies with pages lent, in the middle of a call and before it. */
static void test_killed(void)
{
	int before = nr_pals(), i;
	pid_t child;

	for (i = 0; i < 2; i++) {
		child = fork();
		if (!child) {
			size_t offset;

			underpin_pal_stop(pal);
			pal = start();
			if (pal < 0 || !lend(pages(16 * PAGE), 16 * PAGE, &offset))
				_exit(1);
			alarm(30);
			if (i)
				sdk_fill(offset, 16 * PAGE, 20000, 0);
			for (;;)
				pause();
		}
		usleep(600000);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		check_is(nr_pals_settles_at(before), before, i ? "killed in the middle of a call with pages lent" : "killed with pages lent");
	}
}

static void note_cost(size_t size)
{
	unsigned char *a = pages(size);
	long begin = now_ms();
	size_t offset;
	int i, good = 0;

	for (i = 0; i < 50; i++)
		good += !underpin_pal_lend(pal, a, size, &offset) && sdk_sum(offset, 1) >= 0 && !underpin_pal_take_back(pal);
	check_is(good, 50, "lent, called and taken back fifty times");
	diag("%zu pages: %ld us each time", size / PAGE, (now_ms() - begin) * 1000 / 50);
	munmap(a, size);
}

static int test_lend(void)
{
	after_check = note_longest;
	pal = start();
	if (!check(pal >= 0, "a PAL with a window is registered"))
		return finish();
	test_one_call();
	test_refused();
	test_ways();
	test_freed();
	test_remapped();
	test_counted();
	note_cost(PAGE);
	note_cost(WINDOW);
	/* Children get pages of a PAL's only when it ends. */
	underpin_pal_stop(pal);
	pal = -1;
	test_killed();
	pal = start();
	{
		unsigned char *a = pages(4 * PAGE);
		size_t offset;

		check(pal >= 0 && lend(a, 4 * PAGE, &offset) && !underpin_pal_stop(pal), "a PAL is closed with pages lent");
		memset(a, 3, 4 * PAGE);
		check(all_are(a, 4 * PAGE, 3), "and they are the owner's");
	}
	return finish();
}

/* ---- ocall ---- */

struct asked {
	unsigned int number;
	unsigned long a, b;
	long times;
	int how;	/* 1: a signal during it, 2: jump away, 3: call the PAL, 4: fork, 5: close it */
	pthread_t thread;
	unsigned char *stream;
	long blocks;
};
static volatile int signals;

static void on_signal(int sig)
{
	(void)sig;
	signals++;
}

static long answer(void *cookie, unsigned int number, unsigned long a, unsigned long b)
{
	struct asked *asked = cookie;
	pid_t child;
	int status;

	asked->number = number;
	asked->a = a;
	asked->b = b;
	asked->times++;
	asked->thread = pthread_self();
	switch (asked->how) {
	case 1:
		raise(SIGUSR1);
		break;
	case 2:
		siglongjmp(away, 1);
	case 3:
		return sdk_kept();
	case 4:
		child = fork();
		if (!child)
			_exit(0);	/* it has this stack, but not the PAL */
		waitpid(child, &status, 0);
		break;
	case 5:
		underpin_pal_stop(pal);
		break;
	case 6:
		child = fork();
		if (!child)
			return 5;	/* goes on at the stub, with the parent's token */
		waitpid(child, &status, 0);
		return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	default:
		break;
	}
	return number == 7 ? (long)(a + b) : 4242;
}

static long stream(void *cookie, unsigned int number, unsigned long a, unsigned long b)
{
	struct asked *asked = cookie;

	(void)number, (void)b;
	asked->a = a;
	if (!asked->blocks)
		return 0;
	memset(asked->stream, (int)asked->blocks--, PAGE);
	return PAGE;
}

static void *asks_in_thread(void *arg)
{
	long *result = arg;

	*result = sdk_ask(7, 0, 0, 1);
	return NULL;
}

static int test_ocall(void)
{
	struct asked asked = { 0 };
	unsigned char *buffer = pages(PAGE);
	long i, wanted = 0, before, begin;
	long result = 0;
	size_t offset;
	pthread_t thread;

	after_check = note_longest;
	signal(SIGUSR1, on_signal);
	pal = start();
	if (!check(pal >= 0, "a PAL is registered"))
		return finish();
	check_is(sdk_ask(7, 0, 0, 1), -ENOSYS, "a PAL whose owner has no function for it is answered ENOSYS");
	check_is(underpin_pal_on_ocall(pal, answer, &asked), 0, "a function is set");
	for (i = 0; i < 100; i++)
		wanted = wanted * 3 + 1000 + i + 77;
	check_is(sdk_ask(7, 1000, 77, 100), wanted, "a hundred questions in one call are answered");
	check(asked.number == 7 && asked.a == 1099 && asked.b == 77 && asked.times == 100 && pthread_equal(asked.thread, pthread_self()),
	      "number and words arrive, in the thread that called");
	check_is(sdk_ask(65519, 0, 0, 1), 4242, "the highest number for one's own");
	check_is(sdk_ask(65536, 0, 0, 1), -EINVAL, "one more: EINVAL inside");
	check_is(sdk_registers(9), 0, "the PAL's registers are its own afterwards, but for the answer");
	asked.how = 1;
	check(sdk_ask(7, 1, 2, 5) == 3 * 81 + 4 * 27 + 5 * 9 + 6 * 3 + 7 && signals == 5, "signals come during an answer");
	asked.how = 4;
	check_is(sdk_ask(7, 1, 2, 1), 3, "the owner may fork during it");
	before = sdk_kept();
	asked.how = 3;
	check(sdk_ask(7, 1, 2, 1) == -1 && errno == ECANCELED, "it must not call the PAL: that drops the call that waits");
	asked.how = 0;
	check_is(sdk_kept(), before, "which does not go on");
	asked.how = 2;
	if (!sigsetjmp(away, 1)) {
		sdk_ask(7, 1, 2, 1);
		check(false, "the function jumps away");
	}
	asked.how = 0;
	check_is(sdk_ask(7, 1, 2, 1), 3, "it may jump away; the next call begins afresh");
	asked.how = 6;
	fflush(stdout);
	i = sdk_ask(7, 1, 2, 1);
	if (i == -1)		/* this is the child */
		_exit(errno == EACCES ? 44 : 45);
	check_is(i, 44, "a child cannot answer for its parent");
	asked.how = 0;
	check(lend(buffer, PAGE, &offset) && !underpin_pal_on_ocall(pal, stream, &asked), "a buffer is lent, for a stream");
	asked.blocks = 50;
	asked.stream = buffer;
	check_is(sdk_stream(offset, PAGE), 50 * 51 / 2 * PAGE, "fifty blocks go through it, one for each question");
	check(!underpin_pal_take_back(pal) && !underpin_pal_on_ocall(pal, answer, &asked), "and it comes back");
	pthread_create(&thread, NULL, asks_in_thread, &result);
	pthread_join(thread, NULL);
	check(result == 0 && !pthread_equal(asked.thread, pthread_self()), "another thread's call is answered in that thread");
	begin = now_ms();
	for (i = 0; i < 20; i++)
		sdk_ask(7, 0, 0, 100);
	diag("2,000 questions: %ld ms", now_ms() - begin);
	asked.how = 5;
	check(sdk_ask(7, 1, 2, 1) == -1 && errno == ECANCELED, "a PAL that is closed during it: ECANCELED");
	return finish();
}

/* ---- threads ---- */

#define CONTEXTS 3
#define MANY 6

struct caller {
	int number;
	long ms, times;
	bool waits;
	unsigned char data[500];
	long wrong, busy, failed;
	int error;
	pthread_t thread;
};

static void *calls_in_thread(void *arg)
{
	struct caller *c = arg;
	long i, ret, k;

	for (i = 0; i < c->times; i++) {
		memset(c->data, c->number + 1, sizeof(c->data));
		if (c->waits)
			ret = UNDERPIN_WAIT(sdk_together(c->data, 100 + c->number * 50, c->ms));
		else
			ret = sdk_together(c->data, 100 + c->number * 50, c->ms);
		if (ret == -1) {
			c->error = errno;
			c->busy += errno == EBUSY;
			c->failed += errno != EBUSY;
			continue;
		}
		c->wrong += ret;
		for (k = 0; k < (long)sizeof(c->data); k++)
			c->wrong += c->data[k] != (k < 100 + c->number * 50 ? (unsigned char)~(c->number + 1) : c->number + 1);
	}
	return NULL;
}

static void run_callers(struct caller *c, int nr, long ms, long times, bool waits)
{
	int i;

	for (i = 0; i < nr; i++) {
		c[i] = (struct caller){ .number = i, .ms = ms, .times = times, .waits = waits };
		pthread_create(&c[i].thread, NULL, calls_in_thread, &c[i]);
	}
}

static void join_callers(struct caller *c, int nr, long *wrong, long *busy, long *failed)
{
	int i;

	*wrong = *busy = *failed = 0;
	for (i = 0; i < nr; i++) {
		pthread_join(c[i].thread, NULL);
		*wrong += c[i].wrong;
		*busy += c[i].busy;
		*failed += c[i].failed;
	}
}

static void *seals_in_thread(void *arg)
{
	long i, ret, *bad = arg, salt = *bad;

	for (*bad = i = 0; i < 20; i++) {
		ret = UNDERPIN_WAIT(sdk_seal(salt + i));
		*bad += ret != 0;
	}
	return NULL;
}

static long answers_by_thread(void *cookie, unsigned int number, unsigned long a, unsigned long b)
{
	(void)cookie, (void)number, (void)b;
	usleep(1000);
	return (long)((a ^ (unsigned long)pthread_self()) & 0xffff);
}

static void *asks_many(void *arg)
{
	long i, wanted, got, *bad = arg;

	for (*bad = i = 0; i < 10; i++) {
		wanted = ((i * 100) ^ (long)pthread_self()) & 0xffff;
		got = sdk_ask(3, i * 100, 0, 1);
		*bad += got != wanted;
	}
	return NULL;
}

static int test_threads(void)
{
	struct caller c[MANY];
	long wrong, busy, failed, begin, took, value[CONTEXTS], done;
	unsigned char one[4] = { 0 };
	pthread_t thread[CONTEXTS];
	int i, before, status;
	pid_t child;

	after_check = note_longest;
	before = nr_pals();
	pal = start();
	if (!check(pal >= 0, "a PAL with three contexts is registered"))
		return finish();
	begin = now_ms();
	run_callers(c, CONTEXTS, 400, 1, false);
	join_callers(c, CONTEXTS, &wrong, &busy, &failed);
	took = now_ms() - begin;
	check(!wrong && !busy && !failed, "three threads are in it at once, each with parameters and a stack of its own");
	check_is(sdk_count(0), 3, "the PAL has seen three");
	check(took < 1000, "and they do not wait for each other");
	diag("three calls of 400 ms: %ld ms; wrong %ld, busy %ld, failed %ld", took, wrong, busy, failed);
	run_callers(c, CONTEXTS, 500, 1, false);
	usleep(200000);
	check(sdk_together(one, 1, 0) == -1 && errno == EBUSY, "a fourth: EBUSY");
	begin = now_ms();
	check(UNDERPIN_WAIT(sdk_together(one, 1, 0)) == 0 && now_ms() - begin > 50, "or it waits, if it wants to");
	join_callers(c, CONTEXTS, &wrong, &busy, &failed);
	done = sdk_count(1);
	run_callers(c, MANY, 0, 200, true);
	join_callers(c, MANY, &wrong, &busy, &failed);
	check(!wrong && !busy && !failed, "six threads call 200 times each, and wait: none gets another's data");
	check_is(sdk_count(1) - done, MANY * 200, "none is lost");
	diag("wrong %ld, busy %ld, failed %ld", wrong, busy, failed);
	run_callers(c, MANY, 1, 50, false);
	join_callers(c, MANY, &wrong, &busy, &failed);
	check(!wrong && busy > 0 && !failed, "without waiting some are EBUSY, and nothing else happens");
	for (i = 0; i < CONTEXTS; i++) {
		value[i] = i * 1000 + 7;
		pthread_create(&thread[i], NULL, seals_in_thread, &value[i]);
	}
	for (i = 0; i < CONTEXTS; i++)
		pthread_join(thread[i], NULL);
	check(!value[0] && !value[1] && !value[2], "three threads seal and unseal at once");
	underpin_pal_on_ocall(pal, answers_by_thread, NULL);
	for (i = 0; i < CONTEXTS; i++)
		pthread_create(&thread[i], NULL, asks_many, &value[i]);
	for (i = 0; i < CONTEXTS; i++)
		pthread_join(thread[i], NULL);
	check(!value[0] && !value[1] && !value[2], "three threads are asked at once, each in its own call");
	run_callers(c, CONTEXTS, 5000, 1, false);
	usleep(300000);
	underpin_pal_stop(pal);
	join_callers(c, CONTEXTS, &wrong, &busy, &failed);
	check(failed == 3 && c[0].error == ECANCELED && c[1].error == ECANCELED && c[2].error == ECANCELED,
	      "closed with three calls in progress: ECANCELED for each");
	child = fork();
	if (!child) {
		pal = start();
		run_callers(c, CONTEXTS, 20000, 1, false);
		alarm(40);
		for (;;)
			pause();
	}
	usleep(800000);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	check_is(nr_pals_settles_at(before), before, "killed with three calls in progress");
	return finish();
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "lend"))
		return test_lend();
	if (!strcmp(what, "ocall"))
		return test_ocall();
	if (!strcmp(what, "threads"))
		return test_threads();
	fprintf(stderr, "usage: up-sdk lend|ocall|threads\n");
	return 2;
}
