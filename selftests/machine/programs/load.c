// SPDX-License-Identifier: GPL-2.0
/* up-load FILE [PARAMETERS]: loads a module once; prints "ok" or the errno's name. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc > 1 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0) {
		printf("no module %s\n", argc > 1 ? argv[1] : "named");
		return 2;
	}
	if (syscall(SYS_finit_module, fd, argc > 2 ? argv[2] : "", 0)) {
		puts(strerrorname_np(errno));
		return 1;
	}
	puts("ok");
	return 0;
}
