// SPDX-License-Identifier: GPL-2.0
/* In place of seccomp.c where libseccomp was not there at build time. */
#include "kvm.h"

bool confine(bool network, struct problem *p)
{
	(void)network;
	return problem(p, "seccomp: not built in (install libseccomp-dev and build again); --no-seccomp runs the guest without it");
}
