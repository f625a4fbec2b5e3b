/* SPDX-License-Identifier: GPL-2.0 */
/* What an ISO boots: iso.c knows the configurations of boot loaders, iso_archive.c the file system. */
#ifndef UNDERPIN_VM_ISO_H
#define UNDERPIN_VM_ISO_H

#include "vm.h"

#define ISO_PATH 256
#define ISO_APPEND 1024

struct iso_boot {
	char kernel[ISO_PATH], initrd[ISO_PATH], append[ISO_APPEND];
	uint8_t *kernel_data, *initrd_data;	/* allocated */
	size_t kernel_size, initrd_size;
};

/* The first entry with kernel and initrd of GRUB's or isolinux's text; paths without leading slash. */
bool iso_parse_config(const char *text, size_t size, struct iso_boot *boot);
/* Configurations and known pairs, the best first. */
extern const char *const iso_configs[];
extern const char *const iso_known[][2];

/* Find and read both; the caller frees the data. */
bool iso_find(const char *name, struct iso_boot *boot, struct problem *p);

#endif
