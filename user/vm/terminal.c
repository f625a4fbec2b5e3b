// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's first serial line on stdin and stdout. Ctrl-a x quits, Ctrl-a a sends Ctrl-a. Whatever the guest does, stdin is read
 * and the clock is looked at; whoever reads stdout or does not, nothing is written there that would have to wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "kvm_parts.h"

#define ESCAPE 1	/* Ctrl-a */
#define TICK_MS 50
#define AT_ONCE 512	/* a pipe that has room at all has room for so much */

static struct vm *interruptible;

static void interrupt(int signal)
{
	struct vm *vm = __atomic_load_n(&interruptible, __ATOMIC_SEQ_CST);

	(void)signal;
	if (!vm)
		return;
	__atomic_store_n(&vm->terminal.interrupted, true, __ATOMIC_SEQ_CST);
	vm_end(vm, END_QUIT);
}

/* SIGTERM, SIGHUP and SIGINT end the machine in order, unless they were ignored before (nohup). */
static void take_signals(struct vm *vm)
{
	static const int signals[] = { SIGTERM, SIGHUP, SIGINT };
	struct sigaction action = { .sa_handler = interrupt, .sa_flags = SA_RESTART }, old;
	unsigned int i;

	__atomic_store_n(&interruptible, vm, __ATOMIC_SEQ_CST);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		if (!sigaction(signals[i], NULL, &old) && old.sa_handler != SIG_IGN)
			sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);	/* write() says it */
}

void terminal_open(struct vm *vm)
{
	struct terminal *t = &vm->terminal;
	struct termios raw;

	take_signals(vm);
	/* A terminal may have less room than it says. O_NONBLOCK on its own opening: stdout's is shared with the shell. */
	t->out_fd = isatty(STDOUT_FILENO) ? open("/proc/self/fd/1", O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC) : -1;
	if (t->out_fd < 0)
		t->out_fd = STDOUT_FILENO;
	if (tcgetattr(STDIN_FILENO, &t->saved))
		return;		/* a pipe: as it is */
	raw = t->saved;
	cfmakeraw(&raw);
	t->raw = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void terminal_close(struct vm *vm)
{
	struct terminal *t = &vm->terminal;

	if (t->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &t->saved);
	t->raw = false;
	if (t->out_fd > STDERR_FILENO)
		close(t->out_fd);
	__atomic_store_n(&interruptible, NULL, __ATOMIC_SEQ_CST);
}

/* With the lock held: what can be written without waiting. */
static void flush(struct terminal *t)
{
	struct pollfd room = { .fd = t->out_fd, .events = POLLOUT };
	size_t done = 0, left;
	ssize_t n;

	while (done < t->out_used && poll(&room, 1, 0) > 0) {
		left = t->out_used - done;
		n = write(t->out_fd, t->out + done, left < AT_ONCE ? left : AT_ONCE);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n < 0 && (errno == EPIPE || errno == EIO))
			t->gone = true;		/* nobody will read any more */
		done = n <= 0 ? t->out_used : done + (size_t)n;
	}
	if (done)
		memmove(t->out, t->out + done, t->out_used - done);
	__atomic_store_n(&t->out_used, t->out_used - done, __ATOMIC_RELAXED);
}

void terminal_write(struct terminal *t, const uint8_t *bytes, size_t n)
{
	bool line = n && (memchr(bytes, '\n', n) || t->out_used + n >= AT_ONCE);
	size_t room = sizeof(t->out) - t->out_used;

	/* There is room, as terminal_hold() keeps it, unless many CPUs speak at once; then it is lost. */
	n = n < room ? n : room;
	memcpy(t->out + t->out_used, bytes, n);
	__atomic_store_n(&t->out_used, t->out_used + n, __ATOMIC_RELAXED);
	if (line)
		flush(t);
}

void terminal_hold(struct vm *vm)
{
	struct terminal *t = &vm->terminal;
	struct pollfd room = { .fd = t->out_fd, .events = POLLOUT };

	while (__atomic_load_n(&t->out_used, __ATOMIC_RELAXED) > sizeof(t->out) / 2 &&
	       __atomic_load_n(&vm->ending, __ATOMIC_SEQ_CST) == ENDING_NONE) {
		poll(&room, 1, TICK_MS);
		pthread_mutex_lock(&vm->lock);
		flush(t);
		pthread_mutex_unlock(&vm->lock);
	}
}

static void keep(struct terminal *t, uint8_t byte)
{
	if (t->in_used < sizeof(t->in))
		t->in[t->in_used++] = byte;	/* else it is lost: the guest reads nothing, and an escape may follow */
}

/* What the user typed, without the escapes; true if that was to quit. */
static bool typed(struct terminal *t, const uint8_t *bytes, size_t n)
{
	for (; n; n--, bytes++) {
		if (t->escape) {
			t->escape = false;
			if (*bytes == 'x')
				return true;
			if (*bytes == 'a')
				keep(t, ESCAPE);
		} else if (*bytes == ESCAPE && t->raw) {
			t->escape = true;
		} else {
			keep(t, *bytes);
		}
	}
	return false;
}

/* A CPU may hold the lock for long (its disk is slow): then at the next tick. */
static void offer(struct vm *vm)
{
	struct terminal *t = &vm->terminal;
	struct timespec until;
	size_t taken;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += TICK_MS * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	if (pthread_mutex_clocklock(&vm->lock, CLOCK_MONOTONIC, &until))
		return;
	flush(t);
	taken = !t->in_used ? 0 : vm->console_hvc ? virtio_console_receive(&vm->hvc, t->in, t->in_used) :
						    uart_receive(&vm->uart, t->in, t->in_used);
	pthread_mutex_unlock(&vm->lock);
	t->in_used -= taken;
	memmove(t->in, t->in + taken, t->in_used);
}

void terminal_serve(struct vm *vm, unsigned int timeout)
{
	struct terminal *t = &vm->terminal;
	bool over = false, quit = false, late = false, input = true;
	struct timespec start, now;
	struct pollfd fds[3];
	uint8_t bytes[32];
	ssize_t n;

	clock_gettime(CLOCK_MONOTONIC, &start);
	/* After the guest's end as long as its last words are not read, the user does not quit and there is time. */
	while (!over || (t->out_used && !quit && !late && !__atomic_load_n(&t->interrupted, __ATOMIC_SEQ_CST))) {
		fds[0] = (struct pollfd){ .fd = over ? -1 : vm->end_event, .events = POLLIN };
		/* Of a terminal all is read, for the escapes; a pipe keeps what the guest does not take. */
		fds[1] = (struct pollfd){ .fd = input && (t->raw || (!t->in_used && !over)) ? STDIN_FILENO : -1, .events = POLLIN };
		fds[2] = (struct pollfd){ .fd = over ? t->out_fd : -1, .events = POLLOUT };
		if (poll(fds, 3, TICK_MS) > 0 && fds[1].revents) {
			n = read(STDIN_FILENO, bytes, sizeof(bytes));
			if (n > 0)
				quit = typed(t, bytes, (size_t)n);
			else
				input = n < 0 && (errno == EINTR || errno == EAGAIN);
		}
		offer(vm);
		clock_gettime(CLOCK_MONOTONIC, &now);
		late = timeout && now.tv_sec - start.tv_sec >= (time_t)timeout;
		if (quit || t->gone)
			vm_end(vm, END_QUIT);
		else if (late)
			vm_end(vm, END_TIMEOUT);
		over = __atomic_load_n(&vm->ending, __ATOMIC_SEQ_CST) != ENDING_NONE;
	}
}
