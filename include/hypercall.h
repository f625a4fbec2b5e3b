/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Calls from the guest to the core. VMCALL with EAX = a number below; arguments
 * in RDI, RSI, RDX, R10; the answer in RAX: >= 0, or a negative errno
 * (errors.h). All other registers are preserved, but where a call says so.
 * A number that is not ours gets #UD; from CPL 0 under an outer hypervisor that Linux
 * saw at load, those of KVM's that carry no address are forwarded if it has KVM's
 * signature, and all others answer -KVM_ENOSYS (RULES 25).
 *
 * "Privileged" calls are answered at CPL 0 only, else -EPERM. Buffers are
 * named by guest-physical address and must lie within one page of Linux's RAM.
 */
#ifndef UNDERPIN_HYPERCALL_H
#define UNDERPIN_HYPERCALL_H

#include "types.h"

#define UNDERPIN_HC_BASE 0x55500000u
#define UNDERPIN_HC(n) (UNDERPIN_HC_BASE | (n))
/*
 * Privileged calls say which core they mean, where one lies on another: its nesting
 * depth (CPUID, docs/abi.md) in bits 19:12 of EAX. A core hands a call for one
 * below it on where that one can still say no (HC_STATUS, HC_STATS, HC_LOG, HC_FATAL, HC_LEAVE_PREPARE);
 * all others are -EBUSY as long as there is a core above the one that is meant.
 */
#define UNDERPIN_HC_DEPTH(depth) ((depth) << 12)
#define UNDERPIN_HC_DEPTH_MASK UNDERPIN_HC_DEPTH(0xffu)

enum underpin_hypercall {
	/* any CPL */
	HC_NULL = UNDERPIN_HC(0),	/* 0 */
	/*
	 * At the stub: go on (RDI = token; after STUB_OCALL RSI = the answer, in a 32-bit
	 * owner ESI). Returns only on failure: RAX = -errno
	 * (-ECANCELED: the call is over; -EACCES: the token is not this thread's),
	 * all else unchanged.
	 */
	HC_PAL_RESUME = UNDERPIN_HC(1),

	/* privileged: life cycle */
	HC_COMMIT_CPU = UNDERPIN_HC(0x10),  /* first exit of this CPU: 0 */
	HC_LEAVE_PREPARE = UNDERPIN_HC(0x11),	/* RDI = LEAVE_*; wipes keys; -EBUSY: RDX says what (enum hc_leave_busy), R10 which; -EAGAIN */
	/*
	 * This CPU leaves VMX; returns 0 out of it. Clobbers all but RSP and RBP.
	 * CS 0x10, SS 0x18; DS, ES, FS, GS, LDTR selectors are the caller's to
	 * reload.
	 */
	HC_LEAVE = UNDERPIN_HC(0x13),
	HC_PARK = UNDERPIN_HC(0x14),	/* RDI = slot of an offline CPU: out of VMX, wait natively */

	/* privileged: seeing what goes on */
	HC_STATUS = UNDERPIN_HC(0x20),	/* RDI = gpa of struct core_status */
	HC_STATS = UNDERPIN_HC(0x21),	/* RDI = slot, RSI = gpa of struct core_exit_stat[64], RDX = first reason */
	HC_LOG = UNDERPIN_HC(0x22),	/* RDI = first sequence number wanted, RSI = gpa of struct core_log_record[32]: number copied */
	HC_FATAL = UNDERPIN_HC(0x23),	/* RDI = gpa of struct core_fatal: 1 if there is one, else 0 */
	HC_DEBUG = UNDERPIN_HC(0x2f),	/* only with HANDOVER_DEBUG: RDI = enum core_debug_op */

	/*
	 * privileged: PALs. In this order; -EAGAIN from any of them: call again
	 * (and let others run meanwhile). Lists are u64 pfn[] within one page.
	 *   CREATE; DONATE until all that CREATE asked for are taken; STEP until 0
	 *   (or ADD_FRAMES at once, which does that); ADD_FRAMES, in the order of the sections, until all are taken;
	 *   STEP until 0: the PAL can be called.
	 *   DESTROY, at any time, also after an error of the above; STEP until 0;
	 *   RECLAIM until 0: only then do frames and donated pages belong to Linux.
	 * Frames of a PAL that was never isolated come back as they were, all
	 * others wiped, but for those of SHARED sections.
	 */
	HC_PAL_CREATE = UNDERPIN_HC(0x30), /* RDI = gpa of struct pal_desc, page-aligned: id >= 1, RDX = pages to donate; -EINVAL; -EBUSY: too many are being registered; -ENOSPC: too many PALs */
	HC_PAL_DONATE = UNDERPIN_HC(0x31), /* RDI = id, RSI = gpa of list, RDX = count: number taken by this call (some; call again for the rest) or the error of the first */
	HC_PAL_ADD_FRAMES = UNDERPIN_HC(0x32), /* the same, for frames of the sections */
	HC_PAL_STEP = UNDERPIN_HC(0x33), /* RDI = id: 0 = this phase is done; -EAGAIN: call again; -EINPROGRESS: waits for other CPUs, make them exit (HC_NULL on each by an IPI) and call again; -ENOMEM, -EINVAL: donated pages, frames are missing; -ETIMEDOUT: a CPU did not answer, now HC_PAL_DESTROY */
	HC_PAL_INFO = UNDERPIN_HC(0x34), /* RDI = id, RSI = gpa of struct pal_info */
	HC_PAL_DESTROY = UNDERPIN_HC(0x35), /* RDI = id: 0; a call in progress ends with ECANCELED */
	HC_PAL_RECLAIM = UNDERPIN_HC(0x36), /* RDI = id, RSI = gpa of list with room for 8: number of donated pages on their way back; -ETIMEDOUT: call again; 0 = all is Linux's again, the id is free */

	/*
	 * privileged: pages that a PAL that is ready sees in its WINDOW during one call, the next that
	 * begins. They stay Linux's, which sees them too; it must not use them for anything else before TAKE_BACK has answered 0.
	 * -EBUSY: the call that has them is under way, or (LEND) the last lending was not taken back.
	 */
	HC_PAL_LEND = UNDERPIN_HC(0x39), /* RDI = id, RSI = gpa of list, RDX = count: number taken, to follow those before; -EINVAL: the window is full; -ENOMEM as HC_PAL_ADD_FRAMES */
	HC_PAL_TAKE_BACK = UNDERPIN_HC(0x3a), /* RDI = id: 0 = none is lent any more; -EAGAIN; -EINPROGRESS; -ETIMEDOUT: call again */

	/*
	 * privileged: pages for tables of EPT01, when HC_PAL_DONATE, HC_PAL_ADD_FRAMES or HC_PAL_LEND
	 * answers -ENOMEM (RDX = with how many more all of the list could be taken). DONATE until all are taken
	 * (at most 64), then with count 0 until 0: only then are they used. RECLAIM: what is free
	 * of them, each page when the answer is 0 again.
	 */
	HC_DONATE = UNDERPIN_HC(0x37), /* RDI = gpa of list, RSI = count: number taken; 0: 0, -EINPROGRESS, -ETIMEDOUT (they are Linux's as before); -EBUSY: first count 0; -EAGAIN */
	HC_RECLAIM = UNDERPIN_HC(0x38), /* RDI = gpa of list with room for 8: number on their way back; -EINPROGRESS; -ETIMEDOUT: call again; 0 = all of them are Linux's */

	/* inside a PAL (elsewhere #UD, as any unknown number). Buffers are PAL linear addresses. */
	HC_SVC_RANDOM = UNDERPIN_HC(0x100),	/* RDI = buffer, RSI = length <= 4096: 0, -EINVAL, -EFAULT */
	HC_SVC_TIME = UNDERPIN_HC(0x101),	/* TSC ticks since registration; RDX = kHz of the TSC */
	HC_SVC_SELF = UNDERPIN_HC(0x102),	/* RDI = buffer for struct pal_info */
	HC_SVC_EXIT = UNDERPIN_HC(0x103),	/* RDI = errno, 1..4095: ends this call with an error for the owner */
	/*
	 * Requests are structures of services.h. -EFAULT: not the PAL's memory (or not writable); -EINVAL;
	 * -ECANCELED: the core's keys are wiped already.
	 */
	HC_SVC_PCR_READ = UNDERPIN_HC(0x104),	/* RDI = index, RSI = 32 bytes to fill */
	HC_SVC_PCR_EXTEND = UNDERPIN_HC(0x105),	/* RDI = index, RSI = 32 bytes */
	HC_SVC_SEAL = UNDERPIN_HC(0x106),	/* RDI = struct svc_seal; -EMSGSIZE: no room (blob_size says how much) */
	HC_SVC_UNSEAL = UNDERPIN_HC(0x107),	/* RDI = struct svc_unseal; -ESTALE, -EBADMSG, -EACCES, -EKEYREJECTED, -EMSGSIZE */
	HC_SVC_QUOTE = UNDERPIN_HC(0x108),	/* RDI = struct svc_quote */
	HC_SVC_OCALL = UNDERPIN_HC(0x10a),	/* RDI = number < 65536, RSI, RDX: asks the owner's stub (STUB_OCALL); what it answers; -EINVAL */
	HC_SVC_COUNTER = UNDERPIN_HC(0x109),	/* RDI = index, RSI = 0 read, 1 add one: the value, RDX = the core's epoch; -ENOSPC */
};

#define LEAVE_NORMAL 0	/* -EBUSY while a PAL exists */
#define LEAVE_FORCE 1	/* reboot, kexec: wipes PALs first (-EAGAIN until done) */

enum hc_leave_busy {
	LEAVE_BUSY_PAL = 1,	/* R10 = how many */
	LEAVE_BUSY_OFFLINE_CPU,	/* R10 = slot */
	LEAVE_BUSY_LOCKED,
	LEAVE_BUSY_VMX,	/* R10 = slot: Linux is in VMX operation there (KVM) */
	LEAVE_BUSY_KICK,	/* an INIT may be under way: call again */
};

#define CORE_STATUS_CPU_WORDS 4	/* CORE_MAX_CPUS / 64 */

enum core_run_state {
	CORE_STATE_LAUNCHING,
	CORE_STATE_RUNNING,
	CORE_STATE_WIPING,	/* a forced leave has begun: no PAL is made or entered any more */
	CORE_STATE_LEAVING,
};

struct core_status {
	u32 version;		/* of the core: UNDERPIN_VERSION_CODE */
	u32 nr_cpus;
	u32 flags;		/* HANDOVER_* */
	u32 state;		/* enum core_run_state */
	u8 build_id[20];
	u32 nesting_depth;	/* 0: on the bare machine or under a foreign hypervisor */
	u32 nr_pals;
	u32 nr_pal_frames;
	u32 pool_pages;		/* all that Linux gave, at load and since */
	u32 pool_free;
	u32 ept_pages;		/* table pages of the main view */
	u32 hidden_frames;	/* frames that Linux sees as zeros */
	u32 hidden_writes;	/* writes to hidden frames, logged */
	u32 scratch_used;
	u64 longest_root;	/* TSC ticks of the longest stay in root */
	u32 longest_reason;	/* its exit reason */
	u32 fatal;		/* 1: HC_FATAL has a record */
	u64 cpu_under_core[CORE_STATUS_CPU_WORDS];	/* bit i: slot i runs under the core */
	u64 cpu_wait_sipi[CORE_STATUS_CPU_WORDS];
	u64 cpu_vmxon[CORE_STATUS_CPU_WORDS];	/* bit i: Linux is in VMX operation on slot i */
	u32 root_kind;		/* enum root_kind (services.h) */
	u32 zero;
};

struct core_exit_stat {
	u64 count;
	u64 total;	/* TSC ticks from the exit's first to its last instruction */
	u32 min;
	u32 max;
};
#define CORE_NR_EXIT_REASONS 80	/* basic reasons; 78 = exits from L2, 79 = from PALs */

struct core_log_record {
	u64 seq;	/* from 1; a gap says how many were lost */
	u64 tsc;
	u32 cpu;	/* slot */
	u32 level;	/* 3 error, 4 warning, 6 info, 7 debug */
	char text[104];	/* NUL-terminated */
};

#define CORE_FATAL_STACK 64
struct core_fatal {
	u64 magic;	/* CORE_IMAGE_MAGIC when filled */
	u32 cpu;
	u32 vector;	/* exception in root, or 256: an entry that the CPU refused */
	u64 error_code, cr2;
	u64 rip, rsp, rflags;
	u64 gpr[16];	/* rax rcx rdx rbx rsp rbp rsi rdi r8..r15; zero where they may be a PAL's */
	u64 exit_reason, exit_qualification, vm_instruction_error; /* from a PAL only the first and last */
	u64 guest_rip, guest_rsp, guest_cr0, guest_cr3, guest_cr4, guest_efer;
	u64 guest_physical, idt_vectoring;
	u64 stack[CORE_FATAL_STACK];	/* words from rsp upward; none that may be a PAL's */
	u32 stack_words;
	u32 recovered;	/* 1: the guest got an exception and went on */
	u8 build_id[20];
	char text[100];
};

enum core_debug_op {
	DEBUG_CRASH_PAGE_FAULT = 1,	/* the core reads an unmapped address */
	DEBUG_CRASH_UD,
	DEBUG_HIDE_FRAME,	/* RSI = pfn of Linux: owner becomes the core; waits for every CPU (-EINPROGRESS) */
	DEBUG_SHOW_FRAME,	/* RSI = pfn: back to Linux */
	DEBUG_CORE_FRAME,	/* RSI = index: the pfn of a frame of the core (attack tests aim at it) */
	DEBUG_RESET_STATS,
	DEBUG_DRAIN_POOL,	/* RSI = pages that stay free in the pool; -EAGAIN */
	DEBUG_OWNER,		/* RSI = pfn: enum frame_owner */
	DEBUG_CRASH_SIGNING,	/* #UD at the next step of a signature */
};

/* ---- PALs: what the module hands over, one page ---- */
#define PAL_MAX_SECTIONS 16
#define PAL_MAX_CONTEXTS 4	/* calls at once: as many as STACK sections */
#define PAL_MAX_ENTRIES 16
#define PAL_MAX_PARAMS 10
#define PAL_MAX_PAGES 4096
#define PAL_MAX_WINDOW 256	/* pages */

/* Same values as the UAPI's (include/uapi/linux/underpin.h). */
enum pal_section_type {
	PAL_SECTION_CODE = 1,	/* PAL: read + execute; Linux: nothing */
	PAL_SECTION_DATA,	/* PAL: read + write; Linux: nothing */
	PAL_SECTION_PARAM,	/* the same; marshalled parameters live here: one for each STACK, or none */
	PAL_SECTION_STACK,	/* the same; one for each call that may be under way at once */
	PAL_SECTION_SHARED,	/* PAL and Linux: read + write; not measured */
	PAL_SECTION_RODATA,	/* PAL: read; Linux: nothing */
	PAL_SECTION_WINDOW,	/* addresses without pages, for what is lent (HC_PAL_LEND); the last section */
};

enum pal_param_type {
	PAL_PARAM_INTEGER = 1,
	PAL_PARAM_POINTER,
};
#define PAL_PARAM_IN 0x1	/* copied to the PAL at the call */
#define PAL_PARAM_OUT 0x2	/* copied back at the return */

struct pal_param_desc {
	u16 type;
	u16 flags;
	u16 size_param;	/* 0: size bytes; k: the value of parameter k - 1, at most size */
	u16 reserved;
	u64 size;	/* bytes, of a POINTER */
};

#define PAL_ENTRY_MENDS 0x1	/* may be called after a call was cut off; when it returns, all may be called again */

struct pal_entry_desc {
	u64 addr;	/* linear, in a CODE section */
	u32 nr_params;
	u32 flags;	/* PAL_ENTRY_* */
	struct pal_param_desc param[PAL_MAX_PARAMS];
};

struct pal_section_desc {
	u32 type;
	u32 nr_pages;
	u64 addr;	/* linear, page-aligned, user half */
};

/* Its code, its owner's calls and the stub are 32-bit; sections and stub lie below 4 GiB. */
#define PAL_DESC_32BIT 0x1

struct pal_desc {
	u32 size;	/* sizeof(struct pal_desc) */
	u32 flags;	/* PAL_DESC_* */
	u64 owner_cr3;	/* of the mm that may call, address bits only; the user half's root too: */
	u64 owner_cr3_user;	/* under page-table isolation, else equal */
	u64 stub;	/* resume stub, linear, in the owner */
	u32 nr_sections;
	u32 nr_entries;
	u32 owner_pid;	/* for pal list; not trusted */
	u32 reserved;
	char name[32];
	struct pal_section_desc section[PAL_MAX_SECTIONS];
	struct pal_entry_desc entry[PAL_MAX_ENTRIES];
};

struct pal_info {
	u32 id;
	u32 state;	/* enum pal_state, pal/pal.h: 7 = ready */
	u32 owner_pid;
	u32 nr_frames;
	u32 nr_donated;
	u32 nr_entries;
	u64 calls, interrupts, faults;	/* since registration */
	u8 measurement[32];	/* SHA-256, docs/pal-measurement.md */
	char name[32];
};

/*
 * At the resume stub RSP points to the return address of the call, as at the
 * entry point; RBX, RBP and R12-R15 are the owner's own, all other registers
 * are zero but RDI and RAX. RAX = STUB_RESUME: make HC_PAL_RESUME with RDI
 * unchanged; it goes on in the PAL, and a finished call returns to its return
 * address by itself. RAX = errno (positive): the call has ended with it.
 * If the byte before the stub is a RET (C3), finished calls return by it: that
 * is much cheaper, and callers with a shadow stack can call.
 *   EBUSY as many threads as can be in it  EFAULT the PAL faulted, or a bad pointer
 *   EINVAL a size is above its bound       ECANCELED the PAL was unregistered
 *   ENOSYS shadow stack, and no such RET   EIO the core met a bug
 * or what the PAL gave to HC_SVC_EXIT.
 * RAX = STUB_OCALL + number: the PAL waits for an answer (HC_SVC_OCALL); RSI and RDX are what it
 * gave with it (0 in a 32-bit owner, which finds RSI its own). HC_PAL_RESUME as above, with the answer in RSI.
 * PAL_DESC_32BIT: the owner's are EBX, EBP, ESI and EDI too; the token is in ECX
 * (low half) and EDX.
 */
#define STUB_RESUME 0
#define STUB_OCALL 0x10000

#endif
