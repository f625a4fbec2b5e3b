// SPDX-License-Identifier: GPL-2.0
/*
 * The virtual machine: memory slots, interrupt chips, a thread for each CPU, exits to
 * the bus, the end. Next: dump.c for what a CPU leaves behind, terminal.c for the console.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "kvm_parts.h"
#include "symbols.h"

static __thread struct kvm_run *this_run;

static void kick(int signal)
{
	(void)signal;
	if (this_run)
		this_run->immediate_exit = 1;
}

void vm_end(struct vm *vm, int ending)
{
	uint64_t one = 1;
	int none = ENDING_NONE;

	/* The first end is the end. */
	if (__atomic_compare_exchange_n(&vm->ending, &none, ending, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST) &&
	    write(vm->end_event, &one, sizeof(one)) < 0)
		abort();
}

static void op_end(void *context, int ending)
{
	vm_end(context, ending);
}

static bool op_ended(void *context)
{
	return __atomic_load_n(&((struct vm *)context)->ending, __ATOMIC_SEQ_CST) != ENDING_NONE;
}

static void op_irq(void *context, unsigned int line, bool level)
{
	struct vm *vm = context;
	struct kvm_irq_level irq = { .irq = line, .level = level };

	if (ioctl(vm->fd, KVM_IRQ_LINE, &irq)) {	/* the caller holds the lock */
		problem(&vm->problem, "KVM refuses KVM_IRQ_LINE: %s", strerror(errno));
		vm_end(vm, END_FAILED);
	}
}

static uint64_t op_now(void *context)
{
	struct timespec t;

	(void)context;
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void op_console(void *context, const uint8_t *bytes, size_t n)
{
	terminal_write(&((struct vm *)context)->terminal, bytes, n);
}

/* --- making it --- */
static bool open_kvm(struct vm *vm, const char *device, struct problem *p)
{
	int version;

	vm->kvm = open(device, O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0 && errno == EACCES)
		return problem(p, "%s: no permission: add yourself to the group kvm (adduser USER kvm) and log in again", device);
	if (vm->kvm < 0)
		return problem(p, "%s: %s: is kvm_intel or kvm_amd loaded (modprobe kvm_intel), and virtualization on in the firmware?",
			       device, strerror(errno));
	version = ioctl(vm->kvm, KVM_GET_API_VERSION, 0);
	if (version < 0)
		return problem(p, "KVM refuses KVM_GET_API_VERSION: %s: is %s KVM's device?", strerror(errno), device);
	if (version != KVM_API_VERSION)
		return problem(p, "%s: KVM's interface has version %d, not %d", device, version, KVM_API_VERSION);
	return true;
}

#define TRY(vm_fd, request, argument, p) \
	(ioctl(vm_fd, request, argument) >= 0 || problem(p, "KVM refuses " #request ": %s", strerror(errno)))

static bool add_slot(struct vm *vm, const struct bank *bank, uint64_t from, uint64_t to, uint32_t flags, struct problem *p)
{
	struct kvm_userspace_memory_region slot = {
		.slot = vm->nr_slots++, .flags = flags, .guest_phys_addr = from, .memory_size = to - from,
		.userspace_addr = (uintptr_t)bank->host + (from - bank->gpa),
	};

	return TRY(vm->fd, KVM_SET_USER_MEMORY_REGION, &slot, p);
}

/* The BIOS area with its tables is ROM where KVM can (a write is then an exit to nobody), and RAM like the rest where not. */
static bool add_bank(struct vm *vm, const struct bank *bank, struct problem *p)
{
	uint64_t end = bank->gpa + bank->size;

	if (bank->gpa || ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_READONLY_MEM) <= 0)
		return add_slot(vm, bank, bank->gpa, end, 0, p);
	return add_slot(vm, bank, 0, AT_BIOS, 0, p) && add_slot(vm, bank, AT_BIOS, AT_KERNEL, KVM_MEM_READONLY, p) &&
	       add_slot(vm, bank, AT_KERNEL, end, 0, p);
}

static bool create(struct vm *vm, struct problem *p)
{
	struct kvm_pit_config pit = { .flags = KVM_PIT_SPEAKER_DUMMY };
	uint64_t identity = 0xfffbc000;
	unsigned int i;

	vm->fd = ioctl(vm->kvm, KVM_CREATE_VM, 0);
	if (vm->fd < 0)
		return problem(p, "KVM refuses KVM_CREATE_VM: %s", strerror(errno));
	if (!TRY(vm->fd, KVM_SET_IDENTITY_MAP_ADDR, &identity, p) || !TRY(vm->fd, KVM_SET_TSS_ADDR, 0xfffbd000, p) ||
	    !TRY(vm->fd, KVM_CREATE_IRQCHIP, 0, p) || !TRY(vm->fd, KVM_CREATE_PIT2, &pit, p))
		return false;
	for (i = 0; i < vm->ram->nr_banks; i++)
		if (!add_bank(vm, &vm->ram->banks[i], p))
			return false;
	return true;
}

#define MAX_CPUID 256
static bool set_cpuid(struct vm *vm, struct vcpu *vcpu, struct problem *p)
{
	struct { struct kvm_cpuid2 head; struct kvm_cpuid_entry2 entries[MAX_CPUID]; } *id = calloc(1, sizeof(*id));
	bool ok;
	unsigned int i;

	if (!id)
		return problem(p, "no memory for the CPU's description");
	id->head.nent = MAX_CPUID;
	ok = TRY(vm->kvm, KVM_GET_SUPPORTED_CPUID, &id->head, p);
	for (i = 0; ok && i < id->head.nent; i++) {
		struct kvm_cpuid_entry2 *e = &id->entries[i];

		if (e->function == 1) {
			e->ebx = (e->ebx & 0xffff) | vm->plan->cpus << 16 | vcpu->index << 24;
			e->ecx |= 1u << 31;	/* a hypervisor is here */
			if (ioctl(vm->kvm, KVM_CHECK_EXTENSION, KVM_CAP_TSC_DEADLINE_TIMER) > 0)
				e->ecx |= 1u << 24;
			e->edx = vm->plan->cpus > 1 ? e->edx | 1u << 28 : e->edx & ~(1u << 28);
		} else if (e->function == 0xb || e->function == 0x1f) {
			e->edx = vcpu->index;
		}
	}
	ok = ok && TRY(vcpu->fd, KVM_SET_CPUID2, &id->head, p);
	free(id);
	return ok;
}

static bool set_entry(struct vm *vm, struct vcpu *vcpu, struct problem *p)
{
	struct kvm_segment code = { .limit = ~0u, .selector = 0x10, .type = 0xb, .present = 1, .db = 1, .s = 1, .g = 1 };
	struct kvm_segment data = { .limit = ~0u, .selector = 0x18, .type = 3, .present = 1, .db = 1, .s = 1, .g = 1 };
	struct kvm_segment task = { .limit = 0x67, .type = 0xb, .present = 1 };
	struct kvm_regs regs = { .rflags = 2 };
	struct entry_state entry;
	struct kvm_sregs s;

	boot_entry(vm->plan, &entry);
	if (!TRY(vcpu->fd, KVM_GET_SREGS, &s, p))
		return false;
	if (entry.long_mode) {
		code.l = 1;
		code.db = 0;
	}
	s.cs = code;
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	s.tr = task;
	s.gdt.base = AT_GDT;
	s.gdt.limit = 4 * 8 - 1;
	s.idt.limit = 0;
	s.cr0 = entry.cr0;
	s.cr3 = entry.cr3;
	s.cr4 = entry.cr4;
	s.efer = entry.efer;
	regs.rip = entry.rip;
	regs.rsi = entry.rsi;
	regs.rax = entry.rax;
	regs.rbx = entry.rbx;
	return TRY(vcpu->fd, KVM_SET_SREGS, &s, p) && TRY(vcpu->fd, KVM_SET_REGS, &regs, p);
}

static bool create_vcpu(struct vm *vm, unsigned int index, struct problem *p)
{
	struct vcpu *vcpu = &vm->vcpus[index];
	int size = ioctl(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);

	vcpu->vm = vm;
	vcpu->index = index;
	if (size < (int)sizeof(*vcpu->run))
		return problem(p, "KVM refuses KVM_GET_VCPU_MMAP_SIZE: %s", size < 0 ? strerror(errno) : "smaller than a CPU's state");
	vcpu->fd = ioctl(vm->fd, KVM_CREATE_VCPU, index);
	if (vcpu->fd < 0)
		return problem(p, "KVM refuses KVM_CREATE_VCPU for CPU %u: %s", index, strerror(errno));
	vcpu->run_size = (size_t)size;
	vcpu->run = mmap(NULL, vcpu->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu->fd, 0);
	if (vcpu->run == MAP_FAILED)
		return problem(p, "cannot map CPU %u's state: %s", index, strerror(errno));
	/* The others wait for the first one's INIT and SIPI. */
	return set_cpuid(vm, vcpu, p) && (index || set_entry(vm, vcpu, p));
}

/* --- running it --- */
static void serve_io(struct vm *vm, struct kvm_run *run)
{
	pthread_mutex_lock(&vm->lock);
	bus_io(&vm->bus, run->io.port, run->io.direction == KVM_EXIT_IO_OUT, run->io.size, run->io.count,
	       (uint8_t *)run + run->io.data_offset);
	pthread_mutex_unlock(&vm->lock);
}

static void serve_mmio(struct vm *vm, struct kvm_run *run)
{
	bool served;

	pthread_mutex_lock(&vm->lock);
	served = pci_mmio(&vm->pci, run->mmio.phys_addr, run->mmio.is_write, run->mmio.len, run->mmio.data);
	pthread_mutex_unlock(&vm->lock);
	if (!served && !run->mmio.is_write)
		memset(run->mmio.data, 0xff, sizeof(run->mmio.data));
}

static void surprise(struct vcpu *vcpu, int ending)
{
	struct vm *vm = vcpu->vm;

	pthread_mutex_lock(&vm->lock);
	if (vm->ending == ENDING_NONE)
		vcpu->dump = true;
	pthread_mutex_unlock(&vm->lock);
	vm_end(vm, ending);
}

static void serve(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;

	stats_exit(&vcpu->counts, run->exit_reason);
	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		stats_port(&vcpu->counts, run->io.port, run->io.direction == KVM_EXIT_IO_OUT);
		serve_io(vcpu->vm, run);
		break;
	case KVM_EXIT_MMIO: serve_mmio(vcpu->vm, run); break;
	case KVM_EXIT_INTR: break;
	case KVM_EXIT_SHUTDOWN: surprise(vcpu, END_TRIPLE_FAULT); break;
	case KVM_EXIT_SYSTEM_EVENT:
		vm_end(vcpu->vm, run->system_event.type == KVM_SYSTEM_EVENT_SHUTDOWN ? END_POWEROFF :
		       run->system_event.type == KVM_SYSTEM_EVENT_CRASH ? END_PANIC : END_RESET);
		break;
	case KVM_EXIT_DEBUG:
		if (!debugger_exit(vcpu))
			surprise(vcpu, END_UNKNOWN_EXIT);
		break;
	default: surprise(vcpu, END_UNKNOWN_EXIT); break;
	}
}

static void *vcpu_thread(void *argument)
{
	struct vcpu *vcpu = argument;
	struct vm *vm = vcpu->vm;

	this_run = vcpu->run;
	pthread_barrier_wait(&vm->start);
	while (__atomic_load_n(&vm->ending, __ATOMIC_SEQ_CST) == ENDING_NONE && debugger_gate(vcpu)) {
		vcpu->unfinished = !ioctl(vcpu->fd, KVM_RUN, 0);
		if (vcpu->unfinished) {
			serve(vcpu);
			terminal_hold(vm);
		} else if (errno == EINTR || errno == EAGAIN) {
			stats_exit(&vcpu->counts, KVM_EXIT_INTR);
		} else {
			problem(&vcpu->problem, "KVM_RUN on CPU %u: %s", vcpu->index, strerror(errno));
			surprise(vcpu, END_FAILED);
		}
	}
	return NULL;
}

static bool start_threads(struct vm *vm, struct problem *p)
{
	struct sigaction action = { .sa_handler = kick };

	sigaction(SIGUSR1, &action, NULL);
	pthread_barrier_init(&vm->start, NULL, vm->plan->cpus + 1);
	for (vm->nr_threads = 0; vm->nr_threads < vm->plan->cpus; vm->nr_threads++)
		if (pthread_create(&vm->vcpus[vm->nr_threads].thread, NULL, vcpu_thread, &vm->vcpus[vm->nr_threads]))
			return problem(p, "cannot start a thread for CPU %u: %s", vm->nr_threads, strerror(errno));
	return true;
}

/* Again and again: a kick may meet a CPU that is about to wait for something else than KVM. */
static void stop_threads(struct vm *vm)
{
	struct timespec until;
	unsigned int i;

	for (i = 0; i < vm->nr_threads; i++)
		pthread_kill(vm->vcpus[i].thread, SIGUSR1);
	for (i = 0; i < vm->nr_threads; i++)
		do {
			pthread_kill(vm->vcpus[i].thread, SIGUSR1);
			clock_gettime(CLOCK_MONOTONIC, &until);
			until.tv_sec++;
		} while (pthread_clockjoin_np(vm->vcpus[i].thread, NULL, CLOCK_MONOTONIC, &until));
}

static void print_stats(const struct vm *vm, uint64_t ns)
{
	const struct exit_counts *counts[MAX_CPUS];
	unsigned int i;

	for (i = 0; i < vm->plan->cpus; i++)
		counts[i] = &vm->vcpus[i].counts;
	stats_print(counts, vm->plan->cpus, ns, stderr);
}

static void destroy(struct vm *vm)
{
	unsigned int i;

	net_close(vm->net);
	debugger_close(vm);
	if (vm->disk.fd > 0)
		close(vm->disk.fd);
	if (vm->cdrom.fd > 0)
		close(vm->cdrom.fd);
	symbols_close(vm->symbols);
	for (i = 0; i < vm->plan->cpus; i++) {
		if (vm->vcpus[i].run && vm->vcpus[i].run != MAP_FAILED)
			munmap(vm->vcpus[i].run, vm->vcpus[i].run_size);
		if (vm->vcpus[i].fd > 0)
			close(vm->vcpus[i].fd);
	}
	if (vm->fd > 0)
		close(vm->fd);
	if (vm->kvm > 0)
		close(vm->kvm);
	if (vm->end_event > 0)
		close(vm->end_event);
}

static bool add_devices(struct vm *vm, const struct vm_options *options, struct problem *p)
{
	static const uint8_t mac[6] = { 0x52, 0x54, 0x00, 0x12, 0x34, 0x56 };

	uart_init(&vm->uart, &vm->ops, 4);
	platform_init(&vm->platform, &vm->ops);
	pci_init(&vm->pci, &vm->ops);
	if (!uart_attach(&vm->bus, &vm->uart, 0x3f8) || !platform_attach(&vm->bus, &vm->platform) || !pci_attach(&vm->bus, &vm->pci))
		return problem(p, "two devices claim the same port");
	vm->console_hvc = options->console_hvc;
	if ((options->disk && !disk_open(&vm->disk, options->disk, false, p)) ||
	    (options->cdrom && !disk_open(&vm->cdrom, options->cdrom, true, p)))
		return false;
	if (!virtio_rng_init(&vm->rng, &vm->pci, vm->ram) || !virtio_console_init(&vm->hvc, &vm->pci, vm->ram) ||
	    (options->disk && !virtio_blk_init(&vm->blk, &vm->pci, vm->ram, &vm->disk)) ||
	    (options->cdrom && !virtio_scsi_init(&vm->scsi, &vm->pci, vm->ram, &vm->cdrom)) ||
	    (options->net && !virtio_net_init(&vm->card, &vm->pci, vm->ram, mac)))
		return problem(p, "the PCI bus is full");
	vm->net = options->net ? net_open(&vm->card, &vm->lock, p) : NULL;
	return !options->net || vm->net;
}

static bool prepare(struct vm *vm, const struct vm_options *options, struct problem *p)
{
	unsigned int i;

	pthread_mutex_init(&vm->lock, NULL);
	vm->ops = (struct machine_ops){ op_irq, op_end, op_console, op_now, op_ended, vm };
	if (!add_devices(vm, options, p))
		return false;
	vm->end_event = eventfd(0, EFD_CLOEXEC);
	if (vm->end_event < 0)
		return problem(p, "eventfd: %s", strerror(errno));
	if (options->symbols) {
		vm->symbols = symbols_open(options->symbols, p);
		if (!vm->symbols)
			return false;
	}
	if (!open_kvm(vm, options->kvm_device, p) || !create(vm, p))
		return false;
	for (i = 0; i < vm->plan->cpus; i++)
		if (!create_vcpu(vm, i, p))
			return false;
	return !options->gdb || debugger_open(vm, options->gdb, options->timeout, p);
}

static int run_to_end(struct vm *vm, const struct vm_options *options, struct problem *p)
{
	uint64_t start = op_now(NULL);
	unsigned int i;

	terminal_open(vm);
	/* Before the first instruction of the guest; threads that exist are confined with this one. */
	if (!start_threads(vm, p) || !debugger_start(vm, p) || (vm->net && !net_start(vm->net, p)) ||
	    (options->confine && !confine(vm->net, p))) {
		terminal_close(vm);
		_exit(fprintf(stderr, "underpin vm: %s\n", p->text) < 0 ? END_FAILED : END_FAILED);
	}
	pthread_barrier_wait(&vm->start);
	terminal_serve(vm, options->timeout);
	debugger_end(vm, vm->ending);
	stop_threads(vm);
	terminal_close(vm);
	problem(p, "%s", vm->problem.text);
	for (i = 0; i < vm->plan->cpus; i++) {
		/* A CPU that fails when the guest has ended already changes nothing. */
		if (vm->ending == END_FAILED)
			problem(p, "%s", vm->vcpus[i].problem.text);
		if (vm->vcpus[i].dump)
			dump_vcpu(&vm->vcpus[i], stderr);
	}
	if (options->stats)
		print_stats(vm, op_now(NULL) - start);
	return vm->ending;
}

int vm_run(const struct vm_options *options, const struct plan *plan, const struct ram *ram, struct problem *p)
{
	struct vm *vm = calloc(1, sizeof(*vm));
	int ending = END_FAILED;

	if (!vm) {
		problem(p, "no memory for a virtual machine");
		return END_FAILED;
	}
	vm->plan = plan;
	vm->ram = ram;
	vm->ending = ENDING_NONE;
	if (prepare(vm, options, p))
		ending = run_to_end(vm, options, p);
	destroy(vm);
	free(vm);
	return ending;
}
