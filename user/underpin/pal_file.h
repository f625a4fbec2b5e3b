/* SPDX-License-Identifier: GPL-2.0 */
/* `underpin pal info|measure|run`: argv[0] is which. Answers the exit status. */
#ifndef UNDERPIN_PAL_FILE_H
#define UNDERPIN_PAL_FILE_H

int pal_file(int argc, char **argv);

#endif
