# shellcheck shell=dash
# limit: 2600
# 66-vm with each entry on bare KVM too, and with two CPUs: the same on both.
export UP_VM_MODES="64 32 pvh" UP_VM_CPUS=2
# shellcheck source=selftests/machine/tests/66-vm.sh
. "${0%/*}/66-vm.sh"
