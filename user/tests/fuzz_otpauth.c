// SPDX-License-Identifier: MIT
/* otpauth.c with mutated secrets and URIs: what it accepts is what the PAL accepts, and it remembers no more than that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "otpauth.h"

static unsigned int seed = 1;

static unsigned int below(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % n;
}

int main(int argc, char **argv)
{
	static const char *const begin[] = {
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv gy3t qojq gezd gnbv",
		"otpauth://totp/A:b?secret=GEZDGNBVGY3TQOJQGEZDGNBV&digits=8&period=60&algorithm=SHA256&issuer=x",
		"otpauth://totp/?secret=GEZDGNBVGY3TQOJQ%3D%3d%20A#x&digits=7", "otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ",
	};
	static const char bytes[] = "A2=&%?#\n\r 30otpauth:/-z\xff";
	long n = argc > 1 ? atol(argv[1]) : 1000, accepted = 0;

	while (n--) {
		size_t size = strlen(begin[n % 5]), room = size + 2000, changes = below(6);
		char *text = calloc(1, room), *copy;	/* the copy is exact, so that a read beyond it is seen */
		struct totp_account a;

		strcpy(text, begin[n % 5]);
		while (changes--) {
			size_t at = below((unsigned int)size + 1);

			switch (below(4)) {
			case 0:
				text[at] = bytes[below(sizeof(bytes) - 1)];
				break;
			case 1:
				text[at] = 0;
				break;
			case 2:
				if (size + 50 > room)
					break;
				memmove(text + at + below(40), text + at, size - at);
				break;
			default:
				memset(text + at, 'A' + (int)below(26), below(250));
			}
			size = strlen(text);
		}
		copy = malloc(size + 1);
		memcpy(copy, text, size + 1);
		if (!otpauth_parse(copy, &a)) {
			accepted++;
			if (a.version != 1 || (a.hash != TOTP_SHA1 && a.hash != TOTP_SHA256) || a.digits < 6 || a.digits > 8 ||
			    a.period < 1 || a.period > 3600 || a.key_size < TOTP_MIN_KEY || a.key_size > TOTP_KEY) {
				printf("accepted: %s\n", text);
				return 1;
			}
		}
		free(copy);
		free(text);
	}
	printf("%ld accepted\n", accepted);
	return accepted > 100 ? 0 : 1;
}
