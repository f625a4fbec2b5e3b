/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Devices as models: they know ports and interrupt lines, not KVM. One lock (kvm.c's)
 * is held over each call. Next: uart.c, platform.c; ../kvm.c connects them.
 */
#ifndef UNDERPIN_VM_DEVICES_H
#define UNDERPIN_VM_DEVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PORT_DEBUG_EXIT 0xf4
#define PORT_RESET 0xcf9
#define PORT_PVPANIC 0x505
#define PORT_PM1_EVENT 0x600
#define PORT_PM1_CONTROL 0x604
#define PORT_PM_TIMER 0x608

/* What devices ask of the machine. */
struct machine_ops {
	void (*irq)(void *context, unsigned int line, bool level);
	void (*end)(void *context, int ending);
	void (*console)(void *context, const uint8_t *bytes, size_t n);
	uint64_t (*now_ns)(void *context);
	bool (*ended)(void *context);	/* the machine: nothing long is begun any more */
	void *context;
};

/* A range of ports; size is 1, 2 or 4. Reads of nobody's port give all ones. */
struct port_range {
	uint16_t first, count;
	uint32_t (*in)(void *device, unsigned int offset, unsigned int size);
	void (*out)(void *device, unsigned int offset, unsigned int size, uint32_t value);
	void *device;
};
struct bus {
	struct port_range ranges[16];
	unsigned int nr_ranges;
};
bool bus_add(struct bus *bus, struct port_range range);
/* count items of size bytes at data, as one REP INS or OUTS moves them. */
void bus_io(const struct bus *bus, uint16_t port, bool out, unsigned int size, unsigned int count, uint8_t *data);

/* 16550A (National's data sheet) at ports of its own, without a line's speed. */
#define UART_FIFO 16
struct uart {
	const struct machine_ops *ops;
	unsigned int irq;
	uint8_t ier, fcr, lcr, mcr, lsr, scr, dll, dlm;
	uint8_t fifo[UART_FIFO];
	unsigned int fifo_used;
	bool thr_pending, line;
};
void uart_init(struct uart *uart, const struct machine_ops *ops, unsigned int irq);
bool uart_attach(struct bus *bus, struct uart *uart, uint16_t port);
/* How much of it was taken; the rest is for later (or lost, as on a line, in loopback). */
size_t uart_receive(struct uart *uart, const uint8_t *bytes, size_t n);

/* i8042 (reset only), RTC, POST, reset control, PM1 and PM timer, pvpanic, debug exit. */
struct platform {
	const struct machine_ops *ops;
	uint8_t cmos_index, i8042_command, i8042_status, i8042_data, reset;
	uint16_t pm1_status, pm1_enable, pm1_control;
};
void platform_init(struct platform *platform, const struct machine_ops *ops);
bool platform_attach(struct bus *bus, struct platform *platform);

#endif
