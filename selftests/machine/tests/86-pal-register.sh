# shellcheck shell=dash
# limit: 300
# Malformed registrations, memory that is refused, 1,024 pages, 256 PALs at once, 1,000 one after the other
# (10,000 in `make check-full`).
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

need_core
mark
run_tap up-pal-register "${UP_REGISTRATIONS:-1000}"
end_of_pals
