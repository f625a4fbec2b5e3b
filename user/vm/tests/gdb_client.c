// SPDX-License-Identifier: MIT
/*
 * gdb-client SOCKET PACKET...: sends each packet to a gdb server and prints the answer's body, a line each. "^C" is the
 * interrupt; a packet that begins with "!" has no answer to wait for. For the machine's test, where no gdb is.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Up to and with one frame; 0: the server is gone. */
static int answer(int fd)
{
	char c;
	int n = 0, in = 0;

	while (read(fd, &c, 1) == 1) {
		if (c == '#' && in) {
			putchar('\n');
			n = read(fd, &c, 1) == 1 && read(fd, &c, 1) == 1 && write(fd, "+", 1) == 1;
			return n;
		}
		if (in)
			putchar(c);
		in |= c == '$';
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int i, tries, fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (argc < 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);	/* what it heard is told even if it is killed */
	strncpy(un.sun_path, argv[1], sizeof(un.sun_path) - 1);
	for (tries = 0; connect(fd, (void *)&un, sizeof(un)); tries++)
		if (tries == 600 || usleep(100000))
			return 2;
	for (i = 2; i < argc; i++) {
		const char *body = argv[i] + (argv[i][0] == '!');
		unsigned char sum = 0;
		const char *c;
		char tail[8];

		if (!strcmp(body, "^C")) {
			if (write(fd, "\3", 1) != 1)
				return 1;
		} else {
			for (c = body; *c; c++)
				sum += (unsigned char)*c;
			snprintf(tail, sizeof(tail), "#%02x", sum);
			if (write(fd, "$", 1) != 1 || write(fd, body, strlen(body)) < 0 || write(fd, tail, 3) != 3)
				return 1;
		}
		if (argv[i][0] != '!' && !answer(fd))
			return 1;
	}
	return 0;
}
