// SPDX-License-Identifier: GPL-2.0
/*
 * EPT violations and misconfigurations of the main view (SDM vol. 3, 29.3.3):
 * memory that is mapped on demand, hidden frames, PAL entry points.
 */
#include "../ept/main_view.h"
#include "../include/platform.h"
#include "../pal/pal.h"
#include "event.h"
#include "exit.h"
#include "vmcs.h"

/* A PAL may be called by a fetch of Linux's, unless an event was on its way, whose handler lies there. */
static bool can_be_call(const struct cpu *cpu, u64 qualification)
{
	return (qualification & QUALIFICATION_FETCH) && cpu->mode == MODE_LINUX &&
	       !(vmread(IDT_VECTORING_INFO) & INTR_INFO_VALID);
}

void handle_ept_violation(struct cpu *cpu)
{
	gpa_t gpa = GPA(vmread(GUEST_PHYSICAL_ADDRESS));
	u64 qualification = vmread(EXIT_QUALIFICATION);
	u64 rip = vmread(GUEST_RIP);

	if (can_be_call(cpu, qualification) && pal_fetch_again(cpu, gpa, GVA(rip))) {
		block_nmi_again(qualification);
		return;
	}
	switch (main_view_violation(gpa, qualification)) {
	case VIEW_RETRY_LOGGED:
		log_event(LOG_WARNING, "cpu %u: Linux wrote to hidden memory %lx, rip %lx, cpl %d",
			  cpu->slot, (unsigned long)gpa.v, (unsigned long)rip, guest_cpl());
		reinject_vectoring_event();
		break;
	case VIEW_RETRY:
		reinject_vectoring_event();
		break;
	case VIEW_FETCH:
		if (!can_be_call(cpu, qualification) || !pal_fetch(cpu, gpa, GVA(rip)))
			inject_gp();
		break;
	case VIEW_NONE:
		inject_gp();
		break;
	}
	block_nmi_again(qualification);
}
