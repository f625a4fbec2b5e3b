/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints: what Linux sees of the core's life and of PALs. events/underpin/ in tracefs. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM UNDERPIN_NAME

#if !defined(UNDERPIN_MODULE_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define UNDERPIN_MODULE_TRACE_H

#include <linux/tracepoint.h>

TRACE_EVENT(underpin_launch,
	TP_PROTO(unsigned int cpus, u64 ticks, int error),
	TP_ARGS(cpus, ticks, error),
	TP_STRUCT__entry(
		__field(unsigned int, cpus)
		__field(u64, ticks)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->cpus = cpus;
		__entry->ticks = ticks;
		__entry->error = error;
	),
	TP_printk("cpus=%u ticks=%llu error=%d", __entry->cpus, __entry->ticks, __entry->error)
);

TRACE_EVENT(underpin_leave,
	TP_PROTO(unsigned int cpus, bool forced, int error),
	TP_ARGS(cpus, forced, error),
	TP_STRUCT__entry(
		__field(unsigned int, cpus)
		__field(bool, forced)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->cpus = cpus;
		__entry->forced = forced;
		__entry->error = error;
	),
	TP_printk("cpus=%u forced=%d error=%d", __entry->cpus, __entry->forced, __entry->error)
);

TRACE_EVENT(underpin_pal_register,
	TP_PROTO(u32 id, pid_t owner, u32 pages, u32 donated, int error),
	TP_ARGS(id, owner, pages, donated, error),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(pid_t, owner)
		__field(u32, pages)
		__field(u32, donated)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->owner = owner;
		__entry->pages = pages;
		__entry->donated = donated;
		__entry->error = error;
	),
	TP_printk("id=%u owner=%d pages=%u donated=%u error=%d", __entry->id, __entry->owner,
		  __entry->pages, __entry->donated, __entry->error)
);

TRACE_EVENT(underpin_pal_unregister,
	TP_PROTO(u32 id, pid_t owner, int error),
	TP_ARGS(id, owner, error),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(pid_t, owner)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->owner = owner;
		__entry->error = error;
	),
	TP_printk("id=%u owner=%d error=%d", __entry->id, __entry->owner, __entry->error)
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
