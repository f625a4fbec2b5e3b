/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The GDB remote protocol (GDB manual, appendix E) as a state machine that knows neither sockets nor KVM: bytes
 * in, bytes out, and a target behind a table of functions. gdb.c has the packets, gdb_regs.c the registers;
 * gdb_server.c is the target that KVM makes, tests/fake_cpu.h the one of the tests.
 */
#ifndef UNDERPIN_VM_GDB_H
#define UNDERPIN_VM_GDB_H

#include "vm.h"

#define GDB_PACKET 4096u		/* the largest one, either way, without its frame */
#define GDB_BREAKPOINTS 64		/* in memory (Z0) */
#define GDB_DEBUG_REGISTERS 4		/* Z1 to Z4 share them: SDM vol. 3, 18.2 */

/* In the order of target.xml; gdb_regs.c has the table. */
struct gdb_regs {
	uint64_t gpr[16];		/* rax rbx rcx rdx rsi rdi rbp rsp r8-r15 */
	uint64_t rip;
	uint32_t eflags, selectors[6];	/* cs ss ds es fs gs */
	uint8_t st[8][10];
	uint32_t x87[8];		/* fctrl fstat ftag fiseg fioff foseg fooff fop */
	uint64_t fs_base, gs_base;
	uint64_t cr0, cr2, cr3, cr4, cr8, efer, gdt_base, idt_base, tr_base;
};

enum gdb_action { GDB_STAY, GDB_CONTINUE, GDB_STEP };

/* What a CPU is to do and to watch for, for KVM_SET_GUEST_DEBUG. */
struct gdb_debug {
	bool on, step, breakpoints;
	uint64_t dr[GDB_DEBUG_REGISTERS], dr7;
};

/* All are called with every CPU stopped, except stop. */
struct gdb_target {
	void *context;
	unsigned int cpus;
	bool (*read_regs)(void *context, unsigned int cpu, struct gdb_regs *regs);
	bool (*write_regs)(void *context, unsigned int cpu, const struct gdb_regs *regs);
	/* The guest's byte at a linear address and how many follow it in its page, or NULL. */
	uint8_t *(*at)(void *context, unsigned int cpu, uint64_t gva, size_t *left);
	/* Let it run (or stay) so; the CPUs start together at go. False: the CPU refuses. */
	bool (*arm)(void *context, unsigned int cpu, enum gdb_action action, const struct gdb_debug *debug);
	void (*go)(void *context);
	void (*stop)(void *context);		/* Ctrl-C: a stop with no reason will follow */
	void (*quit)(void *context);		/* k */
	void (*send)(void *context, const char *bytes, size_t n);
};

enum gdb_why { GDB_NOTHING, GDB_INTERRUPTED, GDB_STEPPED, GDB_SOFTWARE, GDB_HARDWARE, GDB_WATCH };
struct gdb_stop {
	enum gdb_why why;
	unsigned int slot;		/* of the debug register */
};

struct gdb {
	const struct gdb_target *target;
	bool running, no_ack, detached;
	unsigned int cpu;		/* that g, m and ? are about */
	enum gdb_action actions[MAX_CPUS];
	struct gdb_stop stops[MAX_CPUS];	/* not yet told */
	enum gdb_why last;
	struct { uint64_t gva; uint8_t *host, saved; bool used; } breakpoints[GDB_BREAKPOINTS];
	struct { uint64_t gva; uint8_t kind, size; bool used; } slots[GDB_DEBUG_REGISTERS];
	/* the packet that arrives */
	enum { GDB_IDLE, GDB_BODY, GDB_SUM1, GDB_SUM2 } state;
	char in[GDB_PACKET + 1], reply[GDB_PACKET + 8];
	size_t in_used, reply_used;
	uint8_t sum, sent_sum;
	int sum_high;
	bool too_long;
};

void gdb_init(struct gdb *gdb, const struct gdb_target *target);
/* From the debugger; any bytes at all. */
void gdb_receive(struct gdb *gdb, const char *bytes, size_t n);
/*
 * A CPU ran into #DB (1) or #BP (3) at pc, a linear address. False: it is the guest's own, to be given back to it. True: all
 * CPUs have to stop, and then gdb_stopped() is called. May be called for several CPUs before that.
 */
bool gdb_event(struct gdb *gdb, unsigned int cpu, unsigned int vector, uint64_t pc, uint64_t dr6);
/* All CPUs stand: tell the debugger why. */
void gdb_stopped(struct gdb *gdb);
/* The guest ended; nothing follows. */
void gdb_exited(struct gdb *gdb, uint8_t status);
/* The debugger is gone: no breakpoint stays, all CPUs run. */
void gdb_detach(struct gdb *gdb);

/* --- gdb_break.c, for gdb.c; errors are numbers as errno has them --- */
enum { GDB_REFUSED = 1, GDB_FAULT = 0x0e, GDB_BAD = 0x16, GDB_FULL = 0x1c };
/* How many of n bytes from gva on are there. */
size_t gdb_reachable(struct gdb *gdb, uint64_t gva, size_t n);
/* Both ways; the caller made sure that all n are reachable. */
void gdb_copy(struct gdb *gdb, uint64_t gva, uint8_t *bytes, size_t n, bool write);
/* Z and z, kinds 0 to 4; twice is as once. */
int gdb_breakpoint(struct gdb *gdb, uint64_t kind, uint64_t gva, uint64_t size, bool insert);
void gdb_forget_breakpoints(struct gdb *gdb);
void gdb_debug_of(struct gdb *gdb, enum gdb_action action, struct gdb_debug *debug);
/* The first of the stops that were not told yet; false: none. */
bool gdb_take_stop(struct gdb *gdb, struct gdb_stop *stop);

/* --- gdb_regs.c --- */
unsigned int gdb_nr_regs(void);
/* Size in bytes and place of register n; NULL: there is none. */
void *gdb_reg(struct gdb_regs *regs, unsigned int n, unsigned int *size);
/* target.xml, made once from the table. */
const char *gdb_target_xml(size_t *size);

#endif
