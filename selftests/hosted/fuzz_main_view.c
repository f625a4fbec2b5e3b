// SPDX-License-Identifier: GPL-2.0
/* link: ept */
/*
 * main_view_violation() and ownership under a program of the fuzzer's: each 8
 * bytes are one operation. Judged: sanitizers; what is hidden stays hidden, what
 * is Linux's stays identity; the tree never holds what L1TF could use.
 */
#include "ept_machine.h"
#include "fuzz.h"

static u64 gpa_of(u64 word)
{
	u64 n = word >> 16;

	switch (word >> 8 & 3) {
	case 0:
		return (0x140000 + n % 1024) << 12;
	case 1:
		return (fake_pool_extent[n % FAKE_NR_POOL_EXTENTS].pfn + (n >> 8) % 4) << 12;
	case 2:
		return n << 12 & ((1ull << 49) - 1);
	default:
		return n << (n & 31);
	}
}

void fuzz_one(const u8 *data, size_t size)
{
	static u32 holds[1024];
	u64 ticket = 0;
	u32 i;

	machine_mtrrs();
	check(!machine_start(2, 400, NULL));
	for (i = 0; i < 1024; i++)
		while (holds[i]) {
			frame_drop(0x140000 + i);
			holds[i]--;
		}
	for (; size >= 8; data += 8, size -= 8) {
		u64 word, gpa, entry;
		hpa_t hpa, home;
		int level, answer;
		bool hidden;
		u32 id;

		memcpy(&word, data, 8);
		gpa = gpa_of(word);
		fake_cpu = word >> 7 & 1;
		switch (word & 15) {
		case 0:
			frame_take(gpa >> 12, 1 + word % 3, word >> 40 & 0xff);
			break;
		case 1:
			if (gpa < 1ull << 48 && (u32)frame_owner(gpa >> 12, &id) != FRAME_CORE)
				frame_return(gpa >> 12, frame_owner(gpa >> 12, &id), id);
			break;
		case 2:
			if ((gpa >> 12) - 0x140000 < 1024 && !frame_hold(gpa >> 12))
				holds[(gpa >> 12) - 0x140000]++;
			break;
		case 3:
			main_view_reclaim_step();
			break;
		case 4:
			fake_cpu_visits_core(fake_cpu);
			break;
		case 5:
			fake_msr_set(0x200 + (word >> 32 & 15), word >> 16);
			break;
		case 6:
			main_view_retype_step();
			break;
		case 7:
			ticket = tlb_flush_begin();
			break;
		case 8:
			if (gpa < 1ull << 48)
				machine_access(fake_cpu, gpa, 1ull << (word >> 4 & 3) & 7 ?: 1, &hpa, &answer);
			break;
		default:
			main_view_violation(GPA(gpa), word >> 32);
		}
		if (gpa >> 48)
			continue;
		entry = view_lookup(&main_view.view, GPA(gpa), &level);
		hidden = level && frame_owner(gpa >> 12, &id) != FRAME_LINUX &&
			 frame_owner(gpa >> 12, &id) != FRAME_LENT;
		home = HPA(ALIGN_DOWN(gpa, level ? view_level_size(level) : 4096));
		if (hidden)
			check(level == 1 && !(entry & EPT_EXEC) &&
			      ((entry & EPT_ADDRESS) != home.v || !(entry & EPT_WRITE)), "%llx", entry);
		else if (level)
			check((entry & 7) == 7 && (entry & EPT_ADDRESS) == home.v, "%llx", entry);
		else
			check(!entry);
	}
	check(!ticket || tlb_flush_done(ticket) >= 0);
	check(machine_check_tables(main_view.view.root.v, 4) >= main_view.view.nr_tables);
}
