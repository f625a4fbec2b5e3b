// SPDX-License-Identifier: GPL-2.0
/*
 * The accessor (RULES 2). A copy is made under frame_lock, so the frame cannot
 * change its owner meanwhile: cheaper than a hold, and bounded by one page.
 * Next: ept/guest_walk.c.
 */
#include "guest_memory.h"
#include "internal.h"

enum target { TARGET_NONE, TARGET_HIDDEN, TARGET_MEMORY };

/* Who answers for size bytes at gpa; frame_lock is held. */
static enum target target_of(gpa_t gpa, size_t size, bool write, void **p)
{
	int level;
	u64 *entry;

	if (size > PAGE_SIZE - (gpa.v & ~PAGE_MASK))
		return TARGET_NONE;
	entry = frame_entry(gpa.v >> PAGE_SHIFT, &level);
	if (!entry || !ept_present(*entry) || entry_not_ram(*entry))
		return TARGET_NONE;
	if (entry_hidden(*entry))
		return TARGET_HIDDEN;
	if (write && entry_watched(*entry))
		watch_fire(gpa.v >> PAGE_SHIFT, entry);
	*p = phys_to_virt(HPA(gpa.v));
	return *p ? TARGET_MEMORY : TARGET_NONE;
}

typedef u64 __attribute__((aligned(1), may_alias)) any_u64;
typedef u32 __attribute__((aligned(1), may_alias)) any_u32;

/* One load or store where the CPU would make one: a page-table entry is never torn. */
static void copy(void *to, const void *from, size_t size)
{
	if (size == 8)
		*(volatile any_u64 *)to = *(const volatile any_u64 *)from;
	else if (size == 4)
		*(volatile any_u32 *)to = *(const volatile any_u32 *)from;
	else
		memcpy(to, from, size);
}

int guest_read(gpa_t from, void *to, size_t size)
{
	void *p;
	enum target target;

	spin_lock(&frame_lock);
	target = target_of(from, size, false, &p);
	if (target == TARGET_MEMORY)
		copy(to, p, size);
	spin_unlock(&frame_lock);
	if (target == TARGET_HIDDEN)
		memset(to, 0, size);
	return target == TARGET_NONE ? -EFAULT : 0;
}

int guest_write(gpa_t to, const void *from, size_t size)
{
	void *p;
	enum target target;

	spin_lock(&frame_lock);
	target = target_of(to, size, true, &p);
	if (target == TARGET_MEMORY)
		copy(p, from, size);
	spin_unlock(&frame_lock);
	return target == TARGET_NONE ? -EFAULT : 0;
}

static int guest_cmpxchg(gpa_t at, u64 expected, u64 desired, size_t size)
{
	enum target target;
	bool done = false;
	void *p;

	spin_lock(&frame_lock);
	target = at.v & (size - 1) ? TARGET_NONE : target_of(at, size, true, &p);
	if (target == TARGET_MEMORY && size == 8) {
		done = cmpxchg64(p, expected, desired);
	} else if (target == TARGET_MEMORY) {
		u32 old = expected;

		done = __atomic_compare_exchange_n((u32 *)p, &old, (u32)desired, false,
						   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	} else if (target == TARGET_HIDDEN) {
		done = !expected;
	}
	spin_unlock(&frame_lock);
	return target == TARGET_NONE ? -EFAULT : done ? 0 : -EAGAIN;
}

int guest_cmpxchg64(gpa_t at, u64 expected, u64 desired)
{
	return guest_cmpxchg(at, expected, desired, 8);
}

int guest_cmpxchg32(gpa_t at, u32 expected, u32 desired)
{
	return guest_cmpxchg(at, expected, desired, 4);
}
