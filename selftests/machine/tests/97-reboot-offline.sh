# shellcheck shell=dash
# console: CPU 1 is offline: it has left the core and waits for a SIPI
# Reboot with a CPU offline: it has to leave VMX before (RULES 14).
offline=1
# shellcheck source=selftests/machine/tests/97-reboot.sh
. /test/machine/tests/97-reboot.sh
