/* SPDX-License-Identifier: MIT */
/*
 * The SSH agent's protocol (draft-miller-ssh-agent) as far as one key needs it, and
 * the key's names in SSH's formats (RFC 4253, 5656). Pure: bytes in, bytes out.
 */
#ifndef SSH_PROTOCOL_H
#define SSH_PROTOCOL_H

#include <stddef.h>

#include "agent.h"

#define PROTOCOL_MAX 16384	/* of a request or an answer, without its length */
#define PUBLIC_BLOB 104		/* string "ecdsa-sha2-nistp256", "nistp256", point */

/* 0, or -1: the key does not sign this. */
typedef int (*sign_function)(const unsigned char *message, size_t size, unsigned char signature[AGENT_SIGNATURE]);

/* The public key as SSH's files and messages have it. */
void public_blob(const unsigned char point[AGENT_PUBLIC], unsigned char blob[PUBLIC_BLOB]);

/*
 * One request (without the length in front of it); the answer, likewise without. Any bytes may
 * come in: what is not understood is answered with SSH_AGENT_FAILURE. Returns the answer's size.
 */
size_t answer_request(const unsigned char *request, size_t size, const unsigned char blob[PUBLIC_BLOB],
		      const char *comment, sign_function sign, unsigned char answer[PROTOCOL_MAX]);

#endif
