// SPDX-License-Identifier: GPL-2.0
/*
 * The misc device. Who may open it may register PALs; the file's mode decides.
 * Structures are copied in and out by their sizes (user_struct.h). pal.c has what a PAL's own file
 * descriptor can do. 32-bit processes may do the same: the structures are the same
 * for them, and UNDERPIN_PAL_32BIT says that a PAL's code is 32-bit.
 */
#include "state.h"
#include "device.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "pal.h"
#include "query.h"
#include "tpm.h"
#include "user_struct.h"

/*
 * The device is there before the core is. Whoever had it open when a launch
 * fails would keep code that goes: so nobody can.
 */
static int device_open(struct inode *inode, struct file *file)
{
	enum underpin_phase phase = core_phase();

	return phase == PHASE_LOADING || phase == PHASE_GONE ? -ENODEV : 0;
}

static int get_status(void *data)
{
	return query_status(data);
}

static int get_stats(void *data)
{
	return query_stats(data);
}

/* It names addresses of the kernel's, as dmesg does. */
static int get_log(void *data)
{
	return capable(CAP_SYSLOG) ? query_log(data) : -EPERM;
}

static int get_pals(void *data)
{
	struct underpin_pal_list *list = data;

	return list->reserved ? -EINVAL : pal_list(list, capable(CAP_SYS_ADMIN));
}

static int get_certificate(void *data)
{
	return tpm_certificate(data);
}

static const struct query {
	unsigned int command;
	u32 size, least;
	int (*get)(void *data);
} queries[] = {
	{ UNDERPIN_GET_STATUS, sizeof(struct underpin_status),
	  USER_STRUCT_LEAST(struct underpin_status, version), get_status },
	{ UNDERPIN_GET_STATS, sizeof(struct underpin_stats),
	  USER_STRUCT_LEAST(struct underpin_stats, cpu), get_stats },
	{ UNDERPIN_GET_LOG, sizeof(struct underpin_log),
	  USER_STRUCT_LEAST(struct underpin_log, record[0]), get_log },
	{ UNDERPIN_GET_PALS, sizeof(struct underpin_pal_list),
	  USER_STRUCT_LEAST(struct underpin_pal_list, pal[0]), get_pals },
	{ UNDERPIN_GET_CERTIFICATE, sizeof(struct underpin_certificate),
	  USER_STRUCT_LEAST(struct underpin_certificate, pcr_mask), get_certificate },
};

static int run_query(const struct query *query, void __user *arg)
{
	void *data = kzalloc(query->size, GFP_KERNEL);
	int ret;

	if (!data)
		return -ENOMEM;
	ret = user_struct_in(data, query->size, query->least, arg);
	if (!ret)
		ret = query->get(data);
	if (!ret)
		ret = user_struct_out(arg, data);
	kfree(data);
	return ret;
}

static long device_ioctl(struct file *file, unsigned int command, unsigned long arg)
{
	unsigned int i;

	if (command == UNDERPIN_PAL_REGISTER)
		return pal_register((void __user *)arg);
	for (i = 0; i < ARRAY_SIZE(queries); i++)
		if (queries[i].command == command)
			return run_query(&queries[i], (void __user *)arg);
	return -ENOTTY;
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.open = device_open,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.fops = &device_fops,
	.mode = 0660,
};

int device_init(const char *name)
{
	device.name = name;
	return misc_register(&device);
}

void device_exit(void)
{
	misc_deregister(&device);
}
