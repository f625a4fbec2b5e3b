// SPDX-License-Identifier: GPL-2.0
/*
 * libslirp: TCP/IP as a library, so that a guest has a network without root. It has no lock of its own: each call into it is
 * made under the devices' lock, by the CPU that sends or by the thread here. IPv4 only; no way to what listens on this
 * machine's loopback interface alone, and none in.
 */
#include <errno.h>
#include <libslirp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "net.h"

#define SOCKETS 256	/* watched at once; those beyond wait until others have ended */

struct net {
	struct virtio_net *card;
	pthread_mutex_t *lock;
	Slirp *slirp;
	int event;		/* there is news for the thread: a socket, a packet, the end */
	pthread_t thread;
	bool threaded, ending;
	struct pollfd fds[SOCKETS];
	unsigned int nr_fds;
};

static void wake(struct net *net)
{
	uint64_t one = 1;

	if (write(net->event, &one, sizeof(one)) < 0)
		abort();
}

/* --- what libslirp calls, under the lock --- */
static ssize_t to_guest(const void *frame, size_t n, void *context)
{
	/* A guest without room loses it, as on a wire; TCP comes again. */
	virtio_net_receive(((struct net *)context)->card, frame, n);
	return (ssize_t)n;
}

static void guest_error(const char *message, void *context)
{
	(void)message;	/* the guest's affair */
	(void)context;
}

static int64_t now_ns(void *context)
{
	struct timespec t;

	(void)context;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Timers are for router advertisements of IPv6, which is off. */
static void *timer_new(SlirpTimerCb callback, void *argument, void *context)
{
	(void)callback;
	(void)argument;
	return context;
}

static void timer_free(void *timer, void *context)
{
	(void)timer;
	(void)context;
}

static void timer_mod(void *timer, int64_t ms, void *context)
{
	(void)timer;
	(void)ms;
	(void)context;
}

/* Which sockets there are, slirp_pollfds_fill() asks each round. */
static void poll_fd(int fd, void *context)
{
	(void)fd;
	(void)context;
}

static void news(void *context)
{
	wake(context);
}

static const SlirpCb callbacks = {
	.send_packet = to_guest, .guest_error = guest_error, .clock_get_ns = now_ns, .timer_new = timer_new, .timer_free = timer_free,
	.timer_mod = timer_mod, .register_poll_fd = poll_fd, .unregister_poll_fd = poll_fd, .notify = news,
};

static int add_poll(int fd, int events, void *context)
{
	struct net *net = context;

	if (net->nr_fds == SOCKETS)
		return -1;
	net->fds[net->nr_fds] = (struct pollfd){ .fd = fd, .events = (short)((events & SLIRP_POLL_IN ? POLLIN : 0) |
		(events & SLIRP_POLL_OUT ? POLLOUT : 0) | (events & SLIRP_POLL_PRI ? POLLPRI : 0)) };
	return (int)net->nr_fds++;
}

static int get_revents(int index, void *context)
{
	struct net *net = context;
	short r = index < 0 || (unsigned int)index >= net->nr_fds ? 0 : net->fds[index].revents;

	return (r & POLLIN ? SLIRP_POLL_IN : 0) | (r & POLLOUT ? SLIRP_POLL_OUT : 0) | (r & POLLPRI ? SLIRP_POLL_PRI : 0) |
	       (r & POLLERR ? SLIRP_POLL_ERR : 0) | (r & POLLHUP ? SLIRP_POLL_HUP : 0);
}

/* --- the card's other end --- */
static void from_guest(void *context, const uint8_t *frame, size_t n)
{
	struct net *net = context;

	if (!net_passes(frame, n))
		return;
	slirp_input(net->slirp, frame, (int)n);
	wake(net);	/* it may have opened a socket */
}

static void *serve(void *argument)
{
	struct net *net = argument;
	uint32_t timeout;
	uint64_t count;
	int n;

	pthread_mutex_lock(net->lock);
	while (!net->ending) {
		net->fds[0] = (struct pollfd){ .fd = net->event, .events = POLLIN };
		net->nr_fds = 1;
		timeout = 1000;
		slirp_pollfds_fill(net->slirp, &timeout, add_poll, net);
		pthread_mutex_unlock(net->lock);
		n = poll(net->fds, net->nr_fds, (int)timeout);
		if (n > 0 && net->fds[0].revents && read(net->event, &count, sizeof(count)) < 0)
			abort();
		pthread_mutex_lock(net->lock);
		slirp_pollfds_poll(net->slirp, n < 0, get_revents, net);
	}
	pthread_mutex_unlock(net->lock);
	return NULL;
}

/*
 * libslirp reads /etc/resolv.conf with the first packet to 10.0.2.3, and again only when it changed; confine() forbids the
 * opening of files. So one datagram without contents is sent before, to the port where the guest's questions will go.
 */
static void learn_nameserver(struct net *net)
{
	static const uint8_t packet[] = {
		0x52, 0x55, 10, 0, 2, 2, 0x52, 0x54, 0, 0x12, 0x34, 0x56, 8, 0,
		0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0x62, 0xbf, 10, 0, 2, 15, 10, 0, 2, 3,
		0x80, 0, 0, 53, 0, 8, 0, 0,
	};

	slirp_input(net->slirp, packet, sizeof(packet));
}

struct net *net_open(struct virtio_net *card, pthread_mutex_t *lock, struct problem *p)
{
	struct net *net = calloc(1, sizeof(*net));
	SlirpConfig config = {
		.version = 4, .in_enabled = true, .disable_host_loopback = true,
		.vnetwork.s_addr = htonl(0x0a000200), .vnetmask.s_addr = htonl(0xffffff00), .vhost.s_addr = htonl(0x0a000202),
		.vdhcp_start.s_addr = htonl(0x0a00020f), .vnameserver.s_addr = htonl(0x0a000203),
	};

	if (!net) {
		problem(p, "no memory for the network");
		return NULL;
	}
	net->card = card;
	net->lock = lock;
	net->event = eventfd(0, EFD_CLOEXEC);
	net->slirp = net->event >= 0 ? slirp_new(&config, &callbacks, net) : NULL;
	if (!net->slirp) {
		problem(p, "--net user: libslirp %s does not start: %s", slirp_version_string(), strerror(errno));
		net_close(net);
		return NULL;
	}
	signal(SIGPIPE, SIG_IGN);	/* a connection that is gone: send() says it */
	card->send = from_guest;
	card->context = net;
	learn_nameserver(net);
	return net;
}

bool net_start(struct net *net, struct problem *p)
{
	net->threaded = !pthread_create(&net->thread, NULL, serve, net);
	return net->threaded || problem(p, "cannot start a thread for the network");
}

void net_close(struct net *net)
{
	if (!net)
		return;
	if (net->threaded) {
		pthread_mutex_lock(net->lock);
		net->ending = true;
		pthread_mutex_unlock(net->lock);
		wake(net);
		pthread_join(net->thread, NULL);
	}
	if (net->slirp)
		slirp_cleanup(net->slirp);
	if (net->event >= 0)
		close(net->event);
	free(net);
}
