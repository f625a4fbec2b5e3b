/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parts of underpin-vm share: errors, guest memory, the kernel's file and
 * the plan of guest memory. Nothing here knows KVM; kvm.h does. Next: layout.c.
 */
#ifndef UNDERPIN_VM_H
#define UNDERPIN_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIB 1024ull
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* How underpin-vm ends; docs/vm.md has the table. */
enum ending {
	END_POWEROFF = 0, END_FAILED = 1, END_USAGE = 2, END_RESET = 10, END_PANIC = 11,
	END_TRIPLE_FAULT = 12, END_TIMEOUT = 13, END_QUIT = 14, END_UNKNOWN_EXIT = 15,
	END_DEBUG = 0x100,	/* or'ed with the byte written to port 0xf4: status is byte << 1 | 1 */
};

/* One problem, said once: what is wrong and what to do. */
struct problem {
	char text[600];
};

/* Fill *p (the first one wins) and answer false. */
bool problem(struct problem *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

enum boot_mode { BOOT_AUTO, BOOT_LINUX32, BOOT_LINUX64, BOOT_PVH, BOOT_MULTIBOOT, BOOT_MULTIBOOT2 };
enum image_format { IMAGE_UNKNOWN, IMAGE_BZIMAGE, IMAGE_ELF, IMAGE_MULTIBOOT, IMAGE_MULTIBOOT2, IMAGE_ISO };

struct segment {
	uint64_t paddr, filesz, memsz, offset;	/* offset into image->data */
};

/* A kernel's file as the loaders understood it; data stays the caller's. */
struct image {
	const char *name;
	const uint8_t *data;
	size_t size;
	enum image_format format;
	struct segment segments[16];
	unsigned int nr_segments;
	uint64_t entry;			/* ELF, Multiboot */
	uint32_t pvh_entry;		/* 0: none */
	/* bzImage: boot.rst */
	unsigned int protocol, setup_size, header_size;
	uint64_t pref_address, alignment, init_size, initrd_max, cmdline_max;
	uint64_t load;			/* of the protected-mode part */
	bool relocatable, entry64, above_4g;
	uint32_t payload_offset, payload_size;
	/* Multiboot */
	uint32_t multiboot_flags;
};

/* By content, never by name; IMAGE_UNKNOWN if it is nothing that boots. */
enum image_format image_identify(const uint8_t *data, size_t size);
/* Parse as what image_identify() says. */
bool image_parse(struct image *image, const char *name, const uint8_t *data, size_t size, struct problem *p);
bool bzimage_parse(struct image *image, struct problem *p);
bool elf_parse(struct image *image, struct problem *p);
bool multiboot_parse(struct image *image, struct problem *p);
/* The vmlinux inside of a bzImage, allocated; at most PAYLOAD_MAX bytes. */
#define PAYLOAD_MAX (512 * MIB)
bool payload_extract(const struct image *image, uint8_t **vmlinux, size_t *size, struct problem *p);

/* --- the plan --- */
#define AT_ZERO_PAGE 0x1000u
#define AT_PARAMS 0x10000u
#define AT_CMDLINE 0x20000u
#define AT_PAGE_TABLES 0x30000u
#define PAGE_TABLES_SIZE 0x6000u
#define AT_GDT 0x38000u
#define AT_EBDA 0x9fc00u
#define AT_VGA 0xa0000u
#define AT_BIOS 0xf0000u
#define AT_MP_TABLE 0xf8000u
#define AT_KERNEL 0x100000u
#define LOW_TOP 0xc0000000ull		/* RAM below; devices between here and 4 GiB */
#define AT_PCI_WINDOW 0xd0000000ull
#define AT_HIGH 0x100000000ull
#define MAX_SPANS 40
#define MAX_CPUS 32
#define RAM_MAX (1024 * GIB)

enum span_kind { SPAN_RAM, SPAN_RESERVED, SPAN_HOLE, SPAN_USED };

struct span {
	uint64_t start, size;
	const char *owner;
	enum span_kind kind;
};

struct request {
	enum boot_mode mode;
	uint64_t ram;			/* bytes; 0: what the kernel needs, at least 256 MiB */
	unsigned int cpus;
	uint64_t load, initrd_at;	/* 0: computed */
	uint64_t initrd_size;
	const char *cmdline;
};

struct plan {
	enum boot_mode mode;
	uint64_t ram, low, high;
	unsigned int cpus;
	uint64_t load, runtime, runtime_size, entry;
	uint64_t initrd, initrd_size;
	const char *cmdline;
	struct span spans[MAX_SPANS];	/* by start */
	unsigned int nr_spans;
};

/* One pure function decides all: where everything lies, or why it does not fit. */
bool plan_make(struct plan *plan, const struct image *image, const struct request *request, struct problem *p);
/* JSON: what --dump-layout prints. The text is allocated. */
char *plan_json(const struct plan *plan);
const char *boot_mode_name(enum boot_mode mode);

struct e820 {
	uint64_t start, size;
	uint32_t type;			/* 1 RAM, 2 reserved */
};
#define E820_MAX 8
unsigned int plan_e820(const struct plan *plan, struct e820 map[E820_MAX]);

/* --- guest memory: banks with one owner --- */
struct ram {
	struct bank { uint64_t gpa, size; uint8_t *host; } banks[4];
	unsigned int nr_banks;
};
bool ram_create(struct ram *ram, const struct plan *plan, struct problem *p);
bool ram_add(struct ram *ram, uint64_t gpa, uint64_t size, struct problem *p);
void ram_destroy(struct ram *ram);
/* The host's address of [gpa, gpa+size) in one bank, or NULL. */
void *ram_at(const struct ram *ram, uint64_t gpa, uint64_t size);

/* Kernel, initrd, parameters and tables into memory, as planned. */
bool boot_load(const struct ram *ram, const struct plan *plan, const struct image *image,
	       const uint8_t *initrd, struct problem *p);
void tables_write(uint8_t *bios, uint8_t *ebda, unsigned int cpus);
#define AT_RSDP AT_BIOS

/* Registers at the first instruction, for kvm.c to set. */
struct entry_state {
	uint64_t rip, rsi, rbx, rax, cr0, cr3, cr4, efer;
	bool long_mode, pvh;
};
void boot_entry(const struct plan *plan, struct entry_state *entry);

/* --- page walk --- */
struct walk_state {
	uint64_t cr0, cr3, cr4, efer;
};
struct walk {
	uint64_t gpa, page_size;
	unsigned int levels;
	uint64_t entries[5], tables[5];
	bool write, user, nx;
};
/* SDM vol. 3, 4.3-4.5. False: *levels says where it ended. */
bool page_walk(const struct ram *ram, const struct walk_state *state, uint64_t gva, struct walk *walk);

#endif
