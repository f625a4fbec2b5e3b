/* SPDX-License-Identifier: GPL-2.0 */
/*
 * debugfs: underpin/{status,stats,log,pals} as text, underpin/fatal as the raw
 * struct core_fatal (empty: there is none). Root's only.
 */
#ifndef UNDERPIN_MODULE_DEBUGFS_H
#define UNDERPIN_MODULE_DEBUGFS_H

void debugfs_init(const char *name);
void debugfs_exit(void);

#endif
