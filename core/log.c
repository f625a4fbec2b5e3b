// SPDX-License-Identifier: GPL-2.0
/*
 * A ring of fixed records; the oldest goes first. A writer never waits long:
 * records are short and the lock is held for one copy.
 */
#include "calls.h"

#include <stdarg.h>

#include "../ept/guest_memory.h"
#include "../include/platform.h"
#include "../vmx/cpu.h"

#define LOG_RECORDS 256

static struct core_log_record ring[LOG_RECORDS];
static u64 next_seq = 1;
static struct spinlock log_lock;

struct text {
	char *at, *end;
};

static void put(struct text *t, char c)
{
	if (t->at < t->end)
		*t->at++ = c;
}

static void put_number(struct text *t, u64 value, unsigned int base)
{
	char digits[20];
	int n = 0;

	do {
		digits[n++] = "0123456789abcdef"[value % base];
		value /= base;
	} while (value);
	while (n--)
		put(t, digits[n]);
}

static void put_conversion(struct text *t, char c, bool is_long, va_list *args)
{
	const char *s;
	u64 u = 0;
	s64 d;

	switch (c) {
	case 's':
		for (s = va_arg(*args, const char *); *s; s++)
			put(t, *s);
		return;
	case 'c':
		put(t, va_arg(*args, int));
		return;
	case 'd':
		d = is_long ? va_arg(*args, long) : va_arg(*args, int);
		if (d < 0)
			put(t, '-');
		put_number(t, d < 0 ? -(u64)d : (u64)d, 10);
		return;
	case 'u':
	case 'x':
		u = is_long ? va_arg(*args, unsigned long) : va_arg(*args, unsigned int);
		put_number(t, u, c == 'x' ? 16 : 10);
		return;
	default:
		put(t, c);
	}
}

void log_event(int level, const char *fmt, ...)
{
	struct core_log_record record = { 0 };
	struct text t = { record.text, record.text + sizeof(record.text) - 1 };
	va_list args;

	va_start(args, fmt);
	for (; *fmt; fmt++) {
		bool is_long = false;

		if (*fmt != '%') {
			put(&t, *fmt);
			continue;
		}
		if (*++fmt == 'l') {
			is_long = true;
			fmt++;
		}
		if (!*fmt)
			break;
		put_conversion(&t, *fmt, is_long, &args);
	}
	va_end(args);
	record.tsc = rdtsc();
	record.cpu = this_cpu()->slot;
	record.level = level;
	spin_lock(&log_lock);
	record.seq = next_seq++;
	ring[record.seq % LOG_RECORDS] = record;
	if (level == LOG_ERROR)
		memcpy(handover.error, record.text, sizeof(handover.error));
	spin_unlock(&log_lock);
}

#define LOG_BATCH 32	/* of 128 bytes: a page */

s64 log_get(u64 first, u64 gpa)
{
	struct core_log_record record;
	u64 seq, newest = READ_ONCE(next_seq) - 1, oldest;
	u32 n = 0;
	int err;

	if (gpa & ~PAGE_MASK)
		return -EINVAL;
	oldest = newest >= LOG_RECORDS ? newest - LOG_RECORDS + 1 : 1;
	for (seq = first > oldest ? first : oldest; seq <= newest && n < LOG_BATCH; seq++, n++) {
		spin_lock(&log_lock);
		record = ring[seq % LOG_RECORDS];
		spin_unlock(&log_lock);
		err = guest_write(GPA(gpa + n * sizeof(record)), &record, sizeof(record));
		if (err)
			return err;
	}
	return n;
}
