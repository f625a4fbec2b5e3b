// SPDX-License-Identifier: GPL-2.0
/* link: ept pal vmx/pal_vmcs.c core/crypto.c core/sign.c core/known_answers.c */
/* libs: -Wl,--wrap=br_i31_montymul,--wrap=br_i31_muladd_small,--wrap=br_hmac_out -l:libbearssl.a */
/*
 * NV storage (docs/services.md 12): the SDK's own code (user/sdk/include/underpin/pal_nv.h) on the core's
 * own services. The test is the PAL; its VMCALLs carry requests and buffers into the PAL's memory and back.
 */
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "service_machine.h"

/* In place of the SDK's pal.h, whose VMCALL is an instruction. */
#define UNDERPIN_PAL_H
static long pal_call(unsigned int number, uintptr_t rdi, uintptr_t rsi, uintptr_t *rdx);
static void pal_wipe(void *p, size_t n)
{
	memset(p, 0, n);
}
#include "../../user/sdk/include/underpin/pal_nv.h"

static void (*before_count)(void);	/* what another does, once, after the seal and before the counter */
static s64 seal_answer;	/* not 0: what a seal answers */

static long call_seal(struct pal_seal *r)
{
	struct svc_seal s;
	s64 ret;

	if (seal_answer)
		return seal_answer;
	memcpy(&s, r, sizeof(s));
	poke(DATA_AT, (void *)r->data, r->data_size);
	s.data = DATA_AT;
	s.blob = BLOB;
	ret = do_seal(&s);
	if (!ret)
		peek((void *)r->blob, BLOB, s.blob_size);
	return ret;
}

static long call_unseal(struct pal_unseal *r)
{
	struct svc_unseal u;
	s64 ret;

	memcpy(&u, r, sizeof(u));
	poke(BLOB, (void *)r->blob, r->blob_size);
	u.blob = BLOB;
	u.data = DATA_AT;
	ret = do_unseal(&u);
	r->data_size = u.data_size;
	if (!ret)
		peek((void *)r->data, DATA_AT, u.data_size);
	return ret;
}

static long pal_call(unsigned int number, uintptr_t rdi, uintptr_t rsi, uintptr_t *rdx)
{
	void (*other)(void) = before_count;
	u64 epoch;
	long ret;

	switch (number) {
	case PAL_SVC_SEAL: return call_seal((void *)rdi);
	case PAL_SVC_UNSEAL: return call_unseal((void *)rdi);
	case PAL_SVC_COUNTER:
		if (rsi && other) {
			before_count = NULL;
			other();
		}
		ret = service(HC_SVC_COUNTER, rdi, rsi, &epoch);
		if (rdx)
			*rdx = epoch;
		return ret;
	default: abort();
	}
}

#define SPACE 2
static u8 text[PAL_NV_MAX], back[PAL_NV_MAX + 1], blob[3][PAL_NV_MAX + PAL_NV_OVERHEAD];

static int write_nv(u32 i, u32 size, u8 what)
{
	memset(text, what, size);
	return pal_nv_write(SPACE, text, size, blob[i]);
}

/* The first byte of what is read, in *what. */
static int read_nv(u32 i, u32 size, u8 *what)
{
	size_t n = sizeof(back);
	int ret;

	memset(back, 0xcc, sizeof(back));
	ret = pal_nv_read(SPACE, blob[i], size + PAL_NV_OVERHEAD, back, &n);
	*what = back[0];
	if (ret >= 0) {
		check(n == size && back[n] == 0xcc);
		for (u32 k = 0; k < n; k++)
			check(back[k] == *what);
	} else {
		check(!n && back[0] == 0xcc, "an error gives no data");
	}
	return ret;
}

static void test_write_and_read(void)
{
	static const u32 sizes[] = { 1, 2, 100, PAL_NV_MAX - 1, PAL_NV_MAX };
	size_t n = 0;
	u8 what;
	u32 i;

	ok(pal_nv_empty(SPACE) == 1, "at first nothing has been written");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		check(write_nv(0, sizes[i], i) == 0);
		check(read_nv(0, sizes[i], &what) == 0 && what == i);
	}
	ok(pal_nv_empty(SPACE) == 0 && pal_nv_empty(SPACE + 1) == 1, "what is written is read, whatever its size");
	check(write_nv(0, 0, 0) == 0);
	ok(pal_nv_read(SPACE, blob[0], PAL_NV_OVERHEAD, back, &n) == 0 && n == 0, "nothing, too");
	check(write_nv(0, 100, 7) == 0);
	n = 99;
	ok(pal_nv_read(SPACE, blob[0], 100 + PAL_NV_OVERHEAD, back, &n) == -EMSGSIZE && n == 100,
	   "no room: EMSGSIZE, and how much it takes");
	pal_again(0);
	ok(read_nv(0, 100, &what) == 0 && what == 7, "it survives a registration");
}

static void test_rollback(void)
{
	u8 what;

	check(write_nv(0, 10, 1) == 0 && write_nv(1, 10, 2) == 0);
	ok(read_nv(0, 10, &what) == -EKEYEXPIRED, "nv_rollback: the state before the last one: EKEYEXPIRED");
	check(read_nv(1, 10, &what) == 0 && what == 2);
	pal_again(0);
	ok(read_nv(0, 10, &what) == -EKEYEXPIRED && read_nv(1, 10, &what) == 0 && what == 2,
	   "nor after a registration, which the last one survives");
}

static u8 other_blob[10 + PAL_NV_OVERHEAD];

static void other_writes(void)
{
	check(pal_nv_write(SPACE, "of another", 10, other_blob) == 0);
}

static void seals_fail(void)
{
	other_writes();
	seal_answer = -ECANCELED;
}

static void test_two_writers(void)
{
	size_t n = sizeof(back);
	u8 what, sum = 0;
	u32 i;

	before_count = other_writes;
	ok(write_nv(0, 10, 5) == 0 && read_nv(0, 10, &what) == 0 && what == 5,
	   "whoever counts last has written last, though another came between");
	ok(pal_nv_read(SPACE, other_blob, sizeof(other_blob), back, &n) == -EKEYEXPIRED, "and the other's is an old one");
	seal_answer = -ECANCELED;
	check(write_nv(1, 10, 6) == -ECANCELED);
	seal_answer = 0;
	ok(read_nv(0, 10, &what) == 0 && what == 5, "a write that cannot be sealed loses nothing");
	before_count = seals_fail;
	check(write_nv(1, 10, 6) == -ECANCELED);
	seal_answer = 0;
	for (i = 0; i < 10 + PAL_NV_OVERHEAD; i++)
		sum |= blob[1][i];
	ok(!sum, "one that was overtaken and cannot be sealed again leaves no blob");
}

static void test_not_its_own(void)
{
	struct pal_seal plain = { .flags = PAL_SEAL_TO_SELF, .data_size = 24 + 10, .data = (uintptr_t)text,
				  .blob = (uintptr_t)blob[1], .blob_size = sizeof(blob[1]) };
	struct pal_unseal open = { .flags = PAL_UNSEAL_FROM_SELF, .blob = (uintptr_t)blob[0], .blob_size = 10 + PAL_NV_OVERHEAD,
				   .data = (uintptr_t)back, .data_size = sizeof(back) };
	size_t n = sizeof(back);
	uintptr_t epoch = 0;
	u32 i, bad = 0;
	u8 what;

	check(write_nv(0, 10, 3) == 0);
	for (i = 0; i < 10 + PAL_NV_OVERHEAD; i++) {
		blob[0][i] ^= 1;
		bad += read_nv(0, 10, &what) >= 0;
		blob[0][i] ^= 1;
	}
	ok(!bad && read_nv(0, 10, &what) == 0, "each changed byte is noticed");
	ok(pal_nv_read(SPACE + 1, blob[0], 10 + PAL_NV_OVERHEAD, back, &n) == -EACCES && !n, "of another space: EACCES");
	who = 1;
	ok(read_nv(0, 10, &what) == -EACCES, "of another PAL: EACCES");
	check(write_nv(1, 10, 9) == 0 && read_nv(1, 10, &what) == 0);
	who = 0;
	ok(read_nv(0, 10, &what) == 0, "whose writes do not count here");
	/* What a PAL seals for its users, made to look like a record that the counter is right for. */
	n = (size_t)pal_call(PAL_SVC_COUNTER, SPACE, 0, &epoch);
	memcpy(text, &(u64[]){ SPACE, epoch, n }, 24);
	check(pal_seal_for(&plain) == 0);
	ok(read_nv(1, 10, &what) == -EACCES, "sealed data that looks like a record is none: EACCES");
	/* Another PAL may seal such a record for this one. */
	plain.flags = PAL_SEAL_AS_NV;
	memcpy(plain.measurement, measurement(0), DIGEST_SIZE);
	who = 1;
	check(pal_seal_for(&plain) == 0);
	who = 0;
	ok(read_nv(1, 10, &what) == -EACCES, "a record that another PAL made for this one is none: EACCES");
	ok(pal_unseal_from(&open) == -EACCES, "and a record is no sealed data: EACCES");
	n = sizeof(back);
	ok(pal_nv_write(PAL_NV_SPACES, text, 1, blob[1]) == -EINVAL && pal_nv_write(0, text, PAL_NV_MAX + 1, blob[1]) == -EINVAL &&
	   pal_nv_write(0, text, SIZE_MAX - PAL_NV_OVERHEAD, blob[1]) == -EINVAL && pal_nv_empty(PAL_NV_SPACES) == -EINVAL &&
	   pal_nv_read(PAL_NV_SPACES, blob[0], 10 + PAL_NV_OVERHEAD, back, &n) == -EINVAL &&
	   pal_nv_read(SPACE, blob[0], PAL_NV_OVERHEAD - 1, back, &n) == -EINVAL &&
	   pal_nv_read(SPACE, blob[0], SIZE_MAX, back, &n) == -EINVAL, "spaces and sizes beyond their bounds: EINVAL");
}

/* A child is a load of the core: counters at zero. The epoch would be random. */
static bool in_a_load(u64 epoch, bool (*what)(void))
{
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child) {
		service_machine_start(root, sizeof(root));
		core_epoch = epoch;
		_exit(!what());
	}
	check(waitpid(child, &status, 0) == child);
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static u8 (*kept)[PAL_NV_MAX + PAL_NV_OVERHEAD];	/* what the owner keeps, through all loads */

static bool first_load(void)
{
	if (write_nv(0, 10, 4))
		return false;
	memcpy(kept, blob[0], sizeof(*kept));
	return true;
}

static bool is_of_other_load(void)
{
	u8 what;

	memcpy(blob[0], kept, sizeof(*kept));
	return pal_nv_empty(SPACE) == 1 && read_nv(0, 10, &what) == PAL_NV_OTHER_LOAD && what == 4;
}

static bool is_old_once_written(void)
{
	u8 what;

	return is_of_other_load() && !write_nv(1, 10, 5) && read_nv(0, 10, &what) == -EKEYEXPIRED &&
	       !read_nv(1, 10, &what) && what == 5;
}

static void test_loads(void)
{
	kept = mmap(NULL, sizeof(*kept), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	check(kept != MAP_FAILED && in_a_load(0x1111, first_load));
	ok(in_a_load(0x2222, is_of_other_load), "in the next load it is read, and said to be of another");
	ok(in_a_load(0x3333, is_old_once_written), "once something is written there, it is an old state: EKEYEXPIRED");
}

int main(void)
{
	test_loads();
	service_machine_start(root, sizeof(root));
	interrupted = 30;
	cpus = 2;
	test_write_and_read();
	test_rollback();
	test_two_writers();
	test_not_its_own();
	return tap_finish();
}
