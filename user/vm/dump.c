// SPDX-License-Identifier: GPL-2.0
/* A CPU after an end that nobody expected: reason, registers, instruction bytes, page walk, names of code (symbols.c). */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "kvm_parts.h"
#include "symbols.h"

#define STACK_WORDS 256
#define STACK_NAMES 24
#define MSR_LSTAR 0xc0000082u
static void dump_walk(const struct ram *ram, const struct walk_state *state, uint64_t gva, FILE *to)
{
	struct walk walk;
	bool ok = page_walk(ram, state, gva, &walk);
	unsigned int i;

	for (i = 0; i < walk.levels; i++)
		fprintf(to, "  table 0x%llx: entry 0x%016llx\n", (unsigned long long)walk.tables[i], (unsigned long long)walk.entries[i]);
	if (ok)
		fprintf(to, "  0x%llx is at 0x%llx, page of 0x%llx, %s%s%s\n", (unsigned long long)gva, (unsigned long long)walk.gpa,
			(unsigned long long)walk.page_size, walk.user ? "u" : "s", walk.write ? "w" : "r", walk.nx ? "" : "x");
	else
		fprintf(to, "  0x%llx is not mapped\n", (unsigned long long)gva);
}

static void dump_code(const struct ram *ram, const struct walk_state *state, uint64_t rip, FILE *to)
{
	struct walk walk;
	unsigned int i;

	fputs("code:", to);
	for (i = 0; i < 16; i++) {
		const uint8_t *byte = page_walk(ram, state, rip + i, &walk) ? ram_at(ram, walk.gpa, 1) : NULL;

		if (!byte)
			break;
		fprintf(to, " %02x", *byte);
	}
	fputc('\n', to);
}

static void dump_name(const struct symbols *symbols, const char *what, uint64_t address, FILE *to)
{
	uint64_t offset;
	const char *name = symbols_find(symbols, address, &offset);

	if (name)
		fprintf(to, "%s%016llx %s+0x%llx\n", what, (unsigned long long)address, name, (unsigned long long)offset);
}

/* Whatever on the stack is in a function: return addresses, and some that were. */
static void dump_stack(const struct vcpu *vcpu, const struct walk_state *state, uint64_t rsp, FILE *to)
{
	unsigned int i, names = 0;
	struct walk walk;
	uint64_t word, offset;

	fputs("code addresses on the stack:\n", to);
	rsp &= ~7ull;
	for (i = 0; i < STACK_WORDS && names < STACK_NAMES; i++, rsp += 8) {
		const void *at = page_walk(vcpu->vm->ram, state, rsp, &walk) ? ram_at(vcpu->vm->ram, walk.gpa, 8) : NULL;

		if (!at)
			return;
		memcpy(&word, at, 8);
		if (symbols_find(vcpu->vm->symbols, word, &offset)) {
			dump_name(vcpu->vm->symbols, "  ", word, to);
			names++;
		}
	}
}

/* A 64-bit Linux says by the SYSCALL entry where it moved itself. */
static void find_slide(const struct vcpu *vcpu)
{
	struct { struct kvm_msrs head; struct kvm_msr_entry entry; } msr = { { .nmsrs = 1 }, { .index = MSR_LSTAR } };

	if (ioctl(vcpu->fd, KVM_GET_MSRS, &msr) == 1 && msr.entry.data)
		symbols_slide(vcpu->vm->symbols, "entry_SYSCALL_64", msr.entry.data);
}

void dump_vcpu(const struct vcpu *vcpu, FILE *to)
{
	const struct kvm_run *run = vcpu->run;
	struct kvm_regs r;
	struct kvm_sregs s;
	struct walk_state state;

	fprintf(to, "CPU %u: KVM exit %u (%s)", vcpu->index, run->exit_reason, kvm_exit_name(run->exit_reason));
	if (run->exit_reason == KVM_EXIT_FAIL_ENTRY)
		fprintf(to, ", hardware reason 0x%llx", (unsigned long long)run->fail_entry.hardware_entry_failure_reason);
	if (run->exit_reason == KVM_EXIT_INTERNAL_ERROR)
		fprintf(to, ", suberror %u", run->internal.suberror);
	fputc('\n', to);
	if (ioctl(vcpu->fd, KVM_GET_REGS, &r) || ioctl(vcpu->fd, KVM_GET_SREGS, &s)) {
		fprintf(to, "its registers cannot be read: %s\n", strerror(errno));
		return;
	}
#define R(x) ((unsigned long long)(x))
	fprintf(to, "rip %016llx rflags %08llx  cs %04x ss %04x tr %04x\n", R(r.rip), R(r.rflags), s.cs.selector, s.ss.selector, s.tr.selector);
	fprintf(to, "rax %016llx rbx %016llx rcx %016llx rdx %016llx\n", R(r.rax), R(r.rbx), R(r.rcx), R(r.rdx));
	fprintf(to, "rsi %016llx rdi %016llx rbp %016llx rsp %016llx\n", R(r.rsi), R(r.rdi), R(r.rbp), R(r.rsp));
	fprintf(to, "r8  %016llx r9  %016llx r10 %016llx r11 %016llx\n", R(r.r8), R(r.r9), R(r.r10), R(r.r11));
	fprintf(to, "r12 %016llx r13 %016llx r14 %016llx r15 %016llx\n", R(r.r12), R(r.r13), R(r.r14), R(r.r15));
	fprintf(to, "cr0 %llx cr2 %llx cr3 %llx cr4 %llx efer %llx\n", R(s.cr0), R(s.cr2), R(s.cr3), R(s.cr4), R(s.efer));
	state = (struct walk_state){ s.cr0, s.cr3, s.cr4, s.efer };
	dump_code(vcpu->vm->ram, &state, r.rip + (s.cr0 & 1 ? s.cs.base : 0), to);
	dump_walk(vcpu->vm->ram, &state, r.rip, to);
	if (s.cr2)
		dump_walk(vcpu->vm->ram, &state, s.cr2, to);
	if (vcpu->vm->symbols) {
		find_slide(vcpu);
		dump_name(vcpu->vm->symbols, "rip ", r.rip, to);
		dump_stack(vcpu, &state, r.rsp, to);
	}
}
