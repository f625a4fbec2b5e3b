// SPDX-License-Identifier: GPL-2.0
/*
 * The measurement (RULES 20): SHA-256 over what docs/pal-measurement.md says,
 * independent of load addresses, in steps (RULES 11). The frames are isolated
 * by now, so nothing that is hashed can still change (RULES 4).
 */
#include "../vmx/vector.h"
#include "internal.h"

/* By the code's kind: the same bytes are other instructions in the other. */
static const char magic_64[12] = { 'U', 'n', 'd', 'e', 'r', 'p', 'i', 'n', 'P', 'A', 'L', '1' };
static const char magic_32[12] = { 'U', 'n', 'd', 'e', 'r', 'p', 'i', 'n', 'P', '3', '2', '1' };

struct measured_header {
	char magic[12];
	u32 nr_sections, nr_entries;
};

struct measured_section {
	u32 type, nr_pages;
	u64 offset;	/* to the first section, modulo 2^64 */
};

struct measured_entry {
	u64 offset;
	u32 nr_params, flags;
};

void measure_begin(struct pal *pal)
{
	br_sha256_init(&pal->hash);
	pal->measured_records = 0;
	pal->position = 0;
}

static void measure_sections(struct pal *pal)
{
	struct measured_header header = { .nr_sections = pal->nr_sections,
					  .nr_entries = pal->nr_entries };
	u32 i;

	memcpy(header.magic, pal->compat ? magic_32 : magic_64, sizeof(header.magic));
	br_sha256_update(&pal->hash, &header, sizeof(header));
	for (i = 0; i < pal->nr_sections; i++) {
		const struct pal_section *from = &pal->section[i];
		struct measured_section s = { from->type, from->nr_pages,
					      from->addr - pal->section[0].addr };

		br_sha256_update(&pal->hash, &s, sizeof(s));
	}
}

static void measure_entry(struct pal *pal, const struct pal_entry *entry)
{
	struct measured_entry e = { entry->addr - pal->section[0].addr, entry->nr_params, entry->flags };
	u32 i;

	br_sha256_update(&pal->hash, &e, sizeof(e));
	for (i = 0; i < entry->nr_params; i++) {
		const struct pal_param *from = &entry->param[i];
		struct pal_param_desc p = { .type = from->type, .flags = from->flags,
					    .size_param = from->size_param, .size = from->size };

		br_sha256_update(&pal->hash, &p, sizeof(p));
	}
}

static bool contents_count(u32 type)
{
	return type == PAL_SECTION_CODE || type == PAL_SECTION_RODATA || type == PAL_SECTION_DATA;
}

/* Contents from byte pal->position of all frames on. False: none are left. */
static bool measure_contents(struct pal *pal)
{
	u32 index = pal->position >> PAGE_SHIFT;
	const struct pal_section *s;

	while (index < pal->nr_frames) {
		s = section_of_frame(pal, index);
		if (contents_count(s->type))
			break;
		index = s->first + s->nr_pages;
		pal->position = index << PAGE_SHIFT;
	}
	if (index >= pal->nr_frames)
		return false;
	br_sha256_update(&pal->hash,
			 (u8 *)pal_frame_ptr(pal, index) + (pal->position & ~PAGE_MASK),
			 PAL_HASH_A_STEP);
	pal->position += PAL_HASH_A_STEP;
	return true;
}

int measure_step(struct pal *pal)
{
	struct cpu *cpu = this_cpu();
	int ret = -EAGAIN;

	vector_begin(cpu);
	if (!pal->measured_records) {
		measure_sections(pal);
		pal->measured_records = 1;
	} else if (pal->measured_records <= pal->nr_entries) {
		measure_entry(pal, &pal->entry[pal->measured_records - 1]);
		pal->measured_records++;
	} else if (!measure_contents(pal)) {
		br_sha256_out(&pal->hash, pal->slot->info.measurement);
		ret = 0;
	}
	vector_end(cpu);
	return ret;
}
