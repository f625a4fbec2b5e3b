/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a CPU must have (DESIGN.md 9), as one table that three programs share:
 * the module before a launch, `underpin check`, and the hosted tests. Pure:
 * looks at the facts only. Stands alone.
 */
#ifndef UNDERPIN_MODULE_REQUIREMENTS_H
#define UNDERPIN_MODULE_REQUIREMENTS_H

#include "../include/types.h"

/* Filled by the caller; an MSR that does not exist reads as 0 (SDM A.1-A.10 say when). */
struct cpu_facts {
	bool vmx;		/* CPUID.01H:ECX[5] */
	bool rdtscp;		/* CPUID.80000001H:EDX[27] */
	bool invpcid;		/* CPUID.(7,0):EBX[10] */
	bool xsaves;		/* CPUID.(0DH,1):EAX[3] */
	bool waitpkg;		/* CPUID.(7,0):ECX[5] */
	u64 feature_control;	/* MSR 3AH */
	u64 basic;		/* 480H */
	u64 pin, proc, exit, entry; /* 481H-484H, or the TRUE ones where BASIC[55] */
	u64 proc2;		/* 48BH, if proc allows secondary controls */
	u64 ept_vpid_cap;	/* 48CH, if proc2 allows EPT or VPID */
	u64 cr4;		/* as it is now */
	u64 cr4_fixed1;		/* 489H */
	u32 physical_bits;	/* CPUID.80000008H:EAX[7:0] */
};

struct requirement {
	const char *name;	/* short, e.g. "EPT" */
	const char *remedy;	/* what to do where it is missing */
	int error;		/* positive errno of the refusal */
	bool (*met)(const struct cpu_facts *facts);
};

extern const struct requirement requirements[];
extern const unsigned int nr_requirements;

/* The first that is not met, or NULL. */
const struct requirement *requirement_missing(const struct cpu_facts *facts);

#endif
