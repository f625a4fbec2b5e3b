// SPDX-License-Identifier: MIT
/* sdk/print.c against libc's snprintf(): every conversion with every flag, width and size of buffer. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../sdk/print.c"

static long tests, failures;

static void compare(const char *format, size_t size, const char *wanted, int wanted_n, const char *got, int got_n)
{
	tests++;
	if (wanted_n == got_n && (!size || !strcmp(wanted, got)))
		return;
	if (failures++ < 10)
		printf("%s, room %zu: '%s' %d, libc: '%s' %d\n", format, size, size ? got : "", got_n, size ? wanted : "", wanted_n);
}

#define TRY(...) do {                                                                      \
	char a_[64], b_[64];                                                               \
	static const size_t sizes_[] = { 64, 0, 1, 2, 7, 20 };                             \
	unsigned int s_;                                                                   \
	for (s_ = 0; s_ < 6; s_++) {                                                       \
		int n_ = snprintf(a_, sizes_[s_], format, __VA_ARGS__);                    \
		int m_;                                                                    \
		memset(b_, 'z', sizeof(b_));                                               \
		m_ = pal_snprintf(b_, sizes_[s_], format, __VA_ARGS__);                    \
		compare(format, sizes_[s_], a_, n_, b_, m_);                               \
		if (sizes_[s_] < 64 && b_[sizes_[s_]] != 'z')                              \
			compare("beyond its room", 1, "", 0, "x", 1);                      \
	}                                                                                  \
} while (0)

#pragma GCC diagnostic ignored "-Wformat"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-truncation"
#pragma GCC diagnostic ignored "-Wformat-security"

int main(void)
{
	static const char *const flags[] = { "", "-", "0" }, *const widths[] = { "", "1", "5", "12", "30" };
	static const long values[] = { 0, 1, -1, 9, 10, -10, 123456789, INT_MAX, INT_MIN, LONG_MAX, LONG_MIN, 0xdeadbeef };
	static const char *const strings[] = { "", "a", "twelve chars", "something longer than most of the buffers here are, by far" };
	unsigned int f, w, v, c;
	char format[32];

	for (f = 0; f < 3; f++)
		for (w = 0; w < 5; w++) {
			for (v = 0; v < sizeof(values) / sizeof(values[0]); v++)
				for (c = 0; c < 5; c++) {
					snprintf(format, sizeof(format), "<%%%s%s%c>", flags[f], widths[w], "diuxX"[c]);
					TRY((int)values[v]);
					snprintf(format, sizeof(format), "<%%%s%sl%c>", flags[f], widths[w], "diuxX"[c]);
					TRY(values[v]);
					snprintf(format, sizeof(format), "<%%%s%sll%c>", flags[f], widths[w], "diuxX"[c]);
					TRY((long long)values[v]);
					snprintf(format, sizeof(format), "<%%%s%sz%c>", flags[f], widths[w], "diuxX"[c]);
					TRY((size_t)values[v]);
				}
			for (v = 0; f < 2 && v < 4; v++) {	/* zeros before a string are nobody's */
				snprintf(format, sizeof(format), "<%%%s%ss>", flags[f], widths[w]);
				TRY(strings[v]);
				for (c = 0; c < 20; c += 3) {
					snprintf(format, sizeof(format), "<%%%s%s.*s>", flags[f], widths[w]);
					TRY((int)c, strings[v]);
				}
				snprintf(format, sizeof(format), "<%%%s%sc>", flags[f], widths[w]);
				TRY("azX%"[v]);
			}
		}
	strcpy(format, "%p %s %d%% %x");
	TRY((void *)0x1234abcd, "and", 50, 0xffu);
	strcpy(format, "no conversion");
	TRY(0);
	printf("%ld comparisons, %ld differ\n", tests, failures);
	return failures || tests < 10000;
}
