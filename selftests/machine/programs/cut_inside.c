// SPDX-License-Identifier: GPL-2.0
/* A PAL that is cut off: one entry point never returns, one answers, one faults, one puts it right. */
#include <underpin/pal.h>

static volatile long value = 1;

long cut_spin(void)
{
	value = 2;	/* half of a change */
	for (;;)
		value ^= 4;
	return 0;
}
UNDERPIN_PAL_ENTRY(cut_spin);

long cut_value(void)
{
	return value;
}
UNDERPIN_PAL_ENTRY(cut_value);

long cut_fault(void)
{
	value = 3;
	return *(volatile long *)8;
}
UNDERPIN_PAL_ENTRY(cut_fault);

long cut_exit(void)
{
	pal_exit(33);
}
UNDERPIN_PAL_ENTRY(cut_exit);

long cut_mend(long well)
{
	value = 1;
	if (!well)
		pal_exit(34);
	return 0;
}
UNDERPIN_PAL_ENTRY_MENDS(cut_mend, PAL_INT);
