// SPDX-License-Identifier: GPL-2.0
/* The guest's first serial line on stdin and stdout. Ctrl-a x quits, Ctrl-a a sends Ctrl-a. */
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "kvm_parts.h"

#define ESCAPE 1	/* Ctrl-a */
#define TICK_MS 50

void terminal_raw(struct terminal *terminal)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &terminal->saved))
		return;		/* a pipe: as it is */
	raw = terminal->saved;
	cfmakeraw(&raw);
	terminal->raw = !tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->raw)
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal->saved);
	terminal->raw = false;
}

static void flush(struct terminal *terminal)
{
	size_t done = 0;
	ssize_t n;

	for (; done < terminal->out_used; done += (size_t)n) {
		n = write(STDOUT_FILENO, terminal->out + done, terminal->out_used - done);
		if (n <= 0)
			break;
	}
	terminal->out_used = 0;
}

void terminal_write(struct terminal *terminal, const uint8_t *bytes, size_t n)
{
	for (; n; n--, bytes++) {
		terminal->out[terminal->out_used++] = *bytes;
		if (*bytes == '\n' || terminal->out_used == sizeof(terminal->out))
			flush(terminal);
	}
}

/* What the user typed, without the escapes; true if that was to quit. */
static bool typed(struct terminal *terminal, const uint8_t *bytes, size_t n)
{
	for (; n; n--, bytes++) {
		if (terminal->escape) {
			terminal->escape = false;
			if (*bytes == 'x')
				return true;
			if (*bytes == 'a')
				terminal->in[terminal->in_used++] = ESCAPE;
		} else if (*bytes == ESCAPE && terminal->raw) {
			terminal->escape = true;
		} else {
			terminal->in[terminal->in_used++] = *bytes;
		}
	}
	return false;
}

static void offer(struct vm *vm)
{
	struct terminal *t = &vm->terminal;
	size_t taken, i;

	pthread_mutex_lock(&vm->lock);
	flush(t);
	taken = !t->in_used ? 0 : vm->console_hvc ? virtio_console_receive(&vm->hvc, t->in, t->in_used) :
						    uart_receive(&vm->uart, t->in, t->in_used);
	pthread_mutex_unlock(&vm->lock);
	for (i = taken; i < t->in_used; i++)
		t->in[i - taken] = t->in[i];
	t->in_used -= taken;
}

void terminal_serve(struct vm *vm, unsigned int timeout)
{
	struct pollfd fds[2] = { { .fd = vm->end_event, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	struct terminal *t = &vm->terminal;
	uint8_t bytes[32];
	struct timespec start, now;
	ssize_t n;

	clock_gettime(CLOCK_MONOTONIC, &start);
	for (;;) {
		/* With input waiting, or once stdin has ended, it is not asked for. */
		n = poll(fds, t->in_used || fds[1].fd < 0 ? 1 : 2, TICK_MS);
		if (n > 0 && fds[0].revents)
			break;
		if (n > 0 && !t->in_used && fds[1].fd >= 0 && fds[1].revents) {
			n = read(STDIN_FILENO, bytes, sizeof(bytes));
			if (n <= 0)
				fds[1].fd = -1;
			else if (typed(t, bytes, (size_t)n))
				vm_end(vm, END_QUIT);
		}
		offer(vm);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (timeout && now.tv_sec - start.tv_sec >= (time_t)timeout)
			vm_end(vm, END_TIMEOUT);
	}
	offer(vm);
}
