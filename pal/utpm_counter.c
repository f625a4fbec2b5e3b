// SPDX-License-Identifier: GPL-2.0
/*
 * Monotonic counters (docs/services.md 7): by measurement, so that a PAL finds
 * its own again when it is registered anew. A row is never given up: the table
 * being full is an error for those who come later.
 */
#include "../core/crypto.h"
#include "utpm.h"

#define NR_ROWS 128

static struct row {
	u8 measurement[DIGEST_SIZE];
	u64 value[PAL_NR_COUNTERS];
} rows[NR_ROWS];
static u32 nr_rows;
static struct spinlock counters_lock;

static struct row *find(const u8 measurement[DIGEST_SIZE])
{
	u32 i;

	for (i = 0; i < nr_rows; i++)
		if (!memcmp(rows[i].measurement, measurement, DIGEST_SIZE))
			return &rows[i];
	return NULL;
}

static struct row *make(const u8 measurement[DIGEST_SIZE])
{
	if (nr_rows == NR_ROWS)
		return NULL;
	memcpy(rows[nr_rows].measurement, measurement, DIGEST_SIZE);
	return &rows[nr_rows++];
}

static s64 count(const u8 measurement[DIGEST_SIZE], u64 index, u64 add)
{
	struct row *row = find(measurement);

	if (!add)
		return row ? row->value[index] : 0;
	if (!row)
		row = make(measurement);
	return row ? (s64)(row->value[index] += add) : -ENOSPC;
}

s64 utpm_counter(const struct pal *pal, u64 index, u64 add, u64 *out_epoch)
{
	s64 ret;

	if (index >= PAL_NR_COUNTERS || add > 1)
		return -EINVAL;
	/* A look through all rows is long, so nobody waits for another's. */
	if (!spin_trylock(&counters_lock))
		return -EAGAIN;
	ret = count(pal->slot->info.measurement, index, add);
	*out_epoch = core_epoch;
	spin_unlock(&counters_lock);
	return ret;
}
