/* SPDX-License-Identifier: MIT */
/* The signer's entry points, as program and PAL see them. Each: 0, or -1 with errno. */
#ifndef HMAC_H
#define HMAC_H

#define HMAC_CHUNK 4096
#define HMAC_SIZE 32

/* Begin a message. The first call makes the key, which never leaves the PAL. */
long hmac_begin(void);
/* Add size (at most HMAC_CHUNK) bytes. */
long hmac_add(const unsigned char *data, long size);
/* The MAC of what was added since hmac_begin(). */
long hmac_end(unsigned char mac[HMAC_SIZE]);
/* Does that MAC belong to what was added? 1: yes, 0: no. */
long hmac_verify(const unsigned char mac[HMAC_SIZE]);

#endif
