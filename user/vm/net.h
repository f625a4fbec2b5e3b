/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A user's network for the guest's card (--net user): the guest is 10.0.2.15, the way out 10.0.2.2, names 10.0.2.3, by DHCP
 * or by hand; what it connects to, this process connects to. net_slirp.c, or net_none.c where libslirp was not there.
 */
#ifndef UNDERPIN_VM_NET_H
#define UNDERPIN_VM_NET_H

#include <pthread.h>

#include "dev/virtio.h"

struct net;

/* Connects the card to a network. The lock is the devices'; open before confine(). NULL: *p says why. */
struct net *net_open(struct virtio_net *card, pthread_mutex_t *lock, struct problem *p);
/* A thread that serves it, from now to net_close(). */
bool net_start(struct net *net, struct problem *p);
void net_close(struct net *net);
/* May this frame of the guest go there? */
bool net_passes(const uint8_t *frame, size_t n);

#endif
