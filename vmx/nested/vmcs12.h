/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A VMCS12: what an L1 hypervisor has written for its L2 (SDM vol. 3, 25). All of
 * it follows from the table in vmx/vmcs_fields.h. The core works on a copy of its
 * own; L1's page holds it while it is not current (VMPTRLD reads, VMCLEAR writes).
 * Read nested.h first.
 */
#ifndef UNDERPIN_VMX_NESTED_VMCS12_H
#define UNDERPIN_VMX_NESTED_VMCS12_H

#include "../../include/types.h"
#include "../vmcs.h"

#define VMCS12_COUNT(member, NAME, encoding, exists, class, shadow) + 1
#define VMCS12_NR_FIELDS (0 VMCS_FIELDS(VMCS12_COUNT))

#define VMCS12_MEMBER(member, NAME, encoding, exists, class, shadow) u64 member;
struct vmcs12 {
	u32 launched;		/* launch state: 1 = launched (SDM 25.1) */
	u32 reserved;
	union {
		struct {
			VMCS_FIELDS(VMCS12_MEMBER)
		};
		u64 field[VMCS12_NR_FIELDS];
	};
};
#undef VMCS12_MEMBER

/* Place of a field in field[], by name: VMCS12_INDEX(GUEST_RIP). */
#define VMCS12_ENUM(member, NAME, encoding, exists, class, shadow) VMCS12_INDEX_##NAME,
enum vmcs12_index { VMCS_FIELDS(VMCS12_ENUM) };
#define VMCS12_INDEX(NAME) VMCS12_INDEX_##NAME

/* Classes: see vmcs_fields.h. */
enum vmcs12_class {
	VMCS12_C,	/* control */
	VMCS12_G,	/* guest state, copied each time */
	VMCS12_R,	/* guest state, copied when asked for */
	VMCS12_S,	/* guest state, loaded and saved as a control says */
	VMCS12_H,	/* host state */
	VMCS12_I,	/* exit information: read-only */
};

/* Which control has to be offered for a field to exist: place in nested_caps.control[] + 1, bit. */
#define VMCS12_EXISTS_ALWAYS 0
#define VMCS12_EXISTS_PIN(bit) (1 << 5 | (bit))
#define VMCS12_EXISTS_PROC(bit) (2 << 5 | (bit))
#define VMCS12_EXISTS_EXIT(bit) (3 << 5 | (bit))
#define VMCS12_EXISTS_ENTRY(bit) (4 << 5 | (bit))
#define VMCS12_EXISTS_PROC2(bit) (5 << 5 | (bit))

struct vmcs12_field {
	u16 encoding;
	u8 exists;	/* VMCS12_EXISTS_* */
	u8 class : 4, shadow : 4;
};
extern const struct vmcs12_field vmcs12_fields[VMCS12_NR_FIELDS];

/*
 * Two other places have copies of a field: VMCS02 (class G) and the shadow VMCS. The
 * bits of a field in struct nested's newer_than_*; 0: no such copy. Set at launch.
 */
struct vmcs12_copies {
	u64 vmcs02, shadow;
};
extern struct vmcs12_copies vmcs12_copies[VMCS12_NR_FIELDS];

#define VMCS12_SHADOW_NONE 0
#define VMCS12_SHADOW_R 1
#define VMCS12_SHADOW_W 2

/*
 * The index of the field that VMREAD and VMWRITE mean by an encoding (64 bits, as
 * the register holds it); *high: its upper half (encoding bit 0). -1: no such
 * field, or the controls that it belongs to are not offered (VMfail 12).
 */
int vmcs12_find(u64 encoding, bool *high);
/* Value as VMREAD gives it; as VMWRITE stores it (truncated to the field's width). */
u64 vmcs12_get(const struct vmcs12 *v, int index, bool high);
void vmcs12_set(struct vmcs12 *v, int index, bool high, u64 value);

/* What a VMWRITE makes of a field that holds old. */
u64 vmcs12_merge(int index, bool high, u64 old, u64 value);

/*
 * L1's page. Its first word is the revision identifier (bit 31: shadow VMCS), the
 * second the VMX-abort indicator (SDM 25.2).
 */
#define VMCS12_REVISION 0x554e4401u	/* of this layout: changes with the table */
#define VMCS12_SHADOW_INDICATOR BIT(31)
/*
 * -EFAULT: not RAM. A hidden page reads as zeros and takes nothing (ept/guest_memory.h): 0.
 * The copy is whatever the page held, cut to the widths of the fields; nothing else in it
 * is to be trusted.
 */
int vmcs12_load(struct vmcs12 *v, gpa_t page);
int vmcs12_store(const struct vmcs12 *v, gpa_t page);
/* Where in the page vmcs12_store() puts launched; VMCLEAR of another writes only that. */
#define VMCS12_LAUNCH_STATE_AT 8
/* One field of a VMCS12 that is not current. 0, or -EFAULT as above. */
int vmcs12_read_field(gpa_t page, int index, u64 *value);
int vmcs12_write_field(gpa_t page, int index, u64 value);
/* First word, or 0xffffffff where there is no RAM. */
u32 vmcs12_revision_of(gpa_t page);
/* The VMX-abort indicator (SDM 28.7). */
void vmcs12_abort(gpa_t page, u32 indicator);

#endif
