// SPDX-License-Identifier: GPL-2.0
/*
 * Every CPU that the firmware lists as enabled or online-capable (madt.c) must
 * be online, or it could be started natively after the launch and read every
 * secret. Linux's present mask will not do: nr_cpus=1 hides CPUs from it.
 */
#include "state.h"
#include "cpus.h"

#include <linux/acpi.h>
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/init.h>
#include <asm/smp.h>

#include "madt.h"

static bool is_online(u32 apic_id)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_slots; i++)
		if (cpu_slots[i].apic_id == apic_id)
			return true;
	return false;
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

static void __init report_missing(const struct madt_cpus *cpus)
{
	unsigned int shown = min_t(unsigned int, cpus->nr_missing, MADT_SHOWN);
	char list[MADT_SHOWN * 12] = "";
	unsigned int i, n = 0;

	for (i = 0; i < shown; i++)
		n += scnprintf(list + n, sizeof(list) - n, " %u", cpus->missing[i]);
	pr_err("%u CPU(s) are not online, APIC id%s%s: bring them online (/sys/devices/system/cpu/cpu*/online; boot without nr_cpus=, maxcpus= or nosmt) or switch them off in the firmware\n",
	       cpus->nr_missing, list, cpus->nr_missing > shown ? " ..." : "");
}

int __init cpus_all_online(void)
{
	struct acpi_table_header *madt = NULL;
	struct madt_cpus cpus = {};

	if (ACPI_FAILURE(acpi_get_table(ACPI_SIG_MADT, 0, &madt))) {
		pr_err("the firmware has no list of CPUs (ACPI MADT): boot without acpi=off\n");
		return -ENODEV;
	}
	madt_walk(&cpus, madt, madt->length, is_online);
	acpi_put_table(madt);

	if (cpus.nr_missing) {
		report_missing(&cpus);
		return -EBUSY;
	}
	if (!cpus.nr_cpus) {
		pr_err("the firmware's list of CPUs (ACPI MADT) is empty\n");
		return -ENODEV;
	}
	return 0;
}
