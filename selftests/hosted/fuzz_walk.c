// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * guest_walk() and the copies over tables, registers and addresses that are the
 * fuzzer's. Sanitizers judge, and: no write outside of A and D bits, no time
 * without end, no answer out of its range.
 */
#include "../../ept/guest_memory.h"
#include "ept_machine.h"
#include "fuzz.h"

#define TABLES 0x200ull
#define NR 4

void fuzz_one(const u8 *data, size_t size)
{
	static u64 before[NR * 512];
	struct guest_paging g = { 0 };
	static bool started;
	u8 buffer[64];
	u64 *p, gva = 0;
	size_t done, i;
	gva_t fault;
	gpa_t gpa;
	u32 code;
	int access, got;

	if (!started) {
		machine_mtrrs();
		check(!machine_start(1, 1212, NULL));
		check(!frame_take(TABLES + NR, FRAME_PAL, 1));
		started = true;
	}
	if (size < 48)
		return;
	memcpy(&g.cr0, data, 8);
	memcpy(&g.cr3, data + 8, 8);
	memcpy(&g.cr4, data + 16, 8);
	memcpy(&g.efer, data + 24, 8);
	memcpy(&gva, data + 32, 8);
	g.user = data[40] & 1;
	g.ac = data[40] & 2;
	access = data[41] % 3;
	main_view.maxphyaddr = 36 + data[42] % 17;
	main_view.gigabyte_pages = data[43] & 1;
	if (data[43] & 2)
		g.cr0 |= 1ull << 31;
	if (data[43] & 4)
		g.cr3 = (TABLES + data[44] % (NR + 1)) << 12;
	if (data[43] & 8)
		g.efer |= 1 << 10;
	if (data[43] & 16)
		g.cr4 |= 1 << 5;
	data += 48;
	size -= 48;
	p = phys_to_virt(HPA(TABLES << 12));
	for (i = 0; i < NR * 512; i++) {
		u64 e = 0;

		if (size >= 8)
			memcpy(&e, data + i * 8 % (size & ~7ull), 8);
		/* mostly to tables again */
		p[i] = i % 3 ? (e & ~0x000ffffffff00000ull) | (TABLES + (e >> 12 & 3)) << 12 : e;
	}
	memcpy(before, p, sizeof(before));
	got = guest_walk(&g, GVA(gva), access, &gpa, &code);
	check(got == 0 || got == -EFAULT || got == -ERANGE);
	check(got != -EFAULT || !(code & ~0x1fu));
	for (i = 0; i < NR * 512; i++)
		check(((p[i] ^ before[i]) & ~0x0000006000000060ull) == 0 && (p[i] & before[i]) == before[i]);
	got = guest_copy_in(&g, GVA(gva), buffer, sizeof(buffer), &done, &fault, &code);
	check(done <= sizeof(buffer) && (got || done == sizeof(buffer)));
	got = guest_copy_out(&g, GVA(gva), buffer, sizeof(buffer), &done, &fault, &code);
	check(done <= sizeof(buffer) && (got || done == sizeof(buffer)));
	p = phys_to_virt(HPA((TABLES + NR) << 12));
	for (i = 0; i < 512; i++)
		check(!p[i], "a hidden frame was written");
}
