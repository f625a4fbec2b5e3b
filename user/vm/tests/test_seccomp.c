// SPDX-License-Identifier: MIT
/* The filter of a running machine, each in a process of its own: what it lets through, and what ends it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "../kvm.h"
#include "tap.h"

static int bound(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return bind(socket(AF_INET, SOCK_STREAM, 0), (void *)&in, sizeof(in));
}

static int ipv4(void) { return socket(AF_INET, SOCK_STREAM, 0) < 0; }
static int ipv6(void) { return !(socket(AF_INET6, SOCK_STREAM, 0) < 0 && errno == EAFNOSUPPORT); }
static int packet(void) { return !(socket(AF_PACKET, SOCK_RAW, 0) < 0 && errno == EAFNOSUPPORT); }
static int file(void) { return !(open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES); }
static int file_too(void) { return open("/etc/passwd", O_RDONLY) < 0; }
static int listening(void) { return listen(3, 1); }
static int program(void) { return execl("/bin/true", "true", NULL); }
static int types(void) { return ioctl(0, TIOCSTI, "x"); }
static int asks_terminal(void) { struct termios t; tcgetattr(0, &t); return 0; }
static int kvm_request(void) { return !(ioctl(2, KVM_GET_API_VERSION, 0) < 0 && errno != ENOSYS); }
static int kills_another(void) { return (int)syscall(SYS_tgkill, getppid(), getppid(), 0); }
static int kills_itself(void) { return (int)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), 0); }
static int executable(void) { return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED; }
static int made_executable(void) { return mprotect((void *)((uintptr_t)executable & ~4095ul), 4096, PROT_READ | PROT_EXEC); }
static int memory(void)
{
	void *m = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return m == MAP_FAILED || mprotect(m, 4096, PROT_READ) || mremap(m, 4096, 8192, MREMAP_MAYMOVE) == MAP_FAILED;
}
static int bytes(void) { return write(2, "", 0) != 0; }

#define SURVIVES 0
/* Signals are told apart from what they do not do. */
static int in_a_process(bool network, int (*call)(void))
{
	struct problem p = { "" };
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(!confine(network, &p) ? 77 : call() ? 1 : 0);
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -1 : WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

int main(void)
{
	static const struct { const char *what; bool network; int (*call)(void); int ends; } cases[] = {
		{ "a machine writes", false, bytes, SURVIVES },
		{ "asks KVM and its terminal", false, kvm_request, SURVIVES },
		{ "and goes on where there is none", false, asks_terminal, SURVIVES },
		{ "types nothing into a terminal", false, types, SIGSYS },
		{ "signals itself", false, kills_itself, SURVIVES },
		{ "and no other process", false, kills_another, SIGSYS },
		{ "has memory, and moves it", false, memory, SURVIVES },
		{ "none that is executed", false, executable, SIGSYS },
		{ "nor becomes so", false, made_executable, SIGSYS },
		{ "makes no socket", false, ipv4, SIGSYS },
		{ "opens no file", false, file_too, SIGSYS },
		{ "starts no program", false, program, SIGSYS },
		{ "one with a network writes", true, bytes, SURVIVES },
		{ "makes sockets of IPv4", true, ipv4, SURVIVES },
		{ "of IPv6 it is told that there are none", true, ipv6, SURVIVES },
		{ "of packets likewise", true, packet, SURVIVES },
		{ "opens no file, but goes on", true, file, SURVIVES },
		{ "binds nothing", true, bound, SIGSYS },
		{ "listens to nothing", true, listening, SIGSYS },
		{ "starts no program with it either", true, program, SIGSYS },
	};
	unsigned int i;

	if (in_a_process(false, bytes) == 77) {
		skip("the filter", "built without libseccomp, or not possible here");
		return tap_done();
	}
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int ends = in_a_process(cases[i].network, cases[i].call);

		if (!ok(ends == cases[i].ends, cases[i].what))
			printf("# it ended with %d\n", ends);
	}
	return tap_done();
}
