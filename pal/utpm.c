// SPDX-License-Identifier: GPL-2.0
/*
 * PCRs, and the chain of steps that a longer service is (utpm.h). utpm_seal.c and
 * utpm_quote.c have the steps, utpm_counter.c the counters.
 */
#include "utpm.h"

#include "../core/crypto.h"
#include "../core/sign.h"

void pcr_digest(const struct pal_utpm *utpm, u32 mask, u8 digest[DIGEST_SIZE])
{
	u8 chosen[PAL_NR_PCRS][DIGEST_SIZE];
	u32 i, n = 0;

	for (i = 0; i < PAL_NR_PCRS; i++)
		if (mask & BIT(i))
			memcpy(chosen[n++], utpm->pcr[i], DIGEST_SIZE);
	crypto_hash(chosen, n * DIGEST_SIZE, NULL, 0, digest);
}

static void extend(struct pal_utpm *utpm, u32 index, const u8 digest[DIGEST_SIZE])
{
	crypto_hash(utpm->pcr[index], DIGEST_SIZE, digest, DIGEST_SIZE, utpm->pcr[index]);
}

void utpm_begin(struct pal *pal)
{
	struct pal_utpm *utpm = utpm_of(pal);

	memset(utpm, 0, sizeof(*utpm));
	extend(utpm, 0, pal->slot->info.measurement);
	extend(utpm, 1, core_statement_digest);
}

void utpm_end(struct pal *pal)
{
	sign_forget(slot_id(pal->slot));
	memset(utpm_of(pal), 0, PAGE_SIZE);
}

/* Others look at utpm->service meanwhile, and may begin when it is 0: that last. */
static void chain_end(struct pal *pal)
{
	struct pal_utpm *utpm = utpm_of(pal);

	if (utpm->service == HC_SVC_QUOTE)
		sign_forget(slot_id(pal->slot));
	memset(&utpm->step, 0, sizeof(*utpm) - offsetof(struct pal_utpm, step));
	barrier();
	WRITE_ONCE(utpm->service, 0);
}

void utpm_abandon(const struct pal_context *ctx)
{
	struct pal_utpm *utpm = utpm_of(ctx->pal);

	/* Only after a bug of the core in the middle of it. */
	if (unlikely(READ_ONCE(utpm->lock) == ctx->index + 1))
		WRITE_ONCE(utpm->lock, 0);
	if (unlikely(READ_ONCE(utpm->service)) && utpm->context == ctx->index)
		chain_end(ctx->pal);
}

static s64 pcr_read(struct pal *pal, u64 index, u64 to)
{
	if (index >= PAL_NR_PCRS)
		return -EINVAL;
	return write_to_pal(pal, to, utpm_of(pal)->pcr[index], DIGEST_SIZE) ? 0 : -EFAULT;
}

static s64 pcr_extend(struct pal *pal, u64 index, u64 from)
{
	u8 digest[DIGEST_SIZE];

	if (index >= PAL_NR_PCRS)
		return -EINVAL;
	if (!read_from_pal(pal, from, digest, sizeof(digest)))
		return -EFAULT;
	extend(utpm_of(pal), index, digest);
	return 0;
}

/* RAX names the service and RIP stays, so it is the same one until its end. One context's at a time. */
static s64 chain(const struct pal_context *ctx, u32 service, u64 request)
{
	struct pal *pal = ctx->pal;
	struct pal_utpm *utpm = utpm_of(pal);
	s64 ret;

	if (utpm->service && utpm->context != ctx->index)
		return -EAGAIN;
	if (utpm->service != service) {
		if (utpm->service)	/* not utpm_abandon(): this step keeps the lock */
			chain_end(pal);
		utpm->context = ctx->index;
		barrier();
		utpm->service = service;
	}
	ret = service == HC_SVC_SEAL ? utpm_seal(pal, utpm, request) :
	      service == HC_SVC_UNSEAL ? utpm_unseal(pal, utpm, request) :
					 utpm_quote(pal, utpm, request);
	utpm->step++;
	if (ret != -EAGAIN)
		chain_end(pal);	/* keys, data */
	return ret;
}

static s64 call(const struct pal_context *ctx, struct guest_regs *r)
{
	switch ((u32)r->rax) {
	case HC_SVC_PCR_READ:
		return pcr_read(ctx->pal, r->rdi, r->rsi);
	case HC_SVC_PCR_EXTEND:
		return pcr_extend(ctx->pal, r->rdi, r->rsi);
	case HC_SVC_SEAL:
	case HC_SVC_UNSEAL:
	case HC_SVC_QUOTE:
		return chain(ctx, r->rax, r->rdi);
	case HC_SVC_COUNTER:
		return utpm_counter(ctx->pal, r->rdi, r->rsi, &r->rdx);
	default:
		return -ENOSYS;
	}
}

s64 utpm_call(const struct pal_context *ctx, struct guest_regs *r)
{
	u64 *lock = &utpm_of(ctx->pal)->lock;
	s64 ret;

	if (!cmpxchg64(lock, 0, ctx->index + 1))
		return -EAGAIN;
	ret = call(ctx, r);
	barrier();
	WRITE_ONCE(*lock, 0);
	return ret;
}
