/* SPDX-License-Identifier: MIT */
/*
 * Two CPUs that know nop, int3, inc rax, mov %al,address, jmp and hlt (waits for ever), with the debug facilities of
 * real ones: a target for gdb.c without KVM. Memory is flat and 64 KiB, and a hole in it from 0x8000 to 0x9000.
 */
#ifndef UNDERPIN_VM_FAKE_CPU_H
#define UNDERPIN_VM_FAKE_CPU_H

#include <string.h>

#include "../gdb.h"

#define FAKE_CPUS 2
#define FAKE_MEMORY 0x10000u

struct fake {
	struct gdb gdb;
	uint8_t memory[FAKE_MEMORY];
	struct gdb_regs regs[FAKE_CPUS];
	struct gdb_debug debug[FAKE_CPUS];
	enum gdb_action actions[FAKE_CPUS];
	bool resume_flag[FAKE_CPUS];	/* RF: no execution breakpoint on the first instruction */
	bool refuse, stop, quit;
	unsigned int goes, own;		/* own: int3 of the guest itself */
	char out[32768];
	size_t out_used;
};

static bool fake_read_regs(void *c, unsigned int cpu, struct gdb_regs *regs) { *regs = ((struct fake *)c)->regs[cpu]; return !((struct fake *)c)->refuse; }
static bool fake_write_regs(void *c, unsigned int cpu, const struct gdb_regs *regs) { ((struct fake *)c)->regs[cpu] = *regs; return !((struct fake *)c)->refuse; }
static void fake_stop(void *c) { ((struct fake *)c)->stop = true; }
static void fake_quit(void *c) { ((struct fake *)c)->quit = true; }

static uint8_t *fake_at(void *c, unsigned int cpu, uint64_t gva, size_t *left)
{
	(void)cpu;
	*left = 4096 - (gva & 4095);
	return gva < FAKE_MEMORY && gva >> 12 != 8 ? ((struct fake *)c)->memory + gva : NULL;
}

static bool fake_arm(void *c, unsigned int cpu, enum gdb_action action, const struct gdb_debug *debug)
{
	struct fake *f = c;

	f->actions[cpu] = action;
	f->debug[cpu] = *debug;
	return !f->refuse;
}

static void fake_go(void *c)
{
	struct fake *f = c;

	f->goes++;
	f->resume_flag[0] = f->resume_flag[1] = true;
}

static void fake_send(void *c, const char *bytes, size_t n)
{
	struct fake *f = c;

	for (; n; n--, bytes++)
		if (f->out_used < sizeof(f->out) - 1)
			f->out[f->out_used++] = *bytes;
	f->out[f->out_used] = 0;
}

/* Debug registers that match: R/W 0 at rip, 1 and 3 a byte written. */
static uint64_t fake_match(const struct gdb_debug *d, uint64_t address, bool write)
{
	static const unsigned int size[] = { 1, 2, 8, 4 };
	uint64_t hit = 0;
	unsigned int i;

	for (i = 0; i < GDB_DEBUG_REGISTERS; i++) {
		unsigned int bits = d->dr7 >> (16 + 4 * i) & 15;

		if (d->dr7 >> (2 * i) & 3 && !!(bits & 3) == write && address >= d->dr[i] && address < d->dr[i] + size[bits >> 2])
			hit |= 1ull << i;
	}
	return hit;
}

/* One instruction; true: a debug event that is the debugger's. */
static bool fake_step(struct fake *f, unsigned int cpu)
{
	struct gdb_regs *r = &f->regs[cpu];
	uint64_t dr6 = f->resume_flag[cpu] ? 0 : fake_match(&f->debug[cpu], r->rip, false);
	uint8_t *at;
	uint32_t address;
	size_t left;

	f->resume_flag[cpu] = false;
	if (dr6)
		return gdb_event(&f->gdb, cpu, 1, r->rip, dr6);
	at = fake_at(f, cpu, r->rip, &left);
	if (!at || left < 8)
		return false;	/* stuck */
	switch (*at) {
	case 0xcc:
		if (gdb_event(&f->gdb, cpu, 3, r->rip, 0))
			return true;
		f->own++;
		r->rip++;
		break;
	case 0xf4: break;
	case 0xeb: r->rip += 2 + (uint64_t)(int8_t)at[1]; break;
	case 0x48: r->rip += 3; r->gpr[0]++; break;
	case 0x88:
		memcpy(&address, at + 3, 4);
		r->rip += 7;
		if (fake_at(f, cpu, address, &left))
			f->memory[address] = (uint8_t)r->gpr[0];
		dr6 = fake_match(&f->debug[cpu], address, true);
		break;
	default: r->rip++; break;
	}
	if (f->debug[cpu].on && f->debug[cpu].step)
		dr6 |= 1 << 14;
	return dr6 && gdb_event(&f->gdb, cpu, 1, r->rip, dr6);
}

/* Let them run for a while, by turns; an event stops all. */
static void fake_run(struct fake *f, unsigned int instructions)
{
	bool event = false;
	unsigned int i;

	while (f->gdb.running && !f->gdb.detached && !event && !f->stop && instructions--)
		for (i = 0; i < FAKE_CPUS; i++)
			event |= f->actions[i] != GDB_STAY && fake_step(f, i);
	if ((event || f->stop) && f->gdb.running)
		gdb_stopped(&f->gdb);
	f->stop = false;
}

static struct gdb_target fake_target;
static void fake_init(struct fake *f)
{
	/* 0x1000: nop; inc %rax; nop; mov %al, 0x2000; jmp 0x1000. The second CPU waits at 0x1100. */
	static const uint8_t code[] = { 0x90, 0x48, 0xff, 0xc0, 0x90, 0x88, 0x04, 0x25, 0x00, 0x20, 0, 0, 0xeb, 0xf2 };

	memset(f, 0, sizeof(*f));
	memcpy(f->memory + 0x1000, code, sizeof(code));
	f->memory[0x1100] = 0xf4;
	f->regs[0].rip = 0x1000;
	f->regs[1].rip = 0x1100;
	f->regs[0].gpr[7] = f->regs[1].gpr[7] = 0x7ff0;
	f->regs[0].cr0 = 0x80050033;
	fake_target = (struct gdb_target){ f, FAKE_CPUS, fake_read_regs, fake_write_regs, fake_at, fake_arm, fake_go, fake_stop, fake_quit, fake_send };
	gdb_init(&f->gdb, &fake_target);
}

#endif
