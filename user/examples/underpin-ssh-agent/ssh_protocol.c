// SPDX-License-Identifier: MIT
/* See ssh_protocol.h. */
#include "ssh_protocol.h"

#include <stdint.h>
#include <string.h>

#define FAILURE 5
#define REQUEST_IDENTITIES 11
#define IDENTITIES_ANSWER 12
#define SIGN_REQUEST 13
#define SIGN_RESPONSE 14

static const char key_type[] = "ecdsa-sha2-nistp256", curve[] = "nistp256";

struct reader {
	const unsigned char *at;
	size_t left;
	int bad;
};

struct writer {
	unsigned char *at;
	size_t used;
};

static uint32_t read_u32(struct reader *r)
{
	const unsigned char *p = r->at;

	if (r->left < 4) {
		r->bad = 1;
		return 0;
	}
	r->at += 4;
	r->left -= 4;
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static const unsigned char *read_string(struct reader *r, size_t *size)
{
	const unsigned char *p;

	*size = read_u32(r);
	if (r->bad || *size > r->left) {
		r->bad = 1;
		*size = 0;
		return NULL;
	}
	p = r->at;
	r->at += *size;
	r->left -= *size;
	return p;
}

static void put_u32(struct writer *w, size_t value)
{
	unsigned char *p = w->at + w->used;

	p[0] = (unsigned char)(value >> 24);
	p[1] = (unsigned char)(value >> 16);
	p[2] = (unsigned char)(value >> 8);
	p[3] = (unsigned char)value;
	w->used += 4;
}

static void put_string(struct writer *w, const void *data, size_t size)
{
	put_u32(w, size);
	memcpy(w->at + w->used, data, size);
	w->used += size;
}

/* RFC 4251, 5: no zeros in front, but one where the number would look negative. */
static void put_mpint(struct writer *w, const unsigned char *number, size_t size)
{
	while (size && !*number) {
		number++;
		size--;
	}
	put_u32(w, size + (size && *number & 0x80));
	if (size && *number & 0x80)
		w->at[w->used++] = 0;
	memcpy(w->at + w->used, number, size);
	w->used += size;
}

void public_blob(const unsigned char point[AGENT_PUBLIC], unsigned char blob[PUBLIC_BLOB])
{
	struct writer w = { blob, 0 };

	put_string(&w, key_type, sizeof(key_type) - 1);
	put_string(&w, curve, sizeof(curve) - 1);
	put_string(&w, point, AGENT_PUBLIC);
}

static void put_signature(struct writer *w, const unsigned char signature[AGENT_SIGNATURE])
{
	unsigned char numbers[80], whole[128];
	struct writer n = { numbers, 0 }, all = { whole, 0 };

	put_mpint(&n, signature, 32);
	put_mpint(&n, signature + 32, 32);
	put_string(&all, key_type, sizeof(key_type) - 1);
	put_string(&all, numbers, n.used);
	put_string(w, whole, all.used);
}

static int sign_answer(struct reader *r, struct writer *w, const unsigned char *blob, sign_function sign)
{
	unsigned char signature[AGENT_SIGNATURE];
	const unsigned char *key, *message;
	size_t key_size, size;

	key = read_string(r, &key_size);
	message = read_string(r, &size);
	read_u32(r);	/* flags: only RSA has any */
	if (r->bad || r->left || key_size != PUBLIC_BLOB || memcmp(key, blob, PUBLIC_BLOB) ||
	    size > AGENT_MESSAGE || sign(message, size, signature))
		return -1;
	w->at[w->used++] = SIGN_RESPONSE;
	put_signature(w, signature);
	return 0;
}

size_t answer_request(const unsigned char *request, size_t size, const unsigned char blob[PUBLIC_BLOB],
		      const char *comment, sign_function sign, unsigned char answer[PROTOCOL_MAX])
{
	struct reader r = { request + 1, size ? size - 1 : 0, 0 };
	struct writer w = { answer, 0 };

	if (size == 1 && *request == REQUEST_IDENTITIES) {
		answer[w.used++] = IDENTITIES_ANSWER;
		put_u32(&w, 1);
		put_string(&w, blob, PUBLIC_BLOB);
		put_string(&w, comment, strlen(comment));
		return w.used;
	}
	if (size && *request == SIGN_REQUEST && !sign_answer(&r, &w, blob, sign))
		return w.used;
	answer[0] = FAILURE;
	return 1;
}
