// SPDX-License-Identifier: MIT
/* /dev/underpin: open it, ask it. Errors are put into words here, once. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "include/underpin.h"
#include "internal.h"

/* A second Underpin on top of the first has a device of its own. */
static const char *device_path(void)
{
	const char *path = secure_getenv("UNDERPIN_DEVICE");

	return path && *path ? path : UNDERPIN_DEVICE;
}

int underpin_open(void)
{
	const char *path = device_path();
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOENT:
		return underpin_fail(ENOENT,
			"%s does not exist: the module is not loaded. Load it (modprobe underpin); 'underpin check' says whether this machine can run it",
			path);
#ifdef _WIN32
	case ENOSYS:
		return underpin_fail(ENOSYS,
			"a Windows program reaches the device only under Wine on Linux, and only where Wine lets its SYSCALLs through (Debian's 8.0 does): run it there");
#endif
	case EACCES:
	case EPERM:
		return underpin_fail(errno,
			"no permission to open %s: run as root, or join the group 'underpin' (groupadd -f underpin; usermod -aG underpin USER; load the module again) and log in again",
			path);
	case ENXIO:
	case ENODEV:
		return underpin_fail(errno,
			"%s has no driver behind it: the module is not loaded. Load it: modprobe underpin",
			path);
	default:
		return underpin_fail(errno, "cannot open %s: %s", path, strerror(errno));
	}
}

static int ask(int fd, unsigned long request, void *argument, const char *what)
{
	if (ioctl(fd, request, argument) >= 0)
		return 0;
	switch (errno) {
	case ENOTTY:
		return underpin_fail(ENOTTY,
			"the file descriptor for '%s' is not Underpin's, or library and module are of different versions: install both from one build and load the module again",
			what);
	case E2BIG:
		return underpin_fail(E2BIG,
			"the module is older than what asks it for '%s': install both from one build and load the module again",
			what);
	case ENODATA:
		return underpin_fail(ENODATA,
			"no TPM has certified the quote key: load the module with root_secret=tpm, on a TPM with an attestation key (underpin tpm key)");
	case EPERM:
	case EACCES:
		return underpin_fail(errno, "no right to ask for '%s': run as root", what);
	default:
		return underpin_fail(errno, "cannot ask the module for '%s': %s", what, strerror(errno));
	}
}

int underpin_get_status(int device, struct underpin_status *status)
{
	memset(status, 0, sizeof(*status));
	status->size = sizeof(*status);
	return ask(device, UNDERPIN_GET_STATUS, status, "status");
}

int underpin_get_stats(int device, unsigned int cpu, struct underpin_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->size = sizeof(*stats);
	stats->cpu = cpu;
	return ask(device, UNDERPIN_GET_STATS, stats, "stats");
}

int underpin_get_log(int device, struct underpin_log *log)
{
	const __u64 first = log->first;

	memset(log, 0, sizeof(*log));
	log->size = sizeof(*log);
	log->first = first;
	return ask(device, UNDERPIN_GET_LOG, log, "log");
}

int underpin_get_pals(int device, struct underpin_pal_list *list)
{
	const __u32 first = list->first;

	memset(list, 0, sizeof(*list));
	list->size = sizeof(*list);
	list->first = first;
	return ask(device, UNDERPIN_GET_PALS, list, "pal list");
}

int underpin_get_certificate(int device, struct underpin_certificate *certificate)
{
	memset(certificate, 0, sizeof(*certificate));
	certificate->size = sizeof(*certificate);
	return ask(device, UNDERPIN_GET_CERTIFICATE, certificate, "certificate");
}

int underpin_pal_get_info(int pal, struct underpin_pal_info *info)
{
	struct underpin_pal_get_info get = { .size = sizeof(get) };
	int ret = ask(pal, UNDERPIN_PAL_GET_INFO, &get, "pal info");

	*info = get.info;
	return ret;
}
