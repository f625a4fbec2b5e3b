// SPDX-License-Identifier: GPL-2.0
/* Configuration mechanism 1 (PCI 3.0, 3.2.2.3), one memory BAR and INTA a device. */
#include <string.h>

#include "virtio.h"

#define PORT_ADDRESS 0xcf8
#define PORT_DATA 0xcfc
#define ENABLE (1u << 31)
#define COMMAND 0x04
#define COMMAND_MEMORY 2
#define COMMAND_NO_INTX 0x400
#define STATUS 0x06
#define STATUS_INTERRUPT 8
#define BAR0 0x10
#define INTERRUPT_LINE 0x3c
#define INTERRUPT_PIN 0x3d

static uint32_t get(const uint8_t *config, unsigned int at, unsigned int size)
{
	uint32_t value = 0;

	memcpy(&value, config + at, size);
	return value;
}

static void put(uint8_t *config, unsigned int at, uint32_t value, unsigned int size)
{
	memcpy(config + at, &value, size);
}

static void set_line(struct pci *pci, struct pci_device *d)
{
	bool line = d->pending && !(get(d->config, COMMAND, 2) & COMMAND_NO_INTX);

	d->config[STATUS] = (uint8_t)((d->config[STATUS] & ~STATUS_INTERRUPT) | (d->pending ? STATUS_INTERRUPT : 0));
	if (line == d->line)
		return;
	d->line = line;
	pci->ops->irq(pci->ops->context, PCI_IRQ(d->slot), line);
}

void pci_irq(struct pci *pci, struct pci_device *device, bool pending)
{
	device->pending = pending;
	set_line(pci, device);
}

/* The device that the address register means, or NULL. */
static struct pci_device *addressed(const struct pci *pci)
{
	if (!(pci->address & ENABLE) || pci->address >> 16 & 0xff || pci->address >> 8 & 7)
		return NULL;
	return pci->address >> 11 & 0x1f & ~(PCI_SLOTS - 1) ? NULL : pci->slots[pci->address >> 11 & 0x1f];
}

static uint32_t address_in(void *device, unsigned int offset, unsigned int size)
{
	(void)offset;
	return size == 4 ? ((struct pci *)device)->address : ~0u;
}

static void address_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	(void)offset;
	if (size == 4)
		((struct pci *)device)->address = value;
}

static uint32_t data_in(void *device, unsigned int offset, unsigned int size)
{
	struct pci *pci = device;
	const struct pci_device *d = addressed(pci);

	return d && offset + size <= 4 ? get(d->config, (pci->address & 0xfc) + offset, size) : ~0u;
}

static void data_out(void *device, unsigned int offset, unsigned int size, uint32_t value)
{
	struct pci *pci = device;
	struct pci_device *d = addressed(pci);
	unsigned int i, at = (pci->address & 0xfc) + offset;

	if (!d || offset + size > 4)
		return;
	for (i = 0; i < size; i++, value >>= 8)
		d->config[at + i] = (uint8_t)((d->config[at + i] & ~d->writable[at + i]) | (value & d->writable[at + i]));
	set_line(pci, d);
}

bool pci_mmio(struct pci *pci, uint64_t gpa, bool write, unsigned int size, uint8_t *data)
{
	unsigned int i;

	for (i = 1; i < PCI_SLOTS; i++) {
		struct pci_device *d = pci->slots[i];
		uint64_t bar = d ? get(d->config, BAR0, 4) & ~0xfu : 0;

		if (!d || !(d->config[COMMAND] & COMMAND_MEMORY) || gpa < bar || gpa - bar + size > PCI_BAR_SIZE)
			continue;
		d->access(d->device, (unsigned int)(gpa - bar), write, size, data);
		return true;
	}
	return false;
}

bool pci_add(struct pci *pci, struct pci_device *device)
{
	unsigned int slot;

	for (slot = 1; slot < PCI_SLOTS && pci->slots[slot]; slot++)
		;
	if (slot == PCI_SLOTS)
		return false;
	device->slot = slot;
	put(device->config, BAR0, PCI_BAR(slot), 4);
	put(device->config, COMMAND, COMMAND_MEMORY, 2);
	device->config[INTERRUPT_PIN] = 1;
	device->config[INTERRUPT_LINE] = PCI_IRQ(slot);
	put(device->writable, COMMAND, COMMAND_MEMORY | 4 | COMMAND_NO_INTX, 2);
	put(device->writable, BAR0, ~(PCI_BAR_SIZE - 1), 4);
	device->writable[INTERRUPT_LINE] = 0xff;
	pci->slots[slot] = device;
	return true;
}

void pci_init(struct pci *pci, const struct machine_ops *ops)
{
	*pci = (struct pci){ .ops = ops };
	put(pci->bridge.config, 0, 0x00081b36, 4);	/* a host bridge, by which Linux believes that there is a bus */
	put(pci->bridge.config, 8, 0x06000000, 4);
	pci->slots[0] = &pci->bridge;
}

bool pci_attach(struct bus *bus, struct pci *pci)
{
	/* Between the two is the reset control register, a byte at 0xcf9. */
	return bus_add(bus, (struct port_range){ PORT_ADDRESS, 1, address_in, address_out, pci }) &&
	       bus_add(bus, (struct port_range){ PORT_DATA, 4, data_in, data_out, pci });
}
