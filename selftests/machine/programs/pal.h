/* SPDX-License-Identifier: GPL-2.0 */
/* The PAL of up-pal and up-owner (pal_inside.c), and what both do with it. */
#ifndef UNDERPIN_MACHINE_PAL_H
#define UNDERPIN_MACHINE_PAL_H

#include <sched.h>
#include <setjmp.h>
#include <time.h>
#include <underpin.h>
#include <unistd.h>

#include "test.h"

long pal_add10(long, long, long, long, long, long, long, long, long, long);
long pal_sum(const unsigned char *, long);
long pal_fill(unsigned char *, long, long);
long pal_invert(unsigned char *);
long pal_secret(unsigned char *);
long pal_intact(const unsigned char *);
long pal_spin(long);
long pal_forever(void);
long pal_entry_state(void);
long pal_dirty_return(void);
long pal_patterns(long rounds);
long pal_fault(long, long);
long pal_end(long);
long pal_services(struct underpin_pal_info *);

static inline int start(void)
{
	int pal = underpin_pal_start(&underpin_pal);

	if (pal < 0)
		diag("%s", underpin_last_error());
	return pal;
}

static inline long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static inline int nr_pals(void)
{
	struct underpin_status status;
	int device = underpin_open(), n;

	n = device < 0 || underpin_get_status(device, &status) ? -1 : (int)status.nr_pals;
	close(device);
	return n;
}

/* The end of a process and of its PAL are not one instant. */
static inline int nr_pals_settles_at(int wanted)
{
	int tries, n = -1;

	for (tries = 0; tries < 100; tries++) {
		n = nr_pals();
		if (n == wanted)
			break;
		usleep(20000);
	}
	return n;
}

static inline char *section(unsigned int type)
{
	unsigned int i;

	for (i = 0; i < underpin_pal.nr_ranges; i++)
		if (underpin_pal.ranges[i].type == type && underpin_pal.ranges[i].end > underpin_pal.ranges[i].start)
			return underpin_pal.ranges[i].start;
	return NULL;
}

static inline bool all_zero(const char *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

static inline void pin_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Which test made the longest stay in root, where that is too long (RULES 11). */
static inline void note_longest(void)
{
	static unsigned long long longest = 50000;
	struct underpin_status status;
	int device = underpin_open();

	if (device >= 0 && !underpin_get_status(device, &status) && status.longest_root > longest) {
		longest = status.longest_root;
		diag("longest stay in root until now: %llu ticks, exit reason %u", longest, status.longest_reason);
	}
	close(device);
}

static sigjmp_buf away;

static inline void jump_away(int sig)
{
	(void)sig;
	siglongjmp(away, 1);
}

#endif
