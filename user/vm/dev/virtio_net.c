// SPDX-License-Identifier: GPL-2.0
/*
 * A network card (virtio 1.2, 5.1): one pair of queues, a MAC address, no offloads; each frame is a chain. Whom it is
 * connected to is the caller's: ../net_slirp.c.
 */
#include <string.h>

#include "virtio.h"

#define F_MAC (1ull << 5)
#define F_STATUS (1ull << 16)
#define LINK_UP 1
enum { RECEIVE, TRANSMIT };

/* 5.1.6: without offloads all is zero but num_buffers of what is received. */
struct net_header {
	uint8_t flags, gso_type;
	uint16_t hdr_len, gso_size, csum_start, csum_offset, num_buffers;
};

/* What the guest sends is copied once; a frame of no possible length goes nowhere, as on a wire. */
static void notify(struct virtio *v, unsigned int queue)
{
	struct virtio_net *net = v->device;
	unsigned int budget = VIRTIO_QUEUE_SIZE;
	uint8_t frame[NET_FRAME_MAX + 1];

	while (queue == TRANSMIT && budget-- && virtio_pop(v, queue)) {
		size_t n = iov_read(v->chain.out, v->chain.nr_out, sizeof(struct net_header), frame, sizeof(frame));

		/* Before it is sent: an answer is a chain of the other queue, and there is one at a time. */
		virtio_push(v, queue, 0);
		virtio_interrupt(v, queue);
		if (n >= NET_FRAME_MIN && n <= NET_FRAME_MAX)
			net->send(net->context, frame, n);
	}
}

bool virtio_net_receive(struct virtio_net *net, const uint8_t *frame, size_t n)
{
	static const struct net_header header = { .num_buffers = 1 };
	struct virtio *v = &net->v;

	if (n < NET_FRAME_MIN || n > NET_FRAME_MAX || !virtio_pop(v, RECEIVE))
		return false;
	/* 5.1.6.3.1: each buffer has room for any frame. */
	if (iov_length(v->chain.in, v->chain.nr_in) < sizeof(header) + NET_FRAME_MAX) {
		virtio_broken(v);
		return false;
	}
	iov_write(v->chain.in, v->chain.nr_in, 0, &header, sizeof(header));
	iov_write(v->chain.in, v->chain.nr_in, sizeof(header), frame, n);
	virtio_push(v, RECEIVE, (uint32_t)(sizeof(header) + n));
	virtio_interrupt(v, RECEIVE);
	return true;
}

bool virtio_net_init(struct virtio_net *net, struct pci *pci, const struct ram *ram, const uint8_t mac[6])
{
	net->v.notify = notify;
	net->v.device = net;
	memcpy(net->v.config, mac, 6);
	net->v.config[6] = LINK_UP;
	return virtio_init(&net->v, pci, ram, 1, 0x020000, 2, F_MAC | F_STATUS);
}
