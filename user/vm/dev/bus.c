// SPDX-License-Identifier: GPL-2.0
/* Ports to devices; ranges never overlap. */
#include <string.h>

#include "devices.h"

bool bus_add(struct bus *bus, struct port_range range)
{
	unsigned int i;

	if (bus->nr_ranges == sizeof(bus->ranges) / sizeof(bus->ranges[0]))
		return false;
	for (i = 0; i < bus->nr_ranges; i++)
		if (range.first < bus->ranges[i].first + bus->ranges[i].count &&
		    bus->ranges[i].first < range.first + range.count)
			return false;
	bus->ranges[bus->nr_ranges++] = range;
	return true;
}

void bus_io(const struct bus *bus, uint16_t port, bool out, unsigned int size, unsigned int count, uint8_t *data)
{
	const struct port_range *r = NULL;
	unsigned int i;

	for (i = 0; i < bus->nr_ranges; i++)
		if (port >= bus->ranges[i].first && port - bus->ranges[i].first < bus->ranges[i].count)
			r = &bus->ranges[i];
	for (; count; count--, data += size) {
		uint32_t value = ~0u;

		if (out) {
			value = 0;
			memcpy(&value, data, size);
			if (r)
				r->out(r->device, port - r->first, size, value);
		} else {
			if (r)
				value = r->in(r->device, port - r->first, size);
			memcpy(data, &value, size);
		}
	}
}
