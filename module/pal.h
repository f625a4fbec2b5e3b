/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PALs on Linux's side: pins the owner's pages, drives the core's protocol
 * (include/hypercall.h), and ends the PAL with its file or its owner's mm,
 * whichever goes first. pal_check.c judges what the caller asks for.
 */
#ifndef UNDERPIN_MODULE_PAL_H
#define UNDERPIN_MODULE_PAL_H

#include <linux/types.h>

#include "../include/hypercall.h"
#include "../include/uapi/linux/underpin.h"

struct pal_request {
	struct underpin_pal_register reg;
	struct underpin_section section[UNDERPIN_MAX_SECTIONS];
	struct underpin_entry entry[UNDERPIN_MAX_ENTRIES];
	u32 nr_pages;	/* of all sections but the window */
	u32 nr_window;
};

/* Copy it in, once, and check all but the pages. 0, -EFAULT, -EINVAL, -E2BIG. */
int pal_request_copy(struct pal_request *request, const void __user *arg);
/* Fill the core's descriptor; owner is current. */
void pal_request_describe(const struct pal_request *request, struct pal_desc *desc);

/* UNDERPIN_PAL_REGISTER: a file descriptor, or -errno. */
long pal_register(void __user *arg);

/*
 * End all PALs that have a file; their owners get a signal when they call. Those that are
 * being registered are not there yet. Not under core_lock(); may sleep.
 */
void pal_end_all(void);

/* UNDERPIN_GET_PALS: list->size is set; list->first as in the UAPI; all = not only the caller's user's. */
int pal_list(struct underpin_pal_list *list, bool all);

#endif
