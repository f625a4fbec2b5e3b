// SPDX-License-Identifier: GPL-2.0
/* Which of a guest's frames a user's network takes. The rest goes nowhere, as on a wire without a way to there. */
#include <string.h>

#include "net.h"

enum { ETHER = 14, IP = 20, TCP = 6, UDP = 17, DOMAIN_PORT = 53 };

/*
 * libslirp would connect to loopback addresses that the guest names itself, takes 0.0.0.0 for one, leads every port of 10.0.2.3 to the host's
 * resolver, and its assembly of fragments crashes on some. So: ARP, and whole IPv4 datagrams to elsewhere.
 */
bool net_passes(const uint8_t *frame, size_t n)
{
	const uint8_t *ip = frame + ETHER, *to = ip + 16, *port;
	size_t header;

	if (n < ETHER || frame[12] != 8)
		return false;
	if (frame[13] == 6)
		return true;
	if (frame[13] || n < ETHER + IP)
		return false;
	if (ip[6] & 0x3f || ip[7])		/* more fragments, or an offset */
		return false;
	if (!to[0] || to[0] == 127)
		return false;
	if (memcmp(to, "\x0a\0\2\3", 4))
		return true;
	header = (ip[0] & 0xfu) * 4;
	port = ip + header + 2;
	return (ip[9] == TCP || ip[9] == UDP) && header >= IP && n >= ETHER + header + 4 && !port[0] && port[1] == DOMAIN_PORT;
}
