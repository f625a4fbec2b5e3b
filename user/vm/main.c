// SPDX-License-Identifier: GPL-2.0
/* underpin-vm, which `underpin vm` starts: options, files, the summary and the exit status. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kvm.h"
#include "iso.h"

struct file {
	uint8_t *data;
	size_t size;
	bool allocated;		/* else mapped */
};

struct files {
	struct file kernel, initrd, vmlinux;	/* vmlinux: what was unpacked from the kernel */
};

struct options {
	const char *kernel, *initrd, *iso, *append;
	struct request request;
	struct vm_options vm;
	bool dump_layout, quiet;
};

static void usage(FILE *to)
{
	fputs("usage: underpin vm run --kernel FILE [option...]     boot a kernel on KVM\n"
	      "       underpin vm run FILE.iso [option...]          boot an installer or live ISO\n"
	      "       underpin vm iso-ls FILE.iso                   what would be booted from it\n"
	      "       underpin vm extract FILE.iso DIR              that kernel and initrd as files, for others to boot\n\n"
	      "  --kernel FILE    bzImage, vmlinux, or Multiboot 1 or 2 kernel\n"
	      "  --initrd FILE    --append WORDS   to the command line (default: console=ttyS0)\n"
	      "  --mem SIZE       such as 512M or 4G (what kernel and initrd need, at least 256M)\n"
	      "  --cpus N         (1)\n"
	      "  --disk FILE      /dev/vda, written to     --cdrom FILE   /dev/sr0 (an ISO that is booted is one)\n"
	      "  --net user       a network card; 10.0.2.2 leads out (by DHCP, names too), nothing in\n"
	      "  --console com1|hvc0   what the terminal is to the guest (com1)\n"
	      "  --boot 32|64|pvh|multiboot     the protocol (chosen by the kernel)\n"
	      "  --load ADDRESS   --initrd-at ADDRESS   instead of the computed ones\n"
	      "  --dump-layout    print the plan of guest memory as JSON and end; needs no KVM\n"
	      "  --stats          exits per reason, port and second at the end\n"
	      "  --gdb PORT|PATH  wait for gdb there (target remote), at the guest's first instruction\n"
	      "  --symbols VMLINUX  names for the addresses of code in a dump\n"
	      "  --timeout SECS   --no-seccomp   --quiet   --device FILE (/dev/kvm)\n\n"
	      "Ctrl-a x quits. Exit status: 0 power-off, 1 failed, 2 wrongly called, 10 reset, 11 panic,\n"
	      "12 triple fault, 13 timeout, 14 quit, 15 unknown exit; N<<1|1 by N to port 0xf4. See docs/vm.md.\n", to);
}

static bool map_file(const char *name, struct file *file, struct problem *p)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		if (fd >= 0)
			close(fd);
		return problem(p, "%s: %s", name, strerror(errno));
	}
	if (!S_ISREG(st.st_mode) || !st.st_size) {
		close(fd);
		return problem(p, "%s: %s", name, S_ISREG(st.st_mode) ? "is empty" : "is not a regular file");
	}
	file->size = (size_t)st.st_size;
	file->data = mmap(NULL, file->size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	return file->data != MAP_FAILED || problem(p, "%s: cannot be mapped: %s", name, strerror(errno));
}

/* 512M, 4G, 0x10000000; plain numbers are bytes if they are hexadecimal or large, MiB otherwise. */
static bool parse_size(const char *text, uint64_t *size, const char *what, struct problem *p)
{
	char *end;
	uint64_t unit = 1;

	errno = 0;
	*size = strtoull(text, &end, 0);
	switch (*end) {
	case 'k': case 'K': unit = KIB; end++; break;
	case 'm': case 'M': unit = MIB; end++; break;
	case 'g': case 'G': unit = GIB; end++; break;
	case 0: unit = !strcmp(what, "--mem") && *size < MIB ? MIB : 1; break;
	}
	if (errno || end == text || *end || *text == '-' || *size > UINT64_MAX / unit)
		return problem(p, "%s: '%s' is no size; write it like 512M or 0x10000000", what, text);
	*size *= unit;
	return true;
}

static bool parse_number(const char *text, unsigned int *number, const char *what, struct problem *p)
{
	char *end;
	unsigned long v = strtoul(text, &end, 10);

	if (end == text || *end || *text == '-' || !v || v > 1000000)
		return problem(p, "%s: '%s' is no number from 1 on", what, text);
	*number = (unsigned int)v;
	return true;
}

static bool parse_mode(const char *text, enum boot_mode *mode, struct problem *p)
{
	static const struct { const char *name; enum boot_mode mode; } names[] = {
		{ "auto", BOOT_AUTO }, { "32", BOOT_LINUX32 }, { "linux32", BOOT_LINUX32 }, { "64", BOOT_LINUX64 },
		{ "linux64", BOOT_LINUX64 }, { "pvh", BOOT_PVH }, { "multiboot", BOOT_MULTIBOOT }, { "multiboot2", BOOT_MULTIBOOT2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strcmp(names[i].name, text)) {
			*mode = names[i].mode;
			return true;
		}
	return problem(p, "--boot: '%s' is none of 32, 64, pvh, multiboot", text);
}

enum { OPT_KERNEL = 256, OPT_INITRD, OPT_APPEND, OPT_MEM, OPT_CPUS, OPT_BOOT, OPT_LOAD, OPT_INITRD_AT, OPT_DUMP, OPT_STATS, OPT_TIMEOUT, OPT_FREE, OPT_QUIET, OPT_DEVICE, OPT_GDB, OPT_SYMBOLS, OPT_DISK, OPT_CDROM, OPT_CONSOLE, OPT_NET };

static bool parse_options(int argc, char **argv, struct options *o, struct problem *p)
{
	static const struct option table[] = {
		{ "kernel", 1, NULL, OPT_KERNEL }, { "initrd", 1, NULL, OPT_INITRD }, { "append", 1, NULL, OPT_APPEND },
		{ "mem", 1, NULL, OPT_MEM }, { "cpus", 1, NULL, OPT_CPUS }, { "boot", 1, NULL, OPT_BOOT }, { "load", 1, NULL, OPT_LOAD },
		{ "initrd-at", 1, NULL, OPT_INITRD_AT }, { "dump-layout", 0, NULL, OPT_DUMP }, { "stats", 0, NULL, OPT_STATS },
		{ "timeout", 1, NULL, OPT_TIMEOUT }, { "no-seccomp", 0, NULL, OPT_FREE }, { "quiet", 0, NULL, OPT_QUIET },
		{ "device", 1, NULL, OPT_DEVICE }, { "disk", 1, NULL, OPT_DISK }, { "cdrom", 1, NULL, OPT_CDROM }, { "console", 1, NULL, OPT_CONSOLE }, { "net", 1, NULL, OPT_NET },
		{ "gdb", 1, NULL, OPT_GDB }, { "symbols", 1, NULL, OPT_SYMBOLS }, { "help", 0, NULL, 'h' }, { 0 },
	};
	struct request *r = &o->request;
	bool ok = true;
	int c;

	opterr = 0;
	while (ok && (c = getopt_long(argc, argv, "h", table, NULL)) >= 0)
		switch (c) {
		case OPT_KERNEL: o->kernel = optarg; break;
		case OPT_INITRD: o->initrd = optarg; break;
		case OPT_APPEND: o->append = optarg; break;
		case OPT_MEM: ok = parse_size(optarg, &r->ram, "--mem", p); break;
		case OPT_CPUS: ok = parse_number(optarg, &r->cpus, "--cpus", p); break;
		case OPT_BOOT: ok = parse_mode(optarg, &r->mode, p); break;
		case OPT_LOAD: ok = parse_size(optarg, &r->load, "--load", p); break;
		case OPT_INITRD_AT: ok = parse_size(optarg, &r->initrd_at, "--initrd-at", p); break;
		case OPT_DUMP: o->dump_layout = true; break;
		case OPT_STATS: o->vm.stats = true; break;
		case OPT_TIMEOUT: ok = parse_number(optarg, &o->vm.timeout, "--timeout", p); break;
		case OPT_FREE: o->vm.confine = false; break;
		case OPT_QUIET: o->quiet = true; break;
		case OPT_DEVICE: o->vm.kvm_device = optarg; break;
		case OPT_GDB: o->vm.gdb = optarg; break;
		case OPT_SYMBOLS: o->vm.symbols = optarg; break;
		case OPT_DISK: o->vm.disk = optarg; break;
		case OPT_CDROM: o->vm.cdrom = optarg; break;
		case OPT_NET:
			o->vm.net = !strcmp(optarg, "user");
			if (!o->vm.net)
				ok = problem(p, "--net: '%s' is not user, the one network that there is", optarg);
			break;
		case OPT_CONSOLE:
			o->vm.console_hvc = !strcmp(optarg, "hvc0");
			if (!o->vm.console_hvc && strcmp(optarg, "com1"))
				ok = problem(p, "--console: '%s' is neither com1 nor hvc0", optarg);
			break;
		case 'h': usage(stdout); exit(END_POWEROFF);
		default: ok = problem(p, "unknown option or argument missing: %s; see underpin vm run --help", argv[optind - 1]);
		}
	if (ok && optind < argc)
		o->iso = argv[optind++];
	if (ok && (optind < argc || !!o->iso == !!o->kernel))
		ok = problem(p, "give either --kernel FILE or one ISO; see underpin vm run --help");
	return ok;
}

/* The kernel that --boot pvh starts is the vmlinux inside of the bzImage. */
static bool parse_kernel(const char *name, struct files *files, enum boot_mode mode, struct image *image, struct problem *p)
{
	const struct file *file = &files->kernel;
	struct file *vmlinux = &files->vmlinux;

	if (!image_parse(image, name, file->data, file->size, p))
		return false;
	if (image->format != IMAGE_BZIMAGE || mode != BOOT_PVH)
		return true;
	vmlinux->allocated = payload_extract(image, &vmlinux->data, &vmlinux->size, p);
	return vmlinux->allocated && image_parse(image, name, vmlinux->data, vmlinux->size, p);
}

static const char *ending_text(int ending)
{
	static const struct { int ending; const char *text; } texts[] = {
		{ END_POWEROFF, "the guest powered off" }, { END_FAILED, "failed" }, { END_RESET, "the guest asked for a reset" },
		{ END_PANIC, "the guest's kernel panicked" }, { END_TRIPLE_FAULT, "triple fault" },
		{ END_TIMEOUT, "time is up" }, { END_QUIT, "quit" }, { END_UNKNOWN_EXIT, "an exit that is not known" },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(texts); i++)
		if (texts[i].ending == ending)
			return texts[i].text;
	return "the guest wrote to the exit port";
}

static int exit_status(int ending)
{
	return ending & END_DEBUG ? (ending & 0x7f) << 1 | 1 : ending;
}

/* A terminal that nobody reads is not waited for when the guest has ended. */
static bool stderr_takes_a_line(void)
{
	struct pollfd fd = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 1000) > 0 && fd.revents & POLLOUT;
}

static const char *console_name(const struct options *o)
{
	return o->vm.console_hvc ? "hvc0" : "ttyS0";
}

/* Kernel, initrd and command line of an ISO, where the user did not say otherwise. */
static bool from_iso(struct options *o, struct file *kernel, struct file *initrd, char **cmdline, struct problem *p)
{
	struct iso_boot boot;

	if (!iso_find(o->iso, &boot, p))
		return false;
	if (!o->quiet)
		fprintf(stderr, "underpin vm: %s: kernel %s, initrd %s\n", o->iso, boot.kernel, boot.initrd);
	*kernel = (struct file){ boot.kernel_data, boot.kernel_size, true };
	*initrd = (struct file){ boot.initrd_data, boot.initrd_size, true };
	if (o->initrd) {
		free(boot.initrd_data);
		*initrd = (struct file){ 0 };
		if (!map_file(o->initrd, initrd, p))
			return false;
	}
	o->kernel = o->iso;
	if (!o->vm.cdrom)
		o->vm.cdrom = o->iso;
	return asprintf(cmdline, "%s%sconsole=%s%s%s", boot.append, *boot.append ? " " : "", console_name(o), o->append ? " " : "",
			o->append ? o->append : "") >= 0 || problem(p, "no memory");
}

static void release(struct file *file)
{
	if (file->allocated)
		free(file->data);
	else if (file->data && file->data != MAP_FAILED)
		munmap(file->data, file->size);
}

static bool run_files(struct options *o, struct files *files, int *ending, struct problem *p)
{
	struct image image;
	struct plan plan;
	struct ram ram;
	char *cmdline = NULL, *text;
	bool ok;

	if (o->iso ? !from_iso(o, &files->kernel, &files->initrd, &cmdline, p) :
	    !map_file(o->kernel, &files->kernel, p) || (o->initrd && !map_file(o->initrd, &files->initrd, p)))
		return false;
	if (!cmdline && asprintf(&cmdline, "console=%s%s%s", console_name(o), o->append ? " " : "", o->append ? o->append : "") < 0)
		return problem(p, "no memory");
	o->request.cmdline = cmdline;
	o->request.initrd_size = files->initrd.size;
	if (!parse_kernel(o->kernel, files, o->request.mode, &image, p) || !plan_make(&plan, &image, &o->request, p))
		return false;
	if (o->dump_layout) {
		text = plan_json(&plan);
		puts(text);
		free(text);
		*ending = END_POWEROFF;
		return true;
	}
	if (!ram_create(&ram, &plan, p))
		return false;
	ok = boot_load(&ram, &plan, &image, files->initrd.data, p);
	if (ok) {
		*ending = vm_run(&o->vm, &plan, &ram, p);
		if (!p->text[0] && !o->quiet && stderr_takes_a_line())
			fprintf(stderr, "underpin vm: %s; exit status %d\n", ending_text(*ending), exit_status(*ending));
	}
	ram_destroy(&ram);
	return ok && !p->text[0];
}

/* The file's own name in dir; what is there already stays. */
static bool save(const char *dir, const char *path, const uint8_t *data, size_t size, struct problem *p)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *to = NULL;
	ssize_t n = 0;
	int fd = -1;

	if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
		return problem(p, "%s: is no name for a file", path);
	if (asprintf(&to, "%s/%s", dir, name) < 0)
		return problem(p, "no memory");
	fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	for (; fd >= 0 && size && n >= 0; data += n, size -= (size_t)n)
		n = write(fd, data, size);
	if (fd < 0 || n < 0 || close(fd))
		problem(p, "%s: %s%s", to, strerror(errno), errno == EEXIST ? "; remove it, or choose another directory" : "");
	else
		printf("%s\n", to);
	free(to);
	return !p->text[0];
}

static int cmd_extract(const char *name, const char *dir, struct problem *p)
{
	struct iso_boot boot;
	bool ok;

	if (!iso_find(name, &boot, p))
		return END_FAILED;
	ok = (!mkdir(dir, 0777) || errno == EEXIST || problem(p, "%s: %s", dir, strerror(errno))) &&
	     save(dir, boot.kernel, boot.kernel_data, boot.kernel_size, p) && save(dir, boot.initrd, boot.initrd_data, boot.initrd_size, p);
	free(boot.kernel_data);
	free(boot.initrd_data);
	return ok ? 0 : END_FAILED;
}

static bool run(struct options *o, int *ending, struct problem *p)
{
	struct files files = { 0 };
	bool ok = run_files(o, &files, ending, p);

	release(&files.kernel);
	release(&files.initrd);
	release(&files.vmlinux);
	return ok;
}

static int cmd_iso_ls(const char *name, struct problem *p)
{
	struct iso_boot boot;

	if (!iso_find(name, &boot, p))
		return END_FAILED;
	printf("kernel  %s (%zu bytes)\ninitrd  %s (%zu bytes)\nappend  %s\n", boot.kernel, boot.kernel_size, boot.initrd,
	       boot.initrd_size, boot.append);
	free(boot.kernel_data);
	free(boot.initrd_data);
	return 0;
}

int main(int argc, char **argv)
{
	struct options o = { .vm = { .kvm_device = "/dev/kvm", .confine = true } };
	struct problem p = { "" };
	int status = END_FAILED;

	if (argc >= 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))) {
		usage(stdout);
		return 0;
	}
	if (argc == 3 && !strcmp(argv[1], "iso-ls")) {
		status = cmd_iso_ls(argv[2], &p);
	} else if (argc == 4 && !strcmp(argv[1], "extract")) {
		status = cmd_extract(argv[2], argv[3], &p);
	} else if (argc < 2 || strcmp(argv[1], "run")) {
		usage(stderr);
		return END_USAGE;
	} else if (!parse_options(argc - 1, argv + 1, &o, &p)) {
		status = END_USAGE;
	} else if (!run(&o, &status, &p)) {
		status = status == END_FAILED || !status ? END_FAILED : status;
	}
	if (p.text[0])
		fprintf(stderr, "underpin vm: %s\n", p.text);
	free((char *)o.request.cmdline);
	return exit_status(status);
}
