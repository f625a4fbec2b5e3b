// SPDX-License-Identifier: MIT
/* What boot loaders' configurations boot, and real ISOs (arguments: good ones, then "bad" and others): D2-D4. */
#include "../iso.h"
#include "tap.h"

static const struct {
	const char *what, *text, *kernel, *initrd, *append;
} cases[] = {
	{ "Debian's isolinux", "default install\nlabel install\n\tmenu label ^Install\n\tkernel /install.amd/vmlinuz\n"
	  "\tappend vga=788 initrd=/install.amd/initrd.gz --- quiet \nlabel other\n\tkernel /other\n",
	  "install.amd/vmlinuz", "install.amd/initrd.gz", "" },
	{ "Debian's GRUB", "set timeout=3\nmenuentry 'Install' {\n  linux /install.amd/vmlinuz vga=788 priority=low --- quiet\r\n  initrd /install.amd/initrd.gz\n}\n"
	  "menuentry 'x' {\n linux /x\n initrd /y\n}\n", "install.amd/vmlinuz", "install.amd/initrd.gz", "priority=low" },
	{ "Fedora's GRUB", "linuxefi /images/pxeboot/vmlinuz inst.stage2=hd:LABEL=F rd.live.check quiet\ninitrdefi /images/pxeboot/initrd.img\n",
	  "images/pxeboot/vmlinuz", "images/pxeboot/initrd.img", "inst.stage2=hd:LABEL=F rd.live.check quiet" },
	{ "append after initrd", "KERNEL \"vmlinuz\"\nINITRD a.img,b.img\nAPPEND boot=live\n", "vmlinuz", "a.img", "boot=live" },
	{ "a kernel without initrd, then one with", "linux /memtest\n linux ($root)/vmlinuz a\n initrd ($root)/i", "vmlinuz", "i", "a" },
	{ "an initrd alone", "initrd /x\n", NULL, NULL, NULL },
	{ "a variable for a path", "linux $k\ninitrd /x\n", NULL, NULL, NULL },
	{ "nothing", "", NULL, NULL, NULL },
};

int main(int argc, char **argv)
{
	struct iso_boot boot;
	struct problem p;
	bool good = true;
	unsigned int i;
	int a;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		bool found = iso_parse_config(cases[i].text, strlen(cases[i].text), &boot);

		if (!ok(found == !!cases[i].kernel && (!found || (!strcmp(boot.kernel, cases[i].kernel) && !strcmp(boot.initrd, cases[i].initrd) &&
		    !strcmp(boot.append, cases[i].append))), cases[i].what))
			printf("# %s, %s, '%s'\n", boot.kernel, boot.initrd, boot.append);
	}
	for (i = 0; i < 20000; i++) {
		const char *from = cases[i % 5].text;
		size_t n = strlen(from);
		char *bad = malloc(n + 2000);

		memset(bad, 'x', n + 2000);
		memcpy(bad, from, n);
		for (a = 0; a < 6; a++)
			bad[(size_t)rand() % n] = " \t\n\"'$(),=\0-/x"[rand() % 14];
		iso_parse_config(bad, i % 3 ? n : n + 2000, &boot);
		free(bad);
	}
	ok(true, "random damage (the sanitizers would have ended this)");
	for (a = 1; a < argc; a++) {
		if (!strcmp(argv[a], "bad")) {
			good = false;
			continue;
		}
		p.text[0] = 0;
		if (!ok(iso_find(argv[a], &boot, &p) == good, argv[a]) || p.text[0])
			printf("# %s\n", p.text);
		if (!p.text[0]) {
			ok(!memcmp(boot.kernel_data, "KERNEL", 6) && !memcmp(boot.initrd_data, "INITRD", 6), "D4: the files' bytes");
			free(boot.kernel_data);
			free(boot.initrd_data);
		} else {
			ok(p.text[0] && strstr(p.text, argv[a]), "D3: the error names the file");
		}
	}
	return tap_done();
}
