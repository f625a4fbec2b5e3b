// SPDX-License-Identifier: MIT
/*
 * underpin-ssh-agent: an SSH agent with one key, which lives in a PAL. README.md says
 * how to use it and what it protects. The key's file is the sealed key: only this
 * program's PAL, under the same core, opens it.
 */
#include "ssh_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <underpin.h>
#include <unistd.h>

#define MAX_CLIENTS 32

struct client {
	int fd;
	size_t have;
	unsigned char in[4 + PROTOCOL_MAX];
};

static struct client clients[MAX_CLIENTS];
static nfds_t nr_clients;
static unsigned char blob_of_key[PUBLIC_BLOB];
static char comment[64] = "underpin";
static char directory[64], socket_path[sizeof(((struct sockaddr_un *)0)->sun_path)];

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "underpin-ssh-agent: %s: %s\n", what, why);
	return 1;
}

static int sign(const unsigned char *message, size_t size, unsigned char signature[AGENT_SIGNATURE])
{
	if (!agent_sign(message, (long)size, signature))
		return 0;
	fail("cannot sign", underpin_call_error(errno));
	return -1;
}

/* ---- the key and its file ---- */

static int write_key(const char *path, const unsigned char blob[AGENT_BLOB])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), err = 0;

	if (fd < 0)
		return fail(path, errno == EEXIST ? "is there already; a new key needs another name" : strerror(errno));
	if (write(fd, blob, AGENT_BLOB) != AGENT_BLOB || fsync(fd))
		err = errno ? errno : EIO;
	close(fd);
	if (!err)
		return 0;
	unlink(path);
	return fail(path, strerror(err));
}

static const char *why_not_loaded(int error)
{
	switch (error) {
	case ESTALE:
		return "it was sealed under another root secret: load the core with the same root_secret= as then (without one keys end with the core)";
	case EACCES:
		return "it was sealed by another build of this program: use that one, or make a new key";
	case EBADMSG:
	case EINVAL:
		return "it is damaged, or not a key of this program";
	default:
		return underpin_call_error(error);
	}
}

static int load_key(const char *path, unsigned char point[AGENT_PUBLIC])
{
	unsigned char blob[AGENT_BLOB + 1];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	if (fd < 0)
		return fail(path, errno == ENOENT ? "is not there; --make makes a key" : strerror(errno));
	got = read(fd, blob, sizeof(blob));
	close(fd);
	if (got != AGENT_BLOB)
		return fail(path, "is not a key of this program");
	if (agent_load(blob, point))
		return fail(path, why_not_loaded(errno));
	return 0;
}

static int make_key(const char *path, unsigned char point[AGENT_PUBLIC])
{
	unsigned char blob[AGENT_BLOB];

	if (!access(path, F_OK))
		return fail(path, "is there already; a new key needs another name");
	if (agent_make(blob, point))
		return fail("no key was made", underpin_call_error(errno));
	return write_key(path, blob);
}

/* A line for authorized_keys. */
static void print_public(void)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t i;

	printf("ecdsa-sha2-nistp256 ");
	for (i = 0; i < PUBLIC_BLOB; i += 3) {
		size_t n = PUBLIC_BLOB - i < 3 ? PUBLIC_BLOB - i : 3;
		unsigned int v = (unsigned int)blob_of_key[i] << 16;

		if (n > 1)
			v |= (unsigned int)blob_of_key[i + 1] << 8;
		if (n > 2)
			v |= blob_of_key[i + 2];
		putchar(digits[v >> 18]);
		putchar(digits[v >> 12 & 63]);
		putchar(n > 1 ? digits[v >> 6 & 63] : '=');
		putchar(n > 2 ? digits[v & 63] : '=');
	}
	printf(" %s\n", comment);
}

/* ---- the socket ---- */

static void remove_socket(void)
{
	if (socket_path[0])
		unlink(socket_path);
	if (directory[0])
		rmdir(directory);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (!path) {
		const char *base = getenv("XDG_RUNTIME_DIR");

		snprintf(directory, sizeof(directory), "%s/underpin-ssh-XXXXXX", base && strlen(base) < 32 ? base : "/tmp");
		if (!mkdtemp(directory)) {
			directory[0] = 0;
			fail("no folder for the socket", strerror(errno));
			return -1;
		}
		snprintf(socket_path, sizeof(socket_path), "%s/agent", directory);
	} else if (strlen(path) >= sizeof(socket_path)) {
		fail(path, "is too long for a socket");
		return -1;
	} else {
		strcpy(socket_path, path);
	}
	strcpy(address.sun_path, socket_path);
	umask(0177);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) || listen(fd, 16)) {
		fail(socket_path, strerror(errno));
		if (path)
			socket_path[0] = 0;	/* somebody else's */
		return -1;
	}
	return fd;
}

static bool send_all(int fd, const unsigned char *data, size_t size)
{
	while (size) {
		ssize_t n = send(fd, data, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		data += n;
		size -= (size_t)n;
	}
	return true;
}

/* False: the client is gone, or talks nonsense. */
static bool serve(struct client *c)
{
	static unsigned char out[4 + PROTOCOL_MAX];
	ssize_t got = recv(c->fd, c->in + c->have, sizeof(c->in) - c->have, 0);

	if (got <= 0)
		return got < 0 && errno == EINTR;
	c->have += (size_t)got;
	while (c->have >= 4) {
		size_t size = (size_t)c->in[0] << 24 | (size_t)c->in[1] << 16 | (size_t)c->in[2] << 8 | c->in[3], n;

		if (!size || size > PROTOCOL_MAX)
			return false;
		if (c->have < 4 + size)
			return true;
		n = answer_request(c->in + 4, size, blob_of_key, comment, sign, out + 4);
		out[0] = out[1] = 0;
		out[2] = (unsigned char)(n >> 8);
		out[3] = (unsigned char)n;
		if (!send_all(c->fd, out, 4 + n))
			return false;
		c->have -= 4 + size;
		memmove(c->in, c->in + 4 + size, c->have);
	}
	return true;
}

static void take_client(int listener)
{
	struct timeval patience = { 5, 0 };	/* one who does not read its answer holds up the others */
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (nr_clients == MAX_CLIENTS) {
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	clients[nr_clients].fd = fd;
	clients[nr_clients++].have = 0;
}

/* Until a signal, or until the command has ended; its status, or 0. */
static int serve_all(int listener, int signals, pid_t command)
{
	for (;;) {
		struct pollfd ask[2 + MAX_CLIENTS] = { { listener, POLLIN, 0 }, { signals, POLLIN, 0 } };
		struct signalfd_siginfo info;
		nfds_t i;
		int status;

		for (i = 0; i < nr_clients; i++)
			ask[2 + i] = (struct pollfd){ clients[i].fd, POLLIN, 0 };
		if (poll(ask, 2 + nr_clients, -1) < 0 && errno != EINTR)
			return fail("poll", strerror(errno));
		if (ask[1].revents && read(signals, &info, sizeof(info)) == sizeof(info)) {
			if (info.ssi_signo != SIGCHLD)
				return 0;
			if (command && waitpid(command, &status, WNOHANG) == command)
				return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		}
		for (i = nr_clients; i-- > 0;)
			if (ask[2 + i].revents && !serve(&clients[i])) {
				close(clients[i].fd);
				clients[i] = clients[--nr_clients];
			}
		if (ask[0].revents)
			take_client(listener);
	}
}

static int run_agent(const char *path, char **command)
{
	int listener, signals, status;
	sigset_t set;
	pid_t child = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	listener = listen_at(path);
	if (listener < 0 || signals < 0) {
		remove_socket();
		return 1;
	}
	setenv("SSH_AUTH_SOCK", socket_path, 1);
	if (*command) {
		child = fork();
		if (!child) {
			sigprocmask(SIG_UNBLOCK, &set, NULL);
			execvp(*command, command);
			_exit(fail(*command, strerror(errno)) + 126);
		}
	} else {
		printf("SSH_AUTH_SOCK=%s; export SSH_AUTH_SOCK;\n", socket_path);
		fflush(stdout);
	}
	status = serve_all(listener, signals, child);
	remove_socket();
	return status;
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: underpin-ssh-agent [--key FILE] --make            a new key; prints its public part\n"
		"       underpin-ssh-agent [--key FILE] --public          prints it again\n"
		"       underpin-ssh-agent [--key FILE] [--socket PATH] [COMMAND [ARGUMENT...]]\n"
		"                                                         the agent, for a command or until it is told to end\n"
		"FILE is ~/.ssh/underpin_key unless said. --comment TEXT names the key (underpin).\n");
}

static int default_path(char *path, size_t size)
{
	const char *home = getenv("HOME");

	if (!home || (size_t)snprintf(path, size, "%s/.ssh/underpin_key", home) >= size)
		return fail("no key", "HOME is not set; name the file with --key");
	*strrchr(path, '/') = 0;
	mkdir(path, 0700);
	path[strlen(path)] = '/';
	return 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "key", required_argument, NULL, 'k' }, { "socket", required_argument, NULL, 's' },
		{ "comment", required_argument, NULL, 'c' }, { "make", no_argument, NULL, 'm' },
		{ "public", no_argument, NULL, 'p' }, { "help", no_argument, NULL, 'h' }, { NULL },
	};
	const char *key = NULL, *path = NULL;
	unsigned char point[AGENT_PUBLIC];
	bool make = false, public = false;
	char home[4096];
	int pal, option, status;

	while ((option = getopt_long(argc, argv, "+k:s:h", options, NULL)) != -1)
		switch (option) {
		case 'k': key = optarg; break;
		case 's': path = optarg; break;
		case 'c': snprintf(comment, sizeof(comment), "%s", optarg); break;
		case 'm': make = true; break;
		case 'p': public = true; break;
		case 'h': usage(stdout); return 0;
		default: usage(stderr); return 2;
		}
	if ((make || public) && (optind < argc || path || (make && public))) {
		usage(stderr);
		return 2;
	}
	if (!key && default_path(home, sizeof(home)))
		return 1;
	key = key ? key : home;
	pal = underpin_pal_start(&underpin_pal);
	if (pal < 0)
		return fail("no PAL", underpin_last_error());
	status = make ? make_key(key, point) : load_key(key, point);
	if (!status) {
		public_blob(point, blob_of_key);
		if (make || public)
			print_public();
		else
			status = run_agent(path, argv + optind);
	}
	underpin_pal_stop(pal);
	return status;
}
