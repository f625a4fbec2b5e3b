# shellcheck shell=dash
# limit: 200
# Where a CPU could not start again under the core (no unrestricted guest), it may not go offline; elsewhere it may.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

[ "$(nr_cpus)" -gt 1 ] || skip_all "one CPU"
need_core
mark
if up-unrestricted; then
	check "CPU 1 goes offline (it has unrestricted guest)" online 1 0
	check "and comes back" online 1 1
	check "it is under the core" underpin status
else
	check_fails "CPU 1 may not go offline" online 1 0
	check "it says why" says "no unrestricted guest"
	check "every CPU is under the core" underpin status
fi
check "the kernel has nothing to complain about" quiet_since_mark
check "unload" unload
check "without the core it goes offline" online 1 0
check "and comes back" online 1 1
finish
