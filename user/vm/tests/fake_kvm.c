// SPDX-License-Identifier: MIT
/*
 * A /dev/kvm for tests/failures, linked around open(), ioctl() and close() of underpin-vm. FAKE_FAIL=N: the Nth call that
 * reaches it fails with EIO, and its name goes to the file FAKE_NAME. FAKE_RUN is what the guest does: "exit" raises an
 * interrupt and writes 5 to port 0xf4, "shutdown" is a triple fault, "unknown" an exit of no meaning; "echo" says on COM1
 * what it reads there, until a "!". FAKE_START: milliseconds of CPU time and bytes that were read until the guest's first
 * instruction go to this file. "mute" reads nothing, "chat" says lines on COM1,
 * and both never end; "say" says 400,000 letters and ends. What is still open at the end is said, with status 99.
 */
#include <stdbool.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define RUN_SIZE 12288
#define DEVICE "/dev/fake-kvm"

int __real_open(const char *name, int flags, ...);
int __wrap_open(const char *name, int flags, ...);
int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __real_close(int fd);
int __wrap_close(int fd);

static struct fake_fd { bool open, entered; struct kvm_run *run; unsigned int runs, index; struct kvm_regs regs; struct kvm_sregs sregs; } fds[256];
static unsigned int calls;

static const struct { unsigned long request; const char *name; } names[] = {
#define N(x) { x, #x }
	N(KVM_GET_API_VERSION), N(KVM_CREATE_VM), N(KVM_SET_IDENTITY_MAP_ADDR), N(KVM_SET_TSS_ADDR), N(KVM_CREATE_IRQCHIP), N(KVM_CREATE_PIT2),
	N(KVM_SET_USER_MEMORY_REGION), N(KVM_GET_VCPU_MMAP_SIZE), N(KVM_CREATE_VCPU), N(KVM_GET_SUPPORTED_CPUID), N(KVM_SET_CPUID2),
	N(KVM_CHECK_EXTENSION), N(KVM_GET_SREGS), N(KVM_SET_SREGS), N(KVM_GET_REGS), N(KVM_SET_REGS), N(KVM_RUN), N(KVM_IRQ_LINE),
	N(KVM_GET_MSRS), N(KVM_SET_GUEST_DEBUG), N(KVM_GET_FPU), N(KVM_SET_FPU),
};

/* This call's turn to fail? */
static bool fails(const char *name)
{
	const char *fail = getenv("FAKE_FAIL"), *to = getenv("FAKE_NAME");
	FILE *f;

	if (__atomic_add_fetch(&calls, 1, __ATOMIC_SEQ_CST) != (fail ? strtoul(fail, NULL, 10) : 0))
		return false;
	f = to ? fopen(to, "w") : NULL;
	if (f) {
		fputs(name, f);
		fclose(f);
	}
	errno = EIO;
	return true;
}

static int fake_open(void)
{
	int fd = memfd_create("kvm", MFD_CLOEXEC);

	if (fd >= 0 && fd < 256)
		fds[fd] = (struct fake_fd){ .open = true };
	return fd;
}

int __wrap_open(const char *name, int flags, ...)
{
	if (strcmp(name, DEVICE))
		return __real_open(name, flags, 0600);
	return fails("open") ? -1 : fake_open();
}

int __wrap_close(int fd)
{
	if (fd >= 0 && fd < 256 && fds[fd].open) {
		if (fds[fd].run)
			munmap(fds[fd].run, RUN_SIZE);
		fds[fd].open = false;
	}
	return __real_close(fd);
}

static int create_vcpu(unsigned int index)
{
	int fd = fake_open();

	if (fd < 0 || ftruncate(fd, RUN_SIZE))
		return -1;
	fds[fd].run = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	fds[fd].index = index;
	return fd;
}

static void io(struct kvm_run *run, uint8_t direction, uint16_t port, uint8_t value)
{
	run->exit_reason = KVM_EXIT_IO;
	run->io.direction = direction;
	run->io.size = 1;
	run->io.port = port;
	run->io.count = 1;
	run->io.data_offset = 8192;
	((uint8_t *)run)[8192] = value;
}

static void out(struct kvm_run *run, uint16_t port, uint8_t value)
{
	io(run, KVM_EXIT_IO_OUT, port, value);
}

/* COM1 as a guest without interrupts uses it: LSR, and a byte where one is. */
static void echo(struct kvm_run *run)
{
	static enum { STATUS, DATA, SAID } last;
	uint8_t got = ((uint8_t *)run)[8192];

	if (last == STATUS && got & 1) {
		last = DATA;
		io(run, KVM_EXIT_IO_IN, 0x3f8, 0);
	} else if (last == DATA) {
		last = SAID;
		out(run, 0x3f8, got);
	} else if (last == SAID && got == '!') {
		out(run, 0xf4, 5);
	} else {
		last = STATUS;
		io(run, KVM_EXIT_IO_IN, 0x3fd, 0);
	}
}

static void started(void)
{
	const char *to = getenv("FAKE_START");
	char line[64] = "";
	FILE *f = to ? fopen("/proc/self/io", "r") : NULL;

	if (f && fgets(line, sizeof(line), f)) {
		fclose(f);
		f = fopen(to, "w");
		if (f)
			fprintf(f, "%ld %s", (long)(clock() / (CLOCKS_PER_SEC / 1000)), line);
	}
	if (f)
		fclose(f);
}

static int run(struct fake_fd *f)
{
	const char *what = getenv("FAKE_RUN");

	if (!f->index && !f->entered) {
		f->entered = true;
		started();
	}

	/* All but the first wait for a SIPI that does not come. */
	while (f->index && !__atomic_load_n(&f->run->immediate_exit, __ATOMIC_SEQ_CST))
		usleep(1000);
	if (f->run->immediate_exit) {
		errno = EINTR;
		return -1;
	}
	f->regs.rsp = 0x1fff000;	/* where the module of a guest of 32 MiB is */
	if (what && !strcmp(what, "echo"))
		echo(f->run);
	else if (what && !strcmp(what, "mute"))
		out(f->run, 0x80, 0);
	else if (what && !strcmp(what, "chat"))
		out(f->run, 0x3f8, f->runs++ % 64 ? 'c' : '\n');
	else if (what && !strcmp(what, "say"))
		out(f->run, f->runs++ < 400000 ? 0x3f8 : 0xf4, 'c');
	else if (what && !strcmp(what, "shutdown"))
		f->run->exit_reason = KVM_EXIT_SHUTDOWN;
	else if (what && !strcmp(what, "unknown"))
		f->run->exit_reason = KVM_EXIT_IRQ_WINDOW_OPEN;
	else if (!f->runs++)
		out(f->run, 0x3fc, 8);		/* OUT2: interrupts reach the line */
	else if (f->runs == 2)
		out(f->run, 0x3f9, 2);		/* THR empty */
	else
		out(f->run, 0xf4, 5);
	return 0;
}

static int supported(struct kvm_cpuid2 *id)
{
	id->nent = 2;
	id->entries[0] = (struct kvm_cpuid_entry2){ .function = 1 };
	id->entries[1] = (struct kvm_cpuid_entry2){ .function = 0xb };
	return 0;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	struct fake_fd *f = fd >= 0 && fd < 256 && fds[fd].open ? &fds[fd] : NULL;
	const char *name = "an ioctl without a name";
	va_list args;
	void *argument;
	unsigned int i;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (!f)
		return __real_ioctl(fd, request, argument);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].request == request)
			name = names[i].name;
	if (fails(name))
		return -1;
	switch (request) {
	case KVM_GET_API_VERSION: return KVM_API_VERSION;
	case KVM_CREATE_VM: return fake_open();
	case KVM_GET_VCPU_MMAP_SIZE: return RUN_SIZE;
	case KVM_CREATE_VCPU: return create_vcpu((unsigned int)(uintptr_t)argument);
	case KVM_CHECK_EXTENSION: return 1;
	case KVM_GET_SUPPORTED_CPUID: return supported(argument);
	case KVM_GET_REGS: *(struct kvm_regs *)argument = f->regs; return 0;
	case KVM_SET_REGS: f->regs = *(struct kvm_regs *)argument; return 0;
	case KVM_GET_SREGS: *(struct kvm_sregs *)argument = f->sregs; return 0;
	case KVM_SET_SREGS: f->sregs = *(struct kvm_sregs *)argument; return 0;
	case KVM_GET_MSRS: ((struct kvm_msrs *)argument)->entries[0].data = 0; return 1;
	case KVM_GET_FPU: memset(argument, 0, sizeof(struct kvm_fpu)); return 0;
	case KVM_RUN: return run(f);
	default: return 0;
	}
}

static __attribute__((destructor)) void nothing_open(void)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		if (fds[i].open) {
			fprintf(stderr, "fake KVM: descriptor %u is still open\n", i);
			_exit(99);
		}
}
