// SPDX-License-Identifier: GPL-2.0
/*
 * Into a PAL: by a call of its owner (a fetch from a hidden frame), or by the
 * owner's return to its stub. VMCS01 is current on entry. leave.c is the way
 * out.
 *
 * Who may: the mm that registered the PAL, in ring 3, in code of the PAL's own
 * kind (64-bit, or flat 32-bit: nothing is translated), interrupts on (with them off a PAL that is interrupted could not go on). Against ring 0
 * this protects nothing and need not: the PAL's code decides what it answers.
 *
 * One call for each context; a thread for whom there is none free gets EBUSY. The
 * same thread (caller_thread()) cannot be in two places: it has jumped away from
 * its call, by a signal handler for example, so that call is dropped and the
 * new one begins; if it does come back to its stub after all, ECANCELED.
 */
#include "../vmx/event.h"
#include "../vmx/msr_index.h"
#include "../vmx/pal_vmcs.h"
#include "../vmx/vector.h"
#include "../vmx/vmcs.h"
#include "internal.h"

static bool caller_can_call(void)
{
	return guest_cpl() == 3 && (vmread(GUEST_RFLAGS) & RFLAGS_IF);
}

/* PCID and the flags in CR3 do not matter; page-table isolation has two roots. */
static bool caller_is_owner(const struct pal_slot *slot)
{
	u64 root = vmread(GUEST_CR3) & EPT_ADDRESS;

	if (root != slot->owner_cr3 && root != slot->owner_cr3_user)
		return false;
	/* What is loaded into RIP and RSP depends on it (RULES 10). */
	return slot->compat ? guest_in_flat_32bit_code() : guest_in_64bit_code();
}

/*
 * Tells the threads of one mm apart: the base of the thread block. An i386 process has it in
 * GS (Linux's TLS descriptors), programs of Windows in FS.
 */
static u64 caller_thread(const struct pal_slot *slot)
{
	u64 fs = vmread(GUEST_FS_BASE);

	return slot->compat ? fs << 32 | (u32)vmread(GUEST_GS_BASE) : fs;
}

static bool same_page(u64 a, u64 b)
{
	return a >> PAGE_SHIFT == b >> PAGE_SHIFT;
}

static const struct pal_entry *find_entry(const struct pal *pal, u64 pfn, u64 rip)
{
	const struct pal_entry *e;

	for (e = pal->entry; e < pal->entry + pal->nr_entries; e++)
		if (e->addr == rip && pal_frame(pal, e->frame) == pfn)
			return e;
	return NULL;
}

/* The call is refused before it began: the owner finds an errno at its stub. */
static bool refuse(struct cpu *cpu, const struct pal_slot *slot, u32 error)
{
	cpu->regs.rax = error;
	vmwrite(GUEST_RIP, slot->stub);
	return true;
}

static void save_owner(const struct cpu *cpu, struct pal_context *ctx)
{
	const struct guest_regs *r = &cpu->regs;
	u64 saved[] = { r->rbx, r->rbp, r->r12, r->r13, r->r14, r->r15,
			r->rsi, r->rdi };

	memcpy(ctx->owner_saved, saved, sizeof(saved));
	ctx->owner_thread = caller_thread(ctx->slot);
}

/* cpu->regs are the PAL's. The context and its share of the claim stay with this CPU until it leaves. */
static void enter_pal(struct cpu *cpu, struct pal_context *ctx, const void *vector)
{
	const struct pal_vmcs_state state = {
		.eptp = ctx->pal->eptp, .cr3 = ctx->pal->cr3,
		.rip = ctx->rip, .rsp = ctx->rsp, .rflags = ctx->rflags,
		.compat = ctx->pal->compat,
	};

	/* Only where CPUs differ in what they know. */
	if (unlikely(vector_enter_pal(cpu, vector, ctx->components))) {
		call_cut_off(ctx->slot);
		context_fail(cpu, ctx, ECANCELED);
		return;
	}
	ctx->state = CONTEXT_RUNNING;
	cpu->pal_context = ctx;
	pal_vmcs_enter(cpu, &state);
}

/*
 * A context for a new call, claimed. This thread cannot be in another: what it left there is dropped.
 * NULL: none is free; *again: but one may be in a moment. *alone: nobody else is in, or suspended.
 */
static struct pal_context *take_context(struct pal_slot *slot, bool *again, bool *alone)
{
	struct pal_context *ctx, *found = NULL;
	u64 thread = caller_thread(slot);
	u32 i;

	*alone = true;

	for (i = 0; i < slot->pal->nr_contexts; i++) {
		ctx = pal_context_at(slot->pal, i);
		if (unlikely(!context_claim(ctx))) {
			*again |= READ_ONCE(ctx->state) != CONTEXT_RUNNING;
			*alone = false;
			continue;
		}
		if (unlikely(ctx->state != CONTEXT_IDLE) && ctx->owner_thread == thread) {
			call_cut_off(slot);
			context_drop(ctx);
		}
		*alone &= ctx->state == CONTEXT_IDLE;
		if (ctx->state == CONTEXT_IDLE && !found)
			found = ctx;
		else
			context_unclaim(ctx);
	}
	return found;
}

/* The slot is joined and ready, the caller is its owner. */
static bool call(struct cpu *cpu, struct pal_slot *slot, const struct pal_entry *entry)
{
	bool again = false, alone;
	struct pal_context *ctx = take_context(slot, &again, &alone);
	struct guest_paging paging;
	struct copy_fault fault;
	int err;

	if (unlikely(!ctx)) {
		slot_leave(slot);
		return again || refuse(cpu, slot, EBUSY);
	}
	ctx->nr_cut = READ_ONCE(slot->nr_cut);
	/* Who mends is alone: another call that goes on in the midst of its own change would undo it. */
	if (unlikely(ctx->nr_cut != READ_ONCE(slot->nr_mended)) && (!(entry->flags & PAL_ENTRY_MENDS) || !alone)) {
		context_release(ctx);
		return refuse(cpu, slot, entry->flags & PAL_ENTRY_MENDS ? EBUSY : ECANCELED);
	}
	ctx->entry = entry;
	save_owner(cpu, ctx);
	owner_paging(&paging);
	err = params_in(cpu, ctx, &paging, &fault);
	if (likely(!err) && unlikely(!lend_begin(ctx)))
		err = -EAGAIN;
	if (likely(!err)) {
		ctx->random_done = 0;
		ctx->components = vector_components();
		atomic_fetch_add64(&slot->info.calls, 1);
		enter_pal(cpu, ctx, NULL);
		return true;
	}
	context_release(ctx);
	if (err == -EFAULT)
		inject_page_fault(fault.at, fault.pf_error);
	else if (err != -EAGAIN)	/* then the fetch is simply made again */
		refuse(cpu, slot, err == -EINVAL || err == -ENOSYS ? -err : EFAULT);
	return true;
}

/* The frame was the slot's a moment ago. */
static bool fetch_from(struct cpu *cpu, struct pal_slot *slot, u64 pfn, u64 rip)
{
	const struct pal_entry *entry;

	if (!slot || slot_state(slot) != PAL_READY || READ_ONCE(slot->dying) ||
	    !caller_is_owner(slot) || !caller_can_call())
		return false;
	if (unlikely(pal_doomed))
		return refuse(cpu, slot, EIO);
	if (!slot_join(slot))
		return true;	/* for a moment only: the fetch is made again */
	/* Again: it may have ended before that, even have begun anew. */
	entry = slot_state(slot) == PAL_READY && !READ_ONCE(slot->dying) && caller_is_owner(slot) ?
		find_entry(slot->pal, pfn, rip) : NULL;
	if (entry)
		return call(cpu, slot, entry);
	slot_leave(slot);
	return false;
}

bool pal_fetch(struct cpu *cpu, gpa_t gpa, gva_t rip)
{
	u64 pfn = gpa.v >> PAGE_SHIFT, ends = READ_ONCE(pal_ends);
	u32 id;

	if (frame_owner(pfn, &id) != FRAME_PAL)
		return false;
	cpu->pal_called = (typeof(cpu->pal_called)){ pfn, ends, slot_of(id) };
	return fetch_from(cpu, slot_of(id), pfn, rip.v);
}

bool pal_fetch_again(struct cpu *cpu, gpa_t gpa, gva_t rip)
{
	return cpu->pal_called.pfn == gpa.v >> PAGE_SHIFT &&
	       cpu->pal_called.ends == READ_ONCE(pal_ends) &&
	       fetch_from(cpu, cpu->pal_called.slot, gpa.v >> PAGE_SHIFT, rip.v);
}

static bool resume_refused(struct cpu *cpu, s64 error)
{
	cpu->regs.rax = error;
	skip_instruction();
	return true;
}

/* Its token is good and the slot is claimed. */
static void resume_context(struct cpu *cpu, struct pal_context *ctx)
{
	if (ctx->state == CONTEXT_RESULTS) {
		context_finish(cpu, ctx, true);
		return;
	}
	if (unlikely(ctx->ocall))
		ctx->regs.rax = ctx->pal->compat ? (u32)cpu->regs.rsi : cpu->regs.rsi;
	cpu->regs = ctx->regs;
	memset(&ctx->regs, 0, sizeof(ctx->regs));
	enter_pal(cpu, ctx, ctx->vector);
}

bool pal_resume(struct cpu *cpu)
{
	const struct guest_regs *r = &cpu->regs;
	u64 token = guest_in_64bit_code() ? r->rdi : (u32)r->rcx | r->rdx << 32;
	struct pal_slot *slot = slot_of(token & 0xfff);
	u32 index = token >> 12 & 0xf;
	struct pal_context *ctx;
	s64 err = -ECANCELED;

	if (!caller_can_call())
		return false;
	if (!slot || index >= PAL_MAX_CONTEXTS || READ_ONCE(slot->generation[index]) != token >> 16)
		return resume_refused(cpu, -ECANCELED);
	if (unlikely(pal_doomed))
		return resume_refused(cpu, -EIO);
	/* Before the claim: who is not the owner does not keep the owner out. */
	if (!caller_is_owner(slot) || !same_page(vmread(GUEST_RIP), READ_ONCE(slot->stub)))
		return resume_refused(cpu, -EACCES);
	if (!slot_join(slot))
		return true;	/* the PAL is created or destroyed: the VMCALL is made again, with interrupts taken between */
	if (slot_state(slot) != PAL_READY || READ_ONCE(slot->dying) || index >= slot->pal->nr_contexts) {
		slot_leave(slot);
		return resume_refused(cpu, -ECANCELED);
	}
	ctx = pal_context_at(slot->pal, index);
	if (!context_claim(ctx)) {
		slot_leave(slot);
		return true;
	}
	if (slot->generation[index] == token >> 16) {
		if (!caller_is_owner(slot) || !same_page(vmread(GUEST_RIP), slot->stub) ||
		    ctx->owner_thread != caller_thread(slot)) {
			err = -EACCES;
		} else if (ctx->state == CONTEXT_SUSPENDED || ctx->state == CONTEXT_RESULTS) {
			resume_context(cpu, ctx);
			return true;
		}
	}
	context_release(ctx);
	return resume_refused(cpu, err);
}
