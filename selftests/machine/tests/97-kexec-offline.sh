# shellcheck shell=dash
# limit: 600
# console: CPU 1 is offline: it has left the core and waits for a SIPI
# kexec with a CPU offline: the next kernel starts it, on a bare CPU, and finds no secret in memory.
offline=1
# shellcheck source=selftests/machine/tests/97-kexec.sh
. /test/machine/tests/97-kexec.sh
