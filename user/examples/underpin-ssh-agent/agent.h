/* SPDX-License-Identifier: MIT */
/* What the PAL of the SSH agent does for the program around it. */
#ifndef AGENT_H
#define AGENT_H

#define AGENT_PUBLIC 65		/* an uncompressed point of P-256 */
#define AGENT_BLOB 240		/* a private key of 32 bytes, sealed */
#define AGENT_SIGNATURE 64	/* r, s */
#define AGENT_MESSAGE 8192	/* the longest that is signed; ssh asks for some hundred bytes */

/* 0, or -1 and errno. */
long agent_make(unsigned char blob[AGENT_BLOB], unsigned char point[AGENT_PUBLIC]);
long agent_load(const unsigned char blob[AGENT_BLOB], unsigned char point[AGENT_PUBLIC]);
long agent_sign(const unsigned char *message, long size, unsigned char signature[AGENT_SIGNATURE]);

#endif
