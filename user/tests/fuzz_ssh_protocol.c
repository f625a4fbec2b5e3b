// SPDX-License-Identifier: MIT
/*
 * Random and half-right requests to the SSH agent's protocol, under sanitizers: each is
 * answered, a signature only to a well-formed request for this key. Seeds on the command line.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../examples/underpin-ssh-agent/ssh_protocol.h"

static int signatures;

static int sign(const unsigned char *message, size_t size, unsigned char signature[AGENT_SIGNATURE])
{
	size_t i;

	assert(size <= AGENT_MESSAGE);
	for (i = 0; i < AGENT_SIGNATURE; i++)
		signature[i] = (unsigned char)(size ? message[i % size] : 0);
	signatures++;
	return 0;
}

static size_t put(unsigned char *to, size_t n)
{
	to[0] = (unsigned char)(n >> 24);
	to[1] = (unsigned char)(n >> 16);
	to[2] = (unsigned char)(n >> 8);
	to[3] = (unsigned char)n;
	return 4;
}

int main(int argc, char **argv)
{
	static unsigned char request[PROTOCOL_MAX], answer[PROTOCOL_MAX], blob[PUBLIC_BLOB], point[AGENT_PUBLIC];
	int round, rounds = argc > 1 ? atoi(argv[1]) : 100000;

	srandom(argc > 2 ? (unsigned int)atoi(argv[2]) : 1);
	point[0] = 4;
	public_blob(point, blob);
	for (round = 0; round < rounds; round++) {
		size_t n = 0, message = (size_t)random() % 200, i, answered;
		int before = signatures, changes = (int)(random() % 4), right = !changes;
		unsigned char *exact;

		request[n++] = 13;
		n += put(request + n, PUBLIC_BLOB);
		memcpy(request + n, blob, PUBLIC_BLOB);
		n += PUBLIC_BLOB;
		n += put(request + n, message);
		for (i = 0; i < message; i++)
			request[n++] = (unsigned char)random();
		n += put(request + n, 0);
		if (changes > 2)
			n = (size_t)random() % n;
		while (n && changes--)
			request[(size_t)random() % n] = (unsigned char)random();
		exact = malloc(n ? n : 1);	/* so that a byte too far is noticed */
		memcpy(exact, request, n);
		answered = answer_request(exact, n, blob, "comment", sign, answer);
		free(exact);
		assert(answered && answered <= sizeof(answer));
		assert(answer[0] == 5 || answer[0] == 12 || (answer[0] == 14 && signatures == before + 1));
		assert(!right || answer[0] == 14);
	}
	printf("%d requests, %d signatures\n", rounds, signatures);
	return 0;
}
