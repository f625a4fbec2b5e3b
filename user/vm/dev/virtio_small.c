// SPDX-License-Identifier: GPL-2.0
/* Random numbers of the host (virtio 5.4) and the console hvc0 (5.3: one port, no control queue). */
#include <sys/random.h>

#include "virtio.h"

static void rng_notify(struct virtio *v, unsigned int queue)
{
	unsigned int budget = VIRTIO_QUEUE_SIZE;
	uint8_t bytes[256];

	while (budget-- && virtio_pop(v, queue)) {
		size_t n = iov_length(v->chain.in, v->chain.nr_in);
		ssize_t got = getrandom(bytes, n < sizeof(bytes) ? n : sizeof(bytes), 0);

		virtio_push(v, queue, (uint32_t)iov_write(v->chain.in, v->chain.nr_in, 0, bytes, got < 0 ? 0 : (size_t)got));
		virtio_interrupt(v, queue);
	}
}

bool virtio_rng_init(struct virtio *v, struct pci *pci, const struct ram *ram)
{
	v->notify = rng_notify;
	return virtio_init(v, pci, ram, 4, 0xff0000, 1, 0);
}

enum { RECEIVE, TRANSMIT };
#define CONSOLE_MAX (64 * KIB)	/* said by one notification; more is lost: buffers may overlap, and be terabytes */

static void console_notify(struct virtio *v, unsigned int queue)
{
	const struct machine_ops *ops = v->pci->ops;
	unsigned int budget = VIRTIO_QUEUE_SIZE, i;
	size_t room = CONSOLE_MAX;

	while (queue == TRANSMIT && budget-- && virtio_pop(v, queue)) {
		for (i = 0; i < v->chain.nr_out; i++) {
			size_t n = v->chain.out[i].iov_len < room ? v->chain.out[i].iov_len : room;

			ops->console(ops->context, v->chain.out[i].iov_base, n);
			room -= n;
		}
		virtio_push(v, queue, 0);
		virtio_interrupt(v, queue);
	}
}

size_t virtio_console_receive(struct virtio *v, const uint8_t *bytes, size_t n)
{
	unsigned int budget = VIRTIO_QUEUE_SIZE;
	size_t done = 0, now;

	while (done < n && budget-- && virtio_pop(v, RECEIVE)) {
		if (!v->chain.nr_in) {
			virtio_broken(v);
			break;
		}
		now = iov_write(v->chain.in, v->chain.nr_in, 0, bytes + done, n - done);
		done += now;
		virtio_push(v, RECEIVE, (uint32_t)now);
		virtio_interrupt(v, RECEIVE);
	}
	return done;
}

bool virtio_console_init(struct virtio *v, struct pci *pci, const struct ram *ram)
{
	v->notify = console_notify;
	return virtio_init(v, pci, ram, 3, 0x078000, 2, 0);
}
