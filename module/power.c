// SPDX-License-Identifier: GPL-2.0
/*
 * Sleep states would take VMX operation from under the core: refused for now. A
 * reboot or kexec would leave secrets in memory for the next kernel: all PALs
 * and keys are wiped, and every CPU leaves, in the reboot notifier, which runs
 * last of all (KVM's own, at priority 0, has then left VMX operation); with kexec=stay
 * they are wiped before a kexec, too, but the next kernel goes on under the core. Memory
 * that comes after the load is not RAM to the core, so none may come.
 */
#include "state.h"
#include "power.h"

#include <linux/acpi.h>
#include <linux/errno.h>
#include <linux/memory.h>
#include <linux/notifier.h>
#include <linux/reboot.h>
#include <linux/string.h>
#include <linux/suspend.h>

#include "hypercall.h"
#include "leave.h"

#define REBOOT_PRIORITY (-1000)

static int at_sleep(struct notifier_block *nb, unsigned long event, void *unused)
{
	switch (event) {
	case PM_HIBERNATION_PREPARE:
	case PM_SUSPEND_PREPARE:
	case PM_RESTORE_PREPARE:
		if (core_phase() == PHASE_GONE)
			return NOTIFY_DONE;
		pr_warn("suspend and hibernation are not supported while underpin is loaded: unload it first (modprobe -r underpin)\n");
		return notifier_from_errno(-EBUSY);
	}
	return NOTIFY_DONE;
}

/* kernel_kexec() says this; a restart that has the same words finds nothing secret either. */
static bool is_kexec(const char *command)
{
	return command && !strcmp(command, "kexec reboot");
}

static int at_reboot(struct notifier_block *nb, unsigned long event, void *command)
{
	if (params.kexec_stay && is_kexec(command) && core_phase() == PHASE_RUNNING) {
		int err = core_stay();

		if (!err) {
			pr_info("the core stays under the next kernel\n");
			return NOTIFY_DONE;
		}
		pr_warn("the core cannot stay under the next kernel: error %d; it leaves\n", err);
	}
	core_lock();
	if (core_phase() == PHASE_RUNNING && !core_leave(true))
		pr_info("all CPUs have left the core\n");
	core_unlock();
	return NOTIFY_DONE;
}

static int at_memory(struct notifier_block *nb, unsigned long event, void *unused)
{
	if (event != MEM_GOING_ONLINE || core_phase() == PHASE_GONE)
		return NOTIFY_DONE;
	pr_warn("memory cannot be added while underpin is loaded: unload it first (modprobe -r underpin)\n");
	return notifier_from_errno(-EBUSY);
}

static struct notifier_block memory_block = { .notifier_call = at_memory };
static struct notifier_block sleep_block = { .notifier_call = at_sleep };
static struct notifier_block reboot_block = { .notifier_call = at_reboot, .priority = REBOOT_PRIORITY };

static void __init add_port(struct handover *h, u64 port, u8 mask, u8 value)
{
	if (!port || port > 0xffff)
		return;
	if (h->nr_ports == CORE_MAX_PORTS)
		pr_warn("port %llx, by which the machine sleeps or is reset, is not watched: too many\n", port);
	else
		h->ports[h->nr_ports++] = (struct core_port){ port, mask, value };
}

static u64 __init io_address(const struct acpi_generic_address *gas)
{
	return gas->space_id == ACPI_ADR_SPACE_SYSTEM_IO ? gas->address : 0;
}

#define SLP_EN 0x20	/* bit 13 of PM1 control, bit 5 of sleep control (ACPI 4.8.3.2.1, 4.8.3.7) */

/* The second byte of PM1 control, where SLP_EN is. */
static void __init add_pm1(struct handover *h, u64 port)
{
	add_port(h, port ? port + 1 : 0, SLP_EN, SLP_EN);
}

void __init power_ports(struct handover *h)
{
	const struct acpi_table_fadt *fadt = &acpi_gbl_FADT;

	add_port(h, 0xcf9, 4, 4);	/* reset control: RST_CPU */
	add_port(h, 0x64, 0xf1, 0xf0);	/* 8042: a pulse on the reset line */
	add_port(h, 0x64, 0xff, 0xd1);	/* and its output port is written next, where that line is, too */
	if (acpi_disabled)
		return;
	add_pm1(h, fadt->pm1a_control_block);
	add_pm1(h, fadt->pm1b_control_block);
	if (io_address(&fadt->xpm1a_control_block) != fadt->pm1a_control_block)
		add_pm1(h, io_address(&fadt->xpm1a_control_block));
	if (io_address(&fadt->xpm1b_control_block) != fadt->pm1b_control_block)
		add_pm1(h, io_address(&fadt->xpm1b_control_block));
	add_port(h, io_address(&fadt->sleep_control), SLP_EN, SLP_EN);
	if (fadt->flags & ACPI_FADT_RESET_REGISTER)
		add_port(h, io_address(&fadt->reset_register), 0xff, fadt->reset_value);
}

int power_init(void)
{
	int err;

	/* The uppermost of several leaves first. */
	reboot_block.priority = REBOOT_PRIORITY + core_depth;
	err = register_pm_notifier(&sleep_block);
	if (err)
		return err;
	err = register_reboot_notifier(&reboot_block);
	if (err)
		goto no_reboot;
	err = register_memory_notifier(&memory_block);
	if (!err)
		return 0;
	unregister_reboot_notifier(&reboot_block);
no_reboot:
	unregister_pm_notifier(&sleep_block);
	return err;
}

void power_exit(void)
{
	unregister_memory_notifier(&memory_block);
	unregister_reboot_notifier(&reboot_block);
	unregister_pm_notifier(&sleep_block);
}
