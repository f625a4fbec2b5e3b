# shellcheck shell=dash
# limit: 300
# A PAL that faults, jumps out or asks for what it may not have, and an owner that does the like: its own trouble.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-pal hostile
end_of_pals
