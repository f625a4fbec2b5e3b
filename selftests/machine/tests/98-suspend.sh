# shellcheck shell=dash
# Suspend is refused with the reason while the core is there.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
state=$(tr ' ' '\n' </sys/power/state | grep -E -m 1 'freeze|mem')
if [ -n "$state" ]; then
	check_fails "echo $state >/sys/power/state is refused" sh -c "echo $state >/sys/power/state"
	check "the reason is said" says "suspend and hibernation are not supported while underpin is loaded"
else
	skip "this kernel offers no sleep state" "suspend is refused"
fi
check "every CPU is still under the core" underpin status
check "the kernel has nothing to complain about" quiet_since_mark
check "unload" unload
finish
