/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The structures behind pal.h. A PAL is a slot in a fixed table (the part that
 * any CPU may look at) and, once pages were donated, a struct pal in the first
 * of them (the part that only the holder of the slot's claim touches).
 *
 * Locking: a slot's claim is taken by one compare-and-swap and never waited for,
 * nor is any other lock here: who does not get it answers -EAGAIN or EBUSY. A CPU that
 * makes or ends the PAL has the claim alone, for one hypercall; those that call or resume it share it,
 * each with a context of its own claimed, for as long as they run it. Only who has the claim alone
 * changes the state. `dying` may be set by anybody; who runs the PAL sees it when it next
 * exits, and a kick makes it exit.
 */
#ifndef UNDERPIN_PAL_INTERNAL_H
#define UNDERPIN_PAL_INTERNAL_H

#include <bearssl/bearssl_hash.h>

#include "../ept/frame.h"
#include "../ept/guest_memory.h"
#include "../ept/view.h"
#include "../include/hypercall.h"
#include "../include/platform.h"
#include "pal.h"

#define PAL_MAX_IDS FRAME_MAX_ID	/* ids from 1 */
#define PAL_MAX_REGISTERING 8	/* each borrows one page of core_pool until its own are isolated */
#define PAL_USER_END 0x7ffffffff000ull	/* sections, stub, owner's stack end below */
/* The same for a 32-bit PAL: Linux gives no process of i386 its last page. */
#define PAL_USER_END_32 0xfffff000ull
#define PAL_MAX_POINTER_BYTES 0x10000u	/* of all POINTERs of an entry (RULES 11) */
#define PAL_MAX_DONATED 108

/* Frames or pages that one stay in root may handle (RULES 11). */
#define PAL_FRAMES_A_CALL 6	/* returned: each may merge a page of 2 MiB and one of 1 GiB: 7,000 */
#define PAL_BUILDS_A_STEP 32
#define PAL_WIPES_A_STEP 60
#define PAL_HASH_A_STEP 512	/* bytes: about 3,700 instructions a block of 64 */
#define PAL_RANDOM_A_STEP 32	/* bytes: HMAC-DRBG costs about 40,000 instructions for them, 48,000 for 64 */

/* What a claim can be; else how many CPUs share it. */
#define CLAIM_FREE 0
#define CLAIM_ALONE BIT(32)

struct pal_slot {
	u64 claim;
	u32 dying;		/* destroy was asked for */
	u64 nr_cut, nr_mended;	/* calls that ended where the PAL did not want it to; how many of them an entry point has put right */
	bool compat;		/* PAL_DESC_32BIT */
	u64 generation[PAL_MAX_CONTEXTS];	/* of resume tokens; never reset */
	u64 owner_cr3, owner_cr3_user;
	u64 stub;
	u64 ticket;		/* of the shoot-down that is waited for; under the claim */
	u64 kick_ticket;	/* of one that brings the CPU that runs it; without */
	u64 created;		/* TSC */
	struct pal *pal;	/* NULL: none */
	struct pal_info info;	/* info.state is the state */
};

struct pal_section {
	u64 addr;
	u32 type;
	u32 nr_pages;
	u32 first;		/* index of its first frame = its first PAL-physical page */
};

/* Its pages stay Linux's. */
static inline bool section_is_linux(const struct pal_section *s)
{
	return s->type == PAL_SECTION_SHARED || s->type == PAL_SECTION_WINDOW;
}

struct pal_param {
	u8 type, flags;
	u8 size_param;		/* 0, or 1 + index of the parameter that holds the size */
	u32 size;
	u32 offset;		/* of a POINTER: in the PARAM section */
};

struct pal_entry {
	u64 addr;
	u32 frame;		/* index of the frame that it lies in */
	u16 nr_params, flags;	/* PAL_ENTRY_* */
	struct pal_param param[PAL_MAX_PARAMS];
};

enum context_state {
	CONTEXT_IDLE,
	CONTEXT_RUNNING,	/* cpu->pal_context points here */
	CONTEXT_SUSPENDED,	/* owner is at its stub or in the kernel */
	CONTEXT_RESULTS,	/* PAL has returned; OUT parameters are being copied */
};

/* One call at a time. Alone in its page, with the vector state behind it. */
struct pal_context {
	struct pal_slot *slot;
	struct pal *pal;
	u64 claim;		/* 1: a CPU works on it, or runs it */
	u32 index;
	u32 state;		/* enum context_state */
	const struct pal_entry *entry;
	u64 nr_cut;		/* of the slot, when it began */
	/* the owner */
	u64 owner_thread;	/* call.c, caller_thread() */
	u64 owner_rsp;
	u64 return_address;	/* not read if the stub returns */
	u64 owner_saved[8];	/* rbx rbp r12 r13 r14 r15; 32-bit: rsi rdi */
	u64 arg[PAL_MAX_PARAMS];	/* as the owner gave them */
	u32 bytes[PAL_MAX_PARAMS];	/* of POINTERs, 0: NULL */
	/* the PAL, while suspended */
	struct guest_regs regs;
	u64 rip, rsp, rflags;
	u64 components;		/* of the vector state, from the first instruction to the last */
	u64 random_done;	/* bytes of a HC_SVC_RANDOM in progress */
	bool ocall;		/* suspended by HC_SVC_OCALL: RAX is the owner's to give */
	/* results */
	u64 result;
	u32 out_param, out_done;
	u8 vector[] __attribute__((aligned(64)));
};
_Static_assert(sizeof(struct pal_context) <= 1024, "vector state needs 3 KiB of the page");

/* Donated pages, in this order. */
#define DONATED_PAL 0
#define DONATED_UTPM 1
#define DONATED_CONTEXTS 2
#define DONATED_LISTS(pal) (DONATED_CONTEXTS + (pal)->nr_contexts)

struct pal {
	struct pal_slot *slot;
	bool compat;
	u32 nr_sections, nr_entries;
	u32 nr_frames;		/* of all sections but the WINDOW */
	u32 nr_window;		/* pages of that, behind the frames in PAL-physical space */
	u32 nr_lists;		/* pages that list PAL-physical -> host-physical */
	u32 nr_tables;		/* paging structures, behind the window */
	u32 nr_views;		/* pages of the EPT view */
	u32 nr_contexts;
	u32 nr_donated;		/* needed: 2 + nr_contexts + nr_lists + nr_tables + nr_views */
	u32 got_donated;
	u32 got_frames;		/* beyond nr_frames: those lent */
	bool lent_over;		/* the PAL has them no more; slot->ticket: of the shoot-down */
	u32 lent_to;		/* 1 + index of the context whose call has them */
	u64 lend_lock;		/* of what is lent and to whom; tried, never waited for */
	u32 tables_used;
	bool own_pages;		/* this struct lies in the donated page: they are isolated */
	bool stub_known;	/* the byte before the stub has been looked at, and is */
	bool stub_returns;	/* a RET: calls return by it */
	bool isolated;		/* frames have been private: wipe before they go back */
	u32 nr_param_sections;	/* 0, or nr_contexts: the k-th PARAM and STACK are the k-th context's */
	u8 param_section[PAL_MAX_CONTEXTS], stack_section[PAL_MAX_CONTEXTS];
	u32 position;		/* of the bounded work in progress: a frame, a byte, a record */
	u32 measured_records;
	struct page_pool pool;
	struct view view;
	u64 eptp, cr3;
	br_sha256_context hash;
	struct pal_section section[PAL_MAX_SECTIONS];
	struct pal_entry entry[PAL_MAX_ENTRIES];
	u64 donated[PAL_MAX_DONATED];	/* pfns */
};
_Static_assert(sizeof(struct pal) <= PAGE_SIZE, "struct pal outgrew its page");

/* Where its user half ends: the first page that cannot be mapped, so a return to it is a #PF. */
static inline u64 pal_user_end(const struct pal *pal)
{
	return pal->compat ? PAL_USER_END_32 : PAL_USER_END;
}

/* ---- slot.c ---- */
extern bool pal_doomed, pal_closed;
extern u64 pal_ends;	/* how many began to end: before any of their frames is another's */
struct pal_slot *slot_of(u64 id);	/* NULL: no such id */
struct pal_slot *slot_create(void);	/* claimed, or NULL */
u32 slot_id(const struct pal_slot *slot);
bool slot_claim(struct pal_slot *slot);	/* alone */
void slot_release(struct pal_slot *slot);
bool slot_join(struct pal_slot *slot);	/* with others; false: somebody has it alone, or was faster */
void slot_leave(struct pal_slot *slot);
static inline bool slot_shared(const struct pal_slot *slot)
{
	u64 claim = READ_ONCE(slot->claim);

	return claim && claim != CLAIM_ALONE;
}
static inline u32 slot_state(const struct pal_slot *slot)
{
	return READ_ONCE(slot->info.state);
}

/* ---- descriptor.c ---- */
/* Check a copy of the module's descriptor and fill pal from it. 0 or -EINVAL. */
int descriptor_take(const struct pal_desc *desc, struct pal *pal);

/* ---- create.c ---- */
/* The page of core_pool that pal began in is not needed any more. */
void registering_done(struct pal *pal);
/* What comes next of the list, as far as it goes to one kind of owner. Copied once. */
s64 take_some(struct pal *pal, bool frames, u64 list_gpa, u64 count);

/* ---- layout.c: PAL-physical memory ---- */
/* A donated page, by its place. */
void *donated_ptr(const struct pal *pal, u32 i);
/* Host frame of a PAL-physical page: a section's, one lent, or a paging structure's. */
u64 pal_frame(const struct pal *pal, u32 index);
void pal_frame_set(struct pal *pal, u32 index, u64 pfn);
void *pal_frame_ptr(const struct pal *pal, u32 index);
/* Section of a frame, by its index. */
const struct pal_section *section_of_frame(const struct pal *pal, u32 index);
/* One bounded step: page tables, view, empty PARAM and STACK. -EAGAIN, 0. */
int layout_build_step(struct pal *pal);
/* A lent page, by its index, into the window. */
int layout_map_lent(struct pal *pal, u32 index);
/* False: a part is not the PAL's, or not writable; what came before it was copied. */
bool write_to_pal(const struct pal *pal, u64 to, const void *from, u64 size);
bool read_from_pal(const struct pal *pal, u64 from, void *to, u64 size);

/* ---- measure.c ---- */
void measure_begin(struct pal *pal);
/* At most PAL_HASH_A_STEP bytes. -EAGAIN; 0: the digest is in slot->info. */
int measure_step(struct pal *pal);

/* ---- params.c: all with VMCS01 current ---- */
struct copy_fault {
	gva_t at;
	u32 pf_error;
};
void owner_paging(struct guest_paging *paging);
/*
 * Arguments and return address of the owner's call, IN parameters into the
 * PAL, stack and registers for its first instruction. -EFAULT: fault says
 * where; nothing that the owner can see has changed. -EINVAL: a size is above
 * its bound. -ENOSYS: a shadow stack. -EACCES: no #PF would help. -EAGAIN: let the owner repeat.
 */
int params_in(struct cpu *cpu, struct pal_context *ctx, const struct guest_paging *paging,
	      struct copy_fault *fault);
/* OUT parameters to the owner, from where it stopped. The same errors. */
int params_out(struct pal_context *ctx, const struct guest_paging *paging,
	       struct copy_fault *fault);

static inline struct pal_context *pal_context_at(const struct pal *pal, u32 index)
{
	return donated_ptr(pal, DONATED_CONTEXTS + index);
}

/* ---- lend.c ---- */
/* A call begins. False: not now, as something is being lent; let the owner repeat. */
bool lend_begin(struct pal_context *ctx);
/* The call that they were lent for is over: the PAL has no way to them any more. */
void lend_end(struct pal *pal);

/* ---- leave.c: from the PAL to its owner ---- */
/* The CPU runs ctx: to VMCS01 and the owner's vector state. The PAL's GPRs stay in cpu->regs. */
void leave_pal(struct cpu *cpu, void *keep_vector);
/* The owner at its stub: RSP as at the call, its own callee-saved registers, no other. */
void owner_at_stub(struct cpu *cpu, const struct pal_context *ctx, u64 rax, u64 token);
u64 context_token(struct pal_context *ctx);	/* a fresh one */
/* The CPU runs ctx, which waits for its owner's answer. */
void context_ocall(struct cpu *cpu, struct pal_context *ctx);
/* With VMCS01 current and the claim held: copy results, return, or wait for a page. */
void context_finish(struct cpu *cpu, struct pal_context *ctx, bool at_stub);
/* The call has ended with an errno; releases the claim. */
void context_fail(struct cpu *cpu, struct pal_context *ctx, u32 error);
/* A service that the call did not finish is dropped, with its keys (utpm.c). */
void utpm_abandon(const struct pal_context *ctx);
/*
 * A call ends in the middle: what the PAL was about to change is half changed, and ring 0 chooses where. From now
 * on only its entry points that say that they can bear this are called (PAL_ENTRY_MENDS).
 */
static inline void call_cut_off(struct pal_slot *slot)
{
	__atomic_add_fetch(&slot->nr_cut, 1, __ATOMIC_SEQ_CST);
}

static inline void context_drop(struct pal_context *ctx)
{
	utpm_abandon(ctx);
	if (unlikely(ctx->pal->lent_to == ctx->index + 1))
		lend_end(ctx->pal);
	ctx->state = CONTEXT_IDLE;
	ctx->slot->generation[ctx->index]++;
}

static inline bool context_claim(struct pal_context *ctx)
{
	return cmpxchg64(&ctx->claim, 0, 1);
}

static inline void context_unclaim(struct pal_context *ctx)
{
	barrier();
	WRITE_ONCE(ctx->claim, 0);
}

/* And the share of the slot's claim that came with it. */
static inline void context_release(struct pal_context *ctx)
{
	struct pal_slot *slot = ctx->slot;

	context_unclaim(ctx);
	slot_leave(slot);
}

/* ---- utpm.c: PCRs and what is built on them (utpm.h) ---- */
/* Measured, not yet called: PCRs as a registration leaves them. */
void utpm_begin(struct pal *pal);
/* The PAL ends: all of it is wiped. */
void utpm_end(struct pal *pal);
/* HC_SVC_PCR_READ and above. -EAGAIN: one step is done, or another context is at it; RIP must stay. */
s64 utpm_call(const struct pal_context *ctx, struct guest_regs *r);

/* ---- service.c ---- */
void service_call(struct cpu *cpu, struct pal_context *ctx);

#endif
