// SPDX-License-Identifier: GPL-2.0
/*
 * What the configuration of isolinux or GRUB on an ISO boots by default: kernel, initrd
 * and command line. Only text; iso_archive.c reads the ISO.
 */
#include <string.h>
#include <strings.h>

#include "iso.h"

const char *const iso_configs[] = {
	"boot/grub/grub.cfg", "isolinux/txt.cfg", "isolinux/isolinux.cfg", "boot/grub/loopback.cfg",
	"EFI/BOOT/grub.cfg", "boot/syslinux/syslinux.cfg", NULL
};

const char *const iso_known[][2] = {
	{ "install.amd/vmlinuz", "install.amd/initrd.gz" }, { "live/vmlinuz", "live/initrd.img" },
	{ "casper/vmlinuz", "casper/initrd" }, { "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img" },
	{ "boot/vmlinuz-lts", "boot/initramfs-lts" }, { NULL, NULL }
};

/* The next word of [*at, end); its length, 0 at the end. Quotes around a whole word go. */
static size_t word(const char **at, const char *end, const char **start)
{
	size_t n;

	while (*at < end && strchr(" \t\r", **at) && **at)
		(*at)++;
	*start = *at;
	while (*at < end && (!strchr(" \t\r", **at) || !**at))
		(*at)++;
	n = (size_t)(*at - *start);
	if (n >= 2 && (**start == '"' || **start == '\'') && (*start)[n - 1] == **start) {
		(*start)++;
		n -= 2;
	}
	return n;
}

static bool is(const char *start, size_t n, const char *what)
{
	return n == strlen(what) && !strncasecmp(start, what, n);
}

/* A path of the ISO: "($root)/x", "/x" and "x" are the same. False: too long, or empty. */
static bool copy_path(char to[ISO_PATH], const char *from, size_t n)
{
	const char *close = n && *from == '(' ? memchr(from, ')', n) : NULL;

	if (close) {
		n -= (size_t)(close + 1 - from);
		from = close + 1;
	}
	while (n && *from == '/') {
		from++;
		n--;
	}
	/* Several initrds: the first. */
	if (memchr(from, ',', n))
		n = (size_t)((const char *)memchr(from, ',', n) - from);
	if (!n || n >= ISO_PATH || memchr(from, 0, n) || memchr(from, '$', n))
		return false;
	memcpy(to, from, n);
	to[n] = 0;
	return true;
}

/* Words up to the end, or to "---", behind which stands what an installed system gets. */
static void copy_append(struct iso_boot *boot, const char *at, const char *end)
{
	const char *start;
	size_t n, used = 0;

	boot->append[0] = 0;
	while ((n = word(&at, end, &start)) && !is(start, n, "---") && !is(start, n, "--")) {
		if (n > 7 && !strncasecmp(start, "initrd=", 7)) {
			copy_path(boot->initrd, start + 7, n - 7);
			continue;
		}
		/* A graphical mode has no use on a serial line. */
		if ((n > 4 && !strncmp(start, "vga=", 4)) || memchr(start, 0, n))
			continue;
		if (used + n + 2 > ISO_APPEND)
			return;
		if (used)
			boot->append[used++] = ' ';
		memcpy(boot->append + used, start, n);
		used += n;
		boot->append[used] = 0;
	}
}

/* One line; a new kernel begins a new entry. */
static void parse_line(struct iso_boot *boot, const char *at, const char *end)
{
	const char *start;
	size_t n = word(&at, end, &start), m;

	if (is(start, n, "linux") || is(start, n, "linuxefi") || is(start, n, "kernel")) {
		bool syslinux = is(start, n, "kernel");

		boot->initrd[0] = boot->append[0] = 0;
		m = word(&at, end, &start);
		if (!copy_path(boot->kernel, start, m))
			boot->kernel[0] = 0;
		else if (!syslinux || at < end)
			copy_append(boot, at, end);
	} else if (is(start, n, "initrd") || is(start, n, "initrdefi")) {
		m = word(&at, end, &start);
		copy_path(boot->initrd, start, m);
	} else if (is(start, n, "append") && boot->kernel[0]) {
		copy_append(boot, at, end);
	}
}

bool iso_parse_config(const char *text, size_t size, struct iso_boot *boot)
{
	const char *end = text + size, *line;
	bool wanted;

	boot->kernel[0] = boot->initrd[0] = boot->append[0] = 0;
	while (text < end) {
		line = text;
		text = memchr(line, '\n', (size_t)(end - line));
		text = text ? text : end;
		parse_line(boot, line, text);
		if (text < end)
			text++;
		/* isolinux may say "append" after "initrd"; GRUB's initrd is last. Look one line ahead. */
		wanted = boot->kernel[0] && boot->initrd[0];
		if (wanted) {
			const char *next = memchr(text, '\n', (size_t)(end - text)), *start, *at = text;
			size_t n = word(&at, next ? next : end, &start);

			if (!is(start, n, "append"))
				return true;
		}
	}
	return boot->kernel[0] && boot->initrd[0];
}
