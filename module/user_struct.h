/* SPDX-License-Identifier: GPL-2.0 */
/* Structures of the UAPI, whose first member is their size (include/uapi/linux/underpin.h). */
#ifndef UNDERPIN_MODULE_USER_STRUCT_H
#define UNDERPIN_MODULE_USER_STRUCT_H

#include <linux/errno.h>
#include <linux/minmax.h>
#include <linux/types.h>
#include <linux/uaccess.h>

/* What a program that is newer than the module may come with. */
#define USER_STRUCT_MAX 65536u

/* Of a member that the oldest callers have, and all before it. */
#define USER_STRUCT_LEAST(type, member) offsetofend(type, member)

/*
 * Into *to, size bytes: a shorter one is continued with zeros. Its first member is
 * then how much of it the caller has room for. -EFAULT; -EINVAL: shorter than
 * least; -E2BIG: longer, and what is too much is not zero.
 */
static inline int user_struct_in(void *to, u32 size, u32 least, const void __user *from)
{
	u32 given;
	int err;

	if (get_user(given, (const u32 __user *)from))
		return -EFAULT;
	if (given < least)
		return -EINVAL;
	if (given > USER_STRUCT_MAX)
		return -E2BIG;
	err = copy_struct_from_user(to, size, from, given);
	/* It may have changed in between. */
	*(u32 *)to = min(given, size);
	return err;
}

/* Back again, as much as there is room for. */
static inline int user_struct_out(void __user *to, const void *from)
{
	return copy_to_user(to, from, *(const u32 *)from) ? -EFAULT : 0;
}

#endif
