// SPDX-License-Identifier: MIT
/* The first PAL: adds two numbers where the kernel cannot look. */
#include <underpin/pal.h>

long hello(long a, long b)
{
	return a + b;
}
UNDERPIN_PAL_ENTRY(hello, PAL_INT, PAL_INT);
