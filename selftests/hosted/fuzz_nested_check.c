// SPDX-License-Identifier: GPL-2.0
/* link: vmx/nested/check.c vmx/nested/check_guest.c */
/*
 * Random VMCS12s and good ones with some bits turned. None may crash; what is accepted
 * has to satisfy an oracle that is written bit by bit from the SDM's text (vol. 3, 24.8,
 * 27.2, 27.3.1), not from the checks; and the parts of the checks, used as check.h says,
 * must answer as the whole.
 */
#include "fuzz.h"
#include "nested_check_machine.h"
#include "tap.h"

void log_event(int level, const char *fmt, ...)
{
}

/* Field of VMCS12 as the CPU would hold it. */
static u64 get(const struct vmcs12 *v, u32 i)
{
	static const u64 widths[4] = { 0xffff, ~0ull, 0xffffffff, ~0ull };
#define ENCODING(member, NAME, encoding, exists, class, shadow) encoding,
	static const u16 encodings[] = { VMCS_FIELDS(ENCODING) };
	u32 width = encodings[i] >> 13;

	return v->field[i] & widths[width];
}
#define GET(NAME) get(v, VMCS12_INDEX(NAME))

static bool bit(u64 value, u32 n)
{
	return value >> n & 1;
}

static void must_be_zero(u64 value, u32 from, u32 to)
{
	for (; from <= to; from++)
		check(!bit(value, from));
}

static void must_be_alike(u64 value, u32 from, u32 to)
{
	u32 i;

	for (i = from; i < to; i++)
		check(bit(value, i) == bit(value, i + 1));
}

static u32 cpu_width(void)
{
	return bit(nested_caps.cr4_fixed1, 12) ? 57 : 48;
}

/* ---- controls ---- */
static void capability_holds(u64 capability, u64 value)
{
	u32 i;

	for (i = 0; i < 32; i++)
		check(bit(value, i) ? bit(capability, 32 + i) : !bit(capability, i));
}

enum word { W_PIN, W_PROC, W_PROC2, W_EXIT, W_ENTRY, NR_WORDS };
static u64 word[NR_WORDS];

static void read_words(const struct vmcs12 *v)
{
	word[W_PIN] = GET(PIN_BASED_CONTROLS);
	word[W_PROC] = GET(PROCESSOR_BASED_CONTROLS);
	word[W_PROC2] = bit(word[W_PROC], 31) ? GET(SECONDARY_CONTROLS) : 0;
	word[W_EXIT] = GET(VM_EXIT_CONTROLS);
	word[W_ENTRY] = GET(VM_ENTRY_CONTROLS);
}

#define AT(NAME) VMCS12_INDEX(NAME)
/* A control, the address that goes with it, and how many of its low bits are 0. */
static const struct { u8 word, bit, low; u16 field; } addresses[] = {
	{ W_PROC, 25, 12, AT(IO_BITMAP_A) }, { W_PROC, 25, 12, AT(IO_BITMAP_B) },
	{ W_PROC, 28, 12, AT(MSR_BITMAP) }, { W_PROC, 21, 12, AT(VIRTUAL_APIC_ADDRESS) },
	{ W_PROC2, 0, 12, AT(APIC_ACCESS_ADDRESS) }, { W_PROC2, 17, 12, AT(PML_ADDRESS) },
	{ W_PROC2, 14, 12, AT(VMREAD_BITMAP) }, { W_PROC2, 14, 12, AT(VMWRITE_BITMAP) },
	{ W_PROC2, 18, 12, AT(VIRTUALIZATION_EXCEPTION_ADDRESS) },
	{ W_PIN, 7, 6, AT(POSTED_INTERRUPT_DESCRIPTOR) },
};

/* A control that must not be 1 unless (or if: other = 1 << 7) another is. */
#define NOT 128
static const struct { u8 word, bit, other_word, other_bit; } needs[] = {
	{ W_PIN, 5, W_PIN, 3 }, { W_PROC, 22, W_PIN, 5 }, { W_PROC2, 4, W_PROC, 21 },
	{ W_PROC2, 8, W_PROC, 21 }, { W_PROC2, 9, W_PROC, 21 }, { W_PROC2, 9, W_PIN, 0 },
	{ W_PIN, 7, W_PROC2, 9 }, { W_PIN, 7, W_EXIT, 15 }, { W_PROC2, 7, W_PROC2, 1 },
	{ W_PROC2, 17, W_PROC2, 1 }, { W_PROC2, 22, W_PROC2, 1 }, { W_EXIT, 22, W_PIN, 6 },
	{ W_PROC2, 0, W_PROC2 | NOT, 4 },
};

static void oracle_areas(const struct vmcs12 *v)
{
	static const u16 areas[3][2] = {
		{ AT(VM_EXIT_MSR_STORE_ADDRESS), AT(VM_EXIT_MSR_STORE_COUNT) },
		{ AT(VM_EXIT_MSR_LOAD_ADDRESS), AT(VM_EXIT_MSR_LOAD_COUNT) },
		{ AT(VM_ENTRY_MSR_LOAD_ADDRESS), AT(VM_ENTRY_MSR_LOAD_COUNT) },
	};
	u32 i;

	for (i = 0; i < 3; i++) {
		unsigned __int128 end = get(v, areas[i][0]);

		end += (unsigned __int128)get(v, areas[i][1]) * 16;
		check(!get(v, areas[i][1]) || (end <= BIT(vmx_caps.maxphyaddr) && end % 16 == 0));
	}
}

static void oracle_controls(const struct vmcs12 *v)
{
	u64 eptp = GET(EPT_POINTER);
	u32 i;

	capability_holds(nested_caps.true_pin, word[W_PIN]);
	capability_holds(nested_caps.true_proc, word[W_PROC]);
	if (bit(word[W_PROC], 31))
		capability_holds(nested_caps.proc2, word[W_PROC2]);
	capability_holds(nested_caps.true_exit, word[W_EXIT]);
	capability_holds(nested_caps.true_entry, word[W_ENTRY]);
	for (i = 0; i < ARRAY_SIZE(addresses); i++) {
		if (!bit(word[addresses[i].word], addresses[i].bit))
			continue;
		must_be_zero(get(v, addresses[i].field), 0, addresses[i].low - 1);
		must_be_zero(get(v, addresses[i].field), vmx_caps.maxphyaddr, 63);
	}
	for (i = 0; i < ARRAY_SIZE(needs); i++)
		if (bit(word[needs[i].word], needs[i].bit))
			check(bit(word[needs[i].other_word & ~NOT], needs[i].other_bit) ==
			      !(needs[i].other_word & NOT));
	if (bit(word[W_PROC2], 1)) {
		check(eptp % 64 == 0x18 || eptp % 64 == 0x1e);
		must_be_zero(eptp, 7, 11);
		must_be_zero(eptp, vmx_caps.maxphyaddr, 63);
	}
	check(GET(CR3_TARGET_COUNT) <= 4);
	check(!bit(word[W_PROC2], 5) || GET(VPID));
	check(!bit(word[W_PROC2], 25) || GET(TSC_MULTIPLIER));
	check(!bit(word[W_PIN], 7) || GET(POSTED_INTERRUPT_VECTOR) < 256);
	if (bit(word[W_PROC], 21) && !bit(word[W_PROC2], 9)) {
		check(GET(TPR_THRESHOLD) < 16);
		check(bit(word[W_PROC2], 0) || GET(TPR_THRESHOLD) <=
		      (GET(VIRTUAL_APIC_ADDRESS) == VIRTUAL_APIC ? vtpr / 16 % 16 : 0));
	}
	if (bit(word[W_PROC2], 13)) {
		check(GET(VM_FUNCTION_CONTROLS) < 2);
		check(!GET(VM_FUNCTION_CONTROLS) ||
		      (bit(word[W_PROC2], 1) && GET(EPTP_LIST_ADDRESS) % 4096 == 0 &&
		       GET(EPTP_LIST_ADDRESS) < BIT(vmx_caps.maxphyaddr)));
	}
	check(!bit(eptp, 6) || !bit(word[W_PROC2], 1) || bit(nested_caps.ept_vpid, 21));
	oracle_areas(v);
}

/* ---- registers ---- */
static void fixed_bits_hold(u64 value, u64 fixed0, u64 fixed1, u64 free)
{
	u32 i;

	for (i = 0; i < 64; i++)
		if (!bit(free, i))
			check(bit(value, i) ? bit(fixed1, i) : !bit(fixed0, i));
}

static void oracle_pat(u64 pat)
{
	u32 i;

	for (i = 0; i < 8; i++, pat >>= 8)
		check((pat & 0xff) <= 7 && (pat & 0xff) != 2 && (pat & 0xff) != 3);
}

static void oracle_efer(u64 efer, bool long_mode, bool paging)
{
	u32 i;

	for (i = 0; i < 64; i++)
		check(!bit(efer, i) || i == 0 || i == 8 || i == 10 || i == 11);
	check(bit(efer, 10) == long_mode);
	check(!paging || bit(efer, 8) == long_mode);
}

static void oracle_host(const struct vmcs12 *v, const struct check_l1 *l1)
{
	static const u16 bases[] = {
		AT(HOST_FS_BASE), AT(HOST_GS_BASE), AT(HOST_TR_BASE), AT(HOST_GDTR_BASE),
		AT(HOST_IDTR_BASE), AT(HOST_IA32_SYSENTER_ESP), AT(HOST_IA32_SYSENTER_EIP),
	};
	bool long_mode = bit(word[W_EXIT], 9);
	u64 cr4 = GET(HOST_CR4), rip = GET(HOST_RIP);
	u32 i;

	check(long_mode == l1->long_mode);
	fixed_bits_hold(GET(HOST_CR0), nested_caps.cr0_fixed0, nested_caps.cr0_fixed1, 3 << 29);
	fixed_bits_hold(cr4, nested_caps.cr4_fixed0, nested_caps.cr4_fixed1, 0);
	check(!bit(cr4, 23) || bit(GET(HOST_CR0), 16));
	must_be_zero(GET(HOST_CR3), vmx_caps.maxphyaddr, 63);
	for (i = 0; i < ARRAY_SIZE(bases); i++)
		must_be_alike(get(v, bases[i]), cpu_width() - 1, 63);
	for (i = 0; i < 7; i++)
		check(get(v, AT(HOST_ES_SELECTOR) + i) % 8 == 0);
	check(GET(HOST_CS_SELECTOR) && GET(HOST_TR_SELECTOR));
	if (long_mode) {
		must_be_alike(rip, bit(cr4, 12) ? 56 : 47, 63);
		check(bit(cr4, 5));
	} else {
		check(!bit(cr4, 17) && rip < 1ull << 32 && GET(HOST_SS_SELECTOR));
		check(!bit(word[W_ENTRY], 9));
	}
	if (bit(word[W_EXIT], 19))
		oracle_pat(GET(HOST_IA32_PAT));
	if (bit(word[W_EXIT], 21))
		oracle_efer(GET(HOST_IA32_EFER), long_mode, true);
	if (bit(word[W_EXIT], 12))
		check(!(GET(HOST_IA32_PERF_GLOBAL_CTRL) & ~0x70000000full));
}

/* ---- guest ---- */
struct decoded {
	u64 base, limit;
	u32 type, dpl, rpl, selector;
	bool s, p, l, db, g, usable, reserved;
};

static struct decoded decode(const struct vmcs12 *v, u32 i)
{
	u64 ar = get(v, AT(GUEST_ES_ACCESS_RIGHTS) + i), sel = get(v, AT(GUEST_ES_SELECTOR) + i);

	return (struct decoded){
		.base = get(v, AT(GUEST_ES_BASE) + i), .limit = get(v, AT(GUEST_ES_LIMIT) + i),
		.type = ar % 16, .s = bit(ar, 4), .dpl = ar / 32 % 4, .p = bit(ar, 7),
		.l = bit(ar, 13), .db = bit(ar, 14), .g = bit(ar, 15), .usable = !bit(ar, 16),
		.reserved = ar / 256 % 16 || ar >> 17, .rpl = sel % 4, .selector = sel,
	};
}

/* What any descriptor of the CPU could have said: a limit in bytes or in pages. */
static void a_descriptor_has_it(const struct decoded *d)
{
	check(d->p && !d->reserved);
	check(d->g ? (d->limit + 1) % 4096 == 0 : d->limit < 1 << 20);
}

static void oracle_segments(const struct vmcs12 *v, bool unrestricted, bool long_mode)
{
	bool v8086 = bit(GET(GUEST_RFLAGS), 17), real = !bit(GET(GUEST_CR0), 0);
	struct decoded d[8];
	u32 i;

	for (i = 0; i < 8; i++)
		d[i] = decode(v, i);
	for (i = 0; i < 6; i++) {
		if (v8086) {
			check(d[i].base == d[i].selector * 16 && d[i].limit == 0xffff);
			check(get(v, AT(GUEST_ES_ACCESS_RIGHTS) + i) == 0xf3);
			continue;
		}
		if (i == 4 || i == 5)
			must_be_alike(d[i].base, cpu_width() - 1, 63);
		if (i != 1 && !d[i].usable)
			continue;
		a_descriptor_has_it(&d[i]);
		check(d[i].s && d[i].type % 2 == 1);
		check(i >= 4 || d[i].base < 1ull << 32);
		if (i == 1)
			check(d[i].type > 8 || (d[i].type == 3 && unrestricted && !d[i].dpl));
		else if (i == 2)
			check(d[i].type == 3 || d[i].type == 7);
		else
			check(d[i].type < 8 || d[i].type == 11 || d[i].type == 15);
		if (i != 1 && i != 2 && !unrestricted && d[i].type < 12)
			check(d[i].dpl >= d[i].rpl);
	}
	if (!v8086) {
		check(d[1].type < 12 ? d[1].dpl == d[2].dpl : d[1].dpl <= d[2].dpl);
		check(!real || d[2].dpl == 0);
		check(unrestricted || (d[2].dpl == d[2].rpl && d[1].rpl == d[2].rpl));
		check(!long_mode || !d[1].l || !d[1].db);
	}
	for (i = 6; i < 8; i++) {
		check(d[i].usable || i == 6);
		if (!d[i].usable)
			continue;
		a_descriptor_has_it(&d[i]);
		check(!d[i].s && !(d[i].selector & 4));
		check(i == 6 ? d[i].type == 2 : d[i].type == 11 || (d[i].type == 3 && !long_mode));
		must_be_alike(d[i].base, cpu_width() - 1, 63);
	}
}

static void oracle_events(const struct vmcs12 *v)
{
	u64 info = GET(VM_ENTRY_INTERRUPTION_INFO), activity = GET(GUEST_ACTIVITY_STATE);
	u64 blocking = GET(GUEST_INTERRUPTIBILITY_STATE), rflags = GET(GUEST_RFLAGS);
	u64 pending = GET(GUEST_PENDING_DEBUG_EXCEPTIONS);
	bool sti = bit(blocking, 0), mov_ss = bit(blocking, 1);
	u32 type = info / 256 % 8, vector = info % 256;

	check(blocking < 16 && !bit(blocking, 2) && !(sti && mov_ss) && (!sti || bit(rflags, 9)));
	check(activity < 4 && !(activity && (sti || mov_ss)));
	check(activity != 1 || decode(v, 2).dpl == 0);
	check(!activity || bit(nested_caps.misc, 5 + activity));
	check(!(pending & ~0x500full));
	if (sti || mov_ss || activity == 1)
		check(bit(pending, 14) == (bit(rflags, 8) && !bit(GET(GUEST_IA32_DEBUGCTL), 1)));
	if (!bit(info, 31))
		return;
	must_be_zero(info, 12, 30);
	check(type != 1 && activity != 3);
	check(type != 0 || (bit(rflags, 9) && !sti && !mov_ss));
	check(type != 2 || (vector == 2 && !sti && !mov_ss));
	check(type != 2 || !bit(word[W_PIN], 5) || !bit(blocking, 3));
	check(type != 3 || vector < 32);
	check(type != 7 || (vector == 0 && bit(nested_caps.true_proc, 32 + 27)));
	if (type >= 4 && type <= 6)
		check(GET(VM_ENTRY_INSTRUCTION_LENGTH) < 16 &&
		      (GET(VM_ENTRY_INSTRUCTION_LENGTH) || bit(nested_caps.misc, 30)));
	if (type == 3 && bit(GET(GUEST_CR0), 0) && !bit(nested_caps.basic, 56))
		check(bit(info, 11) == (vector == 8 || vector == 17 || (vector >= 10 && vector <= 14)));
	if (bit(info, 11))
		check(type == 3 && bit(GET(GUEST_CR0), 0) &&
		      GET(VM_ENTRY_EXCEPTION_ERROR_CODE) < 0x10000);
	check(activity != 2 || type == 2 || (type == 3 && vector == 18));
	check(activity != 1 || type == 0 || type == 2 || type == 7 ||
	      (type == 3 && (vector == 1 || vector == 18)));
}

static void oracle_pdptes(const u64 *p)
{
	u32 i;

	for (i = 0; i < 4; i++) {
		if (!bit(p[i], 0))
			continue;
		must_be_zero(p[i], 1, 2);
		must_be_zero(p[i], 5, 8);
		must_be_zero(p[i], vmx_caps.maxphyaddr, 63);
	}
}

static void oracle_guest(const struct vmcs12 *v, const u64 pdpte[4])
{
	static const u16 bases[] = {
		AT(GUEST_GDTR_BASE), AT(GUEST_IDTR_BASE), AT(GUEST_IA32_SYSENTER_ESP),
		AT(GUEST_IA32_SYSENTER_EIP),
	};
	bool long_mode = bit(word[W_ENTRY], 9), unrestricted = bit(word[W_PROC2], 7);
	u64 cr0 = GET(GUEST_CR0), cr4 = GET(GUEST_CR4), rflags = GET(GUEST_RFLAGS);
	bool pe = bit(cr0, 0), pg = bit(cr0, 31);
	u32 i;

	fixed_bits_hold(cr0, nested_caps.cr0_fixed0, nested_caps.cr0_fixed1,
			3 << 29 | (unrestricted ? 0x80000001 : 0));
	fixed_bits_hold(cr4, nested_caps.cr4_fixed0, nested_caps.cr4_fixed1, 0);
	check(pe || !pg);
	check(!bit(cr4, 23) || bit(cr0, 16));
	check(long_mode ? pg && bit(cr4, 5) : !bit(cr4, 17));
	must_be_zero(GET(GUEST_CR3), vmx_caps.maxphyaddr, 63);
	for (i = 0; i < ARRAY_SIZE(bases); i++)
		must_be_alike(get(v, bases[i]), cpu_width() - 1, 63);
	check(GET(GUEST_GDTR_LIMIT) < 0x10000 && GET(GUEST_IDTR_LIMIT) < 0x10000);
	if (bit(word[W_ENTRY], 2))
		check(GET(GUEST_DR7) < 1ull << 32 && !(GET(GUEST_IA32_DEBUGCTL) & ~0x7fc3ull));
	if (bit(word[W_ENTRY], 14))
		oracle_pat(GET(GUEST_IA32_PAT));
	if (bit(word[W_ENTRY], 15))
		oracle_efer(GET(GUEST_IA32_EFER), long_mode, pg);
	if (bit(word[W_ENTRY], 13))
		check(!(GET(GUEST_IA32_PERF_GLOBAL_CTRL) & ~0x70000000full));
	must_be_zero(rflags, 22, 63);
	check(bit(rflags, 1) && !bit(rflags, 3) && !bit(rflags, 5) && !bit(rflags, 15));
	check(!bit(rflags, 17) || (pe && !long_mode));
	if (long_mode && decode(v, 1).l)
		must_be_alike(GET(GUEST_RIP), bit(cr4, 12) ? 57 : 48, 63);
	else
		check(GET(GUEST_RIP) < 1ull << 32);
	oracle_segments(v, unrestricted, long_mode);
	oracle_events(v);
	if (pg && bit(cr4, 5) && !long_mode)
		oracle_pdptes(bit(word[W_PROC2], 1) ? &v->guest_pdpte0 : pdpte);
	check(GET(VMCS_LINK_POINTER) == ~0ull ||
	      GET(VMCS_LINK_POINTER) == (bit(word[W_PROC2], 14) ? SHADOW_VMCS : PLAIN_VMCS));
	if (pg && bit(cr4, 5) && !long_mode && !bit(word[W_PROC2], 1))
		check(GET(GUEST_CR3) % BIT(32) < RAM_END);
}

/* ---- the parts against the whole ---- */
#define IS_R(member, NAME, encoding, exists, class, shadow) #class[0] == 'R',
static const bool is_rare[] = { VMCS_FIELDS(IS_R) };
#define IS_C(member, NAME, encoding, exists, class, shadow) #class[0] == 'C',
static const bool is_control[] = { VMCS_FIELDS(IS_C) };

/* w is v, which was good, with some fields written. */
static void parts_agree(const struct vmcs12 *v, const struct vmcs12 *w, const struct check_l1 *l1)
{
	u64 p[4], q;
	bool rare = true, controls = true, moved = true;
	u32 i;

	for (i = 0; i < VMCS12_NR_FIELDS; i++) {
		if (v->field[i] == w->field[i])
			continue;
		rare &= !is_rare[i];
		controls &= !is_control[i];
		moved &= i == VMCS12_INDEX(GUEST_RIP) || i == VMCS12_INDEX(GUEST_RSP);
	}
	if (rare && check_guest_shape(v) == check_guest_shape(w) &&
	    check_guest_shape(w) != CHECK_SHAPE_ALWAYS)
		check(check_guest_rare(w, &q), "the shape does not tell all");
	check(check_guest_state(w, CURRENT, p, &q) ==
	      (check_guest_rare(w, &q) && check_guest_hot(w, CURRENT, p, &q)));
	if (controls && !(w->vm_entry_interruption_info & INTR_INFO_VALID))
		check(check_controls(w) == check_controls_again(w));
	if (moved && check_guest_again(w))
		check(check_guest_state(w, CURRENT, p, &q));
}

static u64 next(const u8 **data, size_t *size)
{
	u64 value = 0;
	size_t n = *size < 8 ? *size : 8;

	memcpy(&value, *data, n);
	*data += n;
	*size -= n;
	return value;
}

/* Fields in which few bits mean much: some of these are turned. */
static const struct { u16 field; u32 mask; } dense[] = {
	{ AT(VM_ENTRY_INTERRUPTION_INFO), 0xf3f }, { AT(VM_ENTRY_INTERRUPTION_INFO), 0x202 },
	{ AT(VM_ENTRY_INTERRUPTION_INFO), 0x20 }, { AT(GUEST_ACTIVITY_STATE), 3 },
	{ AT(GUEST_INTERRUPTIBILITY_STATE), 0xb }, { AT(GUEST_INTERRUPTIBILITY_STATE), 3 },
	{ AT(GUEST_RFLAGS), 0x20300 }, { AT(GUEST_CR0), 0x80010001 }, { AT(GUEST_CR4), 0x821020 },
	{ AT(GUEST_PENDING_DEBUG_EXCEPTIONS), 0x5001 }, { AT(TPR_THRESHOLD), 0x1f },
	{ AT(SECONDARY_CONTROLS), 0x4227f }, { AT(PIN_BASED_CONTROLS), 0xe9 },
	{ AT(VM_ENTRY_INSTRUCTION_LENGTH), 0x1f }, { AT(VM_FUNCTION_CONTROLS), 3 },
	{ AT(GUEST_IA32_DEBUGCTL), 2 }, { AT(HOST_CR0), 0x10000 }, { AT(HOST_CR4), 0x821020 },
	{ AT(GUEST_SS_ACCESS_RIGHTS), 0x1e0f0 }, { AT(GUEST_LDTR_ACCESS_RIGHTS), 0x100f0 },
	{ AT(GUEST_GDTR_BASE), ~0u }, { AT(EPT_POINTER), 0xfff }, { AT(EPTP_LIST_ADDRESS), 0xfff },
	{ AT(HOST_SS_SELECTOR), 0xf }, { AT(VM_ENTRY_CONTROLS), 0xe204 },
	{ AT(VM_ENTRY_EXCEPTION_ERROR_CODE), 0x18000 },
};

static void turn_dense(struct vmcs12 *w, u64 r)
{
	u32 i = (r >> 20) % ARRAY_SIZE(dense);
	u64 *field = &w->field[dense[i].field];

	*field ^= r >> 32 & dense[i].mask;
	if (dense[i].field == AT(VM_ENTRY_INTERRUPTION_INFO))
		*field |= BIT(31);
	if (i == 0 && bit(r, 63))
		w->vmcs_link_pointer = PLAIN_VMCS + (r >> 40 & 0xf00);
}

/* An L1 without long mode. */
static void host32(struct vmcs12 *v)
{
	v->vm_exit_controls &= ~EXIT_HOST_ADDRESS_SPACE_SIZE;
	v->host_cr4 &= ~(CR4_PCIDE | CR4_PAE);
	v->host_rip = 0x1000;
	v->host_ss_selector = 8;
	v->host_ia32_efer = EFER_NXE;
}

static void turn(struct vmcs12 *w, u64 r)
{
	u64 *field = &w->field[r % VMCS12_NR_FIELDS];

	switch (r >> 16 & 7) {
	case 3:
	case 4:
	case 5:
		turn_dense(w, r);
		break;
	case 0:
		*field = r >> 20;
		break;
	case 1:
		*field += (s64)r >> 60;
		break;
	case 2:
		*field = w->field[(r >> 20) % VMCS12_NR_FIELDS];
		break;
	default:
		*field ^= BIT(r >> 20 & 63);
	}
}

static u32 nr_accepted, nr_tried;

static void report(void)
{
	printf("# %u of %u accepted\n", nr_accepted, nr_tried);
}

void fuzz_one(const u8 *data, size_t size)
{
	u64 r = next(&data, &size), q = 77, p[4] = { 0 };
	struct check_l1 l1 = { .long_mode = r % 16 };
	struct vmcs12 v, w;
	u32 i;

	if (!nr_tried++)
		atexit(report);
	caps_reset();
	nested_caps.misc ^= (r >> 8 & 15) << 6 & (r & 1 ? ~0ull : 0);
	nested_caps.cr4_fixed1 |= bit(r, 16) ? CR4_LA57 : 0;
	nested_caps.basic |= bit(r, 17) ? BIT(56) : 0;
	nested_caps.misc &= bit(r, 21) ? ~BIT(30) : ~0ull;
	nested_caps.true_proc &= bit(r, 22) ? ~(PROC_MONITOR_TRAP_FLAG << 32) : ~0ull;
	nested_caps.ept_vpid &= bit(r, 23) && bit(r, 25) ? ~BIT(21) : ~0ull;
	vtpr = r >> 24;
	good_vmcs12(&v, (r >> 32) % NR_GOOD);
	v.processor_based_controls &= bit(r, 22) ? ~PROC_MONITOR_TRAP_FLAG : ~0ull;
	if (!l1.long_mode)
		host32(&v);
	if (bit(r, 19))	/* TPR threshold without what makes it mean nothing */
		v.secondary_controls &= ~(PROC2_VIRTUAL_INTERRUPT_DELIVERY |
					  PROC2_VIRTUALIZE_APIC_ACCESSES);
	if (bit(r, 19))
		v.pin_based_controls &= ~PIN_POSTED_INTERRUPTS;
	if (bit(r, 20))
		v.secondary_controls &= ~(PROC2_UNRESTRICTED_GUEST | PROC2_PML);
	if (bit(r, 18))
		memory_pdpte[(r >> 19) & 3] = next(&data, &size);
	w = v;
	if ((r >> 40) % 64 == 0)
		for (i = 0; i < VMCS12_NR_FIELDS; i++)
			w.field[i] = next(&data, &size);
	for (i = 0; i < (r >> 48) % 8; i++)
		turn(&w, next(&data, &size));
	if (!check_controls(&v) && !check_host_state(&v, &l1) &&
	    check_guest_state(&v, CURRENT, p, &q))
		parts_agree(&v, &w, &l1);
	if (check_controls(&w) || check_host_state(&w, &l1))
		return;
	if (!check_guest_state(&w, CURRENT, p, &q)) {
		check(q == 0 || (q >= 2 && q <= 4));
		return;
	}
	check(q == 0);
	nr_accepted++;
	read_words(&w);
	oracle_controls(&w);
	oracle_host(&w, &l1);
	oracle_guest(&w, p);
}
