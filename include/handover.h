/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the module hands to the core at load, and the address space in which
 * the core lives. The module (trusted until launch) allocates the pool, copies
 * the image into it, builds the core's page tables from this description,
 * fills struct handover, and then calls the core through the switch page
 * (module/switch.S) with one of the CORE_OP_* below.
 *
 * The core's half of the address space: Linux's memory map leaves
 * ffff800000000000-ffff87ffffffffff free "for a hypervisor"
 * (Documentation/x86/x86_64/mm.rst). With LA57 the same addresses hang under
 * the last entry of one more root page.
 *
 *   CORE_IMAGE_BASE   image: text, read-only data, data, bss
 *   CORE_CPU_BASE     one slot of CORE_CPU_STRIDE per CPU (below)
 *   CORE_DIRECT_BASE  all of RAM, host-physical p at CORE_DIRECT_BASE + p,
 *                     write-back, no-execute; only the ranges in ram[] and the
 *                     local APIC's page (uncached) are mapped
 *   handover.switch_va  the core's own copy of the switch page, at the linear
 *                     address that the module's copy has in Linux
 *
 * A CPU slot, from its base:
 *   page 0       not mapped (guard)
 *   pages 1-3    stack; calls through the switch page begin at the end of page 2,
 *                so that a VM entry which fails at launch does not overwrite them
 *   pages 4-5    struct cpu (vmx/cpu.h); VM exits begin with RSP = its address
 *   page 6       not mapped (guard)     page 7   #DF stack
 *   page 8       not mapped (guard)     page 9   NMI stack
 *   page 10      not mapped (guard)     page 11  #MC stack
 *   page 12      not mapped (guard)     page 13 and up: not mapped
 */
#ifndef UNDERPIN_HANDOVER_H
#define UNDERPIN_HANDOVER_H

#include "types.h"

#define CORE_IMAGE_BASE 0xffff800000000000ull
#define CORE_IMAGE_MAX_SIZE 0x400000ull
#define CORE_CPU_BASE 0xffff800040000000ull
#define CORE_CPU_STRIDE 0x10000ull
#define CORE_DIRECT_BASE 0xffff808000000000ull
#define CORE_DIRECT_SIZE 0x078000000000ull	/* 15 PML4 slots, 7.5 TiB */

/* Pages of a CPU slot that are backed by memory, as a bit mask. */
#define CORE_CPU_BACKED_PAGES 0xabeu
#define CORE_CPU_STRUCT_PAGE 4			/* struct cpu begins here */
#define CORE_CPU_STRUCT_SIZE 0x2000
#define CORE_CPU_ENTRY_STACK_END 0x3000		/* RSP for core_entry() */
#define CORE_CPU_DF_STACK_END 0x8000
#define CORE_CPU_NMI_STACK_END 0xa000
#define CORE_CPU_MC_STACK_END 0xc000

#define CORE_MAX_CPUS 256
#define CORE_MAX_EXTENTS 512
#define CORE_MAX_RAM 128
#define CORE_ENTROPY_SIZE 48
#define CORE_ROOT_SECRET_MIN 32
#define CORE_ROOT_SECRET_MAX 64

/* First bytes of the image (linked at CORE_IMAGE_BASE). Offsets from there. */
#define CORE_IMAGE_MAGIC 0x4e495052444e5543ull	/* "CUNDRPIN" */
struct core_image_header {
	u64 magic;
	u32 version;		/* of this file's structures: CORE_ABI_VERSION */
	u32 text_end;		/* [0, text_end) read + execute */
	u32 rodata_end;		/* [text_end, rodata_end) read */
	u32 file_end;		/* [rodata_end, file_end) read + write, copied */
	u32 memory_end;		/* [file_end, memory_end) read + write, zeroed */
	u32 handover;		/* struct handover, in the writable part */
	u32 entry;		/* core_entry() */
	u32 reserved;
	u8 build_id[20];	/* filled after linking: SHA-1 of the image */
	u8 pad[4];
};
#define CORE_ABI_VERSION 4	/* image.lds has it too */

/* Whole 4 KiB frames [pfn, pfn + count). */
struct core_extent {
	u64 pfn;
	u64 count;
};

#define HANDOVER_HYPERVISOR_VISIBLE 0x1	/* CPUID.1:ECX[31] was set at load */
#define HANDOVER_DEBUG 0x2	/* debug hypercalls are allowed */
#define HANDOVER_LOCK 0x4	/* leave is refused until reboot */
#define HANDOVER_LA57 0x8	/* Linux runs with 5-level paging */

/* Stages at which a launch can be made to fail (fault injection, debug). */
enum core_fail_stage {
	CORE_FAIL_NONE,
	CORE_FAIL_BEFORE_VMXON,
	CORE_FAIL_AFTER_VMXON,
	CORE_FAIL_VMCS,		/* a VMCS field is made wrong: VM entry fails */
	CORE_FAIL_FIRST_EXIT,	/* the first hypercall (HC_COMMIT_CPU) fails */
	CORE_FAIL_STAGES,
};

/* A write to this port of a byte b with (b & mask) == value lets the machine sleep or resets it (vmx/io.h). */
struct core_port {
	u16 port;
	u8 mask, value;
};
#define CORE_MAX_PORTS 10

struct handover {
	u64 magic;		/* CORE_IMAGE_MAGIC */
	u32 version;		/* CORE_ABI_VERSION */
	u32 flags;		/* HANDOVER_* */
	u32 nr_cpus;		/* slots 0..nr_cpus-1, one for each enabled MADT CPU */
	u32 nr_pool;
	u32 nr_ram;
	u32 fail_cpu;		/* slot that fails, with fail_stage */
	u32 fail_stage;		/* enum core_fail_stage */
	u32 tsc_khz;
	u64 core_cr3;		/* root of the core's own tables (no PCID) */
	u64 switch_va;		/* the switch page, same address in both worlds */
	u8 entropy[CORE_ENTROPY_SIZE];	/* from get_random_bytes; the core wipes it */
	u8 root_secret[CORE_ROOT_SECRET_MAX];	/* docs/services.md 3; the core wipes it */
	u32 root_secret_size;	/* 0: none, the core makes an ephemeral one */
	u32 root_kind;		/* enum root_kind, if there is one */
	u32 nr_ports;
	struct core_port ports[CORE_MAX_PORTS];
	u8 quote_key[64];	/* from the core, with ROOT_TPM: x and y of its quote key, for the TPM's certificate */
	u32 apic_id[CORE_MAX_CPUS];	/* of slot i */
	struct core_extent pool[CORE_MAX_EXTENTS]; /* everything that leaves Linux */
	struct core_extent free[CORE_MAX_EXTENTS]; /* the part the allocator may use */
	u32 nr_free;
	u32 nested_pages;	/* of the pool, for EPT02s; 0: no VMX for Linux */
	struct core_extent ram[CORE_MAX_RAM];	/* mapped in the direct map */
	char error[104];	/* out: the newest line of the core's log that is an error; where a launch failed, nobody can ask for the log */
};

/*
 * Calls through the switch page, interrupts off:
 *   s64 core_entry(op, cpu slot, linux_rsp, linux_cr3, linux_cr4, arg)
 * Runs on the core's tables and the slot's stack; answers 0 or -errno.
 * CORE_OP_INIT, CPU slot 0 only: one bounded step of set-up; -EAGAIN = again.
 * CORE_OP_LAUNCH: VMXON and VMLAUNCH on this CPU; returns 0 in VMX non-root.
 * An NMI that arrives meanwhile is taken by the core's handler: RDX is then 1
 * on return, and the module raises it again ("int $2") once it is back.
 */
enum core_op {
	CORE_OP_INIT,
	CORE_OP_LAUNCH,
};

#endif
