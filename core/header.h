/* SPDX-License-Identifier: GPL-2.0 */
/* The image's header, filled by image.lds and core/Makefile. */
#ifndef UNDERPIN_CORE_HEADER_H
#define UNDERPIN_CORE_HEADER_H

#include "../include/handover.h"

extern const struct core_image_header image_header;

#endif
