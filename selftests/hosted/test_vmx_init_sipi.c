// SPDX-License-Identifier: GPL-2.0
/* link: vmx/init_sipi.c vmx/leave.c vmx/cr.c vmx/event.c vmx/kick.c */
/*
 * CPUs that Linux stops and starts, that the core kicks, that are parked and
 * that leave, in random order (RULES 13, 14, 24). A model of INIT and SIPI (SDM
 * 26.2, 24.8; 9.4) runs what vmx/ writes: no CPU is lost, none leaves VMX
 * unprepared, and an INIT of the core's never becomes one of Linux's. Then the
 * state after SIPI, field by field. vmx/guest_state.c is included below for the
 * registers that it reads at launch only.
 */
#include <setjmp.h>

#include "../../include/platform.h"
#include "../../vmx/apic.h"
#include "../../vmx/event.h"
#include "../../vmx/init_sipi.h"
#include "../../vmx/kick.h"
#include "../../vmx/kick_internal.h"
#include "../../vmx/leave.h"
#include "../../vmx/nested/caps.h"
#include "../../vmx/nested/nested.h"
#include "fake.h"
#include "leave_machine.h"
#include "tap.h"

#define AT_LAUNCH_ONLY(type, name) static type name(void) { abort(); }
AT_LAUNCH_ONLY(u64, read_cr0)
AT_LAUNCH_ONLY(u64, read_dr7)
AT_LAUNCH_ONLY(u16, read_es)
AT_LAUNCH_ONLY(u16, read_cs)
AT_LAUNCH_ONLY(u16, read_ss)
AT_LAUNCH_ONLY(u16, read_ds)
AT_LAUNCH_ONLY(u16, read_fs)
AT_LAUNCH_ONLY(u16, read_gs)
AT_LAUNCH_ONLY(u16, store_ldtr)
#define rdmsr(msr) fake_msr_get(msr)

#include "../../vmx/guest_state.c"

#define NR_CPUS FAKE_MAX_CPUS
#define TSC_KHZ 1000000ull
#define WINDOW (TSC_KHZ * KICK_WINDOW_MS)

struct handover handover;
struct vmx_caps vmx_caps;

int guest_read(gpa_t from, void *to, size_t size)
{
	return -EFAULT;
}

int guest_copy_in(const struct guest_paging *paging, gva_t from, void *to, size_t size, size_t *done,
		  gva_t *fault, u32 *error)
{
	abort();
}

static u64 cr2;

void write_cr2(u64 value)
{
	cr2 = value;
}

static bool debug_status_reset;

void reset_debug_status(void)
{
	debug_status_reset = true;
}

static u32 nr_invvpid;

void invvpid(u64 type, u16 vpid, u64 linear)
{
	nr_invvpid += type == INVVPID_SINGLE_CONTEXT && vpid == VPID_LINUX;
}

struct cpu *this_cpu(void)
{
	return cpu_of_slot(fake_cpu);
}

/* ---- the CPUs ---- */
enum where {
	GUEST,		/* non-root; its activity state is in VMCS01 */
	PARKING,	/* in root, has said parked, VMXOFF is next */
	HALTED,		/* out of VMX, HLT in the core's memory */
	NATIVE_WAIT,	/* out of VMX, waits for a SIPI: needs no memory */
	NATIVE,		/* out of VMX, runs Linux */
};

enum sender { BY_KICK = 1, BY_PARK = 2, BY_LINUX = 4 };

static struct model {
	enum where where;
	bool offline;		/* Linux has taken it down */
	u32 latched;		/* INITs that wait, merged: enum sender */
} model[NR_CPUS];
static u32 sending;		/* enum sender */
static bool blocked_inits_wait;	/* for a SIPI: latched as on a CPU, or dropped as in Bochs */
static bool hostile;
static jmp_buf parked;

static u64 *activity(u32 c)
{
	return fake_vmcs_field(c, GUEST_ACTIVITY_STATE);
}

static bool waits(u32 c)
{
	return model[c].where == GUEST && *activity(c) == ACTIVITY_WAIT_FOR_SIPI;
}

static bool runs(u32 c)
{
	return model[c].where == GUEST && !waits(c) && !model[c].offline;
}

void vmx_park(struct cpu *cpu)
{
	WRITE_ONCE(cpu->parked, true);
	longjmp(parked, 1);
}

static void out_of_vmx(u32 c, enum where where)
{
	check(core_state == CORE_STATE_LEAVING, "CPU %u is out of VMX in state %u", c, core_state);
	check(!keys && !nr_unwiped && closed, "CPU %u is out of VMX, secrets are left", c);
	check(!(model[c].latched & BY_KICK), "CPU %u is reset by a kick at VMXOFF", c);
	cpu_of_slot(c)->in_vmx = false;
	/* An INIT that is latched resets at VMXOFF. */
	model[c].where = model[c].latched ? NATIVE_WAIT : where;
	model[c].latched = 0;
}

static void init_arrives(u32 c, u32 by);

static void enter_guest(u32 c)
{
	u32 by = model[c].latched;

	/* exit.S */
	if (cpu_of_slot(c)->flush_done != flush_generation)
		flush_this_cpu(cpu_of_slot(c));
	if (waits(c)) {
		check(!(vmread(VM_ENTRY_INTERRUPTION_INFO) & INTR_INFO_VALID), "SDM 27.3.1.5: event with wait-for-SIPI");
		check(!vmread(GUEST_INTERRUPTIBILITY_STATE));
		return;
	}
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	if (by) {
		model[c].latched = 0;
		init_arrives(c, by);
	}
}

/* Exit 3 or 4; the other exits change nothing here. */
static void exit_of(u32 c, void (*handle)(struct cpu *cpu))
{
	u32 before = fake_cpu;

	fake_cpu = c;
	if (setjmp(parked))
		model[c].where = PARKING;
	else if (handle)
		handle(cpu_of_slot(c));
	if (model[c].where == GUEST)
		enter_guest(c);
	fake_cpu = before;
}

static void init_arrives(u32 c, u32 by)
{
	u64 was = *activity(c), rip = *fake_vmcs_field(c, GUEST_RIP);
	bool park = cpu_of_slot(c)->park, in_window = kick_outstanding(cpu_of_slot(c));

	switch (model[c].where) {
	case GUEST:
		if (!waits(c)) {
			*fake_vmcs_field(c, IDT_VECTORING_INFO) = 0;
			exit_of(c, handle_init);
			if (park)
				check(model[c].where == PARKING);
			else if (!vmx_caps.unrestricted_guest)
				check(*activity(c) == was && *fake_vmcs_field(c, GUEST_RIP) == rip);
			else if (by == BY_LINUX && !in_window)
				check(waits(c), "Linux's INIT is lost");
			else if (!(by & BY_LINUX))
				check(*activity(c) == was && *fake_vmcs_field(c, GUEST_RIP) == rip,
				      "a kick was taken for Linux's INIT");
		} else if (blocked_inits_wait) {
			model[c].latched |= by;
		}
		break;
	case PARKING:
		model[c].latched |= by;
		break;
	case HALTED:
	case NATIVE:
		check(by != BY_KICK, "a kick resets CPU %u", c);
		model[c].where = NATIVE_WAIT;
		break;
	case NATIVE_WAIT:
		break;
	}
}

static void sipi_arrives(u32 c, u8 vector)
{
	struct cpu *cpu = cpu_of_slot(c);
	bool park = cpu->park;

	if (model[c].where == NATIVE_WAIT) {
		check(sending == BY_LINUX, "the core starts CPU %u natively, at 0", c);
		model[c].where = NATIVE;
	}
	if (!waits(c))
		return;
	*fake_vmcs_field(c, EXIT_QUALIFICATION) = vector;
	exit_of(c, handle_sipi);
	if (park)
		check(model[c].where == PARKING);
	else if (!model[c].latched && !waits(c))
		check(*fake_vmcs_field(c, GUEST_CS_BASE) == (u64)vector << 12 && !cpu->wait_sipi &&
		      cpu->flush_done == flush_generation, "CPU %u does not start", c);
}

bool apic_send_init(u32 apic_id)
{
	check(apic_id >= 40 && apic_id < 40 + handover.nr_cpus);
	init_arrives(apic_id - 40, sending);
	return true;
}

bool apic_send_sipi(u32 apic_id, u8 vector)
{
	check(apic_id >= 40 && apic_id < 40 + handover.nr_cpus);
	sipi_arrives(apic_id - 40, vector);
	return true;
}

static void start(void)
{
	u32 c;

	fake_cpu_reset(NR_CPUS);
	fake_tsc = 1000 * WINDOW;
	flush_generation = 0;
	handover = (struct handover){ .nr_cpus = 2 + fake_below(NR_CPUS - 1), .tsc_khz = TSC_KHZ };
	vmx_caps = (struct vmx_caps){
		.cr0_fixed0 = CR0_PE | CR0_NE | CR0_PG, .cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = CR4_VMXE, .cr4_fixed1 = 0x3767ff, .maxphyaddr = 39, .vpid = true,
		.unrestricted_guest = !fake_chance(10), .preemption_timer = fake_chance(30),
	};
	blocked_inits_wait = fake_chance(50);
	hostile = fake_chance(50);
	core_state = CORE_STATE_LAUNCHING;
	closed = false;
	keys = true;
	nr_pals = nr_unwiped = 0;
	sending = BY_LINUX;
	memset(model, 0, sizeof(model));
	for (c = 0; c < handover.nr_cpus; c++) {
		struct cpu *cpu = cpu_of_slot(c);

		*cpu = (struct cpu){ .slot = c, .apic_id = 40 + c, .in_vmx = true, .launched = true };
		*fake_vmcs_field(c, VM_ENTRY_CONTROLS) = ENTRY_IA32E_MODE_GUEST;
		*fake_vmcs_field(c, GUEST_CS_ACCESS_RIGHTS) = 0xa09b;
	}
	for (c = 0; c < handover.nr_cpus; c++)
		launch_commit(cpu_of_slot(c));
	check(core_state == CORE_STATE_RUNNING);
}

/* ---- what Linux does ---- */
static bool any_kick_outstanding(void)
{
	u32 c;

	for (c = 0; c < handover.nr_cpus; c++)
		if (kick_outstanding(cpu_of_slot(c)))
			return true;
	return false;
}

static void linux_init(u32 c)
{
	/* The module keeps hotplug and shoot-downs apart; and an honest Linux stops a CPU first. */
	if (!hostile && (any_kick_outstanding() || !model[c].offline))
		return;
	if (c)	/* CPU 0 asks for all the rest */
		init_arrives(c, BY_LINUX);
}

static void linux_sipi(u32 c)
{
	sipi_arrives(c, fake_below(256));
	if (c && !waits(c) && (model[c].where == GUEST || model[c].where == NATIVE))
		model[c].offline = false;
}

static void linux_offline(u32 c)
{
	if (!c || !runs(c) || (!vmx_caps.unrestricted_guest && !hostile))
		return;
	model[c].offline = true;
	*activity(c) = ACTIVITY_HLT;
}

static void shoot_down(u32 by)
{
	u64 ticket;
	u32 c;

	if (!runs(by) || core_state == CORE_STATE_LEAVING)
		return;
	fake_cpu = by;
	sending = BY_KICK;
	ticket = tlb_flush_begin();
	sending = BY_LINUX;
	/* By the timer, or by an IPI of an honest Linux's. */
	for (c = 0; c < handover.nr_cpus; c++)
		if (runs(c) && (vmx_caps.preemption_timer || !hostile))
			exit_of(c, NULL);
	if (tlb_flush_done(ticket) == 1)
		for (c = 0; c < handover.nr_cpus; c++)
			check(model[c].where != GUEST || waits(c) || cpu_of_slot(c)->flush_done >= ticket,
			      "CPU %u was not waited for", c);
	fake_cpu = 0;
}

static void prepare(u64 how)
{
	u64 why = 0, which = 0;
	u32 c, before = core_state;
	s64 ret;

	if (!runs(0))
		return;
	ret = leave_prepare(cpu_of_slot(0), how, &why, &which);
	check(!ret || (how == LEAVE_FORCE && core_state == CORE_STATE_WIPING) ||
	      core_state == (why == LEAVE_BUSY_LOCKED ? before : CORE_STATE_RUNNING), "refused, and not as before");
	if (ret || before == CORE_STATE_LEAVING)
		return;
	check(core_state == CORE_STATE_LEAVING && !any_kick_outstanding());
	if (how == LEAVE_FORCE)
		return;
	check(!nr_pals && !(handover.flags & HANDOVER_LOCK));
	for (c = 0; c < handover.nr_cpus; c++)
		check(!waits(c), "CPU %u waits for a SIPI, and would for ever", c);
}

static void leave(u32 c)
{
	if (!runs(c))
		return;
	fake_cpu = c;
	vmwrite(VM_ENTRY_CONTROLS, ENTRY_IA32E_MODE_GUEST);	/* it is Linux that calls */
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xa09b);
	if (c && leave_check(cpu_of_slot(c)) == 0)
		out_of_vmx(c, NATIVE);
	fake_cpu = 0;
}

static s64 park(u32 c)
{
	s64 ret;

	sending = BY_PARK;
	ret = leave_park(cpu_of_slot(0), c);
	sending = BY_LINUX;
	return ret;
}

static void pals_come_and_go(void)
{
	if (core_state == CORE_STATE_RUNNING && !closed)
		nr_pals = nr_unwiped = fake_below(3);
}

static void consistent(void)
{
	u32 c;

	for (c = 0; c < handover.nr_cpus; c++) {
		check(cpu_of_slot(c)->in_vmx == (model[c].where <= PARKING), "CPU %u", c);
		check(model[c].where != GUEST || cpu_of_slot(c)->wait_sipi == waits(c), "CPU %u", c);
		check(core_state == CORE_STATE_LEAVING || model[c].where == GUEST, "CPU %u", c);
	}
	check(core_state != CORE_STATE_RUNNING || (keys && !closed));
}

static void one_step(void)
{
	u32 c = fake_below(handover.nr_cpus);

	switch (fake_below(12)) {
	case 0:
	case 1:
		linux_offline(c);
		break;
	case 2:
	case 3:
		linux_init(c);
		break;
	case 4:
	case 5:
		linux_sipi(c);
		break;
	case 6:
		shoot_down(c);
		break;
	case 7:
		fake_tsc += fake_below(2 * WINDOW);
		break;
	case 8:
		pals_come_and_go();
		break;
	case 9:
		if (fake_chance(30))
			prepare(fake_below(2));
		break;
	case 10:
		if (c && (hostile || model[c].offline || core_state != CORE_STATE_LEAVING))
			park(c);
		break;
	case 11:
		leave(c);
		break;
	}
	c = fake_below(handover.nr_cpus);
	if (model[c].where == PARKING)
		out_of_vmx(c, HALTED);
	consistent();
}

/* Reboot: what module/leave.c does. Nobody may be left in memory that goes. */
static void everybody_out(void)
{
	u64 why, which;
	u32 c, tries;
	s64 ret;

	for (tries = 0; tries < 100; tries++) {
		ret = leave_prepare(cpu_of_slot(0), LEAVE_FORCE, &why, &which);
		if (!ret)
			break;
		check(ret == -EAGAIN || (ret == -EBUSY && why == LEAVE_BUSY_KICK), "answer %lld", ret);
		fake_tsc += WINDOW / 10;
	}
	check(!ret, "a forced leave is refused for ever");
	for (c = 1; c < handover.nr_cpus; c++) {
		if (runs(c))
			leave(c);
		for (tries = 0; tries < 100 && model[c].where != NATIVE; tries++) {
			ret = park(c);
			if (!ret)
				break;
			check(ret == -EAGAIN);
			if (model[c].where == PARKING && fake_chance(60))
				out_of_vmx(c, HALTED);
		}
		check(model[c].where == NATIVE || model[c].where == NATIVE_WAIT, "CPU %u is lost: %d after %u tries",
		      c, model[c].where, tries);
	}
	for (c = 1; c < handover.nr_cpus; c++)
		if (model[c].where == NATIVE_WAIT) {
			init_arrives(c, BY_LINUX);
			sipi_arrives(c, 8);
			check(model[c].where == NATIVE);
		}
}

static void histories(u32 n)
{
	u32 steps;

	while (n--) {
		start();
		if (fake_chance(10))
			handover.flags = HANDOVER_LOCK;
		for (steps = fake_below(60); steps--; )
			one_step();
		everybody_out();
	}
}

/* ---- SDM table 10-1, the column of INIT; 9.4.4 for CS and RIP ---- */
static const struct { u32 field; u64 value; } after_sipi[] = {
	{ GUEST_ES_SELECTOR, 0 }, { GUEST_ES_BASE, 0 }, { GUEST_ES_LIMIT, 0xffff }, { GUEST_ES_ACCESS_RIGHTS, 0x93 },
	{ GUEST_SS_SELECTOR, 0 }, { GUEST_SS_BASE, 0 }, { GUEST_SS_LIMIT, 0xffff }, { GUEST_SS_ACCESS_RIGHTS, 0x93 },
	{ GUEST_DS_SELECTOR, 0 }, { GUEST_DS_BASE, 0 }, { GUEST_DS_LIMIT, 0xffff }, { GUEST_DS_ACCESS_RIGHTS, 0x93 },
	{ GUEST_FS_SELECTOR, 0 }, { GUEST_FS_BASE, 0 }, { GUEST_FS_LIMIT, 0xffff }, { GUEST_FS_ACCESS_RIGHTS, 0x93 },
	{ GUEST_GS_SELECTOR, 0 }, { GUEST_GS_BASE, 0 }, { GUEST_GS_LIMIT, 0xffff }, { GUEST_GS_ACCESS_RIGHTS, 0x93 },
	{ GUEST_CS_LIMIT, 0xffff }, { GUEST_CS_ACCESS_RIGHTS, 0x9b },
	{ GUEST_LDTR_SELECTOR, 0 }, { GUEST_LDTR_BASE, 0 }, { GUEST_LDTR_LIMIT, 0xffff },
	{ GUEST_LDTR_ACCESS_RIGHTS, 0x82 },
	{ GUEST_TR_SELECTOR, 0 }, { GUEST_TR_BASE, 0 }, { GUEST_TR_LIMIT, 0xffff }, { GUEST_TR_ACCESS_RIGHTS, 0x8b },
	{ GUEST_GDTR_BASE, 0 }, { GUEST_GDTR_LIMIT, 0xffff }, { GUEST_IDTR_BASE, 0 }, { GUEST_IDTR_LIMIT, 0xffff },
	/* CD and NW do not change with a VM entry; NE is 1 for VMX, VMXE too. */
	{ GUEST_CR0, 0x60000030 }, { CR0_READ_SHADOW, 0x60000010 }, { CR0_GUEST_HOST_MASK, CR0_NE },
	{ GUEST_CR3, 0 }, { GUEST_CR4, CR4_VMXE }, { CR4_READ_SHADOW, 0 },
	{ GUEST_DR7, 0x400 }, { GUEST_RSP, 0 }, { GUEST_RIP, 0 }, { GUEST_RFLAGS, 2 },
	{ GUEST_IA32_EFER, 0 }, { GUEST_IA32_DEBUGCTL, 0 },
	{ GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE }, { GUEST_INTERRUPTIBILITY_STATE, 0 },
	{ GUEST_PENDING_DEBUG_EXCEPTIONS, 0 }, { VM_ENTRY_INTERRUPTION_INFO, 0 },
};

#define NR_FIELDS 0x7000
static u64 fields_before[NR_FIELDS];

static u64 expected(u32 field, u8 vector)
{
	u32 i;

	switch (field) {
	case GUEST_CS_SELECTOR:
		return vector << 8;
	case GUEST_CS_BASE:
		return vector << 12;
	case VM_ENTRY_CONTROLS:
		return fields_before[field] & ~ENTRY_IA32E_MODE_GUEST;
	case CR4_GUEST_HOST_MASK:	/* vmx/cr.c; test_vmx_cpu has its rules */
		return vmread(field) | CR4_VMXE | CR4_SMXE;
	}
	for (i = 0; i < ARRAY_SIZE(after_sipi); i++)
		if (after_sipi[i].field == field)
			return after_sipi[i].value;
	return fields_before[field];
}

static void state_after_sipi(void)
{
	struct guest_regs regs = { 0 };
	struct cpu *cpu;
	u32 vector, field;

	for (vector = 0; vector < 256; vector++) {
		start();
		vmx_caps.unrestricted_guest = true;
		cpu = cpu_of_slot(0);
		for (field = 0; field < NR_FIELDS; field++)
			vmwrite(field, fields_before[field] = fake_random());
		memset(&cpu->regs, 0xee, sizeof(cpu->regs));
		cpu->wait_sipi = true;
		cpu->events_seen.mc = 1;	/* one that came while it waited is due now */
		cpu->init_edx = 0x000806ec;
		cr2 = 5;
		debug_status_reset = false;
		nr_invvpid = 0;
		vmwrite(EXIT_QUALIFICATION, 0xabcd00 | vector);
		fields_before[EXIT_QUALIFICATION] = 0xabcd00 | vector;
		handle_sipi(cpu);
		for (field = 0; field < NR_FIELDS; field++)
			check(vmread(field) == expected(field, vector), "vector %x, field %x: %llx, not %llx", vector,
			      field, vmread(field), expected(field, vector));
		regs.rdx = 0x000806ec;
		check(!memcmp(&cpu->regs, &regs, sizeof(regs)), "general registers");
		check(cr2 == 0 && debug_status_reset && nr_invvpid == 1 && !cpu->wait_sipi && !cpu->events_seen.mc);
	}
	ok(1, "after a SIPI with each vector every register is as the SDM's table says, and no other field has changed");
}

static void state_while_waiting(void)
{
	static struct nested nested;
	struct cpu *cpu;
	u32 field;

	start();
	vmx_caps.unrestricted_guest = true;
	cpu = cpu_of_slot(0);
	for (field = 0; field < NR_FIELDS; field++)
		vmwrite(field, fields_before[field] = fake_random());
	handle_init(cpu);
	for (field = 0; field < NR_FIELDS; field++)
		if (field != GUEST_ACTIVITY_STATE && field != GUEST_INTERRUPTIBILITY_STATE &&
		    field != VM_ENTRY_INTERRUPTION_INFO)
			check(vmread(field) == fields_before[field], "field %x", field);
	ok(vmread(GUEST_ACTIVITY_STATE) == ACTIVITY_WAIT_FOR_SIPI && !vmread(GUEST_INTERRUPTIBILITY_STATE) &&
	   !vmread(VM_ENTRY_INTERRUPTION_INFO) && cpu->wait_sipi, "an INIT makes it wait, in a state that an entry takes");
	cpu->kick_sent = fake_tsc;
	cpu->wait_sipi = false;
	vmwrite(GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
	vmwrite(IDT_VECTORING_INFO, 0x80000030);
	handle_init(cpu);
	ok(vmread(GUEST_ACTIVITY_STATE) == ACTIVITY_ACTIVE && vmread(VM_ENTRY_INTERRUPTION_INFO) == 0x80000030 &&
	   !cpu->wait_sipi, "one within 50 ms of a kick is the kick: the CPU goes on, with the event that it interrupted");
	fake_tsc += WINDOW;
	handle_init(cpu);
	ok(cpu->wait_sipi, "a later one is Linux's");

	nested = (struct nested){ .vmxon = true };
	nested_of_cpu[0] = &nested;
	cpu->wait_sipi = false;
	vmwrite(GUEST_ACTIVITY_STATE, ACTIVITY_ACTIVE);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	handle_init(cpu);
	ok(!cpu->wait_sipi && nested.init_latched && vmread(GUEST_ACTIVITY_STATE) == ACTIVITY_ACTIVE &&
	   vmread(VM_ENTRY_INTERRUPTION_INFO) == 0x80000030, "in VMX operation of Linux's it is held back (RULES 15)");
	nested.init_latched = false;
	cpu->kick_sent = fake_tsc;
	handle_init(cpu);
	ok(!nested.init_latched, "but a kick never becomes one of Linux's");
	nested_of_cpu[0] = NULL;
}

int main(void)
{
	state_while_waiting();
	state_after_sipi();
	histories(50000);
	ok(1, "50,000 histories of INIT, SIPI, kick, park and leave: no CPU is lost, none leaves unprepared");
	return tap_finish();
}
