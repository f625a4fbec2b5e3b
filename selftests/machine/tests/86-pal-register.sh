# shellcheck shell=dash
# limit: 300
# Malformed registrations, memory that is refused, 1,024 pages, many PALs.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-pal-register
end_of_pals
