// SPDX-License-Identifier: GPL-2.0
/*
 * up-frame PFN: a frame of the machine, mapped into this process by up_attack
 * with all rights: read, written, read again, executed. One line each.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static sigjmp_buf back;
static volatile int got;

static void on_signal(int sig)
{
	got = sig;
	siglongjmp(back, 1);
}

int main(int argc, char **argv)
{
	/* xor %eax,%eax; ret */
	static const unsigned char code[] = { 0x31, 0xc0, 0xc3 };
	volatile unsigned char *page;
	unsigned int i, nonzero = 0;
	int fd = open("/dev/up_attack", O_RDWR);
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL };

	if (argc != 2 || fd < 0)
		return 2;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd,
		    (off_t)(strtoull(argv[1], NULL, 0) << 12));
	if (page == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	for (i = 0; i < 3; i++)
		signal(signals[i], on_signal);
	for (i = 0; i < 4096; i++)
		nonzero += page[i] != 0;
	printf("read %s\n", nonzero ? "data" : "zeros");
	if (!sigsetjmp(back, 1)) {
		((void (*)(void))page)();
		puts("execute-zeros ok");
	} else {
		printf("execute-zeros signal %d\n", got);
	}
	memcpy((void *)page, code, sizeof(code));
	printf("write %s\n", memcmp((void *)page, code, sizeof(code)) ? "lost" : "kept");
	if (!sigsetjmp(back, 1)) {
		((void (*)(void))page)();
		puts("execute ok");
	} else {
		printf("execute signal %d\n", got);
	}
	return 0;
}
