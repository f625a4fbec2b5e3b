/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PALs as the rest of the core sees them: the hypercalls of the module that
 * make and end them, the three ways by which a CPU gets into pal/, and nothing
 * else. include/hypercall.h has the protocol, pal/internal.h the structures.
 *
 * Each call here is bounded (RULES 11); what takes longer answers -EAGAIN and
 * is called again. Locking: none, and none is waited for (internal.h, claims).
 */
#ifndef UNDERPIN_PAL_PAL_H
#define UNDERPIN_PAL_PAL_H

#include "../include/hypercall.h"
#include "../include/types.h"
#include "../vmx/cpu.h"

/* Life of a PAL, in this order; struct pal_info shows it. HC_PAL_STEP moves it on. */
enum pal_state {
	PAL_FREE,
	PAL_DONATING,	/* descriptor taken; donated pages arrive */
	PAL_PREPARING,	/* they leave Linux's view; waiting for every CPU */
	PAL_COLLECTING,	/* frames of the sections arrive */
	PAL_ISOLATING,	/* they leave Linux's view; waiting for every CPU (RULES 4) */
	PAL_BUILDING,	/* page tables and view */
	PAL_MEASURING,
	PAL_READY,
	PAL_WIPING,	/* frames and the context are wiped */
	PAL_RETURNING,	/* frames go back into Linux's view */
	PAL_GONE,	/* donated pages can be reclaimed */
	PAL_FLUSHING,	/* waiting for every CPU; then PAL_FREE */
};

/* HC_PAL_*: arguments are the guest's registers, unchecked. *extra goes to RDX. */
s64 pal_hc_create(u64 desc_gpa, u64 *extra);
s64 pal_hc_donate(u64 id, u64 list_gpa, u64 count);
s64 pal_hc_add_frames(u64 id, u64 list_gpa, u64 count);
s64 pal_hc_step(u64 id);
s64 pal_hc_info(u64 id, u64 info_gpa);
s64 pal_hc_destroy(u64 id);
s64 pal_hc_reclaim(u64 id, u64 list_gpa);
s64 pal_hc_lend(u64 id, u64 list_gpa, u64 count);
s64 pal_hc_take_back(u64 id);

/*
 * Linux fetched from a hidden frame (EPT violation in VMCS01). True: a PAL was
 * entered, or the owner was sent on its way (an error at its stub, a #PF to
 * resolve first); false: not a PAL's entry point for this caller, so #GP.
 */
bool pal_fetch(struct cpu *cpu, gpa_t gpa, gva_t rip);
/* The same, before anything is known of gpa; false as well where this CPU's last call was another frame's. */
bool pal_fetch_again(struct cpu *cpu, gpa_t gpa, gva_t rip);

/*
 * HC_PAL_RESUME at the stub: the PAL goes on, or its results are copied on. A
 * token that is stale or not the caller's: RAX = -ECANCELED or -EACCES, RIP
 * behind the VMCALL, all else unchanged. False: not from ring 3 with
 * interrupts on: #GP. The token is in RDI, of 32-bit code in EDX:ECX.
 */
bool pal_resume(struct cpu *cpu);

/*
 * Suspend the PAL that runs here (MODE_PAL), as an interrupt would: VMCS01 is
 * current afterwards and Linux is at the stub. For an NMI or #MC that arrived
 * in root.
 */
void pal_interrupt(struct cpu *cpu);

/*
 * Any exit while the CPU's PAL VMCS is current, INIT too: that goes to
 * handle_init() (vmx/init_sipi.h) once the PAL is out of the way.
 */
void pal_exit(struct cpu *cpu, u32 reason);

/*
 * Wipe every PAL's memory and secrets, one bounded step; -EAGAIN: again; 0:
 * none is left that could be entered. For reboot, kexec and fatal errors.
 */
s64 pal_wipe_all_step(void);

/*
 * After a bug of the core: no PAL may be entered any more, on any CPU. Takes no
 * lock and touches no PAL memory; each ends when its owner calls it (EIO at the
 * stub) or closes it.
 */
void pal_doom_all(void);
/* Then: the claim on a PAL that this CPU's handler held, if any, is open again. */
void pal_release_claim(struct cpu *cpu);
/* Drop the call that runs here (MODE_PAL): owner at the stub with EIO; VMCS01 current. */
void pal_abort(struct cpu *cpu);

/*
 * While closed no PAL is made, and none that is being made becomes ready
 * (-EBUSY): a leave is under way.
 */
void pal_close(bool closed);

/* For HC_STATUS and rmmod. */
void pal_counts(u32 *nr_pals, u32 *nr_frames);

#endif
