// SPDX-License-Identifier: GPL-2.0
/*
 * The embedded core image: checked once, copied page by page into the pool. The
 * header is kept, the rest is init data and goes with the module's init section.
 */
#include "state.h"
#include "image.h"

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>

extern const char core_image_start[], core_image_end[];

static struct core_image_header header;
/* Where each page of the image is, in Linux's direct map. */
static void *pages[CORE_IMAGE_MAX_SIZE / PAGE_SIZE] __initdata;

const void *__init image_bytes(size_t *size)
{
	*size = core_image_end - core_image_start;
	return core_image_start;
}

int __init image_check(void)
{
	size_t size = core_image_end - core_image_start;

	if (size >= sizeof(header))
		memcpy(&header, core_image_start, sizeof(header));
	if (header.magic != CORE_IMAGE_MAGIC || header.version != CORE_ABI_VERSION ||
	    header.file_end > size || header.text_end > header.rodata_end ||
	    header.rodata_end > header.file_end || header.file_end > header.memory_end ||
	    header.memory_end > CORE_IMAGE_MAX_SIZE ||
	    !PAGE_ALIGNED(header.text_end | header.rodata_end) ||
	    header.entry >= header.text_end || header.handover < header.rodata_end ||
	    header.handover + sizeof(struct handover) > header.memory_end) {
		pr_err("the core image in the module does not fit it: build both from one tree (make clean; make)\n");
		return -EINVAL;
	}
	return 0;
}

const struct core_image_header *image_header(void)
{
	return &header;
}

unsigned long __init image_pages(void)
{
	return PAGE_ALIGN((u64)header.memory_end) / PAGE_SIZE;
}

void __init image_place(u32 offset, void *page)
{
	pages[offset / PAGE_SIZE] = page;
	if (offset < header.file_end)
		memcpy(page, core_image_start + offset,
		       min_t(size_t, PAGE_SIZE, header.file_end - offset));
}

void __init image_write_handover(const struct handover *handover)
{
	size_t done = 0;

	while (done < sizeof(*handover)) {
		u32 at = header.handover + done;
		size_t part = min_t(size_t, PAGE_SIZE - offset_in_page(at),
				    sizeof(*handover) - done);

		memcpy(pages[at / PAGE_SIZE] + offset_in_page(at), (const u8 *)handover + done,
		       part);
		done += part;
	}
}

void __init image_read_quote_key(u8 key[64])
{
	u32 at = header.handover + offsetof(struct handover, quote_key);
	unsigned int i;

	for (i = 0; i < 64; i++, at++)
		key[i] = ((const u8 *)pages[at / PAGE_SIZE])[offset_in_page(at)];
}

void __init image_read_error(char text[104])
{
	u32 at = header.handover + offsetof(struct handover, error), i;

	for (i = 0; i < 103; i++, at++)
		text[i] = ((const char *)pages[at / PAGE_SIZE])[offset_in_page(at)];
	text[103] = '\0';
}

const u8 *image_build_id(void)
{
	return header.build_id;
}
