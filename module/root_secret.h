/* SPDX-License-Identifier: GPL-2.0 */
/* The root secret (docs/services.md 3), for the hand-over record. */
#ifndef UNDERPIN_MODULE_ROOT_SECRET_H
#define UNDERPIN_MODULE_ROOT_SECRET_H

#include "../include/handover.h"

/*
 * Fills h->root_secret from the file, or for "tpm" from the TPM by the PCRs in the mask
 * (tpm.h has the errors); NULL or empty: leaves it empty, and the core makes an
 * ephemeral one. -errno of the file; -EPERM: others than root can read or change
 * it; -EINVAL: its size, or no absolute path. Has said why.
 */
int root_secret_read(const char *path, u32 pcrs, struct handover *h);

#endif
