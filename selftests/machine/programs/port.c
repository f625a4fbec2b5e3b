// SPDX-License-Identifier: GPL-2.0
/* up-port out BYTES PORT VALUE | in BYTES PORT | outs BYTES PORT: one access from ring 3 with IOPL 3; prints what was read, or "done". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>

int main(int argc, char **argv)
{
	int size = argc > 2 ? atoi(argv[2]) : 0;
	unsigned short port = argc > 3 ? strtoul(argv[3], NULL, 0) : 0;
	unsigned int value = argc > 4 ? strtoul(argv[4], NULL, 0) : 0;

	if (argc < 4 || iopl(3))
		return 2;
	if (!strcmp(argv[1], "in")) {
		printf("%#x\n", size == 1 ? inb(port) : size == 2 ? inw(port) : inl(port));
		return 0;
	}
	if (!strcmp(argv[1], "outs"))
		outsb(port, &value, size);
	else if (size == 1)
		outb(value, port);
	else if (size == 2)
		outw(value, port);
	else
		outl(value, port);
	puts("done");
	return 0;
}
