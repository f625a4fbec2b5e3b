/* SPDX-License-Identifier: GPL-2.0 */
/* A virtual machine of KVM (Documentation/virt/kvm/api.rst): made, run, ended. No device calls ioctl. */
#ifndef UNDERPIN_VM_KVM_H
#define UNDERPIN_VM_KVM_H

#include "vm.h"

struct vm_options {
	const char *kvm_device;		/* /dev/kvm */
	unsigned int timeout;		/* seconds; 0: none */
	const char *symbols;		/* a vmlinux for dumps; NULL: none */
	const char *gdb;		/* port or path; NULL: none */
	const char *disk, *cdrom;	/* files; NULL: none */
	bool net;			/* a user's network; net.h */
	bool console_hvc;		/* the terminal is hvc0, not COM1 */
	bool stats, confine;
};

/*
 * Run the guest as planned until it ends; the calling thread serves the terminal.
 * Answers an enum ending (or END_DEBUG | byte); p has the words when something failed.
 */
int vm_run(const struct vm_options *options, const struct plan *plan, const struct ram *ram, struct problem *p);

/* Only what a running machine needs, and one with a network; in every thread. False: not possible here. */
bool confine(bool network, struct problem *p);

#endif
