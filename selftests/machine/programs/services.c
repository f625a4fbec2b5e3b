// SPDX-License-Identifier: GPL-2.0
/*
 * up-services all: the trusted services of a PAL, as its owner meets them.
 * up-services quote FILE NONCE: a quote of all PCRs with that text as nonce, for `underpin quote verify`.
 * up-services seal FILE, unseal FILE: across loads of the core; unseal prints the answer.
 * up-services nv-write FILE, nv-read FILE: the last state of an NV space; nv-read prints what it is.
 * up-services crash: a quote while the core is told to fail in it; prints errno.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <underpin.h>
#include <underpin/pal_nv.h>
#include <unistd.h>

#include "test.h"

long svc_pcr_read(long index, unsigned char *value);
long svc_pcr_extend(long index, const unsigned char *digest);
long svc_seal(long size, long seed, long pcr_mask, unsigned char *out, const unsigned char *to, long to_self);
long svc_unseal(const unsigned char *in, long size, long seed, long any);
long svc_quote(long mask, const unsigned char *nonce, long nonce_size, struct pal_quote *out);
long svc_counter(long index, long add, unsigned long *epoch);
long svc_nv_write(long space, const char *text, unsigned char *out);
long svc_nv_read(long space, const unsigned char *in, char *text);
long svc_lies(long kernel);

static unsigned char blob[PAL_SEAL_MAX + PAL_SEAL_OVERHEAD];
static struct underpin_pal_register self;

static int start(void)
{
	int device = underpin_open(), pal = device < 0 ? -1 : underpin_pal_register_table(device, &underpin_pal, &self);

	if (pal < 0) {
		fprintf(stderr, "up-services: %s\n", underpin_last_error());
		exit(1);
	}
	close(device);
	return pal;
}

/* The same code with one entry point less: another measurement. */
static int start_other(void)
{
	static struct underpin_pal_table other;
	int device = underpin_open(), pal;

	other = underpin_pal;
	other.entries_end--;
	pal = underpin_pal_register_table(device, &other, &self);
	close(device);
	if (pal < 0)
		diag("%s", underpin_last_error());
	return pal;
}

static long unseal(long size, long seed)
{
	return svc_unseal(blob, size, seed, 0);
}

static void pcrs(void)
{
	unsigned char value[32], before[32], digest[32] = { 7 };
	static const unsigned char zero[32];
	int i, good = 1;

	for (i = 2; i < 8; i++)
		good &= svc_pcr_read(i, value) == 0 && !memcmp(value, zero, 32);
	check(good, "PCRs 2 to 7 are zeros");
	check(svc_pcr_read(0, before) == 0 && memcmp(before, zero, 32), "PCR 0 is not");
	check_is(svc_pcr_extend(3, digest), 0, "extend");
	check(svc_pcr_read(3, value) == 0 && memcmp(value, zero, 32), "it has changed");
	check_is(svc_pcr_read(8, value), -EINVAL, "there is no PCR 8");
}

static void sealing(int *pal)
{
	static const unsigned char nobody[32];
	unsigned char digest[32] = { 9 }, first[32];
	long n = svc_seal(2048, 5, 0, blob, nobody, 1), small;
	int i, bad = 0;

	check_is(n, 2048 + PAL_SEAL_OVERHEAD, "2048 bytes are sealed");
	check_is(unseal(n, 5), 2048, "and come back");
	memcpy(first, self.measurement, 32);
	underpin_pal_stop(*pal);
	*pal = start();
	check(!memcmp(first, self.measurement, 32), "registered anew, the PAL has its measurement");
	check_is(unseal(n, 5), 2048, "and what it sealed before");
	for (i = 0; i < n; i += 97) {
		blob[i] ^= 0x10;
		bad += unseal(n, 5) != (i < 16 ? -EINVAL : i < 32 ? -ESTALE : -EBADMSG);
		blob[i] ^= 0x10;
	}
	check_is(bad, 0, "changed blobs are refused: EINVAL, ESTALE, EBADMSG");
	check_is(unseal(n - 1, 5), -EINVAL, "a short one: EINVAL");
	small = svc_seal(16, 1, 0x8, blob, nobody, 1);
	check_is(unseal(small, 1), 16, "sealed to PCR 3 as it is: it opens");
	check_is(svc_pcr_extend(3, digest), 0, "extend PCR 3");
	check_is(unseal(small, 1), -EKEYREJECTED, "now it does not: EKEYREJECTED");
	small = svc_seal(16, 2, 0, blob, nobody, 1);
	underpin_pal_stop(*pal);
	*pal = start_other();
	check(memcmp(first, self.measurement, 32), "a PAL with one entry point less has another measurement");
	check_is(unseal(small, 2), -EACCES, "it may not unseal what the first one sealed: EACCES");
	small = svc_seal(16, 3, 0, blob, first, 0);
	check_is(unseal(small, 3), -EACCES, "nor what it sealed to that one itself");
	underpin_pal_stop(*pal);
	*pal = start();
	check_is(unseal(small, 3), -EACCES, "the first one does not take it for its own: EACCES");
	check_is(svc_unseal(blob, small, 3, 1), 16, "but may, if it takes what others sealed for it");
}

static void quotes(void)
{
	static struct pal_quote q, again;
	struct timespec begin, end;

	check_is(svc_quote(0xff, (const unsigned char *)"nonce", 5, &q), 0, "a quote");
	check(q.attest_size == 118 && q.signature_size == 72 && !memcmp(q.attest, "\xff\x54\x43\x47\x80\x18", 6),
	      "it is a TPMS_ATTEST with a TPMT_SIGNATURE");
	clock_gettime(CLOCK_MONOTONIC, &begin);
	check_is(svc_quote(0xff, (const unsigned char *)"nonce", 5, &again), 0, "another one");
	clock_gettime(CLOCK_MONOTONIC, &end);
	diag("a quote takes %ld us", (end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000);
	check(!memcmp(q.public_x, again.public_x, 32), "with the same key");
	check_is(svc_quote(0x1ff, (const unsigned char *)"nonce", 5, &q), -EINVAL, "there are eight PCRs");
}

static void counters(int *pal)
{
	unsigned long epoch = 0, again = 0;
	long before = svc_counter(1, 0, &epoch);

	check_is(svc_counter(1, 1, &again), before + 1, "a counter counts");
	check(epoch && again == epoch, "in an epoch");
	underpin_pal_stop(*pal);
	*pal = start();
	check_is(svc_counter(1, 1, &again), before + 2, "and goes on when the PAL is registered anew");
	check(again == epoch, "in the same epoch");
	check_is(svc_counter(4, 1, &again), -EINVAL, "there are four");
}

/* The owner keeps all states, and says that the first is the last. */
static void nv(int *pal)
{
	static unsigned char state[2][16 + PAL_NV_OVERHEAD];
	char text[16] = "";

	check_is(svc_nv_write(2, "first state     ", state[0]), 0, "NV storage: a state is written");
	check(svc_nv_read(2, state[0], text) == 0 && !memcmp(text, "first", 5), "and read");
	check_is(svc_nv_write(2, "second state    ", state[1]), 0, "and another one");
	check_is(svc_nv_read(2, state[0], text), -EKEYEXPIRED, "the first one is refused then: EKEYEXPIRED");
	underpin_pal_stop(*pal);
	*pal = start();
	check(svc_nv_read(2, state[1], text) == 0 && !memcmp(text, "second", 6), "registered anew, the PAL reads the second");
	check_is(svc_nv_read(2, state[0], text), -EKEYEXPIRED, "and refuses the first");
	check_is(svc_nv_read(3, state[1], text), -EACCES, "it is not that of another space: EACCES");
	underpin_pal_stop(*pal);
	*pal = start_other();
	check_is(svc_nv_read(2, state[1], text), -EACCES, "nor another PAL's: EACCES");
	underpin_pal_stop(*pal);
	*pal = start();
}

/* Interrupts by the thousand from a timer, and another thread that moves this one between CPUs. */
static atomic_bool stop;
static void ignore(int number) { (void)number; }
static void *mover(void *arg)
{
	cpu_set_t set;
	int cpu = 0;

	while (!stop) {
		CPU_ZERO(&set);
		CPU_SET(cpu++ % sysconf(_SC_NPROCESSORS_ONLN), &set);
		sched_setaffinity(*(pid_t *)arg, sizeof(set), &set);
		usleep(3000);
	}
	return NULL;
}

static void disturbed(void)
{
	static const unsigned char nobody[32];
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM };
	struct itimerspec spec = { .it_interval.tv_nsec = 700000, .it_value.tv_nsec = 700000 };
	struct pal_quote q, plain;
	pid_t tid = gettid();
	pthread_t thread;
	timer_t timer;
	int i, bad = 0;
	long n;

	svc_quote(1, (const unsigned char *)"x", 1, &plain);
	signal(SIGALRM, ignore);
	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &spec, NULL);
	pthread_create(&thread, NULL, mover, &tid);
	for (i = 0; i < 40; i++) {
		n = svc_seal(1000, i, 0, blob, nobody, 1);
		bad += n != 1000 + PAL_SEAL_OVERHEAD || unseal(n, i) != 1000;
	}
	check_is(bad, 0, "40 seals and unseals under a timer's signals, moved between CPUs");
	for (i = bad = 0; i < 3; i++)
		bad += svc_quote(1, (const unsigned char *)"x", 1, &q) || q.signature_size != 72 ||
		       memcmp(q.pcr, plain.pcr, sizeof(q.pcr));
	check_is(bad, 0, "and three quotes");
	stop = true;
	pthread_join(thread, NULL);
	timer_delete(timer);
}

static int file(const char *name, const char *mode, void *bytes, size_t size)
{
	FILE *f = fopen(name, mode);
	size_t n = !f ? 0 : *mode == 'r' ? fread(bytes, 1, size, f) : fwrite(bytes, 1, size, f);

	return f && !fclose(f) ? (int)n : -1;
}

int main(int argc, char **argv)
{
	static const unsigned char nobody[32];
	static struct pal_quote q;
	const char *what = argc > 1 ? argv[1] : "";
	int pal = start();
	long n;

	if (!strcmp(what, "quote") && argc == 4) {
		n = svc_quote(0xff, (const unsigned char *)argv[3], (long)strlen(argv[3]), &q);
		printf("measurement ");
		for (size_t i = 0; i < sizeof(self.measurement); i++)
			printf("%02x", self.measurement[i]);
		putchar('\n');
		return n || file(argv[2], "w", &q, sizeof(q)) != sizeof(q);
	}
	if (!strcmp(what, "crash")) {
		n = svc_quote(0xff, nobody, 8, &q);
		printf("%s\n", n == -1 ? strerrorname_np(errno) : "no error");
		return 0;
	}
	if (!strcmp(what, "seal") && argc == 3) {
		n = svc_seal(100, 42, 0, blob, nobody, 1);
		return file(argv[2], "w", blob, n > 0 ? (size_t)n : 0) != 100 + PAL_SEAL_OVERHEAD;
	}
	if (!strcmp(what, "unseal") && argc == 3) {
		n = svc_unseal(blob, file(argv[2], "r", blob, sizeof(blob)), 42, 0);
		printf("%s\n", n < 0 ? strerrorname_np((int)-n) : n == 100 ? "ok" : "wrong");
		return 0;
	}
	if (!strcmp(what, "nv-write") && argc == 3) {
		static unsigned char state[16 + PAL_NV_OVERHEAD];

		return svc_nv_write(1, "across loads    ", state) || file(argv[2], "w", state, sizeof(state)) != sizeof(state);
	}
	if (!strcmp(what, "nv-read") && argc == 3) {
		static unsigned char state[16 + PAL_NV_OVERHEAD];
		char text[16] = "";

		n = file(argv[2], "r", state, sizeof(state)) == sizeof(state) ? svc_nv_read(1, state, text) : -EINVAL;
		printf("%s\n", n < 0 ? strerrorname_np((int)-n) : memcmp(text, "across loads", 12) ? "wrong" : n ? "of another load" : "ok");
		return 0;
	}
	if (strcmp(what, "all"))
		return 2;
	pcrs();
	sealing(&pal);
	quotes();
	counters(&pal);
	nv(&pal);
	check_is(svc_lies((long)0xffff888000000000), 0, "requests that lie are refused");
	disturbed();
	return finish();
}
