// SPDX-License-Identifier: GPL-2.0
/* ACPI 6.5, 5.2.12: the multiple APIC description table. See cpus.c for why it is read. */
#include "madt.h"

/* 36 bytes of every table's header, the local APIC's address, flags. */
#define MADT_HEADER 44
#define FLAG_ENABLED 0x1
#define FLAG_ONLINE_CAPABLE 0x2

struct madt_entry {
	u8 type, length;
	union {
		struct {		/* type 0, 5.2.12.2 */
			u8 processor, id;
			u32 flags;
		} __attribute__((packed)) apic;
		struct {		/* type 9, 5.2.12.12 */
			u16 reserved;
			u32 id, flags, processor;
		} __attribute__((packed)) x2apic;
	};
} __attribute__((packed));

#define TYPE_APIC 0
#define TYPE_X2APIC 9

static void visit_cpu(struct madt_cpus *cpus, u32 apic_id, u32 flags, bool (*is_online)(u32 apic_id))
{
	u32 i;

	if (!(flags & (FLAG_ENABLED | FLAG_ONLINE_CAPABLE)))
		return;
	cpus->nr_cpus++;
	if (is_online(apic_id))
		return;
	/* A CPU may have an entry of each kind. */
	for (i = 0; i < cpus->nr_missing && i < MADT_SHOWN; i++)
		if (cpus->missing[i] == apic_id)
			return;
	if (cpus->nr_missing < MADT_SHOWN)
		cpus->missing[cpus->nr_missing] = apic_id;
	cpus->nr_missing++;
}

void madt_walk(struct madt_cpus *cpus, const void *madt, u32 length, bool (*is_online)(u32 apic_id))
{
	const struct madt_entry *e;
	u32 at;

	for (at = MADT_HEADER; at < length && length - at >= 2; at += e->length) {
		e = madt + at;
		if (e->length < 2 || e->length > length - at)
			break;
		/* An id of all ones says "no CPU". */
		if (e->type == TYPE_APIC && e->length >= 8 && e->apic.id != 0xff)
			visit_cpu(cpus, e->apic.id, e->apic.flags, is_online);
		else if (e->type == TYPE_X2APIC && e->length >= 16 && e->x2apic.id != 0xffffffff)
			visit_cpu(cpus, e->x2apic.id, e->x2apic.flags, is_online);
	}
}
