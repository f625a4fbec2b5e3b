/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * /dev/underpin: the interface between processes and the module. See
 * docs/abi.md. Every ioctl answers 0 (or a file descriptor) or -1 with errno.
 *
 * Each takes a structure that begins with its size: sizeof, as the caller was
 * compiled, set before each call. Structures grow at their ends only, and a field
 * of zero means what its absence did. So a program that is older than the module
 * is answered as far as its structure goes; one that is newer is served as long as
 * what the module does not know is zero (else E2BIG), and finds in size how
 * much was answered. The requests' numbers do not tell the size. What lies in an
 * array does not grow; its reserved fields are for that.
 */
#ifndef _UAPI_LINUX_UNDERPIN_H
#define _UAPI_LINUX_UNDERPIN_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define UNDERPIN_DEVICE "/dev/underpin"
#define UNDERPIN_IOC 0xB7

#define UNDERPIN_MAX_SECTIONS 16
#define UNDERPIN_MAX_CONTEXTS 4	/* STACK sections: calls at once */
#define UNDERPIN_MAX_ENTRIES 16
#define UNDERPIN_MAX_PARAMS 10
#define UNDERPIN_MAX_PAGES 4096
#define UNDERPIN_MAX_WINDOW 256	/* pages */
#define UNDERPIN_MEASUREMENT_SIZE 32

enum underpin_section_type {
	UNDERPIN_SECTION_CODE = 1,
	UNDERPIN_SECTION_DATA = 2,
	UNDERPIN_SECTION_PARAM = 3,
	UNDERPIN_SECTION_STACK = 4,
	UNDERPIN_SECTION_SHARED = 5,
	UNDERPIN_SECTION_RODATA = 6,
	UNDERPIN_SECTION_WINDOW = 7,	/* addresses only: for what is lent (UNDERPIN_PAL_LEND); the last section */
};

struct underpin_section {
	__u32 type;		/* enum underpin_section_type */
	__u32 reserved;		/* 0 */
	__u64 addr;		/* page-aligned address in the caller */
	__u64 size;		/* bytes, multiple of 4096 */
};

#define UNDERPIN_PARAM_INTEGER 1
#define UNDERPIN_PARAM_POINTER 2
#define UNDERPIN_PARAM_IN 0x1
#define UNDERPIN_PARAM_OUT 0x2
#define UNDERPIN_PARAM_INOUT 0x3

struct underpin_param {
	__u16 type;		/* UNDERPIN_PARAM_INTEGER or _POINTER */
	__u16 flags;		/* of a POINTER: UNDERPIN_PARAM_IN, _OUT */
	__u16 size_param;	/* 0: always size bytes; k: as many bytes as the k-th parameter (from 1) says, at most size */
	__u16 reserved;		/* 0 */
	__u64 size;		/* of a POINTER: bytes */
};

/*
 * May be called although an earlier call was cut off in the middle (docs/abi.md, How a call ends), when all
 * others are ECANCELED; when it returns, all may be called again. For code that puts the PAL's data in order.
 */
#define UNDERPIN_ENTRY_MENDS 0x1

struct underpin_entry {
	__u64 addr;		/* in a CODE section */
	__u32 nr_params;
	__u32 flags;		/* UNDERPIN_ENTRY_* */
	struct underpin_param param[UNDERPIN_MAX_PARAMS];
};

/* The PAL and its callers are 32-bit code (i386, cdecl); sections and stub below 4 GiB - 4 KiB. */
#define UNDERPIN_PAL_32BIT 0x1

struct underpin_pal_register {
	__u32 size;		/* in, out; at least up to name */
	__u32 flags;		/* in: UNDERPIN_PAL_* */
	__u32 nr_sections;	/* in */
	__u32 nr_entries;	/* in */
	__u64 sections;		/* in: struct underpin_section[nr_sections] */
	__u64 entries;		/* in: struct underpin_entry[nr_entries] */
	__u64 stub;		/* in: address of the resume stub (docs/abi.md; libunderpin has one) */
	char name[32];		/* in: for lists; NUL-terminated */
	__u32 id;		/* out */
	__u32 nr_donated;	/* out: pages that the PAL costs beyond its own */
	__u8 measurement[UNDERPIN_MEASUREMENT_SIZE];	/* out: SHA-256 */
};

struct underpin_pal_info {
	__u32 id;
	__u32 state;
	__u32 owner_pid;
	__u32 nr_pages;
	__u32 nr_donated;
	__u32 nr_entries;
	__u64 calls, interrupts, faults;
	__u8 measurement[UNDERPIN_MEASUREMENT_SIZE];
	char name[32];
};

struct underpin_pal_get_info {
	__u32 size;		/* in, out; at least up to info.id */
	__u32 reserved;		/* 0 */
	struct underpin_pal_info info;	/* out */
};

/* On /dev/underpin: struct underpin_pal_register; answers a file descriptor; closing it unregisters. */
#define UNDERPIN_PAL_REGISTER _IO(UNDERPIN_IOC, 1)
/* On the PAL's file descriptor: struct underpin_pal_get_info. */
#define UNDERPIN_PAL_GET_INFO _IO(UNDERPIN_IOC, 2)

/*
 * On the PAL's file descriptor, by the process that registered it. The pages that [addr, addr + length) lies
 * in, whole ones, are the PAL's and the caller's alike during one call, the next that begins; they appear in
 * the WINDOW section behind those lent already.
 */
struct underpin_pal_lend {
	__u32 size;		/* in, out; at least up to offset */
	__u32 reserved;		/* 0 */
	__u64 addr, length;	/* in: multiples of 4096 */
	__u64 offset;		/* out: where in the window */
};
#define UNDERPIN_PAL_LEND _IO(UNDERPIN_IOC, 7)

struct underpin_pal_take_back {
	__u32 size;		/* in, out; at least up to reserved */
	__u32 reserved;		/* 0 */
};
/* Then what was lent is the caller's alone again. */
#define UNDERPIN_PAL_TAKE_BACK _IO(UNDERPIN_IOC, 8)

/* What sealed data hangs on (docs/services.md). */
#define UNDERPIN_ROOT_EPHEMERAL 1	/* made at load: it ends with the core */
#define UNDERPIN_ROOT_FILE 2	/* a file's, handed over at load */
#define UNDERPIN_ROOT_TPM 3	/* the TPM's, which gives it once a boot */

/* On /dev/underpin: the state of the core. */
struct underpin_status {
	__u32 size;		/* in, out; at least up to version */
	__u32 version;
	__u32 nr_cpus;		/* CPUs of the machine */
	__u32 nr_under_core;	/* of them under the core */
	__u32 nr_online;	/* of them online in Linux */
	__u32 nr_wait_sipi;	/* of them waiting for a SIPI (offline) */
	__u32 nesting_depth;
	__u32 nr_pals;
	__u32 nr_pal_pages;
	__u32 pool_pages, pool_free, ept_pages;
	__u32 hidden_pages, hidden_writes, scratch_used;
	__u32 longest_reason;
	__u64 longest_root;	/* TSC ticks */
	__u32 fatal;		/* 1: a fatal record waits in debugfs */
	__u32 lock, debug;
	__u32 tsc_khz;
	__u8 build_id[20];
	__u32 root_kind;	/* UNDERPIN_ROOT_*; 0: the module does not know */
};
#define UNDERPIN_GET_STATUS _IO(UNDERPIN_IOC, 3)

struct underpin_exit_stat {
	__u64 count, total;	/* exits; TSC ticks in root */
	__u32 min, max;		/* TSC ticks */
};
#define UNDERPIN_NR_REASONS 80
struct underpin_stats {
	__u32 size;		/* in, out; at least up to cpu */
	__u32 cpu;		/* in: slot 0..nr_cpus-1 */
	struct underpin_exit_stat reason[UNDERPIN_NR_REASONS]; /* out: by basic exit reason; 78 = exits from L2, 79 from PALs */
};
#define UNDERPIN_GET_STATS _IO(UNDERPIN_IOC, 4)

struct underpin_log_record {
	__u64 seq, tsc;
	__u32 cpu, level;
	char text[104];
};
#define UNDERPIN_LOG_BATCH 32
struct underpin_log {
	__u32 size;		/* in, out; at least up to the first record */
	__u32 nr;		/* out: records filled, as many as there is room for */
	__u64 first;		/* in: first sequence number wanted; out: next one */
	struct underpin_log_record record[UNDERPIN_LOG_BATCH];
};
#define UNDERPIN_GET_LOG _IO(UNDERPIN_IOC, 5)

struct underpin_pal_list {
	__u32 size;		/* in, out; at least up to the first PAL */
	__u32 first;		/* in: lowest id wanted; out: next one */
	__u32 nr;		/* out: as many as there is room for */
	__u32 reserved;		/* 0 */
	struct underpin_pal_info pal[16];	/* out; only those of the caller's, or all for CAP_SYS_ADMIN */
};
#define UNDERPIN_GET_PALS _IO(UNDERPIN_IOC, 6)

/* What the TPM says of the core's quote key (docs/services.md 14); it goes with a quote. ENODATA: nothing. */
struct underpin_certificate {
	__u32 size;		/* in, out; at least up to pcr_mask */
	__u32 pcr_mask;		/* PCRs of the TPM's that were quoted */
	__u32 attest_size, signature_size;
	__u8 attest[192];	/* TPMS_ATTEST; extraData: the name of the quote key */
	__u8 signature[96];	/* TPMT_SIGNATURE by the TPM's attestation key */
	__u8 pcr[24][32];	/* their values then, SHA-256; zeros where not in the mask */
};
#define UNDERPIN_GET_CERTIFICATE _IO(UNDERPIN_IOC, 9)

#endif
