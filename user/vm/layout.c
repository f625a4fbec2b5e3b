// SPDX-License-Identifier: GPL-2.0
/*
 * The plan of guest memory: banks, fixed areas, kernel, initrd, and all capacity
 * checks, as one pure function; docs/vm.md draws it. Next: boot/load.c fills it.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm.h"

#define RAM_DEFAULT (256 * MIB)
#define RAM_MIN (4 * MIB)

const char *boot_mode_name(enum boot_mode mode)
{
	static const char *const names[] = { "auto", "32", "64", "pvh", "multiboot", "multiboot2" };

	return names[mode];
}

static uint64_t align_up(uint64_t v, uint64_t to) { return (v + to - 1) & ~(to - 1); }
static uint64_t max64(uint64_t a, uint64_t b) { return a > b ? a : b; }
static unsigned long long mib_up(uint64_t bytes) { return (bytes + MIB - 1) / MIB; }

static void sort_in(struct plan *plan, struct span span)
{
	unsigned int i = plan->nr_spans;

	for (; i && plan->spans[i - 1].start > span.start; i--)
		plan->spans[i] = plan->spans[i - 1];
	plan->spans[i] = span;
	plan->nr_spans++;
}

/* SPAN_USED spans lie in RAM and in nothing else. */
static bool add(struct plan *plan, uint64_t start, uint64_t size, const char *owner, enum span_kind kind, struct problem *p)
{
	unsigned int i;

	if (!size)
		return true;
	if (plan->nr_spans == MAX_SPANS || start + size < start)
		return problem(p, "%s: 0x%llx bytes at 0x%llx cannot be placed; the file is damaged", owner,
			       (unsigned long long)size, (unsigned long long)start);
	if (kind == SPAN_USED && !(start + size <= plan->low) &&
	    !(start >= AT_HIGH && start + size <= AT_HIGH + plan->high))
		return problem(p, "%s: needs [0x%llx, 0x%llx), which is not RAM (%llu MiB: up to 0x%llx%s); give --mem %llu or more",
			       owner, (unsigned long long)start, (unsigned long long)(start + size),
			       (unsigned long long)(plan->ram / MIB), (unsigned long long)plan->low,
			       plan->high ? ", and above 4 GiB" : "", mib_up(start + size));
	for (i = 0; i < plan->nr_spans; i++) {
		const struct span *s = &plan->spans[i];

		if (s->kind != SPAN_RAM && start < s->start + s->size && s->start < start + size)
			return problem(p, "%s: [0x%llx, 0x%llx) overlaps %s at [0x%llx, 0x%llx); place it elsewhere or give more --mem",
				       owner, (unsigned long long)start, (unsigned long long)(start + size), s->owner,
				       (unsigned long long)s->start, (unsigned long long)(s->start + s->size));
	}
	sort_in(plan, (struct span){ start, size, owner, kind });
	return true;
}

static bool choose_mode(struct plan *plan, const struct image *image, enum boot_mode mode, struct problem *p)
{
	static const struct { enum image_format format; enum boot_mode mode; } allowed[] = {
		/* the first of a format is its default */
		{ IMAGE_BZIMAGE, BOOT_LINUX64 }, { IMAGE_BZIMAGE, BOOT_LINUX32 },
		{ IMAGE_ELF, BOOT_PVH }, { IMAGE_ELF, BOOT_LINUX64 },
		{ IMAGE_MULTIBOOT, BOOT_MULTIBOOT }, { IMAGE_MULTIBOOT2, BOOT_MULTIBOOT2 },
	};
	unsigned int i;

	if (mode == BOOT_MULTIBOOT && image->format == IMAGE_MULTIBOOT2)
		mode = BOOT_MULTIBOOT2;
	if (mode == BOOT_AUTO && image->format == IMAGE_BZIMAGE && !image->entry64)
		mode = BOOT_LINUX32;
	if (mode == BOOT_AUTO && image->format == IMAGE_ELF && !image->pvh_entry)
		mode = BOOT_LINUX64;
	for (i = 0; i < ARRAY_SIZE(allowed); i++)
		if (allowed[i].format == image->format && (mode == BOOT_AUTO || mode == allowed[i].mode))
			break;
	if (i == ARRAY_SIZE(allowed))
		return problem(p, "%s: cannot be booted with --boot %s; leave --boot out to have it chosen", image->name,
			       boot_mode_name(mode));
	plan->mode = allowed[i].mode;
	if (image->format == IMAGE_BZIMAGE && plan->mode == BOOT_LINUX64 && !image->entry64)
		return problem(p, "%s: has no 64-bit entry (XLF_KERNEL_64); use --boot 32", image->name);
	if (plan->mode == BOOT_PVH && !image->pvh_entry)
		return problem(p, "%s: has no PVH entry (CONFIG_PVH); use --boot 64", image->name);
	return true;
}

/* Where the kernel is, once as loaded and once as it runs: the stub moves itself (head_64.S). */
static bool place_kernel(struct plan *plan, const struct image *image, const struct request *request, struct problem *p)
{
	uint64_t load = request->load ? request->load : image->load;
	unsigned int i;

	if (image->format != IMAGE_BZIMAGE) {
		if (request->load)
			return problem(p, "%s: only a bzImage can be moved; leave --load out", image->name);
		plan->load = ~0ull;
		for (i = 0; i < image->nr_segments; i++) {
			const struct segment *s = &image->segments[i];

			if (s->paddr < plan->load)
				plan->load = s->paddr;
			if (s->paddr + s->memsz < s->paddr)
				return problem(p, "%s: a segment wraps around; the file is damaged", image->name);
			plan->runtime_size = max64(plan->runtime_size, s->paddr + s->memsz);
		}
		plan->runtime = plan->load;
		plan->runtime_size -= plan->load;
		plan->entry = plan->mode == BOOT_PVH ? image->pvh_entry : image->entry;
		if (plan->entry < plan->load || plan->entry >= plan->load + plan->runtime_size)
			return problem(p, "%s: its entry 0x%llx is outside of its segments; the file is damaged", image->name,
				       (unsigned long long)plan->entry);
		return true;
	}
	if (load < AT_KERNEL || load >= RAM_MAX)
		return problem(p, "%s: cannot be loaded at 0x%llx: choose 0x%x or above", image->name, (unsigned long long)load, AT_KERNEL);
	if (load != image->load && (!image->relocatable || load & (image->alignment - 1)))
		return problem(p, "%s: cannot be loaded at 0x%llx: %s", image->name, (unsigned long long)load,
			       image->relocatable ? "it is not aligned as the kernel asks" : "the kernel is not relocatable");
	if (load + image->init_size > AT_HIGH)
		return problem(p, "%s: cannot be loaded at 0x%llx: it must end below 4 GiB; choose a lower --load", image->name,
			       (unsigned long long)load);
	plan->load = load;
	plan->runtime = image->relocatable ? max64(align_up(load, image->alignment), 0x1000000) : image->pref_address;
	plan->runtime_size = image->init_size;
	plan->entry = load + (plan->mode == BOOT_LINUX64 ? 0x200 : 0);
	return true;
}

static bool place_initrd(struct plan *plan, const struct image *image, const struct request *request, struct problem *p)
{
	uint64_t limit = image->format == IMAGE_BZIMAGE ? image->initrd_max + 1 : AT_HIGH;
	uint64_t top = plan->low < limit ? plan->low : limit;
	uint64_t end = plan->runtime + plan->runtime_size, size = request->initrd_size;

	if (image->format == IMAGE_BZIMAGE)
		end = max64(end, plan->load + image->segments[0].memsz);
	if (!size)
		return true;
	plan->initrd_size = size;
	if (request->initrd_at) {
		plan->initrd = request->initrd_at;
		if (plan->initrd & 0xfff)
			return problem(p, "initrd: 0x%llx is no page's address; round it to 0x1000", (unsigned long long)plan->initrd);
		if (size > limit || plan->initrd > limit - size)
			return problem(p, "initrd: ends above 0x%llx, the highest address that the kernel takes; choose a lower --initrd-at",
				       (unsigned long long)limit);
		return add(plan, plan->initrd, align_up(size, 4096), "initrd", SPAN_USED, p);
	}
	if (size > top || ((top - size) & ~0xfffull) < end)
		return problem(p, "initrd: %llu MiB do not fit between the kernel's end 0x%llx and 0x%llx; give --mem %llu or more, or a smaller initrd",
			       mib_up(size), (unsigned long long)end, (unsigned long long)top, mib_up(align_up(end, 4096) + align_up(size, 4096)));
	plan->initrd = (top - size) & ~0xfffull;
	return add(plan, plan->initrd, size, "initrd", SPAN_USED, p);
}

static bool check_cmdline(const struct image *image, const struct request *request, struct problem *p)
{
	uint64_t max = image->format == IMAGE_BZIMAGE ? image->cmdline_max : 2047;
	size_t length = request->cmdline ? strlen(request->cmdline) : 0;

	if (max > AT_PAGE_TABLES - AT_CMDLINE - 1)
		max = AT_PAGE_TABLES - AT_CMDLINE - 1;
	if (length <= max)
		return true;
	return problem(p, "command line: %zu characters, the kernel takes %llu; shorten --append", length, (unsigned long long)max);
}

/* What was asked for, or 256 MiB, or what kernel and initrd (unpacked: three times) need. */
static bool size_ram(struct plan *plan, const struct image *image, const struct request *request, struct problem *p)
{
	uint64_t need = plan->runtime + plan->runtime_size + 4 * (request->initrd_size > GIB ? GIB : request->initrd_size);

	plan->ram = request->ram ? request->ram : max64(RAM_DEFAULT, align_up(need, 64 * MIB));
	if (plan->ram & 0xfff || plan->ram < RAM_MIN || plan->ram > RAM_MAX)
		return problem(p, "--mem: %llu bytes: give whole pages between 4M and 1024G", (unsigned long long)plan->ram);
	if (request->ram && request->ram < plan->runtime + plan->runtime_size)
		return problem(p, "%s: needs RAM up to 0x%llx to unpack itself, the guest has %llu MiB; give --mem %llu or more",
			       image->name, (unsigned long long)(plan->runtime + plan->runtime_size),
			       (unsigned long long)(plan->ram / MIB), mib_up(plan->runtime + plan->runtime_size));
	plan->low = plan->ram < LOW_TOP ? plan->ram : LOW_TOP;
	plan->high = plan->ram - plan->low;
	return true;
}

static bool add_kernel(struct plan *plan, const struct image *image, struct problem *p)
{
	unsigned int i;
	uint64_t start, end;

	if (image->format != IMAGE_BZIMAGE) {
		for (i = 0; i < image->nr_segments; i++)
			if (!add(plan, image->segments[i].paddr, image->segments[i].memsz, "kernel", SPAN_USED, p))
				return false;
		return true;
	}
	/* As loaded and as it runs may overlap each other, so they are one span then. */
	start = plan->load < plan->runtime ? plan->load : plan->runtime;
	end = plan->load + image->segments[0].memsz;
	if (end > plan->runtime || plan->load > plan->runtime + plan->runtime_size)
		return add(plan, start, max64(end, plan->runtime + plan->runtime_size) - start, "kernel", SPAN_USED, p);
	return add(plan, plan->load, image->segments[0].memsz, "kernel", SPAN_USED, p) &&
	       add(plan, plan->runtime, plan->runtime_size, "kernel, unpacked", SPAN_USED, p);
}

bool plan_make(struct plan *plan, const struct image *image, const struct request *request, struct problem *p)
{
	uint64_t params = 0x3000;	/* setup_data follow at 0x2000 */

	memset(plan, 0, sizeof(*plan));
	plan->cpus = request->cpus ? request->cpus : 1;
	plan->cmdline = request->cmdline ? request->cmdline : "";
	if (plan->cpus > MAX_CPUS)
		return problem(p, "--cpus: %u are more than %u; give fewer", plan->cpus, MAX_CPUS);
	if (!choose_mode(plan, image, request->mode, p) || !place_kernel(plan, image, request, p) ||
	    !check_cmdline(image, request, p) || !size_ram(plan, image, request, p))
		return false;
	return add(plan, 0, plan->low, "RAM bank 0", SPAN_RAM, p) &&
	       add(plan, AT_HIGH, plan->high, "RAM bank 1", SPAN_RAM, p) &&
	       add(plan, 0, AT_ZERO_PAGE, "interrupt vectors, BIOS data", SPAN_USED, p) &&
	       add(plan, AT_PARAMS, params, "boot parameters", SPAN_USED, p) &&
	       add(plan, AT_CMDLINE, strlen(plan->cmdline) + 1, "command line", SPAN_USED, p) &&
	       add(plan, AT_PAGE_TABLES, plan->mode == BOOT_LINUX64 ? PAGE_TABLES_SIZE : 0, "boot page tables", SPAN_USED, p) &&
	       add(plan, AT_GDT, 0x1000, "boot GDT", SPAN_USED, p) &&
	       add(plan, AT_EBDA, 0x400, "EBDA: MP floating pointer", SPAN_RESERVED, p) &&
	       add(plan, AT_VGA, 0x20000, "VGA hole", SPAN_HOLE, p) &&
	       add(plan, 0xc0000, AT_BIOS - 0xc0000, "option ROM hole", SPAN_HOLE, p) &&
	       add(plan, AT_BIOS, 0x10000, "BIOS area: ACPI and MP tables", SPAN_RESERVED, p) &&
	       add(plan, AT_PCI_WINDOW, 0xfec00000 - AT_PCI_WINDOW, "device window", SPAN_HOLE, p) &&
	       add(plan, 0xfec00000, 0x1000, "IOAPIC", SPAN_HOLE, p) &&
	       add(plan, 0xfee00000, 0x1000, "local APIC", SPAN_HOLE, p) &&
	       add(plan, 0xfffbc000, 0x4000, "KVM identity map and TSS", SPAN_HOLE, p) &&
	       add_kernel(plan, image, p) && place_initrd(plan, image, request, p);
}

unsigned int plan_e820(const struct plan *plan, struct e820 map[E820_MAX])
{
	unsigned int n = 0;

	map[n++] = (struct e820){ 0, AT_EBDA, 1 };
	map[n++] = (struct e820){ AT_EBDA, 0x400, 2 };
	map[n++] = (struct e820){ AT_BIOS, 0x10000, 2 };
	map[n++] = (struct e820){ AT_KERNEL, plan->low - AT_KERNEL, 1 };
	map[n++] = (struct e820){ 0xfffbc000, 0x4000, 2 };
	if (plan->high)
		map[n++] = (struct e820){ AT_HIGH, plan->high, 1 };
	return n;
}

static void put_hex(struct json_object *o, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%llx", (unsigned long long)value);
	json_object_object_add(o, key, json_object_new_string(text));
}

char *plan_json(const struct plan *plan)
{
	static const char *const kinds[] = { "ram", "reserved", "hole", "used" };
	struct json_object *top = json_object_new_object(), *spans = json_object_new_array();
	unsigned int i;
	char *text;

	json_object_object_add(top, "boot", json_object_new_string(boot_mode_name(plan->mode)));
	json_object_object_add(top, "memory_mib", json_object_new_int64((int64_t)(plan->ram / MIB)));
	json_object_object_add(top, "cpus", json_object_new_int((int)plan->cpus));
	put_hex(top, "entry", plan->entry);
	for (i = 0; i < plan->nr_spans; i++) {
		struct json_object *o = json_object_new_object();

		put_hex(o, "start", plan->spans[i].start);
		put_hex(o, "end", plan->spans[i].start + plan->spans[i].size);
		json_object_object_add(o, "size", json_object_new_int64((int64_t)plan->spans[i].size));
		json_object_object_add(o, "kind", json_object_new_string(kinds[plan->spans[i].kind]));
		json_object_object_add(o, "owner", json_object_new_string(plan->spans[i].owner));
		json_object_array_add(spans, o);
	}
	json_object_object_add(top, "areas", spans);
	text = strdup(json_object_to_json_string_ext(top, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(top);
	return text;
}
