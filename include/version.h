/* SPDX-License-Identifier: GPL-2.0 */
/* The one place of the version: module, core, tools and dkms.conf follow it. */
#ifndef UNDERPIN_VERSION_H
#define UNDERPIN_VERSION_H

#define UNDERPIN_VERSION "0.1.0"
#define UNDERPIN_VERSION_CODE 0x000100u	/* major << 16 | minor << 8 | patch */

#endif
