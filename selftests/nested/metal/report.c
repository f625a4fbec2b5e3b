// SPDX-License-Identifier: GPL-2.0
/* TAP on the second serial port (where the harness reads it), text, and how an instruction ended. */
#include <stdarg.h>

#include "metal.h"

#define PORT 0x2f8
#define RFLAGS_CF 1
#define RFLAGS_ZF 0x40

u32 number;
const char *mode = "";
volatile word fault_vector, fault_error, fault_address, fault_resume;

static inline void outb(u16 port, u8 value)
{
	asm volatile("outb %0, %1" : : "a" (value), "Nd" (port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a" (value) : "Nd" (port));
	return value;
}

static void put_char(char c)
{
	while (!(inb(PORT + 5) & 0x20))
		;
	outb(PORT, c);
}

/* 115,200 baud, 8 bits. */
void port_init(void)
{
	outb(PORT + 1, 0);
	outb(PORT + 3, 0x83);
	outb(PORT, 1);
	outb(PORT + 1, 0);
	outb(PORT + 3, 3);
}

void put(const char *s)
{
	for (; *s; s++)
		put_char(*s);
}

struct buffer {
	char *at, *end;
};

static void add(struct buffer *b, char c)
{
	if (b->at < b->end)
		*b->at++ = c;
}

static void add_number(struct buffer *b, u32 base, word value)
{
	word rest = base == 16 ? value >> 4 : (u32)value / 10;

	if (rest)
		add_number(b, base, rest);
	add(b, "0123456789abcdef"[base == 16 ? value & 15 : (u32)value % 10]);
}

const char *text(const char *format, ...)
{
	static char buffers[4][120];
	static u32 turn;
	struct buffer b = { buffers[turn % 4], buffers[turn % 4] + 119 };
	const char *start = b.at, *s;
	va_list args;

	turn++;
	va_start(args, format);
	for (; *format; format++) {
		if (*format != '%') {
			add(&b, *format);
			continue;
		}
		switch (*++format) {
		case 's':
			for (s = va_arg(args, const char *); *s; s++)
				add(&b, *s);
			break;
		case 'x':
			add_number(&b, 16, va_arg(args, word));
			break;
		case 'd':
			add_number(&b, 10, va_arg(args, u32));
		}
	}
	va_end(args);
	*b.at = 0;
	return start;
}

static bool equal(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

void seen(const char *name, const char *saw, const char *sdm)
{
	bool ok = equal(saw, sdm);

	number++;
	put(ok ? "ok - " : "not ok - ");
	put(mode);
	put(name);
	put(": ");
	put(saw);
	if (!ok) {
		put(", and the SDM says: ");
		put(sdm);
	}
	put("\n");
}

void end(void)
{
	put(text("1..%d\n#-- end 97-kexec-metal status 0 at 0\n\001end 0\n", number));
	for (;;)
		asm volatile("hlt");
}

const char *ended(word flags)
{
	static const char *const names[] = {
		[6] = "#UD", [10] = "#TS", [11] = "#NP", [12] = "#SS", [13] = "#GP",
	};
	word vector = fault_vector, error;

	if (vector == 14)
		return text("#PF(%x) at %x", fault_error, fault_address);
	if (vector == 6)
		return "#UD";
	if (vector != NO_FAULT)
		return vector < 14 && names[vector] ? text("%s(%x)", names[vector], fault_error) :
						      text("vector %d", (u32)vector);
	if (flags & RFLAGS_CF)
		return "VMfailInvalid";
	if (!(flags & RFLAGS_ZF))
		return "succeeds";
	return vmread(INSTRUCTION_ERROR, &error) ? text("VMfail %d", (u32)error) : "VMfail ?";
}

struct gate32 {
	u16 low, selector, type, high;
};

struct gate64 {
	struct gate32 first;
	u32 top, zero;
};

#define VECTORS 20

void fault_init(void)
{
	static struct gate64 idt64[VECTORS];
	static struct gate32 idt32[VECTORS];
	static struct {
		u16 limit;
		word base;
	} __attribute__((packed)) pointer;
	u32 i;

	for (i = 0; i < VECTORS; i++) {
		u32 at = (u32)(word)vectors + 16 * i;

		idt32[i] = (struct gate32){ at, IS_64 ? 0x18 : 0x08, 0x8e00, at >> 16 };
		idt64[i].first = idt32[i];
	}
	pointer.limit = IS_64 ? sizeof(idt64) - 1 : sizeof(idt32) - 1;
	pointer.base = IS_64 ? (word)idt64 : (word)idt32;
	asm volatile("lidt %0" : : "m" (pointer));
}
