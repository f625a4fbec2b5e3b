// SPDX-License-Identifier: GPL-2.0
/* The same PAL as up-pal's; its program is another. */
#include "pal_inside.c"
