// SPDX-License-Identifier: GPL-2.0
/*
 * Out of a PAL: interrupted, returned, failed, or destroyed. Each way ends with
 * VMCS01 current, the owner's vector state in the registers, and in the general
 * registers only what is the owner's own, or a result (TRUSTVISOR.md 1.7, V6).
 */
#include "../vmx/cpuid.h"
#include "../vmx/event.h"
#include "../vmx/init_sipi.h"
#include "../vmx/nmi.h"
#include "../vmx/pal_vmcs.h"
#include "../vmx/vector.h"
#include "../vmx/vmcs.h"
#include "internal.h"

void leave_pal(struct cpu *cpu, void *keep_vector)
{
	u64 shadow;

	vector_leave_pal(cpu, keep_vector);
	pal_vmcs_leave(cpu);
	cpu->pal_context = NULL;
	/* The instruction that a STI or MOV SS protected is behind us. */
	shadow = vmread(GUEST_INTERRUPTIBILITY_STATE);
	if (unlikely(shadow & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS)))
		vmwrite(GUEST_INTERRUPTIBILITY_STATE,
			shadow & ~(BLOCKING_BY_STI | BLOCKING_BY_MOV_SS));
}

/* Everything in the registers goes; the owner gets back what the ABI says it keeps. */
static void owner_registers(struct cpu *cpu, const struct pal_context *ctx, u64 rax, u64 token)
{
	const u64 *saved = ctx->owner_saved;

	cpu->regs = (struct guest_regs){
		.rax = rax, .rdi = token, .rbx = saved[0], .rbp = saved[1], .r12 = saved[2],
		.r13 = saved[3], .r14 = saved[4], .r15 = saved[5],
	};
	if (unlikely(ctx->pal->compat)) {
		cpu->regs.rsi = saved[6];
		cpu->regs.rdi = saved[7];
		cpu->regs.rcx = (u32)token;
		cpu->regs.rdx = token >> 32;
	}
}

void owner_at_stub(struct cpu *cpu, const struct pal_context *ctx, u64 rax, u64 token)
{
	owner_registers(cpu, ctx, rax, token);
	vmwrite(GUEST_RIP, ctx->slot->stub);
	vmwrite(GUEST_RSP, ctx->owner_rsp);
}

u64 context_token(struct pal_context *ctx)
{
	return ++ctx->slot->generation[ctx->index] << 16 | ctx->index << 12 | slot_id(ctx->slot);
}

void context_fail(struct cpu *cpu, struct pal_context *ctx, u32 error)
{
	owner_at_stub(cpu, ctx, error, 0);
	context_drop(ctx);
	context_release(ctx);
}

void context_finish(struct cpu *cpu, struct pal_context *ctx, bool at_stub)
{
	struct pal_slot *slot = ctx->slot;
	struct guest_paging paging;
	struct copy_fault fault;
	int err = 0;

	if (ctx->out_param < ctx->entry->nr_params) {
		owner_paging(&paging);
		err = params_out(ctx, &paging, &fault);
	}
	if (likely(!err)) {
		owner_registers(cpu, ctx, ctx->result, 0);
		vmwrite(GUEST_RIP, ctx->pal->stub_returns ? slot->stub - 1 : ctx->return_address);
		vmwrite(GUEST_RSP, ctx->pal->stub_returns ?
			ctx->owner_rsp : ctx->owner_rsp + (ctx->pal->compat ? 4 : 8));
		if (ctx->entry->flags & PAL_ENTRY_MENDS)
			WRITE_ONCE(slot->nr_mended, ctx->nr_cut);
		context_drop(ctx);
	} else if (err == -EFAULT || err == -EAGAIN) {
		/* The owner's page first; its VMCALL, made again, copies the rest. */
		if (!at_stub)
			owner_at_stub(cpu, ctx, STUB_RESUME, context_token(ctx));
		ctx->state = CONTEXT_RESULTS;
		if (err == -EFAULT)
			inject_page_fault(fault.at, fault.pf_error);
	} else {
		context_fail(cpu, ctx, EFAULT);
		return;
	}
	context_release(ctx);
}

/* The call ends here, with an errno; the PAL's registers are dropped. */
static void end_call(struct cpu *cpu, u32 error)
{
	struct pal_context *ctx = cpu->pal_context;

	leave_pal(cpu, NULL);
	call_cut_off(ctx->slot);
	context_fail(cpu, ctx, error);
}

/*
 * Out of the PAL, which goes on where it is when the owner says so: once, and nowhere else.
 * False: it has ended instead.
 */
static bool suspend(struct cpu *cpu, u64 rax)
{
	struct pal_context *ctx = cpu->pal_context;
	struct pal_slot *slot = ctx->slot;
	struct pal_vmcs_state state;

	if (READ_ONCE(slot->dying) || unlikely(pal_doomed)) {
		end_call(cpu, pal_doomed ? EIO : ECANCELED);
		return false;
	}
	pal_vmcs_read(&state);
	ctx->rip = state.rip;
	ctx->rsp = state.rsp;
	ctx->rflags = state.rflags;
	ctx->regs = cpu->regs;
	ctx->ocall = rax != STUB_RESUME;
	leave_pal(cpu, ctx->vector);
	ctx->state = CONTEXT_SUSPENDED;
	atomic_fetch_add64(&slot->info.interrupts, !ctx->ocall);
	owner_at_stub(cpu, ctx, rax, context_token(ctx));
	context_release(ctx);
	return true;
}

void pal_interrupt(struct cpu *cpu)
{
	suspend(cpu, STUB_RESUME);
}

void context_ocall(struct cpu *cpu, struct pal_context *ctx)
{
	const struct guest_regs asked = cpu->regs;
	bool compat = ctx->pal->compat;	/* whose owner has RSI and RDX for something else */

	if (suspend(cpu, STUB_OCALL + asked.rdi) && !compat) {
		cpu->regs.rsi = asked.rsi;
		cpu->regs.rdx = asked.rdx;
	}
}

void pal_abort(struct cpu *cpu)
{
	end_call(cpu, EIO);
}

/* RULES 23: what it was, never where or with which registers. */
static void fault_in_pal(struct cpu *cpu, u32 reason, u64 info)
{
	struct pal_slot *slot = cpu->pal_context->slot;

	/* Its first one: a PAL that faults again and again does not push out of the log what others did. */
	if (!atomic_fetch_add64(&slot->info.faults, 1))
		log_event(LOG_INFO, "PAL %u: fault, exit reason %u, vector %d", slot_id(slot), reason,
			  reason == REASON_EXCEPTION_OR_NMI ? (int)(info & INTR_INFO_VECTOR) : -1);
	end_call(cpu, EFAULT);
}

/* RET to the sentinel: the fetch there is a #PF that only a return can cause. */
static bool has_returned(const struct pal *pal, u64 info)
{
	return (info & INTR_INFO_VECTOR) == VECTOR_PF &&
	       vmread(GUEST_RIP) == pal_user_end(pal);
}

static void handle_return(struct cpu *cpu)
{
	struct pal_context *ctx = cpu->pal_context;

	/* EDX may be half of a result or what the PAL left in it: it goes. */
	ctx->result = ctx->pal->compat ? (u32)cpu->regs.rax : cpu->regs.rax;
	ctx->out_param = ctx->out_done = 0;
	leave_pal(cpu, NULL);
	context_finish(cpu, ctx, false);
}

static void handle_exception(struct cpu *cpu)
{
	u64 info = vmread(VM_EXIT_INTERRUPTION_INFO);

	if ((info & INTR_INFO_TYPE) == INTR_TYPE_NMI) {
		nmi_record(cpu);
		pal_interrupt(cpu);
	} else if ((info & INTR_INFO_VECTOR) == VECTOR_MC) {
		cpu->events.mc = 1;
		pal_interrupt(cpu);
	} else if (has_returned(cpu->pal_context->pal, info)) {
		handle_return(cpu);
	} else {
		fault_in_pal(cpu, REASON_EXCEPTION_OR_NMI, info);
	}
}

static void emulate_cpuid_in_pal(struct cpu *cpu)
{
	struct guest_regs *r = &cpu->regs;
	u32 regs[4];

	if ((u32)r->rax == CPUID_TRUSTVISOR && !(u32)r->rcx) {
		cpuid_trustvisor(r, slot_id(cpu->pal_context->slot), !cpu->pal_context->pal->compat);
	} else {
		cpuid_native(r->rax, r->rcx, regs);
		r->rax = regs[0];
		r->rbx = regs[1];
		r->rcx = regs[2];
		r->rdx = regs[3];
	}
	vmwrite(GUEST_RIP, vmread(GUEST_RIP) + vmread(VM_EXIT_INSTRUCTION_LENGTH));
}

void pal_exit(struct cpu *cpu, u32 reason)
{
	struct pal_slot *slot = cpu->pal_context->slot;

	/* A VM entry that failed leaves the VMCS clear (SDM 27.8). */
	if (likely(!(reason & EXIT_REASON_ENTRY_FAILURE)))
		cpu->pal_vmcs_launched = true;
	switch (reason) {
	case REASON_EXCEPTION_OR_NMI:
		handle_exception(cpu);
		break;
	case REASON_EXTERNAL_INTERRUPT:
		/* Not acknowledged: Linux takes it at the stub. */
		pal_interrupt(cpu);
		break;
	case REASON_PREEMPTION_TIMER:	/* before_entry() and the end of this look around */
		break;
	case REASON_INIT:
		pal_interrupt(cpu);
		handle_init(cpu);
		break;
	case REASON_CPUID:
		emulate_cpuid_in_pal(cpu);
		break;
	case REASON_VMCALL:
		service_call(cpu, cpu->pal_context);
		break;
	default:
		fault_in_pal(cpu, reason, 0);
	}
	/* Destroyed meanwhile: CPUID or VMCALL in a loop must not keep it alive. */
	if (cpu->mode == MODE_PAL && (READ_ONCE(slot->dying) || unlikely(pal_doomed)))
		end_call(cpu, pal_doomed ? EIO : ECANCELED);
}
