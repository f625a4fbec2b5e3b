// SPDX-License-Identifier: GPL-2.0
/* The PAL of survive.c is that of up-pal. */
#include "pal_inside.c"
