# shellcheck shell=dash
# limit: 200
# Some loads and unloads under CPU, memory, I/O and NMI load lose nothing.
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh
# shellcheck source=selftests/machine/lib/cycles.sh
. /test/machine/lib/cycles.sh

cycles_under_load "${UP_CYCLES:-12}"
finish
