// SPDX-License-Identifier: GPL-2.0
/* up-cut: a call that ends in the middle leaves the PAL to the entry point that can bear it (docs/abi.md, How a call ends). */
#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>
#include <underpin.h>

#include "test.h"

long cut_spin(void), cut_value(void), cut_fault(void), cut_exit(void), cut_mend(long well);

static sigjmp_buf away;

static void jump(int signal)
{
	siglongjmp(away, signal);
}

static void cut_off(void)
{
	struct itimerval soon = { .it_value.tv_usec = 20000 };

	signal(SIGALRM, jump);
	setitimer(ITIMER_REAL, &soon, NULL);
	if (!sigsetjmp(away, 1))
		cut_spin();
}

static bool refused(void)
{
	errno = 0;
	return cut_value() == -1 && errno == ECANCELED;
}

int main(void)
{
	if (!check(underpin_pal_start(&underpin_pal) >= 0, "registered"))
		return 1;
	check(cut_value() == 1, "a PAL answers");
	check(cut_exit() == -1 && errno == 33 && cut_value() == 1, "pal_exit() is no cut-off");
	cut_off();
	check(refused() && refused(), "a signal handler jumps out of a call: the next ones are ECANCELED");
	check(cut_fault() == -1 && errno == ECANCELED, "whichever it is");
	check(cut_mend(0) == -1 && errno == 34 && refused(), "but for the one that mends; where that gives up, nothing has changed");
	check(cut_mend(1) == 0 && cut_value() == 1, "when it has returned, all may be called");
	check(cut_fault() == -1 && errno == EFAULT && refused(), "a fault is a cut-off, too");
	check(cut_mend(1) == 0 && cut_value() == 1, "and mended as well");
	printf("1..%d\n", tests_run);
	return tests_failed != 0;
}
