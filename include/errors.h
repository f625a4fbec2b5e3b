/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The errno values that the core answers with: Linux's numbers (the generic
 * table), because the module hands them on as they are. A function that fails
 * returns the negative value.
 */
#ifndef UNDERPIN_ERRORS_H
#define UNDERPIN_ERRORS_H

#ifdef __KERNEL__
#include <linux/errno.h>
#elif defined(UNDERPIN_HOSTED)
#include <errno.h>
#else
#define EPERM 1		/* caller has not the privilege level */
#define ENOENT 2	/* no such PAL */
#define EIO 5		/* a bug of the core was met and recorded */
#define EAGAIN 11	/* not finished: call again */
#define ENOMEM 12	/* RDX says how many pages are missing */
#define EACCES 13	/* not the owner */
#define EFAULT 14	/* address outside of Linux's memory */
#define EBUSY 16	/* in use */
#define EEXIST 17
#define ENODEV 19	/* the CPU lacks a required feature */
#define EINVAL 22	/* malformed argument */
#define ENOSPC 28
#define ERANGE 34
#define ENOSYS 38	/* no such call */
#define EBADMSG 74	/* sealed data was changed */
#define EMSGSIZE 90	/* no room for the answer */
#define EOPNOTSUPP 95
#define EINPROGRESS 115	/* waits for other CPUs: make them exit, call again */
#define ETIMEDOUT 110	/* a CPU did not answer a kick */
#define ESTALE 116	/* sealed under another root secret */
#define ECANCELED 125	/* the PAL was taken away */
#define EKEYREJECTED 129	/* the PCRs are not those that it was sealed to */
#endif

#endif
