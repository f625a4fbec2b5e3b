/* SPDX-License-Identifier: GPL-2.0 */
/* The root secret from a TPM 2.0 (docs/services.md 11), for the hand-over record. */
#ifndef UNDERPIN_MODULE_TPM_H
#define UNDERPIN_MODULE_TPM_H

#include <linux/types.h>

/* Of the owner's range; `underpin tpm` has the same. */
#define TPM_NV_INDEX 0x01805550u
/* Not reset without a reboot, and used by nobody else in Debian. */
#define TPM_PCR_OF_CORE 13
/* Firmware, its configuration, boot loader, Secure Boot, GRUB's commands and files (kernel, initrd). */
#define TPM_PCRS_OF_BOOT 0x395
#define TPM_SECRET_SIZE 32

/*
 * Extend PCR 13 by what is about to run, read the secret whose policy wants the PCRs in
 * the mask and PCR 13 as they then are, and extend PCR 13 again, so that nobody reads it
 * until the machine is reset. -ENODEV: no TPM 2.0. -ENOENT: no secret in it. -EPERM: the
 * PCRs are not those of the policy. -EIO: the TPM failed. Has said why. Sleeps.
 */
int tpm_root_secret(u32 pcrs, bool debug, u8 secret[TPM_SECRET_SIZE]);

#endif
