// SPDX-License-Identifier: MIT
/* The 16550A and the rest of the PC as models: L11, and the ends of a guest. */
#include "../vm.h"
#include "../dev/devices.h"
#include "tap.h"

static int ended = -1;
static bool line, edge;
static char out[64];
static size_t out_used;
static uint64_t now;

static void op_irq(void *c, unsigned int irq, bool level) { (void)c; edge |= level && !line; line = irq == 4 && level; }
static void op_end(void *c, int ending) { (void)c; ended = ending; }
static void op_console(void *c, const uint8_t *b, size_t n) { (void)c; while (n-- && out_used < sizeof(out) - 1) out[out_used++] = (char)*b++; }
static uint64_t op_now(void *c) { (void)c; return now; }
static bool op_ended(void *c) { (void)c; return false; }
static const struct machine_ops ops = { op_irq, op_end, op_console, op_now, op_ended, NULL };
static struct bus bus;

static uint32_t in(uint16_t port, unsigned int size)
{
	uint32_t v = 0;

	bus_io(&bus, port, false, size, 1, (uint8_t *)&v);
	return v;
}

static void put(uint16_t port, unsigned int size, uint32_t v)
{
	bus_io(&bus, port, true, size, 1, (uint8_t *)&v);
}

static void serial(struct uart *u)
{
	uint8_t text[] = "0123456789abcdefXYZ";

	ok((in(0x3fd, 1) & 0x61) == 0x60, "LSR: empty and nothing received");
	bus_io(&bus, 0x3f8, true, 1, 5, (uint8_t *)"hello");
	ok(!strcmp(out, "hello"), "L11: REP OUTSB sends each byte");
	put(0x3fc, 1, 0x0b);
	put(0x3f9, 1, 2);
	ok(line && (in(0x3fa, 1) & 0xf) == 2 && !line, "THR empty: the line rises, and IIR takes it down");
	edge = false;
	put(0x3f8, 1, '!');
	ok(line && edge, "after the next byte it rises again");
	put(0x3f9, 1, 0);
	ok(!line, "no interrupt that is not enabled");
	put(0x3fa, 1, 0x87);
	ok((in(0x3fa, 1) & 0xcf) == 0xc1, "IIR: FIFOs on, nothing pending");
	put(0x3f9, 1, 1);
	ok(uart_receive(u, text, 19) == 16 && line, "the FIFO takes 16, and the line is up");
	ok((in(0x3fa, 1) & 0xf) == 4 && in(0x3f8, 1) == '0', "IIR: data; the first byte");
	bus_io(&bus, 0x3f8, false, 1, 10, text);
	ok(!memcmp(text, "123456789a", 10) && (in(0x3fa, 1) & 0xf) == 12, "REP INSB; below the trigger it is the time-out");
	while (in(0x3fd, 1) & 1)
		in(0x3f8, 1);
	ok(!line, "empty: the line is down");
	put(0x3fb, 1, 0x83);
	put(0x3f8, 1, 12);
	put(0x3f9, 1, 1);
	ok(in(0x3f8, 1) == 12 && in(0x3f9, 1) == 1, "the divisor behind DLAB");
	put(0x3fb, 1, 3);
	ok(in(0x3f9, 1) == 1, "IER is not the divisor");
	put(0x3fc, 1, 0x1a);
	ok((in(0x3fe, 1) & 0xf0) == 0x90, "loopback: RTS and OUT2 come back (the probe of Linux)");
	edge = false;
	put(0x3f9, 1, 3);
	ok(!line && !edge, "loopback: what is pending does not reach the line");
	put(0x3f8, 1, 0x5a);
	ok(in(0x3f8, 1) == 0x5a && !strchr(out, 0x5a), "loopback: a byte comes back and is not sent");
	put(0x3ff, 1, 0xa5);
	ok(in(0x3ff, 1) == 0xa5, "scratch");
}

static void rest(void)
{
	now = 1795822496ull * 1000000000;	/* in November 2026 */
	put(0x70, 1, 0x32);
	ok(in(0x71, 1) == 0x20, "RTC: century");
	put(0x70, 1, 9);
	ok(in(0x71, 1) == 0x26, "RTC: year");
	put(0x70, 1, 8);
	ok(in(0x71, 1) == 0x11, "RTC: month");
	now = 2000000000;
	ok(in(PORT_PM_TIMER, 4) == 2 * 3579545, "the PM timer counts 3579545 in a second");
	ok(in(PORT_PM1_CONTROL, 2) & 1, "ACPI is on");
	put(PORT_PM1_CONTROL, 2, 5 << 10);
	ok(ended == -1, "a sleep type alone does nothing");
	put(PORT_PM1_CONTROL, 2, 5 << 10 | 1 << 13);
	ok(ended == END_POWEROFF, "S5 is a power-off");
	put(0x64, 1, 0xfe);
	ok(ended == END_RESET, "the 8042's 0xfe is a reset");
	ended = -1;
	put(0xcf9, 1, 2);
	ok(ended == -1, "0xcf9: 2 only prepares");
	put(0xcf9, 1, 6);
	ok(ended == END_RESET, "0xcf9: 6 resets");
	put(PORT_PVPANIC, 1, 1);
	ok(ended == END_PANIC, "pvpanic");
	put(PORT_DEBUG_EXIT, 1, 3);
	ok(ended == (END_DEBUG | 3), "D5: the exit port");
	ok(in(0x1234, 2) == 0xffff, "nobody's port reads all ones");
	ok(!bus_add(&bus, (struct port_range){ .first = 0x3f0, .count = 9 }), "ports that are taken are refused");
}

int main(void)
{
	struct uart uart;
	struct platform platform;

	uart_init(&uart, &ops, 4);
	platform_init(&platform, &ops);
	ok(uart_attach(&bus, &uart, 0x3f8) && platform_attach(&bus, &platform), "no two devices at one port");
	serial(&uart);
	rest();
	return tap_done();
}
