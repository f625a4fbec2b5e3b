// SPDX-License-Identifier: GPL-2.0
/*
 * `underpin check`: every requirement, met or not, and what to change. The
 * CPU's are the table that the module itself refuses by (module/requirements.c);
 * the machine's and the kernel's are below, one function each.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "command.h"
#include "facts.h"

enum verdict {
	VERDICT_OK,
	VERDICT_MISSING,
	VERDICT_UNKNOWN,	/* could not be seen: counts as missing */
	VERDICT_AT_LOAD,	/* cannot be seen from user space: the module looks */
	VERDICT_NOTE,		/* not needed, but good to know */
};

static const char *const verdict_names[] = { "ok", "missing", "unknown", "at load", "note" };

struct finding {
	enum verdict verdict;
	char name[96];
	char text[400];		/* what to do, or what was found */
};

static struct finding findings[64];
static size_t nr_findings;

__attribute__((format(printf, 3, 4)))
static void found(enum verdict verdict, const char *name, const char *fmt, ...)
{
	struct finding *f = &findings[nr_findings];
	va_list args;

	if (nr_findings == sizeof(findings) / sizeof(findings[0]))
		return;
	nr_findings++;
	f->verdict = verdict;
	snprintf(f->name, sizeof(f->name), "%s", name);
	va_start(args, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, args);
	va_end(args);
}

/*
 * Does the requirement depend on what user space could not read? Try what the
 * unread fields may hold; one of the answers differs, then it does.
 */
static bool depends_on_cr4(const struct requirement *r, const struct cpu_facts *facts)
{
	struct cpu_facts other = *facts;

	other.cr4 = ~0ull;
	return r->met(&other) != r->met(facts);
}

static bool depends_on_msrs(const struct requirement *r, const struct cpu_facts *facts)
{
	static const uint64_t values[] = { ~0ull, 1 };
	struct cpu_facts other = *facts;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		other.feature_control = other.basic = other.pin = other.proc = values[i];
		other.exit = other.entry = other.proc2 = other.ept_vpid_cap = values[i];
		if (r->met(&other) != r->met(facts))
			return true;
	}
	return false;
}

static void check_requirement(const struct requirement *r, const struct cpu_report *reports,
			      const struct cpu_set *cpus)
{
	char missing_on[128] = "";
	bool unknown = false, cr4 = false;
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < cpus->nr; i++) {
		const struct cpu_facts *facts = &reports[i].facts;

		if (!reports[i].bound || (!reports[i].msrs_known && depends_on_msrs(r, facts))) {
			unknown = true;
		} else if (depends_on_cr4(r, facts)) {
			cr4 = true;
		} else if (!r->met(facts)) {
			if (used < sizeof(missing_on) - 16)
				used += (size_t)snprintf(missing_on + used, sizeof(missing_on) - used, "%s%u",
							 used ? "," : "", cpus->id[i]);
		}
	}
	if (used && strchr(missing_on, ','))
		found(VERDICT_MISSING, r->name, "%s (CPUs %s)", r->remedy, missing_on);
	else if (used)
		found(VERDICT_MISSING, r->name, "%s (CPU %s)", r->remedy, missing_on);
	else if (unknown)
		found(VERDICT_UNKNOWN, r->name,
		      "the CPU's MSRs cannot be read: run as root, after 'modprobe msr'");
	else if (cr4)
		found(VERDICT_AT_LOAD, r->name, "the module looks, and says if not: %s", r->remedy);
	else
		found(VERDICT_OK, r->name, "%s", "");
}

static void check_cpu_features(void)
{
	struct cpu_report *reports;
	struct cpu_set cpus;
	bool no_vmx = true;
	char line[4096];
	unsigned int i;

	if (!read_line("/sys/devices/system/cpu/online", line, sizeof(line)) || !parse_cpu_list(line, &cpus)) {
		found(VERDICT_UNKNOWN, "CPUs", "/sys/devices/system/cpu/online cannot be read: mount /sys");
		return;
	}
	reports = calloc(cpus.nr, sizeof(*reports));
	if (!reports) {
		found(VERDICT_UNKNOWN, "CPUs", "out of memory");
		return;
	}
	for (i = 0; i < cpus.nr; i++) {
		gather_cpu(cpus.id[i], &reports[i]);
		if (!reports[i].bound || reports[i].facts.vmx)
			no_vmx = false;
	}
	if (no_vmx && nr_requirements)
		/* The rest of the table would say the same in other words. */
		check_requirement(&requirements[0], reports, &cpus);
	else
		for (i = 0; i < nr_requirements; i++)
			check_requirement(&requirements[i], reports, &cpus);
	free(reports);
}

static void check_every_cpu(void)
{
	static struct cpu_set madt, online;
	char offline[256], ids[160] = "";
	unsigned int i, hidden = 0;
	size_t used = 0;

	if (read_line("/sys/devices/system/cpu/offline", offline, sizeof(offline)) && *offline) {
		struct cpu_set *possible = &madt, *present = &online;
		char line[256];

		/* "offline" also lists CPUs that could be plugged in but are not there. */
		if (parse_cpu_list(offline, possible) &&
		    read_line("/sys/devices/system/cpu/present", line, sizeof(line)) &&
		    parse_cpu_list(line, present)) {
			for (i = 0; i < possible->nr; i++)
				if (set_has(present, possible->id[i]) && used < sizeof(ids) - 16)
					used += (size_t)snprintf(ids + used, sizeof(ids) - used, "%s%u",
								 used ? "," : "", possible->id[i]);
		}
	}
	if (used)
		found(VERDICT_MISSING, "every CPU is online",
		      "CPU %s is offline: echo 1 > /sys/devices/system/cpu/cpuN/online", ids);
	else
		found(VERDICT_OK, "every CPU is online", "%s", "");

	if (!madt_apic_ids(&madt) || !online_apic_ids(&online)) {
		found(VERDICT_UNKNOWN, "no CPU is hidden from Linux",
		      "the firmware's table of CPUs (/sys/firmware/acpi/tables/APIC) cannot be read: run as root");
		return;
	}
	if (used)	/* said above; an offline CPU has no line in /proc/cpuinfo */
		return;
	ids[0] = '\0';
	for (i = 0; i < madt.nr; i++) {
		if (set_has(&online, madt.id[i]))
			continue;
		hidden++;
		if (used < sizeof(ids) - 16)
			used += (size_t)snprintf(ids + used, sizeof(ids) - used, "%s%u", used ? "," : "",
						 madt.id[i]);
	}
	if (hidden)
		found(VERDICT_MISSING, "no CPU is hidden from Linux",
		      "the firmware lists CPUs that Linux does not run, with APIC id %s: boot without nr_cpus=, maxcpus= and possible_cpus=, or turn them off in the firmware",
		      ids);
	else
		found(VERDICT_OK, "no CPU is hidden from Linux", "%s", "");
}

/* Process ids that hold a KVM virtual machine, as text. */
static size_t kvm_users(char *pids, size_t size)
{
	char path[300], target[64];
	struct dirent *process, *entry;
	size_t used = 0;
	DIR *proc, *fds;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/proc", check_root());
	proc = opendir(path);
	while (proc && (process = readdir(proc))) {
		if (process->d_name[0] < '0' || process->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/proc/%.20s/fd", check_root(), process->d_name);
		fds = opendir(path);
		while (fds && (entry = readdir(fds))) {
			n = readlinkat(dirfd(fds), entry->d_name, target, sizeof(target) - 1);
			if (n < 0)
				continue;
			target[n] = '\0';
			if (strcmp(target, "anon_inode:kvm-vm"))
				continue;
			if (used < size - 24)
				used += (size_t)snprintf(pids + used, size - used, "%s%.20s", used ? ", " : "",
							 process->d_name);
			break;
		}
		if (fds)
			closedir(fds);
	}
	if (proc)
		closedir(proc);
	return used;
}

static void check_other_hypervisors(void)
{
	static const char *const others[] = { "vboxdrv", "vmmon", "haxm", "jailhouse" };
	const char *name = "no hypervisor uses VMX";
	char pids[200] = "", line[64], path[80];
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		snprintf(path, sizeof(path), "/sys/module/%s", others[i]);
		if (path_exists(path)) {
			found(VERDICT_MISSING, name, "module %s is loaded: stop its virtual machines, then modprobe -r %s",
			      others[i], others[i]);
			return;
		}
	}
	if (kvm_users(pids, sizeof(pids))) {
		found(VERDICT_MISSING, name,
		      "KVM runs virtual machines (process %s): stop them, load underpin, then start them again", pids);
		return;
	}
	if (!path_exists("/sys/module/kvm_intel")) {
		found(VERDICT_OK, name, "%s", "");
		return;
	}
	/* Since Linux 6.12 KVM turns VMX on when it is loaded, not with the first machine. */
	if (read_line("/sys/module/kvm/parameters/enable_virt_at_load", line, sizeof(line)) && *line == 'Y') {
		found(VERDICT_MISSING, name,
		      "kvm_intel is loaded and keeps VMX on: modprobe -r kvm_intel, load underpin, then load it again");
		return;
	}
	if (read_line("/sys/module/kvm_intel/refcnt", line, sizeof(line)) && strcmp(line, "0")) {
		found(VERDICT_MISSING, name,
		      "kvm_intel is in use (%s references): stop its virtual machines, then modprobe -r kvm_intel", line);
		return;
	}
	found(VERDICT_OK, name, "kvm_intel is loaded but idle");
}

static void check_memory(void)
{
	static struct cpu_set online;
	unsigned long long available = 0, total = 0, need;
	char full[256], line[256];
	FILE *file;

	snprintf(full, sizeof(full), "%s/proc/meminfo", check_root());
	file = fopen(full, "re");
	if (!file)
		return;
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "MemTotal: %llu", &total);
		sscanf(line, "MemAvailable: %llu", &available);
	}
	fclose(file);
	/* The pool: 2 MiB, 64 KiB per CPU, tables of a thousandth of memory; twice, to be sure. */
	online_apic_ids(&online);
	need = 2 * (2048 + 64ull * (online.nr ? online.nr : 1) + total / 1000);
	if (available < need)
		found(VERDICT_MISSING, "free memory", "%llu KiB are available and about %llu are needed: end something",
		      available, need);
	else
		found(VERDICT_OK, "free memory", "%s", "");
}

/* Where modprobe would find underpin.ko, from modules.dep; or an empty text. */
static bool find_module(const char *release, char *path, size_t size)
{
	char full[300], line[4096];
	bool there = false;
	char *colon;
	FILE *file;

	snprintf(full, sizeof(full), "%s/lib/modules/%s/modules.dep", check_root(), release);
	file = fopen(full, "re");
	if (!file)
		return false;
	while (!there && fgets(line, sizeof(line), file)) {
		colon = strchr(line, ':');
		if (!colon)
			continue;
		*colon = '\0';
		there = strstr(line, "/underpin.ko");
		if (there)
			snprintf(path, size, "/lib/modules/%s/%s", release, line);
	}
	fclose(file);
	return there;
}

/* Linux appends this to a signed module (Documentation/admin-guide/module-signing.rst). */
static bool is_signed(const char *path)
{
	static const char magic[] = "~Module signature appended~\n";
	char full[4600], tail[sizeof(magic) - 1];
	bool ret = false;
	FILE *file;

	snprintf(full, sizeof(full), "%s%s", check_root(), path);
	file = fopen(full, "re");
	if (!file)
		return false;
	if (!fseek(file, -(long)sizeof(tail), SEEK_END) && fread(tail, sizeof(tail), 1, file) == 1)
		ret = !memcmp(tail, magic, sizeof(tail));
	fclose(file);
	return ret;
}

static void check_module(void)
{
	char path[4400] = "", line[128], headers[300];
	bool locked_down, enforced;
	struct utsname uts;
	unsigned int major = 0, minor = 0;

	uname(&uts);
	if (sscanf(uts.release, "%u.%u", &major, &minor) == 2 && (major < 6 || (major == 6 && minor < 1)))
		found(VERDICT_MISSING, "kernel 6.1 or later", "this is %s: install a newer kernel", uts.release);
	else
		found(VERDICT_OK, "kernel 6.1 or later", "%s", "");

	snprintf(headers, sizeof(headers), "/lib/modules/%s/build", uts.release);
	if (find_module(uts.release, path, sizeof(path)))
		found(VERDICT_OK, "module for this kernel", "%s", path);
	else if (path_exists(headers))
		found(VERDICT_MISSING, "module for this kernel",
		      "underpin.ko is not installed for %s: in the source, make && make install (or insmod ./underpin.ko)",
		      uts.release);
	else
		found(VERDICT_MISSING, "module for this kernel",
		      "underpin.ko is not installed for %s and the kernel's headers to build it are missing: apt-get install linux-headers-%s, then make && make install",
		      uts.release, uts.release);

	locked_down = read_line("/sys/kernel/security/lockdown", line, sizeof(line)) && !strstr(line, "[none]");
	enforced = read_line("/sys/module/module/parameters/sig_enforce", line, sizeof(line)) && *line == 'Y';
	if (!locked_down && !enforced)
		found(VERDICT_OK, "the kernel loads unsigned modules", "%s", "");
	else if (*path && is_signed(path))
		found(VERDICT_OK, "the module is signed", "the key must be enrolled, too (mokutil --list-enrolled)");
	else
		found(VERDICT_MISSING, "the module is signed",
		      "this kernel loads signed modules only (%s): sign underpin.ko with a key that is enrolled (mokutil --import), or turn off Secure Boot",
		      locked_down ? "lockdown" : "module.sig_enforce");
}

static void check_surroundings(void)
{
	char signature[13];

	if (hypervisor_visible(signature))
		found(VERDICT_NOTE, "under a hypervisor",
		      "'%s' is below: it can see everything, secrets too, unless it is trusted", signature);
}

/* A loaded core hides the CPU's VMX: the table would mislead. */
static bool already_running(void)
{
	struct underpin_status status;
	int device = *check_root() ? -1 : underpin_open();
	bool running;

	if (device < 0)
		return !*check_root() && path_exists("/sys/module/underpin");
	running = !underpin_get_status(device, &status);
	close(device);
	return running;
}

static int as_json(bool fit)
{
	struct json_object *root = json_object_new_object(), *list = json_object_new_array(), *one;
	size_t i;

	json_set_bool(root, "fit", fit);
	for (i = 0; i < nr_findings; i++) {
		one = json_object_new_object();
		json_set_text(one, "requirement", findings[i].name);
		json_set_text(one, "verdict", verdict_names[findings[i].verdict]);
		if (*findings[i].text)
			json_set_text(one, findings[i].verdict == VERDICT_MISSING ? "change" : "remark", findings[i].text);
		json_object_array_add(list, one);
	}
	json_object_object_add(root, "requirements", list);
	print_json(root);
	return fit ? STATUS_OK : STATUS_FAILED;
}

static int as_text(unsigned int missing)
{
	size_t i;

	for (i = 0; i < nr_findings; i++) {
		const struct finding *f = &findings[i];

		printf("%-8s %s\n", verdict_names[f->verdict], f->name);
		if (*f->text)
			printf("         %s%s\n", f->verdict == VERDICT_MISSING ? "-> " : "", f->text);
	}
	if (missing)
		printf("\nnot yet: %u of %zu requirements are missing or unknown (see the lines with ->)\n", missing,
		       nr_findings);
	else
		puts("\nthis machine can run Underpin");
	return missing ? STATUS_FAILED : STATUS_OK;
}

int cmd_check(int argc, char **argv)
{
	unsigned int missing = 0;
	int ret;
	bool json;
	size_t i;

	if (!only_json_option("check", argc, argv, &json, &ret))
		return ret;
	if (already_running()) {
		found(VERDICT_OK, "Underpin is loaded",
		      "every requirement was met when it was; the CPUs now show Linux what the core lets them");
	} else {
		check_cpu_features();
		check_every_cpu();
		check_other_hypervisors();
		check_memory();
		check_module();
		check_surroundings();
	}
	for (i = 0; i < nr_findings; i++)
		missing += findings[i].verdict == VERDICT_MISSING || findings[i].verdict == VERDICT_UNKNOWN;
	return json ? as_json(!missing) : as_text(missing);
}
