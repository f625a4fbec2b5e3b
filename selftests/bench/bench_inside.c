// SPDX-License-Identifier: GPL-2.0
/* PALs that do next to nothing, so that what is measured is the way in and out. */
#include <underpin/pal.h>

long call_none(void)
{
	return 0;
}
UNDERPIN_PAL_ENTRY(call_none);

long call_four(long a, long b, long c, long d)
{
	return a + b + c + d;
}
UNDERPIN_PAL_ENTRY(call_four, PAL_INT, PAL_INT, PAL_INT, PAL_INT);

long call_page(unsigned char *data)
{
	return ++data[0];
}
UNDERPIN_PAL_ENTRY(call_page, PAL_INOUT(4096));

long call_spin(long times)
{
	__asm__ volatile("1: dec %0\n jnz 1b" : "+r"(times) : : "cc");
	return times;
}
UNDERPIN_PAL_ENTRY(call_spin, PAL_INT);
