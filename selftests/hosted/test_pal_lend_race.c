// SPDX-License-Identifier: GPL-2.0
/* link: pal/create.c pal/layout.c ept/view.c */
/* libs: -lpthread */
/* A service of one context while another lends: it never reaches the frame of the lending before (pal/create.c, layout.c). */
#include <pthread.h>
#include <sched.h>
#include "../../pal/internal.h"
#include "fake.h"
#include "tap.h"
static __thread struct cpu cpu;
struct cpu *this_cpu(void) { return &cpu; }
bool pal_doomed, pal_closed;
struct pal_slot *slot_of(u64 id) { return NULL; }
struct pal_slot *slot_create(void) { return NULL; }
u32 slot_id(const struct pal_slot *s) { return 1; }
bool slot_claim(struct pal_slot *s) { return true; }
void slot_release(struct pal_slot *s) {}
s64 pal_hc_step(u64 id) { return 0; }
int descriptor_take(const struct pal_desc *d, struct pal *p) { return 0; }
static u64 list[1];
int guest_read(gpa_t g, void *to, size_t n) { memcpy(to, list, n); return 0; }
int frame_take_list(const u64 *pfn, u32 nr, enum frame_owner o, u32 id) { return nr; }
static struct pal_slot slot;
static struct pal pal = { .slot = &slot, .nr_contexts = 0 };
static u32 passes; static int stop; static u64 current_id, stale, reads;
#define WINDOW 0x700000
static void *service(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		u64 got = 0, want;
		if (read_from_pal(&pal, WINDOW, &got, 8)) {
			want = __atomic_load_n(&current_id, __ATOMIC_SEQ_CST);
			reads++;
			if (got != want) stale++;
		}
		__atomic_fetch_add(&passes, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}
int main(void)
{
	pthread_t t; u32 i, now;
	u64 pfn[2];
	fake_memory_reset(0);
	pfn[0] = 0x300; pfn[1] = 0x301;
	*(u64 *)page_address(HPA(0x300 << 12)) = 0x300; *(u64 *)page_address(HPA(0x301 << 12)) = 0x301;
	pal.donated[2] = 0x310;	/* the list */
	pal.nr_sections = 1; pal.nr_window = 1;
	pal.section[0] = (struct pal_section){ .addr = WINDOW, .type = PAL_SECTION_WINDOW, .nr_pages = 1, .first = 0 };
	pal_frame_set(&pal, 0, 0x301);
	pthread_create(&t, NULL, service, NULL);
	for (i = 0; i < 15000; i++) {
		list[0] = pfn[i & 1];
		__atomic_store_n(&current_id, list[0], __ATOMIC_SEQ_CST);
		if (take_some(&pal, true, 0, 1) != 1) return 1;
		for (now = 0; now < 300; now++) __asm__ volatile("pause");
		WRITE_ONCE(pal.lent_over, true);	/* the call is over; all CPUs flush; taken back (lend.c) */
		now = __atomic_load_n(&passes, __ATOMIC_SEQ_CST);
		while (__atomic_load_n(&passes, __ATOMIC_SEQ_CST) - now < 2) sched_yield();
		WRITE_ONCE(pal.got_frames, 0);
		WRITE_ONCE(pal.lent_over, false);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	pthread_join(t, NULL);
	ok(!stale, "no service reaches the frame of the lending before (%llu of %llu)", stale, reads);
	return tap_finish();
}
