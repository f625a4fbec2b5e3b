# shellcheck shell=dash
# A CPU that nr_cpus=1 hides from Linux could be started outside of the core: refused, with its APIC id (RULES 9).
# shellcheck source=selftests/machine/lib/machine.sh
. /test/machine/lib/machine.sh

plan 5
check_equal "Linux knows one CPU" 1 "$(nr_cpus)"
mark
check_equal "EBUSY" EBUSY "$(load)"
check "it names the APIC id and what to change" says "APIC id 1: bring them online.*nr_cpus="
check_fails "no module stays behind" is_loaded
check "the kernel has nothing to complain about" quiet_since_mark
finish
