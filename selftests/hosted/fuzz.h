/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A fuzz target defines fuzz_one(). With libFuzzer it is called with evolved
 * inputs; without, main() here calls it with random ones for FUZZ_SECONDS.
 * check() aborts in a fuzz target, so that the fuzzer keeps the input.
 */
#ifndef HOSTED_FUZZ_H
#define HOSTED_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "fake.h"

void fuzz_one(const u8 *data, size_t size);

#ifndef NO_FUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	setenv("TAP_ABORT", "1", 1);
	fuzz_one(data, size);
	return 0;
}
#else
int main(void)
{
	time_t end = time(NULL) + (getenv("FUZZ_SECONDS") ? atoi(getenv("FUZZ_SECONDS")) : 4);
	static u8 data[4096];
	u32 i;

	while (time(NULL) < end) {
		size_t size = fake_below(sizeof(data));

		for (i = 0; i < size; i++)
			data[i] = fake_random();
		fuzz_one(data, size);
	}
	return 0;
}
#endif

#endif
