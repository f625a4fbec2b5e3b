// SPDX-License-Identifier: GPL-2.0
/* link: vmx/cpuid.c vmx/cr.c vmx/event.c vmx/apic.c vmx/controls.c module/requirements.c */
/*
 * Control registers, IA32_APIC_BASE, controls and requirements: the rules of
 * the SDM, each violated alone, and random values against a slow oracle.
 */
#include "../../ept/guest_memory.h"
#include "../../vmx/apic.h"
#include "../../vmx/controls.h"
#include "../../vmx/cpuid.h"
#include "../../vmx/cr.h"
#include "../../vmx/event.h"
#include "../../module/requirements.h"
#include "fake.h"
#include "tap.h"

static u64 cr2;

void write_cr2(u64 v)
{
	cr2 = v;
}

/* PDPTEs of zeros: not present, which is legal. */
int guest_read(gpa_t from, void *to, size_t size)
{
	memset(to, 0, size);
	return 0;
}

#define QUALIFICATION(cr, type, reg) ((cr) | (type) << 4 | (reg) << 8)

static struct cpu *cpu;

static void long_mode_kernel(bool unrestricted)
{
	fake_cpu_reset(1);
	cpu = cpu_of_slot(0);
	memset(&cpu->regs, 0, sizeof(cpu->regs));
	vmx_caps = (struct vmx_caps){
		.cr0_fixed0 = CR0_PE | CR0_NE | CR0_PG, .cr0_fixed1 = 0xffffffff,
		.cr4_fixed0 = CR4_VMXE, .cr4_fixed1 = 0x3767ff, .maxphyaddr = 39,
		.unrestricted_guest = unrestricted,
	};
	cr_init(0x80050033, CR4_PAE | CR4_PGE | 0x600);
	vmwrite(GUEST_IA32_EFER, EFER_LME | EFER_LMA | EFER_SCE | EFER_NXE);
	vmwrite(VM_ENTRY_CONTROLS, ENTRY_IA32E_MODE_GUEST);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xa09b);
	vmwrite(GUEST_RFLAGS, 2);
	vmwrite(GUEST_TR_ACCESS_RIGHTS, 0x8b);
	vmwrite(GUEST_CR3, 0x1000);
	vmwrite(GUEST_RIP, 0x1000);
	vmwrite(VM_EXIT_INSTRUCTION_LENGTH, 3);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
}

/* MOV to CR from RAX. True: done; false: #GP. */
static bool mov_to_cr(int number, u64 value)
{
	cpu->regs.rax = value;
	vmwrite(GUEST_RIP, 0x1000);
	vmwrite(VM_ENTRY_INTERRUPTION_INFO, 0);
	vmwrite(EXIT_QUALIFICATION, QUALIFICATION(number, 0, 0));
	handle_cr_access(cpu);
	check((vmread(GUEST_RIP) == 0x1003) != !!(vmread(VM_ENTRY_INTERRUPTION_INFO) & INTR_INFO_VALID));
	return vmread(GUEST_RIP) == 0x1003;
}

static u64 seen_cr0(void)
{
	u64 mask = vmread(CR0_GUEST_HOST_MASK);

	return (vmread(GUEST_CR0) & ~mask) | (vmread(CR0_READ_SHADOW) & mask);
}

static u64 seen_cr4(void)
{
	u64 mask = vmread(CR4_GUEST_HOST_MASK);

	return (vmread(GUEST_CR4) & ~mask) | (vmread(CR4_READ_SHADOW) & mask);
}

static bool entry_would_accept(void)
{
	u64 cr0 = vmread(GUEST_CR0), held = vmx_caps.cr0_fixed0;

	if (vmx_caps.unrestricted_guest)
		held &= ~(CR0_PE | CR0_PG);
	if ((cr0 & CR0_PG) && !(cr0 & CR0_PE))
		return false;
	if ((vmread(VM_ENTRY_CONTROLS) & ENTRY_IA32E_MODE_GUEST) && !(cr0 & CR0_PG))
		return false;
	if (!!(vmread(GUEST_IA32_EFER) & EFER_LMA) !=
	    !!(vmread(VM_ENTRY_CONTROLS) & ENTRY_IA32E_MODE_GUEST))
		return false;
	return (cr0 & held) == held && (vmread(GUEST_CR4) & CR4_VMXE) &&
	       !(vmread(GUEST_CR4) & ~vmx_caps.cr4_fixed1);
}

static void control_registers(void)
{
	int i;

	long_mode_kernel(true);
	ok(seen_cr0() == 0x80050033 && !(seen_cr4() & CR4_VMXE), "Linux reads the CR0 and CR4 that it had");
	ok(mov_to_cr(0, 0x80050013) && !(seen_cr0() & CR0_NE) && (vmread(GUEST_CR0) & CR0_NE),
	   "CR0.NE reads as written and stays 1 for VMX");
	ok(mov_to_cr(4, seen_cr4() | CR4_VMXE) && (seen_cr4() & CR4_VMXE), "CR4.VMXE can be set, as on a bare CPU");
	ok(!mov_to_cr(4, seen_cr4() & ~CR4_PAE), "clearing CR4.PAE in long mode: #GP");
	ok(!mov_to_cr(4, seen_cr4() | BIT(32)), "CR4.FRED, which the core does not know: #GP");
	ok(!mov_to_cr(4, seen_cr4() | CR4_SMXE), "CR4.SMXE: #GP");
	ok(!mov_to_cr(0, 0x80050033 | BIT(32)), "the upper half of CR0: #GP");
	ok(!mov_to_cr(0, CR0_PG | CR0_ET), "paging without protection: #GP");
	ok(!mov_to_cr(0, 0x80050033 | CR0_NW), "NW without CD: #GP");
	ok(!mov_to_cr(0, 0x11), "leaving paging from 64-bit code: #GP");
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc09b);
	ok(mov_to_cr(0, 0x11) && !(vmread(GUEST_IA32_EFER) & EFER_LMA) && entry_would_accept(),
	   "leaving paging from compatibility mode ends long mode");
	ok(mov_to_cr(0, 0x80000011) && (vmread(GUEST_IA32_EFER) & EFER_LMA) && entry_would_accept(),
	   "and setting it again begins it");

	long_mode_kernel(false);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc09b);
	ok(!mov_to_cr(0, 0x11), "no real mode without unrestricted guest: #GP");

	for (i = 0; i < 200000; i++) {
		u64 value = fake_random();

		if (i % 1000 == 0) {
			long_mode_kernel(i % 2000);
			vmwrite(GUEST_CS_ACCESS_RIGHTS, fake_chance(50) ? 0xa09b : 0xc09b);
		}
		if (fake_chance(80))
			value &= fake_chance(50) ? 0xe005003f : 0x3767ff;
		mov_to_cr(fake_chance(50) ? 0 : 4, value);
		check(entry_would_accept(), "after MOV to CR with %llx", value);
	}
	ok(1, "200,000 random writes: the next VM entry is always legal");
}

static void apic_base(void)
{
	const u64 plain = APIC_BASE_DEFAULT | APIC_BASE_ENABLE, x2 = plain | APIC_BASE_X2APIC;

	ok(apic_base_write_allowed(plain, plain, 39), "IA32_APIC_BASE: the same value");
	ok(apic_base_write_allowed(plain, x2, 39), "on to x2APIC");
	ok(!apic_base_write_allowed(x2, plain, 39), "not back from x2APIC");
	ok(apic_base_write_allowed(x2, APIC_BASE_DEFAULT, 39), "but off");
	ok(!apic_base_write_allowed(APIC_BASE_DEFAULT, x2, 39), "and not from off to x2APIC at once");
	ok(!apic_base_write_allowed(plain, 0x1000 | APIC_BASE_ENABLE, 39), "never to another page (the core's, say)");
	ok(!apic_base_write_allowed(plain, plain | BIT(39), 39), "no reserved bit");
	ok(!apic_base_write_allowed(plain, plain | APIC_BASE_BSP, 39), "the BSP bit stays");
}

static struct cpu_facts good_cpu(void)
{
	return (struct cpu_facts){
		.vmx = true, .rdtscp = true, .invpcid = true, .xsaves = true,
		.feature_control = 5, .basic = 0x00d810000000002bull,
		.pin = 0x0000007f00000016ull, .proc = 0xf7f9fffe0401e172ull,
		.exit = 0x007fffff00036dffull, .entry = 0x0000ffff000011ffull,
		.proc2 = 0x02177fff00000000ull, .ept_vpid_cap = 0x00000f0106334141ull,
		.cr4 = 0x3606b0, .cr4_fixed1 = 0x3767ff, .physical_bits = 39,
	};
}

static void missing(struct cpu_facts facts, const char *name, int error)
{
	const struct requirement *r = requirement_missing(&facts);

	ok(r && r->error == error && strstr(r->name, name), "refused with %d: %s", error, name);
}

static void requirement_table(void)
{
	struct cpu_facts f = good_cpu();

	ok(!requirement_missing(&f), "the emulated Skylake-X is enough");
	f.vmx = false;
	missing(f, "VMX in the CPU", ENODEV);
	f = good_cpu();
	f.feature_control = 1;
	missing(f, "firmware", ENODEV);
	f.feature_control = 0;
	ok(!requirement_missing(&f), "an unlocked IA32_FEATURE_CONTROL is enough: the core sets it");
	f = good_cpu();
	f.cr4 |= CR4_VMXE;
	missing(f, "not in use", EBUSY);
	f = good_cpu();
	f.proc2 &= ~(PROC2_EPT << 32);
	missing(f, "EPT", ENODEV);
	f = good_cpu();
	f.ept_vpid_cap &= ~BIT(20);
	missing(f, "INVEPT", ENODEV);
	f = good_cpu();
	f.proc2 &= ~(PROC2_INVPCID << 32);
	missing(f, "INVPCID", ENODEV);
	f = good_cpu();
	f.cr4 |= BIT(32);
	missing(f, "CR4", EOPNOTSUPP);
	f = good_cpu();
	f.proc &= ~(PROC_MSR_BITMAPS << 32);
	missing(f, "MSR and I/O bitmaps", ENODEV);
}

static void control_fields(void)
{
	u64 value;

	fake_msr_set(MSR_VMX_BASIC, BIT(55));
	fake_msr_set(MSR_VMX_PINBASED_CTLS, 0x0000007f00000016ull);
	fake_msr_set(MSR_VMX_TRUE_PINBASED_CTLS, 0x0000007f00000010ull);
	ok(control_set(MSR_VMX_PINBASED_CTLS, BIT(3) | BIT(20), BIT(0), &value) && value == 0x19,
	   "controls: wanted where allowed, required, must-be-1 of the TRUE MSR");
	ok(!control_set(MSR_VMX_PINBASED_CTLS, 0, BIT(20), &value), "a required control that is not there");
	fake_msr_set(MSR_VMX_BASIC, 0);
	ok(control_set(MSR_VMX_PINBASED_CTLS, 0, 0, &value) && value == 0x16, "without TRUE MSRs the plain one");
}

/* Outside of a PAL: nobody's id; what mode the code that asks is in. */
static void test_trustvisor_leaf(void)
{
	struct guest_regs r = { .rax = 0xff7a567254, .rbx = 1, .rcx = 0xff00000000, .rdx = 2 };

	long_mode_kernel(true);
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xc0fb);
	emulate_cpuid(&r);
	ok(r.rax == 0x7a767274 && r.rbx == 0xffffffff && r.rcx == 0 && r.rdx == 0, "TrustVisor's leaf: in no PAL, 32-bit code");
	vmwrite(GUEST_CS_ACCESS_RIGHTS, 0xa0fb);
	r = (struct guest_regs){ .rax = 0x7a567254 };
	emulate_cpuid(&r);
	ok(r.rax == 0x7a767274 && r.rbx == 0xffffffff && r.rcx == 1 && r.rdx == 0, "and 64-bit code");
	r = (struct guest_regs){ .rax = 0x7a567254, .rcx = 0x4c415000 };
	emulate_cpuid(&r);
	ok(r.rax != 0x7a767274, "another subleaf is the CPU's");
}

int main(void)
{
	control_registers();
	apic_base();
	requirement_table();
	control_fields();
	test_trustvisor_leaf();
	return tap_finish();
}
