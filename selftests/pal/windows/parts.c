// SPDX-License-Identifier: GPL-2.0
/*
 * A Windows program with a PAL of the SDK's (PAL_WINDOWS = 1). `parts.exe` prints what it sees of plain calls, before and after
 * registering, twice; `parts.exe core` prints TAP of what it takes the core for, and the measurement.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <underpin.h>
#include <windows.h>

/* As wide as the PAL has them: long has 4 bytes here. */
long long ten(long long a, long long b, long long c, long long d, long long e, long long f, long long g, long long h, long long i,
	      long long j);
long long turn(unsigned char *text, long long n);
long long none(void);
long long ask(long long n);
long long in_lent(long long offset, long long size);
long long spin(long long n);
long long secret(void);
long long leave(long long error);
long long fault(void);
extern long long seen;

/* What Windows' convention has a function keep, before a call of ten() and after it. */
struct kept {
	unsigned long long v[10][2], rdi, rsi;
};
void kept_across(const struct kept *before, struct kept *after);
__asm__(".globl kept_across\n"
"kept_across:	push %rbx\n	push %rdi\n	push %rsi\n	push %r12\n	sub $248, %rsp\n"
"	mov %rdx, %r12\n	mov %rcx, %rbx\n"
"	.irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
"	movups %xmm\\n, (88 + 16 * (\\n - 6))(%rsp)\n	movups (16 * (\\n - 6))(%rbx), %xmm\\n\n	.endr\n"
"	mov 160(%rbx), %rdi\n	mov 168(%rbx), %rsi\n	call ten\n"
"	.irp n, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n"
"	movups %xmm\\n, (16 * (\\n - 6))(%r12)\n	movups (88 + 16 * (\\n - 6))(%rsp), %xmm\\n\n	.endr\n"
"	mov %rdi, 160(%r12)\n	mov %rsi, 168(%r12)\n	add $248, %rsp\n"
"	pop %r12\n	pop %rsi\n	pop %rdi\n	pop %rbx\n	ret\n"
/* A call that ends with an errno of Linux', as the core leaves it at the stub. */
".globl failing\n"
"failing:	lea 1f(%rip), %rax\n	jmp underpin_call_from_windows\n"
"1:	mov $125, %eax\n	xor %edi, %edi\n	jmp underpin_resume_stub\n");
long long failing(void);

static int keeps(void)
{
	struct kept a, b;

	for (unsigned int i = 0; i < sizeof(a); i++)
		((unsigned char *)&a)[i] = (unsigned char)(i * 7 + 1);
	memset(&b, 0, sizeof(b));
	kept_across(&a, &b);
	return !memcmp(&a, &b, sizeof(a));
}

static void use(const char *when)
{
	unsigned char text[] = "desserts";
	long long sum = ten(1, 2, 3, 4, 5, 6, 7, 8, 9, -10), saw = seen, minus = turn(text, 8);

	printf("%s: %lld %lld %s %lld %lld kept %d\n", when, sum, saw, text, minus, none(), keeps());
}

static int start(void)
{
	int pal = underpin_pal_start(&underpin_pal);

	if (pal < 0)
		printf("%s\n", underpin_last_error());
	return pal;
}

static int plain(void)
{
	struct underpin_pal_info info;
	int pal;

	use("before");
	for (int round = 1; round <= 2; round++) {
		pal = start();
		if (pal < 0 || underpin_pal_get_info(pal, &info))
			return 1;
		use("registered");
		if (underpin_pal_start(&underpin_pal) >= 0 || errno != EBUSY)
			printf("registered twice\n");
		if (underpin_pal_stop(pal))
			printf("stop: %s\n", underpin_last_error());
	}
	errno = 0;
	printf("failed: %lld", failing());
	printf(" %d\n", errno == ECANCELED);
	return 0;
}

static int run, failed;

static void check(int good, const char *what)
{
	run++;
	failed += !good;
	printf("%sok %d - %s\n", good ? "" : "not ", run, what);
	fflush(stdout);
}

static DWORD WINAPI spinner(void *answer)
{
	*(long long *)answer = spin(20000000);
	return 0;
}

/* In the middle of a call; in Windows' convention, and with all 64 bits. */
static long long answer(void *cookie, unsigned int number, unsigned long long a, unsigned long long b)
{
	*(int *)cookie += 1;
	return number == 7 && b == 5 && a >> 40 == 1 ? (long long)(a & 0xff) + 2 : -1;
}

static int asks(int pal)
{
	int asked = 0;

	if (underpin_pal_on_ocall(pal, answer, &asked))
		return 0;
	/* ((0 * 3 + 2) * 3 + 3) * 3 + 4 */
	return ask(3) == 31 && asked == 3 && keeps();
}

static int lends(int pal)
{
	unsigned char *pages = VirtualAlloc(NULL, 8192, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
	size_t offset;
	long long sum;

	memset(pages, 1, 8192);
	if (underpin_pal_lend(pal, pages, 8192, &offset))
		return 0;
	sum = in_lent((long long)offset, 8192);
	return sum == 8192 && pages[0] == 2 && pages[8191] == 2 && !underpin_pal_take_back(pal) && VirtualFree(pages, 0, MEM_RELEASE);
}

/* The page of a PAL is zeros for Windows' code too. */
static int hidden(void)
{
	const char *code = underpin_pal.ranges[0].start, *data = underpin_pal.ranges[2].start;

	for (int i = 0; i < 4096; i++)
		if (code[i] || data[i])
			return 0;
	return 1;
}

static int with_core(void)
{
	int device = underpin_open(), pal, busy = 0;
	struct underpin_pal_register reg;
	struct underpin_pal_info info = { 0 };
	unsigned char text[65] = "desserts";
	char measurement[65];
	long long spun[2] = { 0 };
	HANDLE thread[2];

	pal = device < 0 ? -1 : underpin_pal_register_table(device, &underpin_pal, &reg);
	check(pal >= 0, "a Windows program registers a PAL");
	if (pal < 0) {
		printf("# %s\n", underpin_last_error());
		return 1;
	}
	check(ten(1, 2, 3, 4, 5, 6, 7, 8, 9, -10) == 185 && seen == 41, "ten parameters, and a shared variable");
	check(turn(text, 8) == -1 && !strcmp((char *)text, "stressed"), "a buffer goes in and comes out");
	check(none() == 77, "no parameter");
	check(keeps(), "RDI, RSI and XMM6 to 15 are the caller's");
	check(hidden(), "its pages are zeros for the program");
	check(secret() == 32, "it seals a secret");
	errno = 0;
	check(leave(34) == -1 && errno == ERANGE, "it ends a call with an errno");
	errno = 0;
	check(leave(125) == -1 && errno == ECANCELED, "and one that has another number in Windows");
	errno = 0;
	check(turn(text, 65) == -1 && errno == EINVAL, "a byte above its bound: EINVAL");
	check(asks(pal), "it asks its owner, whose function is one of Windows'");
	check(lends(pal), "pages of VirtualAlloc() are lent and come back");
	for (int i = 0; i < 2; i++)
		thread[i] = CreateThread(NULL, 0, spinner, &spun[i], 0, NULL);
	while (WaitForMultipleObjects(2, thread, TRUE, 0) == WAIT_TIMEOUT) {
		errno = 0;
		busy += none() == -1 && errno == EBUSY;
		Sleep(1);
	}
	check(spun[0] == 20000000 && spun[1] == 20000000, "two threads of Windows' call it");
	check(busy, "a third finds it busy");
	check(!underpin_pal_get_info(pal, &info) && info.interrupts, "interrupted, it goes on");
	printf("# %llu interrupts, %d times busy\n", (unsigned long long)info.interrupts, busy);
	errno = 0;
	check(fault() == -1 && errno == EFAULT, "a fault inside is EFAULT, and no exception of Windows'");
	errno = 0;
	check(none() == -1 && errno == ECANCELED, "whose data may be half changed then: no call any more");
	underpin_measurement_text(reg.measurement, measurement);
	check(!underpin_pal_stop(pal) && hidden(), "it ends, and its pages are zeros");
	check((pal = start()) >= 0 && ten(1, 0, 0, 0, 0, 0, 0, 0, 0, 0) == 1 && seen == 41, "and begins again");
	/* This one ends with the process. */
	printf("# measurement %s\n1..%d\n", measurement, run);
	return failed ? 1 : 0;
}

int main(int argc, char **argv)
{
	return argc > 1 && !strcmp(argv[1], "core") ? with_core() : plain();
}
