// SPDX-License-Identifier: GPL-2.0
/*
 * The checks of a nested VM entry, each violated alone: a VMCS12 that passes, some
 * preparation after which it still passes, one change, and the answer. At the end
 * every REQUIRE in the sources must have been the one that fired.
 */
#include "nested_check_machine.h"
/* Included, not linked, so that make knows that this file has their text in it. */
#include "../../vmx/nested/check.c"
#undef REQUIRE
#include "../../vmx/nested/check_guest.c"
#include "tap.h"

/* The sources' text, for its REQUIREs. */
__asm__(".pushsection .rodata\n"
	"source_check: .incbin \"../../vmx/nested/check.c\"\n.byte 0\n"
	"source_check_guest: .incbin \"../../vmx/nested/check_guest.c\"\n.byte 0\n"
	".popsection");
extern const char source_check[], source_check_guest[];

#define MAX_LINE 1000
static bool fired[2][MAX_LINE];
static u32 nr_fired;
static char last_fired[200];

void log_event(int level, const char *fmt, ...)
{
	va_list args;
	u32 line;

	va_start(args, fmt);
	vsnprintf(last_fired, sizeof(last_fired), fmt, args);
	va_end(args);
	nr_fired++;
	if (sscanf(last_fired, "VM entry: check.c:%u", &line) == 1 && line < MAX_LINE)
		fired[0][line] = true;
	else if (sscanf(last_fired, "VM entry: check_guest.c:%u", &line) == 1 && line < MAX_LINE)
		fired[1][line] = true;
	else
		check(false, "log: %s", last_fired);
}

/* ---- one violation ---- */
enum answer { PASS, CONTROL = 7, HOST = 8, GUEST = 100 /* + qualification */ };
static struct check_l1 l1;
static u64 pdpte[4];

static u32 answer_of(const struct vmcs12 *v)
{
	u64 qualification = 77;
	u32 error = check_controls(v);

	if (!error)
		error = check_host_state(v, &l1);
	if (error)
		return error;
	if (!check_guest_state(v, CURRENT, pdpte, &qualification))
		return GUEST + qualification;
	check(qualification == 0);
	return PASS;
}

static void begin(struct vmcs12 *v, enum good kind)
{
	caps_reset();
	l1.long_mode = true;
	good_vmcs12(v, kind);
}

static u32 nr_violations;

static void expect(const struct vmcs12 *v, u32 wanted, const char *what)
{
	u32 got, before = nr_fired;

	got = answer_of(v);
	if (got != wanted)
		ok(false, "%s: %u, not %u; %s", what, got, wanted, nr_fired > before ? last_fired : "");
	else if (nr_fired - before != (wanted != PASS))
		ok(false, "%s: %u logged", what, nr_fired - before);
	nr_violations += wanted != PASS;
}

/* prepare: passes still; violate: does not. */
#define BAD(answer, kind, prepare, ...) do { \
	struct vmcs12 w, *v = &w; \
	begin(v, kind); \
	prepare; \
	expect(v, PASS, #kind ": " #prepare); \
	__VA_ARGS__; \
	expect(v, answer, #kind ": " #prepare ": " #__VA_ARGS__); } while (0)
#define FINE(kind, ...) do { \
	struct vmcs12 w, *v = &w; \
	begin(v, kind); \
	__VA_ARGS__; \
	expect(v, PASS, #kind ": " #__VA_ARGS__); } while (0)
#define NONE ((void)0)
#define TOO_WIDE (1ull << WIDTH)
#define NOT_CANONICAL 0x800000000000ull

static void test_good(void)
{
	FINE(LONG, NONE);
	FINE(PLAIN, NONE);
	FINE(COMPAT, NONE);
	FINE(PAE, NONE);
	FINE(PAE_NO_EPT, NONE);
	FINE(PROT32, NONE);
	FINE(REAL, NONE);
	FINE(V8086, NONE);
	ok(!tap_failed, "a good VMCS12 of each kind passes");
}

#define BAD_PAGE(field) do { \
	BAD(CONTROL, LONG, NONE, v->field |= 0x800); \
	BAD(CONTROL, LONG, NONE, v->field |= TOO_WIDE); } while (0)
#define BAD_AREA(name) do { \
	BAD(CONTROL, LONG, NONE, v->name##_address |= 8); \
	BAD(CONTROL, LONG, NONE, v->name##_address |= TOO_WIDE); \
	BAD(CONTROL, LONG, (v->name##_address = TOO_WIDE - 16, v->name##_count = 1), \
	    v->name##_count = 2); \
	BAD(CONTROL, LONG, (v->name##_address = TOO_WIDE - 0x1000, v->name##_count = 256), \
	    v->name##_count = 0xffffffff); \
	FINE(LONG, v->name##_address = ~0ull, v->name##_count = 0); } while (0)
#define CLEAR(field, bits) (v->field &= ~(u64)(bits))
#define SET(field, bits) (v->field |= (bits))
#define PROC(bits) SET(processor_based_controls, bits)
#define PROC2(bits) SET(secondary_controls, bits)
#define NO_VID (CLEAR(secondary_controls, PROC2_VIRTUAL_INTERRUPT_DELIVERY), \
		CLEAR(pin_based_controls, PIN_POSTED_INTERRUPTS))
#define TPR_ONLY (NO_VID, CLEAR(secondary_controls, PROC2_VIRTUALIZE_APIC_ACCESSES))
#define NO_EPT CLEAR(secondary_controls, PROC2_EPT)

static void test_execution_controls(void)
{
	BAD(CONTROL, LONG, NONE, CLEAR(pin_based_controls, 2));
	BAD(CONTROL, LONG, NONE, SET(pin_based_controls, BIT(8)));
	BAD(CONTROL, LONG, NONE, SET(pin_based_controls, BIT(32)));
	BAD(CONTROL, PLAIN, NONE, CLEAR(processor_based_controls, 2));
	BAD(CONTROL, PLAIN, NONE, PROC(PROC_TERTIARY_CONTROLS));
	BAD(CONTROL, LONG, NONE, PROC2(BIT(24)));
	FINE(PLAIN, v->secondary_controls = ~0ull);	/* not active */
	BAD(CONTROL, PLAIN, v->secondary_controls = ~0ull, PROC(PROC_SECONDARY_CONTROLS));
	BAD(CONTROL, LONG, nested_caps.proc2 |= 1, CLEAR(secondary_controls, 1));
	BAD(CONTROL, LONG, NONE, v->cr3_target_count = 5);
	BAD_PAGE(io_bitmap_a);
	BAD_PAGE(io_bitmap_b);
	BAD_PAGE(msr_bitmap);
	BAD_PAGE(vmread_bitmap);
	BAD_PAGE(vmwrite_bitmap);
	BAD_PAGE(virtualization_exception_address);
	BAD_PAGE(virtual_apic_address);
	BAD_PAGE(apic_access_address);
	BAD_PAGE(pml_address);
	BAD_PAGE(eptp_list_address);
	BAD(CONTROL, PLAIN, NONE, SET(pin_based_controls, PIN_VIRTUAL_NMIS),
	    CLEAR(pin_based_controls, PIN_NMI_EXITING));
	BAD(CONTROL, PLAIN, NONE, PROC(PROC_NMI_WINDOW_EXITING));
	FINE(PLAIN, v->io_bitmap_a = v->msr_bitmap = v->ept_pointer = 1);
	BAD(CONTROL, LONG, NONE, v->vpid = 0);
	BAD(CONTROL, LONG, NONE, v->tsc_multiplier = 0);
	BAD(CONTROL, LONG, NONE, v->vm_function_controls = 2);
	FINE(LONG, v->vm_function_controls = 0, v->eptp_list_address = 1);
	ok(!tap_failed, "VM-execution controls: reserved bits, pages, NMIs");
}

static void test_apic_controls(void)
{
	BAD(CONTROL, PLAIN, PROC(PROC_SECONDARY_CONTROLS),
	    PROC2(PROC2_APIC_REGISTER_VIRTUALIZATION));
	BAD(CONTROL, PLAIN, PROC(PROC_SECONDARY_CONTROLS), PROC2(PROC2_VIRTUALIZE_X2APIC_MODE));
	BAD(CONTROL, PLAIN, PROC(PROC_SECONDARY_CONTROLS),
	    PROC2(PROC2_VIRTUAL_INTERRUPT_DELIVERY));
	BAD(CONTROL, LONG, NONE, PROC2(PROC2_VIRTUALIZE_X2APIC_MODE));
	BAD(CONTROL, LONG, CLEAR(pin_based_controls, PIN_POSTED_INTERRUPTS),
	    CLEAR(pin_based_controls, PIN_EXTERNAL_INTERRUPT_EXITING));
	BAD(CONTROL, LONG, NONE, CLEAR(secondary_controls, PROC2_VIRTUAL_INTERRUPT_DELIVERY));
	BAD(CONTROL, LONG, NONE, CLEAR(vm_exit_controls, EXIT_ACKNOWLEDGE_INTERRUPT));
	BAD(CONTROL, LONG, NONE, v->posted_interrupt_vector = 0x100);
	BAD(CONTROL, LONG, NONE, v->posted_interrupt_descriptor |= 0x20);
	BAD(CONTROL, LONG, NONE, v->posted_interrupt_descriptor |= TOO_WIDE);
	/* TPR threshold */
	FINE(LONG, v->tpr_threshold = ~0ull);	/* with VID it means nothing */
	BAD(CONTROL, LONG, NO_VID, v->tpr_threshold = 0x10);
	FINE(LONG, NO_VID, v->tpr_threshold = 15);	/* with APIC accesses VTPR means nothing */
	BAD(CONTROL, LONG, (TPR_ONLY, v->tpr_threshold = 5, vtpr = 0x50), vtpr = 0x4f);
	BAD(CONTROL, LONG, (TPR_ONLY, v->tpr_threshold = 15, vtpr = 0xf0), v->tpr_threshold = 16);
	BAD(CONTROL, LONG, (TPR_ONLY, vtpr = 0xff00), v->tpr_threshold = 1);
	BAD(CONTROL, LONG, (TPR_ONLY, v->virtual_apic_address = RAM_END), v->tpr_threshold = 1);
	ok(!tap_failed, "VM-execution controls: APIC");
}

static void test_ept_controls(void)
{
	BAD(CONTROL, LONG, nested_caps.ept_vpid &= ~BIT(8), v->ept_pointer &= ~7ull);
	BAD(CONTROL, LONG, v->ept_pointer &= ~7ull, nested_caps.ept_vpid &= ~BIT(8));
	BAD(CONTROL, LONG, NONE, nested_caps.ept_vpid &= ~BIT(14));
	BAD(CONTROL, LONG, NONE, v->ept_pointer ^= 7);
	BAD(CONTROL, LONG, NONE, v->ept_pointer ^= 2);
	BAD(CONTROL, LONG, NONE, v->ept_pointer ^= 1 << 3);
	BAD(CONTROL, LONG, nested_caps.ept_vpid |= BIT(7), v->ept_pointer ^= 7 << 3);
	BAD(CONTROL, LONG, NONE, nested_caps.ept_vpid &= ~BIT(6));
	BAD(CONTROL, LONG, NONE, nested_caps.ept_vpid &= ~BIT(21));
	BAD(CONTROL, LONG, NONE, v->ept_pointer |= BIT(7));
	BAD(CONTROL, LONG, NONE, v->ept_pointer |= BIT(11));
	BAD(CONTROL, LONG, NONE, v->ept_pointer |= TOO_WIDE);
	BAD(CONTROL, LONG, NONE, v->ept_pointer |= BIT(63));
	BAD(CONTROL, PLAIN, PROC(PROC_SECONDARY_CONTROLS), PROC2(PROC2_UNRESTRICTED_GUEST));
	BAD(CONTROL, PLAIN, PROC(PROC_SECONDARY_CONTROLS), PROC2(PROC2_PML));
	BAD(CONTROL, PLAIN, PROC(PROC_SECONDARY_CONTROLS), PROC2(PROC2_MODE_BASED_EXECUTE));
	BAD(CONTROL, PLAIN, (PROC(PROC_SECONDARY_CONTROLS), PROC2(PROC2_VM_FUNCTIONS)),
	    v->vm_function_controls = 1);
	ok(!tap_failed, "VM-execution controls: EPT");
}

static void test_exit_and_entry_controls(void)
{
	BAD(CONTROL, LONG, NONE, CLEAR(vm_exit_controls, 1));
	BAD(CONTROL, LONG, NONE, SET(vm_exit_controls, BIT(31)));
	BAD(CONTROL, LONG, NONE, SET(vm_exit_controls, BIT(28)));	/* CET */
	BAD(CONTROL, LONG, NONE, CLEAR(pin_based_controls, PIN_PREEMPTION_TIMER));
	BAD(CONTROL, LONG, NONE, CLEAR(vm_entry_controls, 1));
	BAD(CONTROL, LONG, NONE, SET(vm_entry_controls, BIT(20)));
	BAD(CONTROL, LONG, nested_caps.true_entry |= 3ull << 42,
	    SET(vm_entry_controls, ENTRY_TO_SMM));
	BAD(CONTROL, LONG, nested_caps.true_entry |= 3ull << 42,
	    SET(vm_entry_controls, ENTRY_DEACTIVATE_DUAL_MONITOR));
	BAD_AREA(vm_exit_msr_store);
	BAD_AREA(vm_exit_msr_load);
	BAD_AREA(vm_entry_msr_load);
	ok(!tap_failed, "VM-exit and VM-entry controls");
}

#define VALID BIT(31)
#define ERROR_CODE BIT(11)
#define INJECT(what) (v->vm_entry_interruption_info = VALID | (what))
#define EXCEPTION(vector) (3 << 8 | (vector))

static void test_error_codes(void)
{
	u32 i;

	for (i = 0; i < 32; i++) {
		bool usual = i == 8 || (i >= 10 && i <= 14) || i == 17;
		u32 right = EXCEPTION(i) | (usual ? ERROR_CODE : 0);

		BAD(CONTROL, LONG, INJECT(right), INJECT(right ^ ERROR_CODE));
		FINE(LONG, nested_caps.basic |= BIT(56), INJECT(right ^ ERROR_CODE));
		FINE(REAL, INJECT(EXCEPTION(i)));
		BAD(CONTROL, REAL, NONE, INJECT(EXCEPTION(i) | ERROR_CODE));
	}
	for (i = 0; i < 8; i++)
		if (i != 3 && i != 1 && i != 7)
			BAD(CONTROL, LONG, (INJECT(i << 8 | 2), v->vm_entry_instruction_length = 1),
			    SET(vm_entry_interruption_info, ERROR_CODE));
	BAD(CONTROL, LONG, nested_caps.basic |= BIT(56), INJECT(2 << 8 | 2 | ERROR_CODE));
	BAD(CONTROL, LONG, (INJECT(EXCEPTION(13) | ERROR_CODE),
			    v->vm_entry_exception_error_code = 0xffff),
	    v->vm_entry_exception_error_code = 0x10000);
	FINE(LONG, INJECT(EXCEPTION(6)), v->vm_entry_exception_error_code = ~0u);
}

static void test_injection(void)
{
	u32 i;

	test_error_codes();
	FINE(LONG, v->vm_entry_interruption_info = 0x7fffffff);
	FINE(LONG, INJECT(0));
	FINE(LONG, INJECT(0xff));
	for (i = 12; i < 31; i++)
		BAD(CONTROL, LONG, INJECT(0x20), SET(vm_entry_interruption_info, BIT(i)));
	BAD(CONTROL, LONG, NONE, INJECT(1 << 8));
	BAD(CONTROL, LONG, INJECT(7 << 8), CLEAR(processor_based_controls, PROC_MONITOR_TRAP_FLAG),
	    nested_caps.true_proc &= ~(PROC_MONITOR_TRAP_FLAG << 32));
	BAD(CONTROL, LONG, INJECT(7 << 8), INJECT(7 << 8 | 1));
	BAD(CONTROL, LONG, INJECT(2 << 8 | 2), INJECT(2 << 8 | 3));
	BAD(CONTROL, LONG, INJECT(EXCEPTION(31)), INJECT(EXCEPTION(32)));
	BAD(CONTROL, LONG, NONE, INJECT(EXCEPTION(32 + 13) | ERROR_CODE));
	for (i = 4; i <= 6; i++) {
		BAD(CONTROL, LONG, (INJECT(i << 8 | 0x80), v->vm_entry_instruction_length = 15),
		    v->vm_entry_instruction_length = 16);
		BAD(CONTROL, LONG, INJECT(i << 8 | 3), nested_caps.misc &= ~BIT(30));
		FINE(LONG, INJECT(i << 8 | 3), v->vm_entry_instruction_length = 1,
		     nested_caps.misc &= ~BIT(30));
	}
	FINE(LONG, INJECT(0x20), v->vm_entry_instruction_length = 99);
	ok(!tap_failed, "event injection");
}

/* A 32-bit L1. */
#define HOST32 (l1.long_mode = false, CLEAR(vm_exit_controls, EXIT_HOST_ADDRESS_SPACE_SIZE), \
	CLEAR(host_cr4, CR4_PCIDE | CR4_PAE), v->host_rip = 0xffffffff, \
	v->host_ss_selector = 8, v->host_ia32_efer = 0x801)
#define BAD_BASE(answer, kind, name) do { \
	BAD(answer, kind, v->name = 0x7fffffffffff, v->name++); \
	BAD(answer, kind, v->name = 0xffff800000000000ull, v->name--); \
	BAD(answer, kind, v->name = 0xffff800000000000ull, v->name ^= BIT(63)); \
	BAD(answer, kind, (nested_caps.cr4_fixed1 |= CR4_LA57, v->name = 0xffffffffffffff), \
	    v->name++); } while (0)

static void test_host(void)
{
	BAD(HOST, PLAIN, NONE, l1.long_mode = false);
	BAD(HOST, PAE, HOST32, l1.long_mode = true);
	BAD(HOST, PAE, HOST32, v->vm_entry_controls |= ENTRY_IA32E_MODE_GUEST);
	BAD(HOST, PAE, HOST32, v->host_cr4 |= CR4_PCIDE);
	BAD(HOST, PAE, HOST32, v->host_rip++);
	BAD(HOST, PAE, HOST32, v->host_ss_selector = 0);
	BAD(HOST, PAE, HOST32, v->host_ia32_efer |= EFER_LME);
	BAD(HOST, PLAIN, NONE, v->host_cr4 &= ~CR4_PAE);
	BAD(HOST, PLAIN, v->host_rip = 0x7fffffffffff, v->host_rip++);
	BAD(HOST, PLAIN, (nested_caps.cr4_fixed1 |= CR4_LA57, v->host_cr4 |= CR4_LA57,
			  v->host_rip = 1ull << 47), v->host_cr4 &= ~CR4_LA57);

	BAD(HOST, PLAIN, NONE, v->host_cr0 &= ~CR0_PE);
	BAD(HOST, PLAIN, NONE, v->host_cr0 &= ~CR0_PG);
	BAD(HOST, PLAIN, NONE, v->host_cr0 |= BIT(32));
	FINE(PLAIN, nested_caps.cr0_fixed1 &= ~CR0_CD, v->host_cr0 |= CR0_CD);
	FINE(PLAIN, nested_caps.cr0_fixed0 |= CR0_NW);
	BAD(HOST, PLAIN, NONE, v->host_cr4 &= ~CR4_VMXE);
	BAD(HOST, PLAIN, NONE, v->host_cr4 |= CR4_LA57);
	BAD(HOST, PLAIN, NONE, v->host_cr4 |= BIT(32));
	BAD(HOST, PLAIN, v->host_cr4 |= CR4_CET, v->host_cr0 &= ~CR0_WP);
	BAD(HOST, PLAIN, NONE, v->host_cr3 |= TOO_WIDE);
	BAD(HOST, PLAIN, NONE, v->host_cr3 |= BIT(61));
	BAD(HOST, PLAIN, (fake_cpuid_set(7, 0, 1, 0, 0, 0), fake_cpuid_set(7, 1, BIT(26), 0, 0, 0),
			  check_init(), v->host_cr3 |= 3ull << 61), v->host_cr3 |= BIT(63));
	BAD_BASE(HOST, PLAIN, host_ia32_sysenter_esp);
	BAD_BASE(HOST, PLAIN, host_ia32_sysenter_eip);
	BAD_BASE(HOST, PLAIN, host_fs_base);
	BAD_BASE(HOST, PLAIN, host_gs_base);
	BAD_BASE(HOST, PLAIN, host_tr_base);
	BAD_BASE(HOST, PLAIN, host_gdtr_base);
	BAD_BASE(HOST, PLAIN, host_idtr_base);
	FINE(PLAIN, v->host_ia32_perf_global_ctrl = v->host_ia32_pat = v->host_ia32_efer = ~0ull);
	BAD(HOST, LONG, NONE, v->host_ia32_perf_global_ctrl |= BIT(4));
	BAD(HOST, LONG, NONE, v->host_ia32_perf_global_ctrl |= BIT(35));
	BAD(HOST, LONG, NONE, v->host_ia32_perf_global_ctrl |= BIT(48));
	BAD(HOST, LONG, (fake_msr_set(0x345, BIT(15)), check_init(), fake_msr_remove(0x345),
			 v->host_ia32_perf_global_ctrl |= BIT(48)), check_init());
	BAD(HOST, LONG, NONE, v->host_ia32_efer |= BIT(1));
	BAD(HOST, LONG, NONE, v->host_ia32_efer &= ~EFER_LMA);
	BAD(HOST, LONG, NONE, v->host_ia32_efer &= ~EFER_LME);
	BAD(HOST, LONG, NONE, v->host_ia32_efer &= ~(EFER_LME | EFER_LMA));
	BAD(HOST, LONG, (v->guest_ia32_efer &= ~EFER_NXE), fake_cpuid_set(0x80000001, 0, 0, 0, 0, 0),
	    check_init());

	BAD(HOST, PLAIN, NONE, v->host_es_selector = 1);
	BAD(HOST, PLAIN, NONE, v->host_cs_selector |= 2);
	BAD(HOST, PLAIN, NONE, v->host_ss_selector = 4);
	BAD(HOST, PLAIN, NONE, v->host_ds_selector = 3);
	BAD(HOST, PLAIN, NONE, v->host_fs_selector = 4);
	BAD(HOST, PLAIN, NONE, v->host_gs_selector = 1);
	BAD(HOST, PLAIN, NONE, v->host_tr_selector |= 4);
	BAD(HOST, PLAIN, NONE, v->host_cs_selector = 0);
	BAD(HOST, PLAIN, NONE, v->host_tr_selector = 0);
	BAD(HOST, PLAIN, NONE, v->host_tr_selector = 0x10000);
	ok(!tap_failed, "host state");
}

static void test_pat(void)
{
	u32 byte, type;

	for (byte = 0; byte < 8; byte++)
		for (type = 0; type < 256; type++) {
			bool good = type < 8 && type != 2 && type != 3;
			u64 pat = 0x0605040100070606ull & ~(0xffull << byte * 8);

			pat |= (u64)type << byte * 8;
			check(check_pat(pat) == good);
		}
	BAD(HOST, LONG, NONE, v->host_ia32_pat ^= BIT(3));
	BAD(GUEST, LONG, NONE, v->guest_ia32_pat = 2ull << 56);
}

static void test_guest_registers(void)
{
	u32 i;

	test_pat();
	BAD(GUEST, PLAIN, NONE, v->guest_cr0 &= ~CR0_NE);
	BAD(GUEST, PLAIN, NONE, v->guest_cr0 |= BIT(32));
	BAD(GUEST, PAE_NO_EPT, NONE, v->guest_cr0 &= ~CR0_PG);
	BAD(GUEST, LONG, NONE, v->guest_cr0 &= ~CR0_PE);
	BAD(GUEST, LONG, NONE, v->guest_cr0 &= ~CR0_PG);
	BAD(GUEST, LONG, NONE, v->guest_cr4 &= ~CR4_VMXE);
	BAD(GUEST, LONG, NONE, v->guest_cr4 |= BIT(15));
	BAD(GUEST, LONG, v->guest_cr4 |= CR4_CET, v->guest_cr0 &= ~CR0_WP);
	BAD(GUEST, LONG, NONE, v->guest_cr4 &= ~CR4_PAE);
	BAD(GUEST, PAE, NONE, v->guest_cr4 |= CR4_PCIDE);
	BAD(GUEST, LONG, NONE, v->guest_cr3 |= TOO_WIDE);
	BAD(GUEST, LONG, NONE, v->guest_cr3 |= BIT(63));
	BAD(GUEST, LONG, NONE, v->guest_ia32_debugctl |= BIT(2));
	BAD(GUEST, LONG, NONE, v->guest_ia32_debugctl |= BIT(15));
	BAD(GUEST, LONG, NONE, v->guest_dr7 |= BIT(32));
	BAD(GUEST, LONG, NONE, v->guest_ia32_perf_global_ctrl |= BIT(4));
	BAD(GUEST, LONG, NONE, v->guest_ia32_efer |= BIT(9));
	BAD(GUEST, LONG, NONE, v->guest_ia32_efer &= ~EFER_LMA);
	BAD(GUEST, LONG, NONE, v->guest_ia32_efer &= ~EFER_LME);
	BAD(GUEST, PAE, NONE, v->guest_ia32_efer |= EFER_LME);
	BAD(GUEST, PROT32, NONE, v->guest_ia32_efer |= EFER_LMA);
	FINE(PLAIN, v->guest_ia32_debugctl = v->guest_dr7 = v->guest_ia32_pat =
	     v->guest_ia32_perf_global_ctrl = v->guest_ia32_efer = ~0ull);
	BAD_BASE(GUEST, PLAIN, guest_ia32_sysenter_esp);
	BAD_BASE(GUEST, PLAIN, guest_ia32_sysenter_eip);
	BAD_BASE(GUEST, PLAIN, guest_gdtr_base);
	BAD_BASE(GUEST, PLAIN, guest_idtr_base);
	BAD(GUEST, LONG, NONE, v->guest_gdtr_limit++);
	BAD(GUEST, LONG, v->guest_idtr_limit = 0xffff, v->guest_idtr_limit++);
	/* RIP, RFLAGS */
	BAD(GUEST, LONG, v->guest_rip = 0xffffffffffff, v->guest_rip++);
	BAD(GUEST, LONG, v->guest_rip = 0xffff000000000000ull, v->guest_rip--);
	BAD(GUEST, LONG, (nested_caps.cr4_fixed1 |= CR4_LA57, v->guest_cr4 |= CR4_LA57,
			  v->guest_rip = 0x1ffffffffffffffull), v->guest_cr4 &= ~CR4_LA57);
	BAD(GUEST, COMPAT, v->guest_rip = 0xffffffff, v->guest_rip++);
	BAD(GUEST, PAE, v->guest_rip = 0xffffffff, v->guest_rip++);
	BAD(GUEST, PAE, v->guest_cs_access_rights = 0xa09b, v->guest_rip = 1ull << 32);
	for (i = 22; i < 64; i++)
		BAD(GUEST, LONG, NONE, v->guest_rflags |= BIT(i));
	BAD(GUEST, LONG, NONE, v->guest_rflags |= BIT(3));
	BAD(GUEST, LONG, NONE, v->guest_rflags |= BIT(5));
	BAD(GUEST, LONG, NONE, v->guest_rflags |= BIT(15));
	BAD(GUEST, LONG, NONE, v->guest_rflags &= ~BIT(1));
	BAD(GUEST, V8086, NONE, SET(vm_entry_controls, ENTRY_IA32E_MODE_GUEST), v->guest_cr4 |= CR4_PAE,
	    v->guest_ia32_efer = 0xd00, v->guest_tr_access_rights = 0x8b);
	BAD(GUEST, V8086, v->guest_cr0 &= ~CR0_PG, v->guest_cr0 &= ~CR0_PE);
	BAD(GUEST, LONG, INJECT(0x20), v->guest_rflags &= ~RFLAGS_IF);
	FINE(LONG, INJECT(2 << 8 | 2), v->guest_rflags &= ~RFLAGS_IF);
	ok(!tap_failed, "guest registers");
}

#define AR(name) v->guest_##name##_access_rights
#define LIMIT(name) v->guest_##name##_limit
#define SELECTOR(name) v->guest_##name##_selector
/* Of a segment that is usable: S, P, reserved bits, limit against granularity. */
#define BAD_RIGHTS(kind, name) do { \
	BAD(GUEST, kind, NONE, AR(name) ^= BIT(4)); \
	BAD(GUEST, kind, NONE, AR(name) &= ~BIT(7)); \
	BAD(GUEST, kind, NONE, AR(name) |= BIT(8)); \
	BAD(GUEST, kind, NONE, AR(name) |= BIT(11)); \
	BAD(GUEST, kind, NONE, AR(name) |= BIT(17)); \
	BAD(GUEST, kind, NONE, AR(name) |= BIT(31)); \
	BAD(GUEST, kind, (AR(name) |= BIT(15), LIMIT(name) = 0x12fff), LIMIT(name) ^= 8); \
	BAD(GUEST, kind, (AR(name) &= ~BIT(15), LIMIT(name) = 0xfffff), LIMIT(name)++); } while (0)
#define BAD_DATA(name) do { \
	FINE(DATA, AR(name) = 0xffffffff, LIMIT(name) = 0x100000); \
	BAD_RIGHTS(DATA, name); \
	BAD(GUEST, DATA, NONE, AR(name) &= ~1ull); \
	BAD(GUEST, DATA, AR(name) = 0xc0fb, AR(name) &= ~2ull); \
	/* DPL against RPL: not of a conforming code segment, nor of an unrestricted guest */ \
	BAD(GUEST, PLAIN, (AR(name) = 0xc0f3, LIMIT(name) = ~0u, SELECTOR(name) |= 3), \
	    AR(name) = 0xc0d3); \
	BAD(GUEST, PLAIN, (AR(name) = 0xc09f, LIMIT(name) = ~0u, SELECTOR(name) |= 3), \
	    AR(name) = 0xc09b); \
	FINE(DATA, AR(name) = 0xc0d3, SELECTOR(name) |= 3); } while (0)
#define BAD_V8086(name) do { \
	BAD(GUEST, V8086, NONE, v->guest_##name##_base++); \
	BAD(GUEST, V8086, NONE, v->guest_##name##_base |= BIT(32)); \
	BAD(GUEST, V8086, NONE, SELECTOR(name) ^= 1); \
	BAD(GUEST, V8086, NONE, LIMIT(name)--); \
	BAD(GUEST, V8086, NONE, AR(name) = 0x93); \
	BAD(GUEST, V8086, NONE, AR(name) |= BIT(16)); } while (0)
#define HIGH_BASE(kind, name) BAD(GUEST, kind, NONE, v->guest_##name##_base |= BIT(32))

static void test_code_and_stack(void)
{
	BAD_RIGHTS(LONG, cs);
	BAD_RIGHTS(DATA, ss);
	FINE(LONG, AR(ss) = 0x1ff90, v->guest_ss_base = BIT(63), LIMIT(ss) = 0x100000);
	HIGH_BASE(LONG, cs);
	HIGH_BASE(LONG, ss);
	BAD(GUEST, LONG, NONE, AR(cs) &= ~1ull);
	BAD(GUEST, LONG, NONE, AR(cs) &= ~8ull, AR(cs) |= 4);
	FINE(REAL, AR(cs) = 0x9b, SELECTOR(cs) = 0x1002);
	BAD(GUEST, PAE_NO_EPT, NONE, AR(cs) = 0xc093);
	BAD(GUEST, PROT32, AR(cs) = 0xc093, AR(cs) = 0xc0b3);
	BAD(GUEST, PROT32, AR(ss) = 0xc0b3, AR(cs) = 0xc093);
	BAD(GUEST, REAL, NONE, AR(ss) = 0xf3);
	BAD(GUEST, REAL, AR(cs) = 0x9f, AR(ss) = 0xf3);
	BAD(GUEST, LONG, NONE, AR(cs) |= 3 << 5);
	BAD(GUEST, COMPAT, NONE, AR(cs) &= ~(3ull << 5));
	BAD(GUEST, COMPAT, AR(cs) = 0xc09f, AR(ss) = 0xc093, AR(cs) = 0xc0bf);
	BAD(GUEST, LONG, NONE, AR(cs) |= BIT(14));
	FINE(PAE, AR(cs) = 0xe09b);
	BAD(GUEST, LONG, AR(ss) = 0xc097, AR(ss) = 0xc091);
	BAD(GUEST, LONG, NONE, AR(ss) = 0xc09b);
	/* not unrestricted: RPLs and DPLs agree */
	BAD(GUEST, PLAIN, NONE, SELECTOR(cs) |= 3);
	BAD(GUEST, PLAIN, NONE, SELECTOR(ss) |= 3, SELECTOR(cs) |= 3);
	BAD(GUEST, PLAIN, AR(ss) = 0x10000, SELECTOR(ss) |= 1, SELECTOR(cs) |= 1);
	FINE(LONG, SELECTOR(cs) |= 3, SELECTOR(ss) |= 1);
}

static void test_segments(void)
{
	test_code_and_stack();
	BAD_DATA(ds);
	BAD_DATA(es);
	BAD_DATA(fs);
	BAD_DATA(gs);
	HIGH_BASE(DATA, ds);
	HIGH_BASE(DATA, es);
	FINE(DATA, AR(ds) = AR(es) = 0x10000, v->guest_ds_base = v->guest_es_base = BIT(63));
	BAD_BASE(GUEST, LONG, guest_fs_base);
	BAD_BASE(GUEST, LONG, guest_gs_base);
	BAD_V8086(cs);
	BAD_V8086(ss);
	BAD_V8086(ds);
	BAD_V8086(es);
	BAD_V8086(fs);
	BAD_V8086(gs);
	BAD_RIGHTS(REAL, ldtr);
	BAD_BASE(GUEST, REAL, guest_ldtr_base);
	BAD(GUEST, REAL, NONE, AR(ldtr) ^= 1);
	BAD(GUEST, REAL, NONE, SELECTOR(ldtr) |= 4);
	BAD_RIGHTS(REAL, tr);
	BAD_RIGHTS(LONG, tr);
	BAD_BASE(GUEST, LONG, guest_tr_base);
	BAD(GUEST, REAL, NONE, AR(tr) = 0x81);
	BAD(GUEST, REAL, AR(tr) = 0x8b, AR(tr) = 0x89);
	BAD(GUEST, LONG, NONE, AR(tr) = 0x83);
	BAD(GUEST, LONG, NONE, AR(tr) |= BIT(16));
	BAD(GUEST, LONG, NONE, SELECTOR(tr) |= 4);
	ok(!tap_failed, "guest segments");
}

#define STI v->guest_interruptibility_state |= 1
#define MOV_SS v->guest_interruptibility_state |= 2
#define ACTIVITY(n) v->guest_activity_state = (n)
#define LEAF7(b, c) fake_cpuid_set(7, 0, 0, b, c, 0), check_init()
#define PENDING v->guest_pending_debug_exceptions

/* What may be injected into each activity state, by the SDM's list (27.3.1.5). */
static void test_activity(void)
{
	u32 state, type, vector;

	for (state = 0; state < 4; state++)
		for (type = 0; type < 8; type++)
			for (vector = 0; vector < 32; vector++) {
				bool nmi = type == 2, external = type == 0;
				bool mc = type == 3 && vector == 18, db = type == 3 && vector == 1;
				bool mtf = type == 7, good = state == 0;
				u32 ec = type == 3 && (0x27d00 >> vector & 1) ? ERROR_CODE : 0;

				if (type == 1 || (nmi && vector != 2) || (mtf && vector))
					continue;
				good |= state == 1 && (nmi || external || mc || db || mtf);
				good |= state == 2 && (nmi || mc);
				if (good)
					FINE(LONG, ACTIVITY(state), INJECT(type << 8 | vector | ec));
				else
					BAD(GUEST, LONG, ACTIVITY(state), INJECT(type << 8 | vector | ec));
			}
	BAD(GUEST, LONG, NONE, ACTIVITY(4));
	BAD(GUEST, LONG, nested_caps.misc |= BIT(9), ACTIVITY(4));
	for (state = 1; state < 4; state++) {
		BAD(GUEST, LONG, ACTIVITY(state), nested_caps.misc &= ~BIT(5 + state));
		BAD(GUEST, LONG, ACTIVITY(state), STI);
		BAD(GUEST, LONG, ACTIVITY(state), MOV_SS);
	}
	BAD(GUEST, COMPAT, ACTIVITY(2), ACTIVITY(1));
	BAD(GUEST, V8086, NONE, ACTIVITY(1));
}

static void test_interruptibility(void)
{
	u32 i;

	FINE(LONG, STI);
	FINE(LONG, MOV_SS);
	for (i = 4; i < 32; i++)
		BAD(GUEST, LONG, NONE, v->guest_interruptibility_state |= BIT(i));
	FINE(LONG, LEAF7(BIT(2), 0), STI, v->guest_interruptibility_state |= BIT(4));
	BAD(GUEST, LONG, (LEAF7(BIT(2), 0), v->guest_interruptibility_state |= BIT(4)), MOV_SS);
	BAD(GUEST, LONG, STI, MOV_SS);
	BAD(GUEST, LONG, STI, v->guest_rflags &= ~RFLAGS_IF);
	FINE(LONG, MOV_SS, v->guest_rflags &= ~RFLAGS_IF);
	BAD(GUEST, LONG, NONE, v->guest_interruptibility_state |= BLOCKING_BY_SMI);
	BAD(GUEST, LONG, INJECT(0x20), STI);
	BAD(GUEST, LONG, INJECT(0x20), MOV_SS);
	BAD(GUEST, LONG, INJECT(0x202), MOV_SS);
	BAD(GUEST + 3, LONG, INJECT(0x202), STI);
	BAD(GUEST, LONG, INJECT(0x202), v->guest_interruptibility_state |= BLOCKING_BY_NMI);
	FINE(PLAIN, INJECT(0x202), v->guest_interruptibility_state |= BLOCKING_BY_NMI);
	FINE(LONG, INJECT(EXCEPTION(1)), STI, v->guest_interruptibility_state |= BLOCKING_BY_NMI);
	ok(!tap_failed, "guest interruptibility and activity");
}

static void test_pending_debug(void)
{
	u32 i;

	for (i = 0; i < 64; i++)
		if (0x500full >> i & 1)
			FINE(LONG, PENDING = BIT(i));
		else
			BAD(GUEST, LONG, NONE, PENDING |= BIT(i));
	FINE(LONG, LEAF7(0, BIT(24)), PENDING |= BIT(11));
	/* a single step in a shadow, or before HLT goes on */
#define TF v->guest_rflags |= RFLAGS_TF
#define NO_BTF v->guest_ia32_debugctl &= ~2ull
	FINE(LONG, NO_BTF, TF);
	BAD(GUEST, LONG, (NO_BTF, STI), TF);
	BAD(GUEST, LONG, (NO_BTF, TF), MOV_SS);
	BAD(GUEST, LONG, (NO_BTF, TF), ACTIVITY(1));
	BAD(GUEST, LONG, STI, PENDING |= BIT(14));
	BAD(GUEST, LONG, (NO_BTF, STI, TF, PENDING |= BIT(14)), v->guest_ia32_debugctl |= 2);
	FINE(LONG, ACTIVITY(2), PENDING |= BIT(14));
	/* RTM */
#define RTM LEAF7(BIT(11), 0), PENDING = BIT(16) | BIT(12)
	FINE(LONG, RTM);
	BAD(GUEST, LONG, (RTM), LEAF7(0, 0));
	BAD(GUEST, LONG, (RTM), PENDING &= ~BIT(12));
	BAD(GUEST, LONG, (RTM), PENDING |= 1);
	BAD(GUEST, LONG, (RTM), PENDING |= BIT(14));
	BAD(GUEST, LONG, (RTM), MOV_SS);
	FINE(LONG, RTM, v->guest_ia32_debugctl |= BIT(15));
	ok(!tap_failed, "pending debug exceptions");
}

static void test_link_and_pdptes(void)
{
	u32 i;

	FINE(LONG, v->vmcs_link_pointer = SHADOW_VMCS);
	FINE(PLAIN, v->vmcs_link_pointer = PLAIN_VMCS);
	BAD(GUEST + 4, LONG, NONE, v->vmcs_link_pointer = PLAIN_VMCS);
	BAD(GUEST + 4, PLAIN, NONE, v->vmcs_link_pointer = SHADOW_VMCS);
	BAD(GUEST + 4, PLAIN, NONE, v->vmcs_link_pointer = 0x2000);
	BAD(GUEST + 4, PLAIN, NONE, v->vmcs_link_pointer = RAM_END);
	BAD(GUEST + 4, PLAIN, NONE, v->vmcs_link_pointer = CURRENT.v);
	BAD(GUEST + 4, PLAIN, NONE, v->vmcs_link_pointer = PLAIN_VMCS + 4);
	BAD(GUEST + 4, PLAIN, NONE, v->vmcs_link_pointer = PLAIN_VMCS | TOO_WIDE);
	BAD(GUEST + 4, PLAIN, NONE, v->vmcs_link_pointer = 0xffffffff);
	for (i = 0; i < 64; i++) {
		bool bad = i >= WIDTH || (0x1e6ull >> i & 1);
		u32 k;

		for (k = 0; k < 4; k++) {
			u64 value = BIT(i) | 1;

			FINE(PAE, v->field[VMCS12_INDEX(GUEST_PDPTE0) + k] = BIT(i) & ~1ull);
			FINE(PAE_NO_EPT, memory_pdpte[k] = BIT(i) & ~1ull);
			FINE(LONG, v->field[VMCS12_INDEX(GUEST_PDPTE0) + k] = value);
			FINE(PROT32, v->field[VMCS12_INDEX(GUEST_PDPTE0) + k] = value,
			     v->guest_cr4 |= CR4_PAE);
			FINE(PAE, memory_pdpte[k] = value);
			FINE(PAE_NO_EPT, v->field[VMCS12_INDEX(GUEST_PDPTE0) + k] = value);
			if (bad) {
				BAD(GUEST + 2, PAE, NONE, v->field[VMCS12_INDEX(GUEST_PDPTE0) + k] = value);
				BAD(GUEST + 2, PAE_NO_EPT, NONE, memory_pdpte[k] = value);
			} else {
				FINE(PAE_NO_EPT, memory_pdpte[k] = value);
				check(pdpte[k] == value);
			}
		}
	}
	BAD(GUEST + 2, PAE_NO_EPT, NONE, v->guest_cr3 = RAM_END);
	FINE(PAE_NO_EPT, v->guest_cr3 |= 0x700000001full);
	ok(!tap_failed, "link pointer, PDPTEs");
}

/* ---- parts: what an integrator leaves out must not matter ---- */
static void tpr_alone(struct vmcs12 *v)
{
	TPR_ONLY;
}

static void test_parts(void)
{
	struct vmcs12 v;

	begin(&v, LONG);
	tpr_alone(&v);
	vtpr = 0x30;
	v.tpr_threshold = 3;
	check(!check_controls(&v) && !check_controls_again(&v));
	vtpr = 0x20;
	ok(check_controls_again(&v) == CONTROL, "VTPR is looked at in each entry");
	vtpr = 0;
	begin(&v, LONG);
	v.vmcs_link_pointer = ~0ull;
	check(check_guest_again(&v));
	v.guest_rip = 0x0001000000000001ull;
	ok(!check_guest_again(&v), "RIP too");
	begin(&v, LONG);
	v.vmcs_link_pointer = PLAIN_VMCS;
	ok(!check_guest_again(&v), "a link pointer has the whole guest state checked each time");
	begin(&v, LONG);
	v.guest_interruptibility_state = 1;
	ok(!check_guest_again(&v), "a shadow as well");
	begin(&v, PAE_NO_EPT);
	ok(!check_guest_again(&v), "PDPTEs in L1's memory, too");
	begin(&v, LONG);
	v.guest_interruptibility_state = 1;
	ok(check_guest_shape(&v) == CHECK_SHAPE_ALWAYS, "a shadow has class R checked each time");
	memset(&check_allowed, 0, sizeof(check_allowed));
	begin(&v, LONG);
	memset(&check_allowed, 0, sizeof(check_allowed));
	ok(answer_of(&v) != PASS, "nothing passes before check_init()");
}

/* Every REQUIRE(...) of the text, with the lines that it spans; false: one has not fired. */
static bool all_fired(const char *text, const bool *lines, const char *name)
{
	u32 line = 1, nr = 0, missing = 0;
	const char *p;

	for (p = text; *p; p++) {
		bool hit = false;
		u32 first = line;
		int depth = 0;

		if (*p == '\n')
			line++;
		if (strncmp(p, "REQUIRE(", 8) || (p > text && p[-1] == ' '))
			continue;
		for (p += 7; *p; p++) {
			depth += (*p == '(') - (*p == ')');
			if (*p == '\n')
				line++;
			if (!depth)
				break;
		}
		for (; first <= line; first++)
			hit |= lines[first];
		nr++;
		if (!hit) {
			printf("# %s:%u: never the check that fails\n", name, line);
			missing++;
		}
	}
	printf("# %s: %u checks\n", name, nr);
	return nr > 50 && !missing;
}

int main(void)
{
	test_good();
	test_execution_controls();
	test_apic_controls();
	test_ept_controls();
	test_exit_and_entry_controls();
	test_injection();
	test_host();
	test_guest_registers();
	test_segments();
	test_activity();
	test_interruptibility();
	test_pending_debug();
	test_link_and_pdptes();
	test_parts();
	printf("# %u violations\n", nr_violations);
	ok(all_fired(source_check, fired[0], "check.c"), "each check of check.c has failed once");
	ok(all_fired(source_check_guest, fired[1], "check_guest.c"),
	   "each check of check_guest.c has failed once");
	return tap_finish();
}
