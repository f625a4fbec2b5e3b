/* SPDX-License-Identifier: MIT */
/*
 * NV storage for code inside of a PAL: what a PAL of this measurement wrote last, for the next one. The
 * core keeps no byte of it. The owner keeps a blob, and the core a counter that tells the last one from those before
 * (docs/services.md 12). NV space i is counter i (pal_counter_increment()), so use one as either.
 */
#ifndef UNDERPIN_PAL_NV_H
#define UNDERPIN_PAL_NV_H

#include <underpin/pal_services.h>

#define PAL_NV_SPACES PAL_COUNTERS
#define PAL_NV_MAX 2024
/* A blob has so many bytes more than what is in it. */
#define PAL_NV_OVERHEAD 232
/* pal_nv_read(): sound, but of another load, so there may be a later one. */
#define PAL_NV_OTHER_LOAD 1

struct pal_nv_record {
	uint64_t index, epoch, count;
	unsigned char data[PAL_NV_MAX];
};
_Static_assert(sizeof(struct pal_nv_record) == PAL_SEAL_MAX &&
	       PAL_NV_OVERHEAD == PAL_SEAL_OVERHEAD + offsetof(struct pal_nv_record, data), "all that can be sealed");

/*
 * 1: nothing has been written in this load of the core. 0: something has, so an owner who says that there
 * is no blob hides it. Or a negative errno.
 */
static inline int pal_nv_empty(unsigned int index)
{
	int64_t count = pal_counter_read(index, NULL);

	return count < 0 ? (int)count : !count;
}

static inline int pal_nv_seal(const struct pal_nv_record *record, size_t size, void *blob)
{
	struct pal_seal request = {
		.flags = PAL_SEAL_TO_SELF | PAL_SEAL_AS_NV, .data_size = (uint32_t)(offsetof(struct pal_nv_record, data) + size),
		.data = (uintptr_t)record, .blob = (uintptr_t)blob, .blob_size = (uint32_t)size + PAL_NV_OVERHEAD,
	};

	return pal_seal_for(&request);
}

/*
 * blob gets size + PAL_NV_OVERHEAD bytes, which only the same PAL opens; all earlier blobs of this space are
 * refused from now on. Let blob lie where the owner does not see it before this is over (not in SHARED
 * memory). -EINVAL: no such space, or more than PAL_NV_MAX bytes. -ENOSPC: too many PALs have counters. After
 * an error blob is worth nothing, and what was written before goes on to count.
 */
static inline int pal_nv_write(unsigned int index, const void *data, size_t size, void *blob)
{
	struct pal_nv_record record;
	int64_t count;
	int ret;

	if (index >= PAL_NV_SPACES || size > PAL_NV_MAX)
		return -22;
	record.index = index;
	__builtin_memcpy(record.data, data, size);
	/* Sealed before it counts: where that fails, nothing is lost. */
	count = pal_counter_read(index, &record.epoch);
	record.count = (uint64_t)count + 1;
	ret = count < 0 ? (int)count : pal_nv_seal(&record, size, blob);
	if (!ret) {
		count = pal_counter_increment(index, NULL);
		/* Another one of this measurement came between: the number that is ours is a later one. */
		if (count != (int64_t)record.count) {
			pal_wipe(blob, size + PAL_NV_OVERHEAD);
			record.count = (uint64_t)count;
			ret = count < 0 ? (int)count : pal_nv_seal(&record, size, blob);
		}
	}
	pal_wipe(&record, sizeof(record));
	return ret;
}

/*
 * *size is the room in data, then what is in it. 0: what was written last. PAL_NV_OTHER_LOAD: nothing has been written in
 * this load, and this was in another one under the same root secret; data is there, but the PAL has to
 * decide whether an older state would do harm. -EKEYEXPIRED (-127): something was written since: a
 * rollback. Else as pal_unseal(); -EACCES also for a blob of pal_seal()'s or of another space.
 */
static inline int pal_nv_read(unsigned int index, const void *blob, size_t blob_size, void *data, size_t *size)
{
	struct pal_nv_record record;
	struct pal_unseal request = {
		.flags = PAL_UNSEAL_FROM_SELF | PAL_SEAL_AS_NV, .blob = (uintptr_t)blob, .blob_size = (uint32_t)blob_size,
		.data = (uintptr_t)&record, .data_size = sizeof(record),
	};
	size_t room = *size, used;
	uint64_t epoch = 0;
	int64_t count;
	int ret;

	*size = 0;
	if (index >= PAL_NV_SPACES || blob_size < PAL_NV_OVERHEAD || blob_size > PAL_NV_MAX + PAL_NV_OVERHEAD)
		return -22;
	used = blob_size - PAL_NV_OVERHEAD;
	ret = pal_unseal_from(&request);
	if (!ret) {
		count = pal_counter_read(index, &epoch);
		if (count < 0)
			ret = (int)count;
		else if (record.index != index)
			ret = -13;
		else if (record.epoch == epoch)
			ret = record.count == (uint64_t)count ? 0 : -127;
		else
			ret = count ? -127 : PAL_NV_OTHER_LOAD;
	}
	if (ret >= 0 && used > room)
		ret = -90;
	if (ret >= 0)
		__builtin_memcpy(data, record.data, used);
	if (ret >= 0 || ret == -90)
		*size = used;
	pal_wipe(&record, sizeof(record));
	return ret;
}

#endif
