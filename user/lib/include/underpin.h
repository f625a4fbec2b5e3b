/* SPDX-License-Identifier: MIT */
/*
 * libunderpin: what a process does with /dev/underpin. Open the device, look
 * at the core, register a PAL, call it, close it. libunderpin(3) describes
 * every call; <underpin/pal.h> is for the code inside of a PAL.
 *
 * Every call answers -1 with errno where it fails; underpin_last_error() then
 * says in plain words what is wrong and what to do. The calls may be made from
 * several threads; the text belongs to the thread.
 */
#ifndef UNDERPIN_H
#define UNDERPIN_H

#include <errno.h>
#include <linux/underpin.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file descriptor of /dev/underpin (close-on-exec); close(2) it. */
int underpin_open(void);
#ifdef _WIN32
/* File descriptors are Linux', of which Windows' close() knows nothing. */
int underpin_linux_close(int fd);
#endif

int underpin_get_status(int device, struct underpin_status *status);
/* cpu: 0 to status.nr_cpus - 1. */
int underpin_get_stats(int device, unsigned int cpu, struct underpin_stats *stats);
/* log->first: the first sequence number wanted (0: the oldest). */
int underpin_get_log(int device, struct underpin_log *log);
/* list->first: the lowest id wanted. */
int underpin_get_pals(int device, struct underpin_pal_list *list);

/* What the TPM says of the core's quote key, to go with a quote. ENODATA: there is no such certificate. */
int underpin_get_certificate(int device, struct underpin_certificate *certificate);

/* A PAL as sections and entry points that the caller chose itself. */
struct underpin_pal_spec {
	const char *name;	/* at most 31 characters */
	const struct underpin_section *sections;
	unsigned int nr_sections;
	const struct underpin_entry *entries;
	unsigned int nr_entries;
};

/*
 * A PAL as the SDK's pal.mk links it into a program: addresses that the linker
 * script gave, and the entry points that UNDERPIN_PAL_ENTRY named.
 */
struct underpin_pal_range {
	__u32 type;		/* enum underpin_section_type */
	char *start, *end;
};

struct underpin_pal_table {
	const char *name;
	const struct underpin_pal_range *ranges;
	unsigned int nr_ranges;
	const struct underpin_entry *entries, *entries_end;
	/* the library's: */
	char *pristine;		/* contents as linked, to register once more */
	int pal;		/* file descriptor of the PAL, with its id below */
	__u32 id;
};

/* The PAL of this program, made by pal.mk. */
extern struct underpin_pal_table underpin_pal;

/*
 * Both make every page private to the process, give it its final rights, and
 * register. The answer is a file descriptor; closing it, or the end of the
 * process, unregisters and wipes. *result (may be NULL) gets id and measurement.
 */
int underpin_pal_register(int device, const struct underpin_pal_spec *spec,
			  struct underpin_pal_register *result);
int underpin_pal_register_table(int device, struct underpin_pal_table *table,
				struct underpin_pal_register *result);
/* Open the device, register, close the device again. */
int underpin_pal_start(struct underpin_pal_table *table);

int underpin_pal_get_info(int pal, struct underpin_pal_info *info);
/* close(2), and children get the PAL's pages again. */
int underpin_pal_stop(int pal);

/*
 * Answers what the PAL asks with pal_ocall(), in the thread that called it and in the middle of that call. It may do
 * all that a function may, but call this PAL: that drops the call in progress. Without one, the PAL is answered -ENOSYS.
 * To be set before the first call, after each registration. The PAL must not believe a word.
 */
#ifdef _WIN32	/* long has 4 bytes there */
typedef long long underpin_long;
typedef unsigned long long underpin_ulong;
#else
typedef long underpin_long;
typedef unsigned long underpin_ulong;
#endif
typedef underpin_long (*underpin_ocall_fn)(void *cookie, unsigned int number, underpin_ulong a, underpin_ulong b);
int underpin_pal_on_ocall(int pal, underpin_ocall_fn function, void *cookie);

/*
 * A call that waits where as many threads are in the PAL as can be (EBUSY): result = UNDERPIN_WAIT(sign(data, size)).
 * The call is made again and again, with a pause between that grows to 10 ms.
 */
void underpin_pause(unsigned int *tries);
#define UNDERPIN_WAIT(call) __extension__ ({ \
	unsigned int underpin_tries = 0; \
	underpin_long underpin_result; \
	while ((underpin_result = (underpin_long)(call)) == -1 && errno == EBUSY) \
		underpin_pause(&underpin_tries); \
	underpin_result; \
})

/*
 * Lends whole pages of the caller's for one call, the next: *offset is where the PAL finds them in its window
 * (pal_lent() inside; PAL_WINDOW in the makefile says how much room there is). They are the caller's all the time, too.
 * buffer and size: multiples of 4096. May be repeated before the call.
 */
int underpin_pal_lend(int pal, void *buffer, size_t size, size_t *offset);
/* When the call is over: nothing is lent any more, and the pages may be freed. */
int underpin_pal_take_back(int pal);

/*
 * A PAL in a file: pal.mk's NAME.pal, or a program with a PAL. A program that uses
 * these links with libelf (underpin.pc's private libraries, where it is static).
 */
struct underpin_pal_image {
	const char *path;	/* the caller's, for messages */
	char name[32];		/* of the file, without .pal */
	unsigned int bits;	/* 64 or 32: a process loads only those of its own kind */
	unsigned int nr_sections, nr_entries;
	struct underpin_section sections[UNDERPIN_MAX_SECTIONS];	/* addresses as linked */
	void *contents[UNDERPIN_MAX_SECTIONS];	/* sections[].size bytes each */
	struct underpin_entry entries[UNDERPIN_MAX_ENTRIES];	/* by address, checked */
	char entry_name[UNDERPIN_MAX_ENTRIES][64];	/* "" in a stripped file */
	/* the library's: */
	__u64 low, span;	/* bytes from the first section on */
	char *memory;
	int pal;
};

/* Reads and checks; needs no device. ENOEXEC: there is no sound PAL in the file. */
int underpin_pal_read(const char *path, struct underpin_pal_image *image);
/* Maps and registers what was read, once; a file descriptor that underpin_pal_unload() closes. */
int underpin_pal_load(int device, struct underpin_pal_image *image, struct underpin_pal_register *result);
/* What to call, once loaded: a function of the entry's parameters; NULL where there is none. */
void *underpin_pal_entry(const struct underpin_pal_image *image, unsigned int entry);
/* Unregisters if loaded, and frees what reading took. */
void underpin_pal_unload(struct underpin_pal_image *image);

/* What the last failed call of this thread says; never NULL. */
const char *underpin_last_error(void);
/* What errno means after a call to a PAL's entry point answered -1. */
const char *underpin_call_error(int error);

/* The measurement as 64 hexadecimal digits and a NUL. */
void underpin_measurement_text(const __u8 measurement[UNDERPIN_MEASUREMENT_SIZE], char text[65]);

/* Where the core sends the owner of a PAL (stub.S); not to be called. */
void underpin_resume_stub(void);

#ifdef __cplusplus
}
#endif

#endif
