// SPDX-License-Identifier: MIT
/* Secrets in base32 (RFC 4648) and otpauth:// URIs. The text is a stranger's: every length is bounded. */
#include "otpauth.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* size characters. False: not base32, or too long. */
static bool base32(const char *text, size_t size, struct totp_account *a)
{
	unsigned int bits = 0, have = 0;
	bool padding = false;
	size_t i;

	a->key_size = 0;
	for (i = 0; i < size; i++) {
		int c = toupper((unsigned char)text[i]);

		if (c == ' ' || c == '-')
			continue;
		if (c == '=') {
			padding = true;
			continue;
		}
		if (padding || !((c >= 'A' && c <= 'Z') || (c >= '2' && c <= '7')))
			return false;
		bits = (bits << 5 | (unsigned int)(c >= 'A' ? c - 'A' : c - '2' + 26)) & 0xfff;
		have += 5;
		if (have < 8)
			continue;
		have -= 8;
		if (a->key_size == TOTP_KEY)
			return false;
		a->key[a->key_size++] = (unsigned char)(bits >> have);
	}
	/* What is left over must be no more than the rest of a character, and zero. */
	return have < 5 && !(bits & ((1u << have) - 1));
}

static bool is(const char *text, size_t size, const char *word)
{
	return size == strlen(word) && !strncasecmp(text, word, size);
}

/* A number of at most 4 digits, or 0. */
static uint32_t number(const char *text, size_t size)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < size; i++) {
		if (size > 4 || text[i] < '0' || text[i] > '9')
			return 0;
		n = n * 10 + (uint32_t)(text[i] - '0');
	}
	return n;
}

/* One name=value of the query. */
static const char *take_pair(const char *name, size_t name_size, const char *value, size_t size, struct totp_account *a)
{
	/* "%20", which some put into secrets, and "%3D" behind them. */
	if (is(name, name_size, "secret")) {
		char plain[4 * TOTP_KEY];
		size_t i, n = 0;
		bool good;

		for (i = 0; i < size && n < sizeof(plain); i++) {
			if (i + 2 < size && value[i] == '%' && (!strncasecmp(value + i, "%20", 3) || !strncasecmp(value + i, "%3d", 3))) {
				plain[n++] = value[i + 1] == '2' ? ' ' : '=';
				i += 2;
			} else {
				plain[n++] = value[i];
			}
		}
		good = i == size && base32(plain, n, a);
		explicit_bzero(plain, sizeof(plain));
		return good ? NULL : "its secret is not base32 (A-Z, 2-7)";
	}
	if (is(name, name_size, "algorithm")) {
		a->hash = is(value, size, "SHA1") ? TOTP_SHA1 : is(value, size, "SHA256") ? TOTP_SHA256 : 0;
		return a->hash ? NULL : "its algorithm is neither SHA1 nor SHA256";
	}
	if (is(name, name_size, "digits")) {
		a->digits = number(value, size);
		return a->digits >= 6 && a->digits <= 8 ? NULL : "its digits are not 6, 7 or 8";
	}
	if (is(name, name_size, "period")) {
		a->period = number(value, size);
		return a->period >= 1 && a->period <= 3600 ? NULL : "its period is not 1 to 3600 seconds";
	}
	return NULL;	/* issuer, image and what else there may be */
}

static const char *parse_uri(const char *text, struct totp_account *a)
{
	const char *at = strchr(text, '?'), *end, *equals;
	const char *wrong;

	if (strncasecmp(text, "otpauth://totp/", 15))
		return "it counts (hotp) or is of another kind: only totp is known";
	while (at && *at) {
		at++;
		end = at + strcspn(at, "&#\r\n");
		equals = memchr(at, '=', (size_t)(end - at));
		wrong = equals ? take_pair(at, (size_t)(equals - at), equals + 1, (size_t)(end - equals - 1), a) : NULL;
		if (wrong)
			return wrong;
		at = *end == '&' ? end : NULL;
	}
	return NULL;
}

const char *otpauth_parse(const char *text, struct totp_account *a)
{
	const char *wrong = NULL;
	size_t size = strcspn(text, "\r\n");

	memset(a, 0, sizeof(*a));
	a->version = 1;
	a->hash = TOTP_SHA1;
	a->digits = 6;
	a->period = 30;
	if (text[size + strspn(text + size, "\r\n")])
		wrong = "it has more than one line";
	else if (!strncasecmp(text, "otpauth:", 8))
		wrong = parse_uri(text, a);
	else if (!base32(text, size, a))
		wrong = "it is neither base32 (A-Z, 2-7) nor an otpauth:// URI";
	if (!wrong && !a->key_size)
		wrong = "it has no secret";
	if (!wrong && a->key_size < TOTP_MIN_KEY)
		wrong = "its secret is shorter than 80 bits";
	return wrong;
}
