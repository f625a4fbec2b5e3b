// SPDX-License-Identifier: GPL-2.0
/*
 * Who uses VMX on top of the core (RULES 24): while such a module is there, KVM or
 * another Underpin, it holds a reference to this one, so that rmmod says "in use"
 * instead of waiting for it. KVM enters VMX operation only with its first virtual
 * machine; it is known by its name. All others are found in VMX operation when
 * they have loaded.
 */
#include "vmx_users.h"

#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/string.h>

#include "query.h"
#include "state.h"

#define MAX_USERS 8

static const struct module *users[MAX_USERS];	/* under the notifier's own lock */

static bool uses_vmx(const struct module *mod)
{
	return !strcmp(mod->name, "kvm_intel") || query_cpus_in_vmx() > 0;
}

static void hold(const struct module *mod)
{
	unsigned int i;

	for (i = 0; i < MAX_USERS; i++)
		if (!users[i] && try_module_get(THIS_MODULE)) {
			users[i] = mod;
			return;
		}
}

static void drop(const struct module *mod)
{
	unsigned int i;

	for (i = 0; i < MAX_USERS; i++)
		if (users[i] == mod) {
			users[i] = NULL;
			module_put(THIS_MODULE);
		}
}

static int on_module(struct notifier_block *unused, unsigned long state, void *data)
{
	const struct module *mod = data;

	if (mod == THIS_MODULE || !params.nested_mb)
		return NOTIFY_DONE;
	if (state == MODULE_STATE_LIVE && uses_vmx(mod))
		hold(mod);
	else if (state == MODULE_STATE_GOING)
		drop(mod);
	return NOTIFY_DONE;
}

static struct notifier_block notifier = { .notifier_call = on_module };

int __init vmx_users_init(void)
{
	return register_module_notifier(&notifier);
}

void vmx_users_exit(void)
{
	unregister_module_notifier(&notifier);
}
