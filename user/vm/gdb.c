// SPDX-License-Identifier: GPL-2.0
/*
 * Packets of the GDB remote protocol (GDB manual, appendix E). Whatever arrives ends in an answer, or in the guest's
 * running on. Next: gdb_break.c for memory and breakpoints, gdb_server.c for the target that KVM makes.
 */
#include <stdio.h>
#include <string.h>

#include "gdb.h"

static const char hex_digits[] = "0123456789abcdef";

/* --- answers --- */
static void put_byte(struct gdb *g, char c)
{
	if (g->reply_used < GDB_PACKET)
		g->reply[g->reply_used++] = c;
}

static void put(struct gdb *g, const char *text)
{
	while (*text)
		put_byte(g, *text++);
}

static void put_hex(struct gdb *g, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	for (; n; n--, b++) {
		put_byte(g, hex_digits[*b >> 4]);
		put_byte(g, hex_digits[*b & 15]);
	}
}

static void put_number(struct gdb *g, uint64_t v)
{
	char text[20];

	snprintf(text, sizeof(text), "%llx", (unsigned long long)v);
	put(g, text);
}

static void put_error(struct gdb *g, int error)
{
	uint8_t e = (uint8_t)error;

	put(g, "E");
	put_hex(g, &e, 1);
}

static void put_verdict(struct gdb *g, int error)
{
	if (error)
		put_error(g, error);
	else
		put(g, "OK");
}

static void transmit(struct gdb *g)
{
	char tail[3] = { '#', hex_digits[g->sent_sum >> 4], hex_digits[g->sent_sum & 15] };

	g->target->send(g->target->context, "$", 1);
	g->target->send(g->target->context, g->reply, g->reply_used);
	g->target->send(g->target->context, tail, 3);
}

static void finish(struct gdb *g)
{
	size_t i;

	g->sent_sum = 0;
	for (i = 0; i < g->reply_used; i++)
		g->sent_sum += (uint8_t)g->reply[i];
	transmit(g);
}

/* --- what packets are made of --- */
static int nibble(char c)
{
	const char *at = c ? strchr(hex_digits, c | ((c >= 'A' && c <= 'F') ? 0x20 : 0)) : NULL;

	return at ? (int)(at - hex_digits) : -1;
}

/* A hexadecimal number of at most 64 bits; false: none is here. */
static bool number(const char **at, uint64_t *v)
{
	unsigned int digits = 0;

	for (*v = 0; nibble(**at) >= 0 && digits < 16; (*at)++, digits++)
		*v = *v << 4 | (unsigned int)nibble(**at);
	return digits && nibble(**at) < 0;
}

static bool expect(const char **at, char c)
{
	if (**at != c)
		return false;
	(*at)++;
	return true;
}

static bool bytes_of(const char **at, void *to, size_t n)
{
	uint8_t *b = to;

	for (; n; n--, b++, *at += 2) {
		int high = nibble((*at)[0]), low = high < 0 ? -1 : nibble((*at)[1]);

		if (low < 0)
			return false;
		*b = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* A thread: n is CPU n - 1, 0 is any, -1 all (*cpu is then the number of CPUs). */
static bool thread(struct gdb *g, const char **at, unsigned int *cpu)
{
	uint64_t v;

	if (!strncmp(*at, "-1", 2)) {
		*at += 2;
		*cpu = g->target->cpus;
		return true;
	}
	if (!number(at, &v) || v > g->target->cpus)
		return false;
	*cpu = v ? (unsigned int)v - 1 : g->cpu;
	return true;
}

/* --- memory --- */
static void read_memory(struct gdb *g, const char *at)
{
	uint8_t bytes[GDB_PACKET / 2];
	uint64_t gva, n;

	if (!number(&at, &gva) || !expect(&at, ',') || !number(&at, &n) || *at) {
		put_error(g, GDB_BAD);
		return;
	}
	n = gdb_reachable(g, gva, n < sizeof(bytes) ? n : sizeof(bytes));
	if (!n) {
		put_error(g, GDB_FAULT);
		return;
	}
	gdb_copy(g, gva, bytes, n, false);
	put_hex(g, bytes, n);
}

/* M has digits, X bytes with escapes. All or nothing. */
static int write_memory(struct gdb *g, const char *at, bool binary)
{
	uint8_t bytes[GDB_PACKET];
	uint64_t gva, n, i;

	if (!number(&at, &gva) || !expect(&at, ',') || !number(&at, &n) || !expect(&at, ':') || n > sizeof(bytes))
		return GDB_BAD;
	if (binary) {
		for (i = 0; i < n && at < g->in + g->in_used; i++, at++) {
			if (*at == '}' && ++at == g->in + g->in_used)
				return GDB_BAD;
			bytes[i] = (uint8_t)(at[-1] == '}' ? *at ^ 0x20 : *at);
		}
		if (i != n || at != g->in + g->in_used)
			return GDB_BAD;
	} else if (!bytes_of(&at, bytes, n) || *at) {
		return GDB_BAD;
	}
	if (gdb_reachable(g, gva, n) != n)
		return GDB_FAULT;
	gdb_copy(g, gva, bytes, n, true);
	return 0;
}

/* --- registers --- */
static void read_registers(struct gdb *g, unsigned int first, unsigned int count)
{
	struct gdb_regs regs;
	unsigned int size;
	void *at = gdb_reg(&regs, first, &size);

	if (!at || !g->target->read_regs(g->target->context, g->cpu, &regs)) {
		put_error(g, at ? GDB_REFUSED : GDB_BAD);
		return;
	}
	for (; count; count--, first++) {
		at = gdb_reg(&regs, first, &size);
		put_hex(g, at, size);
	}
}

static int write_registers(struct gdb *g, const char *at, unsigned int first, unsigned int count)
{
	struct gdb_regs regs;
	unsigned int size;

	if (!g->target->read_regs(g->target->context, g->cpu, &regs))
		return GDB_REFUSED;
	for (; count; count--, first++) {
		void *to = gdb_reg(&regs, first, &size);

		if (!to || !bytes_of(&at, to, size))
			return GDB_BAD;
	}
	if (*at)
		return GDB_BAD;
	return g->target->write_regs(g->target->context, g->cpu, &regs) ? 0 : GDB_REFUSED;
}

/* --- breakpoints --- */
/* Ztype,address,size */
static void change_breakpoint(struct gdb *g, const char *at, bool insert)
{
	uint64_t kind, gva, size;

	if (!number(&at, &kind) || !expect(&at, ',') || !number(&at, &gva) || !expect(&at, ',') || !number(&at, &size))
		put_error(g, GDB_BAD);
	else if (kind <= 4)	/* an empty answer otherwise: not known here */
		put_verdict(g, gdb_breakpoint(g, kind, gva, size, insert));
}

/* --- running and standing --- */
static void put_stop(struct gdb *g, enum gdb_why why, unsigned int slot)
{
	static const char *const names[] = { [2] = "watch", [3] = "rwatch", [4] = "awatch" };

	put(g, why == GDB_INTERRUPTED ? "T02" : "T05");
	if (why == GDB_SOFTWARE)
		put(g, "swbreak:;");
	if (why == GDB_HARDWARE)
		put(g, "hwbreak:;");
	if (why == GDB_WATCH) {
		put(g, names[g->slots[slot].kind]);
		put(g, ":");
		put_number(g, g->slots[slot].gva);
		put(g, ";");
	}
	put(g, "thread:");
	put_number(g, g->cpu + 1);
	put(g, ";");
}

static void resume(struct gdb *g)
{
	struct gdb_stop stop;
	struct gdb_debug d;
	unsigned int i;

	if (gdb_take_stop(g, &stop)) {	/* another CPU's, of the same moment */
		put_stop(g, g->last = stop.why, stop.slot);
		return;
	}
	for (i = 0; i < g->target->cpus; i++) {
		gdb_debug_of(g, g->actions[i], &d);
		if (!g->target->arm(g->target->context, i, g->actions[i], &d)) {
			put_error(g, GDB_REFUSED);
			return;
		}
	}
	g->running = true;
	g->target->go(g->target->context);
}

static void act_all(struct gdb *g, enum gdb_action action)
{
	unsigned int i;

	for (i = 0; i < g->target->cpus; i++)
		g->actions[i] = action;
}

/* c [address], s [address]: this CPU steps alone, all continue. */
static void simple_resume(struct gdb *g, const char *at, enum gdb_action action)
{
	struct gdb_regs regs;

	if (*at && (!g->target->read_regs(g->target->context, g->cpu, &regs) || !number(&at, &regs.rip) || *at ||
		    !g->target->write_regs(g->target->context, g->cpu, &regs))) {
		put_error(g, GDB_BAD);
		return;
	}
	act_all(g, action == GDB_STEP ? GDB_STAY : GDB_CONTINUE);
	g->actions[g->cpu] = action;
	resume(g);
}

/* vCont;action[:thread]...: for each CPU the first that fits. */
static void vcont(struct gdb *g, const char *at)
{
	bool given[MAX_CPUS] = { false };
	unsigned int i, cpu, any = 0;

	act_all(g, GDB_STAY);
	while (expect(&at, ';')) {
		char c = *at ? *at++ : 0;
		uint64_t signal;

		cpu = g->target->cpus;
		if (!strchr("cCsS", c) || !c || ((c == 'C' || c == 'S') && !number(&at, &signal)) ||
		    (expect(&at, ':') && !thread(g, &at, &cpu)) || (*at && *at != ';')) {
			put_error(g, GDB_BAD);
			return;
		}
		for (i = 0; i < g->target->cpus; i++)
			if (!given[i] && (cpu == g->target->cpus || cpu == i)) {
				given[i] = true;
				any++;
				g->actions[i] = c == 's' || c == 'S' ? GDB_STEP : GDB_CONTINUE;
			}
	}
	if (!any || *at)
		put_error(g, GDB_BAD);
	else
		resume(g);
}

void gdb_detach(struct gdb *g)
{
	static const struct gdb_debug off;
	unsigned int i;

	if (g->detached)
		return;
	gdb_forget_breakpoints(g);
	for (i = 0; i < g->target->cpus; i++) {
		g->stops[i].why = GDB_NOTHING;
		g->target->arm(g->target->context, i, GDB_CONTINUE, &off);
	}
	g->detached = g->running = true;
	g->target->go(g->target->context);
}

/* --- packets --- */
static void put_threads(struct gdb *g)
{
	unsigned int i;

	for (i = 0; i < g->target->cpus; i++) {
		put(g, i ? "," : "m");
		put_number(g, i + 1);
	}
}

/* qXfer:features:read:target.xml:offset,length */
static void put_xml(struct gdb *g, const char *at)
{
	size_t size;
	const char *xml = gdb_target_xml(&size);
	uint64_t offset, n;

	if (strncmp(at, "target.xml:", 11)) {
		put_error(g, 0);
		return;
	}
	at += 11;
	if (!number(&at, &offset) || !expect(&at, ',') || !number(&at, &n) || *at || offset > size) {
		put_error(g, GDB_BAD);
		return;
	}
	if (n > GDB_PACKET - 1)
		n = GDB_PACKET - 1;
	put(g, n < size - offset ? "m" : "l");
	for (; n && offset < size; n--)
		put_byte(g, xml[offset++]);
}

/* Queries; one that is not known has an empty answer. */
static void query(struct gdb *g, const char *at)
{
	unsigned int cpu;

	if (!strncmp(at, "qSupported", 10))
		put(g, "PacketSize=1000;qXfer:features:read+;vContSupported+;swbreak+;hwbreak+;QStartNoAckMode+");
	else if (!strncmp(at, "qXfer:features:read:", 20))
		put_xml(g, at + 20);
	else if (!strcmp(at, "qfThreadInfo"))
		put_threads(g);
	else if (!strcmp(at, "qsThreadInfo"))
		put(g, "l");
	else if (!strcmp(at, "qC"))
		put(g, "QC"), put_number(g, g->cpu + 1);
	else if (!strcmp(at, "qAttached"))
		put(g, "1");
	else if (!strncmp(at, "qThreadExtraInfo,", 17) && (at += 17, thread(g, &at, &cpu)) && cpu < g->target->cpus)
		put_hex(g, "CPU ", 4), put_hex(g, &"0123456789"[cpu / 10], 1), put_hex(g, &"0123456789"[cpu % 10], 1);
}

static void select_thread(struct gdb *g, const char *at)
{
	unsigned int cpu;

	if (!*at || !strchr("gc", *at) || (at++, !thread(g, &at, &cpu)) || *at) {
		put_error(g, GDB_BAD);
		return;
	}
	if (cpu < g->target->cpus)
		g->cpu = cpu;
	put(g, "OK");
}

static void alive(struct gdb *g, const char *at)
{
	unsigned int cpu;

	put_verdict(g, thread(g, &at, &cpu) && !*at && cpu < g->target->cpus ? 0 : GDB_BAD);
}

static void one_register(struct gdb *g, const char *at, bool write)
{
	uint64_t n;

	if (!number(&at, &n) || n >= gdb_nr_regs() || (write && !expect(&at, '=')))
		put_error(g, GDB_BAD);
	else if (write)
		put_verdict(g, write_registers(g, at, (unsigned int)n, 1));
	else
		read_registers(g, (unsigned int)n, 1);
}

static void packet(struct gdb *g)
{
	const char *at = g->in + 1;

	g->reply_used = 0;
	if (g->in[0] == 'k') {
		g->target->quit(g->target->context);
		return;
	}
	if (g->running) {
		put_error(g, GDB_REFUSED);
		finish(g);
		return;
	}
	switch (g->in[0]) {
	case '?': put_stop(g, g->last == GDB_INTERRUPTED ? g->last : GDB_STEPPED, 0); break;
	case 'g': read_registers(g, 0, gdb_nr_regs()); break;
	case 'G': put_verdict(g, write_registers(g, at, 0, gdb_nr_regs())); break;
	case 'p': one_register(g, at, false); break;
	case 'P': one_register(g, at, true); break;
	case 'm': read_memory(g, at); break;
	case 'M': put_verdict(g, write_memory(g, at, false)); break;
	case 'X': put_verdict(g, write_memory(g, at, true)); break;
	case 'Z': change_breakpoint(g, at, true); break;
	case 'z': change_breakpoint(g, at, false); break;
	case 'H': select_thread(g, at); break;
	case 'T': alive(g, at); break;
	case 'q': query(g, g->in); break;
	case 'c': simple_resume(g, at, GDB_CONTINUE); break;
	case 's': simple_resume(g, at, GDB_STEP); break;
	case 'D':
		put(g, "OK");
		finish(g);
		gdb_detach(g);
		return;
	case 'v':
		if (!strcmp(g->in, "vCont?"))
			put(g, "vCont;c;C;s;S");
		else if (!strncmp(g->in, "vCont", 5))
			vcont(g, g->in + 5);
		break;
	case 'Q':
		if (!strcmp(g->in, "QStartNoAckMode")) {
			put(g, "OK");
			finish(g);
			g->no_ack = true;
			return;
		}
	}
	if (!g->running)	/* else the stop is the answer */
		finish(g);
}

static void complete(struct gdb *g, int sum)
{
	bool good = g->no_ack || sum == g->sum;

	g->state = GDB_IDLE;
	if (!g->no_ack)
		g->target->send(g->target->context, good ? "+" : "-", 1);
	if (!good)
		return;
	g->in[g->in_used] = 0;
	if (g->too_long) {
		g->reply_used = 0;
		put_error(g, GDB_BAD);
		finish(g);
	} else {
		packet(g);
	}
}

static void idle_byte(struct gdb *g, char c)
{
	if (c == '$') {
		g->state = GDB_BODY;
		g->in_used = 0;
		g->sum = 0;
		g->too_long = false;
	} else if (c == 3 && g->running) {
		g->target->stop(g->target->context);
	} else if (c == '-' && !g->no_ack && !g->running && g->reply_used) {
		transmit(g);
	}
}

void gdb_receive(struct gdb *g, const char *bytes, size_t n)
{
	for (; n && !g->detached; n--, bytes++)
		switch (g->state) {
		case GDB_IDLE: idle_byte(g, *bytes); break;
		case GDB_BODY:
			if (*bytes == '#') {
				g->state = GDB_SUM1;
				break;
			}
			g->sum += (uint8_t)*bytes;
			if (g->in_used < GDB_PACKET)
				g->in[g->in_used++] = *bytes;
			else
				g->too_long = true;
			break;
		case GDB_SUM1:
			g->sum_high = nibble(*bytes);
			g->state = GDB_SUM2;
			break;
		case GDB_SUM2:
			/* A digit that is none makes it negative, which no sum is. */
			complete(g, g->sum_high < 0 || nibble(*bytes) < 0 ? -1 : g->sum_high << 4 | nibble(*bytes));
			break;
		}
}

void gdb_stopped(struct gdb *g)
{
	struct gdb_stop stop;
	unsigned int i;

	if (g->detached || !g->running)
		return;
	g->running = false;
	g->reply_used = 0;
	if (!gdb_take_stop(g, &stop))
		stop.why = GDB_INTERRUPTED;
	/* Their int3 is still before them: they run into it again, if it is still there then. */
	for (i = 0; i < g->target->cpus; i++)
		if (g->stops[i].why == GDB_SOFTWARE)
			g->stops[i].why = GDB_NOTHING;
	g->last = stop.why;
	put_stop(g, stop.why, stop.slot);
	finish(g);
}

void gdb_exited(struct gdb *g, uint8_t status)
{
	if (g->detached)
		return;
	g->reply_used = 0;
	put(g, "W");
	put_hex(g, &status, 1);
	finish(g);
	g->detached = true;
}

void gdb_init(struct gdb *g, const struct gdb_target *target)
{
	memset(g, 0, sizeof(*g));
	g->target = target;
}
