// SPDX-License-Identifier: GPL-2.0
/* link: vmx/event.c */
/*
 * Under an outer hypervisor or none (RULES 25): every number of a VMCALL at every
 * CPL gets what include/hypercall.h says, and an MSR that carries an address is
 * passed on only with a frame of Linux's. vmx/hypercall.c is included below, so
 * that the VMCALL it forwards is an assembler macro here.
 */
#include <setjmp.h>

/* The outer hypervisor. KVM takes and answers six registers, an Underpin RAX, RDX and R10. */
unsigned long long outer_seen[7], outer_answer[7];	/* rax rbx rcx rsi rdi rdx r10 */
unsigned int outer_calls;

__asm__(".macro vmcall\n\t"
	"lea -128(%rsp), %rsp\n\t"	/* a process has a red zone */
	"call outer_hypervisor\n\t"
	"lea 128(%rsp), %rsp\n\t"
	".endm\n"
	".text\n"
	"outer_hypervisor:\n\t"
	"incl outer_calls(%rip)\n\t"
	".set at, 0\n\t"
	".irp reg, rax, rbx, rcx, rsi, rdi, rdx, r10\n\t"
	"mov %\\reg, outer_seen + at(%rip)\n\t"
	".set at, at + 8\n\t"
	".endr\n\t"
	"shr $20, %eax\n\t"
	"cmp $0x555, %eax\n\t"
	"mov outer_answer(%rip), %rax\n\t"
	"mov outer_answer + 40(%rip), %rdx\n\t"
	"je 1f\n\t"
	"mov outer_answer + 8(%rip), %rbx\n\t"
	"mov outer_answer + 16(%rip), %rcx\n\t"
	"mov outer_answer + 24(%rip), %rsi\n\t"
	"mov outer_answer + 32(%rip), %rdi\n\t"
	"ret\n"
	"1:\n\t"
	"mov outer_answer + 48(%rip), %r10\n\t"
	"ret\n");

#include "../../vmx/hypercall.c"

#include "../../vmx/guest_state.h"
#include "../../vmx/msr_index.h"

unsigned long long rdmsr(unsigned int msr);

#include "../../vmx/msr.c"

#include "fake.h"
#include "tap.h"

struct vmx_caps vmx_caps;
u64 flush_generation;
u32 cpuid_nesting_depth;
bool cpuid_kvm_visible;
static struct cpu *cpu;
static jmp_buf left;

void write_cr2(u64 value)
{
}

/* Linux is in VMX operation: then a VMCALL that is no hypercall is VMX's (vmx/nested/). */
static bool in_vmx_operation, held_ok;
static u32 nr_nested, nr_held;
static u64 held_pfn;

bool nested_vmcall(struct cpu *c)
{
	nr_nested += in_vmx_operation;
	return in_vmx_operation;
}

/* For MSRs that carry an address: a count for each frame below 2^20. */
static bool counting;
static u8 holds[1 << 20];
static int hold_of(u64 pfn);

int frame_hold(u64 pfn)
{
	if (counting)
		return hold_of(pfn);
	if (!held_ok)
		return -EACCES;
	nr_held++;
	held_pfn = pfn;
	return 0;
}

void frame_drop(u64 pfn)
{
	if (counting) {
		check(pfn >= ARRAY_SIZE(holds) || holds[pfn]);
		if (pfn < ARRAY_SIZE(holds))
			holds[pfn]--;
		return;
	}
	check(nr_held == 1 && pfn == held_pfn && outer_calls == 1, "a buffer is held while it is written");
	nr_held = 0;
}

/* ---- what is called, with what, and what it answers ---- */
static u32 nr_calls, called;
static u64 got[3], got_extra[2];
static s64 answer;
static bool resume_answer, leave_allowed;

static s64 call(u32 number, u64 a, u64 b, u64 c)
{
	nr_calls++;
	called = number;
	got[0] = a;
	got[1] = b;
	got[2] = c;
	return answer;
}

s64 launch_commit(struct cpu *c)
{
	return call(HC_COMMIT_CPU, 0, 0, 0);
}

s64 leave_prepare(struct cpu *c, u64 how, u64 *why, u64 *which)
{
	*why = got_extra[0];
	*which = got_extra[1];
	return call(HC_LEAVE_PREPARE, how, 0, 0);
}

s64 leave_check(struct cpu *c)
{
	call(HC_LEAVE, 0, 0, 0);
	return leave_allowed ? 0 : -EBUSY;
}

void vmx_leave(struct cpu *c)
{
	longjmp(left, 1);
}

s64 leave_park(struct cpu *c, u64 slot)
{
	return call(HC_PARK, slot, 0, 0);
}

s64 status_get(u64 gpa)
{
	return call(HC_STATUS, gpa, 0, 0);
}

s64 stats_get(u64 slot, u64 gpa, u64 first)
{
	return call(HC_STATS, slot, gpa, first);
}

s64 log_get(u64 first, u64 gpa)
{
	return call(HC_LOG, first, gpa, 0);
}

s64 fatal_get(u64 gpa)
{
	return call(HC_FATAL, gpa, 0, 0);
}

s64 debug_call(struct cpu *c, u64 op, u64 arg)
{
	return call(HC_DEBUG, op, arg, 0);
}

s64 pal_hc_create(u64 desc, u64 *extra)
{
	*extra = got_extra[0];
	return call(HC_PAL_CREATE, desc, 0, 0);
}

s64 pal_hc_donate(u64 id, u64 list, u64 count)
{
	return call(HC_PAL_DONATE, id, list, count);
}

s64 pal_hc_add_frames(u64 id, u64 list, u64 count)
{
	return call(HC_PAL_ADD_FRAMES, id, list, count);
}

s64 pal_hc_step(u64 id)
{
	return call(HC_PAL_STEP, id, 0, 0);
}

s64 pal_hc_info(u64 id, u64 info)
{
	return call(HC_PAL_INFO, id, info, 0);
}

s64 pal_hc_destroy(u64 id)
{
	return call(HC_PAL_DESTROY, id, 0, 0);
}

s64 pal_hc_reclaim(u64 id, u64 list)
{
	return call(HC_PAL_RECLAIM, id, list, 0);
}

s64 pal_hc_lend(u64 id, u64 list, u64 count)
{
	return call(HC_PAL_LEND, id, list, count);
}

s64 pal_hc_take_back(u64 id)
{
	return call(HC_PAL_TAKE_BACK, id, 0, 0);
}

u32 frame_pages_missing(u32 nr)
{
	return 3 * nr;
}

s64 donate_call(u64 list, u64 count)
{
	return call(HC_DONATE, list, count, 0);
}

s64 reclaim_call(u64 list)
{
	return call(HC_RECLAIM, list, 0, 0);
}

bool pal_resume(struct cpu *c)
{
	call(HC_PAL_RESUME, c->regs.rdi, 0, 0);
	return resume_answer;
}

/* ---- include/hypercall.h in a table: privileged calls, how many arguments, how many answers beside RAX (RDX, R10) ---- */
static const struct { u32 number, nr_args, nr_extra; } privileged[] = {
	{ 0x55500010, 0, 0 }, { 0x55500011, 1, 2 }, { 0x55500014, 1, 0 }, { 0x55500020, 1, 0 },
	{ 0x55500021, 3, 0 }, { 0x55500022, 2, 0 }, { 0x55500023, 1, 0 }, { 0x5550002f, 2, 0 },
	{ 0x55500030, 1, 1 }, { 0x55500031, 3, 0 }, { 0x55500032, 3, 0 }, { 0x55500033, 1, 0 },
	{ 0x55500034, 2, 0 }, { 0x55500035, 1, 0 }, { 0x55500036, 2, 0 }, { 0x55500037, 2, 0 },
	{ 0x55500038, 1, 0 }, { 0x55500039, 3, 0 }, { 0x5550003a, 1, 0 },
};

static int privileged_index(u32 number)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(privileged); i++)
		if (privileged[i].number == number)
			return i;
	return -1;
}

#define RIP 0x401000ull

static struct guest_regs before;

static void random_guest(u32 number, u32 cpl)
{
	u64 *r = (u64 *)&cpu->regs;
	u32 i;

	for (i = 0; i < 16; i++)
		r[i] = fake_random();
	/* EAX is the number; what is above it is nobody's. */
	cpu->regs.rax = fake_random() << 32 | number;
	before = cpu->regs;
	vmwrite(GUEST_SS_ACCESS_RIGHTS, 0xc093 | cpl << 5);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xa09b | cpl << 5);
	vmwrite(VM_ENTRY_CONTROLS, ENTRY_IA32E_MODE_GUEST);
	vmwrite(GUEST_CR0, CR0_PE | CR0_PG);
	vmwrite(GUEST_RIP, RIP);
	vmwrite(GUEST_RFLAGS, 2);
	vmwrite(GUEST_INTERRUPTIBILITY_STATE, 0);
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 3);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	nr_calls = outer_calls = nr_nested = nr_held = 0;
	cpuid_kvm_visible = fake_chance(50);	/* or another hypervisor's: nothing of KVM's is for it */
	in_vmx_operation = fake_chance(20);
	held_ok = fake_chance(80);
	answer = -(s64)fake_below(200) + 100;
	got_extra[0] = fake_random();
	got_extra[1] = fake_random();
	for (i = 0; i < 7; i++)
		outer_answer[i] = fake_random();
}

/* All as before but for RAX and so many more answers. */
static bool others_unchanged(u32 nr_extra)
{
	struct guest_regs r = cpu->regs;

	r.rax = before.rax;
	if (nr_extra > 0)
		r.rdx = before.rdx;
	if (nr_extra > 1)
		r.r10 = before.r10;
	return !memcmp(&r, &before, sizeof(r));
}

static bool injected(u32 vector)
{
	u64 info = vmread(VM_ENTRY_INTERRUPTION_INFO);

	return (info & INTR_INFO_VALID) && (info & INTR_INFO_VECTOR) == vector &&
	       vmread(GUEST_RIP) == RIP && !memcmp(&cpu->regs, &before, sizeof(before));
}

static bool answered(s64 rax)
{
	return !(vmread(VM_ENTRY_INTERRUPTION_INFO) & INTR_INFO_VALID) &&
	       vmread(GUEST_RIP) == RIP + 3 && cpu->regs.rax == (u64)rax;
}

static bool forwarded(void)
{
	const u64 args[6] = { before.rax, before.rbx, before.rcx, before.rsi, before.rdi, before.rdx };
	const struct guest_regs *r = &cpu->regs;
	const u64 back[6] = { r->rax, r->rbx, r->rcx, r->rsi, r->rdi, r->rdx };
	struct guest_regs kept = *r;

	kept.rax = before.rax;
	kept.rbx = before.rbx;
	kept.rcx = before.rcx;
	kept.rdx = before.rdx;
	kept.rsi = before.rsi;
	kept.rdi = before.rdi;
	return outer_calls == 1 && !memcmp(args, outer_seen, sizeof(args)) &&
	       !memcmp(back, outer_answer, sizeof(back)) && answered(outer_answer[0]) &&
	       !memcmp(&kept, &before, sizeof(kept));
}

static void not_ours(u32 number, u32 cpl)
{
	bool harmless = number == 1 || number == 5 || number == 10 || number == 11;

	check(nr_calls == 0, "%x", number);
	check(nr_nested == in_vmx_operation, "%x", number);
	if (in_vmx_operation)
		check(!outer_calls && !memcmp(&cpu->regs, &before, sizeof(before)) && vmread(GUEST_RIP) == RIP &&
		      !vmread(VM_ENTRY_INTERRUPTION_INFO), "%x: VMX's", number);
	else if (cpl || !vmx_caps.hypervisor_visible)
		check(injected(VECTOR_UD) && !outer_calls, "%x at CPL %u", number, cpl);
	else if (harmless && cpuid_kvm_visible)
		check(forwarded(), "%x", number);
	else	/* KVM's own answer; no address gets past EPT01 */
		check(answered(-1000) && others_unchanged(0) && !outer_calls, "%x", number);
}

static void privileged_answered(u32 number, int i)
{
	const u64 args[3] = { before.rdi, before.rsi, before.rdx };

	check(nr_calls == 1 && called == number && answered(answer), "%x", number);
	/* missing_pages() has the other case. */
	if (answer != -ENOMEM)
		check(others_unchanged(privileged[i].nr_extra), "%x", number);
	check(!memcmp(args, got, privileged[i].nr_args * sizeof(u64)), "%x: arguments", number);
	check(privileged[i].nr_extra < 1 || cpu->regs.rdx == got_extra[0], "%x: RDX", number);
	check(privileged[i].nr_extra < 2 || cpu->regs.r10 == got_extra[1], "%x: R10", number);
}

/* For an Underpin below: it is asked what only looks; its buffer is Linux's, and stays so meanwhile. */
static void for_outer_core(u32 number, u32 plain)
{
	const u64 args[5] = { number, before.rsi, before.rdi, before.rdx, before.r10 };
	const u64 seen[5] = { outer_seen[0], outer_seen[3], outer_seen[4], outer_seen[5], outer_seen[6] };
	bool looks = plain == HC_STATUS || plain == HC_STATS || plain == HC_LOG || plain == HC_FATAL;

	check(nr_calls == 0 && nr_held == 0, "%x", number);
	if (!looks && (plain != HC_LEAVE_PREPARE || before.rdi != LEAVE_NORMAL)) {
		check(!outer_calls && answered(-EBUSY) && others_unchanged(0), "%x", number);
	} else if (looks && !held_ok) {
		check(!outer_calls && answered(-EFAULT) && others_unchanged(0), "%x", number);
	} else {
		check(outer_calls == 1 && !memcmp(args, seen, sizeof(args)), "%x", number);
		check(answered(outer_answer[0]) && cpu->regs.rdx == outer_answer[5] &&
		      cpu->regs.r10 == outer_answer[6] && others_unchanged(2), "%x", number);
		check(!looks || held_pfn == (plain == HC_STATS || plain == HC_LOG ? before.rsi : before.rdi) >> 12);
	}
}

/* 0x10 to 0x38: ours or of a core below, all of them for ring 0. */
static void ours(u32 number, u32 cpl, bool has_left)
{
	u32 plain = number & ~0xff000u, depth = number >> 12 & 0xff;
	int i = privileged_index(plain);

	check(has_left == (!cpl && plain == HC_LEAVE && leave_allowed && depth == cpuid_nesting_depth),
	      "%x at CPL %u", number, cpl);
	if (cpl)
		check(nr_calls == 0 && !outer_calls && answered(-EPERM) && others_unchanged(0), "%x at CPL %u",
		      number, cpl);
	else if (depth != cpuid_nesting_depth)
		for_outer_core(number, plain);
	else if (plain == HC_LEAVE)
		check(nr_calls == 1 && answered(leave_allowed ? 0 : -EBUSY) && others_unchanged(0));
	else if (i < 0)
		check(nr_calls == 0 && !outer_calls && answered(-ENOSYS) && others_unchanged(0), "%x", number);
	else
		privileged_answered(plain, i);
}

static bool is_ours(u32 number)
{
	u32 plain = number & ~0xff000u;

	return plain >= 0x55500010 && plain <= 0x5550003a && (number >> 12 & 0xff) <= cpuid_nesting_depth;
}

/* ENOMEM for a list says how many pages are missing for all of it. */
static void missing_pages(void)
{
	static const u32 lists[] = { 0x55500031, 0x55500032, 0x55500039 };
	u32 i;

	cpuid_nesting_depth = 0;
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		random_guest(lists[i], 0);
		cpu->regs.rdx = 100;
		answer = -ENOMEM;
		handle_vmcall(cpu);
		check(answered(-ENOMEM) && cpu->regs.rdx == 300 && got[2] == 100);
		random_guest(lists[i], 0);
		answer = -ENOMEM;
		cpu->regs.rdx = ~0ull;
		handle_vmcall(cpu);
		check(cpu->regs.rdx == 3 * PAL_MAX_PAGES);
	}
	ok(1, "a list for which pages are missing: ENOMEM, and how many");
}

static void one(u32 number, u32 cpl)
{
	volatile bool has_left = true;

	random_guest(number, cpl);
	if (fake_chance(50))
		cpu->regs.rdi = before.rdi = fake_below(2);	/* LEAVE_NORMAL, LEAVE_FORCE */
	resume_answer = fake_chance(50);
	leave_allowed = fake_chance(50);
	if (!setjmp(left)) {
		handle_vmcall(cpu);
		has_left = false;
	}
	if (number == HC_NULL)
		check(!has_left && nr_calls == 0 && answered(0) && others_unchanged(0));
	else if (number == HC_PAL_RESUME)
		check(!has_left && nr_calls == 1 && called == number && got[0] == before.rdi &&
		      (resume_answer ? !vmread(VM_ENTRY_INTERRUPTION_INFO) : injected(VECTOR_GP)));
	else if (is_ours(number))
		ours(number, cpl, has_left);
	else
		not_ours(number, cpl);
}

static void all_ways(u32 number)
{
	u32 cpl;

	for (cpl = 0; cpl < 4; cpl++)
		one(number, cpl);
}

static void all_numbers(bool visible, u32 depth)
{
	u32 n;

	vmx_caps.hypervisor_visible = visible;
	cpuid_nesting_depth = depth;
	for (n = 0; n < 0x10000; n++) {
		all_ways(UNDERPIN_HC_BASE + n);
		all_ways(n);			/* KVM's */
		all_ways(n << 16 | 0x30);	/* our number under another prefix */
		all_ways(n << 16 | (u32)fake_below(0x10000));
	}
	ok(1, "262,144 numbers at CPL 0 to 3 %s an outer hypervisor: #UD, EPERM, forwarded, ENOSYS or answered, as hypercall.h says",
	   depth ? "under a core and" : visible ? "under" : "without");
}

/* ---- MSRs that carry an address ---- */
static u64 owned_pfn;
static enum frame_owner owner;

u64 rdmsr(u32 msr)
{
	return fake_msr_get(msr);
}

/* Frames from 2^20 on are no RAM. */
static int hold_of(u64 pfn)
{
	if (pfn == owned_pfn && owner != FRAME_LINUX)
		return -EACCES;
	if (pfn >= ARRAY_SIZE(holds))
		return -EFAULT;
	holds[pfn]++;
	return 0;
}

static u32 nr_holds(void)
{
	u32 i, n = 0;

	for (i = 0; i < ARRAY_SIZE(holds); i++)
		n += holds[i];
	return n;
}

static bool held_only(u64 pfn, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (holds[pfn + i] != 1)
			return false;
	return nr_holds() == nr;
}

/* Not of this test: the MSRs of VMX and those that an entry switches. */
const struct guest_msr guest_msrs[MAX_GUEST_MSRS];

u32 nr_guest_msrs(void)
{
	return 0;
}

bool nested_offered(void)
{
	return false;
}

int nested_caps_read(u32 msr, u64 *value)
{
	return -EFAULT;
}

int main_view_retype_step(void)
{
	return 0;
}

void flush_this_cpu(struct cpu *c)
{
}

bool apic_base_write_allowed(u64 old, u64 new, u32 maxphyaddr)
{
	return old == new;
}

/* True: written; false: #GP, and the MSR is what it was. */
static bool wrmsr_of_guest(u32 msr, u64 value)
{
	u64 old = ~value;

	fake_msr_set(msr, old);
	random_guest(0, 0);
	cpu->regs.rcx = msr;
	cpu->regs.rax = fake_random() << 32 | (u32)value;
	cpu->regs.rdx = fake_random() << 32 | value >> 32;
	before = cpu->regs;
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 2);
	handle_wrmsr(cpu);
	if (injected(VECTOR_GP)) {
		check(fake_msr_get(msr) == old, "MSR %x", msr);
		return false;
	}
	check(fake_msr_get(msr) == value && vmread(GUEST_RIP) == RIP + 2, "MSR %x", msr);
	return true;
}

static void paravirtual_msrs(void)
{
	/* Linux: asm/kvm_para.h, and HW_FEEDBACK_PTR, which hardware writes through. */
	static const u32 msrs[] = {
		0x11, 0x12, 0x4b564d00, 0x4b564d01, 0x4b564d02, 0x4b564d03, 0x4b564d04, 0x4b564d06,
		0x40000000, 0x40000001, 0x40000021, 0x4fffffff, 0xc0002000, 0x17d0,
	};
	u32 i, j;

	counting = true;
	for (i = 0; i < ARRAY_SIZE(msrs); i++)
		for (j = 0; j < 1000; j++) {
			u64 value = fake_random() >> fake_below(64);

			owned_pfn = value << 12 >> 24;
			owner = FRAME_LINUX + fake_below(4);
			if (owned_pfn == 0 && !value)
				owner = FRAME_LINUX;
			check(wrmsr_of_guest(msrs[i], value) == (owner == FRAME_LINUX),
			      "MSR %x, value %llx, owner %d", msrs[i], value, owner);
		}
	ok(1, "an MSR by which an outer hypervisor or the CPU is given an address: only with a frame of Linux's");
	for (i = 0; i < CPU_NR_TOLD; i++)
		for (j = 0; j < cpu->told[i].nr; j++)
			frame_drop(cpu->told[i].pfn + j);
	memset(cpu->told, 0, sizeof(cpu->told));
	check(nr_holds() == 0);
	/* What is written there may cross into the next frame: KVM's wall clock of 12 bytes, HFI's table of pages. */
	owner = FRAME_PAL;
	owned_pfn = 0x1235;
	check(!wrmsr_of_guest(0x11, 0x1234ffc) && !wrmsr_of_guest(0x4b564d01, 0x1234ff1) && wrmsr_of_guest(0x11, 0x1234f00));
	fake_cpuid_set(6, 0, 0, 0, 0, 15 << 8);
	check(!wrmsr_of_guest(0x17d0, 0x1230001) && !wrmsr_of_guest(0x17d0, 0x1226001) && wrmsr_of_guest(0x17d0, 0x1225001));
	ok(wrmsr_of_guest(0x17d0, 0x1236001), "nor where a PAL's frame begins within what is written");
	ok(held_only(0x1236, 16), "its frames are held, and those before them no more");
	owner = FRAME_LINUX;
	check(wrmsr_of_guest(0x4b564d03, 0x2000ff1) && nr_holds() == 18 && wrmsr_of_guest(0x4b564d03, 0));
	ok(held_only(0x1236, 16), "until it is told that there are none (bit 0)");
	ok(wrmsr_of_guest(0x17d0, 0) && held_only(0x1236, 16), "but the CPU's feedback, which goes on for a while");
	check(wrmsr_of_guest(0x4b564d03, 0x3000041) && nr_holds() == 17 && wrmsr_of_guest(0x11, 0x5000001));
	ok(nr_holds() == 17, "what is written at once, and never after, is not held");
	check(wrmsr_of_guest(0x4b564d03, 0) && held_only(0x1236, 16));
	for (j = 0; j < cpu->told[5].nr; j++)
		frame_drop(cpu->told[5].pfn + j);
	memset(cpu->told, 0, sizeof(cpu->told));
	fake_cpuid_set(6, 0, 0, 0, 0, 0);
	fake_msr_set(0x17d0, 0x1240001);
	fake_msr_set(0x12, 0x1250001);
	fake_msr_set(0x4b564d01, 0x1260000);
	fake_msr_set(0x4b564d02, 0);
	fake_msr_remove(0x4b564d04);
	msr_hold_told(cpu);
	ok(holds[0x1240] == 1 && holds[0x1250] == 1 && nr_holds() == 2,
	   "what Linux had told before the launch is held from then on");
	check(!wrmsr_of_guest(0x150, 0) && !wrmsr_of_guest(0x150, fake_random()));
	check(!wrmsr_of_guest(0x1a0, BIT(34) | 1) && wrmsr_of_guest(0x1a0, 0x850089));
	check(!wrmsr_of_guest(0x33, BIT(28)) && !wrmsr_of_guest(0x33, BIT(28) | BIT(29)) && wrmsr_of_guest(0x33, BIT(29)) && !wrmsr_of_guest(0x982, 1));
	ok(1, "no voltage, no MISC_ENABLE that takes NX away, no faults for the core's locks, no memory encryption turned on");
	fake_msr_remove(0x4b564d02);
	random_guest(0, 0);
	cpu->regs.rcx = 0x4b564d02;
	before = cpu->regs;
	owner = FRAME_LINUX;
	handle_wrmsr(cpu);
	ok(injected(VECTOR_GP), "and #GP where there is no such MSR");
}

int main(void)
{
	fake_cpu_reset(1);
	cpu = cpu_of_slot(0);
	all_numbers(false, 0);
	all_numbers(true, 0);
	all_numbers(true, 2);
	missing_pages();
	paravirtual_msrs();
	return tap_finish();
}
