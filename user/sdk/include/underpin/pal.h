/* SPDX-License-Identifier: MIT */
/*
 * For code inside of a PAL. It is plain freestanding C: no libc, no global
 * initialised with an address (pal.mk refuses that), no thread-locals. After
 * an entry point, say what its parameters are:
 *
 *	long add(long a, long b) { return a + b; }
 *	UNDERPIN_PAL_ENTRY(add, PAL_INT, PAL_INT);
 *
 * Once the PAL is registered, a call of add() runs inside. At most 10
 * parameters and 16 entry points. Data that a pointer names is copied in at the
 * call (PAL_IN), out at the return (PAL_OUT), or both; the sum of all sizes
 * must fit into the parameter section (PAL_PARAM in the makefile), and into
 * 64 KiB. A larger size than declared ends the call with EINVAL.
 */
#ifndef UNDERPIN_PAL_H
#define UNDERPIN_PAL_H

#include <linux/underpin.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAL_INT { .type = UNDERPIN_PARAM_INTEGER }
/* A pointer to always `bytes` bytes. */
#define PAL_IN(bytes) { UNDERPIN_PARAM_POINTER, UNDERPIN_PARAM_IN, 0, 0, bytes }
#define PAL_OUT(bytes) { UNDERPIN_PARAM_POINTER, UNDERPIN_PARAM_OUT, 0, 0, bytes }
#define PAL_INOUT(bytes) { UNDERPIN_PARAM_POINTER, UNDERPIN_PARAM_INOUT, 0, 0, bytes }
/* A pointer to as many bytes as parameter k (the first is 1) says, at most max. */
#define PAL_IN_N(k, max) { UNDERPIN_PARAM_POINTER, UNDERPIN_PARAM_IN, k, 0, max }
#define PAL_OUT_N(k, max) { UNDERPIN_PARAM_POINTER, UNDERPIN_PARAM_OUT, k, 0, max }
#define PAL_INOUT_N(k, max) { UNDERPIN_PARAM_POINTER, UNDERPIN_PARAM_INOUT, k, 0, max }

/*
 * The table of entry points lies outside of the PAL: libunderpin reads it. A 32-bit linker fills in
 * 32 bits, so there the address is written in two halves.
 */
#ifdef __i386__
struct underpin_entry_386 {
	__u32 addr, addr_high, nr_params, flags;
	struct underpin_param param[UNDERPIN_MAX_PARAMS];
};
#define UNDERPIN_PAL_ENTRY_TYPE struct underpin_entry_386
#else
#define UNDERPIN_PAL_ENTRY_TYPE struct underpin_entry
#endif
/* Flags of each entry point that does not say its own; -DUNDERPIN_PAL_ENTRY_FLAGS=... in PAL_CFLAGS. */
#ifndef UNDERPIN_PAL_ENTRY_FLAGS
#define UNDERPIN_PAL_ENTRY_FLAGS 0
#endif
#define UNDERPIN_PAL_ENTRY(function, ...) UNDERPIN_PAL_ENTRY_WITH(function, UNDERPIN_PAL_ENTRY_FLAGS, ##__VA_ARGS__)
/*
 * A call can be cut off after any instruction (its thread jumps away, the PAL faults), and then the PAL's data are as
 * they were there: all its entry points are ECANCELED from then on, but for those that put them in order, whatever
 * they find. When such a one has returned, the others may be called again.
 */
#define UNDERPIN_PAL_ENTRY_MENDS(function, ...) UNDERPIN_PAL_ENTRY_WITH(function, UNDERPIN_ENTRY_MENDS, ##__VA_ARGS__)
#define UNDERPIN_PAL_ENTRY_WITH(function, entry_flags, ...) \
	__attribute__((used, section("underpin_entries"), aligned(8))) \
	const UNDERPIN_PAL_ENTRY_TYPE underpin_entry_##function = { \
		.addr = (uintptr_t)(function), \
		.nr_params = sizeof((struct underpin_param[]){ { 0 }, ##__VA_ARGS__ }) / \
			     sizeof(struct underpin_param) - 1, \
		.flags = (entry_flags), \
		.param = { __VA_ARGS__ }, \
	}

/* A variable that PAL and program both see and write; not measured, not secret. */
#define UNDERPIN_PAL_SHARED __attribute__((section(".shared")))

/*
 * Where in its window the PAL finds what the owner lent for this call (underpin_pal_lend()), or NULL where that is
 * no place in the window. The owner can change the contents at any time: copy what is checked, then check the copy.
 * If nothing is lent there, a touch ends the call with EFAULT.
 */
#ifdef UNDERPIN_PAL_WINDOW	/* bytes: pal.mk says it */
extern char __pal_window_start[];
static inline void *pal_lent(size_t offset, size_t size)
{
	const size_t room = UNDERPIN_PAL_WINDOW;

	return offset < room && size <= room - offset ? __pal_window_start + offset : NULL;
}
#endif

/* ---- services of the core; outside of a PAL they are an invalid instruction ---- */

#define PAL_SVC_RANDOM 0x55500100
#define PAL_SVC_TIME 0x55500101
#define PAL_SVC_SELF 0x55500102
#define PAL_SVC_EXIT 0x55500103
#define PAL_SVC_OCALL 0x5550010a

static inline long pal_call(unsigned int number, uintptr_t rdi, uintptr_t rsi, uintptr_t *rdx)
{
	uintptr_t d = rdx ? *rdx : 0;
	long rax;

	__asm__ volatile("vmcall" : "=a"(rax), "+d"(d)
			 : "a"((unsigned long)number), "D"(rdi), "S"(rsi) : "memory", "cc");
	if (rdx)
		*rdx = d;
	return rax;
}

/* Random bytes from the core's generator. 0, or a negative errno: then use none of them. */
static inline int pal_random(void *buffer, size_t length)
{
	uintptr_t at = (uintptr_t)buffer;
	size_t part;
	long ret;

	for (; length; length -= part, at += part) {
		part = length < 4096 ? length : 4096;
		ret = pal_call(PAL_SVC_RANDOM, at, part, NULL);
		if (ret < 0)
			return (int)ret;
	}
	return 0;
}

/* TSC ticks since the PAL was registered (32-bit PALs: the low half); *khz (may be NULL): ticks per millisecond. */
static inline uint64_t pal_time(uint64_t *khz)
{
	uintptr_t rate = 0;
	uint64_t ticks = (unsigned long)pal_call(PAL_SVC_TIME, 0, 0, &rate);

	if (khz)
		*khz = rate;
	return ticks;
}

/* Who am I: id, measurement, counters. 0, or a negative errno. */
static inline int pal_self(struct underpin_pal_info *info)
{
	return (int)pal_call(PAL_SVC_SELF, (uintptr_t)info, 0, NULL);
}

/* End this call: the caller sees -1 and this errno (> 0). No parameter is copied back. */
static inline __attribute__((noreturn)) void pal_exit(int error)
{
	pal_call(PAL_SVC_EXIT, (uintptr_t)error, 0, NULL);
	__builtin_trap();
}

/*
 * Ask the owner (underpin_pal_on_ocall()): number below 0xfff0, and two words; what it answers, -ENOSYS where it has
 * no function for it, -EINVAL. The call is left for it and goes on here. The owner is not trusted: the answer may be anything, it may
 * never come (then the call is dropped here and now), and SHARED and lent memory may have changed. Bytes go by those.
 */
static inline long pal_ocall(unsigned int number, uintptr_t a, uintptr_t b)
{
	uintptr_t rdx = b;

	return pal_call(PAL_SVC_OCALL, number, a, &rdx);
}

/*
 * For debugging: what is printed goes to the owner's standard error if UNDERPIN_PAL_DEBUG is set in its environment,
 * and is dropped otherwise, but by then the owner had it: print no secret. Of printf() only %d %i %u %x %X %p %c %s %%, with -, 0, a width,
 * l, ll, z, and .* for %s; 255 characters.
 */
#define PAL_OCALL_PRINT 0xffff	/* the library's own; pal_ocall() by yourself below 0xfff0 */
void pal_print(const char *text);
void pal_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));
int pal_snprintf(char *to, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
int pal_vsnprintf(char *to, size_t size, const char *format, va_list args);

/* ---- the little library inside (libunderpin-pal.a) ---- */

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int c, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
/* Wipes, and is not optimised away. */
void pal_wipe(void *p, size_t n);
/* 0 where equal; the time tells nothing about the contents. */
int pal_differ(const void *a, const void *b, size_t n);

#endif
