/* make_record RIP STACK-WORD...: a fatal record on standard output, numbers in hexadecimal; RBP= in the environment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../include/handover.h"
#include "../../include/hypercall.h"

int main(int argc, char **argv)
{
	struct core_fatal r = { .magic = CORE_IMAGE_MAGIC, .cpu = 1, .vector = 14, .error_code = 2, .recovered = 1 };
	int i;

	(void)argc;
	r.rip = strtoull(argv[1], NULL, 16);
	r.rsp = 0xffff800040011f00;
	r.cr2 = 0x1234;
	r.gpr[3] = 0xbbbb;
	if (getenv("RBP"))
		r.gpr[5] = strtoull(getenv("RBP"), NULL, 16);
	r.exit_reason = 10;
	r.guest_rip = 0xffffffff81000000;
	for (i = 2; argv[i]; i++)
		r.stack[r.stack_words++] = strtoull(argv[i], NULL, 16);
	memset(r.build_id, 0x5a, sizeof(r.build_id));
	strcpy(r.text, "exception in VMX root operation");
	return fwrite(&r, sizeof(r), 1, stdout) != 1;
}
