// SPDX-License-Identifier: MIT
/*
 * A debug channel: text goes to the owner by pal_ocall(), 16 bytes at a time in its two words, so that it
 * takes no shared memory and threads do not mix within those. What printf() knows of integers,
 * strings, characters and pointers, no more.
 */
#include <stdarg.h>
#include <underpin/pal.h>

struct text {
	char *to;
	size_t size, at;	/* at counts on beyond size, as snprintf() does */
};

static void put(struct text *t, char c)
{
	if (t->at + 1 < t->size)
		t->to[t->at] = c;
	t->at++;
}

static void put_padded(struct text *t, const char *s, size_t n, size_t width, bool left, char pad)
{
	size_t i;

	for (i = n; !left && i < width; i++)
		put(t, pad);
	for (i = 0; i < n; i++)
		put(t, s[i]);
	for (i = n; left && i < width; i++)
		put(t, ' ');
}

static void put_number(struct text *t, uint64_t value, bool minus, unsigned int base, bool upper, size_t width, bool left, bool zeros)
{
	char digits[24], *p = digits + sizeof(digits);

	do {
		unsigned int d = (unsigned int)(value % base);

		*--p = (char)(d < 10 ? '0' + d : (upper ? 'A' : 'a') + d - 10);
		value /= base;
	} while (value);
	if (minus && zeros && !left) {	/* the sign stands before them */
		put(t, '-');
		width -= width > 0;
	} else if (minus) {
		*--p = '-';
	}
	put_padded(t, p, (size_t)(digits + sizeof(digits) - p), width, left, zeros && !left ? '0' : ' ');
}

static uint64_t take(va_list *args, int longs, bool is_signed)
{
	if (longs)	/* long and long long are the same here */
		return va_arg(*args, uint64_t);
	return is_signed ? (uint64_t)va_arg(*args, int) : va_arg(*args, unsigned int);
}

/* Behind a '%': what follows of the format. */
static const char *convert(struct text *t, const char *f, va_list *args)
{
	bool left = false, zeros = false;
	size_t width = 0, limit = (size_t)-1, n;
	int longs = 0;
	const char *s;
	uint64_t v;
	char c;

	for (; *f == '-' || *f == '0'; f++) {
		left |= *f == '-';
		zeros |= *f == '0';
	}
	for (; *f >= '0' && *f <= '9'; f++)
		width = width * 10 + (size_t)(*f - '0');
	if (f[0] == '.' && f[1] == '*') {
		limit = (size_t)va_arg(*args, int);
		f += 2;
	}
	for (; *f == 'l' || *f == 'z'; f++)
		longs++;
	switch (c = *f) {
	case 'd':
	case 'i':
		v = take(args, longs, true);
		put_number(t, (int64_t)v < 0 ? -v : v, (int64_t)v < 0, 10, false, width, left, zeros);
		break;
	case 'u':
		put_number(t, take(args, longs, false), false, 10, false, width, left, zeros);
		break;
	case 'x':
	case 'X':
		put_number(t, take(args, longs, false), false, 16, c == 'X', width, left, zeros);
		break;
	case 'p':
		put(t, '0');
		put(t, 'x');
		put_number(t, va_arg(*args, uintptr_t), false, 16, false, 0, false, false);
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		put_padded(t, &c, 1, width, left, ' ');
		break;
	case 's':
		s = va_arg(*args, const char *);
		if (!s)
			s = "(null)";
		for (n = 0; n < limit && s[n]; n++)
			;
		put_padded(t, s, n, width, left, ' ');
		break;
	case '%':
		put(t, '%');
		break;
	case '\0':
		return f;
	default:	/* unknown: as it stands */
		put(t, '%');
		put(t, c);
	}
	return f + 1;
}

int pal_vsnprintf(char *to, size_t size, const char *format, va_list from)
{
	struct text t = { to, size, 0 };
	va_list args;

	va_copy(args, from);
	while (*format) {
		if (*format != '%')
			put(&t, *format++);
		else
			format = convert(&t, format + 1, &args);
	}
	va_end(args);
	if (size)
		to[t.at < size ? t.at : size - 1] = '\0';
	return (int)t.at;
}

int pal_snprintf(char *to, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = pal_vsnprintf(to, size, format, args);
	va_end(args);
	return n;
}

void pal_print(const char *text)
{
	size_t left = strlen(text), n;
	uintptr_t words[2];

	for (; left; left -= n, text += n) {
		n = left < sizeof(words) ? left : sizeof(words);
		words[0] = words[1] = 0;
		memcpy(words, text, n);
		pal_ocall(PAL_OCALL_PRINT, words[0], words[1]);
	}
}

void pal_printf(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	pal_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pal_print(text);
}
