// SPDX-License-Identifier: MIT
/* The plan, capacity checks and what is written: BOOT.md 1.2-1.6; L1-L9, L14, L15, D1, D7. */
#include <asm/bootparam.h>

#include "../vm.h"
#include "../dev/devices.h"
#include "tap.h"

static struct image debian(void)
{
	static uint8_t file[0x10000];
	struct setup_header *h = (void *)(file + 0x1f1);
	unsigned int i;

	for (i = 0; i < 0x7b; i++)	/* nothing of it is like anything else */
		file[0x1f1 + i] = (uint8_t)(i * 7 + 1);
	file[0x201] = 0x6a;
	h->boot_flag = 0xaa55;
	h->header = 0x53726448;
	h->version = 0x20f;
	h->loadflags = LOADED_HIGH;
	h->cmdline_size = 2047;
	return (struct image){
		.name = "debian", .data = file, .size = sizeof(file), .format = IMAGE_BZIMAGE, .setup_size = 2048, .header_size = 0x7b,
		.load = 0x100000, .pref_address = 0x1000000, .alignment = 0x200000, .init_size = 0x3f98000,
		.initrd_max = 0x7fffffff, .cmdline_max = 2047, .relocatable = true, .entry64 = true, .nr_segments = 1,
		.segments = { { 0x100000, sizeof(file) - 2048, sizeof(file) - 2048, 2048 } },
	};
}

static bool plan_of(struct plan *plan, uint64_t ram, uint64_t initrd, struct problem *p)
{
	struct image image = debian();
	struct request request = { .ram = ram, .initrd_size = initrd, .cmdline = "quiet" };

	p->text[0] = 0;
	return plan_make(plan, &image, &request, p);
}

/* L14: RAM x initrd; what fits lies in RAM and overlaps nothing, by a second way of counting. */
static bool sound(const struct plan *plan)
{
	unsigned int i, j;

	for (i = 0; i < plan->nr_spans; i++)
		for (j = 0; j < i; j++) {
			const struct span *a = &plan->spans[i], *b = &plan->spans[j];

			if (a->kind != SPAN_RAM && b->kind != SPAN_RAM && a->start < b->start + b->size && b->start < a->start + a->size)
				return false;
		}
	return (!plan->initrd_size || (plan->initrd >= plan->runtime + plan->runtime_size &&
				       plan->initrd + plan->initrd_size <= plan->low && !(plan->initrd & 0xfff)));
}

static void capacity(void)
{
	static const struct { uint64_t ram, initrd; bool fits; const char *words; } cases[] = {
		{ 16 * MIB, 0, false, "--mem 80" }, { 64 * MIB, 0, false, "--mem 80" }, { 80 * MIB, 0, true, "" },
		{ 79 * MIB, 0, false, "--mem 80" },
		{ 128 * MIB, 41 * MIB, true, "" }, { 120 * MIB, 41 * MIB, false, "--mem 121" }, { 240 * MIB, 41 * MIB, true, "" },
		{ 240 * MIB, GIB, false, "initrd" }, { 3 * GIB, GIB, true, "" }, { 3584 * MIB, GIB, true, "" },
		{ 4 * GIB, 1, true, "" }, { 6 * GIB, GIB, true, "" }, { 4 * GIB, 2 * GIB, false, "initrd" },
		{ 0, 0, true, "" }, { 0, 700 * MIB, true, "" }, { 5000, 0, false, "--mem" }, { 2 * MIB, 0, false, "--mem" },
	};
	struct problem p;
	struct plan plan;
	char what[100];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool fits = plan_of(&plan, cases[i].ram, cases[i].initrd, &p);

		snprintf(what, sizeof(what), "L14: %llu MiB with an initrd of %llu MiB %s", cases[i].ram / MIB + 0ull, cases[i].initrd / MIB + 0ull,
			 cases[i].fits ? "fits" : "is refused");
		if (!ok(fits == cases[i].fits && (!fits || sound(&plan)) && strstr(p.text, cases[i].words), what))
			printf("# %s\n", p.text);
	}
}

static void banks(void)
{
	struct problem p = { "" };
	struct plan plan;
	struct e820 map[E820_MAX];
	struct ram ram;
	uint64_t total = 0;
	unsigned int i, n;

	ok(plan_of(&plan, 6 * GIB, MIB, &p) && plan.low == 3 * GIB && plan.high == 3 * GIB, "L15: 6 GiB are two banks of 3");
	n = plan_e820(&plan, map);
	for (i = 0; i < n; i++) {
		total += map[i].type == 1 ? map[i].size : 0;
		if (map[i].type == 1 && map[i].start < 0x100000 && map[i].start + map[i].size > 0x9fc00)
			break;
	}
	ok(i == n && total == 6 * GIB - (0x100000 - 0x9fc00), "L7, L9: E820 has all of the RAM and none in the hole");
	ok(ram_create(&ram, &plan, &p) && ram_at(&ram, 5 * GIB, 4096) && !ram_at(&ram, 3 * GIB, 1) && !ram_at(&ram, 3 * GIB - 1, 2) &&
	   !ram_at(&ram, ~0ull, 2), "L15: an address is in one bank or in none");
	ok(!((uintptr_t)ram.banks[0].host & (2 * MIB - 1)) && !((uintptr_t)ram.banks[1].host & (2 * MIB - 1)), "L15: banks start where large pages can");
	ok(!ram_add(&ram, 2 * GIB, MIB, &p) && strstr(p.text, "overlaps"), "L15: overlapping banks are refused");
	ram_destroy(&ram);
}

static void placement(void)
{
	struct image image = debian();
	struct request request = { .ram = 3 * GIB, .cmdline = "", .load = 0x40000000 };
	struct problem p = { "" };
	struct plan plan;
	char line[2050];

	ok(plan_make(&plan, &image, &request, &p) && plan.entry == 0x40000200 && plan.runtime == 0x40000000, "D1: high in 3 GiB");
	request.load = 0xb8000000;
	ok(plan_make(&plan, &image, &request, &p), "D1: near the top");
	request.load = 0xbf000000;
	ok(!plan_make(&plan, &image, &request, &p) && strstr(p.text, "give --mem"), "D1: outside of RAM is a clear error");
	p.text[0] = 0;
	request.load = 0x40000001;
	ok(!plan_make(&plan, &image, &request, &p) && strstr(p.text, "aligned"), "D1: not aligned");
	p.text[0] = 0;
	request.load = 0;
	request.initrd_at = 0x0f000000;
	request.initrd_size = 40 * MIB;
	ok(plan_make(&plan, &image, &request, &p) && plan.initrd == 0x0f000000, "L9: the initrd at 0x0f000000 on request");
	request.ram = 256 * MIB;
	ok(!plan_make(&plan, &image, &request, &p) && strstr(p.text, "not RAM"), "L9: not where RAM has ended");
	p.text[0] = 0;
	request.initrd_at = 0x2000000;
	ok(!plan_make(&plan, &image, &request, &p) && strstr(p.text, "overlaps kernel"), "L9: not over the unpacked kernel");
	p.text[0] = 0;
	request.initrd_at = request.initrd_size = 0;
	memset(line, 'x', sizeof(line));
	line[2047] = 0;
	request.cmdline = line;
	ok(plan_make(&plan, &image, &request, &p), "L4: 2047 characters");
	line[2047] = 'x';
	line[2048] = 0;
	ok(!plan_make(&plan, &image, &request, &p) && strstr(p.text, "2048 characters"), "L4: 2048 are refused");
	p.text[0] = 0;
	request.cmdline = "";
	request.mode = BOOT_LINUX64;
	image.entry64 = false;
	ok(!plan_make(&plan, &image, &request, &p) && strstr(p.text, "XLF_KERNEL_64"), "L17: no 64-bit entry without XLF_KERNEL_64");
	p.text[0] = 0;
	request.mode = BOOT_AUTO;
	ok(plan_make(&plan, &image, &request, &p) && plan.mode == BOOT_LINUX32, "L10: then 32-bit is chosen");
}

static uint8_t sum(const uint8_t *at, uint32_t n)
{
	uint8_t s = 0;

	while (n--)
		s += *at++;
	return s;
}

static bool identity(const struct ram *ram)
{
	struct walk_state state = { 0x80050033, AT_PAGE_TABLES, 0x20, 0x500 };
	struct walk walk;
	uint64_t at;

	for (at = 0; at < 4 * GIB; at += 2 * MIB - 4096)
		if (!page_walk(ram, &state, at, &walk) || walk.gpa != at || walk.page_size != 2 * MIB)
			return false;
	return !page_walk(ram, &state, 4 * GIB, &walk);
}

/* L3: all of the file's header but what a boot loader fills in (boot.rst: "write", "modify"). */
static bool header_is_the_file_s(const struct boot_params *bp, const struct image *image)
{
	static const struct { size_t at, size; } ours[] = {
#define FIELD(f) { offsetof(struct setup_header, f), sizeof(((struct setup_header *)0)->f) }
		FIELD(vid_mode), FIELD(type_of_loader), FIELD(code32_start), FIELD(ramdisk_image), FIELD(ramdisk_size),
		FIELD(cmd_line_ptr), FIELD(setup_data),
	};
	struct setup_header expected;
	unsigned int i;

	memcpy(&expected, image->data + 0x1f1, sizeof(expected));
	for (i = 0; i < ARRAY_SIZE(ours); i++)
		memcpy((uint8_t *)&expected + ours[i].at, (const uint8_t *)&bp->hdr + ours[i].at, ours[i].size);
	return !memcmp(&expected, &bp->hdr, sizeof(expected));
}

/* L6: a kernel without MPPARSE counts the MADT's. */
static bool madt_has(const uint8_t *t, uint32_t size, unsigned int cpus)
{
	unsigned int at, enabled = 0, ioapics = 0;

	for (at = 44; at + 2 <= size && t[at + 1]; at += t[at + 1]) {
		enabled += !t[at] && t[at + 3] == enabled && t[at + 4] & 1;
		ioapics += t[at] == 1;
	}
	return at == size && enabled == cpus && ioapics == 1;
}

static bool reserved(const struct plan *plan, uint64_t start, uint64_t size)
{
	struct e820 map[E820_MAX];
	unsigned int n = plan_e820(plan, map);

	while (n--)
		if (map[n].start == start && map[n].size == size && map[n].type == 2)
			return true;
	return false;
}

static void written(void)
{
	static const char *const tables[] = { "FACP", "APIC" };
	struct image image = debian();
	struct request request = { .ram = 128 * MIB, .cpus = 3, .cmdline = "hello", .initrd_size = 5000 };
	static uint8_t initrd[5000] = { 1, 2, 3 };
	struct problem p = { "" };
	struct entry_state entry;
	struct boot_params *bp;
	struct plan plan;
	struct ram ram;
	uint8_t *low, *t;
	uint32_t xsdt, size, i;
	uint64_t at;

	if (!ok(plan_make(&plan, &image, &request, &p) && ram_create(&ram, &plan, &p), "a plan and its memory"))
		return;
	low = ram_at(&ram, 0, MIB);
	ok(boot_load(&ram, &plan, &image, initrd, &p), "loaded");
	bp = (void *)(low + AT_PARAMS);
	boot_entry(&plan, &entry);
	for (i = 0; i < 0x1000 && (!low[i] || i == 0x40e || i == 0x40f); i++)
		;
	ok(i == 0x1000 && low[0x40e] == 0xc0 && low[0x40f] == 0x9f, "L1: page 0 has the EBDA's segment and nothing else");
	for (i = AT_ZERO_PAGE; i < AT_PARAMS && !low[i]; i++)
		;
	ok(i == AT_PARAMS && !(bp->hdr.loadflags & CAN_USE_HEAP), "L2: no heap, and the zero page area is empty");
	ok(entry.rsi == AT_PARAMS && !bp->sentinel && bp->hdr.version == 0x20f && bp->hdr.type_of_loader == 0xff &&
	   bp->acpi_rsdp_addr == AT_RSDP && bp->e820_entries == 5 && bp->hdr.setup_data == AT_PARAMS + 0x2000, "L3: RSI and boot_params");
	ok(header_is_the_file_s(bp, &image), "L3: the rest of the header is the file's");
	ok(bp->hdr.ramdisk_image == plan.initrd && bp->hdr.ramdisk_size == 5000 && !memcmp(ram_at(&ram, plan.initrd, 5000), initrd, 5000), "L9: the initrd");
	ok(!strcmp((char *)low + AT_CMDLINE, "hello") && bp->hdr.cmd_line_ptr == AT_CMDLINE, "L4: the command line");
	ok(entry.cr3 == AT_PAGE_TABLES && entry.rip == 0x100200 && identity(&ram) && !sum(low + 0x36000, 0x2000), "L5: 0 to 4 GiB mapped, nothing behind the tables");
	ok(!memcmp(low + AT_EBDA, "_MP_", 4) && !sum(low + AT_EBDA, 16) && !sum(low + AT_MP_TABLE, low[AT_MP_TABLE + 4] | low[AT_MP_TABLE + 5] << 8), "L6: MP tables");
	ok(low[AT_MP_TABLE + 44 + 3] == 3 && low[AT_MP_TABLE + 64 + 3] == 1 && low[AT_MP_TABLE + 84 + 3] == 1 && low[AT_MP_TABLE + 104] == 1, "L6: three CPUs, the first boots");
	ok(reserved(&plan, AT_EBDA, 0x400) && reserved(&plan, AT_BIOS, 0x10000), "L6, L7: E820 has EBDA and BIOS area as reserved");
	ok(!(AT_RSDP & 15) && AT_RSDP >= 0xe0000 && AT_RSDP < 0x100000, "L7: the RSDP is where a kernel looks for it");
	ok(!memcmp(low + AT_RSDP, "RSD PTR ", 8) && !sum(low + AT_RSDP, 20) && !sum(low + AT_RSDP, 36), "L7: the RSDP");
	memcpy(&xsdt, low + AT_RSDP + 24, 4);
	ok(!memcmp(low + xsdt, "XSDT", 4) && !sum(low + xsdt, 52), "XSDT");
	for (i = 0; i < 2; i++) {
		memcpy(&at, low + xsdt + 36 + 8 * i, 8);
		t = low + at;
		memcpy(&size, t + 4, 4);
		ok(!memcmp(t, tables[i], 4) && !sum(t, size), tables[i]);
		if (i)
			ok(madt_has(t, size, 3), "L6: the MADT has the three CPUs and one IOAPIC");
		if (!i) {
			memcpy(&at, t + 140, 8);
			memcpy(&size, low + at + 4, 4);
			ok(!memcmp(low + at, "DSDT", 4) && !sum(low + at, size), "DSDT");
		}
	}
	ok(!memcmp(ram_at(&ram, 0x100000, 1), image.data + 2048, image.size - 2048), "L8: the kernel's bytes");
	ram_destroy(&ram);
}

int main(void)
{
	capacity();
	banks();
	placement();
	written();
	return tap_done();
}
