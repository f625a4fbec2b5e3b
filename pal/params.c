// SPDX-License-Identifier: GPL-2.0
/*
 * Parameters: the System V ABI on both sides, for x86-64 or i386 (cdecl).
 * Integers are handed on; what a POINTER points to is copied into the PARAM
 * section at the call and back at the return, by the owner's own rights. Each
 * copy can be begun again (RULES 17): a page that is missing becomes a #PF of
 * the owner.
 */
#include "../vmx/msr_index.h"
#include "../vmx/vmcs.h"
#include "internal.h"

#define MSR_U_CET 0x6a0
#define U_CET_SHADOW_STACK BIT(0)

#define REGISTER_PARAMS 6
#define OPCODE_RET 0xc3
#define STACK_PARAMS (PAL_MAX_PARAMS - REGISTER_PARAMS)

/* A return past the shadow stack would be a #CP for the owner (RULES 19). */
static bool caller_has_shadow_stack(u64 cr4)
{
	u64 u_cet;

	return unlikely(cr4 & CR4_CET) && !rdmsr_safe(MSR_U_CET, &u_cet) &&
	       (u_cet & U_CET_SHADOW_STACK);
}

void owner_paging(struct guest_paging *paging)
{
	*paging = (struct guest_paging){
		.cr0 = vmread(GUEST_CR0), .cr3 = vmread(GUEST_CR3), .cr4 = vmread(GUEST_CR4),
		.efer = vmread(GUEST_IA32_EFER), .user = true,
	};
}

/*
 * A RET before the stub saves the walk to the owner's stack, most of the cost
 * of a plain call, and pops a shadow stack as well. It is the owner's own code:
 * if it changes later, that is the owner's affair.
 */
static void look_at_stub(struct pal *pal, const struct guest_paging *paging)
{
	struct copy_fault fault;
	size_t done;
	u8 byte;

	if (guest_copy_in(paging, GVA(pal->slot->stub - 1), &byte, 1, &done, &fault.at,
			  &fault.pf_error))
		return;		/* not there now: the next call looks again */
	/* Only ever up: calls of other contexts may be between the two ways already. */
	if (byte == OPCODE_RET)
		WRITE_ONCE(pal->stub_returns, true);
	barrier();
	WRITE_ONCE(pal->stub_known, true);
}

/* Arguments 1-6 from registers, the others and the return address from the owner's stack. */
static int read_arguments(struct cpu *cpu, struct pal_context *ctx,
			  const struct guest_paging *paging, struct copy_fault *fault)
{
	const struct guest_regs *r = &cpu->regs;
	u64 stack[1 + STACK_PARAMS];
	u32 i, n = ctx->entry->nr_params;
	u32 words = n > REGISTER_PARAMS ? 1 + n - REGISTER_PARAMS : 1;
	size_t done;
	int err;

	if (unlikely(!ctx->pal->stub_known))
		look_at_stub(ctx->pal, paging);
	ctx->owner_rsp = vmread(GUEST_RSP);
	stack[0] = 0;
	if (words > 1 || !ctx->pal->stub_returns) {
		err = guest_copy_in(paging, GVA(ctx->owner_rsp), stack, words * 8, &done,
				    &fault->at, &fault->pf_error);
		if (err)
			return err;
	}
	ctx->return_address = stack[0];
	ctx->arg[0] = r->rdi;
	ctx->arg[1] = r->rsi;
	ctx->arg[2] = r->rdx;
	ctx->arg[3] = r->rcx;
	ctx->arg[4] = r->r8;
	ctx->arg[5] = r->r9;
	for (i = 1; i < words; i++)
		ctx->arg[REGISTER_PARAMS + i - 1] = stack[i];
	/* It is loaded into RIP: canonical, or our own entry fails (RULES 10). */
	return ctx->return_address < PAL_USER_END || ctx->pal->stub_returns ? 0 : -EACCES;
}

/* i386: everything on the stack, 4 bytes each. Nothing wraps at 4 GiB. */
static int read_arguments_32(struct pal_context *ctx, const struct guest_paging *paging,
			     struct copy_fault *fault)
{
	u32 stack[1 + PAL_MAX_PARAMS] = { 0 };
	u32 i, bytes = (1 + ctx->entry->nr_params) * 4;
	size_t done;
	int err;

	if (unlikely(!ctx->pal->stub_known))
		look_at_stub(ctx->pal, paging);
	ctx->owner_rsp = (u32)vmread(GUEST_RSP);
	if (ctx->owner_rsp + bytes > PAL_USER_END_32)
		return -EACCES;
	err = guest_copy_in(paging, GVA(ctx->owner_rsp), stack, bytes, &done, &fault->at,
			    &fault->pf_error);
	if (err)
		return err;
	ctx->return_address = stack[0];
	for (i = 0; i < ctx->entry->nr_params; i++)
		ctx->arg[i] = stack[1 + i];
	return 0;
}

/* How many bytes each POINTER has in this call. */
static int size_pointers(struct pal_context *ctx)
{
	u32 i;

	for (i = 0; i < ctx->entry->nr_params; i++) {
		const struct pal_param *p = &ctx->entry->param[i];
		u64 bytes = p->size_param ? ctx->arg[p->size_param - 1] : p->size;

		ctx->bytes[i] = 0;
		if (p->type != PAL_PARAM_POINTER || !ctx->arg[i])
			continue;
		if (bytes > p->size)
			return -EINVAL;
		if (unlikely(ctx->pal->compat) && ctx->arg[i] + bytes > PAL_USER_END_32)
			return -EACCES;
		ctx->bytes[i] = bytes;
	}
	return 0;
}

/* Where a byte of the PARAM section is, and how many follow in its page. */
static void *param_at(const struct pal_context *ctx, u32 offset, u32 *rest)
{
	const struct pal *pal = ctx->pal;
	u32 first = pal->section[pal->param_section[ctx->index]].first;

	*rest = PAGE_SIZE - offset % PAGE_SIZE;
	return (u8 *)pal_frame_ptr(pal, first + offset / PAGE_SIZE) + offset % PAGE_SIZE;
}

static int copy_one_in(const struct pal_context *ctx, u32 i, const struct guest_paging *paging,
		       struct copy_fault *fault)
{
	const struct pal_param *p = &ctx->entry->param[i];
	u32 at, n, bytes = ctx->bytes[i];
	size_t done;
	int err;

	for (at = 0; at < bytes; at += n) {
		void *to = param_at(ctx, p->offset + at, &n);

		if (n > bytes - at)
			n = bytes - at;
		if (!(p->flags & PAL_PARAM_IN)) {
			/* Nothing of an earlier call comes out of it. */
			memset(to, 0, n);
			continue;
		}
		err = guest_copy_in(paging, GVA(ctx->arg[i] + at), to, n, &done, &fault->at,
				    &fault->pf_error);
		if (err)
			return err;
	}
	return 0;
}

/* The same for i386: ESP + 4 is a multiple of 16 at a function's first instruction. */
static void first_stack_32(struct pal_context *ctx, const u64 *value, u32 *top, u64 top_addr)
{
	u32 i, n = ctx->entry->nr_params, words = ALIGN_UP(n, 4);

	top -= words;
	for (i = 0; i < n; i++)
		top[i] = value[i];
	top[-1] = PAL_USER_END_32;
	ctx->rsp = top_addr - (words + 1) * 4;
}

/* What the PAL's function finds: registers, stack, return address (RULES 18). */
static void first_state(struct cpu *cpu, struct pal_context *ctx)
{
	const struct pal *pal = ctx->pal;
	const struct pal_section *stack = &pal->section[pal->stack_section[ctx->index]];
	u64 param_base = pal->nr_param_sections ? pal->section[pal->param_section[ctx->index]].addr : 0;
	u64 value[PAL_MAX_PARAMS] = { 0 };
	u32 i, n = ctx->entry->nr_params;
	u64 *top = (u64 *)((u8 *)pal_frame_ptr(pal, stack->first + stack->nr_pages - 1) + PAGE_SIZE);
	u32 words = n > REGISTER_PARAMS ? ALIGN_UP(n - REGISTER_PARAMS, 2) : 0;

	for (i = 0; i < n; i++)
		value[i] = ctx->entry->param[i].type != PAL_PARAM_POINTER || !ctx->arg[i] ?
			   ctx->arg[i] : param_base + ctx->entry->param[i].offset;
	ctx->rip = ctx->entry->addr;
	ctx->rflags = 0x202;
	if (unlikely(pal->compat)) {
		cpu->regs = (struct guest_regs){ 0 };
		first_stack_32(ctx, value, (u32 *)top, stack->addr + stack->nr_pages * PAGE_SIZE);
		return;
	}
	cpu->regs = (struct guest_regs){ .rdi = value[0], .rsi = value[1], .rdx = value[2],
					 .rcx = value[3], .r8 = value[4], .r9 = value[5] };
	top -= words;
	for (i = REGISTER_PARAMS; i < n; i++)
		top[i - REGISTER_PARAMS] = value[i];
	top[-1] = PAL_USER_END;
	ctx->rsp = stack->addr + stack->nr_pages * PAGE_SIZE - (words + 1) * 8;
}

int params_in(struct cpu *cpu, struct pal_context *ctx, const struct guest_paging *paging,
	      struct copy_fault *fault)
{
	int err = unlikely(ctx->pal->compat) ? read_arguments_32(ctx, paging, fault) :
		  read_arguments(cpu, ctx, paging, fault);
	u32 i;

	if (!err && !ctx->pal->stub_returns && caller_has_shadow_stack(paging->cr4))
		err = -ENOSYS;
	if (!err)
		err = size_pointers(ctx);
	for (i = 0; !err && i < ctx->entry->nr_params; i++)
		err = copy_one_in(ctx, i, paging, fault);
	if (err)
		return err;
	first_state(cpu, ctx);
	return 0;
}

int params_out(struct pal_context *ctx, const struct guest_paging *paging,
	       struct copy_fault *fault)
{
	for (; ctx->out_param < ctx->entry->nr_params; ctx->out_param++, ctx->out_done = 0) {
		u32 i = ctx->out_param;
		const struct pal_param *p = &ctx->entry->param[i];

		while ((p->flags & PAL_PARAM_OUT) && ctx->out_done < ctx->bytes[i]) {
			u32 n;
			size_t done = 0;
			const void *from = param_at(ctx, p->offset + ctx->out_done, &n);
			int err;

			if (n > ctx->bytes[i] - ctx->out_done)
				n = ctx->bytes[i] - ctx->out_done;
			err = guest_copy_out(paging, GVA(ctx->arg[i] + ctx->out_done), from, n,
					     &done, &fault->at, &fault->pf_error);
			ctx->out_done += done;
			if (err)
				return err;
		}
	}
	return 0;
}
