// SPDX-License-Identifier: GPL-2.0
/* up-kvm-hold: a KVM virtual machine that exists and does nothing, until killed. */
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
	int kvm = open("/dev/kvm", O_RDWR), vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);

	if (vm < 0) {
		perror("kvm");
		return 1;
	}
	puts("holding");
	fflush(stdout);
	pause();
	return 0;
}
