// SPDX-License-Identifier: GPL-2.0
/*
 * Guest memory and breakpoints for gdb: a byte 0xcc in memory (Z0), or a debug register (Z1-Z4; SDM vol. 3, 18.2).
 * What a breakpoint hides is shown and written as if it were not there. Next: gdb_server.c.
 */
#include "gdb.h"

#define INT3 0xcc
#define DR7_FIXED 0x400ull
#define DR6_STEP (1ull << 14)

static uint8_t *breakpoint_at(struct gdb *g, const uint8_t *host)
{
	unsigned int i;

	for (i = 0; i < GDB_BREAKPOINTS; i++)
		if (g->breakpoints[i].used && g->breakpoints[i].host == host)
			return &g->breakpoints[i].saved;
	return NULL;
}

size_t gdb_reachable(struct gdb *g, uint64_t gva, size_t n)
{
	size_t done = 0, left;

	while (done < n && g->target->at(g->target->context, g->cpu, gva + done, &left) && left)
		done += left < n - done ? left : n - done;
	return done;
}

void gdb_copy(struct gdb *g, uint64_t gva, uint8_t *bytes, size_t n, bool write)
{
	uint8_t *host = NULL, *hidden;
	size_t left = 0;

	for (; n; n--, gva++, bytes++, host++, left--) {
		if (!left)
			host = g->target->at(g->target->context, g->cpu, gva, &left);
		if (!host)
			return;
		hidden = breakpoint_at(g, host);
		if (write)
			*(hidden ? hidden : host) = *bytes;
		else
			*bytes = *(hidden ? hidden : host);
	}
}

static void remove_breakpoint(struct gdb *g, unsigned int i)
{
	/* If the guest wrote another byte there, that one stays. */
	if (g->breakpoints[i].used && *g->breakpoints[i].host == INT3)
		*g->breakpoints[i].host = g->breakpoints[i].saved;
	g->breakpoints[i].used = false;
}

/* At one byte there is one: two addresses of it would save each other's int3. */
static int software(struct gdb *g, uint64_t gva, bool insert)
{
	unsigned int i, free_one = GDB_BREAKPOINTS;
	uint8_t *host;
	size_t left;

	for (i = 0; i < GDB_BREAKPOINTS; i++) {
		if (!g->breakpoints[i].used)
			free_one = i;
		else if (g->breakpoints[i].gva == gva)
			break;
	}
	if (i < GDB_BREAKPOINTS) {
		if (!insert)
			remove_breakpoint(g, i);
		return 0;
	}
	if (!insert)
		return 0;
	host = g->target->at(g->target->context, g->cpu, gva, &left);
	if (!host)
		return GDB_FAULT;
	if (free_one == GDB_BREAKPOINTS || breakpoint_at(g, host))
		return GDB_FULL;
	g->breakpoints[free_one].gva = gva;
	g->breakpoints[free_one].host = host;
	g->breakpoints[free_one].saved = *host;
	g->breakpoints[free_one].used = true;
	*host = INT3;
	return 0;
}

static int hardware(struct gdb *g, uint64_t gva, uint64_t kind, uint64_t size, bool insert)
{
	unsigned int i, free_one = GDB_DEBUG_REGISTERS;

	if (kind == 1)
		size = 1;
	if ((size != 1 && size != 2 && size != 4 && size != 8) || gva & (size - 1))
		return GDB_BAD;
	for (i = 0; i < GDB_DEBUG_REGISTERS; i++) {
		if (!g->slots[i].used) {
			free_one = free_one < i ? free_one : i;
		} else if (g->slots[i].gva == gva && g->slots[i].kind == kind && g->slots[i].size == size) {
			g->slots[i].used = insert;
			return 0;
		}
	}
	if (!insert)
		return 0;
	if (free_one == GDB_DEBUG_REGISTERS)
		return GDB_FULL;
	g->slots[free_one].gva = gva;
	g->slots[free_one].kind = (uint8_t)kind;
	g->slots[free_one].size = (uint8_t)size;
	g->slots[free_one].used = true;
	return 0;
}

int gdb_breakpoint(struct gdb *g, uint64_t kind, uint64_t gva, uint64_t size, bool insert)
{
	return kind ? hardware(g, gva, kind, size, insert) : software(g, gva, insert);
}

void gdb_forget_breakpoints(struct gdb *g)
{
	unsigned int i;

	for (i = 0; i < GDB_BREAKPOINTS; i++)
		remove_breakpoint(g, i);
	for (i = 0; i < GDB_DEBUG_REGISTERS; i++)
		g->slots[i].used = false;
}

/* SDM vol. 3, 18.2.4: L0-L3, then R/W and LEN, four bits each from 16 on. There is no "read only": R/W 3. */
void gdb_debug_of(struct gdb *g, enum gdb_action action, struct gdb_debug *d)
{
	static const uint64_t rw[] = { 0, 0, 1, 3, 3 }, length[] = { 0, 0, 1, 0, 3, 0, 0, 0, 2 };
	unsigned int i;

	*d = (struct gdb_debug){ .on = true, .step = action == GDB_STEP, .dr7 = DR7_FIXED };
	for (i = 0; i < GDB_BREAKPOINTS; i++)
		d->breakpoints |= g->breakpoints[i].used;
	for (i = 0; i < GDB_DEBUG_REGISTERS; i++)
		if (g->slots[i].used) {
			d->dr[i] = g->slots[i].gva;
			d->dr7 |= 2ull << (2 * i) | (rw[g->slots[i].kind] | length[g->slots[i].size] << 2) << (16 + 4 * i);
		}
}

bool gdb_take_stop(struct gdb *g, struct gdb_stop *stop)
{
	unsigned int i;

	for (i = 0; i < g->target->cpus; i++) {
		*stop = g->stops[i];
		g->stops[i].why = GDB_NOTHING;
		/* What was taken out meanwhile is no reason any more. */
		if (stop->why >= GDB_HARDWARE && !g->slots[stop->slot].used)
			continue;
		if (stop->why != GDB_NOTHING) {
			g->cpu = i;
			return true;
		}
	}
	return false;
}

bool gdb_event(struct gdb *g, unsigned int cpu, unsigned int vector, uint64_t pc, uint64_t dr6)
{
	struct gdb_stop stop = { GDB_NOTHING, 0 };
	size_t left;
	uint8_t *host;
	unsigned int i;

	if (g->detached)
		return false;
	if (vector == 3) {
		host = g->target->at(g->target->context, cpu, pc, &left);
		if (host && breakpoint_at(g, host))
			stop.why = GDB_SOFTWARE;
	} else {
		if (g->actions[cpu] == GDB_STEP && (dr6 & DR6_STEP || !(dr6 & 15)))
			stop.why = GDB_STEPPED;
		for (i = 0; i < GDB_DEBUG_REGISTERS; i++)
			if (dr6 >> i & 1 && g->slots[i].used)
				stop = (struct gdb_stop){ g->slots[i].kind == 1 ? GDB_HARDWARE : GDB_WATCH, i };
	}
	if (stop.why != GDB_NOTHING)
		g->stops[cpu] = stop;
	return stop.why != GDB_NOTHING;
}
