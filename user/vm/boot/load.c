// SPDX-License-Identifier: GPL-2.0
/*
 * Writes guest memory as planned: kernel, initrd, and what each boot protocol hands
 * over (boot.rst; Xen's hvm_start_info; Multiboot 3.3; Multiboot2 3.6). Next: tables.c.
 */
#include <asm/bootparam.h>
#include <string.h>
#include <sys/random.h>

#include "../vm.h"

#define LOADER_NAME "underpin-vm"

/* Flat segments where the protocols want them: CS 0x10, the others 0x18. Linux reads none of them for long. */
static void write_gdt(uint64_t *gdt, bool long_mode)
{
	gdt[0] = gdt[1] = 0;
	gdt[2] = long_mode ? 0x00af9b000000ffffull : 0x00cf9b000000ffffull;
	gdt[3] = 0x00cf93000000ffffull;
}

/* 0 to 4 GiB by 2 MiB pages: one PML4, one PDPT, four directories. */
static void write_page_tables(uint64_t *table)
{
	unsigned int i;

	table[0] = (AT_PAGE_TABLES + 0x1000) | 3;
	for (i = 0; i < 4; i++)
		table[512 + i] = (AT_PAGE_TABLES + 0x2000 + i * 0x1000) | 3;
	for (i = 0; i < 4 * 512; i++)
		table[1024 + i] = (uint64_t)i << 21 | 0x83;
}

static void write_boot_params(struct boot_params *bp, const struct plan *plan, const struct image *image)
{
	struct { struct setup_data head; uint8_t seed[32]; } *seed = (void *)((uint8_t *)bp + 0x2000);
	struct e820 map[E820_MAX];
	unsigned int i, n = plan_e820(plan, map);

	memset(bp, 0, sizeof(*bp));
	if (image->format == IMAGE_BZIMAGE) {
		memcpy(&bp->hdr, image->data + 0x1f1, image->header_size < sizeof(bp->hdr) ? image->header_size : sizeof(bp->hdr));
	} else {
		bp->hdr.boot_flag = 0xaa55;
		bp->hdr.header = 0x53726448;
		bp->hdr.version = 0x020c;
		bp->hdr.loadflags = LOADED_HIGH;
		bp->hdr.kernel_alignment = 0x200000;
	}
	bp->hdr.type_of_loader = 0xff;
	bp->hdr.code32_start = (uint32_t)plan->load;
	bp->hdr.vid_mode = 0xffff;
	bp->hdr.cmd_line_ptr = AT_CMDLINE;
	bp->hdr.ramdisk_image = (uint32_t)plan->initrd;
	bp->ext_ramdisk_image = (uint32_t)(plan->initrd >> 32);
	bp->hdr.ramdisk_size = (uint32_t)plan->initrd_size;
	bp->ext_ramdisk_size = (uint32_t)(plan->initrd_size >> 32);
	bp->acpi_rsdp_addr = AT_RSDP;
	for (i = 0; i < n; i++)
		bp->e820_table[i] = (struct boot_e820_entry){ map[i].start, map[i].size, map[i].type };
	bp->e820_entries = (uint8_t)n;
	if (getrandom(seed->seed, sizeof(seed->seed), 0) == sizeof(seed->seed)) {
		seed->head = (struct setup_data){ .type = SETUP_RNG_SEED, .len = sizeof(seed->seed) };
		bp->hdr.setup_data = AT_PARAMS + 0x2000;
	}
}

static void write_pvh(uint8_t *at, const struct plan *plan)
{
	struct {
		uint32_t magic, version, flags, nr_modules;
		uint64_t modules, cmdline, rsdp, memmap;
		uint32_t memmap_entries, reserved;
	} *info = (void *)at;
	struct { uint64_t paddr, size, cmdline, reserved; } *module = (void *)(at + 0x100);
	struct { uint64_t addr, size; uint32_t type, reserved; } *map = (void *)(at + 0x200);
	struct e820 e820[E820_MAX];
	unsigned int i, n = plan_e820(plan, e820);

	memset(at, 0, 0x1000);
	*module = (typeof(*module)){ plan->initrd, plan->initrd_size, 0, 0 };
	for (i = 0; i < n; i++)
		map[i] = (typeof(*map)){ e820[i].start, e820[i].size, e820[i].type, 0 };
	*info = (typeof(*info)){ 0x336ec578, 1, 0, plan->initrd_size != 0, AT_PARAMS + 0x100, AT_CMDLINE, AT_RSDP,
				 AT_PARAMS + 0x200, n, 0 };
}

static void write_multiboot1(uint8_t *at, const struct plan *plan)
{
	uint32_t *info = (void *)at, *module = (void *)(at + 0x100);
	struct { uint32_t size; uint64_t start, length; uint32_t type; } __attribute__((packed)) *map = (void *)(at + 0x200);
	struct e820 e820[E820_MAX];
	unsigned int i, n = plan_e820(plan, e820);

	memset(at, 0, 0x1000);
	info[0] = 1u << 0 | 1u << 2 | 1u << 3 | 1u << 6 | 1u << 9;
	info[1] = AT_EBDA / 1024;
	info[2] = (uint32_t)((plan->low - AT_KERNEL) / 1024);
	info[4] = AT_CMDLINE;
	info[5] = plan->initrd_size != 0;
	info[6] = AT_PARAMS + 0x100;
	module[0] = (uint32_t)plan->initrd;
	module[1] = (uint32_t)(plan->initrd + plan->initrd_size);
	module[2] = AT_PARAMS + 0x400 - 1;	/* an empty string */
	for (i = 0; i < n; i++)
		map[i] = (typeof(*map)){ 20, e820[i].start, e820[i].size, e820[i].type };
	info[11] = n * 24;
	info[12] = AT_PARAMS + 0x200;
	info[16] = AT_PARAMS + 0x400;
	strcpy((char *)at + 0x400, LOADER_NAME);
}

/* A tag at *at, filled with head and text; tags are 8-aligned. */
static uint8_t *put_tag(uint8_t **at, uint32_t type, uint32_t payload)
{
	uint32_t head[2] = { type, payload + 8 };
	uint8_t *body = *at + 8;

	memcpy(*at, head, 8);
	*at += (payload + 8 + 7) & ~7u;
	return body;
}

static void write_multiboot2(uint8_t *start, const struct plan *plan, const uint8_t *rsdp)
{
	struct e820 e820[E820_MAX];
	unsigned int i, n = plan_e820(plan, e820);
	uint32_t length = (uint32_t)strlen(plan->cmdline) + 1;
	uint32_t meminfo[2] = { AT_EBDA / 1024, (uint32_t)((plan->low - AT_KERNEL) / 1024) };
	uint32_t module[2] = { (uint32_t)plan->initrd, (uint32_t)(plan->initrd + plan->initrd_size) };
	uint32_t format[2] = { 24, 0 }, total[2] = { 0, 0 };
	uint8_t *at = start + 8, *body;

	memset(start, 0, 0x1000);
	memcpy(put_tag(&at, 1, length), plan->cmdline, length);
	memcpy(put_tag(&at, 2, sizeof(LOADER_NAME)), LOADER_NAME, sizeof(LOADER_NAME));
	if (plan->initrd_size)
		memcpy(put_tag(&at, 3, 9), module, 8);
	memcpy(put_tag(&at, 4, 8), meminfo, 8);
	body = put_tag(&at, 6, 8 + 24 * n);
	memcpy(body, format, 8);
	for (i = 0; i < n; i++) {
		memcpy(body + 8 + 24 * i, &e820[i].start, 8);
		memcpy(body + 16 + 24 * i, &e820[i].size, 8);
		memcpy(body + 24 + 24 * i, &e820[i].type, 4);
	}
	memcpy(put_tag(&at, 15, 36), rsdp, 36);
	put_tag(&at, 0, 0);
	total[0] = (uint32_t)(at - start);
	memcpy(start, total, 8);
}

bool boot_load(const struct ram *ram, const struct plan *plan, const struct image *image, const uint8_t *initrd, struct problem *p)
{
	uint8_t *low = ram_at(ram, 0, AT_KERNEL), *to;
	uint16_t ebda = AT_EBDA >> 4;
	unsigned int i;

	for (i = 0; i < image->nr_segments; i++) {
		const struct segment *s = &image->segments[i];
		uint64_t at = image->format == IMAGE_BZIMAGE ? plan->load : s->paddr;

		to = ram_at(ram, at, s->memsz);
		if (!to)
			return problem(p, "%s: a segment at 0x%llx is not in RAM", image->name, (unsigned long long)at);
		memcpy(to, image->data + s->offset, s->filesz);
	}
	if (plan->initrd_size) {
		to = ram_at(ram, plan->initrd, plan->initrd_size);
		if (!to)
			return problem(p, "initrd: 0x%llx is not in RAM", (unsigned long long)plan->initrd);
		memcpy(to, initrd, plan->initrd_size);
	}
	memcpy(low + 0x40e, &ebda, 2);
	memcpy(low + AT_CMDLINE, plan->cmdline, strlen(plan->cmdline) + 1);
	tables_write(low + AT_BIOS, low + AT_EBDA, plan->cpus);
	write_gdt((void *)(low + AT_GDT), plan->mode == BOOT_LINUX64);
	switch (plan->mode) {
	case BOOT_LINUX64:
		write_page_tables((void *)(low + AT_PAGE_TABLES));
		/* fall through */
	case BOOT_LINUX32:
		write_boot_params((void *)(low + AT_PARAMS), plan, image);
		break;
	case BOOT_PVH: write_pvh(low + AT_PARAMS, plan); break;
	case BOOT_MULTIBOOT: write_multiboot1(low + AT_PARAMS, plan); break;
	default: write_multiboot2(low + AT_PARAMS, plan, low + AT_RSDP); break;
	}
	return true;
}

void boot_entry(const struct plan *plan, struct entry_state *entry)
{
	*entry = (struct entry_state){ .rip = plan->entry, .cr0 = 0x11 };
	switch (plan->mode) {
	case BOOT_LINUX64:
		*entry = (struct entry_state){
			.rip = plan->entry, .rsi = AT_PARAMS, .cr0 = 0x80050033, .cr3 = AT_PAGE_TABLES, .cr4 = 0x20,
			.efer = 0x500, .long_mode = true,
		};
		break;
	case BOOT_LINUX32: entry->rsi = AT_PARAMS; break;
	case BOOT_PVH: entry->rbx = AT_PARAMS; entry->pvh = true; break;
	case BOOT_MULTIBOOT: entry->rax = 0x2badb002; entry->rbx = AT_PARAMS; break;
	default: entry->rax = 0x36d76289; entry->rbx = AT_PARAMS; break;
	}
}
