// SPDX-License-Identifier: MIT
/* State that stays inside between calls, and that nobody can set back. */
#include <underpin/pal.h>

static uint64_t count;

long counter_next(void)
{
	return (long)++count;
}
UNDERPIN_PAL_ENTRY(counter_next);

/* How often was counter_next() called, and who is asked? */
long counter_report(uint64_t *value, struct underpin_pal_info *self)
{
	*value = count;
	return pal_self(self);
}
UNDERPIN_PAL_ENTRY(counter_report, PAL_OUT(sizeof(uint64_t)), PAL_OUT(sizeof(struct underpin_pal_info)));
