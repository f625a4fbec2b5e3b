/* SPDX-License-Identifier: GPL-2.0 */
/* What kvm.c, terminal.c and dump.c share. The owner of all of it is vm_run(). */
#ifndef UNDERPIN_VM_KVM_PARTS_H
#define UNDERPIN_VM_KVM_PARTS_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdio.h>
#include <termios.h>

#include "dev/virtio.h"
#include "kvm.h"
#include "net.h"
#include "stats.h"

#define ENDING_NONE (-1)

struct terminal {
	struct termios saved;
	bool raw, escape;
	bool interrupted;		/* by a signal */
	bool gone;			/* nobody reads stdout any more; under the lock, like out */
	int out_fd;			/* stdout, or the same without waiting */
	uint8_t out[256 * KIB], in[4096];
	size_t out_used, in_used;
};

struct vcpu {
	struct vm *vm;
	unsigned int index;
	int fd;
	struct kvm_run *run;
	size_t run_size;
	pthread_t thread;
	struct exit_counts counts;
	bool dump, unfinished;		/* unfinished: KVM_RUN has to finish the last exit */
	struct problem problem;
};

struct debugger;

struct vm {
	const struct plan *plan;
	const struct ram *ram;
	int kvm, fd, end_event, ending;
	pthread_mutex_t lock;		/* bus, devices, terminal */
	pthread_barrier_t start;
	unsigned int nr_threads, nr_slots;
	struct problem problem;		/* of a device, under the lock */
	struct machine_ops ops;
	struct bus bus;
	struct uart uart;
	struct platform platform;
	struct pci pci;
	struct virtio rng, hvc;
	struct virtio_blk blk;
	struct virtio_scsi scsi;
	struct disk disk, cdrom;
	struct virtio_net card;
	struct net *net;		/* NULL: none */
	bool console_hvc;
	struct terminal terminal;
	struct symbols *symbols;	/* NULL: none */
	struct debugger *debugger;	/* NULL: none; gdb_server.c */
	struct vcpu vcpus[MAX_CPUS];
};

void vm_end(struct vm *vm, int ending);
void dump_vcpu(const struct vcpu *vcpu, FILE *to);

/* Wait for a debugger at a port of the loopback or at a path; it is served from debugger_start() to debugger_end(). */
bool debugger_open(struct vm *vm, const char *where, unsigned int timeout, struct problem *p);
bool debugger_start(struct vm *vm, struct problem *p);
/* Before each KVM_RUN: stands here while the debugger wants it. False: the machine ended. */
bool debugger_gate(struct vcpu *vcpu);
/* After KVM_EXIT_DEBUG. False: nobody asked for it, or the CPU cannot go on. */
bool debugger_exit(struct vcpu *vcpu);
void debugger_end(struct vm *vm, int ending);
void debugger_close(struct vm *vm);

/* Raw, if it is a terminal, and signals are an end; back. */
void terminal_open(struct vm *vm);
void terminal_close(struct vm *vm);
void terminal_write(struct terminal *terminal, const uint8_t *bytes, size_t n);
/* A CPU stays here, without the lock, while too much waits for who reads stdout. */
void terminal_hold(struct vm *vm);
/* Input to the UART and output to stdout until the machine ends; timeout in seconds, 0: none. */
void terminal_serve(struct vm *vm, unsigned int timeout);

#endif
