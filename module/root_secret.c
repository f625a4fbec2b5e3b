// SPDX-License-Identifier: GPL-2.0
/*
 * See root_secret.h. Before the launch, so Linux is trusted still. What it keeps of
 * the file (its page cache) goes, as far as it can be made to: who can read the
 * file later can unseal what was sealed under it.
 */
#include "state.h"
#include "root_secret.h"
#include "tpm.h"
#include "../include/services.h"

#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/init.h>
#include <linux/pagemap.h>
#include <linux/string.h>
#include <linux/uidgid.h>

static int __init check_file(const char *path, const struct inode *inode)
{
	if (!S_ISREG(inode->i_mode) || !uid_eq(inode->i_uid, GLOBAL_ROOT_UID) || (inode->i_mode & 077)) {
		pr_err("root_secret: %s must be a plain file of root's that nobody else can read (chown root; chmod 600)\n", path);
		return -EPERM;
	}
	return 0;
}

static int __init read_all(const char *path, struct file *file, struct handover *h)
{
	loff_t pos = 0;
	ssize_t n = kernel_read(file, h->root_secret, sizeof(h->root_secret), &pos);

	if (n >= 0 && (n < CORE_ROOT_SECRET_MIN || i_size_read(file_inode(file)) > CORE_ROOT_SECRET_MAX)) {
		pr_err("root_secret: %s must hold %d to %d bytes (head -c 32 /dev/random)\n", path,
		       CORE_ROOT_SECRET_MIN, CORE_ROOT_SECRET_MAX);
		n = -EINVAL;
	} else if (n < 0) {
		pr_err("root_secret: cannot read %s: %pe\n", path, ERR_PTR(n));
	}
	if (n > 0) {
		h->root_secret_size = n;
		h->root_kind = ROOT_FILE;
	}
	return n < 0 ? n : 0;
}

static int __init read_tpm(u32 pcrs, struct handover *h)
{
	int err = tpm_root_secret(pcrs, h->flags & HANDOVER_DEBUG, h->root_secret);

	if (!err) {
		h->root_secret_size = TPM_SECRET_SIZE;
		h->root_kind = ROOT_TPM;
	}
	return err;
}

int __init root_secret_read(const char *path, u32 pcrs, struct handover *h)
{
	struct file *file;
	int err;

	if (!path || !*path)
		return 0;
	if (!strcmp(path, "tpm"))
		return read_tpm(pcrs, h);
	if (*path != '/') {
		pr_err("root_secret: %s is neither an absolute path nor tpm\n", path);
		return -EINVAL;
	}
	file = filp_open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0);
	if (IS_ERR(file)) {
		pr_err("root_secret: cannot open %s: %pe\n", path, file);
		return PTR_ERR(file);
	}
	err = check_file(path, file_inode(file));
	if (!err)
		err = read_all(path, file, h);
	/* Dirty pages would stay. What is freed is not cleared: docs/services.md 3. */
	vfs_fsync(file, 0);
	invalidate_mapping_pages(file->f_mapping, 0, -1);
	filp_close(file, NULL);
	return err;
}
