// SPDX-License-Identifier: GPL-2.0
/*
 * KVM's CPUs as a target of gdb.c: KVM_SET_GUEST_DEBUG (Documentation/virt/kvm/api.rst, 4.87), a socket that is
 * open before the guest starts, and a thread that serves it. A CPU stands in debugger_gate(), outside of KVM_RUN and
 * with its I/O finished; only then are its registers and the guest's memory touched. Next: kvm.c, which calls the gate.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "gdb.h"
#include "kvm_parts.h"

struct debugger {
	struct vm *vm;
	int socket, event;		/* event: a CPU has something to tell, or the machine ended */
	pthread_t thread;
	bool threaded, block_irq;
	struct gdb_target target;
	pthread_mutex_t lock;		/* all below */
	pthread_cond_t changed;
	struct gdb gdb;
	bool stop;			/* all CPUs are to stand */
	bool deaf;			/* it did not read what was sent within the socket's time */
	enum gdb_action actions[MAX_CPUS];
	bool standing[MAX_CPUS];
	struct kvm_guest_debug armed[MAX_CPUS];
};

static bool ended(const struct debugger *d)
{
	return __atomic_load_n(&d->vm->ending, __ATOMIC_SEQ_CST) != ENDING_NONE;
}

static void announce(struct debugger *d)
{
	uint64_t one = 1;

	if (write(d->event, &one, sizeof(one)) < 0)
		abort();
}

static void kick_all(struct debugger *d)
{
	unsigned int i;

	d->stop = true;
	for (i = 0; i < d->vm->nr_threads; i++)
		pthread_kill(d->vm->vcpus[i].thread, SIGUSR1);
}

/* With the lock held: until every CPU stands, or the machine ends. */
static void stand_all(struct debugger *d)
{
	unsigned int i;

	kick_all(d);
	for (i = 0; i < d->target.cpus; i++)
		while (!d->standing[i] && !ended(d))
			pthread_cond_wait(&d->changed, &d->lock);
}

/* --- the target --- */
static struct vcpu *vcpu_of(void *context, unsigned int cpu)
{
	return &((struct debugger *)context)->vm->vcpus[cpu];
}

static bool read_regs(void *context, unsigned int cpu, struct gdb_regs *regs)
{
	struct vcpu *vcpu = vcpu_of(context, cpu);
	struct kvm_regs r;
	struct kvm_sregs s;
	struct kvm_fpu f;
	unsigned int i;

	if (ioctl(vcpu->fd, KVM_GET_REGS, &r) || ioctl(vcpu->fd, KVM_GET_SREGS, &s) || ioctl(vcpu->fd, KVM_GET_FPU, &f))
		return false;
	*regs = (struct gdb_regs){
		.gpr = { r.rax, r.rbx, r.rcx, r.rdx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15 },
		.rip = r.rip, .eflags = (uint32_t)r.rflags,
		.selectors = { s.cs.selector, s.ss.selector, s.ds.selector, s.es.selector, s.fs.selector, s.gs.selector },
		.x87 = { f.fcw, f.fsw, 0, 0, (uint32_t)f.last_ip, 0, (uint32_t)f.last_dp, f.last_opcode },
		.fs_base = s.fs.base, .gs_base = s.gs.base, .cr0 = s.cr0, .cr2 = s.cr2, .cr3 = s.cr3, .cr4 = s.cr4, .cr8 = s.cr8,
		.efer = s.efer, .gdt_base = s.gdt.base, .idt_base = s.idt.base, .tr_base = s.tr.base,
	};
	for (i = 0; i < 8; i++) {
		memcpy(regs->st[i], f.fpr[i], 10);
		/* KVM has a bit for "in use" (FXSAVE's tag, SDM vol. 1, 10.5.1.1); empty is 3, all else is shown as valid. */
		regs->x87[2] |= f.ftwx >> i & 1 ? 0 : 3u << (2 * i);
	}
	return true;
}

/* Only what differs is set: KVM_SET_SREGS has effects of its own. Selectors are not: they would want descriptors. */
static bool write_regs(void *context, unsigned int cpu, const struct gdb_regs *n)
{
	struct vcpu *vcpu = vcpu_of(context, cpu);
	struct kvm_sregs s, s_old;
	struct gdb_regs old;
	struct kvm_fpu f;
	unsigned int i;
	struct kvm_regs r = {
		.rax = n->gpr[0], .rbx = n->gpr[1], .rcx = n->gpr[2], .rdx = n->gpr[3], .rsi = n->gpr[4], .rdi = n->gpr[5],
		.rbp = n->gpr[6], .rsp = n->gpr[7], .r8 = n->gpr[8], .r9 = n->gpr[9], .r10 = n->gpr[10], .r11 = n->gpr[11],
		.r12 = n->gpr[12], .r13 = n->gpr[13], .r14 = n->gpr[14], .r15 = n->gpr[15], .rip = n->rip, .rflags = n->eflags,
	};

	if (!read_regs(context, cpu, &old) || memcmp(old.selectors, n->selectors, sizeof(old.selectors)) ||
	    ioctl(vcpu->fd, KVM_GET_SREGS, &s) || ioctl(vcpu->fd, KVM_GET_FPU, &f))
		return false;
	s_old = s;
	s.fs.base = n->fs_base;
	s.gs.base = n->gs_base;
	s.cr0 = n->cr0;
	s.cr2 = n->cr2;
	s.cr3 = n->cr3;
	s.cr4 = n->cr4;
	s.cr8 = n->cr8;
	s.efer = n->efer;
	s.gdt.base = n->gdt_base;
	s.idt.base = n->idt_base;
	s.tr.base = n->tr_base;
	if (memcmp(&s, &s_old, sizeof(s)) && ioctl(vcpu->fd, KVM_SET_SREGS, &s))
		return false;
	f.fcw = (uint16_t)n->x87[0];
	f.fsw = (uint16_t)n->x87[1];
	f.ftwx = 0;
	f.last_ip = n->x87[4];
	f.last_dp = n->x87[6];
	f.last_opcode = (uint16_t)n->x87[7];
	for (i = 0; i < 8; i++) {
		memcpy(f.fpr[i], n->st[i], 10);
		f.ftwx |= (n->x87[2] >> (2 * i) & 3) != 3 ? (uint8_t)(1u << i) : 0;
	}
	if ((memcmp(old.st, n->st, sizeof(old.st)) || memcmp(old.x87, n->x87, sizeof(old.x87))) && ioctl(vcpu->fd, KVM_SET_FPU, &f))
		return false;
	return !ioctl(vcpu->fd, KVM_SET_REGS, &r);
}

static uint8_t *at(void *context, unsigned int cpu, uint64_t gva, size_t *left)
{
	struct vcpu *vcpu = vcpu_of(context, cpu);
	struct walk_state state;
	struct kvm_sregs s;
	struct walk walk;

	if (ioctl(vcpu->fd, KVM_GET_SREGS, &s))
		return NULL;
	state = (struct walk_state){ s.cr0, s.cr3, s.cr4, s.efer };
	if (!page_walk(vcpu->vm->ram, &state, gva, &walk))
		return NULL;
	*left = 4096 - (gva & 4095);
	return ram_at(vcpu->vm->ram, walk.gpa, *left);
}

static bool arm(void *context, unsigned int cpu, enum gdb_action action, const struct gdb_debug *debug)
{
	struct debugger *d = context;
	struct kvm_guest_debug g = { 0 };

	if (debug->on) {
		g.control = KVM_GUESTDBG_ENABLE | (debug->breakpoints ? KVM_GUESTDBG_USE_SW_BP : 0) |
			    (debug->step ? KVM_GUESTDBG_SINGLESTEP | (d->block_irq ? KVM_GUESTDBG_BLOCKIRQ : 0) : 0) |
			    (debug->dr7 != 0x400 ? KVM_GUESTDBG_USE_HW_BP : 0);
		memcpy(g.arch.debugreg, debug->dr, sizeof(debug->dr));
		g.arch.debugreg[7] = debug->dr7;
	}
	d->actions[cpu] = action;
	d->armed[cpu] = g;
	return !ioctl(vcpu_of(context, cpu)->fd, KVM_SET_GUEST_DEBUG, &g);
}

static void go(void *context)
{
	struct debugger *d = context;
	unsigned int i;

	/* From now on, not from when they wake: a stop that follows at once has to wait for them. */
	for (i = 0; i < d->target.cpus; i++)
		d->standing[i] &= d->actions[i] == GDB_STAY;
	d->stop = false;
	pthread_cond_broadcast(&d->changed);
}

static void stop(void *context)
{
	kick_all(context);
	announce(context);
}

static void quit(void *context)
{
	vm_end(((struct debugger *)context)->vm, END_QUIT);
}

static void send_bytes(void *context, const char *bytes, size_t n)
{
	struct debugger *d = context;
	ssize_t sent;

	/* A debugger that is gone is noticed by read(); one that does not read is told nothing any more: the lock is held here. */
	for (; n && !d->deaf; n -= (size_t)sent, bytes += sent) {
		sent = write(d->socket, bytes, n);
		if (sent < 0 && errno == EINTR)
			sent = 0;
		else if (sent <= 0)
			d->deaf = true;
	}
}

/* --- what kvm.c calls --- */
bool debugger_gate(struct vcpu *vcpu)
{
	struct debugger *d = vcpu->vm->debugger;
	unsigned int i = vcpu->index;
	bool alive;

	if (!d)
		return true;
	pthread_mutex_lock(&d->lock);
	for (;;) {
		vcpu->run->immediate_exit = 0;	/* a kick from here on keeps KVM_RUN from waiting */
		alive = !ended(d);
		if (!alive || (!d->stop && d->actions[i] != GDB_STAY))
			break;
		if (vcpu->unfinished) {		/* KVM_RUN finishes the last exit's I/O and comes back */
			vcpu->run->immediate_exit = 1;
			break;
		}
		d->standing[i] = true;
		pthread_cond_broadcast(&d->changed);
		pthread_cond_wait(&d->changed, &d->lock);
	}
	d->standing[i] = false;
	pthread_mutex_unlock(&d->lock);
	return alive;
}

bool debugger_exit(struct vcpu *vcpu)
{
	struct debugger *d = vcpu->vm->debugger;
	const struct kvm_debug_exit_arch *e = &vcpu->run->debug.arch;
	struct kvm_guest_debug g;
	bool good = true;

	if (!d)
		return false;
	pthread_mutex_lock(&d->lock);
	if (gdb_event(&d->gdb, vcpu->index, e->exception, e->pc, e->dr6)) {
		d->stop = true;
		announce(d);
	} else {	/* the guest's own: a kprobe, a patch of its text, its debugger */
		g = d->armed[vcpu->index];
		g.control |= KVM_GUESTDBG_ENABLE | (e->exception == 3 ? KVM_GUESTDBG_INJECT_BP : KVM_GUESTDBG_INJECT_DB);
		good = !ioctl(vcpu->fd, KVM_SET_GUEST_DEBUG, &g) || problem(&vcpu->problem,
			"KVM does not give the guest its own breakpoint back: %s", strerror(errno));
	}
	pthread_mutex_unlock(&d->lock);
	return good;
}

static void *serve(void *argument)
{
	struct debugger *d = argument;
	struct pollfd fds[2] = { { .fd = d->event, .events = POLLIN }, { .fd = d->socket, .events = POLLIN } };
	char bytes[512];
	uint64_t count;
	ssize_t n;

	while (!ended(d) && !d->gdb.detached) {
		if (poll(fds, 2, -1) < 0)
			continue;
		pthread_mutex_lock(&d->lock);
		/* Events first: none of before may be left when the next packet lets the CPUs go. */
		if (fds[0].revents && read(d->event, &count, sizeof(count)) > 0 && !ended(d)) {
			stand_all(d);
			if (!ended(d))
				gdb_stopped(&d->gdb);
		}
		if (fds[1].revents && !ended(d)) {
			n = read(d->socket, bytes, sizeof(bytes));
			if (n > 0) {
				gdb_receive(&d->gdb, bytes, (size_t)n);
			} else if (!n || errno != EINTR) {
				stand_all(d);
				gdb_detach(&d->gdb);
			}
		}
		pthread_mutex_unlock(&d->lock);
	}
	return NULL;
}

bool debugger_start(struct vm *vm, struct problem *p)
{
	struct debugger *d = vm->debugger;

	if (!d)
		return true;
	d->threaded = !pthread_create(&d->thread, NULL, serve, d);
	return d->threaded || problem(p, "cannot start a thread for gdb");
}

void debugger_end(struct vm *vm, int ending)
{
	struct debugger *d = vm->debugger;

	if (!d)
		return;
	pthread_mutex_lock(&d->lock);
	pthread_cond_broadcast(&d->changed);
	pthread_mutex_unlock(&d->lock);
	announce(d);
	if (d->threaded)
		pthread_join(d->thread, NULL);
	d->threaded = false;
	gdb_exited(&d->gdb, (uint8_t)(ending & END_DEBUG ? (ending & 0x7f) << 1 | 1 : ending));
}

void debugger_close(struct vm *vm)
{
	struct debugger *d = vm->debugger;

	if (!d)
		return;
	if (d->socket >= 0)
		close(d->socket);
	if (d->event >= 0)
		close(d->event);
	free(d);
	vm->debugger = NULL;
}

/* --- the socket --- */
static int listen_at(const char *where, bool is_port, struct problem *p)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	unsigned long port = is_port ? strtoul(where, NULL, 10) : 0;
	int fd, one = 1;
	mode_t mask;

	if (is_port ? !port || port > 65535 : strlen(where) >= sizeof(un.sun_path)) {
		problem(p, "--gdb: %s is neither a port from 1 to 65535 nor a path of at most %zu characters", where, sizeof(un.sun_path) - 1);
		return -1;
	}
	in.sin_port = htons((uint16_t)port);
	memcpy(un.sun_path, where, is_port ? 0 : strlen(where));
	fd = socket(is_port ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && is_port)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	mask = umask(077);	/* the path is its owner's alone */
	if (fd < 0 || bind(fd, is_port ? (void *)&in : (void *)&un, is_port ? sizeof(in) : sizeof(un)) || listen(fd, 1)) {
		problem(p, "--gdb: cannot listen at %s: %s%s", where, strerror(errno),
			errno == EADDRINUSE ? is_port ? "; choose another port" : "; remove it, or choose another path" : "");
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	umask(mask);
	return fd;
}

/* Listen, wait for one debugger, and listen no more. */
static int accept_one(const char *where, unsigned int timeout, struct problem *p)
{
	bool is_port = where[0] && strspn(where, "0123456789") == strlen(where);
	struct pollfd ready = { .fd = listen_at(where, is_port, p), .events = POLLIN };
	int fd = -1;

	if (ready.fd < 0)
		return -1;
	fprintf(stderr, "underpin vm: waiting for gdb; in gdb: target remote %s%s\n", is_port ? "127.0.0.1:" : "", where);
	if (poll(&ready, 1, timeout ? (int)timeout * 1000 : -1) > 0)
		fd = accept4(ready.fd, NULL, NULL, SOCK_CLOEXEC);
	if (fd >= 0)	/* a debugger that reads nothing may not hold up the end */
		setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &(struct timeval){ .tv_sec = 2 }, sizeof(struct timeval));
	else
		problem(p, "--gdb: no debugger came to %s", where);
	close(ready.fd);
	if (!is_port)
		unlink(where);
	return fd;
}

bool debugger_open(struct vm *vm, const char *where, unsigned int timeout, struct problem *p)
{
	struct debugger *d = calloc(1, sizeof(*d));

	if (!d)
		return problem(p, "no memory for the debugger");
	vm->debugger = d;
	d->vm = vm;
	d->socket = -1;
	d->stop = true;		/* the debugger has the first word */
	d->target = (struct gdb_target){ d, vm->plan->cpus, read_regs, write_regs, at, arm, go, stop, quit, send_bytes };
	gdb_init(&d->gdb, &d->target);
	pthread_mutex_init(&d->lock, NULL);
	pthread_cond_init(&d->changed, NULL);
	d->event = eventfd(0, EFD_CLOEXEC);
	if (d->event < 0)
		return problem(p, "eventfd: %s", strerror(errno));
	if (ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_SET_GUEST_DEBUG) <= 0)
		return problem(p, "--gdb: this KVM has no KVM_SET_GUEST_DEBUG");
	d->block_irq = ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_SET_GUEST_DEBUG2) & KVM_GUESTDBG_BLOCKIRQ;
	signal(SIGPIPE, SIG_IGN);	/* write() says it */
	d->socket = accept_one(where, timeout, p);
	return d->socket >= 0;
}
