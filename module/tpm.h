/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The root secret from a TPM 2.0 (docs/services.md 11), for the hand-over record, and the TPM's certificate for the
 * core's quote key (14). In this order: tpm_root_secret(), the core initializes itself, tpm_finish(), the launch.
 */
#ifndef UNDERPIN_MODULE_TPM_H
#define UNDERPIN_MODULE_TPM_H

#include <linux/types.h>

#include "../include/uapi/linux/underpin.h"

/* Of the owner's range; `underpin tpm` has the same. */
#define TPM_NV_INDEX 0x01805550u
#define TPM_ATTESTATION_KEY 0x81015550u
/* Not reset without a reboot, and used by nobody else in Debian. */
#define TPM_PCR_OF_CORE 13
/* Firmware, its configuration, boot loader, Secure Boot, GRUB's commands and files (kernel, initrd). */
#define TPM_PCRS_OF_BOOT 0x395
#define TPM_SECRET_SIZE 32
#define TPM_KEY_SIZE 64		/* x, y of P-256 */

/*
 * Extend PCR 13 by what is about to run, and read the secret whose policy wants the PCRs in
 * the mask and PCR 13 as they then are. -ENODEV: no TPM 2.0. -ENOENT: no secret in it. -EPERM: the
 * PCRs are not those of the policy. -EIO: the TPM failed. Has said why. Sleeps. Whatever it
 * answers, tpm_finish() follows.
 */
int tpm_root_secret(u32 pcrs, bool debug, u8 secret[TPM_SECRET_SIZE]);
/*
 * With the core's quote key: have the TPM certify it, if it holds an attestation key. Then, in any case, extend
 * PCR 13 again, so that nobody reads the secret, and nobody gets such a certificate, until the
 * machine is reset. Nothing if the TPM was not asked. -EIO and the like: it was not capped, so nothing may be launched.
 */
int tpm_finish(const u8 key[TPM_KEY_SIZE]);
/* -ENODATA: there is none. to->size is set, by the caller. */
int tpm_certificate(struct underpin_certificate *to);

#endif
