// SPDX-License-Identifier: GPL-2.0
/*
 * Every CPU that the firmware lists as enabled or online-capable (ACPI 6.5,
 * 5.2.12.2 and 5.2.12.12) must be online, or it could be started natively after
 * the launch and read every secret. Linux's present mask will not do: nr_cpus=1
 * hides CPUs from it.
 */
#include "state.h"
#include "cpus.h"

#include <linux/acpi.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/init.h>
#include <asm/smp.h>

/* ACPI 6.3; not named in every kernel's headers. */
#define MADT_ONLINE_CAPABLE 0x2

struct madt_walk {
	u32 missing[8];		/* APIC ids of CPUs that are not online */
	unsigned int nr_missing;
	unsigned int nr_cpus;
};

static bool __init is_online(u32 apic_id)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_slots; i++)
		if (cpu_slots[i].apic_id == apic_id)
			return true;
	return false;
}

static void __init visit_cpu(struct madt_walk *walk, u32 apic_id, u32 flags)
{
	unsigned int i;

	if (!(flags & (ACPI_MADT_ENABLED | MADT_ONLINE_CAPABLE)))
		return;
	walk->nr_cpus++;
	if (is_online(apic_id))
		return;
	/* A CPU may have an entry of each kind. */
	for (i = 0; i < min_t(unsigned int, walk->nr_missing, ARRAY_SIZE(walk->missing)); i++)
		if (walk->missing[i] == apic_id)
			return;
	if (walk->nr_missing < ARRAY_SIZE(walk->missing))
		walk->missing[walk->nr_missing] = apic_id;
	walk->nr_missing++;
}

static void __init visit_entry(struct madt_walk *walk, const struct acpi_subtable_header *entry)
{
	if (entry->type == ACPI_MADT_TYPE_LOCAL_APIC &&
	    entry->length >= sizeof(struct acpi_madt_local_apic)) {
		const struct acpi_madt_local_apic *a = (const void *)entry;

		if (a->id != 0xff)	/* says "no CPU" */
			visit_cpu(walk, a->id, a->lapic_flags);
	} else if (entry->type == ACPI_MADT_TYPE_LOCAL_X2APIC &&
		   entry->length >= sizeof(struct acpi_madt_local_x2apic)) {
		const struct acpi_madt_local_x2apic *a = (const void *)entry;

		if (a->local_apic_id != 0xffffffff)
			visit_cpu(walk, a->local_apic_id, a->lapic_flags);
	}
}

static void __init walk_madt(struct madt_walk *walk, const struct acpi_table_header *madt)
{
	const u8 *at = (const u8 *)madt + sizeof(struct acpi_table_madt);
	const u8 *end = (const u8 *)madt + madt->length;

	while (end - at >= (long)sizeof(struct acpi_subtable_header)) {
		const struct acpi_subtable_header *entry = (const void *)at;

		if (entry->length < sizeof(*entry) || entry->length > end - at)
			break;
		visit_entry(walk, entry);
		at += entry->length;
	}
}

int __init cpus_find(void)
{
	unsigned int cpu;
	int err = 0;

	cpus_read_lock();
	nr_cpu_slots = 0;
	for_each_online_cpu(cpu) {
		if (nr_cpu_slots == CORE_MAX_CPUS) {
			pr_err("this version supports at most %u CPUs\n", CORE_MAX_CPUS);
			err = -E2BIG;
			break;
		}
		cpu_slots[nr_cpu_slots++] = (struct cpu_slot){
			.cpu = cpu,
			.apic_id = per_cpu(x86_cpu_to_apicid, cpu),
		};
	}
	cpus_read_unlock();
	return err;
}

static void __init report_missing(const struct madt_walk *walk)
{
	unsigned int shown = min_t(unsigned int, walk->nr_missing, ARRAY_SIZE(walk->missing));
	char list[ARRAY_SIZE(walk->missing) * 12] = "";
	unsigned int i, n = 0;

	for (i = 0; i < shown; i++)
		n += scnprintf(list + n, sizeof(list) - n, " %u", walk->missing[i]);
	pr_err("%u CPU(s) are not online, APIC id%s%s: bring them online (/sys/devices/system/cpu/cpu*/online; boot without nr_cpus=, maxcpus= or nosmt) or switch them off in the firmware\n",
	       walk->nr_missing, list, walk->nr_missing > shown ? " ..." : "");
}

int __init cpus_all_online(void)
{
	struct acpi_table_header *madt = NULL;
	struct madt_walk walk = {};

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_MADT, 0, &madt))) {
		pr_err("the firmware has no list of CPUs (ACPI MADT): boot without acpi=off\n");
		return -ENODEV;
	}
	walk_madt(&walk, madt);
	acpi_put_table(madt);

	if (walk.nr_missing) {
		report_missing(&walk);
		return -EBUSY;
	}
	if (!walk.nr_cpus) {
		pr_err("the firmware's list of CPUs (ACPI MADT) is empty\n");
		return -ENODEV;
	}
	return 0;
}
