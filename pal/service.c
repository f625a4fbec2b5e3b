// SPDX-License-Identifier: GPL-2.0
/*
 * What a PAL can ask for, by VMCALL. Buffers are PAL linear addresses: looked
 * up in its sections, never followed through any page table. PCRs, sealing,
 * quotes and counters are in utpm.c.
 */
#include "../core/random.h"
#include "../vmx/vmcs.h"
#include "internal.h"

static void finish(struct cpu *cpu, s64 rax)
{
	cpu->regs.rax = rax;
	vmwrite(GUEST_RIP, vmread(GUEST_RIP) + vmread(VM_EXIT_INSTRUCTION_LENGTH));
}

/*
 * A part per exit (RULES 11): RIP stays, so an interrupt can come between, and
 * the VMCALL is made again. How far it is lies in the context: the PAL's
 * registers do not change.
 */
static void service_random(struct cpu *cpu, struct pal_context *ctx)
{
	u64 to = cpu->regs.rdi, size = cpu->regs.rsi, n;
	u8 part[PAL_RANDOM_A_STEP];
	s64 err = size > PAGE_SIZE ? -EINVAL : 0;

	n = !err && ctx->random_done < size ? size - ctx->random_done : 0;
	if (n > sizeof(part))
		n = sizeof(part);
	if (n)
		err = core_random(part, n);
	if (err == -EAGAIN)
		return;
	if (!err && !write_to_pal(ctx->pal, to + ctx->random_done, part, n))
		err = -EFAULT;
	memset(part, 0, sizeof(part));
	barrier();
	ctx->random_done += n;
	if (!err && ctx->random_done < size)
		return;
	ctx->random_done = 0;
	finish(cpu, err);
}

void service_call(struct cpu *cpu, struct pal_context *ctx)
{
	struct guest_regs *r = &cpu->regs;
	struct pal_slot *slot = ctx->slot;
	s64 ret;

	switch ((u32)r->rax) {
	case HC_SVC_RANDOM:
		service_random(cpu, ctx);
		break;
	case HC_SVC_TIME:
		r->rdx = handover.tsc_khz;
		finish(cpu, rdtsc() - slot->created);
		break;
	case HC_SVC_SELF:
		finish(cpu, write_to_pal(ctx->pal, r->rdi, &slot->info, sizeof(slot->info)) ?
			    0 : -EFAULT);
		break;
	case HC_SVC_EXIT:
		leave_pal(cpu, NULL);
		context_fail(cpu, ctx, r->rdi - 1 < 4095 ? r->rdi : EINVAL);
		break;
	case HC_SVC_OCALL:
		finish(cpu, -EINVAL);
		if (r->rdi < STUB_OCALL)
			context_ocall(cpu, ctx);
		break;
	default:
		ret = utpm_call(ctx, r);
		if (ret != -EAGAIN)
			finish(cpu, ret);
	}
}
