#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <underpin.h>
#include <unistd.h>

long step(void);
extern long shared_value;

/* How many of the PAL's sections a child has. */
static int child_has(void)
{
	const struct underpin_pal_range *r = underpin_pal.ranges;
	unsigned int i;
	int n = 0, status;

	for (i = 0; i < underpin_pal.nr_ranges; i++, r++) {
		pid_t child;

		if (r->type == UNDERPIN_SECTION_SHARED || r->end == r->start)
			continue;
		child = fork();
		if (!child) {
			signal(SIGSEGV, SIG_DFL);
			_exit(*(volatile char *)r->start & 0);
		}
		waitpid(child, &status, 0);
		n += WIFEXITED(status);
	}
	return n;
}

int main(void)
{
	const struct underpin_pal_range *r;
	int pal = underpin_pal_start(&underpin_pal);
	unsigned int i;

	if (pal < 0 || step() != 601 || step() != 702 || shared_value != 11) {
		printf("first: %s\n", underpin_last_error());
		return 1;
	}
	if (underpin_pal_start(&underpin_pal) != -1 || errno != EBUSY)
		return 2;
	if (child_has() != 0)
		return 4;
	underpin_pal_stop(pal);
	if (child_has() < 3)
		return 5;
	/* as the module does: wiped */
	for (i = 0; i < underpin_pal.nr_ranges; i++) {
		r = &underpin_pal.ranges[i];
		if (r->type == UNDERPIN_SECTION_DATA)
			memset(r->start, 0, r->end - r->start);
	}
	pal = underpin_pal_start(&underpin_pal);
	if (pal < 0 || step() != 601 || shared_value != 10) {
		printf("again: %s\n", underpin_last_error());
		return 3;
	}
	return 0;
}
