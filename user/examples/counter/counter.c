// SPDX-License-Identifier: MIT
/* counter [N]: counts to N (3) inside of a PAL, then asks it for its state. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <underpin.h>

long counter_next(void);
long counter_report(uint64_t *value, struct underpin_pal_info *self);

int main(int argc, char **argv)
{
	long times = argc > 1 ? strtol(argv[1], NULL, 0) : 3;
	struct underpin_pal_info self;
	char measurement[65];
	uint64_t value = 0;
	int pal;

	pal = underpin_pal_start(&underpin_pal);
	if (pal < 0) {
		fprintf(stderr, "counter: %s\n", underpin_last_error());
		return 1;
	}
	while (times-- > 0)
		printf("call answers %ld\n", counter_next());
	if (counter_report(&value, &self)) {
		fprintf(stderr, "counter: %s\n", underpin_call_error(errno));
		return 1;
	}
	underpin_measurement_text(self.measurement, measurement);
	printf("the PAL says: counted to %llu; I am number %u, '%.32s', measurement %s\n",
	       (unsigned long long)value, self.id, self.name, measurement);
	/* The program sees zeros where the count is: `gdb -p`, /proc/PID/mem, a core dump too. */
	underpin_pal_stop(pal);
	return 0;
}
