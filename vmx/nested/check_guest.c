// SPDX-License-Identifier: GPL-2.0
/*
 * The checks of a VM entry on the guest-state area (SDM vol. 3, 27.3.1): a part for
 * each entry (check_guest_hot) and one for state that seldom changes (check_guest_rare).
 * check.h says when the second may be left out. Next: enter.c.
 */
#include "check.h"

#include "../../ept/guest_memory.h"
#include "../../include/platform.h"
#include "nested.h"

#define REQUIRE(condition)                                                                         \
	do {                                                                                       \
		if (unlikely(!(condition))) {                                                      \
			log_event(LOG_DEBUG, "VM entry: check_guest.c:%u: not %s", __LINE__,       \
				  #condition);                                                     \
			return false;                                                              \
		}                                                                                  \
	} while (0)

/* Exit qualifications (27.8) */
#define QUALIFICATION_PDPTE 2
#define QUALIFICATION_NMI 3
#define QUALIFICATION_LINK_POINTER 4

/* Access rights (25.4.1) */
#define AR_TYPE(ar) ((ar) & 0xf)
#define AR_S BIT(4)
#define AR_DPL(ar) ((ar) >> 5 & 3)
#define AR_P BIT(7)
#define AR_L BIT(13)
#define AR_DB BIT(14)
#define AR_G BIT(15)
#define AR_UNUSABLE BIT(16)
#define AR_RESERVED 0xfffe0f00u
#define AR_V8086 0xf3u
#define TYPE_DATA_READ_WRITE 3	/* accessed, expands up */
#define TYPE_LDT 2
#define TYPE_TSS16_BUSY 3
#define TYPE_TSS32_BUSY 11
#define SELECTOR_RPL 3u
#define SELECTOR_TI 4u

#define RFLAGS_VM BIT(17)
#define RFLAGS_RESERVED 0xffffffffffc08028ull
#define DEBUGCTL_BTF BIT(1)
#define PENDING_BS BIT(14)
#define PENDING_RTM BIT(16)
#define PENDING_ENABLED_BREAKPOINT BIT(12)
#define BLOCKING_ENCLAVE BIT(4)
#define BLOCKING_SHADOW (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS)
#define PDPTE_RESERVED 0x1e6ull

enum segment_index { ES, CS, SS, DS, FS, GS, LDTR, TR };

struct segment {
	u64 base;
	u32 limit, ar;
	u16 selector;
};

static struct segment segment_of(const struct vmcs12 *v, u32 i)
{
	return (struct segment){
		.base = v->field[VMCS12_INDEX(GUEST_ES_BASE) + i],
		.limit = v->field[VMCS12_INDEX(GUEST_ES_LIMIT) + i],
		.ar = v->field[VMCS12_INDEX(GUEST_ES_ACCESS_RIGHTS) + i],
		.selector = v->field[VMCS12_INDEX(GUEST_ES_SELECTOR) + i],
	};
}

static bool is_ia32e(const struct vmcs12 *v)
{
	return v->vm_entry_controls & ENTRY_IA32E_MODE_GUEST;
}

static bool is_unrestricted(const struct vmcs12 *v)
{
	return secondary12(v) & PROC2_UNRESTRICTED_GUEST;
}

static bool is_v8086(const struct vmcs12 *v)
{
	return v->guest_rflags & RFLAGS_VM;
}

static bool is_pae(const struct vmcs12 *v)
{
	return (v->guest_cr0 & CR0_PG) && (v->guest_cr4 & CR4_PAE) && !is_ia32e(v);
}

/* Injected: bits 10:0 of the interruption information, or -1. */
static int injected(const struct vmcs12 *v)
{
	u64 info = v->vm_entry_interruption_info;

	return info & INTR_INFO_VALID ? (int)(info & (INTR_INFO_TYPE | INTR_INFO_VECTOR)) : -1;
}

static bool injects(const struct vmcs12 *v, u64 type)
{
	return injected(v) >= 0 && (injected(v) & INTR_INFO_TYPE) == type;
}

/* ---- rare: 27.3.1.2 segment registers but what CS's and SS's access rights say alone ---- */

/* Granularity: what 4 KiB units or what bytes cannot express. */
static bool limit_ok(const struct segment *s)
{
	return s->ar & AR_G ? (s->limit & 0xfff) == 0xfff : !(s->limit >> 20);
}

static bool v8086_segment_ok(const struct segment *s, bool is_data)
{
	REQUIRE(s->base == (u64)s->selector << 4);
	REQUIRE(s->limit == 0xffff);
	REQUIRE(!is_data || s->ar == AR_V8086);
	return true;
}

/* DS, ES, FS, GS */
static bool data_segment_ok(const struct segment *s, bool unrestricted)
{
	u32 type = AR_TYPE(s->ar);

	if (s->ar & AR_UNUSABLE)
		return true;
	REQUIRE(type & 1);	/* accessed */
	REQUIRE(!(type & 8) || (type & 2));	/* code: readable */
	REQUIRE(s->ar & AR_S);
	REQUIRE(unrestricted || type > 11 || AR_DPL(s->ar) >= (s->selector & SELECTOR_RPL));
	REQUIRE(s->ar & AR_P);
	REQUIRE(!(s->ar & AR_RESERVED));
	REQUIRE(limit_ok(s));
	return true;
}

static bool code_and_stack_segment_ok(const struct segment *cs, const struct segment *ss,
				      bool unrestricted)
{
	REQUIRE(!(cs->base >> 32));
	REQUIRE(limit_ok(cs));
	REQUIRE((ss->ar & AR_UNUSABLE) || !(ss->base >> 32));
	REQUIRE((ss->ar & AR_UNUSABLE) || limit_ok(ss));
	REQUIRE(unrestricted || !((ss->selector ^ cs->selector) & SELECTOR_RPL));
	REQUIRE(unrestricted || AR_DPL(ss->ar) == (ss->selector & SELECTOR_RPL));
	return true;
}

static bool segments_ok(const struct vmcs12 *v)
{
	bool v8086 = is_v8086(v), unrestricted = is_unrestricted(v);
	struct segment s[6];
	u32 i;

	for (i = ES; i <= GS; i++) {
		bool is_data = i != CS && i != SS;

		s[i] = segment_of(v, i);
		if (v8086 ? !v8086_segment_ok(&s[i], is_data) :
			    is_data && !data_segment_ok(&s[i], unrestricted))
			return false;
	}
	if (v8086)
		return true;
	REQUIRE((s[ES].ar & AR_UNUSABLE) || !(s[ES].base >> 32));
	REQUIRE((s[DS].ar & AR_UNUSABLE) || !(s[DS].base >> 32));
	REQUIRE(check_base(s[FS].base));
	REQUIRE(check_base(s[GS].base));
	return code_and_stack_segment_ok(&s[CS], &s[SS], unrestricted);
}

static bool ldtr_ok(const struct vmcs12 *v)
{
	struct segment s = segment_of(v, LDTR);

	if (s.ar & AR_UNUSABLE)
		return true;
	REQUIRE(!(s.selector & SELECTOR_TI));
	REQUIRE(check_base(s.base));
	REQUIRE(AR_TYPE(s.ar) == TYPE_LDT);
	REQUIRE(!(s.ar & AR_S));
	REQUIRE(s.ar & AR_P);
	REQUIRE(!(s.ar & AR_RESERVED));
	REQUIRE(limit_ok(&s));
	return true;
}

static bool tr_ok(const struct vmcs12 *v)
{
	struct segment s = segment_of(v, TR);

	REQUIRE(!(s.selector & SELECTOR_TI));
	REQUIRE(check_base(s.base));
	REQUIRE(AR_TYPE(s.ar) == TYPE_TSS32_BUSY ||
		(AR_TYPE(s.ar) == TYPE_TSS16_BUSY && !is_ia32e(v)));
	REQUIRE(!(s.ar & AR_S));
	REQUIRE(s.ar & AR_P);
	REQUIRE(!(s.ar & AR_UNUSABLE));
	REQUIRE(!(s.ar & AR_RESERVED));
	REQUIRE(limit_ok(&s));
	return true;
}

/* 27.3.1.3 descriptor tables; 27.3.1.1 SYSENTER */
static bool tables_ok(const struct vmcs12 *v)
{
	REQUIRE(check_base(v->guest_gdtr_base));
	REQUIRE(check_base(v->guest_idtr_base));
	REQUIRE(!((u32)v->guest_gdtr_limit >> 16));
	REQUIRE(!((u32)v->guest_idtr_limit >> 16));
	REQUIRE(check_base(v->guest_ia32_sysenter_esp));
	REQUIRE(check_base(v->guest_ia32_sysenter_eip));
	return true;
}

/* 27.3.1.5: a single step that is due has to be pending where the CPU would not find it again */
static bool is_shadowed(const struct vmcs12 *v)
{
	return (v->guest_interruptibility_state & BLOCKING_SHADOW) ||
	       (u32)v->guest_activity_state == ACTIVITY_HLT;
}

static bool pending_debug_ok(const struct vmcs12 *v)
{
	u64 pending = v->guest_pending_debug_exceptions;
	bool step = (v->guest_rflags & RFLAGS_TF) && !(v->guest_ia32_debugctl & DEBUGCTL_BTF);

	REQUIRE(!(pending & ~check_allowed.pending_debug));
	REQUIRE(!is_shadowed(v) || step == !!(pending & PENDING_BS));
	if (pending & PENDING_RTM) {
		REQUIRE(pending == (PENDING_RTM | PENDING_ENABLED_BREAKPOINT));
		REQUIRE(!(v->guest_interruptibility_state & BLOCKING_BY_MOV_SS));
	}
	return true;
}

/* 4.4.1, 27.3.1.6 */
static bool pdptes_ok(u64 p0, u64 p1, u64 p2, u64 p3)
{
	u64 reserved = PDPTE_RESERVED | ~(BIT(vmx_caps.maxphyaddr) - 1);

	REQUIRE(!(p0 & 1) || !(p0 & reserved));
	REQUIRE(!(p1 & 1) || !(p1 & reserved));
	REQUIRE(!(p2 & 1) || !(p2 & reserved));
	REQUIRE(!(p3 & 1) || !(p3 & reserved));
	return true;
}

bool check_guest_rare(const struct vmcs12 *v, u64 *qualification)
{
	*qualification = 0;
	if (!segments_ok(v) || !ldtr_ok(v) || !tr_ok(v) || !tables_ok(v) || !pending_debug_ok(v))
		return false;
	if (!is_pae(v) || !has_ept12(v))
		return true;
	*qualification = QUALIFICATION_PDPTE;
	if (!pdptes_ok(v->guest_pdpte0, v->guest_pdpte1, v->guest_pdpte2, v->guest_pdpte3))
		return false;
	*qualification = 0;
	return true;
}

u64 check_guest_shape(const struct vmcs12 *v)
{
	u32 cs = v->guest_cs_access_rights, ss = v->guest_ss_access_rights;

	if (is_shadowed(v))
		return CHECK_SHAPE_ALWAYS;
	return (u64)is_v8086(v) | is_unrestricted(v) << 1 | is_ia32e(v) << 2 |
	       (is_pae(v) && has_ept12(v)) << 3 | !!(cs & AR_G) << 4 | !!(ss & AR_G) << 5 |
	       !!(ss & AR_UNUSABLE) << 6 | (is_unrestricted(v) ? 0 : AR_DPL(ss) << 7);
}

/* ---- hot ---- */

/* 27.3.1.1 control registers */
static bool control_registers_ok(const struct vmcs12 *v)
{
	u64 cr0 = v->guest_cr0, cr4 = v->guest_cr4;

	REQUIRE(check_cr0(cr0, is_unrestricted(v) ? CR0_PE | CR0_PG : 0));
	REQUIRE(!(cr0 & CR0_PG) || (cr0 & CR0_PE));
	REQUIRE(check_cr4(cr4));
	REQUIRE(!(cr4 & CR4_CET) || (cr0 & CR0_WP));
	REQUIRE(!(v->guest_cr3 & ~check_allowed.cr3));
	if (is_ia32e(v)) {
		REQUIRE(cr0 & CR0_PG);
		REQUIRE(cr4 & CR4_PAE);
	} else {
		REQUIRE(!(cr4 & CR4_PCIDE));
	}
	return true;
}

/* 27.3.1.1 debug registers and MSRs that the entry loads */
static bool loaded_msrs_ok(const struct vmcs12 *v)
{
	u64 entry = v->vm_entry_controls, efer = v->guest_ia32_efer;

	if (entry & ENTRY_LOAD_DEBUG_CONTROLS) {
		REQUIRE(!(v->guest_ia32_debugctl & ~check_allowed.debugctl));
		REQUIRE(!(v->guest_dr7 >> 32));
	}
	REQUIRE(!(entry & ENTRY_LOAD_PERF_GLOBAL_CTRL) ||
		!(v->guest_ia32_perf_global_ctrl & ~check_allowed.perf_global_ctrl));
	REQUIRE(!(entry & ENTRY_LOAD_PAT) || check_pat(v->guest_ia32_pat));
	if (entry & ENTRY_LOAD_EFER) {
		REQUIRE(!(efer & ~check_allowed.efer));
		REQUIRE(!!(efer & EFER_LMA) == is_ia32e(v));
		REQUIRE(!(v->guest_cr0 & CR0_PG) || !!(efer & EFER_LME) == !!(efer & EFER_LMA));
	}
	return true;
}

/* 27.3.1.2: what access rights of CS and SS say by themselves */
static bool code_rights_ok(u32 cs, u32 ss, bool unrestricted)
{
	u32 type = AR_TYPE(cs);

	if (type == TYPE_DATA_READ_WRITE) {
		REQUIRE(unrestricted);
		REQUIRE(AR_DPL(cs) == 0);
	} else {
		REQUIRE((type & 9) == 9);	/* code, accessed */
		REQUIRE((type & 4) || AR_DPL(cs) == AR_DPL(ss));
		REQUIRE(!(type & 4) || AR_DPL(cs) <= AR_DPL(ss));	/* conforming */
	}
	REQUIRE(cs & AR_S);
	REQUIRE(cs & AR_P);
	REQUIRE(!(cs & AR_RESERVED));
	return true;
}

static bool rights_ok(const struct vmcs12 *v)
{
	u32 cs = v->guest_cs_access_rights, ss = v->guest_ss_access_rights;

	if (is_v8086(v)) {
		REQUIRE(cs == AR_V8086);
		REQUIRE(ss == AR_V8086);
		return true;
	}
	if (!code_rights_ok(cs, ss, is_unrestricted(v)))
		return false;
	REQUIRE(!is_ia32e(v) || !(cs & AR_L) || !(cs & AR_DB));
	REQUIRE(AR_DPL(ss) == 0 ||
		(AR_TYPE(cs) != TYPE_DATA_READ_WRITE && (v->guest_cr0 & CR0_PE)));
	if (ss & AR_UNUSABLE)
		return true;
	REQUIRE(AR_TYPE(ss) == 3 || AR_TYPE(ss) == 7);
	REQUIRE(ss & AR_S);
	REQUIRE(ss & AR_P);
	REQUIRE(!(ss & AR_RESERVED));
	return true;
}

/* 27.3.1.4; RIP may be one beyond the lower canonical half, where its fetch will fault */
static bool rip_ok(const struct vmcs12 *v)
{
	u64 rip = v->guest_rip;
	u32 width = v->guest_cr4 & CR4_LA57 ? 57 : 48;

	if (is_ia32e(v) && (v->guest_cs_access_rights & AR_L))
		REQUIRE((s64)rip >> width == 0 || (s64)rip >> width == -1);
	else
		REQUIRE(!(rip >> 32));
	return true;
}

static bool rflags_ok(const struct vmcs12 *v)
{
	u64 rflags = v->guest_rflags;

	REQUIRE(!(rflags & RFLAGS_RESERVED));
	REQUIRE(rflags & RFLAGS_FIXED);
	REQUIRE(!(rflags & RFLAGS_VM) || !is_ia32e(v));
	REQUIRE(!(rflags & RFLAGS_VM) || (v->guest_cr0 & CR0_PE));
	REQUIRE((rflags & RFLAGS_IF) || !injects(v, INTR_TYPE_EXTERNAL));
	return true;
}

/* 27.3.1.5: may this event be injected into a CPU that does not run? */
static bool wakes(u32 activity, int event)
{
	if (event == (INTR_TYPE_HARDWARE_EXCEPTION | VECTOR_MC) ||
	    (event & INTR_INFO_TYPE) == INTR_TYPE_NMI)
		return activity != ACTIVITY_WAIT_FOR_SIPI;
	/* #DB, any interrupt, pending MTF */
	return activity == ACTIVITY_HLT &&
	       (event == (INTR_TYPE_HARDWARE_EXCEPTION | VECTOR_DB) || event == 7 << 8 ||
		(event & INTR_INFO_TYPE) == INTR_TYPE_EXTERNAL);
}

static bool activity_ok(const struct vmcs12 *v)
{
	u32 activity = v->guest_activity_state;
	int event = injected(v);

	if (activity == ACTIVITY_ACTIVE)
		return true;
	REQUIRE(activity <= ACTIVITY_WAIT_FOR_SIPI);
	REQUIRE(nested_caps.misc & BIT(5 + activity));
	REQUIRE(activity != ACTIVITY_HLT || AR_DPL((u32)v->guest_ss_access_rights) == 0);
	REQUIRE(!(v->guest_interruptibility_state & BLOCKING_SHADOW));
	REQUIRE(event < 0 || wakes(activity, event));
	return true;
}

/* 27.3.1.5; an NMI in the shadow of STI is refused, as some CPUs do, with a qualification of its own */
static bool interruptibility_ok(const struct vmcs12 *v, u64 *qualification)
{
	u32 state = v->guest_interruptibility_state;
	bool virtual_nmis = v->pin_based_controls & PIN_VIRTUAL_NMIS;

	REQUIRE(!(state & ~check_allowed.interruptibility));
	REQUIRE((state & BLOCKING_SHADOW) != BLOCKING_SHADOW);
	REQUIRE(!(state & BLOCKING_BY_STI) || (v->guest_rflags & RFLAGS_IF));
	REQUIRE(!(state & BLOCKING_BY_SMI));	/* L1 is not in SMM */
	REQUIRE(!(state & BLOCKING_ENCLAVE) || !(state & BLOCKING_BY_MOV_SS));
	REQUIRE(!(state & BLOCKING_SHADOW) || !injects(v, INTR_TYPE_EXTERNAL));
	if (!injects(v, INTR_TYPE_NMI))
		return true;
	REQUIRE(!(state & BLOCKING_BY_MOV_SS));
	REQUIRE(!(state & BLOCKING_BY_NMI) || !virtual_nmis);
	*qualification = QUALIFICATION_NMI;
	REQUIRE(!(state & BLOCKING_BY_STI));
	*qualification = 0;
	return true;
}

/* 27.3.1.5 */
static bool link_pointer_ok(const struct vmcs12 *v, gpa_t current)
{
	u64 pointer = v->vmcs_link_pointer;
	bool shadowing = secondary12(v) & PROC2_VMCS_SHADOWING;

	if (pointer == ~0ull)
		return true;
	REQUIRE(check_page(pointer));
	REQUIRE(pointer != current.v);
	REQUIRE(vmcs12_revision_of(GPA(pointer)) ==
		(VMCS12_REVISION | (shadowing ? VMCS12_SHADOW_INDICATOR : 0)));
	return true;
}

/* 27.3.1.6, for a PAE guest whose PDPTEs the entry reads */
static bool memory_pdptes_ok(const struct vmcs12 *v, u64 pdpte[4])
{
	REQUIRE(!guest_read(GPA(v->guest_cr3 & 0xffffffe0), pdpte, 4 * sizeof(*pdpte)));
	return pdptes_ok(pdpte[0], pdpte[1], pdpte[2], pdpte[3]);
}

bool check_guest_hot(const struct vmcs12 *v, gpa_t current, u64 pdpte[4], u64 *qualification)
{
	*qualification = 0;
	if (!control_registers_ok(v) || !loaded_msrs_ok(v) || !rights_ok(v) ||
	    !rip_ok(v) || !rflags_ok(v) || !activity_ok(v) || !interruptibility_ok(v, qualification))
		return false;
	*qualification = QUALIFICATION_LINK_POINTER;
	if (!link_pointer_ok(v, current))
		return false;
	*qualification = QUALIFICATION_PDPTE;
	if (is_pae(v) && !has_ept12(v) && !memory_pdptes_ok(v, pdpte))
		return false;
	*qualification = 0;
	return true;
}

/*
 * A link pointer and the PDPTEs of a guest without EPT12 are in L1's memory. In the shadow of STI or
 * MOV SS a #DB exit saves what an entry refuses (25.3.4: BS is not pending, TF is set).
 */
bool check_guest_again(const struct vmcs12 *v)
{
	return v->vmcs_link_pointer == ~0ull && has_ept12(v) && !is_shadowed(v) && rip_ok(v);
}

bool check_guest_state(const struct vmcs12 *v, gpa_t current, u64 pdpte[4], u64 *qualification)
{
	return check_guest_rare(v, qualification) &&
	       check_guest_hot(v, current, pdpte, qualification);
}
