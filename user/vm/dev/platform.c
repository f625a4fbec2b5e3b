// SPDX-License-Identifier: GPL-2.0
/*
 * What a PC has besides: RTC (MC146818), the 8042's reset line, reset control (0xcf9),
 * ACPI PM1 and PM timer (ACPI 4.8.3), pvpanic, and an exit port for tests.
 */
#include <time.h>

#include "../vm.h"
#include "devices.h"

#define PM_TIMER_HZ 3579545ull

static void end(struct platform *pf, int ending)
{
	pf->ops->end(pf->ops->context, ending);
}

static uint8_t bcd(int v)
{
	return (uint8_t)(v / 10 << 4 | v % 10);
}

static uint8_t cmos_read(struct platform *pf)
{
	time_t now = (time_t)(pf->ops->now_ns(pf->ops->context) / 1000000000);
	struct tm t;

	gmtime_r(&now, &t);
	switch (pf->cmos_index & 0x7f) {
	case 0x00: return bcd(t.tm_sec);
	case 0x02: return bcd(t.tm_min);
	case 0x04: return bcd(t.tm_hour);
	case 0x06: return bcd(t.tm_wday + 1);
	case 0x07: return bcd(t.tm_mday);
	case 0x08: return bcd(t.tm_mon + 1);
	case 0x09: return bcd(t.tm_year % 100);
	case 0x32: return bcd(19 + t.tm_year / 100);
	case 0x0a: return 0x26;
	case 0x0b: return 0x02;		/* 24 hours, BCD */
	case 0x0d: return 0x80;		/* the battery is good */
	default: return 0;
	}
}

static uint32_t cmos_in(void *device, unsigned int offset, unsigned int size)
{
	(void)size;
	return offset ? cmos_read(device) : 0xff;
}

static void cmos_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	(void)size;
	if (!offset)
		((struct platform *)device)->cmos_index = (uint8_t)value;
}

/* No keyboard: self-test and port tests fail, so that Linux gives up at once; 0xfe resets. */
static uint32_t i8042_in(void *device, unsigned int offset, unsigned int size)
{
	(void)device;
	(void)size;
	return offset == 4 ? 0 : 0xff;
}

static void i8042_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	(void)size;
	if (offset == 4 && (value & 0xff) == 0xfe)
		end(device, END_RESET);
}

static uint32_t reset_in(void *device, unsigned int offset, unsigned int size)
{
	(void)offset;
	(void)size;
	return ((struct platform *)device)->reset;
}

static void reset_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	struct platform *pf = device;

	(void)offset;
	(void)size;
	pf->reset = value & 0xff & ~4u;
	if (value & 4)
		end(pf, END_RESET);
}

static uint32_t pm_in(void *device, unsigned int offset, unsigned int size)
{
	struct platform *pf = device;
	uint64_t ns;

	(void)size;
	switch (offset) {
	case 0: return pf->pm1_status;
	case 2: return pf->pm1_enable;
	case 4: return pf->pm1_control | 1;	/* SCI_EN: ACPI mode is the only one */
	case 8:
		ns = pf->ops->now_ns(pf->ops->context);
		return (uint32_t)(ns / 1000000000 * PM_TIMER_HZ + ns % 1000000000 * PM_TIMER_HZ / 1000000000);
	default: return 0;
	}
}

static void pm_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	struct platform *pf = device;

	(void)size;
	switch (offset) {
	case 0: pf->pm1_status &= (uint16_t)~value; break;
	case 2: pf->pm1_enable = (uint16_t)value; break;
	case 4:
		pf->pm1_control = value & 0x1c01;
		if (value & 1 << 13 && (value >> 10 & 7) == 5)
			end(pf, END_POWEROFF);
		break;
	}
}

static uint32_t pvpanic_in(void *device, unsigned int offset, unsigned int size)
{
	(void)device;
	(void)offset;
	(void)size;
	return 1;
}

static void pvpanic_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	(void)offset;
	(void)size;
	if (value & 1)
		end(device, END_PANIC);
}

static void debug_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	(void)offset;
	(void)size;
	end(device, END_DEBUG | (value & 0xff));
}

void platform_init(struct platform *platform, const struct machine_ops *ops)
{
	*platform = (struct platform){ .ops = ops };
	/* gmtime_r() would read the zone later, when no file may be opened any more. */
	tzset();
}

bool platform_attach(struct bus *bus, struct platform *pf)
{
	return bus_add(bus, (struct port_range){ 0x70, 2, cmos_in, cmos_out, pf }) &&
	       bus_add(bus, (struct port_range){ 0x60, 5, i8042_in, i8042_out, pf }) &&
	       bus_add(bus, (struct port_range){ PORT_RESET, 1, reset_in, reset_out, pf }) &&
	       bus_add(bus, (struct port_range){ PORT_PM1_EVENT, 12, pm_in, pm_out, pf }) &&
	       bus_add(bus, (struct port_range){ PORT_PVPANIC, 1, pvpanic_in, pvpanic_out, pf }) &&
	       bus_add(bus, (struct port_range){ PORT_DEBUG_EXIT, 1, pvpanic_in, debug_out, pf });
}
