/* SPDX-License-Identifier: GPL-2.0 */
/* /dev/underpin (or name=): the ioctls of include/uapi/linux/underpin.h. */
#ifndef UNDERPIN_MODULE_DEVICE_H
#define UNDERPIN_MODULE_DEVICE_H

/* No one can open it before the core runs. The file's mode is 0660, root's; udev may give it to a group. */
int device_init(const char *name);
void device_exit(void);

#endif
