// SPDX-License-Identifier: GPL-2.0
/*
 * ACPI 6.3 tables (RSDP, XSDT, FADT, MADT, DSDT) and Intel's MP 1.4 tables: CPUs, one
 * IOAPIC, PM1 and PM timer ports, S5. dev/platform.c answers the ports.
 */
#include <string.h>

#include "vm.h"
#include "dev/devices.h"

struct acpi_writer {
	uint8_t *base;
	uint32_t used;
};

static void checksum(uint8_t *table, uint32_t size, uint32_t at)
{
	uint8_t sum = 0;
	uint32_t i;

	table[at] = 0;
	for (i = 0; i < size; i++)
		sum += table[i];
	table[at] = (uint8_t)-sum;
}

static void put(uint8_t *to, uint64_t value, unsigned int bytes)
{
	memcpy(to, &value, bytes);
}

/* A table of size bytes with its header; its guest address. The checksum comes last. */
static uint8_t *table_begin(struct acpi_writer *w, const char *signature, uint32_t size, uint8_t revision)
{
	uint8_t *t = w->base + w->used;

	memset(t, 0, size);
	memcpy(t, signature, 4);
	put(t + 4, size, 4);
	t[8] = revision;
	memcpy(t + 10, "UNDERPUNDERPVM", 14);
	put(t + 24, 1, 4);
	memcpy(t + 28, "UNDP", 4);
	put(t + 32, 1, 4);
	w->used += (size + 15) & ~15u;
	return t;
}

static uint32_t address(const struct acpi_writer *w, const uint8_t *t)
{
	return AT_BIOS + (uint32_t)(t - w->base);
}

/* One port block as the 32-bit field at `block` and the generic address at `gas`. */
static void fadt_ports(uint8_t *t, unsigned int block, unsigned int gas, unsigned int length_at, uint16_t port, uint8_t bytes)
{
	put(t + block, port, 4);
	t[length_at] = bytes;
	t[gas] = 1;
	t[gas + 1] = bytes * 8;
	put(t + gas + 4, port, 8);
}

static uint8_t *write_fadt(struct acpi_writer *w, uint32_t dsdt)
{
	uint8_t *t = table_begin(w, "FACP", 276, 6);

	put(t + 40, dsdt, 4);
	put(t + 46, 9, 2);			/* SCI */
	fadt_ports(t, 56, 148, 88, PORT_PM1_EVENT, 4);
	fadt_ports(t, 64, 172, 89, PORT_PM1_CONTROL, 2);
	fadt_ports(t, 76, 208, 91, PORT_PM_TIMER, 4);
	put(t + 96, 0xffff, 2);			/* no C2, no C3 */
	put(t + 98, 0xffff, 2);
	t[108] = 0x32;				/* century in the RTC */
	put(t + 109, 1 << 0 | 1 << 2, 2);	/* legacy devices, no VGA; without an 8042 nobody waits for its answers */
	/* WBINVD, C1, no buttons, 32-bit timer, reset register */
	put(t + 112, 1 << 0 | 1 << 2 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 10, 4);
	t[116] = 1;
	t[117] = 8;
	put(t + 120, PORT_RESET, 8);
	t[128] = 6;
	put(t + 140, dsdt, 8);
	checksum(t, 276, 9);
	return t;
}

static uint8_t *write_madt(struct acpi_writer *w, unsigned int cpus)
{
	uint32_t size = 44 + 8 * cpus + 12 + 2 * 10;
	uint8_t *t = table_begin(w, "APIC", size, 4), *e = t + 44;
	unsigned int i;

	put(t + 36, 0xfee00000, 4);
	put(t + 40, 1, 4);
	for (i = 0; i < cpus; i++, e += 8)
		memcpy(e, (uint8_t[8]){ 0, 8, (uint8_t)i, (uint8_t)i, 1 }, 8);
	memcpy(e, (uint8_t[12]){ 1, 12, 0, 0, 0, 0, 0xc0, 0xfe }, 12);
	memcpy(e + 12, (uint8_t[10]){ 2, 10, 0, 0, 2 }, 10);			/* the PIT is on pin 2 */
	memcpy(e + 22, (uint8_t[10]){ 2, 10, 0, 9, 9, 0, 0, 0, 0xd }, 10);	/* SCI: level, high */
	checksum(t, size, 9);
	return t;
}

#include "dev/dsdt.h"

static void write_acpi(uint8_t *bios, unsigned int cpus)
{
	struct acpi_writer w = { bios, 0x40 };
	uint8_t *dsdt, *fadt, *madt, *xsdt;

	dsdt = table_begin(&w, "DSDT", 36 + sizeof(aml), 2);
	memcpy(dsdt + 36, aml, sizeof(aml));
	checksum(dsdt, 36 + sizeof(aml), 9);
	fadt = write_fadt(&w, address(&w, dsdt));
	madt = write_madt(&w, cpus);
	xsdt = table_begin(&w, "XSDT", 36 + 16, 1);
	put(xsdt + 36, address(&w, fadt), 8);
	put(xsdt + 44, address(&w, madt), 8);
	checksum(xsdt, 36 + 16, 9);
	memset(bios, 0, 36);
	memcpy(bios, "RSD PTR ", 8);
	memcpy(bios + 9, "UNDERP", 6);
	bios[15] = 2;
	put(bios + 20, 36, 4);
	put(bios + 24, address(&w, xsdt), 8);
	checksum(bios, 20, 8);
	checksum(bios, 36, 32);
}

static void write_mp(uint8_t *ebda, uint8_t *mp, unsigned int cpus)
{
	uint32_t size = 44 + 20 * cpus + 8 * (1 + 1 + 16 + 2);
	uint8_t *e = mp + 44;
	unsigned int i;

	memset(mp, 0, size);
	memcpy(mp, "PCMP", 4);
	put(mp + 4, size, 2);
	mp[6] = 4;
	memcpy(mp + 8, "UNDERPINvm          ", 20);
	put(mp + 34, cpus + 20, 2);
	put(mp + 36, 0xfee00000, 4);
	for (i = 0; i < cpus; i++, e += 20)
		memcpy(e, (uint8_t[12]){ 0, (uint8_t)i, 0x14, i ? 1 : 3, 0, 6 }, 12);
	memcpy(e, "\1\0ISA   ", 8);
	memcpy(e + 8, (uint8_t[8]){ 2, 0, 0x11, 1, 0, 0, 0xc0, 0xfe }, 8);
	for (i = 0, e += 16; i < 16; i++, e += 8)	/* IRQ 0 comes in at pin 2, the cascade has none */
		memcpy(e, (uint8_t[8]){ 3, i == 2 ? 3 : 0, 0, 0, 0, (uint8_t)(i == 2 ? 0 : i), 0, (uint8_t)(i ? i == 2 ? 0 : i : 2) }, 8);
	memcpy(e, (uint8_t[8]){ 4, 3, 0, 0, 0, 0, 0xff, 0 }, 8);
	memcpy(e + 8, (uint8_t[8]){ 4, 1, 0, 0, 0, 0, 0xff, 1 }, 8);
	checksum(mp, size, 7);
	memset(ebda, 0, 16);
	memcpy(ebda, "_MP_", 4);
	put(ebda + 4, AT_MP_TABLE, 4);
	ebda[8] = 1;
	ebda[9] = 4;
	checksum(ebda, 16, 10);
}

void tables_write(uint8_t *bios, uint8_t *ebda, unsigned int cpus)
{
	write_acpi(bios, cpus);
	write_mp(ebda, bios + (AT_MP_TABLE - AT_BIOS), cpus);
}
