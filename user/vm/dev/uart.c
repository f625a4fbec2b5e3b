// SPDX-License-Identifier: GPL-2.0
/*
 * A 16550A. The interrupt line is level: it follows what is pending, and IIR tells the
 * highest. What is sent is sent at once, so THR is always empty.
 */
#include <string.h>

#include "devices.h"

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR };
#define IER_RX 1
#define IER_THR 2
#define IER_LSR 4
#define LCR_DLAB 0x80
#define MCR_OUT2 8
#define MCR_LOOP 0x10
#define LSR_DR 1
#define LSR_OE 2
#define LSR_THRE 0x20
#define LSR_TEMT 0x40
#define IIR_NONE 1

static unsigned int trigger(const struct uart *u)
{
	static const uint8_t levels[] = { 1, 4, 8, 14 };

	return u->fcr & 1 ? levels[u->fcr >> 6] : 1;
}

/* Below the trigger level the real part raises a time-out; here it is due at once. */
static uint8_t pending(const struct uart *u)
{
	if (u->ier & IER_LSR && u->lsr & LSR_OE)
		return 6;
	if (u->ier & IER_RX && u->fifo_used)
		return u->fifo_used >= trigger(u) ? 4 : 12;
	if (u->ier & IER_THR && u->thr_pending)
		return 2;
	return IIR_NONE;
}

/* OUT2 gates the line on a PC; not in loopback, where the pins are idle. */
static void update(struct uart *u)
{
	bool level = pending(u) != IIR_NONE && (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;

	if (level != u->line) {
		u->line = level;
		u->ops->irq(u->ops->context, u->irq, level);
	}
}

static bool push(struct uart *u, uint8_t byte)
{
	unsigned int room = u->fcr & 1 ? UART_FIFO : 1;

	if (u->fifo_used >= room)
		return false;
	u->fifo[u->fifo_used++] = byte;
	u->lsr |= LSR_DR;
	return true;
}

static uint8_t pop(struct uart *u)
{
	uint8_t byte = u->fifo[0];

	if (!u->fifo_used)
		return 0;
	memmove(u->fifo, u->fifo + 1, --u->fifo_used);
	if (!u->fifo_used)
		u->lsr &= ~LSR_DR;
	return byte;
}

static uint8_t read_iir(struct uart *u)
{
	uint8_t what = pending(u);

	if (what == 2)
		u->thr_pending = false;
	return what | (u->fcr & 1 ? 0xc0 : 0);
}

/* In loopback the modem outputs come back as inputs: RTS-CTS, DTR-DSR, OUT1-RI, OUT2-DCD. */
static uint8_t read_msr(const struct uart *u)
{
	if (!(u->mcr & MCR_LOOP))
		return 0xb0;
	return (u->mcr & 2) << 3 | (u->mcr & 1) << 5 | (u->mcr & 4) << 4 | (u->mcr & 8) << 4;
}

static uint32_t uart_in(void *device, unsigned int offset, unsigned int size)
{
	struct uart *u = device;
	uint8_t value = 0;

	if (size != 1)
		return ~0u;
	switch (offset) {
	case RBR_THR: value = u->lcr & LCR_DLAB ? u->dll : pop(u); break;
	case IER: value = u->lcr & LCR_DLAB ? u->dlm : u->ier; break;
	case IIR_FCR: value = read_iir(u); break;
	case LCR: value = u->lcr; break;
	case MCR: value = u->mcr; break;
	case LSR:
		value = u->lsr;
		u->lsr &= ~LSR_OE;
		break;
	case MSR: value = read_msr(u); break;
	case SCR: value = u->scr; break;
	}
	update(u);
	return value;
}

static void transmit(struct uart *u, uint8_t byte)
{
	u->thr_pending = true;
	if (!(u->mcr & MCR_LOOP))
		u->ops->console(u->ops->context, &byte, 1);
	else if (!push(u, byte))
		u->lsr |= LSR_OE;
}

static void uart_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	struct uart *u = device;
	uint8_t v = (uint8_t)value;

	if (size != 1)
		return;
	switch (offset) {
	case RBR_THR:
		if (u->lcr & LCR_DLAB)
			u->dll = v;
		else
			transmit(u, v);
		break;
	case IER:
		if (u->lcr & LCR_DLAB) {
			u->dlm = v;
			break;
		}
		if (v & ~u->ier & IER_THR)
			u->thr_pending = true;
		u->ier = v & 0xf;
		break;
	case IIR_FCR:
		if ((v ^ u->fcr) & 1 || v & 2) {
			u->fifo_used = 0;
			u->lsr &= ~LSR_DR;
		}
		u->fcr = v & 0xc9;
		break;
	case LCR: u->lcr = v; break;
	case MCR: u->mcr = v & 0x1f; break;
	case SCR: u->scr = v; break;
	}
	update(u);
}

size_t uart_receive(struct uart *uart, const uint8_t *bytes, size_t n)
{
	size_t i = 0;

	if (uart->mcr & MCR_LOOP)
		return n;
	while (i < n && push(uart, bytes[i]))
		i++;
	update(uart);
	return i;
}

void uart_init(struct uart *uart, const struct machine_ops *ops, unsigned int irq)
{
	*uart = (struct uart){ .ops = ops, .irq = irq, .lsr = LSR_THRE | LSR_TEMT, .dll = 1 };
}

bool uart_attach(struct bus *bus, struct uart *uart, uint16_t port)
{
	return bus_add(bus, (struct port_range){ port, 8, uart_in, uart_out, uart });
}
