// SPDX-License-Identifier: GPL-2.0
/*
 * What vmcs12.h promises, out of the table in vmx/vmcs_fields.h: encodings (SDM
 * vol. 3, 25.11.2 and appendix B) and L1's page. Next: caps.c, instructions.c.
 */
#include "vmcs12.h"

#include "../../ept/guest_memory.h"
#include "../../include/platform.h"
#include "caps.h"

#define FIELD(member, NAME, code, when, kind, how) \
	{ .encoding = code, .exists = VMCS12_EXISTS_##when, .class = VMCS12_##kind, \
	  .shadow = VMCS12_SHADOW_##how },
const struct vmcs12_field vmcs12_fields[VMCS12_NR_FIELDS] = { VMCS_FIELDS(FIELD) };

struct vmcs12_copies vmcs12_copies[VMCS12_NR_FIELDS];

/*
 * An encoding is width (bits 14:13), type (11:10), index (9:1; below 32 in all that
 * we know) and, for the upper half of a 64-bit field, bit 0. Every other bit is 0.
 */
#define ENCODING_BITS 0x6c3full
#define HIGH 1
#define WIDTH(encoding) ((encoding) >> 13 & 3)
enum { WIDTH_16, WIDTH_64, WIDTH_32, WIDTH_NATURAL };
#define SLOT(encoding) (((encoding) >> 6 & 0x180) | ((encoding) >> 5 & 0x60) | ((encoding) >> 1 & 0x1f))

/* Slot to index + 1. */
#define PLACE(member, NAME, code, when, kind, how) \
	[SLOT(code)] = VMCS12_INDEX(NAME) + 1,
static const u8 place[512] = { VMCS_FIELDS(PLACE) };
#define STRANGE(member, NAME, code, when, kind, how) + (((code) & ~(ENCODING_BITS & ~HIGH)) != 0)
_Static_assert(VMCS12_NR_FIELDS < 256 && (0 VMCS_FIELDS(STRANGE)) == 0, "place[] is too small");

int vmcs12_find(u64 encoding, bool *high)
{
	int index;

	if ((encoding & ~ENCODING_BITS) || ((encoding & HIGH) && WIDTH(encoding) != WIDTH_64))
		return -1;
	index = place[SLOT(encoding)] - 1;
	if (index < 0 || !nested_control_offered(vmcs12_fields[index].exists))
		return -1;
	*high = encoding & HIGH;
	return index;
}

u64 vmcs12_get(const struct vmcs12 *v, int index, bool high)
{
	return high ? v->field[index] >> 32 : v->field[index];
}

u64 vmcs12_merge(int index, bool high, u64 old, u64 value)
{
	u32 width = WIDTH(vmcs12_fields[index].encoding);

	if (high)
		return value << 32 | (u32)old;
	return width == WIDTH_16 ? (u16)value : width == WIDTH_32 ? (u32)value : value;
}

void vmcs12_set(struct vmcs12 *v, int index, bool high, u64 value)
{
	v->field[index] = vmcs12_merge(index, high, v->field[index], value);
}

/* L1's page: revision, abort indicator, then the copy as it is. */
#define ABORT_AT 4
_Static_assert(VMCS12_LAUNCH_STATE_AT + sizeof(struct vmcs12) <= PAGE_SIZE, "outgrew its page");
_Static_assert(offsetof(struct vmcs12, launched) == 0, "not at VMCS12_LAUNCH_STATE_AT");

static gpa_t in_page(gpa_t page, u32 offset)
{
	return GPA(page.v + offset);
}

/* The table has the fields of a width together (the hosted test sees to that). */
int vmcs12_load(struct vmcs12 *v, gpa_t page)
{
	int err = guest_read(in_page(page, VMCS12_LAUNCH_STATE_AT), v, sizeof(*v));
	u32 i;

	if (err)
		return err;
	v->launched = !!v->launched;
	for (i = 0; i < VMCS12_INDEX(IO_BITMAP_A); i++)
		v->field[i] = (u16)v->field[i];
	for (i = VMCS12_INDEX(PIN_BASED_CONTROLS); i < VMCS12_INDEX(CR0_GUEST_HOST_MASK); i++)
		v->field[i] = (u32)v->field[i];
	return 0;
}

int vmcs12_store(const struct vmcs12 *v, gpa_t page)
{
	return guest_write(in_page(page, VMCS12_LAUNCH_STATE_AT), v, sizeof(*v));
}

static gpa_t field_in_page(gpa_t page, int index)
{
	return in_page(page, VMCS12_LAUNCH_STATE_AT + offsetof(struct vmcs12, field) + index * 8);
}

int vmcs12_read_field(gpa_t page, int index, u64 *value)
{
	int err = guest_read(field_in_page(page, index), value, sizeof(*value));

	*value = err ? 0 : vmcs12_merge(index, false, 0, *value);
	return err;
}

int vmcs12_write_field(gpa_t page, int index, u64 value)
{
	return guest_write(field_in_page(page, index), &value, sizeof(value));
}

u32 vmcs12_revision_of(gpa_t page)
{
	u32 revision;

	return guest_read(page, &revision, sizeof(revision)) ? 0xffffffff : revision;
}

void vmcs12_abort(gpa_t page, u32 indicator)
{
	guest_write(in_page(page, ABORT_AT), &indicator, sizeof(indicator));
}
