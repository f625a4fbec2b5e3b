#include <underpin/pal.h>

static long value = 5;
static long zero;
UNDERPIN_PAL_SHARED long shared_value = 9;

long step(void)
{
	value++;
	zero++;
	shared_value++;
	return value * 100 + zero;
}
UNDERPIN_PAL_ENTRY(step);
