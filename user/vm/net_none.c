// SPDX-License-Identifier: GPL-2.0
/* In place of net_slirp.c where libslirp was not there at build time. */
#include "net.h"

struct net *net_open(struct virtio_net *card, pthread_mutex_t *lock, struct problem *p)
{
	(void)card;
	(void)lock;
	problem(p, "--net user: not built in (install libslirp-dev and libglib2.0-dev and build again)");
	return NULL;
}

bool net_start(struct net *net, struct problem *p)
{
	(void)net;
	(void)p;
	return false;
}

void net_close(struct net *net)
{
	(void)net;
}
