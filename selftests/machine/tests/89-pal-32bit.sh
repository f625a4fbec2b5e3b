# shellcheck shell=dash
# limit: 300
# A 32-bit process and its 32-bit PAL: calls, interrupts, and attacks by segments, stacks and code of the other kind.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-compat
end_of_pals
