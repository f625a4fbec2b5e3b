// SPDX-License-Identifier: GPL-2.0
/*
 * Underpin's Linux driver. Loading goes from what changes nothing to what
 * changes everything: refusals, pool, address space, the core's own set-up, and
 * last the launch on all CPUs; each step is undone when a later one fails.
 * After the launch this code is an ordinary, untrusted guest of the core.
 *
 * Read enter.c for the launch, leave.c for the way out, pal.c for PALs.
 */
#include "state.h"

#include <linux/delay.h>
#include <linux/errno.h>
#include <linux/init.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/cpufeature.h>
#include <asm/special_insns.h>
#include <asm/tsc.h>

#include "cpus.h"
#include "debugfs.h"
#include "device.h"
#include "donate.h"
#include "enter.h"
#include "fatal.h"
#include "features.h"
#include "hotplug.h"
#include "image.h"
#include "leave.h"
#include "pool.h"
#include "power.h"
#include "root_secret.h"
#include "tpm.h"
#include "space.h"
#include "switch.h"
#include "vmx_users.h"

struct underpin_params params = { .fail_cpu = -1 };

module_param_named(debug, params.debug, bool, 0444);
MODULE_PARM_DESC(debug, "allow debug hypercalls and injected failures (for tests only)");
module_param_named(lock, params.lock, bool, 0444);
MODULE_PARM_DESC(lock, "never leave before a reboot");
module_param_named(fail_cpu, params.fail_cpu, int, 0444);
MODULE_PARM_DESC(fail_cpu, "with debug: this CPU fails to launch");
module_param_named(fail_stage, params.fail_stage, uint, 0444);
MODULE_PARM_DESC(fail_stage, "with debug: at 1 before VMXON, 2 after, 3 VM entry, 4 first exit");
module_param_named(pool_mb, params.pool_mb, uint, 0444);
MODULE_PARM_DESC(pool_mb, "MiB of memory for the core beyond what is reckoned");
module_param_named(nested_mb, params.nested_mb, uint, 0444);
MODULE_PARM_DESC(nested_mb, "MiB for the guests of a hypervisor (KVM) on top; 0: VMX is not offered");
static char *root_secret;
module_param(root_secret, charp, 0);
MODULE_PARM_DESC(root_secret, "for sealing (docs/services.md): file of 32 to 64 secret bytes, or tpm; without it sealed data ends with the core");
static uint tpm_pcrs = TPM_PCRS_OF_BOOT;
module_param(tpm_pcrs, uint, 0444);
MODULE_PARM_DESC(tpm_pcrs, "with root_secret=tpm: mask of the PCRs that must be as at underpin tpm setup (0x395: 0, 2, 4, 7, 8, 9)");
static char *kexec = "leave";
module_param(kexec, charp, 0444);
MODULE_PARM_DESC(kexec, "what a kexec does: leave (the next kernel has the bare machine) or stay (it runs under the core; needs pool_range)");
static char *pool_range;
module_param(pool_range, charp, 0444);
MODULE_PARM_DESC(pool_range, "addresses from which the core's memory comes, as 1G-2G, 1G- or -4G");
static char *name = KBUILD_MODNAME;
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "name of the device and of the debugfs directory");

/* The idle core's memory (DESIGN.md 3, RULES 6), in pages. */
#define POOL_BASE 512
#define POOL_PER_CPU 16
#define NESTED_PER_CPU 7
/* Page tables that the base has room for. */
#define POOL_BASE_TABLES 96
#define POOL_MB_MAX 4096

static bool pages_lost;	/* a CPU may still run in the core */

static int __init check_params(void)
{
	if (params.pool_mb > POOL_MB_MAX || params.nested_mb > POOL_MB_MAX) {
		pr_err("pool_mb and nested_mb may be at most %u\n", POOL_MB_MAX);
		return -EINVAL;
	}
	if (!params.debug && (params.fail_cpu >= 0 || params.fail_stage)) {
		pr_err("fail_cpu and fail_stage work only with debug=1\n");
		return -EINVAL;
	}
	if (params.fail_stage >= CORE_FAIL_STAGES ||
	    (params.fail_cpu >= 0 && slot_of_cpu(params.fail_cpu) < 0)) {
		pr_err("there is no stage %u or CPU %d to fail\n", params.fail_stage,
		       params.fail_cpu);
		return -EINVAL;
	}
	return 0;
}

/* After features_check(). */
static int __init check_kexec(void)
{
	params.kexec_stay = !strcmp(kexec, "stay");
	if (!params.kexec_stay && strcmp(kexec, "leave")) {
		pr_err("kexec=%s is not known: leave or stay\n", kexec);
		return -EINVAL;
	}
	if (!params.kexec_stay)
		return 0;
	if (!pool_range) {
		pr_err("kexec=stay needs pool_range=FROM-TO: memory that the next kernel is not loaded to (docs/architecture.md)\n");
		return -EINVAL;
	}
	if (!cpus_unrestricted) {
		pr_err("kexec=stay needs CPUs with unrestricted guest: the next kernel begins without paging\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

static int __init refuse_or_go_on(void)
{
	int err = cpus_find();

	if (!err)
		err = check_params();
	if (!err)
		err = image_check();
	if (!err)
		err = features_check();
	if (!err)
		err = check_kexec();
	if (!err && pool_range)
		err = pool_set_range(pool_range);
	return err ? err : cpus_all_online();
}

static void free_bridges(void)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_slots; i++) {
		if (cpu_slots[i].bridge)
			bridge_free(cpu_slots[i].bridge);
		cpu_slots[i].bridge = NULL;
	}
}

static int __init alloc_bridges(void)
{
	unsigned int i;

	for (i = 0; i < nr_cpu_slots; i++) {
		cpu_slots[i].bridge = bridge_alloc();
		if (!cpu_slots[i].bridge)
			return -ENOMEM;
	}
	return 0;
}

static unsigned long __init pool_size(const struct ram_map *ram)
{
	unsigned long tables = space_tables_estimate(ram);

	return POOL_BASE + POOL_PER_CPU * nr_cpu_slots +
	       256ul * (params.pool_mb + params.nested_mb) +
	       (params.nested_mb ? NESTED_PER_CPU * nr_cpu_slots : 0) +
	       (tables > POOL_BASE_TABLES ? tables - POOL_BASE_TABLES : 0);
}

static void __init fill_handover(struct handover *h, const struct ram_map *ram, u64 core_cr3)
{
	unsigned int i;

	h->magic = CORE_IMAGE_MAGIC;
	h->version = CORE_ABI_VERSION;
	h->flags = (boot_cpu_has(X86_FEATURE_HYPERVISOR) ? HANDOVER_HYPERVISOR_VISIBLE : 0) |
		   (params.debug ? HANDOVER_DEBUG : 0) | (params.lock ? HANDOVER_LOCK : 0) |
		   (native_read_cr4() & X86_CR4_LA57 ? HANDOVER_LA57 : 0);
	h->nr_cpus = nr_cpu_slots;
	for (i = 0; i < nr_cpu_slots; i++)
		h->apic_id[i] = cpu_slots[i].apic_id;
	if (params.fail_cpu >= 0) {
		h->fail_cpu = slot_of_cpu(params.fail_cpu);
		h->fail_stage = params.fail_stage;
	}
	h->tsc_khz = tsc_khz;
	h->core_cr3 = core_cr3;
	h->switch_va = (u64)underpin_switch_page;
	get_random_bytes(h->entropy, sizeof(h->entropy));
	h->nr_pool = pool_extents(h->pool);
	h->nr_free = pool_rest(h->free);
	h->nr_ram = ram->nr;
	power_ports(h);
	h->nested_pages = 256 * params.nested_mb;
	memcpy(h->ram, ram->range, ram->nr * sizeof(ram->range[0]));
}

/* Pool, address space, hand-over record: *core_cr3 is where the core lives. */
static int __init build_core(u64 *core_cr3)
{
	struct handover *h = kvzalloc(sizeof(*h), GFP_KERNEL);
	struct ram_map *ram = kvzalloc(sizeof(*ram), GFP_KERNEL);
	int err = -ENOMEM;

	if (!h || !ram)
		goto out;
	err = ram_find(ram);
	if (!err)
		err = alloc_bridges();
	if (!err)
		err = pool_create(pool_size(ram));
	if (!err)
		err = space_create(ram, core_cr3);
	if (err)
		goto out;
	fill_handover(h, ram, *core_cr3);
	err = root_secret_read(root_secret, tpm_pcrs, h);
	if (!err)
		image_write_handover(h);
out:
	kvfree(ram);
	kvfree_sensitive(h, sizeof(*h));
	return err;
}

static void free_core(void)
{
	if (pages_lost) {
		pool_leak();
		donate_leak();
		return;
	}
	donate_free_all();
	pool_destroy();
	free_bridges();
}

static int __init start_core(void)
{
	u8 key[TPM_KEY_SIZE];
	u64 core_cr3 = 0;
	char why[104] = "";
	int err = build_core(&core_cr3), cap_err;
	bool built = !err;

	if (built)
		err = core_initialize(core_cr3);
	if (!err)
		image_read_quote_key(key);
	cap_err = tpm_finish(err ? NULL : key);
	err = err ? err : cap_err;
	if (!err)
		err = core_launch(&pages_lost);
	if (err && built)
		image_read_error(why);
	if (err) {
		if (why[0])
			pr_err("what the core says of it: %s\n", why);
		core_set_phase(PHASE_GONE);
		free_core();
		return err;
	}
	core_set_phase(PHASE_RUNNING);
	pr_info("core %20phN runs under %u CPUs, %lu KiB\n", image_build_id(), nr_cpu_slots,
		pool_pages() * 4);
	return 0;
}

/* -EBUSY: it goes on running, because something needs it. */
static int __exit stop_core(void)
{
	int err;

	core_lock();
	err = core_phase() == PHASE_RUNNING ? core_leave(false) : 0;
	core_unlock();
	if (err && core_phase() != PHASE_GONE)
		return err;
	pages_lost |= err || core_phase() == PHASE_STAYS;
	free_core();
	return 0;
}

/*
 * rmmod cannot be refused from here. What makes the core stay (PALs, also lost
 * ones, offline CPUs, lock=1) holds a reference to the module, so this waits only where that
 * was overridden (rmmod -f). Killed, it leaves the core in place until reboot.
 */
static void __exit stop_core_or_wait(void)
{
	while (stop_core()) {
		if (msleep_interruptible(1000) && fatal_signal_pending(current)) {
			pr_crit("the core stays until reboot, and its memory with it\n");
			return;
		}
	}
}

static int __init underpin_init(void)
{
	int err = refuse_or_go_on();

	if (err)
		return err;
	err = fatal_init();
	if (err)
		return err;
	err = vmx_users_init();
	if (err)
		goto no_vmx_users;
	err = hotplug_init();
	if (err)
		goto no_hotplug;
	err = power_init();
	if (err)
		goto no_power;
	/* Before the launch, which with lock=1 cannot be undone. Until then, opening it fails. */
	err = device_init(name);
	if (err) {
		pr_err("cannot make /dev/%s: error %d\n", name, err);
		goto no_device;
	}
	err = start_core();
	if (err)
		goto no_core;
	debugfs_init(name);
	if (params.lock)
		__module_get(THIS_MODULE);
	return 0;

no_core:
	device_exit();
no_device:
	power_exit();
no_power:
	hotplug_exit();
no_hotplug:
	vmx_users_exit();
no_vmx_users:
	fatal_exit();
	return err;
}

static void __exit underpin_exit(void)
{
	debugfs_exit();
	device_exit();
	stop_core_or_wait();
	power_exit();
	hotplug_exit();
	vmx_users_exit();
	fatal_exit();
	pr_info("unloaded\n");
}

module_init(underpin_init);
module_exit(underpin_exit);

MODULE_DESCRIPTION("Underpin: a late-launch hypervisor under the running kernel");
MODULE_AUTHOR("The Underpin authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(UNDERPIN_VERSION);
