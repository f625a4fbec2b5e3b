// SPDX-License-Identifier: MIT
/*
 * A program on a terminal of its own: on_pty READ SIGNAL TYPED PROGRAM ARGUMENT... types TYPED (a line feed is a wait of 0.2 s) after
 * half a second, then sends SIGNAL if it is not 0, and gives the program 20 s to end; "READ" 0: nobody reads what it says.
 * What it says goes to stdout, then a line "status N raw N": its exit status (128 + signal), and whether the terminal was left raw.
 */
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

static int master, status = -1;
static bool listens;
static pid_t pid;

/* True: the program has ended. */
static bool wait_ms(int ms)
{
	struct pollfd p = { .fd = master, .events = POLLIN };
	char bytes[4096];
	ssize_t n;

	for (; ms > 0; ms -= 20) {
		if (listens && poll(&p, 1, 0) > 0 && p.revents & POLLIN) {
			n = read(master, bytes, sizeof(bytes));
			if (n > 0)
				fwrite(bytes, 1, (size_t)n, stdout);
		}
		if (waitpid(pid, &status, WNOHANG) == pid)
			return true;
		usleep(20000);
	}
	return false;
}

int main(int argc, char **argv)
{
	struct termios t = { 0 };
	bool ended;
	int slave;
	char *c;

	if (argc < 5 || openpty(&master, &slave, NULL, NULL, NULL))
		return 2;
	listens = atoi(argv[1]);
	pid = fork();
	if (!pid) {
		close(master);
		if (login_tty(slave))
			_exit(2);
		execv(argv[4], argv + 4);
		_exit(2);
	}
	ended = wait_ms(500);
	for (c = argv[3]; *c && !ended; c++)
		if (*c == '\n')
			ended = wait_ms(200);
		else if (write(master, c, 1) < 0)
			return 2;
	if (!ended && atoi(argv[2]))
		kill(pid, atoi(argv[2]));
	if (!ended && !wait_ms(20000)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	listens = true;
	tcgetattr(slave, &t);
	printf("\nstatus %d raw %d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status), !(t.c_lflag & ICANON));
	return 0;
}
