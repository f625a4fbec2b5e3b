# shellcheck shell=dash
# limit: 300
# 32-bit processes and their 32-bit PALs: calls, interrupts, and attacks by segments, stacks and code of the other kind; a PAL of the SDK's.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
before_32bit
mark
run_tap up-compat
run_tap up-sdk32 "$tmp/measurement"
check_equal "underpin pal measure says of a 32-bit PAL what the core measures" "$(cat "$tmp/measurement")" "$(underpin pal measure $machine/bin/up-sdk32 | cut -d' ' -f1)"
end_of_pals
