// SPDX-License-Identifier: GPL-2.0
/* Problems: text for a person, made where the facts are, printed once by main.c. */
#include <stdarg.h>
#include <stdio.h>

#include "vm.h"

bool problem(struct problem *p, const char *fmt, ...)
{
	va_list args;

	if (p->text[0])
		return false;
	va_start(args, fmt);
	vsnprintf(p->text, sizeof(p->text), fmt, args);
	va_end(args);
	return false;
}
