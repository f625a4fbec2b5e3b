// SPDX-License-Identifier: GPL-2.0
/* VMLAUNCH and its errors, and a guest of this half's mode: entry32.S and entry64.S have its code. */
#include "metal.h"

#define MSR_VMX_PROC2 0x48b
#define PROC2_EPT 2
#define EXIT_HOST_64 0x200
#define ENTRY_IA32E 0x200

extern char guest_begin[], guest_fault[], guest_out[];
extern word guest_register;

/* One field is wrong, VMLAUNCH fails, the field is right again. */
static void wrong(const char *name, u32 what, word value, const char *sdm)
{
	word right = field(what);

	set(what, value);
	seen(name, enter(false), sdm);
	set(what, right);
}

static void errors(void)
{
	word exit = field(EXIT_CONTROLS), entry = field(ENTRY_CONTROLS);

	seen("VMRESUME of a VMCS that was not launched", enter(true), "VMfail 5");
	wrong("pin controls 0", PIN_CONTROLS, 0, "VMfail 7");
	wrong("host CS 0", HOST_CS, 0, "VMfail 8");
	wrong("host CR0.PE clear", HOST_CR0, read_cr0() & ~1ul, "VMfail 8");
	wrong("a host of the other width", EXIT_CONTROLS, exit ^ EXIT_HOST_64, "VMfail 8");
	if (!IS_64)
		wrong("a 64-bit guest of a 32-bit host", ENTRY_CONTROLS, entry | ENTRY_IA32E, "VMfail 8");
	wrong("RFLAGS bit 1 clear", GUEST_RFLAGS, 0, "entry failure 33");
	wrong("guest CS 0 as data", 0x4816, 0xc093, "entry failure 33");
	seen("VMLAUNCH after MOV SS", TRY("mov %[ss], %%ss; vmlaunch", [ss] "r" (0x10)), "VMfail 26");
}

static void skip(word bytes)
{
	set(GUEST_RIP, field(GUEST_RIP) + bytes);
}

static const char *where(void)
{
	return text("%x", field(GUEST_RIP) - (word)guest_begin);
}

static void run(void)
{
	volatile u32 *mine = (u32 *)WINDOW;
	word at;

	*mine = 0x600d;
	seen("VMLAUNCH", enter(false), "exit 10");
	seen("CPUID's length", text("%d", (u32)field(INSTRUCTION_LENGTH)), "2");
	seen("where", where(), "0");
	seen("VMLAUNCH of a launched VMCS", enter(false), "VMfail 4");
	skip(2);
	seen("VMRESUME", enter(true), "exit 12");
	seen("what the guest read by its own page tables", text("%x", guest_register), "9e57");
	seen("and what is there by ours", text("%x", (word)*mine), "600d");
	guest_register += 3;
	skip(1);
	seen("after HLT", enter(true), "exit 18");
	seen("the guest's register", text("%x", guest_register), "9e5b");
	skip(3);
	seen("after VMCALL", enter(true), "exit 0");
	seen("the exception", text("%x", field(EXIT_INTERRUPTION_INFO)), "80000306");
	skip(2);
	at = field(GUEST_RIP);
	seen("after UD2", enter(true), "exit 0");
	seen("the page fault", text("%x (%x) at %x", field(EXIT_INTERRUPTION_INFO), field(EXIT_ERROR_CODE), field(EXIT_QUALIFICATION)),
	     "80000b0e (0) at 40010000");
	seen("where", text("%x", field(GUEST_RIP) - at), "0");
	set(GUEST_RIP, (word)guest_out);
	seen("after the page fault", enter(true), "exit 30");
	seen("the port", text("%x", field(EXIT_QUALIFICATION)), "800040");
	skip(2);
	seen("after OUT", enter(true), "exit 31");
	skip(2);
	seen("after RDMSR", enter(true), "exit 26");
}

/* A VMCS that moved through memory is the same. */
static void again(void)
{
	word at = field(GUEST_RIP);

	seen("VMCLEAR of the guest's VMCS", vmclear((word)vmcs_region), "succeeds");
	seen("VMPTRLD of it", vmptrld((word)vmcs_region), "succeeds");
	seen("its RIP", text("%x", field(GUEST_RIP) - at), "0");
	seen("VMRESUME needs a launch", enter(true), "VMfail 5");
	seen("VMLAUNCH", enter(false), "exit 26");
}

/* The same guest under an EPT of ours: the lowest 16 MiB as they are, and no more. */
static void ept(void)
{
	static u64 root[512] __attribute__((aligned(PAGE))), pdpt[512] __attribute__((aligned(PAGE)));
	static u64 directory[512] __attribute__((aligned(PAGE)));
	u32 i;

	root[0] = (word)pdpt | 7;
	pdpt[0] = (word)directory | 7;
	for (i = 0; i < 8; i++)
		directory[i] = (u64)i << 21 | 0xb7;	/* 2 MiB, WB, all rights */
	set(PROC_CONTROLS, field(PROC_CONTROLS) | 1u << 31);
	set(PROC2_CONTROLS, vmx_control(MSR_VMX_PROC2, PROC2_EPT));
	set64(EPT_POINTER, (word)root | 0x1e);
	for (i = 0; i < 4 && guest_pdptes; i++)
		set64(GUEST_PDPTE0 + 2 * i, guest_pdptes[i]);
	window_map_far(16);
	guest_register = 0;
	set(GUEST_RIP, (word)guest_begin);
	seen("under EPT: VMRESUME", enter(true), "exit 10");
	skip(2);
	seen("under EPT: after CPUID", enter(true), "exit 12");
	seen("under EPT: what the guest read", text("%x", guest_register), "9e57");
	set(GUEST_RIP, (word)guest_fault);
	seen("under EPT: a read of a page that is not mapped", enter(true), "exit 48");
	seen("its qualification", text("%x", field(EXIT_QUALIFICATION)), "181");
	seen("its addresses", text("%x, linear %x", field(GUEST_PHYSICAL), field(GUEST_LINEAR)), "2000000, linear 40010000");
	set64(EPT_POINTER, (word)root | 0x1c);
	seen("an EPT pointer of memory type 4", enter(true), "VMfail 7");
	set64(EPT_POINTER, 1ull << 60 | (word)root | 0x1e);
	seen("an EPT pointer beyond the physical addresses", enter(true), "VMfail 7");
}

void guest_experiments(void)
{
	window_map(0, PTE_P | PTE_W);
	window_map(15, PTE_P | PTE_W);
	window_map(16, 0);
	vmcs_fill();
	errors();
	run();
	again();
	ept();
}
