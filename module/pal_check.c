// SPDX-License-Identifier: GPL-2.0
/*
 * Is a registration request well-formed? The core checks everything again (the
 * module is not trusted after launch); here a mistake gets its errno early.
 */
#include "state.h"
#include "pal.h"

#include <linux/align.h>
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <asm/cpufeature.h>

#include "user_struct.h"

static_assert(UNDERPIN_MAX_SECTIONS == PAL_MAX_SECTIONS);
static_assert(UNDERPIN_MAX_ENTRIES == PAL_MAX_ENTRIES);
static_assert(UNDERPIN_MAX_PARAMS == PAL_MAX_PARAMS);
static_assert(UNDERPIN_MAX_PAGES == PAL_MAX_PAGES);
static_assert((int)UNDERPIN_SECTION_WINDOW == (int)PAL_SECTION_WINDOW);
static_assert(UNDERPIN_MAX_WINDOW == PAL_MAX_WINDOW);
static_assert(UNDERPIN_PARAM_POINTER == PAL_PARAM_POINTER);
static_assert(UNDERPIN_PARAM_INOUT == (PAL_PARAM_IN | PAL_PARAM_OUT));
static_assert(sizeof(struct pal_desc) <= PAGE_SIZE);

/* Of all POINTERs of an entry, each aligned: pal/internal.h, PAL_MAX_POINTER_BYTES. */
#define MAX_POINTER_BYTES 0x10000u
#define POINTER_ALIGN 16

static bool overlap(const struct underpin_section *a, const struct underpin_section *b)
{
	return a->addr < b->addr + b->size && b->addr < a->addr + a->size;
}

/* pal/internal.h, PAL_USER_END and PAL_USER_END_32. */
static u64 user_end(const struct pal_request *q)
{
	return q->reg.flags & UNDERPIN_PAL_32BIT ? 0xfffff000 : TASK_SIZE_MAX;
}

static int check_sections(struct pal_request *q)
{
	u64 pages = 0, end = user_end(q);
	u32 i, k;

	for (i = 0; i < q->reg.nr_sections; i++) {
		const struct underpin_section *s = &q->section[i];

		if (s->type < UNDERPIN_SECTION_CODE || s->type > UNDERPIN_SECTION_WINDOW ||
		    s->reserved || !s->size || !PAGE_ALIGNED(s->addr | s->size))
			return -EINVAL;
		if (s->size > (u64)UNDERPIN_MAX_PAGES << PAGE_SHIFT)
			return -E2BIG;
		if (!s->addr || s->addr >= end || s->size > end - s->addr)
			return -EINVAL;
		for (k = 0; k < i; k++)
			if (overlap(s, &q->section[k]))
				return -EINVAL;
		if (s->type == UNDERPIN_SECTION_WINDOW) {
			if (i + 1 < q->reg.nr_sections)
				return -EINVAL;
			q->nr_window = s->size >> PAGE_SHIFT;
		} else {
			pages += s->size >> PAGE_SHIFT;
		}
	}
	if (q->nr_window > UNDERPIN_MAX_WINDOW || pages + q->nr_window > UNDERPIN_MAX_PAGES)
		return -E2BIG;
	q->nr_pages = pages;
	return 0;
}

static bool in_code(const struct pal_request *q, u64 addr)
{
	u32 i;

	for (i = 0; i < q->reg.nr_sections; i++) {
		const struct underpin_section *s = &q->section[i];

		if (s->type == UNDERPIN_SECTION_CODE && addr >= s->addr &&
		    addr - s->addr < s->size)
			return true;
	}
	return false;
}

/* *bytes: what the entry's POINTERs take. */
static int check_param(const struct underpin_entry *e, const struct underpin_param *p, u64 *bytes)
{
	if (p->reserved)
		return -EINVAL;
	if (p->type == UNDERPIN_PARAM_INTEGER)
		return p->flags || p->size_param || p->size ? -EINVAL : 0;
	if (p->type != UNDERPIN_PARAM_POINTER)
		return -EINVAL;
	if (!p->flags || p->flags & ~UNDERPIN_PARAM_INOUT || !p->size ||
	    p->size > MAX_POINTER_BYTES)
		return -EINVAL;
	*bytes = ALIGN(*bytes, POINTER_ALIGN) + p->size;
	if (*bytes > MAX_POINTER_BYTES)
		return -EINVAL;
	if (!p->size_param)
		return 0;
	if (p->size_param > e->nr_params ||
	    e->param[p->size_param - 1].type != UNDERPIN_PARAM_INTEGER)
		return -EINVAL;
	return 0;
}

static int check_entries(const struct pal_request *q)
{
	u32 i, k;
	int err;

	for (i = 0; i < q->reg.nr_entries; i++) {
		const struct underpin_entry *e = &q->entry[i];
		u64 bytes = 0;

		if ((e->flags & ~UNDERPIN_ENTRY_MENDS) || e->nr_params > UNDERPIN_MAX_PARAMS || !in_code(q, e->addr))
			return -EINVAL;
		for (k = 0; k < e->nr_params; k++) {
			err = check_param(e, &e->param[k], &bytes);
			if (err)
				return err;
		}
	}
	return 0;
}

int pal_request_copy(struct pal_request *q, const void __user *arg)
{
	int err;

	err = user_struct_in(&q->reg, sizeof(q->reg),
			     USER_STRUCT_LEAST(struct underpin_pal_register, name), arg);
	if (err)
		return err;
	if (q->reg.flags & ~UNDERPIN_PAL_32BIT || !q->reg.nr_sections ||
	    !q->reg.nr_entries || !q->reg.stub || q->reg.stub >= user_end(q) ||
	    strnlen(q->reg.name, sizeof(q->reg.name)) == sizeof(q->reg.name))
		return -EINVAL;
	if (q->reg.nr_sections > UNDERPIN_MAX_SECTIONS ||
	    q->reg.nr_entries > UNDERPIN_MAX_ENTRIES)
		return -E2BIG;
	if (copy_from_user(q->section, u64_to_user_ptr(q->reg.sections),
			   q->reg.nr_sections * sizeof(q->section[0])) ||
	    copy_from_user(q->entry, u64_to_user_ptr(q->reg.entries),
			   q->reg.nr_entries * sizeof(q->entry[0])))
		return -EFAULT;
	err = check_sections(q);
	return err ? err : check_entries(q);
}

static void describe_entry(const struct underpin_entry *e, struct pal_entry_desc *d)
{
	u32 k;

	d->addr = e->addr;
	d->nr_params = e->nr_params;
	d->flags = e->flags;
	for (k = 0; k < e->nr_params; k++)
		d->param[k] = (struct pal_param_desc){
			.type = e->param[k].type,
			.flags = e->param[k].flags,
			.size_param = e->param[k].size_param,
			.size = e->param[k].size,
		};
}

void pal_request_describe(const struct pal_request *q, struct pal_desc *d)
{
	u64 root = __pa(current->mm->pgd);
	u32 i;

	memset(d, 0, sizeof(*d));
	d->size = sizeof(*d);
	d->flags = q->reg.flags & UNDERPIN_PAL_32BIT ? PAL_DESC_32BIT : 0;
	d->owner_cr3 = root;
	/* Under page-table isolation the user half's root is the next page. */
	d->owner_cr3_user = boot_cpu_has(X86_FEATURE_PTI) ? root | PAGE_SIZE : root;
	d->stub = q->reg.stub;
	d->nr_sections = q->reg.nr_sections;
	d->nr_entries = q->reg.nr_entries;
	d->owner_pid = task_tgid_nr(current);
	memcpy(d->name, q->reg.name, sizeof(d->name));
	for (i = 0; i < q->reg.nr_sections; i++)
		d->section[i] = (struct pal_section_desc){
			.type = q->section[i].type,
			.nr_pages = q->section[i].size >> PAGE_SHIFT,
			.addr = q->section[i].addr,
		};
	for (i = 0; i < q->reg.nr_entries; i++)
		describe_entry(&q->entry[i], &d->entry[i]);
}
