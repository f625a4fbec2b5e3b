/* SPDX-License-Identifier: GPL-2.0 */
/* The core image that is embedded in the module (image.S), and its hand-over record. */
/* All but image_header() and image_build_id() are for init only. */
#ifndef UNDERPIN_MODULE_IMAGE_H
#define UNDERPIN_MODULE_IMAGE_H

#include <linux/types.h>

#include "../include/handover.h"

/* Check the embedded image. -EINVAL: built from other headers than the module. */
int image_check(void);

/* Valid after image_check(). */
const struct core_image_header *image_header(void);
/* All of it, as core.bin has it. */
const void *image_bytes(size_t *size);
/* Pages that it will occupy. */
unsigned long image_pages(void);

/* Put the image's page at this offset to where Linux sees it now (zeroed), and remember. */
void image_place(u32 offset, void *page);
/* Write the hand-over record into the placed image. */
void image_write_handover(const struct handover *handover);
/* Why the core failed, as it said last; empty: it said nothing. Not while it runs. */
void image_read_error(char text[104]);
/* handover.quote_key: what the core has put there, initializing itself. */
void image_read_quote_key(u8 key[64]);
const u8 *image_build_id(void);

#endif
