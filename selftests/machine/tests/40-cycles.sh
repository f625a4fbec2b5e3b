# shellcheck shell=dash
# limit: 800
# Loads and unloads under CPU, memory, I/O and NMI load lose nothing: 60 in `make check`, 200 in `make check-full`.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh
# shellcheck source=selftests/machine/lib/cycles.sh
. /test/machine/lib/cycles.sh

cycles_under_load "${UP_CYCLES:-60}"
finish
