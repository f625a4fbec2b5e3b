// SPDX-License-Identifier: GPL-2.0
/*
 * up-kexec KERNEL INITRD COMMAND-LINE: loads it and starts it, as kexec -l and kexec -e do; with a
 * fourth argument as kexec -p does, and by a crash.
 */
#include <fcntl.h>
#include <linux/kexec.h>
#include <linux/reboot.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void crash(void)
{
	int fd = open("/proc/sys/kernel/printk", O_WRONLY);

	/* The harness takes a panic on the console for the end of the run. */
	if (write(fd, "0", 1) != 1)
		perror("/proc/sys/kernel/printk");
	fd = open("/proc/sysrq-trigger", O_WRONLY);
	if (write(fd, "c", 1) != 1)
		perror("/proc/sysrq-trigger");
}

int main(int argc, char **argv)
{
	bool on_crash = argc == 5;
	int kernel, initrd;

	if (argc != 4 && !on_crash)
		return 2;
	kernel = open(argv[1], O_RDONLY);
	initrd = open(argv[2], O_RDONLY);
	if (syscall(SYS_kexec_file_load, kernel, initrd, strlen(argv[3]) + 1, argv[3],
		    on_crash ? KEXEC_FILE_ON_CRASH : 0)) {
		perror("kexec_file_load");
		return 1;
	}
	if (on_crash)
		crash();
	else
		syscall(SYS_reboot, LINUX_REBOOT_MAGIC1, LINUX_REBOOT_MAGIC2, LINUX_REBOOT_CMD_KEXEC, 0);
	perror("reboot");
	return 1;
}
