# shellcheck shell=dash
# limit: 300
# Calls of a PAL: parameters, registers, vector state, interrupts, services, an end and a new beginning.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-pal calls
end_of_pals
